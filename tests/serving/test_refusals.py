"""A refusal costs neither memory nor an upload, and the client receives it."""

import http.client
import time
from collections.abc import Callable

import pytest

from tests.serving.apps import app
from tests.serving.client import Client
from tests.serving.conftest import Running, Service

Serve = Callable[..., Running]
StartService = Callable[..., Service]

MIB = 1 << 20
GB3 = 3_000_000_000


def send_until_refused(client: Client, piece: bytes) -> int:
    """Send until the server takes no more or has answered, and return how many bytes it took."""
    sent = 0
    client.socket.settimeout(0.5)
    try:
        while client.silent(0.001) and sent < GB3:
            client.send(piece)
            sent += len(piece)
    except OSError:
        pass
    client.socket.settimeout(20)
    return sent


def test_an_announced_upload_is_refused_without_a_byte(start_service: StartService) -> None:
    service = start_service()
    before = service.rss()
    with service.client() as client:
        client.request("PUT", "/full", f"Content-Length: {GB3}", "Expect: 100-continue")
        answer = client.answer()
        assert (answer.status, answer.body, answer.headers["connection"]) == (507, b"full\n", "close")
        assert client.at_end()
    assert service.rss() - before < 8 * MIB


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_an_upload_that_has_begun_is_refused_early(start_service: StartService, framing: str) -> None:
    service = start_service()
    before = service.rss()
    header = f"Content-Length: {GB3}" if framing == "length" else "Transfer-Encoding: chunked"
    with service.client() as client:
        client.request("PUT", "/full", header)
        piece = b"x" * MIB if framing == "length" else b"%x\r\n%b\r\n" % (MIB, b"x" * MIB)
        assert send_until_refused(client, piece) < 30 * MIB
        answer = client.answer()
        assert (answer.status, answer.body, answer.headers["connection"]) == (507, b"full\n", "close")
    assert service.rss() - before < 8 * MIB


def test_a_client_that_sends_all_before_it_reads_receives_the_refusal(start_service: StartService) -> None:
    service = start_service()
    body = b"x" * 200 * MIB
    before = service.rss()
    for _ in range(20):
        connection = http.client.HTTPConnection(*service.address, timeout=20)
        connection.request("PUT", "/full", body=body)
        with connection.getresponse() as response:
            assert (response.status, response.read()) == (507, b"full\n")
        connection.close()
    assert service.rss() - before < 8 * MIB


def test_a_giant_chunk_is_never_held_in_memory(start_service: StartService) -> None:
    service = start_service()
    with service.client() as client:
        client.request("PUT", "/warm", "Transfer-Encoding: chunked")
        client.send("A00000\r\n", b"x" * 10 * MIB, "\r\n0\r\n\r\n")
        assert client.answer().status == 201
        before = service.rss()
        client.request("PUT", "/x", "Transfer-Encoding: chunked")
        client.send("77359400\r\n")  # two billion
        most = 0
        for _ in range(600):
            client.send(b"x" * MIB)
            most = max(most, service.rss())
    assert most - before < 8 * MIB


@pytest.mark.parametrize("size", [5, 10_000, 60_000])
def test_after_a_small_refused_body_the_connection_goes_on(serve: Serve, size: int) -> None:
    with serve(app).client() as client:
        for _ in range(3):
            client.request("PUT", "/full", body=b"x" * size)
            answer = client.answer()
            assert (answer.status, "connection" in answer.headers) == (507, False)
            assert client.get().body == b"hello"


@pytest.mark.parametrize(
    "upload",
    [
        b"PUT /full HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"PUT /full HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n",
        b"PUT /full HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\nExpect: 100-continue\r\n\r\n",
        b"PUT /full HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000000\r\n\r\n",
    ],
)
def test_what_follows_a_refused_upload_is_never_taken_for_a_request(serve: Serve, upload: bytes) -> None:
    running = serve(app)
    with running.client() as client:
        client.send(upload, b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n" * 5)
        assert client.answer().status == 507
        assert client.at_end()
    assert running.responses == [("PUT", 507, 5)]


def test_a_refused_client_that_goes_on_sending_is_cut_after_the_time_of_lingering(serve: Serve) -> None:
    running = serve(app)
    with running.client() as client:
        client.request("PUT", "/full", f"Content-Length: {GB3}")
        began = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011, PT012 - a broken pipe or a reset, at some byte
            while time.monotonic() < began + 10:
                client.send(b"x" * 10000)
                time.sleep(0.01)
        assert 1.5 < time.monotonic() - began < 4


def test_a_refused_client_that_falls_silent_is_let_go_sooner(serve: Serve) -> None:
    running = serve(app)
    with running.client() as client:
        client.request("PUT", "/full", f"Content-Length: {GB3}")
        assert client.answer().status == 507
        time.sleep(1.2)
        assert not running.server.connections.open


def test_refused_clients_hold_no_threads(serve: Serve) -> None:
    running = serve(app, threads=2)
    refused = [running.client() for _ in range(8)]
    for client in refused:
        client.request("PUT", "/full", f"Content-Length: {GB3}")
        assert client.answer().status == 507
    with running.client() as client:
        began = time.monotonic()
        assert client.get().status == 200
        assert time.monotonic() - began < 0.2
    for client in refused:
        client.socket.close()
