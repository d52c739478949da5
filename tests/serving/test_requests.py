"""What is taken as a request, what is refused before any application sees it, and what the application sees."""

import json
import socket
import time
from collections.abc import Callable

import pytest

from gateway.serving import Limits
from gateway.serving.head import Refused, parse
from tests.serving.apps import app
from tests.serving.client import Client
from tests.serving.conftest import QUICK, Running

Serve = Callable[..., Running]

MALFORMED = {
    "two lengths": ("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400),
    "two lengths in one line": ("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\n", 400),
    "a negative length": ("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n", 400),
    "a length with a sign": ("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\n", 400),
    "a length with an underscore": ("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1_0\r\n\r\n", 400),
    "a length in letters": ("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: five\r\n\r\n", 400),
    "an empty length": ("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", 400),
    "an endless length": (f"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: {'9' * 30}\r\n\r\n", 400),
    "length and chunks": (
        "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "two codings": (
        "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "chunks in HTTP/1.0": ("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    "a coding that is not known": ("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    "an expectation that is not known": ("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n", 417),
    "lines that end in LF": ("GET / HTTP/1.1\nHost: h\n\n", 400),
    "one line that ends in LF": ("GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400),
    "a bare CR": ("GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400),
    "a NUL": ("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 400),
    "a space before the colon": ("GET / HTTP/1.1\r\nHost: h\r\nX-Y : z\r\n\r\n", 400),
    "a folded line": ("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400),
    "a line without a colon": ("GET / HTTP/1.1\r\nHost: h\r\nnonsense\r\n\r\n", 400),
    "a header without a name": ("GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400),
    "no host": ("GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "a host with a path": ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "two credentials": ("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 400),
    "a relative address": ("GET dav/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "an address with a fragment": ("GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "an address with a user": ("GET http://me@h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "another scheme": ("GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "a tunnel": ("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "a space in the address": ("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "two spaces": ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "no version": ("GET /\r\n\r\n", 400),
    "a strange version": ("GET / HTTPS/1.1\r\nHost: h\r\n\r\n", 400),
    "HTTP/2": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "a strange method": ("G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    "a long address": (f"GET /{'a' * 20000} HTTP/1.1\r\nHost: h\r\n\r\n", 414),
    "a long header": (f"GET / HTTP/1.1\r\nHost: h\r\nX: {'a' * 40000}\r\n\r\n", 431),
    "many headers": ("GET / HTTP/1.1\r\nHost: h\r\n" + "".join(f"X{n}: y\r\n" for n in range(200)) + "\r\n", 431),
}


@pytest.mark.parametrize("request_and_status", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_request_is_refused_and_the_connection_ends(
    serve: Serve, request_and_status: tuple[str, int]
) -> None:
    sent, status = request_and_status
    running = serve(app)
    with running.client() as client:
        client.send(sent, "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (status, "close")
        assert client.at_end()
    assert [status for _, status, _ in running.responses] == [status]


def test_a_long_address_is_refused_before_it_ends(serve: Serve) -> None:
    with serve(app).client() as client:
        client.send("GET /" + "a" * 20000)
        assert client.answer().status == 414


def environ_of(client: Client, text: str) -> dict[str, str]:
    client.send(text)
    answer = client.answer()
    assert answer.status == 200
    environ: dict[str, str] = json.loads(answer.body)
    return environ


def show(serve: Serve) -> Client:
    def answer(environ, start_response):  # type: ignore[no-untyped-def]
        start_response("200 OK", [])
        return [json.dumps({key: value for key, value in environ.items() if type(value) is str}).encode()]

    return serve(answer).client()


def test_the_raw_target_reaches_the_application(serve: Serve) -> None:
    with show(serve) as client:
        environ = environ_of(client, "GET /a%2Fb%20c/%C3%A4?q=%20 HTTP/1.1\r\nHost: h\r\n\r\n")
    assert environ["REQUEST_URI"] == "/a%2Fb%20c/%C3%A4?q=%20"
    assert environ["PATH_INFO"] == "/a%2Fb c/Ã¤"
    assert environ["QUERY_STRING"] == "q=%20"


def test_an_absolute_address_is_taken_and_its_host_counts(serve: Serve) -> None:
    with show(serve) as client:
        environ = environ_of(client, "GET http://photos.test:8080/a%20b?c HTTP/1.1\r\nHost: other\r\n\r\n")
        assert (environ["REQUEST_URI"], environ["PATH_INFO"]) == ("/a%20b?c", "/a b")
        assert environ["HTTP_HOST"] == "photos.test:8080"
        assert environ_of(client, "GET http://photos.test HTTP/1.1\r\nHost: h\r\n\r\n")["PATH_INFO"] == "/"


def test_options_of_the_whole_server(serve: Serve) -> None:
    with show(serve) as client:
        assert environ_of(client, "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")["PATH_INFO"] == "*"
        assert environ_of(client, "OPTIONS http://h HTTP/1.1\r\nHost: h\r\n\r\n")["PATH_INFO"] == "*"


def test_an_address_with_two_slashes_is_a_path(serve: Serve) -> None:
    with show(serve) as client:
        environ = environ_of(client, "GET //other.test/x HTTP/1.1\r\nHost: h\r\n\r\n")
    assert (environ["PATH_INFO"], environ["HTTP_HOST"]) == ("//other.test/x", "h")


def test_headers_reach_the_application(serve: Serve) -> None:
    with show(serve) as client:
        environ = environ_of(
            client,
            "PROPFIND / HTTP/1.1\r\nHost: h\r\nX-Expected-Entity-Length: 7\r\nIf: (<a>)\r\nIf: (<b>)\r\n"
            "Cookie: a=1\r\nCookie: b=2\r\nContent-Type: text/xml\r\nX_Forwarded_For: 1.2.3.4\r\n\r\n",
        )
    assert environ["HTTP_X_EXPECTED_ENTITY_LENGTH"] == "7"
    assert environ["HTTP_IF"] == "(<a>), (<b>)"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["CONTENT_TYPE"] == "text/xml"
    assert "HTTP_X_FORWARDED_FOR" not in environ
    assert environ["REMOTE_ADDR"] == "127.0.0.1"


def test_an_empty_line_before_a_request_is_forgiven(serve: Serve) -> None:
    with serve(app).client() as client:
        client.send("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.answer().status == 200


def test_requests_that_are_sent_together_are_answered_in_order(serve: Serve) -> None:
    with serve(app).client() as client:
        client.send(
            "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" * 150, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        )
        assert [client.answer().body for _ in range(150)] == [b"3"] * 150
        assert client.answer().body == b"hello"


@pytest.mark.parametrize(
    ("version", "option", "stays"),
    [("1.1", "", True), ("1.1", "TE, Close", False), ("1.0", "", False), ("1.0", "Keep-Alive", True)],
)
def test_the_client_decides_whether_the_connection_goes_on(
    serve: Serve, version: str, option: str, *, stays: bool
) -> None:
    with serve(app, limits=Limits(linger_silence=0.2)).client() as client:
        client.send(f"GET / HTTP/{version}\r\nHost: h\r\nConnection: {option}\r\n\r\n")
        client.answer()
        assert client.at_end(0.5) is not stays


def test_an_idle_connection_is_closed_after_its_time(serve: Serve) -> None:
    with serve(app).client() as client:
        assert client.get().status == 200
        began = time.monotonic()
        assert client.at_end()
        assert QUICK.idle - 0.1 < time.monotonic() - began < QUICK.idle + 1.5


def test_headers_that_come_too_slowly_are_given_up(serve: Serve) -> None:
    with serve(app).client() as client:
        began = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011, PT012 - a broken pipe or a reset, at some byte
            for byte in b"GET / HTTP/1.1\r\nHost: " + b"h" * 100:
                client.send(bytes([byte]))
                time.sleep(0.1)
        assert time.monotonic() - began < QUICK.head + QUICK.linger + 1


def test_a_client_that_stops_in_its_headers_is_told(serve: Serve) -> None:
    with serve(app).client() as client:
        client.send("GET / HTT")
        assert client.answer().status == 408


def test_one_connection_too_many_gets_the_place_of_an_idle_one(serve: Serve) -> None:
    running = serve(app)
    running.server.most_connections = 3
    clients = [running.client() for _ in range(3)]
    for client in clients:
        assert client.get().status == 200
    with running.client() as another:
        assert another.get().status == 200
    assert sum(client.at_end(0.2) for client in clients) == 1
    for client in clients:
        client.socket.close()


def test_one_connection_too_many_is_told_when_all_are_busy(serve: Serve) -> None:
    running = serve(app)
    running.server.most_connections = 2
    clients = [running.client() for _ in range(2)]
    for client in clients:
        client.request("GET", "/slow?0.7")
    time.sleep(0.3)
    with running.client() as another:
        assert another.answer().status == 503
    for client in clients:
        assert client.answer().status == 200
        client.socket.close()


def test_a_client_that_resets_its_connection_harms_nobody(serve: Serve) -> None:
    running = serve(app)
    for _ in range(20):
        with running.client() as client:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nabc")
    with running.client() as client:
        assert client.get().status == 200


@pytest.mark.parametrize("cut", range(0, 40, 3))
def test_any_part_of_a_head_is_either_refused_or_whole(cut: int) -> None:
    with pytest.raises(Refused):
        parse(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"[:cut] + b"\0\r\n\r\n")
