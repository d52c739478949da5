"""A part of a file that may be far away, read in few large pieces."""

from __future__ import annotations

import io
from collections import deque
from typing import BinaryIO

_FIRST = 256 * 1024
"""Bytes of a read after a jump: the index of a short clip, a key frame of a phone."""
_LARGEST = 4 * 1024 * 1024
"""Each read that goes on where the last one ended is twice as long, up to this."""
_PIECES = 6
"""Pieces that are kept: the reader of a container jumps between its head, its index and its frames."""


class Window:
    """A file with read, seek and tell.

    The failure of the file itself is kept in ``failure``: FFmpeg may take a failed read for the end of the file.
    """

    def __init__(self, file: BinaryIO, start: int, length: int, *, limit: int) -> None:
        """Look at ``length`` bytes of ``file`` from ``start`` on.

        No more than ``limit`` bytes are fetched in all, then the file seems to end: this bounds what a lying index can
        make a reader do.
        """
        self._file = file
        self._start = start
        self._length = length
        self._left = limit
        self._position = 0
        self._pieces: deque[tuple[int, bytes]] = deque(maxlen=_PIECES)
        self._next = (0, _FIRST)
        """Where the last fetch ended, and how much to fetch if the next one begins there."""
        self.failure: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        """``size`` bytes, fewer at the end; without it, all that is left."""
        left = self._length - self._position
        size = left if size < 0 else min(size, left)
        parts = []
        while size > 0 and (part := self._piece(size)):
            parts.append(part)
            size -= len(part)
            self._position += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move without reading; OSError before the beginning."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        if base + offset < 0:
            raise OSError(f"seek to {base + offset}")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """The position, in bytes from the start of the part."""
        return self._position

    def _piece(self, size: int) -> bytes:
        """Up to ``size`` bytes from the position on, of one piece."""
        for start, piece in self._pieces:
            if start <= self._position < start + len(piece):
                return piece[self._position - start :][:size]
        return self._fetch(size)[:size]

    def _fetch(self, size: int) -> bytes:
        expected, amount = self._next
        if self._position != expected:
            amount = _FIRST
        wanted = min(max(size, amount), self._length - self._position, self._left)
        try:
            self._file.seek(self._start + self._position)
            piece = self._file.read(wanted)
        except OSError as failure:
            self.failure = failure
            raise
        self._left -= len(piece)
        self._next = (self._position + len(piece), min(2 * amount, _LARGEST))
        self._pieces.append((self._position, piece))
        return piece
