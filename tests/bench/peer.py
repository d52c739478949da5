"""rclone as a WebDAV server over the same MinIO: what people would otherwise put in front of a bucket."""

import secrets

import requests

from tests.components.process import Component
from tests.support.ports import free_port
from tests.support.rclone import BINARY


class RcloneServe(Component):
    """``rclone serve webdav`` on a bucket, as it comes, with a login as ours has one; it costs rclone 0.2 ms of CPU."""

    name = "rclone"

    def __init__(self, endpoint: str, access_key: str, secret_key: str, bucket: str) -> None:
        """Choose a port. ``endpoint`` is MinIO's, or that of something in front of it."""
        super().__init__()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.bucket = bucket
        self.login = ("bench", secrets.token_urlsafe(24))
        self._remote = {"endpoint": endpoint, "access_key_id": access_key, "secret_access_key": secret_key}

    def command(self) -> list[str]:
        """All defaults of ``serve``: no cache of contents, folders remembered for five minutes."""
        user, password = self.login
        words = ["--addr", f"127.0.0.1:{self.port}", "--user", user, "--pass", password]
        return [BINARY, "--config=", "serve", "webdav", f"store:{self.bucket}", *words]

    def environment(self) -> dict[str, str]:
        """The remote ``store``."""
        remote = self._remote | {"type": "s3", "provider": "Minio"}
        return {f"RCLONE_CONFIG_STORE_{name.upper()}": value for name, value in remote.items()}

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            return requests.options(self.url, auth=self.login, timeout=2).ok
        except requests.ConnectionError:
            return False
