"""Directories of TIFF (revision 6.0, §2): what EXIF, most RAW formats and some makers' notes are made of.

Nothing is read but the directories and the values that are asked for, and none of them beyond a limit: a hostile file
costs no more than an honest one. (exifread decodes every value of every directory: a JPEG of 64 KB keeps it busy for
minutes.)
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_ORDERS = {b"II": "<", b"MM": ">"}
_MAGICS = (42, 0x4F52, 0x5352, 0x55)
"""TIFF itself, Olympus (``RO``, ``RS``), Panasonic."""

_FORMATS = {1: "B", 2: "B", 3: "H", 4: "I", 5: "II", 6: "b", 7: "B", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d"}
_FORMATS |= {13: "I", 129: "B"}
"""struct's letters for each type. 13 is a pointer to a directory, 129 text in UTF-8 (EXIF 3.0)."""
_FRACTIONS = (5, 10)

_LONGEST_VALUE = 1 << 16


class Directory:
    """One directory. A tag that is missing, cut or nonsense gives nothing, never an error."""

    def __init__(self, file: BinaryIO, order: str, base: int, offset: int) -> None:
        """Read the entries at ``offset``, which like all offsets in them counts from ``base``."""
        self.file, self.order, self.base = file, order, base
        self._entries: dict[int, tuple[int, int, bytes]] = {}
        for tag, kind, count, value in _entries(file, order, base + offset):
            self._entries.setdefault(tag, (kind, count, value))

    def __contains__(self, tag: int) -> bool:
        """Whether it has ``tag``."""
        return tag in self._entries

    def place(self, tag: int) -> tuple[int, int]:
        """Where in the file the value of ``tag`` lies, and its length in bytes; (0, 0) if it lies in its entry."""
        kind, count, value = self._entries.get(tag, (0, 0, b""))
        length = count * struct.calcsize(self.order + _FORMATS.get(kind, ""))
        if length <= len(value):
            return 0, 0
        return self.base + int(struct.unpack(self.order + "I", value)[0]), length

    def data(self, tag: int, *, limit: int = _LONGEST_VALUE) -> bytes:
        """The bytes of a value; none if there should be more than ``limit`` of them."""
        kind, count, value = self._entries.get(tag, (0, 0, b""))
        start, length = self.place(tag)
        if not length:
            return value[: count * struct.calcsize(self.order + _FORMATS.get(kind, ""))]
        if length > limit:
            return b""
        self.file.seek(start)
        return self.file.read(length)

    def numbers(self, tag: int) -> tuple[float, ...]:
        """The numbers of a value. A fraction of zero parts is NaN."""
        kind = self._entries.get(tag, (0, 0, b""))[0]
        letters = self.order + _FORMATS.get(kind, "")
        size, data = struct.calcsize(letters), self.data(tag)
        if not size:
            return ()
        parts = struct.iter_unpack(letters, data[: len(data) // size * size])
        if kind in _FRACTIONS:
            return tuple(above / below if below else math.nan for above, below in parts)
        return tuple(part for (part,) in parts)

    def number(self, tag: int) -> float | None:
        """The first number of a value, if it is one."""
        return next((number for number in self.numbers(tag)[:1] if math.isfinite(number)), None)

    def text(self, tag: int) -> str | None:
        """A value as text, up to its first NUL: UTF-8, else Latin-1."""
        kind = self._entries.get(tag, (0, 0, b""))[0]
        data = self.data(tag).partition(b"\0")[0] if _FORMATS.get(kind) == "B" else b""
        return decode(data) if data else None

    def below(self, tag: int) -> Directory | None:
        """The directory that ``tag`` points to."""
        offset = self.number(tag)
        return None if not offset or offset < 0 else Directory(self.file, self.order, self.base, int(offset))


def first(file: BinaryIO, base: int = 0) -> Directory | None:
    """The first directory of the TIFF that begins at ``base``; None if none does."""
    file.seek(base)
    header = file.read(8)
    order = _ORDERS.get(header[:2])
    if not order or len(header) < 8:
        return None
    magic, offset = struct.unpack(order + "HI", header[2:])
    return Directory(file, order, base, offset) if magic in _MAGICS else None


def decode(data: bytes) -> str:
    """Text whose encoding nobody tells: UTF-8, which hardly anything else looks like, else Latin-1."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _entries(file: BinaryIO, order: str, offset: int) -> Iterator[tuple[int, int, int, bytes]]:
    file.seek(offset)
    head = file.read(2)
    if len(head) == 2:
        (count,) = struct.unpack(order + "H", head)
        data = file.read(12 * count)
        yield from struct.iter_unpack(order + "HHI4s", data[: len(data) // 12 * 12])
