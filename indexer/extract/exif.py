"""What a camera wrote into a picture: EXIF."""

from __future__ import annotations

from typing import NamedTuple


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
    orientation: int = 1
    """1 to 8, as EXIF numbers them; 1 is upright."""
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
    """Minutes east of UTC from the tag TimeZoneOffset (0x882A), which a few cameras write."""
