"""The body of a request, as `wsgi.input`: it knows how it ended."""

import re
from collections.abc import Iterator
from typing import NoReturn

from gateway.errors import Truncated
from gateway.serving.wire import PIECE, READ_AHEAD, Wire

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
_LONGEST_LINE = 4096
_LONGEST_TRAILERS = 16384
_NEVER = -1


class Body:
    """Reads one body from the wire and not a byte more.

    An end is an end that the client announced: a body that is cut short, or malformed, raises Truncated from every read
    after it, and so does a client that sends nothing for `silence` seconds. Memory is used for what arrived, never for
    what was announced. `100 Continue` is sent by the first read, so a refusal without one costs no upload. `received`
    counts the bytes of content.
    """

    def __init__(self, wire: Wire, length: int | None, *, expects_continue: bool, silence: float) -> None:
        """Prepare to read `length` bytes, or chunks when it is None."""
        self._wire = wire
        self._silence = silence
        self._chunked = length is None
        self._left = length or 0  # of the body, or of the current chunk
        self._within_chunk = False
        self._kept = b""  # what readline read too much
        self._failure = ""
        self.waiting = expects_continue
        self.ended = length == 0
        self.received = 0

    @property
    def failed(self) -> bool:
        """Whether the body was cut or malformed."""
        return bool(self._failure)

    def could_end_within(self, size: int) -> bool:
        """Whether the rest is on its way and not longer than `size` bytes, so that reading it on is worth it."""
        return self.ended or not (self._chunked or self.waiting or self._failure or self._left > size)

    def read1(self, size: int = -1) -> bytes:
        """Return at least one byte and at most `size`, as they arrive; b"" at the end. The cheapest way to read."""
        if self._kept and size:
            data, self._kept = (self._kept, b"") if size < 0 else (self._kept[:size], self._kept[size:])
            return data
        if self.ended or not size:
            return b""
        if self._failure:
            raise Truncated(self._failure)
        if self.waiting:
            self._invite()
        if self._chunked and not self._left and not self._next_chunk():
            return b""
        most = min(self._left, PIECE if size < 0 else size, PIECE)
        data = self._wire.take(most) if self._wire.ahead else self._receive(most)
        self._left -= len(data)
        self.received += len(data)
        self.ended = not self._left and not self._chunked
        return data

    def read(self, size: int | None = -1) -> bytes:
        """Return `size` bytes, fewer only at the end; everything when `size` is negative or None."""
        wanted = -1 if size is None else size
        pieces: list[bytes] = []
        while wanted and (piece := self.read1(wanted)):
            if len(piece) == wanted:
                return piece if not pieces else b"".join((*pieces, piece))
            pieces.append(piece)
            if wanted > 0:
                wanted -= len(piece)
        return b"".join(pieces)

    def readline(self, size: int | None = -1) -> bytes:
        """Return one line with its end, or at most `size` bytes of it."""
        limit = _NEVER if size is None or size < 0 else size
        line = bytearray()
        while limit == _NEVER or len(line) < limit:
            piece = self.read1(_NEVER if limit == _NEVER else limit - len(line))
            end = piece.find(b"\n") + 1
            if end:
                self._kept = piece[end:] + self._kept
                piece = piece[:end]
            line += piece
            if end or not piece:
                break
        return bytes(line)

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """Return the lines that are left, or as many as make up `hint` bytes."""
        lines: list[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if hint is not None and 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines that are left."""
        return iter(self.readline, b"")

    def _invite(self) -> None:
        self.waiting = False
        if self._wire.ahead:
            return  # RFC 9110 §10.1.1: not needed once the body has begun to arrive
        try:
            self._wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        except OSError:
            self._fail("The client went away before its upload began.")

    def _next_chunk(self) -> bool:
        """Read a chunk's size. False when it was the last one."""
        if self._within_chunk and self._line(2) != b"\r\n":
            self._fail("A chunk of the upload is longer than announced.")
        size = _CHUNK_SIZE.fullmatch(self._line(_LONGEST_LINE))
        if size is None:
            self._fail("A chunk of the upload is malformed.")
        self._left = int(size[1], 16)
        self._within_chunk = True
        if not self._left:
            self._skip_trailers()
            self.ended = True
        return not self.ended

    def _skip_trailers(self) -> None:
        room = _LONGEST_TRAILERS
        while (line := self._line(min(room, _LONGEST_LINE))) != b"\r\n":
            room -= len(line)

    def _line(self, limit: int) -> bytes:
        while (end := self._wire.ahead.find(b"\n", 0, limit) + 1) == 0:
            if len(self._wire.ahead) >= limit:
                self._fail("A chunk of the upload is malformed.")
            self._wire.ahead += self._receive(READ_AHEAD)
        line = self._wire.take(end)
        if not line.endswith(b"\r\n"):
            self._fail("A chunk of the upload is malformed.")
        return line

    def _receive(self, size: int) -> bytes:
        try:
            data = self._wire.wait_receive(size, self._silence)
        except TimeoutError:
            self._fail("The client stopped sending in the middle of its upload.")
        except OSError:
            self._fail("The client went away in the middle of its upload.")
        if not data:
            self._fail("The client went away in the middle of its upload.")
        return data

    def _fail(self, message: str) -> NoReturn:
        self._failure = message
        raise Truncated(message)
