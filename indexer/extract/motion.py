"""Motion photos: a still with a short video behind it, in one file or in two."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

from indexer.extract import containers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.extract.xmp import Xmp

LONGEST_HALF = 3100
"""Milliseconds: phones film three seconds around the shot, and not to the millisecond."""

_LARGEST_DIRECTORY = 0x10000


def locate(file: BinaryIO, size: int, xmp: Xmp | None) -> tuple[int, int] | None:
    """Where in the picture ``file`` of ``size`` bytes its MP4 lies: start and length in bytes. None: it has none."""
    ways = (_in_heif(file), _by_xmp(size, xmp), _in_samsung_trailer(file, size))
    for start, length in (place for way in ways for place in way):
        if 0 < start < start + length <= size and _begins_mp4(file, start):
            return start, length
    return None


def may_be_half(duration: int | None, content_id: str | None, still_content_id: str | None) -> bool:
    """Whether a video of ``duration`` milliseconds may be the moving half of the still beside it.

    Equal content identifiers say so, different ones deny it; without them it has to be short.
    """
    if content_id and still_content_id:
        return content_id == still_content_id
    return duration is not None and duration <= LONGEST_HALF


def _begins_mp4(file: BinaryIO, start: int) -> bool:
    file.seek(start + 4)
    return file.read(4) == b"ftyp"


def _in_heif(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """The box ``mpvd`` of HEIC and AVIF, by Samsung first and by Android's Motion Photo format 1.0 since."""
    if _begins_mp4(file, 0) and (found := containers.box(file, b"mpvd")):
        yield found.start, found.length


def _by_xmp(size: int, xmp: Xmp | None) -> Iterator[tuple[int, int]]:
    """Android's Motion Photo format 1.0, and Google's MicroVideo before it: both count from the end of the file."""
    if xmp is None:
        return
    after = 0
    for item in reversed(xmp.items):
        if item.semantic == "Primary":  # the picture itself, which comes first
            break
        after += item.length + item.padding
        if item.semantic == "MotionPhoto":
            yield size - after, item.length
    if xmp.motion_from_end:
        yield size - xmp.motion_from_end, xmp.motion_from_end


def _in_samsung_trailer(file: BinaryIO, size: int) -> Iterator[tuple[int, int]]:
    """Blocks with names, then a directory between SEFH and SEFT, by exiftool's Samsung.pm."""
    file.seek(max(0, size - 8))
    length, mark = struct.unpack("<I4s", file.read(8).rjust(8, b"\0"))
    start = size - 8 - length
    if mark != b"SEFT" or not 12 <= length < _LARGEST_DIRECTORY or start < 0:
        return
    file.seek(start)
    directory = file.read(length)
    count = int.from_bytes(directory[8:12], "little")
    if directory[:4] != b"SEFH" or 12 + 12 * count > len(directory):
        return
    for _kind, back, block in struct.iter_unpack("<III", directory[12 : 12 + 12 * count]):
        file.seek(max(0, start - back))
        header = file.read(64)
        name = header[8:][: int.from_bytes(header[4:8], "little")]
        if name == b"MotionPhoto_Data":
            yield start - back + 8 + len(name), block - 8 - len(name)
