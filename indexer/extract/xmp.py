"""XMP: what programs (and some cameras) write about a picture, inside it or in a sidecar file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from indexer.extract import camera, containers, photoshop, png, position, text, tiff
from indexer.extract.rdf import LARGEST, Properties

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMESPACES = {
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "GPano": "http://ns.google.com/photos/1.0/panorama/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
}

_IN_JPEG = b"http://ns.adobe.com/xap/1.0/\0"
_MORE_IN_JPEG = b"http://ns.adobe.com/xmp/extension/\0"
_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_COORDINATE = re.compile(r"(\d+)(?:,(\d+(?:\.\d+)?))?(?:,(\d+(?:\.\d+)?))?([NSEWnsew])", re.ASCII)


class Item(NamedTuple):
    """A part of a motion photo, from the XMP list ``Container:Directory``. The parts follow each other in the file."""

    mime: str
    semantic: str
    """``Primary``, ``MotionPhoto``, ``GainMap``, …"""
    length: int = 0
    """Bytes; 0 for the primary picture, which is what the others leave."""
    padding: int = 0
    """Bytes between this part and the next."""


class Xmp(NamedTuple):
    """The properties that matter here. Dates are as they were written, ISO 8601 in most files."""

    original: str | None = None
    """``exif:DateTimeOriginal``."""
    digitized: str | None = None
    """``exif:DateTimeDigitized``, else ``xmp:CreateDate``, which is the same by the Metadata Working Group."""
    created: str | None = None
    """``photoshop:DateCreated``."""
    modified: str | None = None
    """``xmp:ModifyDate``, else ``tiff:DateTime``."""
    latitude: float | None = None
    """Degrees, north positive; None with ``longitude`` where the position is no position."""
    longitude: float | None = None
    altitude: float | None = None
    """Metres above the sea."""
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    exposure_time: float | None = None
    """Seconds."""
    aperture: float | None = None
    iso: int | None = None
    focal_length: float | None = None
    """Millimetres."""
    focal_length_35mm: float | None = None
    flash: bool | None = None
    orientation: int | None = None
    """``tiff:Orientation``, 1 to 8."""
    title: str | None = None
    description: str | None = None
    rating: int | None = None
    """0 to 5; -1 for rejected."""
    label: str | None = None
    tags: tuple[str, ...] = ()
    """Leaf names, each once; of ``Places|France|Paris`` it is ``Paris``."""
    projection: str | None = None
    """``GPano:ProjectionType`` in lower case."""
    motion: bool = False
    """``GCamera:MotionPhoto`` or the older ``GCamera:MicroVideo`` is 1."""
    motion_from_end: int | None = None
    """``GCamera:MicroVideoOffset``: the video's first byte, counted back from the end of the file."""
    items: tuple[Item, ...] = ()
    """``Container:Directory``."""


def read(file: BinaryIO, form: str) -> Xmp:
    """The XMP of the picture or sidecar ``file``, whose format is ``form``; an empty value where there is none."""
    return parse(*packets(file, form))


def parse(*packets: bytes) -> Xmp:
    """What the packets say together, each of which is an XML document."""
    said = Properties(packets, _NAMESPACES)
    latitude, longitude = position.checked(
        _degrees(said.text("exif:GPSLatitude")), _degrees(said.text("exif:GPSLongitude"))
    )
    make = text.line(said.text("tiff:Make"))
    flash = [fields.get("exif:Fired", "").lower() for fields in said.structures("exif:Flash")]
    return Xmp(
        original=_date(said, "exif:DateTimeOriginal"),
        digitized=_date(said, "exif:DateTimeDigitized", "xmp:CreateDate"),
        created=_date(said, "photoshop:DateCreated"),
        modified=_date(said, "xmp:ModifyDate", "tiff:DateTime"),
        latitude=latitude,
        longitude=longitude,
        altitude=position.height(said.number("exif:GPSAltitude"), below=said.text("exif:GPSAltitudeRef") == "1"),
        make=make,
        model=camera.model_name(said.text("tiff:Model"), make),
        lens=camera.lens_name(said.text("exifEX:LensModel", "aux:Lens")),
        exposure_time=camera.positive(said.number("exif:ExposureTime")),
        aperture=camera.positive(said.number("exif:FNumber")),
        iso=camera.iso(said.number("exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings")),
        focal_length=camera.positive(said.number("exif:FocalLength")),
        focal_length_35mm=camera.positive(said.number("exif:FocalLengthIn35mmFilm")),
        flash=flash[0] == "true" if flash and flash[0] else None,
        orientation=_among(range(1, 9), said.number("tiff:Orientation")),
        title=text.line(said.text("dc:title", "photoshop:Headline")),
        description=camera.description(said.text("dc:description")),
        rating=_among(range(-1, 6), said.number("xmp:Rating")),
        label=text.line(said.text("xmp:Label")),
        tags=text.names(_tags(said)),
        projection=text.line((said.text("GPano:ProjectionType") or "").lower()),
        motion=1 in {said.number("GCamera:MotionPhoto"), said.number("GCamera:MicroVideo")},
        motion_from_end=_length(said.text("GCamera:MicroVideoOffset")),
        items=tuple(map(_item, said.structures("Container:Directory"))),
    )


def _date(said: Properties, *names: str) -> str | None:
    """A date as it was written, followed by its offset where programs repeat what EXIF has in a tag of its own."""
    date = text.line(said.text(*names))
    if date and names[0] == "exif:DateTimeOriginal" and re.search(r"\d\d:\d\d:\d\d(\.\d+)?$", date):
        date += said.text("exifEX:OffsetTimeOriginal", "exif:OffsetTimeOriginal") or ""
    return date


def _degrees(written: str | None) -> float | None:
    """``48,51.5N`` or ``48,51,30N`` by the specification; decimal degrees in fact, too."""
    if found := _COORDINATE.fullmatch(written or ""):
        return position.degrees([float(part or 0) for part in found.groups()[:3]], found[4])
    try:
        return float(written or "")
    except ValueError:
        return None


def _tags(said: Properties) -> Iterator[str]:
    yield from said.texts("dc:subject")
    for hierarchy, between in (("lr:hierarchicalSubject", "|"), ("digiKam:TagsList", "/")):
        yield from (path.rpartition(between)[2] for path in said.texts(hierarchy))


def _item(fields: dict[str, str]) -> Item:
    return Item(
        mime=fields.get("Item:Mime", ""),
        semantic=fields.get("Item:Semantic", ""),
        length=_length(fields.get("Item:Length")) or 0,
        padding=_length(fields.get("Item:Padding")) or 0,
    )


def _length(written: str | None) -> int | None:
    return int(written) if written and re.fullmatch(r"\d{1,15}", written, re.ASCII) else None


def _among(allowed: range, number: float | None) -> int | None:
    return int(number) if number is not None and number in allowed else None


def packets(file: BinaryIO, form: str) -> tuple[bytes, ...]:
    """The XMP documents in ``file``: one, or two where a JPEG continues what has no room in one segment."""
    if form in {"jpeg", "raf"}:
        return _in_jpeg(file, 0 if form == "jpeg" else containers.raf_preview(file))
    return tuple(filter(None, [_single(file, form)]))


def _single(file: BinaryIO, form: str) -> bytes:
    """The XMP of a picture that is no JPEG, or of a sidecar."""
    part = None
    if form == "xmp":
        file.seek(0)
        return file.read(LARGEST)
    if form == "png":
        return png.text(file, "XML:com.adobe.xmp") or png.profile(file, "xmp")
    if form == "psd":
        return photoshop.resource(file, photoshop.XMP)
    if form == "webp":
        part = next((part for part in containers.riff(file) if part.name == b"XMP "), None)
    elif form in {"heic", "avif"}:
        part = containers.item(file, b"mime", b"application/rdf+xml")
    elif form in {"cr3", "jp2", "jxl"}:
        part = containers.box(file, b"xml " if form == "jxl" else _BOX)
    else:
        main = tiff.first(file)
        return main.data(0x2BC, limit=LARGEST) if main else b""
    return containers.read(file, part, limit=LARGEST) if part else b""


def _in_jpeg(file: BinaryIO, start: int) -> tuple[bytes, ...]:
    main, more = b"", dict[bytes, list[tuple[int, bytes]]]()
    for part in containers.jpeg(file, start):
        if part.name != b"\xe1":
            continue
        data = containers.read(file, part)
        if data.startswith(_IN_JPEG) and not main:
            main = data[len(_IN_JPEG) :]
        elif data.startswith(_MORE_IN_JPEG):  # an identifier of 32 letters, the whole length, the place of this part
            rest = data[len(_MORE_IN_JPEG) :]
            if int.from_bytes(rest[32:36], "big") <= LARGEST:
                more.setdefault(rest[:32], []).append((int.from_bytes(rest[36:40], "big"), rest[40:]))
    wanted = (Properties((main,), _NAMESPACES).text("xmpNote:HasExtendedXMP") or "").encode() if more else b""
    extended = b"".join(data for _, data in sorted(more.get(wanted, [])))
    return tuple(filter(None, (main, extended)))
