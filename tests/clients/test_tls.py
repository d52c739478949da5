"""HTTPS without a proxy."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.clients.access import LOG
from tests.components.gateway import Gateway, Options
from tests.support.certificate import self_signed
from tests.support.pages import connect_page
from tests.support.tools import tool

pytestmark = pytest.mark.xdist_group("clients")  # one gateway serves them all

PHOTO = bytes(range(256)) * 4000


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def secure(certificate: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    words = ["--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1])]
    gateway = Gateway(tmp_path_factory.mktemp("secure"), Options(workers=1, arguments=words, environment=LOG))
    gateway.url = gateway.url.replace("http:", "https:")
    with gateway:
        yield gateway


def test_rclone_copies_and_checks(secure: Gateway, tmp_path: Path) -> None:
    rclone = secure.rclone()
    (tmp_path / "photos").mkdir()
    for number in range(8):
        (tmp_path / f"photos/{number}.jpg").write_bytes(PHOTO[number:])
    rclone.run("copy", "--no-check-certificate", str(tmp_path / "photos"), rclone.remote("x"))
    rclone.run("check", "--no-check-certificate", "--download", str(tmp_path / "photos"), rclone.remote("x"))
    rclone.run("moveto", "--no-check-certificate", rclone.remote("x"), rclone.remote("y"))
    assert rclone.run("lsf", "--no-check-certificate", rclone.remote()).stdout == "y/\n"
    refused = rclone.run("lsf", "--retries", "1", "--low-level-retries", "1", rclone.remote(), check=False)
    assert "certificate" in refused.stderr


def test_a_move_within_https(secure: Gateway, certificate: tuple[Path, Path]) -> None:
    def ask(method: str, url: str, **more: Any) -> requests.Response:
        return requests.request(method, url, auth=login, verify=str(certificate[0]), timeout=10, **more)

    login = ("admin", secure.admin_password)
    assert ask("PUT", secure.dav("admin/a.jpg"), data=PHOTO).status_code == 201
    headers = {"Destination": secure.dav("admin/b.jpg")}
    assert ask("MOVE", secure.dav("admin/a.jpg"), headers=headers).status_code == 201
    assert ask("GET", secure.dav("admin/b.jpg")).content == PHOTO
    assert secure.dav() in connect_page(secure.url, "admin", secure.admin_password, certificate[0])


def test_curl_uploads_after_a_100_continue(secure: Gateway, certificate: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "big.jpg").write_bytes(PHOTO * 2)
    words = ["--silent", "--show-error", "--fail", "--cacert", str(certificate[0]), "--verbose"]
    words += ["--user", f"admin:{secure.admin_password}", "--header", "Expect: 100-continue"]
    done = subprocess.run(
        [tool("curl", package="curl"), *words, "-T", str(tmp_path / "big.jpg"), secure.dav("admin/big.jpg")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "HTTP/1.1 100" in done.stderr
    assert "HTTP/1.1 201" in done.stderr


def test_http_on_the_https_port_fails_at_once(secure: Gateway, certificate: tuple[Path, Path]) -> None:
    with socket.create_connection(("127.0.0.1", secure.port), timeout=5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        try:
            answer = plain.recv(4096)  # an alert, an explanation or nothing, but not a wait
        except ConnectionResetError:
            answer = b""
    assert not answer.startswith(b"HTTP/1.1 200")
    assert requests.get(f"{secure.url}/healthz", verify=str(certificate[0]), timeout=10).status_code == 200
    assert '"level": "error"' not in secure.log


def test_old_tls_is_refused(secure: Gateway) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", secure.port), timeout=5) as plain,
        pytest.raises(OSError, match=r"(?i)ssl|tls|reset"),
    ):
        old.wrap_socket(plain)
