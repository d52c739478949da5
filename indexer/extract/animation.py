"""How many frames an animated picture has and how long it runs, from its index alone: no frame is decoded."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from indexer.extract import containers

if TYPE_CHECKING:
    from collections.abc import Iterator


class Animation(NamedTuple):
    """The frames of a picture that moves."""

    frames: int = 1
    duration: int | None = None
    """Milliseconds of one round; None for a picture that does not move."""


_SHORTEST, _BROWSERS = 10, 100
"""Browsers show a frame that wants 10 ms or less for 100 ms."""


def measure(file: BinaryIO, form: str) -> Animation:
    """The frames of a GIF, WebP, PNG or AVIF; one frame where it does not move, or the index is broken."""
    walk = {"gif": _gif, "webp": _webp, "png": _png}.get(form)
    if walk:
        file.seek(0)
        found = list(walk(file.read()))
        if len(found) > 1:
            return Animation(len(found), sum(delay if delay > _SHORTEST else _BROWSERS for delay in found))
    return _avif(file) if form == "avif" else Animation()


def _gif(data: bytes) -> Iterator[int]:
    """The delay of each frame in milliseconds (GIF89a, §20 to §23)."""
    if len(data) < 13:
        return
    at, delay = 13 + _colours(data[10]), 0
    while at + 10 < len(data) and data[at] in b"!,":
        if data[at] == 0x2C:
            yield delay
            delay = 0
            at += 11 + _colours(data[at + 9])
        else:
            if data[at + 1] == 0xF9:
                delay = 10 * int.from_bytes(data[at + 4 : at + 6], "little")
            at += 2
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1


def _colours(flags: int) -> int:
    """Bytes of a table of colours."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _webp(data: bytes) -> Iterator[int]:
    for name, start in _chunks(data, 12, "<4sI"):
        if name == b"ANMF":
            yield int.from_bytes(data[start + 12 : start + 15], "little")


def _png(data: bytes) -> Iterator[int]:
    """By the chunks ``fcTL`` (PNG, third edition, §11.3.6)."""
    for name, start in _chunks(data, 8, ">I4s"):
        if name == b"fcTL" and start + 24 <= len(data):
            parts, whole = struct.unpack_from(">HH", data, start + 20)
            yield round(1000 * parts / (whole or 100))


def _chunks(data: bytes, at: int, head: str) -> Iterator[tuple[bytes, int]]:
    """Name and first byte of each chunk of a RIFF file or a PNG."""
    while at + 8 <= len(data):
        one, other = struct.unpack_from(head, data, at)
        name, length = (one, other) if isinstance(one, bytes) else (other, one)
        yield name, at + 8
        at += 8 + length + (4 if head.startswith(">") else length % 2)


def _avif(file: BinaryIO) -> Animation:
    """By the first track's own time and its list of samples (ISO 14496-12 §8.4.2 and §8.7.3)."""
    track = containers.box(file, b"moov", b"trak", b"mdia")
    if track is None:
        return Animation()
    head = containers.box(file, b"mdhd", start=track.start, end=track.end)
    sizes = containers.box(file, b"minf", b"stbl", b"stsz", start=track.start, end=track.end)
    if head is None or sizes is None:
        return Animation()
    file.seek(head.start)
    data = file.read(36)
    rate, length = struct.unpack_from(">IQ", data, 20) if data[:1] == b"\1" else struct.unpack_from(">II", data, 12)
    file.seek(sizes.start + 8)
    frames = int.from_bytes(file.read(4), "big")
    return Animation(frames, round(1000 * length / rate)) if frames > 1 and rate else Animation()
