"""The parent's handle on a decoder's first process, the template that its children are forked from."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.decoder import END, FORK, NUMBER
from indexer.errors import NoDecoder

if TYPE_CHECKING:
    from indexer.decoder import Bounds

_START = 60.0  # seconds for loading the libraries on a busy machine
_END = 15.0  # seconds for a kill
_LAST_WORDS = 4000
_PIPE = 1 << 16  # bytes that a pipe holds
_ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {
    # Nothing of ours: settings hold secrets. No threads: they do not survive a fork, and each worker has one processor.
    "LANG": "C.UTF-8",
    "PATH": os.defpath,
    "PYTHONPATH": str(_ROOT),
    "PYTHONSAFEPATH": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    # Pages of 2 MiB where the kernel has them: a fresh process touches all of its memory for the first time.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
_log = logging.getLogger("davgallery.indexer")


def tell_what_is_refused() -> None:
    """Log what of the decoders' confinement this system does not offer. Another process tries it."""
    command = [sys.executable, "-m", "indexer.confine"]
    done = subprocess.run(command, cwd="/", env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if refused := done.stdout.splitlines():
        _log.warning("Decoders are confined less well than they could be: this system refuses %s.", ", ".join(refused))


class Template:
    """A running decoder, with at most one child at a time. Its standard error is kept: crashes explain themselves."""

    def __init__(self, program: str, bounds: Bounds, target: int | None = None) -> None:
        """Start the module ``program``; it loads its libraries meanwhile.

        ``target`` is the descriptor of a file that it inherits and may write to.
        """
        self._control, theirs = socket.socketpair()
        self._words = bytearray()
        words, their_words = os.pipe()
        self.words = words
        """Readable when the decoder wrote to its standard error: then call ``listen``."""
        os.set_blocking(words, False)
        inherited = [theirs.fileno()] if target is None else [theirs.fileno(), target]
        command = [sys.executable, "-m", program, str(inherited[0]), *bounds.as_words(), *map(str, inherited[1:])]
        with theirs, os.fdopen(their_words, "wb") as stderr:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command,
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                pass_fds=inherited,
                process_group=0,  # Ctrl-C is for the supervisor
            )
        self._has_child = False
        self._dismissed = False

    @property
    def alive(self) -> bool:
        """Whether it can still fork."""
        return self._process.poll() is None

    def fork(self) -> tuple[socket.socket, int]:
        """A socket to a new child and its process id, once the child before has ended. NoDecoder: there is none."""
        ours, theirs = socket.socketpair()
        self._control.settimeout(_START)
        try:
            with theirs:
                socket.send_fds(self._control, [FORK], [theirs.fileno()])
            child = self._number()
        except OSError:
            ours.close()
            self._kill()
            _log.error("the decoder does not start: %s", self.last_words())
            raise NoDecoder("The decoder does not start.") from None
        self._has_child, self._dismissed = True, False
        return ours, child

    def dismiss(self) -> None:
        """Have the child killed, whatever it does, without waiting for it."""
        if self._has_child and not self._dismissed:
            self._dismissed = True
            with suppress(OSError):
                self._control.sendall(END)

    def end(self) -> int | None:
        """Have the child killed and return the status it ended with, negative for a signal.

        None when there is no child, or when the template died with it or cannot be reached: then both are ended.
        """
        if not self._has_child:
            return None
        self.dismiss()
        self._has_child = False
        self._control.settimeout(_END)
        try:
            return self._number()
        except OSError:
            self._kill()
            return None

    def forget(self) -> None:
        """Forget what was written to standard error up to now."""
        self.listen()
        self._words.clear()

    def listen(self) -> bool:
        """Take what was written to standard error; its last part is kept. False at the end of it."""
        try:
            said = os.read(self.words, _PIPE)
        except BlockingIOError:
            return True
        self._words += said
        del self._words[:-_LAST_WORDS]
        return bool(said)

    def last_words(self) -> str:
        """The last of what was written to standard error since ``forget``."""
        self.listen()
        return self._words.decode(errors="replace").strip()

    def close(self) -> None:
        """End it, and the kernel ends its child."""
        self._kill()
        self._control.close()
        os.close(self.words)

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _number(self) -> int:
        said = self._control.recv(NUMBER.size, socket.MSG_WAITALL)
        if len(said) < NUMBER.size:
            raise ConnectionError("the template is gone")
        return int(NUMBER.unpack(said)[0])
