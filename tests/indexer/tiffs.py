"""EXIF made by hand: what no program writes, but files have."""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

ASCII, SHORT, LONG, FRACTION = 2, 3, 4, 5


class Tag(NamedTuple):
    """An entry of a directory, little-endian."""

    number: int
    kind: int
    count: int
    data: bytes


def text(number: int, words: str | bytes) -> Tag:
    data = (words.encode() if isinstance(words, str) else words) + b"\0"
    return Tag(number, ASCII, len(data), data)


def short(number: int, *values: int) -> Tag:
    return Tag(number, SHORT, len(values), struct.pack(f"<{len(values)}H", *values))


def fractions(number: int, *values: tuple[int, int]) -> Tag:
    return Tag(number, FRACTION, len(values), b"".join(struct.pack("<II", *value) for value in values))


def block(*main: Tag, shot: tuple[Tag, ...] = (), gps: tuple[Tag, ...] = (), thumbnail: tuple[Tag, ...] = ()) -> bytes:
    """A TIFF with the directories of EXIF."""
    pointers = {0x8769: shot, 0x8825: gps}
    entries = [*main, *(Tag(number, LONG, 1, bytes(4)) for number, tags in pointers.items() if tags)]
    places, at = {}, 8 + _length(entries)
    for number, tags in pointers.items():
        places[number] = struct.pack("<I", at)
        at += _length(tags)
    entries = [tag._replace(data=places.get(tag.number, tag.data)) for tag in entries]
    data = b"II*\0" + struct.pack("<I", 8) + _directory(entries, 8, following=at if thumbnail else 0)
    for tags in pointers.values():
        data += _directory(tags, len(data)) if tags else b""
    return data + (_directory(thumbnail, len(data)) if thumbnail else b"")


def jpeg(*blocks: bytes, prefix: bytes = b"Exif\0\0") -> io.BytesIO:
    """The start of a JPEG with these segments."""
    segments = (b"\xff\xe1" + struct.pack(">H", len(each) + len(prefix) + 2) + prefix + each for each in blocks)
    return io.BytesIO(b"\xff\xd8" + b"".join(segments) + b"\xff\xda")


def _length(tags: list[Tag] | tuple[Tag, ...]) -> int:
    return 6 + sum(12 + len(tag.data) * (len(tag.data) > 4) for tag in tags) if tags else 0


def _directory(tags: list[Tag] | tuple[Tag, ...], at: int, following: int = 0) -> bytes:
    entries, values = b"", b""
    behind = at + 6 + 12 * len(tags)
    for tag in tags:
        where = tag.data.ljust(4, b"\0") if len(tag.data) <= 4 else struct.pack("<I", behind + len(values))
        entries += struct.pack("<HHI", tag.number, tag.kind, tag.count) + where
        values += tag.data if len(tag.data) > 4 else b""
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", following) + values
