"""RabbitMQ, for one test session."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

from tests.components.process import Component
from tests.support.ports import free_port
from tests.support.tools import tool


class RabbitMq(Component):
    """A RabbitMQ server; ``url`` is its address for a broker. It takes some seconds to start."""

    name = "rabbitmq"
    death_signal = "TERM"

    def __init__(self) -> None:
        """Choose ports: its own, and those that Erlang wants."""
        super().__init__()
        self.port = free_port()
        self._erlang = {"RABBITMQ_DIST_PORT": str(free_port()), "ERL_EPMD_PORT": str(free_port())}
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        settings = f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console = true\n"
        (self.folder / "rabbitmq.conf").write_text(settings)
        if os.geteuid() == 0:
            self.user = "rabbitmq"
            shutil.chown(self.folder, "rabbitmq", "rabbitmq")

    def command(self) -> list[str]:
        """The server itself; Debian's command on the PATH changes users by itself."""
        return [tool("rabbitmq-server", package="rabbitmq-server", folders=[Path("/usr/lib/rabbitmq/bin")])]

    def environment(self) -> dict[str, str]:
        """Everything that it keeps is in its folder."""
        return {
            **self._erlang,
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"davgallery{self.port}@localhost",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
        }

    def stop(self, *, seconds: float = 40) -> int | None:
        """Ask it to end and wait; the name server that Erlang left running ends, too."""
        status = super().stop(seconds=seconds)
        words = [tool("epmd", package="erlang-base"), "-port", self._erlang["ERL_EPMD_PORT"], "-kill"]
        subprocess.run(words, capture_output=True, check=False)
        return status

    def is_ready(self) -> bool:
        """Whether it speaks AMQP: it answers a wrong greeting with its own."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
                connection.sendall(b"AMQP\0\0\0\0")
                return connection.recv(8).startswith(b"AMQP")
        except OSError:
            return False
