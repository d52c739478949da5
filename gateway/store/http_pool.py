"""Kept-alive connections to one HTTP server, for as many threads as ask."""

import ssl
import time
from collections import deque
from threading import Lock

from gateway.store.http import Connection

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 30.0
_IDLE_SECONDS = 30.0
_IDLE_CONNECTIONS = 64


class HttpPool:
    """Connections are bounded by those who use them at once. At most 64 idle ones are kept, for 30 s each."""

    def __init__(
        self,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """Connect to nothing yet. ``tls`` None means plain HTTP. The times are for each address, and for each step."""
        self._host = host
        self._port = port
        self._tls = tls
        self.connect_seconds = connect_seconds
        self.answer_seconds = answer_seconds
        self._idle: deque[tuple[float, Connection]] = deque()  # the one given back last is at the right
        self._lock = Lock()

    def take(self) -> Connection:
        """Return the connection that was given back last, or a new one. It may have gone stale."""
        now = time.monotonic()
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        if idle is not None:
            since, connection = idle
            if now - since < _IDLE_SECONDS:
                return connection
            connection.close()
        return self.connect()

    def connect(self) -> Connection:
        """Return a new connection, TLS handshake done. OSError when the server cannot be reached in time."""
        return Connection(self._host, self._port, self._tls, self.connect_seconds, self.answer_seconds)

    def give(self, connection: Connection) -> None:
        """Take a connection back whose last answer was read to its end."""
        now = time.monotonic()
        dropped = []
        with self._lock:
            self._idle.append((now, connection))
            while len(self._idle) > _IDLE_CONNECTIONS or now - self._idle[0][0] >= _IDLE_SECONDS:
                dropped.append(self._idle.popleft()[1])
        for old in dropped:
            old.close()

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            dropped = [connection for _, connection in self._idle]
            self._idle.clear()
        for connection in dropped:
            connection.close()
