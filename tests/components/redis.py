"""Redis, in memory only."""

import socket

from tests.components.process import Component
from tests.support.ports import free_port
from tests.support.tools import tool


class Redis(Component):
    """A Redis server that keeps nothing on disk; ``url`` is its address for a broker."""

    name = "redis"

    def __init__(self) -> None:
        """Choose a port."""
        super().__init__()
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        """The server, on loopback, without snapshots."""
        words = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        return [tool("redis-server", package="redis-server"), *words]

    def is_ready(self) -> bool:
        """Whether it answers a ping."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False
