"""Where files are decoded: in another process, with so much memory and so much time, and nothing else.

Pictures come from anybody, and their decoders are C. So no worker decodes: it hands each file to a process of its own
(``indexer.decoder``), which this module starts and ends and ``indexer.talk`` feeds and watches.
"""

from __future__ import annotations

import logging
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from indexer.decoder import Bounds
from indexer.errors import Killed, Unreadable
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

    def __enter__(self) -> Self:
        """Let the decoder load its libraries while the worker looks for its first job."""
        self._template = Template(self._program, self._bounds)
        return self

    def __exit__(self, *_: object) -> None:
        """End the decoder."""
        if self._template is not None:
            self._template.close()
            self._template = None

    def extract(self, read: Read, size: int, *, last: bool = True) -> Extraction:
        """Extract from the file of ``size`` bytes of which ``read(start, length)`` gives a range in chunks.

        A file whose pixels are too much for the decoder is looked at again without them: the extraction has the reason
        in ``error`` then. A decoder that was killed is a reason only at the ``last`` try, before that it is Killed.
        Unreadable, with a reason for people, when the second look fails too, TooLarge for want of memory; NoDecoder
        when no process can be started; StoreUnavailable when the store is too slow. What ``read`` raises passes
        through. The next file can follow at once, whatever this one did.
        """
        try:
            return self._extract(read, size, self._budget, self._limits)
        except Unreadable as reason:
            if isinstance(reason, Killed) and not last:
                raise
            limits = self._limits._replace(seconds=min(self._limits.seconds, MORE_SECONDS))
            with suppress(Unreadable):
                return self._extract(read, size, 0, limits)._replace(renditions=(), error=str(reason))
            raise

    def _extract(self, read: Read, size: int, budget: int, limits: Limits) -> Extraction:
        template = self._running()
        talk, child = template.fork()
        with talk:
            try:
                return Talk(talk, child, template, limits).extract(read, size, budget)
            except Ended:
                raise self._crashed(template.end(), template.last_words()) from None
            finally:
                template.dismiss()

    def _running(self) -> Template:
        if self._template is not None:
            self._template.end()  # nobody has waited yet for the child before
            if self._template.alive:
                return self._template
            self._template.close()
        self._template = Template(self._program, self._bounds)
        return self._template

    def _crashed(self, status: int | None, words: str) -> Unreadable:
        """The error for a child that ended without an answer."""
        _log.warning("a decoder ended with status %s: %s", status, words)
        if status == -signal.SIGXCPU:
            return self._limits.too_slow()
        # What C++ and Rust write when an allocation fails; then they abort.
        if status == -signal.SIGABRT and ("bad_alloc" in words or "memory allocation of" in words):
            return self._limits.too_large()
        if status is None or status == -signal.SIGKILL:
            return Killed("The decoder was killed; perhaps this machine has too little memory.")
        name = signal.Signals(-status).name if status < 0 else f"status {status}"
        return Unreadable(f"The decoder crashed ({name}).")
