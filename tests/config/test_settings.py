"""Where settings come from, and what a wrong one says."""

import re
import tomllib
from ipaddress import ip_network
from pathlib import Path

import pytest

from config.settings import SECRETS, Settings, SettingsError, example, load

ROOT = Path(__file__).parents[2]


@pytest.fixture
def key_pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two files that can be read."""
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    for file in files:
        file.write_text("PEM")
    return files


def test_a_fresh_clone_needs_no_settings(tmp_path: Path) -> None:
    settings = load({})

    assert settings.data == tmp_path / "data"
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.default_quota == 15_000_000_000
    assert settings.catalogue_url.database == str(tmp_path / "data" / "catalogue.sqlite3")


def test_flag_goes_before_variable_before_file_before_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('port = 1\nhost = "file"\ntrash_days = 7\n')
    monkeypatch.setenv("DAVGALLERY_PORT", "2")
    monkeypatch.setenv("DAVGALLERY_HOST", "variable")

    settings = load({"config": str(file), "port": "3", "host": None})

    assert (settings.port, settings.host, settings.trash_days, settings.log_format) == (3, "variable", 7, "human")


def test_file_in_the_data_folder_is_read_without_being_named(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "davgallery.toml").write_text("port = 9000\n")

    assert load({"data": str(tmp_path / "photos")}).port == 9000


def test_file_can_be_named_by_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my.toml").write_text('default_quota = "20GiB"\n')
    monkeypatch.setenv("DAVGALLERY_CONFIG", str(tmp_path / "my.toml"))

    assert load({}).default_quota == 20 * 1024**3


def test_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVGALLERY_S3_ENDPOINT", "")

    assert load({}).s3_endpoint is None


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_can_come_from_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {"database_url": "postgresql+psycopg://user:pass@host/name", "broker_url": "redis://host/0"}
    secret = addresses.get(name, "0123456789 abcdef")
    (tmp_path / "secret").write_text(secret + "\n")
    monkeypatch.setenv(f"DAVGALLERY_{name.upper()}_FILE", str(tmp_path / "secret"))
    for other in ("s3_endpoint", "s3_bucket", "s3_access_key", "s3_secret_key"):
        if name.startswith("s3") and other != name:
            monkeypatch.setenv(f"DAVGALLERY_{other.upper()}", "http://s3" if other == "s3_endpoint" else "photos")

    value = getattr(load({}), name)

    assert value.get_secret_value() == secret


def test_secret_file_that_cannot_be_read_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVGALLERY_S3_SECRET_KEY_FILE", "/nowhere/secret")

    with pytest.raises(
        SettingsError, match="DAVGALLERY_S3_SECRET_KEY_FILE names /nowhere/secret, which cannot be read"
    ):
        load({})


def test_secret_in_two_places_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVGALLERY_ADMIN_PASSWORD", "one password")
    monkeypatch.setenv("DAVGALLERY_ADMIN_PASSWORD_FILE", str(tmp_path / "other"))

    with pytest.raises(SettingsError, match="both set"):
        load({})


def test_secrets_never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVGALLERY_DATABASE_URL", "postgres://me:hush-hush@host/photos")
    monkeypatch.setenv("DAVGALLERY_ADMIN_PASSWORD", "open sesame")
    monkeypatch.setenv("DAVGALLERY_BROKER_URL", "redis://:be%20quiet@host/0")
    settings = load({})

    shown = f"{settings!r} {settings} {settings.catalogue_url} {settings.model_dump_json()}"

    assert "hush-hush" not in shown
    assert "open sesame" not in shown
    assert "quiet" not in shown
    assert {"hush-hush", "open sesame", "be quiet"} <= set(settings.secrets)


def test_with_a_broker_other_processes_index_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load({}).indexers > 0
    monkeypatch.setenv("DAVGALLERY_BROKER_URL", "redis://host/0")
    assert load({}).indexers == 0
    assert load({"indexers": "2"}).indexers == 2


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load({}).port = 1


@pytest.mark.parametrize("given", ["127.0.0.1, 10.0.0.0/8", "127.0.0.1 10.1.2.3/8"])
def test_trusted_proxies_are_addresses_or_networks(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVGALLERY_TRUSTED_PROXIES", given)

    assert load({}).trusted_proxies == (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"))


@pytest.mark.parametrize(
    ("given", "driver", "database"),
    [
        ("postgres://me@host/photos", "postgresql+psycopg", "photos"),
        ("postgresql://me@host/photos", "postgresql+psycopg", "photos"),
        ("postgresql+psycopg://me@host/photos", "postgresql+psycopg", "photos"),
        ("sqlite:////srv/photos.db", "sqlite", "/srv/photos.db"),
    ],
)
def test_usual_spellings_of_a_database(given: str, driver: str, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVGALLERY_DATABASE_URL", given)

    url = load({}).catalogue_url

    assert (url.drivername, url.database) == (driver, database)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("port", "abc", "DAVGALLERY_PORT must be a whole number, not 'abc'."),
        ("port", "70000", "DAVGALLERY_PORT must be at most 65535, not '70000'."),
        ("workers", "0", "DAVGALLERY_WORKERS must be at least 1, not '0'."),
        ("default_quota", "abc", "DAVGALLERY_DEFAULT_QUOTA must be a size such as 500MB, 15GB or 1.5TiB, not 'abc'."),
        ("log_format", "xml", "DAVGALLERY_LOG_FORMAT must be 'human' or 'json', not 'xml'."),
        ("public_url", "photos", "DAVGALLERY_PUBLIC_URL must be an address such as https://photos.example.org, not"),
        ("public_url", "https://u:p@h", "DAVGALLERY_PUBLIC_URL must be an address such as"),
        ("s3_endpoint", "http://h/x", "DAVGALLERY_S3_ENDPOINT must be an address without a path"),
        ("accel", "store", "DAVGALLERY_ACCEL must be the path of an nginx location such as /_store/, not 'store'."),
        ("trusted_proxies", "nginx", "DAVGALLERY_TRUSTED_PROXIES must be addresses or networks such as"),
        ("tls_cert", "/none", "DAVGALLERY_TLS_CERT must name a file that can be read (No such file or directory)"),
        ("database_url", "mysql://h/db", "DAVGALLERY_DATABASE_URL must be an address such as postgresql://"),
        ("database_url", "sqlite://", "DAVGALLERY_DATABASE_URL must be an address such as postgresql://"),
        ("broker_url", "sqs://host", "DAVGALLERY_BROKER_URL must be an address such as redis://"),
        ("broker_url", "redis:///0", "DAVGALLERY_BROKER_URL must be an address such as redis://"),
        ("admin_password", "abc", "DAVGALLERY_ADMIN_PASSWORD must have at least 8 characters."),
        ("config", "/none.toml", "There is no settings file /none.toml."),
    ],
)
def test_wrong_value_is_one_sentence(name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"DAVGALLERY_{name.upper()}", value)

    with pytest.raises(SettingsError) as wrong:
        load({})

    assert str(wrong.value).startswith(sentence)
    assert "\n" not in str(wrong.value)


def test_wrong_flag_is_named_as_a_flag() -> None:
    with pytest.raises(SettingsError, match=re.escape("--trash-days must be at least 1, not '0'.")):
        load({"trash_days": "0"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("port = -1", "port in {} must be at least 0, not -1."),
        ("hsot = 'a'", "hsot in {} is no setting. Did you mean host?"),
        ("[server]\nport = 1", "server in {} is no setting."),
        ("port = ", "The settings file {} is not valid TOML: "),
        ("config = 'other.toml'", "config in {} is no setting."),
    ],
)
def test_wrong_file_is_one_sentence_that_names_it(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text(text)

    with pytest.raises(SettingsError) as wrong:
        load({"config": str(file)})

    assert str(wrong.value).startswith(sentence.format(file))


def test_mistyped_variable_gets_a_suggestion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVGALLERY_S3_BUCKETS", "photos")

    with pytest.raises(
        SettingsError, match=r"DAVGALLERY_S3_BUCKETS is no setting\. Did you mean DAVGALLERY_S3_BUCKET\?"
    ):
        load({})


def test_variables_that_kubernetes_made_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVGALLERY_PORT", "tcp://10.0.0.1:80")
    monkeypatch.setenv("DAVGALLERY_SERVICE_HOST", "10.0.0.1")

    with pytest.raises(SettingsError, match="enableServiceLinks"):
        load({})


def test_the_launchers_variable_is_none_of_our_business(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVGALLERY_VENV", "/srv/venv")

    load({})


def test_certificate_without_key_is_refused(key_pair: tuple[Path, Path]) -> None:
    certificate, key = key_pair

    load({"tls_cert": str(certificate), "tls_key": str(key)})
    with pytest.raises(SettingsError, match="tls_cert is set but tls_key is not"):
        load({"tls_cert": str(certificate)})
    with pytest.raises(SettingsError, match="tls_key is set but tls_cert is not"):
        load({"tls_key": str(key)})


def test_s3_service_without_bucket_or_keys_is_refused() -> None:
    with pytest.raises(
        SettingsError, match="s3_endpoint is set but s3_bucket, s3_access_key and s3_secret_key are not"
    ):
        load({"s3_endpoint": "http://127.0.0.1:9000"})
    with pytest.raises(SettingsError, match="s3_bucket is set but s3_endpoint"):
        load({"s3_bucket": "photos"})


def test_example_file_explains_every_setting_and_is_up_to_date() -> None:
    text = (ROOT / "docs" / "davgallery.example.toml").read_text(encoding="utf-8")

    assert text == example()
    for name in Settings.model_fields:
        assert name == "config" or f"\n#{name} = " in text


def test_example_file_is_accepted_when_its_lines_are_in_force(tmp_path: Path, key_pair: tuple[Path, Path]) -> None:
    lines = [line.removeprefix("#") if re.match(r"#\w+ = ", line) else line for line in example().splitlines()]
    values = tomllib.loads("\n".join(lines))
    file = tmp_path / "all.toml"
    file.write_text(
        "\n".join(lines).replace(values["tls_cert"], str(key_pair[0])).replace(values["tls_key"], str(key_pair[1]))
    )

    settings = load({"config": str(file)})

    assert settings.default_quota == Settings.model_fields["default_quota"].default
    assert settings.reserve == Settings.model_fields["reserve"].default
