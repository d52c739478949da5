"""Uploads that a client cuts, byte by byte on the wire."""

import base64
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from tests.dav.harness import Client
from tests.support.flaky import reset

Framing = Literal["length", "chunked", "expected"]
Ending = Literal["reset", "closed"]
FRAMINGS: tuple[Framing, ...] = ("length", "chunked", "expected")
ENDINGS: tuple[Ending, ...] = ("reset", "closed")
NO_LAST_LINE = -1
"""As a place to cut: everything is sent but the empty line after the last chunk."""

_CHUNK = 65_536


@dataclass(frozen=True)
class Upload:
    """A PUT of ``body``, framed in one of the three ways that clients use."""

    path: str
    body: bytes
    framing: Framing
    headers: tuple[str, ...] = ()

    def head(self, client: Client) -> bytes:
        token = base64.b64encode(f"{client.user}:{client.password}".encode()).decode()
        lines = [f"PUT {client.base}{self.path} HTTP/1.1", "Host: t", f"Authorization: Basic {token}", *self.headers]
        if self.framing == "length":
            lines.append(f"Content-Length: {len(self.body)}")
        else:
            lines.append("Transfer-Encoding: chunked")
        if self.framing == "expected":
            lines.append(f"X-Expected-Entity-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode()

    def wire(self, cut: int | None) -> Iterator[bytes]:
        """What is sent after the head: all of it, or what comes before ``cut`` bytes of content."""
        whole = cut is None or cut == NO_LAST_LINE
        end = len(self.body) if cut is None or cut == NO_LAST_LINE else cut
        if self.framing == "length":
            yield self.body[:end]
            return
        for start in range(0, len(self.body), _CHUNK):
            chunk = self.body[start : start + _CHUNK]
            if start >= end:
                break
            yield b"%x\r\n" % len(chunk)
            yield chunk[: end - start]
            if start + len(chunk) <= end:
                yield b"\r\n"
        if whole:
            yield b"0\r\n" if cut == NO_LAST_LINE else b"0\r\n\r\n"

    def send(
        self, client: Client, cut: int | None, ending: Ending = "closed", tls: ssl.SSLContext | None = None
    ) -> int:
        """Send it, cut there; the status of the answer, 0 when there is none."""
        connection = socket.create_connection(("127.0.0.1", client.port), 60)
        if tls is not None:
            connection = tls.wrap_socket(connection)
        with connection:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused while it was sent
                connection.sendall(self.head(client))
                for piece in self.wire(cut):
                    connection.sendall(piece)
            if ending == "reset":
                reset(connection)
                return 0
            if cut is not None:
                with suppress(OSError):
                    connection = _say_that_was_all(connection)
            return _status(connection)


class Dripping:
    """An upload that is under way until it is told to go on."""

    _FIRST = 1_000_000

    def __init__(self, client: Client, path: str, body: bytes) -> None:
        """Send the head and the first megabyte."""
        self.body = body
        self._connection = socket.create_connection(("127.0.0.1", client.port), 60)
        self._connection.sendall(Upload(path, body, "length").head(client) + body[: self._FIRST])

    def finish(self) -> int:
        """Send the rest; the status of the answer."""
        self._connection.sendall(self.body[self._FIRST :])
        return self.answer()

    def answer(self) -> int:
        """The status of the answer, 0 when there is none."""
        with self._connection:
            return _status(self._connection)


def _say_that_was_all(connection: socket.socket) -> socket.socket:
    if isinstance(connection, ssl.SSLSocket):
        # As a program does that ends well in the middle: a close_notify, then the end of the connection.
        connection = connection.unwrap()
    connection.shutdown(socket.SHUT_WR)
    return connection


def _status(connection: socket.socket) -> int:
    seen = b""
    with suppress(ConnectionResetError):
        while b"\r\n" not in seen and (data := connection.recv(65536)):
            seen += data
    return int(seen.split(b" ", 2)[1]) if seen else 0
