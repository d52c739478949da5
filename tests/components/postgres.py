"""PostgreSQL, one cluster with many databases."""

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from tests.components.process import Component
from tests.support.ports import free_port
from tests.support.tools import tool

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)


class Postgres(Component):
    """A PostgreSQL server that trusts local connections; ``stop()`` and ``start()`` keep its port and data.

    Its default collation is English by ICU, not "C", so that a column that forgets to name its collation shows.
    """

    name = "postgres"
    death_signal = "QUIT"  # the postmaster ends its children before itself
    stop_signal = signal.SIGINT  # "fast": open sessions are ended

    def __init__(self, *, fsync: bool = True) -> None:
        """Choose a port; without ``fsync`` it is faster and a power cut would lose everything."""
        super().__init__()
        self.port = free_port()
        self._fsync = fsync
        self._data = self.folder / "data"
        if os.geteuid() == 0:
            self.user = "postgres"
            shutil.chown(self.folder, "postgres", "postgres")

    def command(self) -> list[str]:
        """The postmaster in the foreground; the cluster is made before its first start."""
        if not (self._data / "PG_VERSION").exists():
            self._make_cluster()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "fsync": "on" if self._fsync else "off",
            "max_connections": "200",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", str(self._data), *options]

    def _make_cluster(self) -> None:
        locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
        words = [self._program("initdb"), "-D", str(self._data), "-U", "postgres", "--auth=trust", "-N", *locale]
        made = subprocess.run(
            words, user=self.user, group=self.user, cwd=self.folder, capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")

    @staticmethod
    def _program(name: str) -> str:
        return tool(name, package="postgresql", folders=_PROGRAMS)

    def is_ready(self) -> bool:
        """Whether a session can be opened."""
        try:
            psycopg.connect(self._dsn, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _dsn(self) -> str:
        return f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"

    def execute(self, statement: str) -> None:
        """Run one statement as the administrator, outside a transaction."""
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(statement.encode())

    def fresh_database(self) -> str:
        """Make an empty database and return its SQLAlchemy URL."""
        name = f"test_{secrets.token_hex(8)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove a database that ``fresh_database`` gave, with the sessions that are still open in it."""
        self.execute(f"DROP DATABASE IF EXISTS {url.rsplit('/', 1)[1]} WITH (FORCE)")
