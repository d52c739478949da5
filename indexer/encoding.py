"""Playable copies: made one at a time on a machine, in a process as bounded as the decoders'."""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, BinaryIO

from gateway.errors import GatewayError, NotFound, StoreFull, Unavailable
from gateway.library.jobs import MOST_TRIES
from indexer.decoder import Bounds
from indexer.errors import Killed, Unreadable
from indexer.sandbox import BUDGET, PATIENCE, crashed
from indexer.talk import MOST_READ, Ended, Limits, Talk
from indexer.template import ENVIRONMENT, Template
from indexer.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.library.encodings import Encoding, Encodings

MEMORY = 640 << 20
"""Bytes that an encoder may use. Copying 4K of 10 bits takes 450 MiB by the kernel's count, 280 of them resident."""
_LEAST_SECONDS, _SLOWNESS, _MOST_SECONDS = 300.0, 30, 24 * 3600.0
"""Time for a copy: five minutes, and thirty times as long as the video, which even 8K on one slow core stays below."""
_THREADS = 2
_LEAST_SPEED = 1_000_000
"""Bytes per second that a store gives at least."""
_RENEW = 30.0
_MADE = 99
"""Percent, until the store has it."""
_TROUBLE = 60.0
"""Seconds until another try: after a decoder was killed, and when the store, the database or the disk is in trouble."""
_PIECE = 1 << 20
_ASK = "import sys; from indexer.extract.playable import encoder; sys.exit(encoder() is None)"
_log = logging.getLogger("davgallery.indexer")


class Stopped(Exception):
    """The process is told to end: what is half done is left to others."""


class _Lost(Exception):
    """Somebody else has the encoding now, or nobody wants it any more."""


@cache
def is_possible() -> bool:
    """Whether the installed FFmpeg can encode. Another process looks: it takes some 20 MB to load."""
    command = [sys.executable, "-c", _ASK]
    return subprocess.run(command, cwd="/", env=ENVIRONMENT, check=False).returncode == 0  # noqa: S603 - our own module


@dataclass(frozen=True, slots=True)
class Encoder:
    """Makes the copies that are asked for. ``folder`` is where they grow; ``name`` the mark of this worker."""

    encodings: Encodings
    folder: Path
    name: str
    reserve: int = 0
    """Bytes of the disk that copies leave free."""
    memory: int = MEMORY
    turns: Turns = field(default_factory=Turns)

    def work(self, meanwhile: Callable[[], object]) -> bool:
        """Make one copy; False when there is none to be made here and now.

        ``meanwhile`` is called about once a second; what it raises ends the work, and is raised again unless it is
        Stopped. Unavailable or StoreFull when this has to wait.
        """
        if not (self.encodings.is_any_due() and is_possible()):
            return False
        try:
            with self._alone() as is_alone:
                encoding = self._claim() if is_alone else None
                if encoding is not None:
                    begun = time.monotonic()
                    try:
                        self._do(encoding, meanwhile)
                    finally:
                        self.turns.use(encoding.space, time.monotonic() - begun)
                return encoding is not None
        except OSError as error:
            raise Unavailable(f"Videos cannot be converted in {self.folder}: {error.strerror}.") from error

    def _claim(self) -> Encoding | None:
        while True:
            encoding = self.encodings.claim(self.name, but=self.turns.over())
            if encoding is not None or not self.turns.go_on():
                return encoding

    def _do(self, encoding: Encoding, meanwhile: Callable[[], object]) -> None:
        encodings = self.encodings
        if encoding.tries > MOST_TRIES:
            encodings.fail(encoding, f"The indexer ended {MOST_TRIES} times while it converted this video.")
            return
        held = _Held(encodings, encoding)
        try:
            with tempfile.TemporaryFile(dir=self.folder) as target:

                def hear(progress: int) -> None:
                    self._leave_room(target)
                    held.renew(progress)
                    meanwhile()

                self._encode(encoding, target, hear)
                size = os.fstat(target.fileno()).st_size
                encodings.finish(encoding, _pieces(target, size, held), size)
        except _Lost:
            _log.info("A video is not converted any more: it is gone, or another worker has it")
        except Stopped:
            encodings.give_back(encoding, 0)
        except (Killed, NotFound, StoreFull) as error:
            # Perhaps memory or the disk was short just now; or these bytes are gone, and others like them are there.
            if encoding.tries < MOST_TRIES:
                _log.warning("No playable copy of %s yet: %s", encoding.key, error)
                encodings.give_back(encoding, _TROUBLE, counts=True)
            else:
                self._fail(encoding, error)
        except Unreadable as error:
            self._fail(encoding, error)
        except (GatewayError, OSError):
            encodings.give_back(encoding, _TROUBLE)
            raise

    def _leave_room(self, target: BinaryIO) -> None:
        disk = os.fstatvfs(target.fileno())
        if disk.f_bavail * disk.f_frsize < self.reserve:
            raise StoreFull("The disk for conversions has no room.")

    def _fail(self, encoding: Encoding, error: Exception) -> None:
        _log.warning("No playable copy of %s: %s", encoding.key, error)
        self.encodings.fail(encoding, str(error))

    def _encode(self, encoding: Encoding, target: BinaryIO, hear: Callable[[int], object]) -> None:
        """Write the copy to ``target``. What the encoder did not end well raises Unreadable."""
        seconds = min(_MOST_SECONDS, _LEAST_SECONDS + _SLOWNESS * (encoding.duration or 0) / 1000)
        patience = PATIENCE + encoding.size / _LEAST_SPEED
        limits = Limits(self.memory, seconds, patience, MOST_READ + 2 * encoding.size)
        template = Template("indexer.encoder", Bounds(self.memory, _THREADS * int(seconds), "UTC"), target.fileno())
        try:
            talk, child = template.fork()
            with talk:
                try:
                    Talk(talk, child, template, limits, hear).encode(
                        partial(self.encodings.read, encoding), encoding.size, BUDGET
                    )
                except Ended:
                    raise crashed(limits, template.end(), template.last_words()) from None
            template.end()  # before the file is read: nobody else can write to it from here on
        finally:
            template.close()
        if os.pread(target.fileno(), 4, 4) != b"ftyp":
            raise Unreadable("The file took its decoder over.")

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other process on this machine makes a copy, and none begins before this ends."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "encoding.lock").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True


class _Held:
    """An encoding that this process holds, for as long as it says so now and then."""

    def __init__(self, encodings: Encodings, encoding: Encoding) -> None:
        self._encodings, self._encoding = encodings, encoding
        self._progress = 0
        self._renewed = time.monotonic()

    def renew(self, progress: int) -> None:
        """Say how far it is, if that has changed or for the lease's sake. _Lost when it is held no more."""
        if progress == self._progress and time.monotonic() - self._renewed < _RENEW:
            return
        if not self._encodings.renew(self._encoding, progress):
            raise _Lost
        self._progress, self._renewed = progress, time.monotonic()


def _pieces(file: BinaryIO, size: int, held: _Held) -> Iterator[bytes]:
    """The copy on its way to the store, which may take longer than the lease."""
    for start in range(0, size, _PIECE):
        held.renew(_MADE)
        yield os.pread(file.fileno(), min(_PIECE, size - start), start)
