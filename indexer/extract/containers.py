"""Where the parts of a file lie, for each kind of container: a name, the first byte, the length. No part is read here.

A file that is cut or malformed ends the walk, without an error; none is walked for more than :data:`MOST_PARTS` steps.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_PARTS = 1000
_STANDALONE = range(0xD0, 0xDA)  # restart markers, start and end of image


class Part(NamedTuple):
    """A segment, chunk or box, without its header."""

    name: bytes
    start: int
    length: int

    @property
    def end(self) -> int:
        """The byte after it."""
        return self.start + self.length


def jpeg(file: BinaryIO, start: int = 0) -> Iterator[Part]:
    """The segments of the JPEG at ``start`` before its pixels; the name is the marker's second byte (ITU T.81 §B.1)."""
    at = start + 2
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(4)
        if head[:2] == b"\xff\xff":  # fill bytes before a marker
            at += 1
            continue
        if len(head) < 4 or head[0] != 0xFF or head[1] == 0xDA or head[1] in _STANDALONE:
            return
        length = int.from_bytes(head[2:], "big")
        yield Part(head[1:2], at + 4, length - 2)
        at += 2 + length


def raf_preview(file: BinaryIO) -> int:
    """Where in Fujifilm's RAW format the JPEG begins that has everything which the camera tells."""
    file.seek(84)
    return int.from_bytes(file.read(4), "big")


def png(file: BinaryIO) -> Iterator[Part]:
    """The chunks of a PNG (§5.3 of its specification)."""
    return _chunks(file, 8, lambda head: (head[4:], int.from_bytes(head[:4], "big"), 4))


def riff(file: BinaryIO) -> Iterator[Part]:
    """The chunks of a RIFF file, which WebP is."""
    return _chunks(file, 12, lambda head: (head[:4], length := int.from_bytes(head[4:], "little"), length % 2))


def minolta(file: BinaryIO) -> Iterator[Part]:
    """The blocks of Minolta's RAW format."""
    return _chunks(file, 8, lambda head: (head[:4], int.from_bytes(head[4:], "big"), 0))


def _chunks(file: BinaryIO, at: int, parse: Callable[[bytes], tuple[bytes, int, int]]) -> Iterator[Part]:
    """``parse`` gives name, length and what follows after that length from the eight bytes of a header."""
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        name, length, after = parse(head)
        yield Part(name, at + 8, length)
        at += 8 + length + after


def boxes(file: BinaryIO, start: int = 0, end: int | None = None) -> Iterator[Part]:
    """The boxes between ``start`` and ``end`` (None: to the end of the file; ISO 14496-12 §4.2).

    A box of type ``uuid`` has its 16 bytes as its name.
    """
    at = start
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8 or (end is not None and at >= end):
            return
        length, name, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = (file.seek(0, 2) if end is None else end) - at
        if length < header:
            return
        if name == b"uuid":
            file.seek(at + header)
            name, header = file.read(16), header + 16
        yield Part(name, at + header, length - header)
        at += length


def box(file: BinaryIO, *path: bytes, start: int = 0, end: int | None = None) -> Part | None:
    """The first box of the first name in ``path`` that holds one of the next name, and so on."""
    for part in boxes(file, start, end):
        if part.name == path[0]:
            return box(file, *path[1:], start=part.start, end=part.end) if path[1:] else part
    return None


def read(file: BinaryIO, part: Part, *, limit: int = 4 << 20) -> bytes:
    """The bytes of ``part``; none if there should be more than ``limit`` of them."""
    if part.length > limit:
        return b""
    file.seek(part.start)
    return file.read(max(0, part.length))


def item(file: BinaryIO, kind: bytes, content_type: bytes = b"") -> Part | None:
    """The first item of ``kind`` in a HEIF file (ISO 14496-12 §8.11), where it lies in one piece."""
    meta = box(file, b"meta")
    if meta is None:
        return None
    inside = {part.name: part for part in boxes(file, meta.start + 4, meta.end)}
    names, places = inside.get(b"iinf"), inside.get(b"iloc")
    if names is None or places is None:
        return None
    wanted = next((one for one, *rest in _infos(file, names) if rest == [kind, content_type]), None)
    for one, indirect, start, length in _locations(read(file, places)):
        if one == wanted:
            base = inside[b"idat"].start if indirect and b"idat" in inside else 0
            return Part(kind, base + start, length)
    return None


def _infos(file: BinaryIO, part: Part) -> Iterator[tuple[int, bytes, bytes]]:
    """Number, type and content type of each item (``infe``, version 2 and 3)."""
    file.seek(part.start)
    header = 4 + (4 if file.read(1) != b"\0" else 2)
    for entry in islice(boxes(file, part.start + header, part.end), MOST_PARTS):
        data = read(file, entry, limit=1 << 16)
        wide = 4 if data[:1] == b"\3" else 2
        kind, (_, content_type, *_) = data[6 + wide : 10 + wide], [*data[10 + wide :].split(b"\0"), b""]
        yield int.from_bytes(data[4 : 4 + wide], "big"), kind, content_type if kind == b"mime" else b""


def _locations(data: bytes) -> Iterator[tuple[int, bool, int, int]]:
    """Number of each item, whether it lies in ``idat``, start and length (``iloc``). Those in pieces are left out."""
    if len(data) < 8:
        return
    version, sizes = data[0], data[4:6]
    offset_size, length_size, base_size = sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4
    index_size = sizes[1] & 15 if version else 0
    at, wide = 6, 4 if version == 2 else 2

    def number(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(data[at - size : at], "big")

    for _ in range(min(number(wide), MOST_PARTS)):
        one, method = number(wide), number(2) & 15 if version else 0
        number(2)  # data reference: this file
        base, extents = number(base_size), number(2)
        pieces = [(number(index_size), number(offset_size), number(length_size)) for _ in range(min(extents, 64))]
        if len(pieces) == 1 and at <= len(data):
            yield one, method == 1, base + pieces[0][1], pieces[0][2]
