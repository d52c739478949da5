"""What somebody wants to see: filters and an order, read from an address and written back as the one that people keep.

Given twice, a name means any of its values; different names mean all of them; ``name.not`` means none of its values,
``name.all`` every one; ``folder.only`` leaves out what is below a folder. Days are those of a photo's own wall clock,
the last one included; ``2023`` and ``2023-08`` mean the whole of it.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.errors import BadName, BadRequest
from gateway.library import names, search

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_EPOCH = date(1970, 1, 1)
_MOST_VALUES = 100
_LONGEST = 500
_UNACCEPTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class How(StrEnum):
    """How the values of a filter are meant."""

    ANY = ""
    ALL = "all"
    NOT = "not"
    ONLY = "only"
    """Of a folder: what is in it itself, and not what is below it."""


class Sort(StrEnum):
    """In which order photos are shown. In those without days they come in parts of 500, counted from the first one."""

    NEWEST = "-taken"
    OLDEST = "taken"
    LAST_ADDED = "-added"
    FIRST_ADDED = "added"
    NAME = "name"
    NAME_DOWN = "-name"
    SMALLEST = "size"
    LARGEST = "-size"

    @property
    def subject(self) -> str:
        """What is compared: ``taken``, ``added``, ``name`` or ``size``."""
        return self.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        """Whether the largest comes first."""
        return self.startswith("-")

    @property
    def is_dated(self) -> bool:
        """Whether there are days: of the taking, or of the arrival (UTC)."""
        return self.subject in ("taken", "added")


@dataclass(frozen=True, slots=True)
class Days:
    """From the first day to the last, both included, in days from 1970-01-01."""

    first: int
    last: int

    def __str__(self) -> str:
        """``2023``, ``2023-08`` or ``2023-08-15``."""
        start, end = _EPOCH + timedelta(days=self.first), _EPOCH + timedelta(days=self.last)
        if start == end:
            return start.isoformat()
        return start.isoformat()[: 7 if start.month == end.month else 4]


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from the lowest to the highest, both included; None is no bound."""

    low: float | None
    high: float | None

    def __str__(self) -> str:
        """``100``, ``100-800``, ``100-`` or ``-800``."""
        if self.low == self.high:
            return _short(self.low)
        return f"{_short(self.low)}-{_short(self.high)}"


@dataclass(frozen=True, slots=True)
class Near:
    """Everything within so many kilometres of a position in degrees."""

    latitude: float
    longitude: float
    km: float

    def __str__(self) -> str:
        """``52.52,13.4,5``."""
        return ",".join(map(_short, (self.latitude, self.longitude, self.km)))


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the map, in degrees. Its west may be east of its east: then it lies across the date line."""

    west: float
    south: float
    east: float
    north: float

    def __str__(self) -> str:
        """``13.1,52.3,13.8,52.7``: the order of a bounding box in GeoJSON (RFC 7946 §5)."""
        return ",".join(map(_short, (self.west, self.south, self.east, self.north)))


Value = str | Days | Range | Near | Box | search.Term


@dataclass(frozen=True, slots=True)
class Filter:
    """One name of an address, with its values in the order of their texts."""

    name: str
    how: How
    values: tuple[Value, ...]

    @property
    def key(self) -> str:
        """Its name in an address: ``town``, ``town.not``."""
        return f"{self.name}.{self.how}" if self.how else self.name


@dataclass(frozen=True, slots=True)
class Query:
    """What a view shows, and in which order."""

    filters: tuple[Filter, ...] = ()
    """In the order of their names in :data:`NAMES`, each name with each meaning at most once."""
    sort: Sort = Sort.NEWEST

    @classmethod
    def parse(cls, texts: Mapping[str, Sequence[str]]) -> Query:
        """Read an address's names and values; empty values ask for nothing, as an empty field of a form.

        Raises BadRequest, which names the filter that is wrong and says what would be right.
        """
        if sum(map(len, texts.values())) > _MOST_VALUES:
            raise BadRequest(f"An address can hold {_MOST_VALUES} filters at most.")
        filters: list[Filter] = []
        sort = Sort.NEWEST
        for key, given in texts.items():
            name, dot, how = key.partition(".")
            is_known = name in _READERS and (not dot or how in MEANINGS.get(name, ("not", "all")))
            if not is_known:
                raise BadRequest(f"There is no filter “{key[:50]}”. Filters are: {', '.join(NAMES)}.")
            values = [value for text in given if (value := _read(key, text)) is not None]
            if name == "q" and len(values) > _MOST_Q:  # each may have fifty words, and each word costs
                raise BadRequest(f"“q” can be given {_MOST_Q} times at most.")
            if len(values) > 1 and name in ONCE:
                raise BadRequest(f"“{name}” can be given only once.")
            if name == "sort":
                sort = Sort(str(values[0])) if values else sort
            elif values:
                filters.append(Filter(name, How(how), tuple(sorted(set(values), key=str))))
        return cls(tuple(sorted(filters, key=lambda one: (NAMES.index(one.name), one.how))), sort)

    @property
    def texts(self) -> dict[str, list[str]]:
        """What :meth:`parse` takes, in the order of the address that people keep."""
        texts = {one.key: [str(value) for value in one.values] for one in self.filters}
        return texts if self.sort is Sort.NEWEST else {**texts, "sort": [self.sort.value]}

    @property
    def address(self) -> str:
        """The part of an address behind the question mark. Queries that mean the same have the same one."""
        return urlencode(self.texts, doseq=True, safe=",:/")

    def having(self, name: str, *texts: str) -> Query:
        """The same with these values instead of those of ``name``, which may be ``town.not``; none ends the filter."""
        return Query.parse({**self.texts, name: texts})

    def values(self, name: str, how: How = How.ANY) -> tuple[Value, ...]:
        """The values of a filter; none where it is not asked for."""
        return next((one.values for one in self.filters if one.name == name and one.how is how), ())


EVERYTHING = Query()


def _read(key: str, text: str) -> Value | None:
    name = key.partition(".")[0]
    text = unicodedata.normalize("NFC", text.strip())
    if not text:
        return None
    reader, right = _READERS[name]
    longest = names.MAX_PATH_BYTES + names.MAX_NAME_BYTES if name == "folder" else _LONGEST
    if len(text) <= longest and not _UNACCEPTABLE.search(text):
        try:
            return reader(text)
        except (ValueError, BadName):
            pass
    raise BadRequest(f"“{key}={text[:50]}” cannot be understood: it takes {right}.")


def _days(text: str) -> Days:
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text):
        raise ValueError(text)
    year, month, day = ([int(part) for part in text.split("-")] + [0, 0])[:3]
    first = date(year, month or 1, day or 1)
    last = date(year, month or 12, day or calendar.monthrange(year, month or 12)[1])
    return Days((first - _EPOCH).days, (last - _EPOCH).days)


def _number(text: str) -> float:
    if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", text):
        raise ValueError(text)
    return float(text) + 0.0  # never minus zero


def _short(number: float | None) -> str:
    return "" if number is None else f"{number:.6f}".rstrip("0").rstrip(".")


def _range(text: str) -> Range:
    first, dash, second = text.partition("-")
    low = _number(first) if first else None
    high = (_number(second) if second else None) if dash else low
    if low is None and (high is None or high < 0):
        raise ValueError(text)
    if low is not None and high is not None and low > high:
        raise ValueError(text)
    return Range(low, high)


def _rating(text: str) -> Range:
    found = _range(text)
    if not all(number is None or number in range(6) for number in (found.low, found.high)):
        raise ValueError(text)
    return found


def _near(text: str) -> Near:
    latitude, longitude, *rest = map(_number, text.split(","))
    km = rest[0] if rest else 1.0
    if len(rest) > 1 or abs(latitude) > 90 or abs(longitude) > 180 or not 0 < km <= 1000:
        raise ValueError(text)
    return Near(latitude, longitude, km)


def _box(text: str) -> Box:
    west, south, east, north = map(_number, text.split(","))
    if not (-90 <= south <= north <= 90 and abs(west) <= 180 and abs(east) <= 180):
        raise ValueError(text)
    return Box(west, south, east, north)


def _folder(text: str) -> str:
    path = tuple(text.strip("/").split("/"))
    names.check(path)
    # A name may end with a space, which is no part of a text. The slash behind it says that this one is.
    return "/".join(path) + ("/" if path[-1] != path[-1].rstrip() else "")


def _format(text: str) -> str:
    text = text.lower().removeprefix(".")
    if not re.fullmatch("[a-z0-9]{1,20}", text):
        raise ValueError(text)
    return {"jpg": "jpeg", "tif": "tiff"}.get(text, text)


def _search(text: str) -> search.Term:
    term = search.parse(text)
    if term is None:
        raise ValueError(text)
    return term


def _one_of(*choices: str) -> tuple[Callable[[str], Value], str]:
    def read(text: str) -> str:
        return choices[choices.index(text)]

    return read, f"{', '.join(choices[:-1])} or {choices[-1]}"


_DAY = (_days, "a day such as 2023-08-15, a month such as 2023-08, or a year")
_NUMBERS = (_range, "a number, or a range such as 100-800, 100- or -800")
_TEXT = (str, f"a text of at most {_LONGEST} characters")
_READERS: dict[str, tuple[Callable[[str], Value], str]] = {
    "q": (_search, f'up to {search.MOST_WORDS} words, "phrases", -refused ones, OR, brackets, and tag:beach'),
    "after": _DAY,
    "before": _DAY,
    "added_after": _DAY,
    "added_before": _DAY,
    "town": _TEXT,
    "region": _TEXT,
    "country": _TEXT,
    "near": (_near, "a latitude, a longitude and up to 1000 km, such as 52.52,13.4,5"),
    "box": (_box, "west, south, east and north in degrees, such as 13.1,52.3,13.8,52.7"),
    "gps": _one_of("yes", "no"),
    "camera": _TEXT,
    "lens": _TEXT,
    "iso": _NUMBERS,
    "aperture": (_range, "an f-number such as 2.8, or a range such as 1.4-2.8"),
    "focal": (_range, "a focal length in millimetres, or a range such as 24-70"),
    "kind": _one_of("photo", "video", "raw", "live", "animated", "panorama"),
    "type": (_format, "a format such as jpeg, heic or mov"),
    "tag": _TEXT,
    "favourite": _one_of("yes", "no"),
    "rating": (_rating, "0 to 5, or a range such as 4-5"),
    "folder": (_folder, "a path that begins with a space, such as family/2023"),
    "space": _TEXT,
    "date": _DAY,
    "sort": _one_of(*Sort),
}
NAMES = tuple(_READERS)
"""Of all filters, in the order in which an address shows them."""
_MOST_Q = 3
ONCE = frozenset(("after", "before", "added_after", "added_before", "gps", "favourite", "sort"))
"""Filters that have one value at most."""
MEANINGS: dict[str, tuple[str, ...]] = {**dict.fromkeys(ONCE, ()), "folder": ("not", "all", "only")}
"""What besides "any of them" a filter's values can mean, where that is not usual."""
TAKES = {name: takes for name, (_, takes) in _READERS.items()}
"""What each filter takes, in words."""
