"""What is asked of photos: conditions on a row of ``photo``, put together anew for each request."""

from __future__ import annotations

import json
from math import cos, radians
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Float, and_, case, false, func, literal, not_, or_, select, true
from sqlalchemy import exists as sql_exists

from gateway.catalogue.dialect import among, resembles
from gateway.catalogue.models import Entry, Favourite, Media, Photo, PhotoCount, Place, Traits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Condition = ColumnElement[bool]

DAY = 86_400 * 1_000_000
_KM_A_DEGREE = 111.195


def any_of(conditions: Iterable[Condition]) -> Condition:
    """At least one is true."""
    return or_(false(), *conditions)


def all_of(conditions: Iterable[Condition]) -> Condition:
    """Every one is true."""
    return and_(true(), *conditions)


def none_of(conditions: Iterable[Condition]) -> Condition:
    """None is true; what is not known of a photo is not true of it."""
    return not_(func.coalesce(any_of(conditions), false()))


def taken(first: int | None, last: int | None) -> Condition:
    """Taken on these days, in days from 1970; None is no bound."""
    return _between(Photo.day, first, last)


def added(first: int | None, last: int | None) -> Condition:
    """Arrived on these days of UTC."""
    return _between(Photo.added, None if first is None else first * DAY, None if last is None else (last + 1) * DAY - 1)


def rating(low: float | None, high: float | None) -> Condition:
    """Rated so."""
    return _between(Photo.rating, low, high)


def number(column: str, low: float | None, high: float | None, slack: float = 0.0) -> Condition:
    """A number of the exposure, one of the columns of ``media``; ``slack`` is the part that it may be off by."""
    bounds = (None if low is None else low * (1 - slack), None if high is None else high * (1 + slack))
    return _media(_between(getattr(Media, column), *bounds))


def kind(*kinds: str) -> Condition:
    """Of one of these kinds."""
    return or_(*(Photo.kind == one for one in kinds))


def flag(bit: int) -> Condition:
    """A bit of its flags is set."""
    return Photo.flags.bitwise_and(bit) != 0


def form(name: str) -> Condition:
    """Of this format."""
    return _traits(Traits.format == name)


def placed() -> Condition:
    """It has a position."""
    return Photo.cell.is_not(None)


def place(columns: Sequence[str], text: str) -> Condition:
    """Taken near a town of which one of these columns is this text."""
    return _place(or_(*(_is(getattr(Place, column), text) for column in columns)))


def camera(text: str) -> Condition:
    """Taken with a camera of this make, this model, or both together."""
    return _traits(or_(_is(Traits.make, text), _is(Traits.model, text), _is(Traits.make + " " + Traits.model, text)))


def lens(text: str) -> Condition:
    """Taken with this lens."""
    return _traits(_is(Traits.lens, text))


def near(latitude: float, longitude: float, km: float) -> Condition:
    """Within a distance of a position. The earth is flat within 1,000 km: off by a few per cent at the edge."""
    shrink = cos(radians(latitude))
    apart = func.abs(Photo.longitude - longitude)
    east = case((apart > 180, 360 - apart), else_=apart) * shrink
    north = Photo.latitude - latitude
    reach = km / _KM_A_DEGREE
    return and_(
        Photo.latitude.between(latitude - reach, latitude + reach), north * north + east * east <= reach * reach
    )


def box(west: float, south: float, east: float, north: float) -> Condition:
    """In a rectangle of the map; across the date line when its west is east of its east."""
    inside = (Photo.longitude >= west, Photo.longitude <= east)
    return and_(Photo.latitude.between(south, north), and_(*inside) if west <= east else or_(*inside))


def folder(folder_id: int) -> Condition:
    """In this folder itself."""
    return Photo.folder_id == folder_id


def favourite(account_id: int) -> Condition:
    """It has the heart of this account."""
    return Photo.entry_id.in_(select(Favourite.entry_id).where(Favourite.account_id == account_id))


def folders(ids: Sequence[int]) -> Condition:
    """In one of these folders itself."""
    return among(Photo.folder_id, literal(json.dumps(ids)))


def word(text: str, spaces: Sequence[int]) -> Condition:
    """The text is found in its name, or in what it tells in words, or in the name of its place.

    ``spaces`` are those of the principal: names and words of others are not looked at.
    """
    told = (Traits.make + " " + Traits.model, Traits.model, Traits.lens, Traits.tags, Traits.title, Traits.description)
    mine = among(PhotoCount.space_id, literal(json.dumps(spaces)))
    by_traits = (
        select(PhotoCount.key)
        .join(Traits, Traits.id == PhotoCount.key)
        .where(mine, PhotoCount.what == "traits", or_(*(_has(column, text) for column in told)))
    )
    by_name = (
        select(Entry.id)
        .join(PhotoCount, PhotoCount.key == Entry.parent_id)
        .where(mine, PhotoCount.what == "folder", _has(Entry.name_key, text))
    )
    return or_(
        _place(or_(*(_has(column, text) for column in (Place.town, Place.region, Place.country)))),
        Photo.traits_id.in_(by_traits),
        Photo.entry_id.in_(by_name),
    )


def tag(text: str) -> Condition:
    """It has this tag."""
    return _traits(_has(Traits.tags, json.dumps(text, ensure_ascii=False)))


def _between(column: Any, low: float | None, high: float | None) -> Condition:
    def bound(number: float) -> Any:
        return literal(number, Float()) if isinstance(number, float) else number

    lowest = [column >= bound(low)] if low is not None else []
    return all_of([*lowest, *([column <= bound(high)] if high is not None else [])])


def _media(condition: Condition) -> Condition:
    return sql_exists().where(Media.blob_id == Photo.blob_id, condition).correlate(Photo)


def _traits(condition: Condition) -> Condition:
    return Photo.traits_id.in_(select(Traits.id).where(condition))


def _place(condition: Condition) -> Condition:
    return Photo.place_id.in_(select(Place.id).where(condition))


def _is(column: Any, text: str) -> Condition:
    return or_(*(resembles(column, literal(one)) for one in _spellings(text)))


def _has(column: Any, text: str) -> Condition:
    return or_(*(resembles(column, literal(f"%{one}%")) for one in _spellings(text)))


def _spellings(text: str) -> set[str]:
    """A text for LIKE, which knows the case of ASCII letters alone: others as they are, small, large, and as a name."""
    spellings = {text} if text.isascii() else {text, text.lower(), text.upper(), text.title()}
    return {one.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for one in spellings}
