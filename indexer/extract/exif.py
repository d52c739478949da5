"""What a camera wrote into a picture: EXIF."""

from __future__ import annotations

import io
import math
import re
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from indexer.extract import camera, containers, makers, photoshop, png, position, text, tiff

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from indexer.extract.tiff import Directory

_PREFIX = b"Exif\0\0"
"""What stands before the TIFF header in a JPEG."""
_LARGEST = 1 << 20
_CANON_BOX = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")


class Exif(NamedTuple):
    """The EXIF tags that matter here. Dates are as they were written: judging them is another module's work."""

    make: str | None = None
    model: str | None = None
    """Without the maker's name, where the camera repeats it."""
    lens: str | None = None
    exposure_time: float | None = None
    """Seconds."""
    aperture: float | None = None
    """The f-number."""
    iso: int | None = None
    focal_length: float | None = None
    """Millimetres."""
    focal_length_35mm: float | None = None
    flash: bool | None = None
    """Whether it fired."""
    orientation: int | None = None
    """1 to 8, as the standard numbers them; 1 is upright."""
    latitude: float | None = None
    """Degrees, north positive; None with ``longitude`` where the position is no position."""
    longitude: float | None = None
    """Degrees, east positive."""
    altitude: float | None = None
    """Metres above the sea."""
    title: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    rating: int | None = None
    content_id: str | None = None
    """Apple's ContentIdentifier, which a live photo shares with its video."""
    original: str | None = None
    """DateTimeOriginal as written: ``2023:08:05 14:03:11`` in most files."""
    original_subsec: str | None = None
    """SubSecTimeOriginal: the digits after the decimal point."""
    original_offset: str | None = None
    """OffsetTimeOriginal: ``+02:00``."""
    digitized: str | None = None
    """DateTimeDigitized."""
    digitized_subsec: str | None = None
    digitized_offset: str | None = None
    modified: str | None = None
    """DateTime: the last change inside the file."""
    modified_subsec: str | None = None
    modified_offset: str | None = None
    gps_date: str | None = None
    """GPSDateStamp, UTC: ``2023:08:05``."""
    gps_time: str | None = None
    """GPSTimeStamp, UTC: ``12:03:11`` or with decimals ``12:03:11.25``."""
    maker_offset: int | None = None
    """Minutes east of UTC that the camera was set to: the tag TimeZoneOffset, or the note of a Canon or Nikon."""


class _Directories(NamedTuple):
    main: Directory
    shot: Directory
    """The one that the standard calls "Exif IFD"; TIFF/EP, and so some RAW formats, have its tags in ``main``."""
    gps: Directory | None


def read(file: BinaryIO, form: str) -> Exif:
    """The EXIF of the picture ``file``, whose format is ``form``; an empty one where there is none.

    The second directory, which describes the thumbnail, is not looked at.
    """
    found = _directories(file, form)
    if found is None:
        return Exif()
    main, shot, gps = found
    exif = _camera(main, shot)._replace(
        orientation=_among(range(1, 9), main.number(0x112)),
        title=text.line(_utf16(main, 0x9C9B)),
        description=camera.description(main.text(0x10E)) or camera.description(_utf16(main, 0x9C9C)),
        tags=text.names((_utf16(main, 0x9C9E) or "").split(";")),
        rating=_among(range(6), main.number(0x4746)),
        content_id=text.line(makers.content_id(shot)),
        original=text.line(shot.text(0x9003)),
        original_subsec=text.line(shot.text(0x9291)),
        original_offset=text.line(shot.text(0x9011)),
        digitized=text.line(shot.text(0x9004)),
        digitized_subsec=text.line(shot.text(0x9292)),
        digitized_offset=text.line(shot.text(0x9012)),
        modified=text.line(main.text(0x132)),
        modified_subsec=text.line(shot.text(0x9290)),
        modified_offset=text.line(shot.text(0x9010)),
        maker_offset=_maker_offset(main, shot),
    )
    return _with_gps(exif, gps) if gps else exif


def _directories(file: BinaryIO, form: str) -> _Directories | None:
    if form == "cr3":
        return _canon(file)
    main = next(filter(None, (tiff.first(source, base) for source, base in _headers(file, form))), None)
    if main is None:
        return None
    return _Directories(main, main.below(0x8769) or main, main.below(0x8825))


def _headers(file: BinaryIO, form: str) -> Iterator[tuple[BinaryIO, int]]:
    """Where a TIFF header with EXIF behind it may be."""
    if form == "jpeg":
        yield _in_jpeg(file, 0), 0
    elif form == "raf":
        yield _in_jpeg(file, containers.raf_preview(file)), 0
    elif form == "png":
        yield from ((file, part.start) for part in containers.png(file) if part.name == b"eXIf")
        yield io.BytesIO(png.profile(file, "exif", "APP1")), len(_PREFIX)
    elif form == "webp":  # the prefix of JPEG is not in the specification, but in files
        starts = (part.start for part in containers.riff(file) if part.name == b"EXIF")
        yield from ((file, start + len(_PREFIX) * (_bytes(file, start, 6) == _PREFIX)) for start in starts)
    elif form in {"heic", "avif"}:
        part = containers.item(file, b"Exif")
        yield from _behind_its_length(file, [part] if part else [])
    elif form == "jxl":
        yield from _behind_its_length(file, (part for part in containers.boxes(file) if part.name == b"Exif"))
    elif form == "mrw":
        yield from ((file, part.start) for part in containers.minolta(file) if part.name == b"\0TTW")
    elif form == "psd":
        yield io.BytesIO(photoshop.resource(file, photoshop.EXIF)), 0
    else:
        yield file, 0


def _in_jpeg(file: BinaryIO, start: int) -> BinaryIO:
    """What the segments together hold: one has room for 64 KB, and what is longer goes on in the next one."""
    found = b""
    for part in containers.jpeg(file, start):
        if part.name == b"\xe1" and _bytes(file, part.start, 6) == _PREFIX:
            data = containers.read(file, part)[len(_PREFIX) :]
            if found and (data[:4] in {b"II*\0", b"MM\0*"} or len(found) > _LARGEST):
                break
            found += data
    return io.BytesIO(found)


def _behind_its_length(file: BinaryIO, parts: Iterable[containers.Part]) -> Iterator[tuple[BinaryIO, int]]:
    """HEIF and JPEG XL: four bytes tell how many follow before the TIFF header."""
    for part in parts:
        yield file, part.start + 4 + int.from_bytes(_bytes(file, part.start, 4), "big")


def _canon(file: BinaryIO) -> _Directories | None:
    """CR3: each directory is a TIFF of its own, in a box of Canon's."""
    home = containers.box(file, b"moov", _CANON_BOX)
    if home is None:
        return None
    found = {part.name: tiff.first(file, part.start) for part in containers.boxes(file, home.start, home.end)}
    main = found.get(b"CMT1")
    return _Directories(main, found.get(b"CMT2") or main, found.get(b"CMT4")) if main else None


def _camera(main: Directory, shot: Directory) -> Exif:
    make = text.line(main.text(0x10F))
    flash = shot.number(0x9209)
    return Exif(
        make=make,
        model=camera.model_name(main.text(0x110), make),
        lens=camera.lens_name(shot.text(0xA434)),
        exposure_time=camera.positive(shot.number(0x829A)) or camera.shutter(shot.number(0x9201)),
        aperture=camera.positive(shot.number(0x829D)) or camera.f_number(shot.number(0x9202)),
        iso=camera.iso(*map(shot.number, (0x8827, 0x8833, 0x8832, 0x8831)), main.number(0x17)),
        focal_length=camera.positive(shot.number(0x920A)),
        focal_length_35mm=camera.positive(shot.number(0xA405)),
        flash=None if flash is None else bool(int(flash) & 1),
    )


def _with_gps(exif: Exif, gps: Directory) -> Exif:
    latitude, longitude = position.checked(
        position.degrees(_sexagesimal(gps, 2), gps.text(1) or ""),
        position.degrees(_sexagesimal(gps, 4), gps.text(3) or ""),
    )
    clock = [part for part in _sexagesimal(gps, 7) if math.isfinite(part)]
    return exif._replace(
        latitude=latitude,
        longitude=longitude,
        altitude=position.height(gps.number(6), below=gps.number(5) in {1, 3}),
        gps_date=text.line(gps.text(0x1D)),
        gps_time="{:02.0f}:{:02.0f}:{:06.3f}".format(*clock) if len(clock) == 3 else None,
    )


def _sexagesimal(gps: Directory, tag: int) -> tuple[float, ...]:
    """Degrees or hours, minutes, seconds. A phone wrote text with decimal commas: ``52,00000,50,00000,34,01180``."""
    words = re.findall(r"\d{1,9}", gps.text(tag) or "")
    if len(words) == 6:
        return tuple(float(".".join(words[at : at + 2])) for at in (0, 2, 4))
    return gps.numbers(tag)


def _maker_offset(main: Directory, shot: Directory) -> int | None:
    hours = shot.number(0x882A)
    return makers.offset(shot, main.text(0x10F)) if hours is None else int(hours) * 60


def _among(allowed: range, number: float | None) -> int | None:
    return int(number) if number is not None and number in allowed else None


def _utf16(directory: Directory, tag: int) -> str | None:
    """A tag of Windows."""
    return directory.data(tag).decode("utf-16-le", "ignore").partition("\0")[0]


def _bytes(file: BinaryIO, start: int, length: int) -> bytes:
    file.seek(start)
    return file.read(length)
