"""What the store's own HTTP client makes of answers, and its signatures."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import SplitResult, parse_qs, urlsplit

import pytest
from minio.credentials.credentials import Credentials
from minio.signer import presign_v4, sign_v4_s3

from gateway.store import signed
from gateway.store.http import Connection, Malformed, Response
from gateway.store.signed import Request, SignedBucket

MOMENT = datetime(2026, 11, 20, 19, 31, 37, tzinfo=UTC)
KEY = "space/ä & ~b/IMG_1~abc.jpg"
PATH = "/bucket/space/%C3%A4%20%26%20~b/IMG_1~abc.jpg"


@pytest.fixture
def pair() -> Iterator[tuple[Connection, socket.socket]]:
    """A connection, and the service's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = Connection("127.0.0.1", listener.getsockname()[1], None, 3, 3)
        service = listener.accept()[0]
        with service:
            yield connection, service
            connection.close()


def whole(response: Response, most: int = 1000) -> bytes:
    return b"".join(iter(lambda: response.read(most), b""))


@pytest.mark.parametrize("most", [1, 3, 1000])
@pytest.mark.parametrize(
    ("sent", "body", "reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nphoto", b"photo", True),
        (b"HTTP/1.1 200\r\ncontent-length:5\r\n\r\nphoto", b"photo", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nphoto", b"photo", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nphoto", b"photo", False),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nphoto", b"photo", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nph\r\n3;a=b\r\noto\r\n0\r\nX: y\r\n\r\n",
            b"photo",
            True,
        ),
        (b"HTTP/1.1 200 OK\r\n\r\nphoto", b"photo", False),
    ],
)
def test_body_ends_where_the_head_says(
    pair: tuple[Connection, socket.socket], *, sent: bytes, body: bytes, reusable: bool, most: int
) -> None:
    connection, service = pair
    service.sendall(sent)
    service.shutdown(socket.SHUT_WR)
    response = Response(connection, "GET")
    assert whole(response, most) == body
    assert (response.ended, response.reusable) == (True, reusable)


def test_answer_that_arrives_byte_by_byte_is_read(pair: tuple[Connection, socket.socket]) -> None:
    connection, service = pair

    def say() -> None:
        for byte in b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nphoto\r\n0\r\n\r\n":
            service.send(bytes([byte]))

    service.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    thread = threading.Thread(target=say)
    thread.start()
    assert whole(Response(connection, "GET")) == b"photo"
    thread.join()


def test_two_answers_on_one_connection_are_kept_apart(pair: tuple[Connection, socket.socket]) -> None:
    connection, service = pair
    service.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")
    assert [whole(Response(connection, "GET")) for _ in range(2)] == [b"a", b"b"]


def test_answer_to_head_has_no_body(pair: tuple[Connection, socket.socket]) -> None:
    connection, service = pair
    service.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: x\r\n\r\n")
    response = Response(connection, "HEAD")
    assert (response.read(10), response.ended, response.headers["etag"]) == (b"", True, "x")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nphoto",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nphot",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nphoto\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\nphoto\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nphoto\r\n0\r\n\r\n",
    ],
)
def test_answer_that_is_cut_or_no_http_is_an_error(pair: tuple[Connection, socket.socket], sent: bytes) -> None:
    connection, service = pair
    service.sendall(sent)
    service.shutdown(socket.SHUT_WR)
    with pytest.raises(Malformed):
        whole(Response(connection, "GET"))


def test_head_without_an_end_is_an_error(pair: tuple[Connection, socket.socket]) -> None:
    connection, service = pair
    thread = threading.Thread(target=service.sendall, args=(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 15_000,))
    thread.start()
    with pytest.raises(Malformed):
        Response(connection, "GET")
    connection.close()
    thread.join()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> SignedBucket:
    monkeypatch.setattr(signed, "_moment", lambda: f"{MOMENT:%Y%m%dT%H%M%SZ}")
    return SignedBucket("http://127.0.0.1:9000", "bucket", "access", "secret/+", "eu-west-3", None)


@pytest.mark.parametrize("query", ["", "uploads=", "partNumber=1&uploadId=a%2Fb"])
def test_signature_is_the_one_of_the_sdk(bucket: SignedBucket, query: str) -> None:
    sent: list[bytes] = []
    bucket._send_head(SimpleNamespace(send=sent.append), Request("PUT", KEY, query), 5)  # type: ignore[arg-type]
    first, *lines = sent[0].decode().removesuffix("\r\n\r\n").split("\r\n")
    assert first == f"PUT {PATH}{'?' * bool(query)}{query} HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines)
    wanted = sign_v4_s3(
        method="PUT",
        url=SplitResult("http", "127.0.0.1:9000", PATH, query, ""),
        region="eu-west-3",
        headers={name: headers[name] for name in ("Host", "x-amz-content-sha256", "x-amz-date")},
        credentials=Credentials("access", "secret/+"),
        content_sha256="UNSIGNED-PAYLOAD",
        date=MOMENT,
    )
    assert headers == {**wanted, "Content-Length": "5"}


def test_presigned_address_is_the_one_of_the_sdk(bucket: SignedBucket) -> None:
    wanted = presign_v4(
        method="GET",
        url=SplitResult("http", "127.0.0.1:9000", PATH, "", ""),
        region="eu-west-3",
        credentials=Credentials("access", "secret/+"),
        date=MOMENT,
        expires=int(timedelta(minutes=15).total_seconds()),
    )
    ours = urlsplit(bucket.address(KEY, 900))
    assert ours.path == PATH
    assert parse_qs(ours.query) == parse_qs(wanted.query)
