"""docker/nginx.conf, in a real nginx before a real MinIO, with a stand-in that answers as davgallery is told to."""

import http.client
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.components.minio import Minio
from tests.components.nginx import Nginx

CONFIGURATION = Path(__file__).parents[2] / "docker" / "nginx.conf"
KEY = "alice-x/Übung 1/100% & more; a+b=c #7?~Ab12.jpg"
BYTES = bytes(range(256)) * 4000
OURS = {
    "Cache-Control": "private",
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox",
    "Content-Type": "image/jpeg",
    "ETag": '"ours"',
    "Last-Modified": "Mon, 01 Jan 2001 00:00:00 GMT",
    "OC-Checksum": "SHA1:00",
    "X-Content-Type-Options": "nosniff",
}


class StandIn(ThreadingHTTPServer):
    """Keeps what it was asked, and answers GET with ``answer``."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: dict[str, str] = {}
        self.status = 200
        self.paths: list[str] = []
        self.headers: dict[str, str] = {}
        self.first_bytes = threading.Event()
        self.body = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def do_GET(self) -> None:
        self._remember()
        self.send_response(self.server.status)
        for name, value in self.server.answer.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_PUT(self) -> None:
        self._remember()
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read1(min(left, 65536)))
            self.server.first_bytes.set()
        self.do_GET()

    def _remember(self) -> None:
        self.server.paths.append(self.path)
        self.server.headers = dict(self.headers)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def nginx(stand_in: StandIn, minio: Minio) -> Iterator[Nginx]:
    text = CONFIGURATION.read_text()
    for name, address in (
        ("server davgallery:8080", f"server 127.0.0.1:{stand_in.server_port}"),
        ("minio:9000", minio.address),
        ("listen 80;", "listen 127.0.0.1:{port};"),
    ):
        assert name in text
        text = text.replace(name, address)
    with Nginx(text) as server:
        yield server


@pytest.fixture
def address(minio: Minio) -> str:
    """A presigned address of an object, in nginx's internal location."""
    bucket = minio.fresh_bucket()
    minio.client.put_object(bucket, KEY, BytesIO(BYTES), len(BYTES))
    url = urlsplit(minio.client.presigned_get_object(bucket, KEY, expires=timedelta(minutes=5)))
    return f"/_store{url.path}?{url.query}"


def test_the_store_sends_the_bytes_under_our_headers(nginx: Nginx, stand_in: StandIn, address: str) -> None:
    stand_in.answer = OURS | {"X-Accel-Redirect": address}
    sent = requests.get(f"{nginx.url}/dav/alice/a.jpg", headers={"If-Range": '"x"', "Range": "bytes=5-9"}, timeout=5)
    assert (sent.status_code, sent.content) == (200, BYTES)
    common = {"Server", "Date", "Connection", "Content-Length", "Accept-Ranges"}
    assert {name: value for name, value in sent.headers.items() if name not in common} == OURS


def test_the_store_sends_the_range_that_we_name(nginx: Nginx, stand_in: StandIn, address: str) -> None:
    stand_in.status = 206
    stand_in.answer = OURS | {"X-Accel-Redirect": address, "X-Store-Range": "bytes=10-19"}
    sent = requests.get(f"{nginx.url}/dav/alice/a.jpg", headers={"Range": "bytes=10-"}, timeout=5)
    assert (sent.status_code, sent.content) == (206, BYTES[10:20])
    assert sent.headers["Content-Range"] == f"bytes 10-19/{len(BYTES)}"
    assert sent.headers["ETag"] == OURS["ETag"]


def test_an_error_of_the_store_is_503_and_not_its_text(nginx: Nginx, stand_in: StandIn, address: str) -> None:
    stand_in.answer = OURS | {"X-Accel-Redirect": address.replace("100%25", "101%25")}
    sent = requests.get(f"{nginx.url}/dav/alice/a.jpg", timeout=5)
    assert (sent.status_code, sent.headers["Retry-After"]) == (503, "5")
    assert "Signature" not in sent.text


def test_nobody_reaches_the_store_directly(nginx: Nginx, address: str) -> None:
    assert requests.get(nginx.url + address, timeout=5).status_code == 404


def test_addresses_and_client_reach_us_as_they_were(nginx: Nginx, stand_in: StandIn) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=5)
    path = "/dav/a%2Fb//c%20d;e/" + "%C3%BC" * 4096
    connection.request("GET", path, headers={"Host": "photos.example.org:8443", "X-Forwarded-For": "6.6.6.6"})
    assert connection.getresponse().read() == b""
    connection.close()
    assert stand_in.paths == [path]
    assert stand_in.headers["Host"] == stand_in.headers["X-Forwarded-Host"] == "photos.example.org:8443"
    assert stand_in.headers["X-Forwarded-For"] == "127.0.0.1"
    assert stand_in.headers["X-Forwarded-Proto"] == "http"


def test_uploads_of_any_size_stream_through(nginx: Nginx, stand_in: StandIn) -> None:
    size = 8_000_000
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=5) as connection:
        connection.sendall(
            f"PUT /dav/a HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n\r\n".encode() + bytes(100_000)
        )
        assert stand_in.first_bytes.wait(5), "nginx keeps the body back"
        connection.sendall(bytes(size - 100_000))
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
