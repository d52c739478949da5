"""What an application reads from a body, and that a body that was cut never looks whole."""

import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from gateway.errors import Truncated
from tests.serving.apps import app
from tests.serving.conftest import QUICK, Running

Serve = Callable[..., Running]

CHUNKED = "PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
LINES = b"one\ntwo\n\nlast"
AS_CHUNKS = b"2\r\non\r\n7;name=value\r\ne\ntwo\n\n\r\n4\r\nlast\r\n0\r\nTrailer: x\r\n\r\n"


def reading(how: Callable[[Any], Any]) -> Callable[..., Iterable[bytes]]:
    """An application that answers with what it read."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            text = repr(how(environ["wsgi.input"]))
        except Truncated as error:
            with pytest.raises(Truncated):
                environ["wsgi.input"].read(1)
            start_response("400 Bad Request", [])
            return [b"cut: " + str(error).encode()]
        start_response("200 OK", [])
        return [text.encode()]

    return answer


WAYS = {
    "read": (lambda body: body.read(), LINES),
    "read(None)": (lambda body: body.read(None), LINES),
    "read(0)": (lambda body: body.read(0) + body.read(), LINES),
    "read(5)": (lambda body: [body.read(5) for _ in range(4)], [LINES[:5], LINES[5:10], LINES[10:], b""]),
    "read(1000)": (lambda body: body.read(1000), LINES),
    "read1": (lambda body: b"".join(iter(body.read1, b"")), LINES),
    "read1(2)": (lambda body: b"".join(iter(lambda: body.read1(2), b"")), LINES),
    "readline": (lambda body: [body.readline() for _ in range(5)], [b"one\n", b"two\n", b"\n", b"last", b""]),
    "readline(2)": (lambda body: [body.readline(2) for _ in range(3)], [b"on", b"e\n", b"tw"]),
    "readline and read": (lambda body: (body.readline(), body.read(3), body.read()), (b"one\n", b"two", b"\n\nlast")),
    "readlines": (lambda body: body.readlines(), [b"one\n", b"two\n", b"\n", b"last"]),
    "readlines(5)": (lambda body: body.readlines(5), [b"one\n", b"two\n"]),
    "iteration": (list, [b"one\n", b"two\n", b"\n", b"last"]),
}


@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("way", WAYS)
def test_a_body_is_read_in_every_way_that_wsgi_knows(serve: Serve, way: str, framing: str) -> None:
    how, expected = WAYS[way]
    with serve(reading(how)).client() as client:
        if framing == "length":
            client.request("PUT", "/x", body=LINES)
        else:
            client.send(CHUNKED, AS_CHUNKS)
        assert client.answer().body == repr(expected).encode()


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_after_a_body_that_was_read_the_connection_goes_on(serve: Serve, framing: str) -> None:
    with serve(reading(lambda body: body.read())).client() as client:
        for _ in range(3):
            if framing == "length":
                client.request("PUT", "/x", body=LINES)
            else:
                client.send(CHUNKED, AS_CHUNKS)
            answer = client.answer()
            assert (answer.body, "connection" in answer.headers) == (repr(LINES).encode(), False)


def test_a_body_that_comes_byte_by_byte_is_whole(serve: Serve) -> None:
    with serve(reading(lambda body: body.read())).client() as client:
        for byte in CHUNKED.encode() + AS_CHUNKS:
            client.send(bytes([byte]))
            time.sleep(0.001)
        assert client.answer().body == repr(LINES).encode()


CUT = {
    "nothing of a length": ("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", b""),
    "all but a byte": ("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", b"a" * 99999),
    "no chunk": (CHUNKED, b""),
    "half a size": (CHUNKED, b"1"),
    "half a chunk": (CHUNKED, b"10\r\nabc"),
    "no last chunk": (CHUNKED, b"3\r\nabc\r\n"),
    "no end of trailers": (CHUNKED, b"3\r\nabc\r\n0\r\n"),
}


@pytest.mark.parametrize("upload", CUT.values(), ids=CUT.keys())
@pytest.mark.parametrize("way", [lambda body: body.read(), list, lambda body: body.read1(200000)])
def test_a_body_that_is_cut_raises(serve: Serve, upload: tuple[str, bytes], way: Callable[[Any], Any]) -> None:
    def to_the_end(body: Any) -> Any:
        way(body)
        return body.read()

    running = serve(reading(to_the_end))
    with running.client() as client:
        client.send(*upload)
        client.socket.shutdown(1)
        answer = client.answer()
        assert (answer.status, answer.body) == (400, b"cut: The client went away in the middle of its upload.")
        assert client.at_end()


def test_a_client_that_stops_sending_is_given_up_after_the_time_of_silence(serve: Serve) -> None:
    with serve(app).client() as client:
        client.send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nabc")
        began = time.monotonic()
        answer = client.answer()
        assert answer.status == 400
        assert b"stopped sending" in answer.body
        assert QUICK.silence - 0.1 < time.monotonic() - began < QUICK.silence + 1


def test_a_client_that_sends_slowly_is_not_given_up(serve: Serve) -> None:
    with serve(app).client() as client:
        client.send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n")
        for _ in range(10):
            time.sleep(QUICK.silence / 4)
            client.send(b"a" * 2000)
        assert client.answer().body == b"20000"


@pytest.mark.parametrize(
    "chunks",
    [
        b"x\r\n",
        b"-1\r\n",
        b"0x5\r\nabcde\r\n0\r\n\r\n",
        b"+5\r\nabcde\r\n0\r\n\r\n",
        b"5 5\r\nabcde\r\n0\r\n\r\n",
        b"\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\n0\r\n\r\n",
        b"1" * 16 + b"\r\n",
        b"1" * 1000000,
        b"3;" + b"x" * 1000000,
        b"0\r\n" + b"Trailer: x\r\n" * 10000,
        b"0\r\nTrailer: " + b"x" * 1000000,
        b"0\r\nTrailer: x\n\n",
    ],
    ids=lambda chunks: repr(chunks[:20]),
)
def test_malformed_chunks_raise_and_the_connection_ends(serve: Serve, chunks: bytes) -> None:
    with serve(app).client() as client:
        client.send(CHUNKED)
        client.send(chunks)
        assert client.answer().status == 400
        assert client.at_end()


def test_continue_is_sent_when_the_application_reads(serve: Serve) -> None:
    def late(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        time.sleep(0.5)
        start_response("201 Created", [])
        return [environ["wsgi.input"].read()]

    with serve(late).client() as client:
        client.send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n")
        assert client.silent(0.3)
        assert client.answer().status == 100
        client.send("hello")
        answer = client.answer()
        assert (answer.status, answer.body) == (201, b"hello")
        assert client.get().status == 201


def test_continue_is_not_sent_to_who_sends_already(serve: Serve) -> None:
    with serve(app).client() as client:
        client.send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello")
        assert client.answer().status == 201


def test_continue_is_not_sent_to_http_1_0(serve: Serve) -> None:
    with serve(app).client() as client:
        client.send("PUT /x HTTP/1.0\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert client.silent(0.3)
        client.send("hello")
        assert client.answer().status == 201


def test_a_small_body_costs_no_thread_until_it_is_there(serve: Serve) -> None:
    running = serve(app, threads=2)
    slow = [running.client() for _ in range(6)]
    for client in slow:
        client.send("PUT /login HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")
    time.sleep(0.2)
    with running.client() as client:
        assert client.get().status == 200
    for client in slow:
        client.send(b"a" * 97)
        assert client.answer().body == b"100"
        client.socket.close()
