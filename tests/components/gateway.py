"""The product itself, as its own users start it."""

import re
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.components.minio import Minio
from tests.components.process import Component
from tests.support.ports import free_port
from tests.support.rclone import Rclone, Vendor

ROOT = Path(__file__).parents[2]

_READY = re.compile(r"^ready (http\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Options:
    """How a gateway is set up. Nothing given: SQLite and the local folder store, two workers."""

    database_url: str = ""
    store: Minio | None = None
    bucket: str = ""
    """Of ``store``; a fresh one when empty."""
    workers: int = 2
    indexers: int = 0
    """Most tests are not about photographs, and a decoder takes a second to start."""
    arguments: Sequence[str] = ()
    """More words after ``serve``."""
    environment: Mapping[str, str] | None = None
    """More variables, for example ``{"DAVGALLERY_DEFAULT_QUOTA": "1MB"}``."""


class Gateway(Component):
    """``davgallery serve`` on a data folder; after ``stop()`` or ``kill()``, ``start()`` goes on with the same data."""

    name = "davgallery"
    death_signal = "TERM"

    def __init__(self, folder: Path | None = None, options: Options | None = None) -> None:
        """Choose a port and the administrator's password."""
        super().__init__(folder)
        self.options = options or Options()
        self.data = self.folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        """Without a slash at its end."""
        self.admin_password = secrets.token_urlsafe(12)
        store = self.options.store
        self.bucket = self.options.bucket or (store.fresh_bucket() if store else "")
        self.output_file = self.folder / "davgallery.out"

    def command(self) -> list[str]:
        """The command, in the interpreter of the tests."""
        words = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", str(self.options.workers)]
        words += ["--indexers", str(self.options.indexers)]
        return [*self._program("serve"), *words, *self.options.arguments]

    def environment(self) -> dict[str, str]:
        """Settings that commands beside the server need too."""
        settings = {
            "DAVGALLERY_DATA": str(self.data),
            "DAVGALLERY_ADMIN_PASSWORD": self.admin_password,
            "PYTHONPATH": str(ROOT),
            "PYTHONSAFEPATH": "1",
            "PYTHONUNBUFFERED": "1",
        }
        if self.options.database_url:
            settings["DAVGALLERY_DATABASE_URL"] = self.options.database_url
        if store := self.options.store:
            settings["DAVGALLERY_S3_ENDPOINT"] = store.endpoint
            settings["DAVGALLERY_S3_BUCKET"] = self.bucket
            settings["DAVGALLERY_S3_ACCESS_KEY"] = store.access_key
            settings["DAVGALLERY_S3_SECRET_KEY"] = store.secret_key
        return settings | dict(self.options.environment or {})

    @staticmethod
    def _program(*words: str) -> list[str]:
        return [sys.executable, "-m", "config.cli", *words]

    def launch(self) -> None:
        """Start the process without waiting for it."""
        self.output_file.unlink(missing_ok=True)
        super().launch()

    @property
    def output(self) -> str:
        """What this start wrote to standard output; ``log`` is the other stream, of all starts."""
        return self.output_file.read_text(errors="replace")

    def is_ready(self) -> bool:
        """Whether it said so, with the address we gave it."""
        said = _READY.search(self.output)
        assert not said or said[1].rstrip("/") == self.url, f"it serves {said[1]}, not {self.url}"
        return said is not None

    def dav(self, path: str = "") -> str:
        """The address of ``path``, which is quoted already, in the WebDAV door: ``dav("admin/a.jpg")``."""
        return f"{self.url}/dav/{path}"

    def run(self, *words: str, text: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run another command on the same data and settings, with ``text`` as its input."""
        done = subprocess.run(
            self._program(*words),
            env=self._environment(),
            cwd=self.folder,
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, f"davgallery {' '.join(words)}: {done.returncode}\n{done.stderr}"
        return done

    def add_account(self, name: str, *words: str, password: str = "") -> str:
        """Make an account, for example ``add_account("alice", "--quota", "1MB")``, and return its password."""
        password = password or secrets.token_urlsafe(12)
        self.run("user", "add", name, "--password-stdin", *words, text=password + "\n")
        return password

    def rclone(self, user: str = "admin", password: str = "", vendor: Vendor = "owncloud") -> Rclone:
        """Rclone in the personal space of ``user``."""
        return Rclone(self.dav(user), user, password or self.admin_password, vendor)

    def pids(self) -> list[int]:
        """The processes that the supervisor started: the workers first of all."""
        return [process.pid for process in psutil.Process(self.pid).children(recursive=True)]
