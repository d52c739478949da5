"""Filters in the words of a person, each of which can be taken away."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from babel import Locale
from babel.dates import format_date, format_skeleton

from gateway.library import search
from gateway.library.query import Days, Filter, How, Near, Query, Range, Value
from viewer import languages
from viewer.languages import gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EPOCH = date(1970, 1, 1)
_DAYS = (("after", "before"), ("added_after", "added_before"))


class Chip(NamedTuple):
    """One thing that is asked for."""

    text: str
    without: Query
    """What is left when it is taken away."""
    join: str = ""
    """What stands before it where it is another value of the filter before: "or", "and"."""


def chips(query: Query) -> list[Chip]:
    """What a query asks for, in the order of its address. Taking all of them away leaves its order alone."""
    return list(_chips(query))


def _chips(query: Query) -> Iterator[Chip]:
    for one in query.filters:
        first = one.values[0]
        pair = next((pair for pair in _DAYS if one.key in pair), None)
        if pair is not None and all(query.values(name) for name in pair):
            if one.key == pair[0]:
                yield _between(query, pair)
        elif one.name == "q" and one.how is How.ANY and len(one.values) == 1 and isinstance(first, search.Every):
            for term in first.terms:
                rest = search.Every(tuple(other for other in first.terms if other is not term))
                yield Chip(_words(term), query.having("q", str(rest)))
        else:
            for number, value in enumerate(one.values):
                rest_ = (str(other) for other in one.values if other is not value)
                yield Chip(_text(one, value), query.having(one.key, *rest_), _join(one.how) if number else "")


def _join(how: How) -> str:
    return {How.ANY: gettext("or"), How.ONLY: gettext("or"), How.ALL: gettext("and"), How.NOT: ""}[how]


def _text(one: Filter, value: Value) -> str:
    text = _WORDS[one.name](value) if one.name in _WORDS else str(value)
    if one.how is How.ONLY:
        return gettext("Only in %(folder)s", folder=str(value))
    return gettext("not %(what)s", what=text) if one.how is How.NOT else text


def _between(query: Query, pair: tuple[str, str]) -> Chip:
    first, last = (query.values(name)[0] for name in pair)
    assert isinstance(first, Days)  # noqa: S101 - as the filter is read
    assert isinstance(last, Days)  # noqa: S101
    text = days(first.first, last.last) if first.first <= last.last else f"{_day(first.first)} – {_day(last.last)}"
    if pair[0].startswith("added"):
        text = gettext("Added %(days)s", days=text)
    return Chip(text, query.having(pair[0]).having(pair[1]))


def days(first: int, last: int) -> str:
    """Days in words: "2023", "August 2023", "15 August 2023", "1 – 15 August 2023"."""
    start, end = _date(first), _date(last)
    if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31):
        return str(start.year) if start.year == end.year else f"{start.year} – {end.year}"
    if start.day == 1 and end.day == calendar.monthrange(end.year, end.month)[1]:
        month = _month(end)
        return month if (start.year, start.month) == (end.year, end.month) else f"{_month(start)} – {month}"
    if start == end:
        return _day(first)
    if (start.year, start.month) == (end.year, end.month):
        return re.sub(rf"\b{end.day}\b", f"{start.day} – {end.day}", _day(last), count=1)
    return f"{_day(first)} – {_day(last)}"


def _locale() -> Locale:
    locale = languages.locale()
    return Locale("en", "GB") if locale.language == "en" else locale


def _date(day: int) -> date:
    return _EPOCH + timedelta(days=day)


def _day(day: int) -> str:
    return format_date(_date(day), "long", locale=_locale())


def _month(day: date) -> str:
    return format_skeleton("yMMMM", day, locale=_locale())


def _words(term: search.Term) -> str:
    match term:
        case search.Word(text, True):
            return gettext("Tag: %(tag)s", tag=text)
        case search.Word(text):
            return f"“{text}”" if " " in text else text
        case search.Not(inner):
            words = _words(inner)
            return gettext("not %(what)s", what=words if isinstance(inner, search.Word) else f"({words})")
        case search.Every(terms):
            return f" {gettext('and')} ".join(_inner(one) for one in terms)
        case search.Either(terms):
            return f" {gettext('or')} ".join(_inner(one) for one in terms)


def _inner(term: search.Term) -> str:
    words = _words(term)
    return f"({words})" if isinstance(term, search.Every | search.Either) else words


def _numbers(found: Range) -> str:
    """ "100", "100 – 800", "at least 100", "at most 800"."""
    low, high = (None if one is None else languages.number(one) for one in (found.low, found.high))
    if low is None or high is None:
        return gettext("at least %(number)s", number=low) if low else gettext("at most %(number)s", number=high)
    return low if low == high else f"{low} – {high}"


def _rating(found: Range) -> str:
    low, high = (None if one is None else int(one) for one in (found.low, found.high))
    if high == 0:
        return gettext("Rated 0")
    if low == high:
        return "★" * int(high or 0)
    if low is not None and (high is None or high == 5):
        return gettext("%(stars)s and more", stars="★" * low) if low else gettext("Rated")
    if not low:
        return gettext("at most %(number)s", number="★" * int(high or 0))
    return f"{'★' * low} – {'★' * int(high or 0)}"


def _near(near: Near) -> str:
    position = f"{languages.number(round(near.latitude, 2))}, {languages.number(round(near.longitude, 2))}"
    return gettext("Within %(distance)s km of %(position)s", distance=languages.number(near.km), position=position)


def kind(name: str) -> str:
    """A kind of photo, in words."""
    return {
        "photo": gettext("Photos"),
        "video": gettext("Videos"),
        "raw": gettext("RAW"),
        "live": gettext("Live photos"),
        "animated": gettext("Animations"),
        "panorama": gettext("Panoramas"),
    }[name]


# A value is of the type that its reader in gateway.library.query makes.
_WORDS: dict[str, Callable[..., str]] = {
    "q": _words,
    "after": lambda found: gettext("From %(day)s", day=_day(found.first)),
    "before": lambda found: gettext("Until %(day)s", day=_day(found.last)),
    "added_after": lambda found: gettext("Added from %(day)s", day=_day(found.first)),
    "added_before": lambda found: gettext("Added until %(day)s", day=_day(found.last)),
    "date": lambda found: days(found.first, found.last),
    "near": _near,
    "box": lambda _: gettext("In a part of the map"),
    "favourite": lambda text: gettext("Favourites") if text == "yes" else gettext("Not a favourite"),
    "gps": lambda text: gettext("Has a place") if text == "yes" else gettext("Has no place"),
    "iso": lambda found: gettext("ISO %(numbers)s", numbers=_numbers(found)),
    "aperture": lambda found: gettext("f/%(numbers)s", numbers=_numbers(found)),
    "focal": lambda found: gettext("%(numbers)s mm", numbers=_numbers(found)),
    "kind": kind,
    "type": str.upper,
    "rating": _rating,
    "folder": lambda text: gettext("In %(folder)s", folder=text),
    "tag": lambda text: gettext("Tag: %(tag)s", tag=text),
    "space": lambda text: gettext("Space: %(space)s", space=text),
}
