"""MinIO, one drive."""

import secrets

import minio
import requests

from tests.components.process import Component
from tests.support.ports import free_port
from tests.support.tools import CACHE, tool


class Minio(Component):
    """A MinIO server; ``stop()`` and ``start()`` keep its port and data."""

    name = "minio"

    def __init__(self) -> None:
        """Choose ports and keys."""
        super().__init__()
        self.address = f"127.0.0.1:{free_port()}"
        self.endpoint = f"http://{self.address}"
        self.access_key = "davgallery"
        self.secret_key = secrets.token_urlsafe(24)
        self._console = f"127.0.0.1:{free_port()}"

    def command(self) -> list[str]:
        """The server, with its console on a port nobody uses."""
        program = tool("minio", folders=[CACHE])
        data = str(self.folder / "data")
        return [program, "server", data, "--address", self.address, "--console-address", self._console, "--quiet"]

    def environment(self) -> dict[str, str]:
        """The keys; nothing that would look beyond this machine."""
        return {
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "HOME": str(self.folder),
        }

    def is_ready(self) -> bool:
        """Its own health address, which answers 503 while the drive is not there yet."""
        try:
            return requests.get(f"{self.endpoint}/minio/health/cluster", timeout=2).ok
        except requests.ConnectionError:
            return False

    @property
    def client(self) -> minio.Minio:
        """The SDK's client, to look at what is really stored."""
        return minio.Minio(
            self.address, access_key=self.access_key, secret_key=self.secret_key, secure=False, region="us-east-1"
        )

    def fresh_bucket(self) -> str:
        """Make an empty bucket and return its name."""
        name = f"test-{secrets.token_hex(8)}"
        self.client.make_bucket(name)
        return name
