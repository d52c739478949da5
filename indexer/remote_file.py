"""The child's file: its bytes are somewhere else and come in ranges."""

from __future__ import annotations

import io
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MIB = 1 << 20

Fetch = Callable[[int, int], Iterator[bytes]]
"""Gives the bytes from a start, a length of them."""

WHOLE = 16 * MIB
"""A file of up to so many bytes is fetched at once: a picture's decoder reads all of it, mostly several times."""
BLOCK = MIB
"""Of a larger one, which may be a video of gigabytes, so many bytes are fetched at a time…"""
_BLOCKS = 16
"""…and so many blocks kept: players' files are read in several places in turn."""


def remote(fetch: Fetch, size: int) -> BinaryIO:
    """A seekable file of ``size`` bytes that reads by ``fetch``."""
    if size > WHOLE:
        # What reads a few bytes at a time must not pay for Python at each; what reads a lot is not buffered twice.
        return cast("BinaryIO", io.BufferedReader(RemoteFile(fetch, size), 64 * 1024))
    file = io.BytesIO()
    if size:
        file.writelines(fetch(0, size))
        file.seek(0)
    return file


class RemoteFile(io.RawIOBase):
    """A file that is fetched in blocks; the last ones are kept."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        """Fetch nothing yet."""
        self._fetch = fetch
        self._size = size
        self._position = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go there without fetching anything. Beyond the end is allowed, as with any file."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(22, "negative seek position")
        self._position = start + offset
        return self._position

    def readall(self) -> bytes:
        """Everything from here on, in one request."""
        rest = max(0, self._size - self._position)
        everything = b"".join(self._fetch(self._position, rest)) if rest else b""
        self._position += rest
        return everything

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer up to the end of a block, so that one call is one request at most."""
        target = memoryview(buffer).cast("B")
        if self._position >= self._size:
            return 0
        number, start = divmod(self._position, BLOCK)
        piece = memoryview(self._block(number))[start : start + len(target)]
        target[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _block(self, number: int) -> bytes:
        block = self._blocks.pop(number, None)
        if block is None:
            start = number * BLOCK
            block = b"".join(self._fetch(start, min(BLOCK, self._size - start)))
            while len(self._blocks) >= _BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks[number] = block
        return block
