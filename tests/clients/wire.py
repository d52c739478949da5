"""Requests exactly as a recorded client writes them: its headers, their order and spelling, over one connection."""

import base64
import http.client
import socket
from typing import Self

from tests.dav.harness import Answer


class Wire:
    """A connection that says no word more than it is given."""

    def __init__(self, port: int) -> None:
        """Connect."""
        self.port = port
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def __call__(self, line: str, *headers: str, body: bytes = b"") -> Answer:
        """Send a request line and headers with ``body`` as it is, framing included, and read the answer."""
        self._socket.sendall("\r\n".join([f"{line} HTTP/1.1", *headers, "", ""]).encode("latin-1") + body)
        response = http.client.HTTPResponse(self._socket, method=line.partition(" ")[0])
        response.begin()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        assert not response.will_close or answer.status >= 400, "the server ends a connection that it could keep"
        return answer


def basic(user: str, password: str) -> str:
    """The header of somebody who is logged in."""
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def chunked(*pieces: bytes) -> bytes:
    """A body in chunks (RFC 9112 §7.1)."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))
