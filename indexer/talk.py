"""The talk with a child: its reads are answered, its memory and time watched, its words judged."""

from __future__ import annotations

import logging
import resource
import select
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import StoreFull, StoreUnavailable
from indexer import answers, wire
from indexer.errors import TooLarge, TooSlow, Unreadable
from indexer.extract.text import line
from indexer.remote_file import BLOCK

if TYPE_CHECKING:
    import socket

    from indexer.extract.extraction import Extraction
    from indexer.template import Template

Read = Callable[[int, int], Iterator[bytes]]
"""Gives ``length`` bytes from ``start`` in chunks: ``ObjectStore.read`` of one key."""

MOST_READ = 1 << 30
"""Bytes that a decoder may ask for. A video's picture is found in a few; what reads more goes round in circles."""
_TURN = 1.0  # seconds between two looks at what else there is to do

_LOOK = 0.02  # seconds between two looks at a child's memory
_PIECE = 256 * 1024
_LONGEST_REASON = 200
_log = logging.getLogger("davgallery.indexer")


class Ended(Exception):
    """The child ended without an answer."""


class Limits(NamedTuple):
    """What the parent holds a child to."""

    memory: int
    """Bytes resident."""
    seconds: float
    """For a file, waiting for the store not counted."""
    patience: float
    """Seconds for the store."""
    most_read: int = MOST_READ
    """Bytes that may be asked for."""

    def too_large(self) -> TooLarge:
        """The error of a file that takes too much memory."""
        return TooLarge(f"Too large: decoding needs more than {self.memory >> 20} MB of memory.")

    def too_slow(self) -> TooSlow:
        """The error of a file that takes too much time."""
        return TooSlow(f"Decoding took longer than {self.seconds:g} seconds.")


@contextmanager
def _believing() -> Iterator[None]:
    """What our own decoder would not say shows that the file speaks."""
    try:
        yield
    except answers.Nonsense as error:
        _log.warning("a decoder talked nonsense: %s", error)
        raise Unreadable("The file took its decoder over.") from None


class Talk:
    """The parent's end, for one file after the other. After an error the child is of no more use.

    Whoever makes it closes it and ends the child.
    """

    def __init__(
        self,
        talk: socket.socket,
        child: int,
        template: Template,
        limits: Limits,
        meanwhile: Callable[[int], object] | None = None,
    ) -> None:
        """``child`` is the process id to watch, and ``template`` whose standard error must be read meanwhile.

        ``meanwhile`` is called about once a second with the percent that are done. Its time is not the child's, and
        what it raises ends the talk.
        """
        talk.settimeout(0)
        self._talk = talk
        self._memory = Path(f"/proc/{child}/statm")
        self._template = template
        self._limits = limits
        self._meanwhile = meanwhile
        self._poll = select.poll()
        self._poll.register(template.words, select.POLLIN)
        self.files = 0
        """How many the child was given."""

    def _begin(self) -> None:
        self.files += 1
        self._template.forget()
        self._started = self._next_look = self._next_turn = time.monotonic()
        self._in_store = self._elsewhere = 0.0
        self._progress = self._asked = 0

    def extract(self, read: Read, size: int, budget: int) -> Extraction:
        """Feed the child until it answers. Ended, Unreadable, StoreUnavailable, or what ``read`` raises."""
        with _believing():
            body, data_size = self._answer(wire.FOUND, read, size, budget)
            found = answers.found(body, size)
            if found.error and (words := self._template.last_words()):
                _log.warning("a decoder made no picture (%s): %s", found.error, words)
            return answers.extraction(found, self._receive(data_size))

    def encode(self, read: Read, size: int, budget: int) -> None:
        """Feed the child until it has written its copy. Raises what ``extract`` raises, and StoreFull."""
        with _believing():
            self._answer(wire.ENCODED, read, size, budget)

    def resident(self) -> int:
        """Bytes of memory that the child has; 0 when it is gone."""
        try:
            return int(self._memory.read_bytes().split()[1]) * resource.getpagesize()
        except (OSError, IndexError):
            return 0

    def close(self) -> None:
        """Say that there are no more files."""
        self._talk.close()

    def _answer(self, wanted: bytes, read: Read, size: int, budget: int) -> tuple[bytes, int]:
        """Feed the child until it gives what is ``wanted``: its JSON, and how many bytes follow."""
        self._begin()
        self._send(wire.TASK.pack(size, budget))
        while True:
            kind, first, second = wire.HEAD.unpack(self._receive(wire.HEAD.size))
            if kind == wire.READ:
                self._serve(read, first, second, size)
            elif kind == wire.PROGRESS:
                self._progress = min(first, 99)
            else:
                break
        if kind not in {wanted, wire.FAILED}:
            raise answers.Nonsense("it said something unknown")
        if first > wire.LONGEST_JSON or second > wire.LARGEST_RENDITIONS:
            raise answers.Nonsense("it announced an endless answer")
        body = self._receive(first)
        if kind == wire.FAILED:
            raise self._failed(answers.failure(body), writes=wanted == wire.ENCODED)
        return body, second

    def _serve(self, read: Read, start: int, length: int, size: int) -> None:
        if not 0 < length <= size - start:
            raise answers.Nonsense("it asked for bytes that the file does not have")
        self._asked += max(length, BLOCK)  # ours asks for no less, but at the end; each is a request to the store
        if self._asked > self._limits.most_read:
            raise Unreadable(f"Decoding reads more than {self._limits.most_read >> 30} GiB.")
        for chunk in self._chunks(read, start, length):
            self._send(chunk)
            length -= len(chunk)
        if length:
            raise StoreUnavailable("The store gave another number of bytes than were asked for.")

    def _chunks(self, read: Read, start: int, length: int) -> Generator[bytes, None, None]:
        """The store's chunks, and what they cost in time."""
        before = time.monotonic()
        for chunk in read(start, length):
            self._in_store += time.monotonic() - before
            if self._in_store > self._limits.patience:
                raise StoreUnavailable("The store is too slow.")
            yield chunk
            before = time.monotonic()
        self._in_store += time.monotonic() - before

    def _failed(self, failure: wire.Failure, *, writes: bool) -> Exception:
        if failure.kind == wire.NO_MEMORY:
            return self._limits.too_large()
        if writes and failure.kind == wire.NO_ROOM:
            return StoreFull("The disk for conversions has no room.")
        if writes and failure.kind == wire.TOO_LONG:
            return TooLarge("Too large: its copy would be larger than it may be.")
        if failure.kind == wire.DEFECT:
            _log.warning("a decoder failed: %s", self._template.last_words())
            return Unreadable("The file is damaged, or of a kind that cannot be decoded.")
        reason = line(failure.reason, _LONGEST_REASON) or ""
        return TooLarge(reason) if failure.kind == wire.TOO_LARGE else Unreadable(reason)

    def _send(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            self._wait(select.POLLOUT)
            with suppress(BlockingIOError):
                try:
                    left = left[self._talk.send(left) :]
                except ConnectionError:
                    raise Ended from None

    def _receive(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(select.POLLIN)
            try:
                piece = self._talk.recv(min(size - len(data), _PIECE))
            except ConnectionError:
                piece = b""
            if not piece:
                raise Ended
            data += piece
        return bytes(data)

    def _wait(self, event: int) -> None:
        """Return when the child can be talked to; look after it meanwhile."""
        self._poll.register(self._talk, event)
        while True:
            self._look()
            ready = [descriptor for descriptor, _ in self._poll.poll(_LOOK * 1000)]
            if self._template.words in ready and not self._template.listen():
                self._poll.unregister(self._template.words)
            if self._talk.fileno() in ready:
                return

    def _look(self) -> None:
        now = time.monotonic()
        if self._meanwhile is not None and now >= self._next_turn:
            self._meanwhile(self._progress)
            before, now = now, time.monotonic()
            self._elsewhere += now - before
            self._next_turn = now + _TURN
        if now - self._started - self._in_store - self._elsewhere > self._limits.seconds:
            raise self._limits.too_slow()
        if now >= self._next_look:
            self._next_look = now + _LOOK
            if self.resident() > self._limits.memory:
                raise self._limits.too_large()
