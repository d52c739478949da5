"""TCP servers that misbehave on purpose: a proxy that cuts and stalls, and a server that says what it was told to."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

_RESET = struct.pack("ii", 1, 0)


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN, also when another thread waits in recv(): shutdown() wakes it."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
    connection.close()


class _Server:
    """Accepts connections on a free port of 127.0.0.1, each in a thread of its own."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        # Only shutdown() wakes the thread that is in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self.drop_all()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def drop_all(self) -> None:
        """End all connections, as a server does that restarts or that found them idle."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._guarded, connection)

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _guarded(self, accepted: socket.socket) -> None:
        connection = accepted
        self._open.add(connection)
        try:
            if self._tls:
                self._open.discard(accepted)
                connection = self._tls.wrap_socket(accepted, server_side=True)
                self._open.add(connection)
            self.serve(connection)
        except OSError:
            pass
        finally:
            self._open.discard(connection)
            connection.close()

    def serve(self, connection: socket.socket) -> None:
        """Talk to one client."""
        raise NotImplementedError


class FlakyProxy(_Server):
    """Passes bytes on to ``port`` of 127.0.0.1, and breaks what it is told to break."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        """Behave well until told otherwise. With ``tls`` clients speak TLS to it; the target still hears HTTP."""
        super().__init__(tls)
        self._target = port
        self.cut_up: int | None = None
        """Reset a connection once its client has sent so many bytes."""
        self.cut_down: int | None = None
        """The same for bytes from the server."""
        self.cuts = 0
        """How many connections were reset."""
        self.cuts_left: int | None = None
        """Reset so many connections more, then behave; None: every one."""
        self.stalled = threading.Event()
        """While it is set, nothing that a server says arrives."""
        self._ending = threading.Event()

    def __exit__(self, *_: object) -> None:
        """End all connections."""
        self._ending.set()
        super().__exit__()

    def serve(self, connection: socket.socket) -> None:
        """Pass on in both directions until one side ends."""
        with socket.create_connection(("127.0.0.1", self._target)) as server:
            self._start(self._pump, server, connection, "cut_down")
            self._pump(connection, server, "cut_up")

    def _pump(self, source: socket.socket, target: socket.socket, limit: str) -> None:
        passed = 0
        try:
            while data := source.recv(65536):
                while limit == "cut_down" and self.stalled.is_set() and not self._ending.wait(0.02):
                    pass
                most: int | None = getattr(self, limit)
                if most is not None and passed + len(data) > most and self.cuts_left != 0:
                    self.cuts += 1
                    if self.cuts_left is not None:
                        self.cuts_left -= 1
                    target.sendall(data[: most - passed])
                    reset(source)
                    reset(target)
                    return
                target.sendall(data)
                passed += len(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Scripted(_Server):
    """Answers the n-th request with the n-th of ``answers``, after reading ``read`` bytes of the body, and closes.

    An answer that is empty resets the connection. The last one is repeated.
    """

    def __init__(self, answers: Sequence[bytes], *, read: int | None = None) -> None:
        """``read`` None: the whole body."""
        super().__init__()
        self._answers = answers
        self._read = read
        self.requests: list[str] = []
        """The request lines."""

    def serve(self, connection: socket.socket) -> None:
        """Answer one request."""
        stream = connection.makefile("rb")
        line = stream.readline().decode().strip()
        if not line:
            return
        self.requests.append(line)
        length = 0
        while (header := stream.readline().strip()) not in {b"", None}:
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        stream.read(length if self._read is None else min(length, self._read))
        answer = self._answers[min(len(self.requests), len(self._answers)) - 1]
        stream.close()
        if answer:
            connection.sendall(answer)
        else:
            reset(connection)


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """The bytes of an HTTP answer that closes its connection."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def s3_error(status: int, code: str) -> bytes:
    """The same for an error in S3's XML."""
    body = f"<Error><Code>{code}</Code><Message>m</Message><Resource>r</Resource><RequestId>i</RequestId></Error>"
    return answer(status, body.encode(), "Content-Type: application/xml")
