"""Starting, stopping, and what stops a start."""

import http.client
import json
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import requests
from prometheus_client.parser import text_string_to_metric_families

from config import VERSION
from tests.components.gateway import Gateway, Options
from tests.components.minio import Minio
from tests.components.postgres import Postgres
from tests.support.pages import connect_page
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]


def start_fails(gateway: Gateway, *words: str) -> str:
    """The one sentence of a start that is wrong use."""
    done = gateway.run("serve", "--port", str(gateway.port), *words, check=False)
    sentence = done.stderr.splitlines()[-1]
    assert done.returncode == 2, done.stderr
    assert "ready" not in done.stdout
    assert sentence.startswith("davgallery: ")
    assert "Traceback" not in done.stderr
    return sentence.removeprefix("davgallery: ")


def put(gateway: Gateway, path: str, content: bytes) -> int:
    """The status of an upload by the administrator."""
    auth = ("admin", gateway.admin_password)
    return requests.put(gateway.dav(path), data=content, auth=auth, timeout=20).status_code


def get(gateway: Gateway, path: str) -> bytes:
    """A file of the administrator's."""
    answer = requests.get(gateway.dav(path), auth=("admin", gateway.admin_password), timeout=20)
    answer.raise_for_status()
    return answer.content


def access_log(gateway: Gateway) -> list[dict[str, object]]:
    """What a server that logs JSON has logged of its requests."""
    lines = [json.loads(line) for line in gateway.log.splitlines()]
    return [line for line in lines if line["logger"] == "davgallery.access"]


def test_first_start_makes_the_administrator_with_the_given_password(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()

    assert put(gateway, "admin/a.jpg", b"photo") == 201
    assert "password" not in gateway.output
    assert gateway.admin_password not in gateway.output + gateway.log


def test_first_start_prints_a_random_password_once(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, Options(environment={"DAVGALLERY_ADMIN_PASSWORD": ""}, workers=1))
    with gateway:
        said = re.search(r"^The account admin has the password (\S+)$", gateway.output, re.MULTILINE)
        assert said
        gateway.admin_password = said[1]
        assert put(gateway, "admin/a.jpg", b"photo") == 201
        gateway.stop()
        gateway.start()
        assert "password" not in gateway.output
        assert get(gateway, "admin/a.jpg") == b"photo"
        assert said[1] not in gateway.log


def test_stopped_server_exits_with_0_and_leaves_no_process(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    workers = gateway.pids()

    assert gateway.stop() == 0
    assert workers
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_killed_server_starts_again_with_everything(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    assert put(gateway, "admin/a.jpg", b"photo") == 201

    gateway.kill()
    gateway.start()

    assert get(gateway, "admin/a.jpg") == b"photo"
    assert gateway.run("check").returncode == 0


def test_hold_of_a_killed_server_is_given_back_at_the_next_start(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(environment={"DAVGALLERY_DEFAULT_QUOTA": "1MB"})

    def held() -> int:
        return int(json.loads(gateway.run("space", "list", "--json").stdout)[0]["reserved"])

    upload = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    upload.putrequest("PUT", "/dav/admin/big.jpg")
    upload.putheader("Authorization", "Basic " + b64encode(f"admin:{gateway.admin_password}".encode()).decode())
    upload.putheader("Content-Length", "900000")
    upload.endheaders(bytes(100_000))
    wait_until(held, seconds=60)

    gateway.kill()
    upload.close()
    gateway.start()

    assert held() == 0
    assert put(gateway, "admin/a.jpg", bytes(900_000)) == 201


def test_data_is_for_its_owner_only(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    put(gateway, "admin/a.jpg", b"photo")

    open_to_others = [path for path in (gateway.data, *gateway.data.rglob("*")) if path.stat().st_mode & 0o077]

    assert open_to_others == []


def test_second_server_on_the_same_data_is_refused(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()

    assert start_fails(gateway) == f"Another davgallery is using {gateway.data} (process {gateway.pid})."
    assert put(gateway, "admin/a.jpg", b"photo") == 201


def test_port_that_is_taken_is_one_sentence(start_gateway: Callable[..., Gateway], tmp_path: Path) -> None:
    gateway = start_gateway()

    sentence = start_fails(gateway, "--data", str(tmp_path / "other"), "--host", "127.0.0.1")

    assert sentence == f"Cannot listen on 127.0.0.1:{gateway.port}: address already in use."


def test_data_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    sentence = start_fails(Gateway(tmp_path), "--data", str(tmp_path / "file" / "data"))

    assert sentence == f"Cannot write to {tmp_path / 'file' / 'data'}: Not a directory."


def test_wrong_setting_is_one_sentence(tmp_path: Path) -> None:
    assert start_fails(Gateway(tmp_path), "--default-quota", "abc") == (
        "--default-quota must be a size such as 500MB, 15GB or 1.5TiB, not 'abc'."
    )


def test_store_of_another_catalogue_is_refused(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    gateway.stop()
    (gateway.data / "photos" / "_davgallery" / "id").write_text("0" * 32)

    assert start_fails(gateway).startswith("The catalogue and the store do not belong together")


def test_new_catalogue_does_not_take_a_store_with_photos(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    put(gateway, "admin/a.jpg", b"photo")
    gateway.stop()
    for file in gateway.data.glob("catalogue.sqlite3*"):
        file.unlink()

    assert start_fails(gateway).startswith("The catalogue is empty, but the store holds the photos of another one")
    assert list((gateway.data / "photos").rglob("a~*.jpg"))


def test_first_start_that_was_interrupted_goes_on(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    gateway.stop()
    for file in gateway.data.glob("catalogue.sqlite3*"):
        file.unlink()

    gateway.start()

    assert put(gateway, "admin/a.jpg", b"photo") == 201


def test_newer_catalogue_stops_the_start(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    gateway.stop()
    with sqlite3.connect(gateway.data / "catalogue.sqlite3") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    assert "newer davgallery" in start_fails(gateway)


def test_catalogue_comes_back_from_the_store_with_what_arrived_since(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    put(gateway, "admin/before.jpg", b"before")
    auth = ("admin", gateway.admin_password)
    requests.request("MKCOL", gateway.dav("admin/2023/"), auth=auth, timeout=10).raise_for_status()
    snapshots = gateway.data / "photos" / "_davgallery" / "catalogue"
    shutil.rmtree(snapshots, ignore_errors=True)
    with sqlite3.connect(gateway.data / "catalogue.sqlite3") as database:
        database.execute("UPDATE chore SET due = 0, lease = 0 WHERE name = 'snapshot'")
    database.close()
    wait_until(lambda: list(snapshots.glob("*.gz")), seconds=60)
    put(gateway, "admin/2023/after.jpg", b"after")
    gateway.stop()
    for file in gateway.data.glob("catalogue.sqlite3*"):
        file.unlink()

    assert gateway.run("restore", "--list").stdout.strip().endswith(".gz")
    done = gateway.run("restore")
    gateway.start()

    assert "Took in 1 files that were uploaded since.\n" in done.stdout
    assert get(gateway, "admin/before.jpg") == b"before"
    assert get(gateway, "admin/2023/after.jpg") == b"after"
    assert gateway.run("check").returncode == 0


def test_restore_does_not_touch_a_running_server(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()

    done = gateway.run("restore", check=False)

    assert done.returncode == 2
    assert "Another davgallery is using" in done.stderr


def test_restore_does_not_replace_a_catalogue(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    gateway.stop()

    done = gateway.run("restore", check=False)

    assert done.returncode == 2
    assert "move it away first" in done.stderr


def test_settings_file_in_the_data_folder_reaches_the_workers(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, Options(workers=1))
    gateway.data.mkdir()
    (gateway.data / "davgallery.toml").write_text('public_url = "https://photos.example.org/x"\nlog_format = "json"\n')
    with gateway:
        page = connect_page(gateway.url, "admin", gateway.admin_password)

        assert "https://photos.example.org/x/dav/" in page
        wait_until(lambda: access_log(gateway))


def test_flags_reach_the_workers(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(arguments=["--public-url", "https://flag.example.org"], workers=1)

    assert "https://flag.example.org/dav/" in connect_page(gateway.url, "admin", gateway.admin_password)


def test_own_certificate_serves_https(start_gateway: Callable[..., Gateway], tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-nodes", "-keyout", str(key), "-out", str(certificate)]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-days", "1", *subject, *files]
    subprocess.run(made, check=True, capture_output=True)
    gateway = Gateway(tmp_path, Options(arguments=["--tls-cert", str(certificate), "--tls-key", str(key)], workers=1))
    gateway.url = gateway.url.replace("http:", "https:")

    with gateway:
        assert requests.get(f"{gateway.url}/healthz", verify=str(certificate), timeout=10).json()["status"] == "ok"
    assert start_fails(gateway, "--tls-cert", str(certificate), "--tls-key", str(certificate)).startswith(
        "tls_cert and tls_key are no certificate with its key"
    )


def test_health_tells_which_part_is_down(start_gateway: Callable[..., Gateway], minio: Minio) -> None:
    gateway = start_gateway(store=minio, workers=1)
    assert requests.get(f"{gateway.url}/healthz", timeout=10).json() == {
        "status": "ok",
        "database": "ok",
        "store": "ok",
    }

    with minio.frozen():
        time.sleep(1.1)
        answer = requests.get(f"{gateway.url}/healthz", timeout=10)

    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "database": "ok", "store": "unavailable"}
    time.sleep(1.1)
    assert requests.get(f"{gateway.url}/healthz", timeout=10).status_code == 200


def test_bucket_is_made_by_the_first_start(start_gateway: Callable[..., Gateway], minio: Minio) -> None:
    gateway = start_gateway(store=minio, bucket="made-by-the-first-start", workers=1)

    assert put(gateway, "admin/a.jpg", b"photo") == 201
    assert minio.client.bucket_exists("made-by-the-first-start")


def test_postgresql_and_minio_serve_the_same(
    start_gateway: Callable[..., Gateway], minio: Minio, postgres: Postgres
) -> None:
    gateway = start_gateway(store=minio, database_url=postgres.fresh_database())

    assert put(gateway, "admin/a.jpg", b"photo") == 201
    gateway.kill()
    gateway.start()
    assert get(gateway, "admin/a.jpg") == b"photo"
    assert gateway.run("check").returncode == 0
    done = gateway.run("restore", check=False)
    assert (done.returncode, "Another davgallery is using" in done.stderr) == (2, True)
    gateway.stop()
    done = gateway.run("restore", "--from", "yesterday", check=False)
    assert (done.returncode, "its own tools" in done.stderr) == (2, True)
    assert "Took in 0 files" in gateway.run("restore").stdout


def test_wrong_s3_key_is_one_sentence(minio: Minio, tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, Options(store=minio, environment={"DAVGALLERY_S3_SECRET_KEY": "wrong wrong"}))

    done = gateway.run("serve", "--port", str(gateway.port), check=False)

    assert done.returncode in {1, 2}
    assert done.stderr.splitlines()[-1].startswith("davgallery: ")
    assert "Traceback" not in done.stderr


def test_metrics_count_what_was_served(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    put(gateway, "admin/a.jpg", b"photo")
    put(gateway, "admin/b.jpg", b"photo")

    def value(name: str, **labels: str) -> float:
        text = requests.get(f"{gateway.url}/metrics", timeout=10).text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return next((one.value for one in samples if one.name == name and labels.items() <= one.labels.items()), 0)

    # A request is counted after its answer was sent.
    wait_until(lambda: value("davgallery_request_seconds_count", method="PUT", status="2xx") == 2)
    assert value("davgallery_live_bytes") == 10
    assert value("davgallery_received_bytes_total") >= 10


def test_access_is_logged_with_the_account(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(environment={"DAVGALLERY_LOG_FORMAT": "json"}, workers=1)
    put(gateway, "admin/a%20b.jpg", b"photo")
    requests.get(f"{gateway.url}/healthz", timeout=10)

    requests.get(f"{gateway.url}/", timeout=10, allow_redirects=False)

    # A line is written after its answer was sent.
    upload, page = wait_until(lambda: access_log(gateway)[1:] and access_log(gateway))

    assert (upload["method"], upload["path"], upload["status"]) == ("PUT", "/dav/admin/a%20b.jpg", 201)
    assert (upload["account"], page["account"], page["path"]) == ("admin", "-", "/")


def test_worker_that_dies_is_replaced(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(workers=1)
    (worker,) = gateway.pids()

    subprocess.run(["kill", "-9", str(worker)], check=True)
    wait_until(lambda: gateway.pids() not in ([], [worker]), seconds=30)

    # The listening socket is the supervisor's: who connects meanwhile waits for the new worker.
    assert put(gateway, "admin/a.jpg", b"photo") == 201


def test_hangup_takes_new_settings_without_losing_a_request(tmp_path: Path) -> None:
    gateway = Gateway(tmp_path, Options(workers=1))
    gateway.data.mkdir()
    file = gateway.data / "davgallery.toml"
    file.write_text('public_url = "https://one.example.org"\n')
    with gateway:
        (old,) = gateway.pids()
        file.write_text('public_url = "https://two.example.org"\n')
        subprocess.run(["kill", f"-{signal.SIGHUP.value}", str(gateway.pid)], check=True)
        while Path(f"/proc/{old}").exists():
            assert requests.get(f"{gateway.url}/", timeout=10).status_code == 200
            time.sleep(0.05)

        assert "https://two.example.org" in connect_page(gateway.url, "admin", gateway.admin_password)


def test_version_is_that_of_the_package(start_gateway: Callable[..., Gateway]) -> None:
    del start_gateway
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert f'\nversion = "{VERSION}"\n' in text
