"""Positions as videos write them: ISO 6709, ``+44.8500+034.9800+012.500/``."""

from __future__ import annotations

import re
from typing import NamedTuple

from indexer.extract import position

_FORM = re.compile(r"\s*([+-]\d{1,7}(?:\.\d*)?)([+-]\d{1,7}(?:\.\d*)?)([+-]\d{1,7}(?:\.\d*)?)?", re.ASCII)


class Point(NamedTuple):
    """Degrees, north and east positive, and metres above the sea."""

    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None


def parse(text: str | None) -> Point:
    """Degrees, degrees and minutes, or degrees, minutes and seconds; what stands behind is ignored, a reference system
    or the name of a place. Nothing is filled in where it is no position."""
    found = _FORM.match(text or "")
    if not found:
        return Point()
    north, east, above = found.groups()
    latitude, longitude = position.checked(_degrees(north, 2), _degrees(east, 3))
    if latitude is None or above is None:
        return Point(latitude, longitude)
    return Point(latitude, longitude, position.height(float(above), below=above.startswith("-")))


def _degrees(text: str, digits: int) -> float | None:
    """``digits`` of degrees, then two of minutes and two of seconds if there are more; the last has the decimals."""
    whole, dot, decimals = text[1:].partition(".")
    parts = [part for part in (whole[:digits], whole[digits : digits + 2], whole[digits + 2 :]) if part]
    parts[-1] += dot + decimals
    return position.degrees([float(part) for part in parts], "S" if text[0] == "-" else "N")
