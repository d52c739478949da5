"""An HTTP client that can do everything wrong, and sees exactly what came back."""

import contextlib
import re
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool
    """Whether the body ended as its framing promised."""


class Client:
    """One connection, with what was received and not yet read."""

    def __init__(self, address: tuple[str, int], *, tls: bool = False, seconds: float = 20) -> None:
        self.socket = socket.create_connection(address, seconds)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._seen = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *pieces: bytes | str) -> None:
        self.socket.sendall(b"".join(piece.encode("latin-1") if isinstance(piece, str) else piece for piece in pieces))

    def request(self, method: str, target: str, *headers: str, body: bytes | None = None) -> None:
        lines = [f"{method} {target} HTTP/1.1", "Host: gallery.test", *headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines) + "\r\n\r\n", body or b"")

    def get(self, target: str = "/", *headers: str) -> Answer:
        self.request("GET", target, *headers)
        return self.answer()

    def answer(self, *, head: bool = False) -> Answer:
        """Read one response."""
        while b"\r\n\r\n" not in self._seen:
            self._more()
        text = self._exactly(self._seen.index(b"\r\n\r\n") + 4)[:-4]
        first, *lines = text.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(re.fullmatch(r"HTTP/1\.1 ([0-9]{3}) .+", first)[1])  # type: ignore[index]
        whole = True
        body = b""
        if not head and status not in {100, 204, 304}:
            try:
                body = self._content(headers)
            except ConnectionError:
                body, whole = self._exactly(len(self._seen)), False
        return Answer(status, headers, body, whole)

    def at_end(self, seconds: float = 5) -> bool:
        """Whether the server has closed the connection after what was read, within so many seconds."""
        self.socket.settimeout(seconds)
        try:
            return not self._seen and not self.socket.recv(1)
        except TimeoutError:
            return False

    def silent(self, seconds: float) -> bool:
        """Whether nothing comes for so many seconds."""
        self.socket.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            self._seen += self.socket.recv(65536)
        self.socket.settimeout(20)
        return not self._seen

    def _content(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            return self._chunks()
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"]))
        while True:
            try:
                self._more()
            except EOFError:
                return self._exactly(len(self._seen))

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self._seen:
                self._more()
            size = self._exactly(self._seen.index(b"\r\n") + 2)
            chunk = self._exactly(int(size, 16) + 2)
            assert chunk.endswith(b"\r\n")
            if chunk == b"\r\n":
                return body
            body += chunk[:-2]

    def _exactly(self, size: int) -> bytes:
        while len(self._seen) < size:
            self._more()
        data = bytes(memoryview(self._seen)[:size])
        del self._seen[:size]
        return data

    def _more(self) -> None:
        data = self.socket.recv(1 << 20)
        if not data:
            raise EndedError
        self._seen += data


class EndedError(ConnectionError, EOFError):
    """The server has closed the connection."""


def seconds_of(client: Client, target: str = "/") -> float:
    """How long one request takes."""
    began = time.monotonic()
    assert client.get(target).status == 200
    return time.monotonic() - began
