"""What cameras write into videos outside of the tags that FFmpeg knows."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from indexer.extract import containers

if TYPE_CHECKING:
    from typing import BinaryIO

_MDPM = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
"""The user data of AVCHD camcorders inside H.264 ("modified digital video pack metadata")."""
_DATE, _TIME, _MAKE = 0x18, 0x19, 0xE0
_MAKES = {0x0103: "Panasonic", 0x0108: "Sony", 0x1011: "Canon", 0x1104: "JVC"}

_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""The object "File Properties" of the Advanced Systems Format, section 3.2."""


_LARGEST_XML = 64 * 1024
_SONY_DATE = re.compile(rb'<CreationDate\s+value="([^"]{1,40})"')
_SONY_DEVICE = re.compile(rb'<Device\s+manufacturer="([^"]{1,80})"\s+modelName="([^"]{1,80})"')


class Record(NamedTuple):
    """What a camera notes about itself."""

    date: str | None = None
    """The wall clock, with the offset if the camera knows it: ``2008-12-31 23:16:24+01:00``."""
    make: str | None = None
    model: str | None = None


def avchd(packet: bytes) -> Record:
    """What an AVCHD camcorder puts into an H.264 ``packet`` with each key frame.

    By exiftool's H264.pm: entries of a tag and four bytes.
    """
    # H.264 puts a 3 behind two zeros wherever the data could look like the start of a unit.
    payload = packet.partition(_MDPM)[2][:512].replace(b"\0\0\x03", b"\0\0")
    count = payload[0] if payload else 0
    entries = {payload[at]: payload[at + 1 : at + 5] for at in range(1, min(1 + 5 * count, len(payload) - 4), 5)}
    make = _MAKES.get(int.from_bytes(entries.get(_MAKE, b"")[:2], "big"))
    if _DATE not in entries or _TIME not in entries:
        return Record(make=make)
    zone, *date = entries[_DATE]
    digits = [f"{byte:02x}" for byte in (*date, *entries[_TIME])]  # binary coded decimals
    return Record("{}{}-{}-{} {}:{}:{}".format(*digits) + _offset(zone), make)


def _offset(zone: int) -> str:
    """Of the byte before the date. Zero is how it is delivered, so it says nothing; the highest bit means unknown."""
    if not zone or zone & 0x80:
        return ""
    return f"{'-' if zone & 0x20 else '+'}{(zone >> 1) & 0x0F:02}:{'30' if zone & 1 else '00'}"


def asf_created(head: bytes) -> str | None:
    """The creation time in the first bytes of a WMV or ASF file, UTC: ``2003-06-16T07:57:23.000000Z``."""
    start = head.find(_ASF_PROPERTIES)
    if start < 0 or len(head) < start + 56:
        return None
    (ticks,) = struct.unpack_from("<Q", head, start + 48)  # of 100 ns since 1601
    try:
        moment = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if ticks else None


def sony(file: BinaryIO) -> Record:
    """The "non-real-time metadata" that Sony's cameras put into their MP4 (XAVC) as a small XML document."""
    if meta := containers.box(file, b"meta"):
        for part in containers.boxes(file, meta.start + 4, meta.end):
            if part.name == b"xml ":
                file.seek(part.start)
                return _sony(file.read(min(part.length, _LARGEST_XML)))
    return Record()


def _sony(document: bytes) -> Record:
    date, device = _SONY_DATE.search(document), _SONY_DEVICE.search(document)
    make, model = (word.decode(errors="replace") for word in device.groups()) if device else (None, None)
    return Record(date[1].decode(errors="replace") if date else None, make, model)
