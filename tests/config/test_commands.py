"""The commands, on a server that runs meanwhile."""

import json
import logging
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from config.cli import cli
from tests.components.gateway import Gateway, Options


class InThisProcess(Gateway):
    """Runs the commands without a process for each: what they do is the same, and a hundred starts take minutes."""

    def run(self, *words: str, text: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command on the server's data and settings, with ``text`` as its input."""
        done = CliRunner().invoke(cli, words, input=text, env=self.environment(), catch_exceptions=False)
        assert not check or done.exit_code == 0, f"davgallery {' '.join(words)}: {done.exit_code}\n{done.stderr}"
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A server with the account admin."""
    with InThisProcess(tmp_path_factory.mktemp("commands"), Options(workers=1)) as server:
        yield server


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Commands set up logging and the mode of new files for their whole process."""
    root, mask = logging.getLogger(), os.umask(0o022)
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = handlers, level
    os.umask(mask)


def listed(gateway: Gateway, what: str, name: str) -> dict[str, object] | None:
    """The account or space of that name, as JSON."""
    rows = json.loads(gateway.run(what, "list", "--json").stdout)
    return next((row for row in rows if row["name"] == name), None)


def sign_in(gateway: Gateway, name: str, password: str) -> int:
    """The status that somebody gets for the list of spaces."""
    return requests.request(
        "PROPFIND", gateway.dav(), auth=(name, password), headers={"Depth": "0"}, timeout=10
    ).status_code


def test_account_that_was_added_can_sign_in_at_once(gateway: Gateway) -> None:
    done = gateway.run("user", "add", "anna", "--quota", "20GB", "--password-stdin", text="open sesame\n")

    assert done.stdout == "Added the account anna with 20 GB.\n"
    assert sign_in(gateway, "anna", "open sesame") == 207
    account = listed(gateway, "user", "anna")
    assert account
    assert (account["quota"], account["admin"], account["used"], account["removed"]) == (20_000_000_000, False, 0, None)


def test_account_without_a_quota_gets_the_default_one(gateway: Gateway) -> None:
    gateway.add_account("boris")

    account = listed(gateway, "user", "boris")
    assert account
    assert account["quota"] == 15_000_000_000


def test_where_nobody_can_be_asked_a_random_password_is_printed_once(gateway: Gateway) -> None:
    lines = gateway.run("user", "add", "carla").stdout.splitlines()

    assert lines[0] == "Added the account carla with 15 GB."
    assert sign_in(gateway, "carla", lines[1].removeprefix("Password (shown only once): ")) == 207


def test_links_are_printed_once_for_people_to_open(gateway: Gateway) -> None:
    gateway.run("space", "add", "garden")
    invitation = gateway.run("user", "invite", "--quota", "20GB", "--space", "garden", "editor").stdout.split()[-1]
    gateway.add_account("lotte", password="the old one")
    reset = gateway.run("user", "reset-link", "lotte").stdout.split()[-1]
    for link, name, password in ((invitation, "kurt", "the first one"), (reset, "lotte", "the new one")):
        # The command was not told of the server's port.
        assert re.fullmatch(r"http://127\.0\.0\.1:8080/invitation/[\w-]{27}", link)
        token = link.rpartition("/")[2]
        form = {"name": name, "password": password}
        assert requests.post(f"{gateway.url}/invitation/{token}", form, timeout=30).status_code == 200
        assert sign_in(gateway, name, password) == 207
        assert token not in gateway.log
    account = listed(gateway, "user", "kurt")
    assert account
    assert account["quota"] == 20_000_000_000
    garden = listed(gateway, "space", "garden")
    assert garden
    assert garden["members"] == {"kurt": "editor"}
    assert gateway.run("user", "reset-link", "nobody", check=False).returncode == 2


def test_administrator_is_marked(gateway: Gateway) -> None:
    gateway.add_account("dora", "--admin")

    account = listed(gateway, "user", "dora")
    assert account
    assert account["admin"] is True


def test_new_password_replaces_the_old_one_at_once(gateway: Gateway) -> None:
    gateway.add_account("emil", password="the old one")
    assert sign_in(gateway, "emil", "the old one") == 207

    gateway.run("user", "set-password", "emil", "--password-stdin", text="the new one\n")

    assert sign_in(gateway, "emil", "the old one") == 401
    assert sign_in(gateway, "emil", "the new one") == 207


def test_renamed_account_signs_in_by_its_new_name(gateway: Gateway) -> None:
    password = gateway.add_account("frida")

    gateway.run("user", "rename", "frida", "friederike")

    assert sign_in(gateway, "friederike", password) == 207
    assert sign_in(gateway, "frida", password) == 401


def test_quota_holds_from_the_next_upload(gateway: Gateway) -> None:
    password = gateway.add_account("gustav")

    gateway.run("user", "set-quota", "gustav", "1kB")

    answer = requests.put(gateway.dav("gustav/a.jpg"), data=bytes(1001), auth=("gustav", password), timeout=10)
    assert answer.status_code == 507


def test_removed_account_is_out_at_once_and_keeps_its_name(gateway: Gateway) -> None:
    password = gateway.add_account("hanna")

    gateway.run("user", "remove", "hanna")

    assert sign_in(gateway, "hanna", password) == 401
    account = listed(gateway, "user", "hanna")
    assert account
    assert account["removed"]
    assert gateway.run("user", "add", "hanna", check=False).returncode == 2


def test_account_removed_now_is_gone_with_its_files(gateway: Gateway) -> None:
    password = gateway.add_account("ivan")
    requests.put(gateway.dav("ivan/a.jpg"), data=b"bytes", auth=("ivan", password), timeout=10).raise_for_status()

    gateway.run("user", "remove", "ivan", "--now")

    assert listed(gateway, "user", "ivan") is None
    assert sign_in(gateway, "ivan", password) == 401
    gateway.add_account("ivan")


def test_removed_account_can_still_be_deleted_now(gateway: Gateway) -> None:
    gateway.add_account("jana")
    gateway.run("user", "remove", "jana")

    gateway.run("user", "remove", "jana", "--now")

    assert listed(gateway, "user", "jana") is None


def test_device_has_a_password_of_its_own_until_it_is_revoked(gateway: Gateway) -> None:
    gateway.add_account("karl")
    made = gateway.run("user", "app-password", "karl", "Karl's phone").stdout
    password = made.strip().removeprefix("Password (shown only once): ")
    assert sign_in(gateway, "karl", password) == 207
    devices = json.loads(gateway.run("user", "devices", "karl", "--json").stdout)
    phone = next(device for device in devices if device["device"] == "Karl's phone")

    gateway.run("user", "revoke", "karl", str(phone["id"]))

    assert sign_in(gateway, "karl", password) == 401
    assert "Karl's phone" not in gateway.run("user", "devices", "karl").stdout


def test_shared_space_is_for_its_members(gateway: Gateway) -> None:
    password = gateway.add_account("lena")
    auth = ("lena", password)
    gateway.run("space", "add", "family", "--quota", "100GB")
    folder = gateway.dav("family/")
    ask = {"method": "PROPFIND", "url": folder, "headers": {"Depth": "0"}, "auth": auth, "timeout": 10}
    assert requests.request(**ask).status_code == 404  # type: ignore[arg-type]

    gateway.run("space", "grant", "family", "lena", "viewer")
    assert requests.request(**ask).status_code == 207  # type: ignore[arg-type]
    assert requests.put(folder + "a.jpg", data=b"x", auth=auth, timeout=10).status_code == 403

    gateway.run("space", "grant", "family", "lena", "editor")
    assert requests.put(folder + "a.jpg", data=b"x", auth=auth, timeout=10).status_code == 201
    space = listed(gateway, "space", "family")
    assert space
    assert (space["members"], space["quota"], space["used"]) == ({"lena": "editor"}, 100_000_000_000, 1)

    gateway.run("space", "revoke", "family", "lena")
    assert requests.request(**ask).status_code == 404  # type: ignore[arg-type]


def test_space_is_renamed_and_removed(gateway: Gateway) -> None:
    gateway.run("space", "add", "2023")
    gateway.run("space", "rename", "2023", "archive")
    gateway.run("space", "set-quota", "archive", "5GB")
    gateway.run("space", "remove", "archive")
    space = listed(gateway, "space", "archive")
    assert space
    assert (space["quota"], bool(space["removed"])) == (5_000_000_000, True)

    gateway.run("space", "remove", "archive", "--now")

    assert listed(gateway, "space", "archive") is None


def test_policy_of_a_space_is_changed_in_parts(gateway: Gateway) -> None:
    gateway.run("space", "add", "studio")
    gateway.run("space", "set-policy", "studio", "--media-only")
    gateway.run("space", "set-policy", "studio", "--max-file-size", "2GB")
    space = listed(gateway, "space", "studio")
    assert space
    assert (space["media_only"], space["max_file_size"]) == (True, 2_000_000_000)

    gateway.run("space", "set-policy", "studio", "--any-file", "--max-file-size", "0")

    space = listed(gateway, "space", "studio")
    assert space
    assert (space["media_only"], space["max_file_size"]) == (False, None)


def test_lists_are_tables_for_people(gateway: Gateway) -> None:
    gateway.add_account("maja", "--quota", "3GB")

    lines = gateway.run("user", "list").stdout.splitlines()

    assert lines[0].split() == ["NAME", "ROLE", "QUOTA", "USED", "TRASH", "SINCE"]
    row = next(line for line in lines if line.startswith("maja"))
    assert row[lines[0].index("QUOTA") :].startswith("3 GB")
    assert gateway.run("space", "list").stdout.splitlines()[0].startswith("NAME")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("user", "add", "admin"), "There is an account or space “admin” already."),
        (("user", "add", "a/b"), "“a/b” cannot name an account or space"),
        (("user", "remove", "nobody", "--now"), "There is no account “nobody”."),
        (("space", "remove", "admin", "--now"), "There is no shared space “admin”."),
        (("user", "set-quota", "nobody", "1GB"), "There is no account “nobody”."),
        (("space", "grant", "admin", "admin", "viewer"), "“admin” is the personal space of an account."),
        (("space", "revoke", "nowhere", "admin"), "There is no space “nowhere”."),
        (("adopt", "nowhere"), "There is no space “nowhere”."),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(gateway: Gateway, words: tuple[str, ...], sentence: str) -> None:
    done = gateway.run(*words, check=False)

    assert done.returncode == 2
    assert done.stderr.startswith(f"davgallery: {sentence}")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ("user", "add"),
        ("user", "add", "x", "--quota", "much"),
        ("space", "grant", "a", "b", "king"),
        ("fly",),
        ("user", "list", "--fly"),
        ("serve", "--port", "80000"),
    ],
)
def test_wrong_words_have_status_2(gateway: Gateway, words: tuple[str, ...]) -> None:
    assert gateway.run(*words, check=False).returncode == 2


def test_too_short_a_password_is_refused(gateway: Gateway) -> None:
    done = gateway.run("user", "add", "nora", "--password-stdin", text="short\n", check=False)

    assert (done.returncode, done.stderr) == (2, "davgallery: A password needs at least 8 characters.\n")


def test_commands_need_a_catalogue_and_make_none(gateway: Gateway, tmp_path: Path) -> None:
    done = gateway.run("user", "list", "--data", str(tmp_path / "typo"), check=False)

    assert done.returncode == 2
    assert "There is no catalogue in" in done.stderr
    assert not (tmp_path / "typo").exists()


def test_check_finds_nothing_on_a_healthy_server(gateway: Gateway) -> None:
    done = gateway.run("check")

    assert done.stdout == "All is well.\n"


def test_check_finds_what_is_missing(gateway: Gateway) -> None:
    password = gateway.add_account("olga")
    requests.put(gateway.dav("olga/a.jpg"), data=b"only here", auth=("olga", password), timeout=10).raise_for_status()
    (stored,) = [path for path in (gateway.data / "photos").rglob("a~*.jpg") if path.read_bytes() == b"only here"]
    stored.unlink()

    done = gateway.run("check", check=False)
    as_json = gateway.run("check", "--json", check=False)

    stored.write_bytes(b"only here")
    assert done.returncode == 1
    assert "a.jpg are gone" in done.stdout
    assert json.loads(as_json.stdout)["kind"] == "missing"
    assert gateway.run("check").returncode == 0


def test_adopt_takes_in_what_was_put_into_the_store(gateway: Gateway) -> None:
    password = gateway.add_account("paul")
    space = listed(gateway, "space", "paul")
    assert space
    folder = gateway.data / "photos" / str(space["key"]) / "2019"
    folder.mkdir(parents=True)
    (folder / "b.jpg").write_bytes(b"a photo")

    done = gateway.run("adopt", "paul")

    assert done.stdout == "paul/2019/b.jpg\nTook in 1 files.\n"
    answer = requests.get(gateway.dav("paul/2019/b.jpg"), auth=("paul", password), timeout=10)
    assert answer.content == b"a photo"


def test_gc_says_what_it_did(gateway: Gateway) -> None:
    assert gateway.run("gc").stdout == (
        "0 expired uploads ended\n0 items of trash purged\n0 removed spaces deleted\n0 objects deleted\n"
    )


def test_settings_are_shown_without_secrets(gateway: Gateway) -> None:
    shown = gateway.run("settings").stdout

    assert f'data = "{gateway.data}"\n' in shown
    assert "admin_password = (secret)\n" in shown
    assert "s3_secret_key = null\n" in shown
    assert gateway.admin_password not in shown


def test_example_of_a_settings_file_is_printed(gateway: Gateway) -> None:
    example = Path(__file__).parents[2] / "docs" / "davgallery.example.toml"

    assert gateway.run("settings", "--example").stdout == example.read_text(encoding="utf-8")


def test_deleted_photo_is_listed_in_the_trash_and_restored(gateway: Gateway) -> None:
    gateway.run("user", "add", "trudy", "--password-stdin", text="open sesame\n")
    photo = gateway.dav("trudy/holiday.jpg")
    requests.put(photo, data=b"the only copy", auth=("trudy", "open sesame"), timeout=10).raise_for_status()
    requests.delete(photo, auth=("trudy", "open sesame"), timeout=10).raise_for_status()
    assert "holiday.jpg" in gateway.run("trash", "list", "trudy").stdout
    [item] = json.loads(gateway.run("trash", "list", "trudy", "--json").stdout)
    assert gateway.run("trash", "restore", "trudy", str(item["id"])).stdout == "trudy/holiday.jpg\n"
    assert requests.get(photo, auth=("trudy", "open sesame"), timeout=10).content == b"the only copy"


def test_trash_of_a_space_without_a_manager_says_what_to_do(gateway: Gateway) -> None:
    gateway.run("space", "add", "orphaned")
    done = gateway.run("trash", "list", "orphaned", check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "davgallery: The space “orphaned” has no manager: grant somebody that role first.\n",
    )


def test_refused_upload_is_listed_until_it_arrives(gateway: Gateway) -> None:
    gateway.run("user", "add", "rita", "--quota", "10B", "--password-stdin", text="open sesame\n")

    def upload() -> int:
        photo = gateway.dav("rita/large.jpg")
        return requests.put(photo, data=b"more than ten bytes", auth=("rita", "open sesame"), timeout=10).status_code

    assert upload() == 507
    assert "QuotaExceeded" in gateway.run("user", "refusals", "rita").stdout
    [refusal] = json.loads(gateway.run("user", "refusals", "rita", "--json").stdout)
    assert (refusal["path"], refusal["size"]) == ("rita/large.jpg", 19)
    gateway.run("user", "set-quota", "rita", "1MB")
    assert upload() == 201
    assert json.loads(gateway.run("user", "refusals", "rita", "--json").stdout) == []


def test_removed_account_is_brought_back_with_its_files(gateway: Gateway) -> None:
    gateway.run("user", "add", "philippa", "--password-stdin", text="open sesame\n")
    photo = gateway.dav("philippa/a.jpg")
    requests.put(photo, data=b"the only copy", auth=("philippa", "open sesame"), timeout=10).raise_for_status()
    gateway.run("user", "remove", "philippa")
    gateway.run("user", "bring-back", "philippa", "--password-stdin", text="sesame, open\n")
    assert requests.get(photo, auth=("philippa", "sesame, open"), timeout=10).content == b"the only copy"


def test_removed_space_is_brought_back_with_its_members(gateway: Gateway) -> None:
    gateway.run("space", "add", "cellar")
    gateway.run("space", "grant", "cellar", "admin", "editor")
    gateway.run("space", "remove", "cellar")
    gateway.run("space", "bring-back", "cellar")
    assert (listed(gateway, "space", "cellar") or {})["members"] == {"admin": "editor"}
    assert gateway.run("space", "bring-back", "cellar", check=False).returncode == 2


@pytest.mark.parametrize(
    "words", [("user", "revoke", "admin", "9" * 20), ("space", "grant", "\udcff", "admin", "editor")]
)
def test_words_that_nothing_can_be_called_are_wrong_use(gateway: Gateway, words: tuple[str, ...]) -> None:
    assert gateway.run(*words, check=False).returncode == 2


def test_control_characters_do_not_reach_the_terminal(gateway: Gateway) -> None:
    gateway.run("user", "app-password", "admin", "a\x1b[31mred phone")
    shown = gateway.run("user", "devices", "admin").stdout
    assert "red phone" in shown
    assert "\x1b" not in shown
