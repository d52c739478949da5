"""How a response is framed, and that one that was not finished never looks whole."""

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from tests.serving.apps import PIECE, app
from tests.serving.conftest import QUICK, Running
from tests.support.waiting import wait_until

Serve = Callable[..., Running]
Headers = list[tuple[str, str]]


def giving(result: Callable[[], Iterable[bytes]], headers: Headers = [], status: str = "200 OK") -> Any:  # noqa: B006
    """An application with one answer."""

    def answer(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, headers)
        return result()

    return answer


def pieces(*given: bytes | Exception) -> Callable[[], Iterator[bytes]]:
    def generate() -> Iterator[bytes]:
        for piece in given:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    return generate


def test_a_list_has_its_length(serve: Serve) -> None:
    with serve(giving(lambda: [b"ab", b"", b"c"])).client() as client:
        answer = client.get()
        assert (answer.body, answer.headers["content-length"]) == (b"abc", "3")


def test_a_generator_is_sent_in_chunks(serve: Serve) -> None:
    with serve(giving(pieces(b"ab", b"", b"c" * 100000))).client() as client:
        for _ in range(2):
            answer = client.get()
            assert (answer.body, answer.headers["transfer-encoding"]) == (b"ab" + b"c" * 100000, "chunked")


def test_each_piece_is_sent_when_it_is_there(serve: Serve) -> None:
    def slowly() -> Iterator[bytes]:
        yield b"first"
        time.sleep(1)
        yield b"second"

    with serve(giving(slowly)).client() as client:
        client.request("GET", "/")
        began = time.monotonic()
        while not client.socket.recv(1000, socket.MSG_PEEK).endswith(b"5\r\nfirst\r\n"):
            assert time.monotonic() - began < 0.5
        assert client.answer().body == b"firstsecond"


def test_http_1_0_gets_the_end_of_the_connection_instead_of_chunks(serve: Serve) -> None:
    with serve(giving(pieces(b"ab", b"c"))).client() as client:
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        answer = client.answer()
        assert (answer.body, answer.headers["connection"]) == (b"abc", "close")
        assert "transfer-encoding" not in answer.headers


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified", "205 Reset Content"])
def test_a_status_without_content_sends_none(serve: Serve, status: str) -> None:
    headers = [("Content-Length", "0")] if status.startswith("204") else []
    with serve(giving(pieces(b"unexpected"), headers, status)).client() as client:
        for _ in range(2):
            client.request("GET", "/")
            answer = client.answer()
            assert (answer.status, answer.body) == (int(status[:3]), b"")
            assert answer.headers.get("content-length") == ("0" if status.startswith("205") else None)
            assert "transfer-encoding" not in answer.headers


def test_not_modified_may_name_the_length_of_what_it_stands_for(serve: Serve) -> None:
    with serve(giving(list, [("Content-Length", "1234")], "304 Not Modified")).client() as client:
        for _ in range(2):
            assert client.get().headers["content-length"] == "1234"


@pytest.mark.parametrize(
    ("result", "headers", "length"),
    [
        (lambda: [b"abc"], [], "3"),
        (list, [], None),
        (pieces(b"abc"), [], None),
        (pieces(b"a" * 10), [("Content-Length", "10")], "10"),
        (list, [("Content-Length", "10")], "10"),
    ],
)
def test_head_has_the_headers_and_no_content(
    serve: Serve, result: Callable[[], Iterable[bytes]], headers: Headers, length: str | None
) -> None:
    with serve(giving(result, headers)).client() as client:
        for _ in range(2):
            client.request("HEAD", "/")
            answer = client.answer(head=True)
            assert (answer.status, answer.headers.get("content-length")) == (200, length)
            assert "transfer-encoding" not in answer.headers


def test_a_response_that_fails_before_it_begins_is_an_error(serve: Serve) -> None:
    for app_ in (giving(pieces(ValueError("secret"))), lambda _environ, _start: 1 / 0, lambda _environ, _start: [b"x"]):
        running = serve(app_)
        with running.client() as client:
            answer = client.get()
            assert (answer.status, answer.whole, b"secret" in answer.body) == (500, True, False)
        assert wait_until(lambda running=running: running.responses)[0][:2] == ("GET", 500)  # type: ignore[misc]


@pytest.mark.parametrize(
    "headers", [[("Content-Length", "100000")], []], ids=["a response with a length", "a response in chunks"]
)
def test_a_response_that_fails_in_the_middle_looks_cut(serve: Serve, headers: Headers) -> None:
    with serve(giving(pieces(b"a" * 50000, ValueError()), headers)).client() as client:
        answer = client.get()
        assert (answer.status, answer.whole) == (200, False)


def test_a_response_that_fails_in_the_middle_looks_cut_in_http_1_0(serve: Serve) -> None:
    def fail_later() -> Iterator[bytes]:
        yield b"a" * 50000
        time.sleep(0.3)
        raise ValueError

    with serve(giving(fail_later)).client() as client:
        client.send("GET / HTTP/1.0\r\n\r\n")
        received = b""
        with pytest.raises(ConnectionResetError):  # noqa: PT012 - at some byte
            while data := client.socket.recv(1000000):
                received += data
        assert received.endswith(b"aaa")


def test_a_response_that_is_shorter_than_announced_looks_cut(serve: Serve) -> None:
    with serve(giving(pieces(b"abc"), [("Content-Length", "5")])).client() as client:
        assert not client.get().whole
        assert client.at_end()


def test_a_response_that_is_longer_than_announced_ends_where_it_should(serve: Serve) -> None:
    with serve(giving(pieces(b"abc", b"defg"), [("Content-Length", "5")])).client() as client:
        assert client.get().body == b"abcde"
        assert client.at_end()


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK", [("X", "a\r\nSet-Cookie: b")]),
        ("200 OK", [("X: y\r\nZ", "a")]),
        ("200 OK", [("X", "a\0b")]),
        ("200 OK\r\nX: y", []),
        ("OK", []),
    ],
)
def test_an_application_cannot_split_the_response(serve: Serve, status: str, headers: Headers) -> None:
    with serve(giving(list, headers, status)).client() as client:
        answer = client.get()
        assert answer.status == 500
        assert not {"x", "set-cookie", "z"} & answer.headers.keys()


def test_hop_by_hop_headers_are_the_servers(serve: Serve) -> None:
    headers = [("Transfer-Encoding", "gzip"), ("Keep-Alive", "x"), ("Connection", "close"), ("X", "y")]
    with serve(giving(lambda: [b"abc"], headers)).client() as client:
        answer = client.get()
        assert (answer.body, answer.headers["connection"], answer.headers["x"]) == (b"abc", "close", "y")
        assert not {"transfer-encoding", "keep-alive"} & answer.headers.keys()
        assert client.at_end()


def test_write_sends_content_too(serve: Serve) -> None:
    def answer(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", [])
        write(b"ab")
        return [b"c"]

    with serve(answer).client() as client:
        assert client.get().body == b"abc"


def test_an_application_may_change_its_mind_before_anything_is_sent(serve: Serve) -> None:
    def answer(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "1000")])
        try:
            raise ValueError
        except ValueError as error:
            start_response("503 Service Unavailable", [], (ValueError, error, None))
        return [b"sorry"]

    with serve(answer).client() as client:
        answered = client.get()
        assert (answered.status, answered.body) == (503, b"sorry")


@pytest.mark.parametrize("kind", ["whole", "failing", "left"])
def test_the_iterable_is_closed(serve: Serve, kind: str) -> None:
    closed: list[bool] = []

    class Result:
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(1 if kind == "whole" else 100):
                yield PIECE
            if kind == "failing":
                raise ValueError

        def close(self) -> None:
            closed.append(True)

    with serve(giving(Result)).client() as client:
        client.request("GET", "/")
        if kind == "left":
            time.sleep(0.2)
        else:
            client.answer()
    wait_until(lambda: closed)


def test_a_large_response_arrives_whole(serve: Serve) -> None:
    running = serve(app)
    with running.client() as client:
        assert client.get("/big").body == PIECE * 400
        assert client.get().status == 200
    assert running.responses[0] == ("GET", 200, 400 * len(PIECE))


def test_a_client_that_takes_nothing_is_given_up_after_the_time_of_silence(serve: Serve) -> None:
    running = serve(app)
    with running.client() as client:
        client.request("GET", "/big")
        began = time.monotonic()
        wait_until(lambda: running.responses, seconds=5)
        assert QUICK.silence - 0.2 < time.monotonic() - began < 3 * QUICK.silence
        assert running.responses[0][2] < 400 * len(PIECE)


def test_a_client_that_takes_slowly_is_not_given_up(serve: Serve) -> None:
    running = serve(giving(pieces(*[PIECE] * 40), [("Content-Length", str(40 * len(PIECE)))]))
    with running.client() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.request("GET", "/")
        for _ in range(8):
            time.sleep(QUICK.silence / 3)
            client.socket.recv(1 << 20)
        assert running.responses == []
