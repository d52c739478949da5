"""Network drives: programs that mount a WebDAV folder, in namespaces that take everything along at their end."""

import os
import re
import shlex
import signal
import subprocess
from pathlib import Path

import psutil

from tests.components.process import Component
from tests.support.rclone import BINARY, Rclone
from tests.support.tools import tool


class _Space(Component):
    """Processes in a namespace of their own: the kernel ends them all with the first, however that ends."""

    stop_signal = signal.SIGKILL
    more: tuple[str, ...] = ()

    def inside(self) -> list[str]:
        """The command that runs in the namespace."""
        raise NotImplementedError

    def command(self) -> list[str]:
        return [tool("unshare", package="util-linux"), "--pid", "--fork", "--kill-child", *self.more, *self.inside()]


class _Drive(_Space):
    """A mount that only its own processes see, and the tests through ``path``."""

    more = ("--mount",)

    def __init__(self) -> None:
        super().__init__()
        self.folder.chmod(0o755)  # davfs2 becomes another user
        self.point = self.folder / "drive"
        self.point.mkdir()

    def mounting(self) -> str:
        """The shell command that mounts."""
        raise NotImplementedError

    def command(self) -> list[str]:
        # A fresh /run, because davfs2 leaves its process id there; the kernel ends all when the first process ends.
        words = ["--mount", "--pid", "--fork", "--kill-child"]
        return [
            tool("unshare", package="util-linux"),
            *words,
            "sh",
            "-ec",
            f"mount -t tmpfs none /run; {self.mounting()}",
        ]

    @property
    def path(self) -> Path:
        """The mounted folder."""
        (first,) = psutil.Process(self.pid).children()
        return Path("/proc", str(first.pid), "root", *self.point.parts[1:])

    def is_ready(self) -> bool:
        try:
            return os.path.ismount(self.path)
        except (ValueError, psutil.NoSuchProcess):
            return False


class Davfs(_Drive):
    """davfs2 with its locks. Under some kernels it cannot list a folder (readdir says EINVAL), so only use names."""

    name = "davfs2"

    def __init__(self, url: str, user: str, password: str) -> None:
        super().__init__()
        self._url = url
        cache, secrets, options = (self.folder / name for name in ("cache", "secrets", "options"))
        cache.mkdir()
        cache.chmod(0o777)
        secrets.touch(0o600)
        secrets.write_text(f'"{url}" {user} "{password}"\n')
        # It uploads when a file is closed, and looks at the server whenever one is opened.
        options.write_text(
            f"ask_auth 0\ndelay_upload 0\nfile_refresh 0\ndir_refresh 1\ncache_dir {cache}\nsecrets {secrets}\n"
        )
        self._options = options

    def mounting(self) -> str:
        program = tool("mount.davfs", package="davfs2")
        return f"{program} {self._url} {self.point} -o conf={self._options}; exec sleep infinity"


class RcloneDrive(_Drive):
    """rclone mount; what was written goes to the server when a file is closed."""

    name = "rclone-mount"

    def __init__(self, rclone: Rclone) -> None:
        super().__init__()
        words = ["mount", rclone.remote(), str(self.point), "--cache-dir", str(self.folder / "cache")]
        self._words = [*words, "--vfs-cache-mode", "writes", "--vfs-write-back", "0", "--dir-cache-time", "0"]
        tool("fusermount3", package="fuse3")

    def mounting(self) -> str:
        return f"exec {shlex.join([BINARY, '--config=', *self._words])}"


class Gvfs(_Space):
    """GNOME's files: a session bus of its own, in which ``gio`` has mounted the folder."""

    name = "gvfs"

    def __init__(self, url: str, user: str, password: str) -> None:
        super().__init__()
        self.folder.chmod(0o700)
        self.url = url.replace("http://", f"dav://{user}@").rstrip("/") + "/"
        self._password = password
        self._address = self.folder / "address"

    def inside(self) -> list[str]:
        program = tool("dbus-run-session", package="dbus")
        return [program, "--", "sh", "-c", f'echo "$DBUS_SESSION_BUS_ADDRESS" >{self._address}; exec sleep infinity']

    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder),
            "GVFS_DISABLE_FUSE": "1",
            "LC_ALL": "C.UTF-8",
        }

    def is_ready(self) -> bool:
        return self._address.exists() and self._address.read_text().endswith("\n")

    def start(self, *, seconds: float = 60) -> "Gvfs":
        super().start(seconds=seconds)
        self("mount", self.url, text=f"{self._password}\n")
        return self

    def __call__(self, *words: str, text: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``gio`` with these words; a path on the drive is made with ``at``."""
        done = subprocess.run(
            [tool("gio", package="libglib2.0-bin"), *words],
            env={**os.environ, **self.environment(), "DBUS_SESSION_BUS_ADDRESS": self._address.read_text().strip()},
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not check or done.returncode == 0, f"gio {words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def at(self, path: str = "") -> str:
        """The address of a path, percent-encoded already."""
        return self.url + path

    def close(self) -> None:
        socket = re.match(r"unix:path=([^,]+)", self._address.read_text())
        super().close()
        if socket:
            Path(socket[1]).unlink(missing_ok=True)
