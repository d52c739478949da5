"""IPTC-IIM: what agencies and older programs write into JPEG and TIFF files."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from indexer.extract import containers, photoshop, png, text, tiff

if TYPE_CHECKING:
    from collections.abc import Iterator

_PHOTOSHOP = b"Photoshop 3.0\0"
_UTF8 = b"\x1b%G"
_MOST_RECORDS = 5000
_MOST_SEGMENTS = 64
_LARGEST = 4 << 20


class Iptc(NamedTuple):
    """The records that matter here, as text."""

    date: str | None = None
    """Date created (2:55) as written: ``20230805``."""
    time: str | None = None
    """Time created (2:60) as written: ``140311+0200``."""
    title: str | None = None
    """Object name (2:05), else headline (2:105)."""
    caption: str | None = None
    """Caption (2:120)."""
    keywords: tuple[str, ...] = ()
    """2:25."""


def read(file: BinaryIO, form: str) -> Iptc:
    """The IPTC records of the picture ``file``, whose format is ``form``; an empty value where there are none."""
    found: dict[tuple[int, int], list[str]] = {}
    is_utf8 = False
    for record, number, data in _records(_block(file, form)):
        if (record, number) == (1, 90):
            is_utf8 = data.startswith(_UTF8)
        # Few programs declare UTF-8, but nothing else that people write is by chance valid UTF-8.
        found.setdefault((record, number), []).append(data.decode(errors="replace") if is_utf8 else tiff.decode(data))

    def first(*numbers: int) -> str | None:
        return next((found[2, number][0] for number in numbers if (2, number) in found), None)

    return Iptc(
        date=text.line(first(55)),
        time=text.line(first(60)),
        title=text.line(first(5, 105)),
        caption=text.paragraph(first(120)),
        keywords=text.names(found.get((2, 25), [])),
    )


def _block(file: BinaryIO, form: str) -> bytes:
    """The records, without what is around them."""
    if form == "jpeg":
        parts = (part for part in containers.jpeg(file) if part.name == b"\xed")
        blocks = (data for part in parts if (data := containers.read(file, part)).startswith(_PHOTOSHOP))
        joined = b"".join(data[len(_PHOTOSHOP) :] for data in islice(blocks, _MOST_SEGMENTS))
        return photoshop.find(joined, photoshop.IPTC)
    if form == "psd":
        return photoshop.resource(file, photoshop.IPTC)
    if form == "png":
        profile = png.profile(file, "iptc", "8bim")
        return photoshop.find(profile, photoshop.IPTC) or profile
    main = tiff.first(file)
    return main.data(0x83BB) or photoshop.find(main.data(0x8649, limit=_LARGEST), photoshop.IPTC) if main else b""


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Record, number and content of each data set (IIM 4.2, §1.5)."""
    at = 0
    for _ in range(_MOST_RECORDS):
        if len(data) < at + 5 or data[at] != 0x1C:
            return
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        if length & 0x8000:  # longer than 32 KB: so many bytes tell how long
            return
        yield data[at + 1], data[at + 2], data[at + 5 : at + 5 + length]
        at += 5 + length
