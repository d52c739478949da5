"""HTTP/1.1 as far as an S3 service speaks it: one request at a time over a connection that is used again.

``http.client`` parses the head of every answer as that of an e-mail. That alone took a sixth of the time of a download.
"""

import re
import socket
import ssl

_STATUS = re.compile(r"HTTP/1\.([01]) ([1-5][0-9]{2})(?: .*)?")
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_WITHOUT_BODY = frozenset({204, 304})
_PIECE = 65536
_LONGEST_HEAD = 65536


class Malformed(ConnectionError):
    """An answer that is no HTTP, or that ends too early."""


class Connection:
    """One connection. What it raises is an OSError, and then it can only be closed."""

    def __init__(
        self, host: str, port: int, tls: ssl.SSLContext | None, connect_seconds: float, answer_seconds: float
    ) -> None:
        """Connect, TLS handshake included. The times are for each address, and for each send and receive after it."""
        self.closed = False
        self._ahead = b""  # received, and not yet used
        self._socket = socket.create_connection((host, port), connect_seconds)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                self._socket = tls.wrap_socket(self._socket, server_hostname=host)
            self.wait(answer_seconds)
        except BaseException:
            self.close()
            raise

    def wait(self, seconds: float) -> None:
        """Wait at most so long in each send and receive from now on."""
        self._socket.settimeout(seconds)

    def send(self, data: bytes | memoryview) -> None:
        """Send all of it, as far as the socket's buffer and the time of waiting reach."""
        self._socket.sendall(data)

    def close(self) -> None:
        """Close the socket."""
        self.closed = True
        self._socket.close()

    def receive(self, most: int) -> bytes:
        """Return at least one byte and at most ``most``; b"" when the service has closed the connection."""
        if not self._ahead:
            return self._socket.recv(most)
        data, self._ahead = self._ahead[:most], self._ahead[most:]
        return data

    def until(self, end: bytes) -> bytes:
        """Return what comes before ``end``, and go on after it."""
        while (at := self._ahead.find(end)) < 0:
            more = self._socket.recv(_PIECE) if len(self._ahead) < _LONGEST_HEAD else b""
            if not more:
                raise Malformed("the connection was closed, or sends no HTTP")
            self._ahead += more
        found, self._ahead = self._ahead[:at], self._ahead[at + len(end) :]
        return found


class Response:
    """An answer. Its head is read at once, its body as it is asked for (RFC 9112 §6.3)."""

    def __init__(self, connection: Connection, method: str) -> None:
        """Read the head of the answer to a request that was sent."""
        self._connection = connection
        said, lines = _head(connection)
        self.status = int(said[2])
        self.headers: dict[str, str] = {}
        """Names in lower case."""
        for line in lines:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        self._chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        self.length = 0 if method == "HEAD" or self.status in _WITHOUT_BODY else self._announced()
        """Of the body in bytes; None when only its end will tell."""
        self.ended = self.length == 0
        self._left = 0 if self._chunked else self.length
        closes = "close" in self.headers.get("connection", "").lower() or said[1] == "0"
        self.reusable = not closes and (self._chunked or self.length is not None)
        """Whether the connection can be used again when the body has ended."""

    def _announced(self) -> int | None:
        said = self.headers.get("content-length")
        if self._chunked or said is None:
            return None
        if not _LENGTH.fullmatch(said):
            raise Malformed("the length of the answer is malformed")
        return int(said)

    def read(self, most: int) -> bytes:
        """Return at least one byte of the body and at most ``most``; b"" at its end."""
        if self._chunked and not self._left and not self.ended:
            self._next_chunk()
        if self.ended:
            return b""
        data = self._connection.receive(most if self._left is None else min(most, self._left))
        if self._left is None:
            self.ended = not data
        elif not data:
            raise Malformed("the answer was cut")
        else:
            self._left -= len(data)
            self._end_of_part()
        return data

    def _end_of_part(self) -> None:
        if self._left:
            return
        if not self._chunked:
            self.ended = True
        elif self._connection.until(b"\r\n"):
            raise Malformed("a chunk of the answer is longer than announced")

    def _next_chunk(self) -> None:
        size = _CHUNK.fullmatch(self._connection.until(b"\r\n"))
        if size is None:
            raise Malformed("a chunk of the answer is malformed")
        self._left = int(size[1], 16)
        if not self._left:
            while self._connection.until(b"\r\n"):
                pass  # a trailer
            self.ended = True


def _head(connection: Connection) -> tuple[re.Match[str], list[str]]:
    """The parts of the status line, and the lines of the headers. Interim answers (1xx) are passed over."""
    while True:
        first, *lines = connection.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        said = _STATUS.fullmatch(first)
        if said is None:
            raise Malformed("the answer is no HTTP")
        if said[2] >= "200":
            return said, lines
