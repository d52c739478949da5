"""Where files are decoded: in another process, with so much memory and so much time, and nothing else.

Pictures come from anybody, and their decoders are C. So no worker decodes: it hands each file to another process
(``indexer.decoder``), which ``indexer.template`` starts and ends and ``indexer.talk`` feeds and watches.
"""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING, Self

from indexer.decoder import Bounds
from indexer.errors import Killed, TooSlow, Unreadable
from indexer.talk import Ended, Limits, Talk
from indexer.template import Template

if TYPE_CHECKING:
    from indexer.extract.extraction import Extraction
    from indexer.talk import Read

_MIB = 1 << 20
MEMORY = 400 * _MIB
"""Bytes that a decoder may use, everything included."""
BUDGET = 256 * _MIB
"""Bytes of it for pixels: a picture that would need more, by arithmetic, is not decoded in full."""
SECONDS = 50.0
"""Time for a file, the store's part not counted."""
MORE_SECONDS = 10.0
"""Time for a second look at a file that was too much for the first: only at what it tells about itself."""
MOST_FILES = 64
"""Files that one process may do, if they are of one owner."""
PATIENCE = 240.0
"""Seconds that the store may take for a file."""

_log = logging.getLogger("davgallery.indexer")


class Sandbox:
    """Decodes one file at a time. Its process starts when it is entered and goes when it is left."""

    def __init__(
        self,
        *,
        zone: str = "UTC",
        memory: int = MEMORY,
        budget: int = BUDGET,
        seconds: float = SECONDS,
        patience: float = PATIENCE,
        program: str = "indexer.decoder",
    ) -> None:
        """Start nothing yet. ``zone``: IANA name of the server's time zone; ``program``: the decoder's module."""
        self._bounds = Bounds(memory, int(seconds) + 1, zone)
        self._budget = budget
        self._limits = Limits(memory, seconds, patience)
        self._program = program
        self._template: Template | None = None
        self._talk: Talk | None = None
        self._owner: str | None = None

    def __enter__(self) -> Self:
        """Let the decoder load its libraries while the worker looks for its first job."""
        self._template = Template(self._program, self._bounds)
        return self

    def __exit__(self, *_: object) -> None:
        """End the decoder, and what it does."""
        self._leave()
        if self._template is not None:
            self._template.close()
            self._template = None

    def extract(self, read: Read, size: int, *, owner: str | None = None, last: bool = True) -> Extraction:
        """Extract from the file of ``size`` bytes of which ``read(start, length)`` gives a range in chunks.

        Files of one ``owner`` may follow each other in one process, which saves a tenth of the time; nobody's (None)
        has one of its own. So what takes a decoder over meets no other owner's files.

        A file whose pixels are too much for the decoder is looked at again without them: the extraction has the reason
        in ``error`` then. A decoder that was killed is a reason only at the ``last`` try, before that it is Killed.
        Unreadable, with a reason for people, when the second look fails too, TooLarge for want of memory, TooSlow of
        time; NoDecoder when no process can be started; StoreUnavailable when the store is too slow. What ``read``
        raises passes through. The next file can follow at once, whatever this one did.
        """
        if owner is None or owner != self._owner:
            self._leave()
        self._owner = owner
        try:
            return self._first_look(read, size)
        except Unreadable as reason:
            if isinstance(reason, Killed) and not last:
                raise
            limits = self._limits._replace(seconds=min(self._limits.seconds, MORE_SECONDS))
            try:
                return self._look(read, size, 0, limits)._replace(renditions=(), error=str(reason))
            except Unreadable:
                raise reason from None
            finally:
                self._leave()  # a process with so little time

    def _first_look(self, read: Read, size: int) -> Extraction:
        """By a process that did files before, if it has nothing to complain of: one of those may have hurt it."""
        if self._talk is not None:
            try:
                extraction = self._look(read, size, self._budget, self._limits)
            except TooSlow:
                raise  # there is no time for another
            except Unreadable as error:
                _log.info("a used decoder said: %s", error)
            else:
                if extraction.error is None:
                    return extraction
            self._leave()
        return self._look(read, size, self._budget, self._limits)

    def _look(self, read: Read, size: int, budget: int, limits: Limits) -> Extraction:
        if self._talk is None:
            template = self._running()
            self._talk = Talk(*template.fork(), template, limits)
        talk, good = self._talk, False
        try:
            extraction = talk.extract(read, size, budget)
            good = self._owner is not None and talk.files < MOST_FILES and talk.resident() < limits.memory // 2
        except Ended:
            raise self._crashed(limits) from None
        finally:
            if not good:
                self._leave()
        return extraction

    def _leave(self) -> None:
        """Have the child go, if there is one."""
        if self._talk is not None and self._template is not None:
            self._talk.close()
            self._talk = None
            self._template.dismiss()

    def _crashed(self, limits: Limits) -> Unreadable:
        """The error for a child that ended without an answer."""
        if self._template is None:
            return crashed(limits, None, "")
        return crashed(limits, self._template.end(), self._template.last_words())

    def _running(self) -> Template:
        if self._template is not None:
            self._template.end()  # nobody has waited yet for the child before
            if self._template.alive:
                return self._template
            self._template.close()
        self._template = Template(self._program, self._bounds)
        return self._template


def crashed(limits: Limits, status: int | None, words: str) -> Unreadable:
    """The error for a child that ended without an answer, by its status and what it wrote to standard error."""
    _log.warning("a decoder ended with status %s: %s", status, words)
    if status == -signal.SIGXCPU:
        return limits.too_slow()
    # What C++ and Rust write when an allocation fails; then they abort.
    if status == -signal.SIGABRT and ("bad_alloc" in words or "memory allocation of" in words):
        return limits.too_large()
    if status is None or status == -signal.SIGKILL:
        return Killed("The decoder was killed; perhaps this machine has too little memory.")
    return Unreadable(f"The decoder crashed ({_name(status)}).")


def _name(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:  # an exit, or a real-time signal
        return f"status {status}"
