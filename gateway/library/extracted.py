"""What is known of a blob from its own bytes. The indexer makes it; the library stores it and makes photos of it.

Lengths in pixels, times in integer microseconds, durations in milliseconds, angles in degrees.
"""

from __future__ import annotations

from typing import NamedTuple


class Moment(NamedTuple):
    """When a photograph was taken, and how that is known."""

    rule: str
    """The rule that gave the date, one of :data:`gateway.library.dating.DATE_RULES`."""
    wall: int
    """What the clock on the wall showed: microseconds since 1970-01-01 00:00 on that same clock."""
    offset: int | None = None
    """Minutes east of UTC; None when unknown, which is not UTC."""
    zone: str | None = None
    """IANA name of the time zone, where the position gives it."""
    offset_rule: str | None = None
    """The rule that gave the offset, one of :data:`gateway.library.dating.OFFSET_RULES`."""


class Place(NamedTuple):
    """The nearest town of GeoNames."""

    id: int
    """GeoNames id."""
    town: str
    region: str
    country: str
    country_code: str


class Extracted(NamedTuple):
    """What the indexer found in one blob."""

    kind: str
    """``image``, ``raw``, ``video``, ``sidecar`` (XMP), or ``other``: nothing that a gallery shows."""
    format: str
    """Lower-case name of the format: jpeg, png, heic, dng, mov, …"""
    width: int = 0
    """Upright, as it is shown; 0 when unknown."""
    height: int = 0
    duration: int | None = None
    """Of videos and animated pictures."""
    frames: int = 1
    video_codec: str | None = None
    audio_codec: str | None = None
    date: Moment | None = None
    """The best date inside the file; the file's name and times are not judged here."""
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    """Metres above the sea."""
    place: Place | None = None
    make: str | None = None
    model: str | None = None
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
    title: str | None = None
    description: str | None = None
    rating: int | None = None
    """0 to 5; -1 for rejected (XMP)."""
    tags: tuple[str, ...] = ()
    content_id: str | None = None
    """What the two halves of a live photo share (Apple's ContentIdentifier)."""
    motion: tuple[int, int] | None = None
    """Where in the file the video of a motion photo lies: start and length in bytes."""
    projection: str | None = None
    """``equirectangular`` for a picture of the whole sphere."""
    thumbhash: bytes | None = None
    phash: int | None = None
    """Perceptual hash, 64 bits as a signed integer: near pictures differ in few bits."""


class Rendition(NamedTuple):
    """A derived picture, upright, in sRGB, without metadata."""

    name: str
    """``240``, ``480`` (pixels high, at most 3:1 wide) or ``2048`` (the longer edge)."""
    width: int
    height: int
    data: bytes
    """WebP."""
