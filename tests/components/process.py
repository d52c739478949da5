"""What all components share: start, wait, stop, kill, freeze, and never to outlive the session."""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from tests.support.tools import tool

_open: "set[Component]" = set()


class Component:
    """A program that a test started. It is ended by its own process id, and by the kernel when the test session dies.

    The kernel watches the thread that started it, so start components from a thread that lives as long as they should.
    """

    name: str
    death_signal = "KILL"
    """What the kernel sends when the session is gone."""
    stop_signal = signal.SIGTERM
    user: str | None = None
    """Run as this user when we are root."""

    def __init__(self, folder: Path | None = None) -> None:
        """Take ``folder`` for data and logs, or a temporary one that goes with the component."""
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix=f"davgallery-{self.name}-"))
        self.log_file = self.folder / f"{self.name}.log"
        self.output_file = self.log_file
        self._process: subprocess.Popen[bytes] | None = None
        _open.add(self)

    def command(self) -> list[str]:
        """The program and its arguments."""
        raise NotImplementedError

    def environment(self) -> Mapping[str, str]:
        """What is added to the environment."""
        return {}

    def is_ready(self) -> bool:
        """Whether it answers; called again and again after the start."""
        raise NotImplementedError

    def start(self, *, seconds: float = 60) -> Self:
        """Start it, or start it again with the same ports and data; returns when it answers."""
        self.launch()
        end = time.monotonic() + seconds
        while not self.is_ready():
            if not self.running or time.monotonic() > end:
                state = "did not answer in time" if self.running else "ended while it started"
                self.destroy()
                raise RuntimeError(f"{self.name} {state}:\n{self.log[-4000:]}")
            time.sleep(0.02)
        return self

    def launch(self) -> None:
        """Start the process without waiting for it."""
        if self.running:
            raise RuntimeError(f"{self.name} is running already")
        identity = [f"--reuid={self.user}", f"--regid={self.user}", "--init-groups"] if self.user else []
        wrapper = [tool("setpriv", package="util-linux"), f"--pdeathsig={self.death_signal}", *identity, "--"]
        with self.log_file.open("ab") as log, self.output_file.open("ab") as output:
            self._process = subprocess.Popen(
                wrapper + self.command(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                cwd=self.folder,
                env=self._environment(),
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DAVGALLERY_")}
        return kept | dict(self.environment())

    @property
    def running(self) -> bool:
        """Whether the process exists."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the running process."""
        assert self._process is not None, f"{self.name} was not started"
        return self._process.pid

    @property
    def log(self) -> str:
        """All that it wrote since its first start."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def stop(self, *, seconds: float = 40) -> int | None:
        """Ask it to end and wait; a process that does not is killed, and that is an error. Returns its exit status."""
        if self._process is None:
            return None
        if self.running:
            self._process.send_signal(self.stop_signal)
            self._process.send_signal(signal.SIGCONT)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.destroy()
            raise RuntimeError(f"{self.name} did not stop within {seconds} s:\n{self.log[-4000:]}") from None

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)

    def destroy(self) -> None:
        """End it at once with every process of its group that it started."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Meanwhile it holds its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """End it and remove the folder if it is its own."""
        try:
            self.stop()
        finally:
            _open.discard(self)
            if self._own_folder:
                shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Start it."""
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()


@atexit.register
def _end_all() -> None:
    for component in list(_open):
        with contextlib.suppress(Exception):
            component.destroy()
            component.close()
