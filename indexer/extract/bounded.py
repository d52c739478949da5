"""A file as FFmpeg may read it."""

from __future__ import annotations

import io
import sys
from typing import BinaryIO


class Bounded:
    """A file with read, seek and tell that ends at its size, or before.

    What ``file`` fails with is kept in ``failure``: FFmpeg may take a failed read for the end.
    """

    def __init__(self, file: BinaryIO, size: int, *, limit: int = sys.maxsize) -> None:
        """Read ``file``, which has ``size`` bytes.

        After ``limit`` bytes in all it seems to end: this bounds what a lying index can make FFmpeg do.
        """
        self._file = file
        self._size = size
        self._left = limit
        self._position = 0
        self.failure: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; without it, all that is left."""
        left = min(self._size - self._position, self._left)
        wanted = left if size < 0 else min(size, left)
        if wanted <= 0:
            return b""
        try:
            self._file.seek(self._position)
            data = self._file.read(wanted)
        except OSError as failure:
            self.failure = failure
            raise
        self._position += len(data)
        self._left -= len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move without reading; OSError before the beginning."""
        position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if position < 0:
            raise OSError(f"There is nothing at {position}.")
        self._position = position
        return position

    def tell(self) -> int:
        """The position of the next byte."""
        return self._position
