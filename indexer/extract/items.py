"""The items of a HEIF file (ISO 14496-12 §8.11): pictures, and what is written about each."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from indexer.extract import containers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.extract.containers import Part

_MOST = 10_000
"""Associations, or parts of a picture, that are looked at."""


class Item(NamedTuple):
    """A picture, as far as its bytes are not needed."""

    number: int
    properties: tuple[tuple[bytes, bytes], ...] = ()
    """Type and content of each, in their order."""
    tiles: tuple[int, ...] = ()
    """Numbers of the items that it is put together from."""

    def find(self, name: bytes) -> bytes | None:
        """The content of the first property of a type."""
        return next((content for kind, content in self.properties if kind == name), None)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height before any turn; zeros if it does not say (``ispe``)."""
        width, height = struct.unpack(">4xII", (self.find(b"ispe") or b"").ljust(12, b"\0")[:12])
        return width, height

    @property
    def turns(self) -> tuple[tuple[bytes, int], ...]:
        """Its own ``irot`` and ``imir``, and their numbers (ISO 23008-12 §6.5.10 and §6.5.12): EXIF then has no say."""
        return tuple((kind, content[0]) for kind, content in self.properties if kind in {b"irot", b"imir"} and content)


def read(file: BinaryIO, number: int | None = None) -> Item | None:
    """An item; without a ``number`` the one that the file is about."""
    meta = containers.box(file, b"meta")
    if meta is None:
        return None
    parts = {part.name: part for part in containers.boxes(file, meta.start + 4, meta.end)}
    if number is None:
        if b"pitm" not in parts:
            return None
        number = _Numbers(containers.read(file, parts[b"pitm"])).one()
    properties = tuple(_properties(file, parts[b"iprp"], number)) if b"iprp" in parts else ()
    return Item(number, properties, _tiles(file, parts[b"iref"], number) if b"iref" in parts else ())


class _Numbers:
    """A full box: a version, flags, then numbers. Behind the end, all are 0."""

    def __init__(self, data: bytes, at: int = 4, *, wide: bool | None = None) -> None:
        self.data, self.at = data, at
        self.wide = data[:1] not in {b"\0", b""} if wide is None else wide
        """Whether numbers of items have four bytes."""

    def take(self, length: int) -> int:
        self.at += length
        return int.from_bytes(self.data[self.at - length : self.at], "big")

    def one(self) -> int:
        """The number of an item."""
        return self.take(4 if self.wide else 2)


def _properties(file: BinaryIO, iprp: Part, number: int) -> Iterator[tuple[bytes, bytes]]:
    parts = {part.name: part for part in containers.boxes(file, iprp.start, iprp.end)}
    if b"ipco" not in parts or b"ipma" not in parts:
        return
    known = list(containers.boxes(file, parts[b"ipco"].start, parts[b"ipco"].end))
    for index in _associated(containers.read(file, parts[b"ipma"]), number):
        if 1 <= index <= len(known):
            yield known[index - 1].name, containers.read(file, known[index - 1])


def _associated(data: bytes, number: int) -> list[int]:
    """The properties of an item, counted from 1 (``ipma``)."""
    numbers, large = _Numbers(data), data[3:4] == b"\1"
    for _ in range(min(numbers.take(4), _MOST)):
        one = numbers.one()
        count = numbers.take(1)
        found = [numbers.take(2) & 0x7FFF if large else numbers.take(1) & 0x7F for _ in range(count)]
        if one == number:
            return found
    return []


def _tiles(file: BinaryIO, iref: Part, number: int) -> tuple[int, ...]:
    file.seek(iref.start)
    wide = file.read(1) != b"\0"
    for part in containers.boxes(file, iref.start + 4, iref.end):
        if part.name == b"dimg":
            numbers = _Numbers(containers.read(file, part), 0, wide=wide)
            if numbers.one() == number:
                return tuple(numbers.one() for _ in range(min(numbers.take(2), _MOST)))
    return ()
