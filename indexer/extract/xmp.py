"""XMP: what programs (and some cameras) write about a picture, inside it or in a sidecar file."""

from __future__ import annotations

from typing import NamedTuple


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
