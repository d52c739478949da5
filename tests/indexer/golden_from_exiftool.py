"""Rows for ``golden.toml`` from what exiftool says: ``python -m tests.indexer.golden_from_exiftool KIT PATH…``.

Nothing here is ours: tags are looked up in the order of our rules, and that is all. What exiftool cannot know (town and
time zone of a position) is added by hand, and where our rules differ from the tags the row is changed by hand and says
why in ``note``.
"""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.components.kits import kit
from tests.indexer.clips import exiftool

if TYPE_CHECKING:
    from collections.abc import Iterator

RAW = "ARW CR2 CR3 CRW DNG IIQ MRW NEF PEF RAF RW2 X3F".split()
VIDEO = {"MOV": "mov", "MP4": "mp4", "AVI": "avi", "MKV": "mkv", "M2TS": "mts", "WMV": "wmv", "FLV": "flv"}
FORMATS = {
    "JPEG": ("image", "jpeg"),
    "PNG": ("image", "png"),
    "WEBP": ("image", "webp"),
    "Extended WEBP": ("image", "webp"),
    "TIFF": ("image", "tiff"),
    "HEIC": ("image", "heic"),
    "HEIF": ("image", "heic"),
    "AVIF": ("image", "avif"),
    "PSD": ("image", "psd"),
    "MPO": ("image", "jpeg"),
    "XMP": ("sidecar", "xmp"),
    **{name: ("raw", name.lower()) for name in RAW},
    **{name: ("video", form) for name, form in VIDEO.items()},
}
DATES = [  # rule, tag, tag of its fraction
    ("original", "ExifIFD:DateTimeOriginal", "ExifIFD:SubSecTimeOriginal"),
    ("original", "IFD0:DateTimeOriginal", ""),
    ("original", "H264:DateTimeOriginal", ""),
    ("original", "RIFF:DateTimeOriginal", ""),
    ("original", "XMP-exif:DateTimeOriginal", ""),
    ("digitized", "ExifIFD:CreateDate", "ExifIFD:SubSecTimeDigitized"),
    ("digitized", "XMP-exif:DateTimeDigitized", ""),
    ("digitized", "XMP-xmp:CreateDate", ""),
    ("created", "IPTC:DateCreated", ""),
    ("created", "XMP-photoshop:DateCreated", ""),
    ("quicktime", "Keys:CreationDate", ""),
    ("container", "QuickTime:CreateDate", ""),
    ("container", "Matroska:DateTimeOriginal", ""),
    ("container", "ASF:CreationDate", ""),
    ("gps", "Composite:GPSDateTime", ""),
    ("modified", "IFD0:ModifyDate", "ExifIFD:SubSecTime"),
    ("modified", "XMP-xmp:ModifyDate", ""),
]
EXPOSURES = ["ExifIFD:ExposureTime", "IFD0:ExposureTime", "ExifIFD:ShutterSpeedValue", "XMP-exif:ExposureTime"]
APERTURES = ["ExifIFD:FNumber", "IFD0:FNumber", "ExifIFD:ApertureValue", "XMP-exif:FNumber"]
TEXTS = ["XMP-dc:Description", "IPTC:Caption-Abstract", "IFD0:ImageDescription", "IFD0:XPComment"]
SERVER = ZoneInfo("America/New_York")
"""The zone of the server in the test: where an instant is known and no place."""
OFFSETS = [
    ("original", "ExifIFD:OffsetTimeOriginal"),
    ("digitized", "ExifIFD:OffsetTimeDigitized"),
    ("modified", "ExifIFD:OffsetTime"),
]


def row(name: str, path: str) -> dict[str, Any]:
    """One file's row."""
    told = exiftool(kit(name) / path, "-charset", "iptc=UTF8")

    def first(*tags: str) -> Any:
        return next((told[tag] for tag in tags if told.get(tag) not in (None, "", "undef", "inf")), None)

    kind, form = FORMATS[told["File:FileType"]]
    make = _line(first("IFD0:Make", "XMP-tiff:Make", "Keys:Make", "CanonRaw:Make"))
    flash = first("ExifIFD:Flash")
    position = first("Composite:GPSLatitude"), first("Composite:GPSLongitude")
    found = {
        "kit": name,
        "path": path,
        "kind": kind,
        "format": form,
        "size": _size(told, kind),
        "duration": first("QuickTime:Duration", "Matroska:Duration", "ASF:Duration", "Composite:Duration"),
        "make": make,
        "model": _model(_line(first("IFD0:Model", "XMP-tiff:Model", "Keys:Model", "CanonRaw:Model")), make or ""),
        "lens": _line(first("ExifIFD:LensModel", "IFD0:LensModel", "XMP-exifEX:LensModel", "XMP-aux:Lens")),
        "exposure_time": first(*EXPOSURES) or None,
        "aperture": first(*APERTURES) or None,
        "iso": first("ExifIFD:ISO", "IFD0:ISO", "PanasonicRaw:ISO", "XMP-exif:ISO") or None,
        "focal_length": first("ExifIFD:FocalLength", "IFD0:FocalLength", "XMP-exif:FocalLength") or None,
        "focal_length_35mm": first("ExifIFD:FocalLengthIn35mmFormat", "XMP-exif:FocalLengthIn35mmFormat") or None,
        "flash": first("XMP-exif:FlashFired") if flash is None else bool(int(flash) & 1),
        **dict(_date(told)),
        "latitude": position[0] if position[1] is not None else None,
        "longitude": position[1] if position[0] is not None else None,
        "altitude": first("Composite:GPSAltitude"),
        "title": _line(
            first("XMP-dc:Title", "XMP-photoshop:Headline", "IPTC:ObjectName", "IPTC:Headline", "IFD0:XPTitle")
        ),
        "description": next((words for tag in TEXTS if (words := str(told.get(tag, "")).strip())), None),
        "rating": first("XMP-xmp:Rating", "IFD0:Rating"),
        "tags": list(_tags(told)) or None,
        "content_id": first("Apple:MediaGroupUUID", "Keys:ContentIdentifier"),
        "projection": (first("XMP-GPano:ProjectionType") or "").lower() or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _line(value: object) -> str | None:
    return " ".join(str(value).split()) or None if value is not None else None


def _model(model: str | None, make: str) -> str | None:
    """A model without the words of its maker before it."""
    words = (model or "").split()
    while len(words) > 1 and words[0].lower() in re.findall(r"\w+", make.lower()):
        words.pop(0)
    return " ".join(words) or None


def _size(told: dict[str, Any], kind: str) -> list[int] | None:
    """Upright: a HEIF is turned by its own property, everything else by EXIF or the track."""
    if kind == "sidecar" or "Composite:ImageSize" not in told:
        return None
    size = [int(part) for part in str(told["Composite:ImageSize"]).split()]
    is_heif = told["File:FileType"] in {"HEIC", "HEIF", "AVIF"}
    turn = told.get("QuickTime:Rotation", told.get("Composite:Rotation", 0)) if is_heif or kind == "video" else 0
    orientation = told.get("IFD0:Orientation", told.get("XMP-tiff:Orientation", 1))
    sideways = turn in {90, 270} or (not is_heif and kind != "video" and orientation in {5, 6, 7, 8})
    return size[::-1] if sideways else size


def _date(told: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Wall clock, offset and their rules. A zero is no date."""
    for rule, tag, fraction in DATES:
        written = str(told.get(tag, ""))
        if tag == "IPTC:DateCreated" and "IPTC:TimeCreated" in told:
            written += " " + str(told["IPTC:TimeCreated"])
        parts = re.match(
            r"(\d{4}):(\d\d):(\d\d)(?: (\d\d):(\d\d)(?::(\d\d))?(\.\d+)?)?(?:GMT)?(Z|[-+]\d\d:\d\d)?", written
        )
        if parts is None or parts[1] == "0000":
            continue
        digits = (parts[7] or "").strip(".") or str(told.get(fraction, "")).strip()
        clock = [int(part or 0) for part in parts.groups()[:6]]
        yield "taken", datetime(*clock, int(digits[:6].ljust(6, "0")))
        yield "rule", rule
        if rule == "container":
            local = datetime(*clock, tzinfo=UTC).astimezone(SERVER)
            yield "taken", local.replace(tzinfo=None)
            yield "offset", local.isoformat()[-6:]
            yield "offset_rule", "assumed"
        elif parts[8]:
            yield "offset", parts[8].replace("Z", "+00:00")
            yield "offset_rule", "stamp"
        else:
            yield from _offset(told)
        return


def _offset(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The offset of a date that has none. Nikon's own does not contain daylight saving, Canon's does."""
    minutes = told.get("Canon:TimeZone", told.get("Nikon:TimeZone"))
    if told.get("Canon:TimeZoneCity") == 32766:  # not set
        minutes = None
    if minutes is not None:
        minutes += 60 * ("Nikon:TimeZone" in told and told.get("Nikon:DaylightSavings", 0))
    for rule, tag in OFFSETS:
        if rule == "modified" and minutes is not None:
            yield "offset", f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
            yield "offset_rule", "maker"
            return
        if str(told.get(tag, "")).strip(" :"):
            yield "offset", str(told[tag]).replace("Z", "+00:00")
            yield "offset_rule", rule
            return


def _tags(told: dict[str, Any]) -> Iterator[str]:
    seen = set[str]()
    for tag, between in (
        ("XMP-dc:Subject", None),
        ("XMP-lr:HierarchicalSubject", "|"),
        ("XMP-digiKam:TagsList", "/"),
        ("IPTC:Keywords", None),
        ("IFD0:XPKeywords", None),
    ):
        values = told.get(tag, [])
        values = values if isinstance(values, list) else str(values).split(";")
        for value in values:
            name = _line(str(value).rpartition(between)[2] if between else value)
            if name and name not in seen:
                seen.add(name)
                yield name


def as_toml(values: dict[str, Any]) -> str:
    """A table of an array of tables."""
    return "\n".join(["[[file]]", *(f"{key} = {_value(value)}" for key, value in values.items())]) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    if isinstance(value, datetime):
        return value.isoformat(timespec="auto")
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "\\n")
        return f'"{escaped}"'
    return str(value)


if __name__ == "__main__":
    for argument in sys.argv[2:]:
        print(as_toml(row(sys.argv[1], argument)))  # noqa: T201 - a command for people
