"""Photoshop's image resources, which programs also put into JPEG and TIFF ("Adobe Photoshop File Formats")."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

IPTC, EXIF, XMP = 1028, 1058, 1060
_LARGEST = 4 << 20


def resource(file: BinaryIO, number: int) -> bytes:
    """The resource ``number`` of a PSD file; empty if it has none."""
    file.seek(26)
    file.seek(26 + 4 + int.from_bytes(file.read(4), "big"))  # past the palette
    length = int.from_bytes(file.read(4), "big")
    return find(file.read(min(length, _LARGEST)), number)


def find(data: bytes, number: int) -> bytes:
    """The resource ``number`` in ``data``, a sequence of resources; empty if it has none."""
    return next((found for one, found in _resources(data) if one == number), b"")


def _resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while data[at : at + 4] in {b"8BIM", b"PHUT", b"DCSR", b"AgHg", b"MeSa"}:
        number = int.from_bytes(data[at + 4 : at + 6], "big")
        at += 6
        at += (len(data[at : at + 1]) and data[at]) + 1  # a name with its length
        at += at % 2
        length = int.from_bytes(data[at : at + 4], "big")
        yield number, data[at + 4 : at + 4 + length]
        at += 4 + length + length % 2
