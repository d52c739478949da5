"""Clients that are slow or silent hold nobody else up."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from gateway.serving import Limits, tls_context
from tests.serving.apps import PIECE, app
from tests.serving.client import Client, seconds_of
from tests.serving.conftest import QUICK, Running, Service
from tests.support.tools import tool

Serve = Callable[..., Running]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate and its key, as files."""
    folder = tmp_path_factory.mktemp("tls")
    names = str(folder / "cert.pem"), str(folder / "key.pem")
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-subj", "/CN=gallery.test", "-out", names[0], "-keyout", names[1]]
    command = [tool("openssl", package="openssl"), *words, *files]
    subprocess.run(command, check=True, capture_output=True)
    return names


def test_silent_connections_hold_no_threads(serve: Serve) -> None:
    running = serve(app, threads=2, limits=Limits())
    silent = [running.client() for _ in range(50)]
    with running.client() as client:
        assert seconds_of(client) < 0.2
    for client in silent:
        client.socket.close()


def test_half_sent_headers_hold_no_threads(serve: Serve) -> None:
    running = serve(app, threads=2, limits=Limits())
    slow = [running.client() for _ in range(50)]
    for client in slow:
        client.send("GET / HTTP/1.1\r\nHo")
    with running.client() as client:
        assert seconds_of(client) < 0.2
    for client in slow:
        client.send("st: h\r\n\r\n")
        assert client.answer().status == 200
        client.socket.close()


def test_silent_tls_connections_hold_nobody_up(serve: Serve, certificate: tuple[str, str]) -> None:
    running = serve(app, threads=2, limits=Limits(), tls=tls_context(*certificate))
    silent = [Client(running.server.bind_addr) for _ in range(20)]
    for client in silent[:10]:
        client.send(b"\x16\x03\x01")  # a handshake that does not go on
    with running.client() as client:
        assert seconds_of(client) < 0.2
    for client in silent:
        client.socket.close()


def test_a_tls_handshake_that_does_not_end_is_given_up(serve: Serve, certificate: tuple[str, str]) -> None:
    running = serve(app, tls=tls_context(*certificate))
    with Client(running.server.bind_addr) as client:
        client.send(b"\x16\x03\x01")
        assert client.at_end(QUICK.head + 1)


def test_everything_works_over_tls(serve: Serve, certificate: tuple[str, str]) -> None:
    running = serve(app, tls=tls_context(*certificate))
    with running.client() as client:
        assert b'"wsgi.url_scheme": "https"' in client.get("/environ").body
        body = b"x" * 3_000_000
        client.request("PUT", "/x", body=body)
        assert client.answer().body == b"3000000"
        client.send("PUT /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        assert client.answer().body == b"3000000"
        assert client.get("/big").body == PIECE * 400
        client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 50)
        assert [client.answer().status for _ in range(50)] == [200] * 50


def test_a_refusal_over_tls_is_received(serve: Serve, certificate: tuple[str, str]) -> None:
    running = serve(app, tls=tls_context(*certificate))
    with running.client() as client:
        client.request("PUT", "/full", "Content-Length: 20000000")
        client.send(b"x" * 20_000_000)
        assert (client.answer().status, client.at_end()) == (507, True)


def test_a_body_that_is_cut_over_tls_is_not_whole(serve: Serve, certificate: tuple[str, str]) -> None:
    running = serve(app, tls=tls_context(*certificate))
    with running.client() as client:
        client.request("PUT", "/x", "Content-Length: 1000000")
        client.send(b"x" * 900_000)
    with running.client() as client:
        assert client.get().status == 200
    assert [status for method, status, _ in running.responses if method == "PUT"] == [400]


def test_plain_http_on_a_tls_port_is_told(serve: Serve, certificate: tuple[str, str]) -> None:
    running = serve(app, tls=tls_context(*certificate))
    with Client(running.server.bind_addr) as client:
        answer = client.get()
        assert (answer.status, answer.body) == (400, b"This port speaks HTTPS only.\n")


def test_a_certificate_without_its_key_is_an_error(certificate: tuple[str, str]) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - an SSLError, whose text is OpenSSL's
        tls_context(certificate[0], certificate[0])


UPLOADERS = """
import socket, sys, time
address = (sys.argv[1], int(sys.argv[2]))
uploads = [socket.create_connection(address) for _ in range(200)]
for upload in uploads:
    upload.sendall(b"PUT /x HTTP/1.1\\r\\nHost: h\\r\\nContent-Length: 10000000\\r\\n\\r\\n")
print("sending", flush=True)
while True:
    for upload in uploads:
        upload.sendall(b"x" * 256)
    time.sleep(0.25)
"""


def test_two_hundred_slow_uploads_do_not_delay_a_request(start_service: Callable[..., Service]) -> None:
    service = start_service()
    host, port = service.address
    words = [sys.executable, "-c", UPLOADERS, host, str(port)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as uploading:
        assert uploading.stdout is not None
        uploading.stdout.readline()
        time.sleep(1)
        times = []
        for _ in range(20):
            with service.client() as client:
                times.append(seconds_of(client))
            time.sleep(0.05)
        uploading.kill()
    assert max(times) < 0.5
    assert sorted(times)[10] < 0.05


def test_memory_does_not_grow_with_the_size_of_uploads(start_service: Callable[..., Service]) -> None:
    service = start_service()
    with service.client() as client:
        client.request("PUT", "/warm", body=b"x" * 10_000_000)
        client.answer()
    before = service.rss()

    def upload() -> None:
        with service.client() as client:
            client.request("PUT", "/x", "Content-Length: 100000000")
            for _ in range(100):
                client.send(b"x" * 1_000_000)
            assert client.answer().body == b"100000000"

    threads = [threading.Thread(target=upload) for _ in range(16)]
    for thread in threads:
        thread.start()
    most = before
    while any(thread.is_alive() for thread in threads):
        most = max(most, service.rss())
        time.sleep(0.02)
    assert most - before < 32 * (1 << 20)
