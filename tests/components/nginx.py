"""nginx, with a configuration that the test gives."""

import os
import signal
import socket
import subprocess
from pathlib import Path

from tests.components.process import Component
from tests.support.ports import free_port
from tests.support.tools import tool


class Nginx(Component):
    """An nginx server. ``http`` is what stands inside ``http { … }``; ``{port}`` in it becomes the port."""

    name = "nginx"
    death_signal = "TERM"  # the master ends its workers, which a killed one leaves behind
    stop_signal = signal.SIGQUIT  # running requests finish

    def __init__(self, http: str, folder: Path | None = None, port: int | None = None) -> None:
        """Write the configuration; ``port`` is for tests that have to know it before."""
        super().__init__(folder)
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder.chmod(0o755)  # workers are another user
        self.configuration = self.folder / "nginx.conf"
        self.configuration.write_text(self._whole(http.replace("{port}", str(self.port))))

    def _whole(self, http: str) -> str:
        bodies = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = "".join(f"    {body}_temp_path {self.folder}/{body};\n" for body in bodies)
        user = "user www-data;\n" if os.geteuid() == 0 else ""
        return (
            f"{user}daemon off;\npid {self.folder}/nginx.pid;\nworker_processes 2;\nerror_log {self.log_file} info;\n"
            f"events {{ worker_connections 1024; }}\n"
            f"http {{\n    access_log {self.folder}/access.log;\n{paths}{http}\n}}\n"
        )

    def command(self) -> list[str]:
        """The master in the foreground."""
        return [*self._program(), "-p", str(self.folder)]

    def check(self) -> str:
        """What ``nginx -t`` says; RuntimeError with it when the configuration is wrong."""
        tried = subprocess.run([*self._program(), "-t"], capture_output=True, text=True, check=False)
        if tried.returncode:
            raise RuntimeError(tried.stderr)
        return tried.stderr

    def _program(self) -> list[str]:
        return [tool("nginx", package="nginx"), "-c", str(self.configuration), "-e", str(self.log_file)]

    def is_ready(self) -> bool:
        """Whether it accepts connections."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
        except OSError:
            return False
        return True
