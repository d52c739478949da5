"""A TCP proxy in front of MinIO that counts the requests of one side."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_METHODS = (b"GET ", b"PUT ", b"POST ", b"HEAD ", b"DELETE ")


class CountingProxy:
    """Passes bytes on. A piece from the client that begins with a method is a request: nobody pipelines here."""

    def __init__(self, target: str) -> None:
        """``target`` is host:port."""
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        """Start."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Accept no more."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.create_connection(self._target)
                for source, sink, counted in ((client, server, True), (server, client, False)):
                    source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=self._pass_on, args=(source, sink, counted), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:  # noqa: FBT001 - a thread's argument
        with suppress(OSError):
            while piece := source.recv(65536):
                if counted and piece.startswith(_METHODS):
                    with self._lock:
                        self.requests += 1
                sink.sendall(piece)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
