"""What a view holds, and where: days with their counts first, then the photos of a range of days.

A day of more than 500 photos is cut into numbered parts of 500, so that nothing that is asked for is larger. A part is
read by its number, with an offset inside that one day; ranges of days need none. A view without days (by name or size)
is cut as if it were one day.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import photos as photos_sql
from gateway.catalogue.statements import timeline as timeline_sql
from gateway.errors import BadRequest, NotFound
from gateway.library.details import path_of
from gateway.library.filtering import Scope, own_spaces, scope
from gateway.library.query import EVERYTHING, Query, Sort

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.remembered import Remembered
    from gateway.library.values import Path, Principal

PART = 500
"""Photos that a segment holds at most."""
_MOST = 1000
_YEARS = 100
_MEMORIES = 12
_EPOCH = date(1970, 1, 1)
_FAR = 10**7
"""Days: beyond every date."""


@dataclass(frozen=True, slots=True)
class Segments:
    """What a view holds before any photo is loaded: days, and parts of large ones, in its order."""

    seq: int
    """Grows with every change of any photo that the principal sees."""
    total: int
    days: list[int]
    """From 1970-01-01; empty in a view without days."""
    counts: list[int]
    ratios: list[int]
    """Mean of width by height, times 100."""

    @property
    def keys(self) -> list[str]:
        """What the segments are called: by day and number of the part, or in a view without days by that number."""
        sort = Sort.NEWEST if self.days else Sort.NAME
        keys, part, before = [], 0, None
        for day in self.days or [0] * len(self.counts):
            part = part + 1 if day == before else 1
            before = day
            keys.append(_key(day, part, sort))
        return keys


class Tile(NamedTuple):
    """A photo as the grid shows it."""

    id: int
    """Its entry's."""
    day: int
    """Of the view: when it was taken, or when it arrived where the view is sorted by that; 0 in one without days."""
    taken: int
    """Its wall clock, in microseconds."""
    utc_offset: int | None
    ratio: int
    version: str
    """Of its renditions: part of their addresses, which therefore never show anything else."""
    thumbhash: bytes | None
    kind: str
    flags: int
    duration: int | None
    stacked: int
    town: str | None
    space_id: int
    folder_id: int
    device: str
    """What it was uploaded with."""


class Position(NamedTuple):
    """Where a photo stands in a view."""

    key: str
    """Of its segment."""
    place: int
    """In the segment, from 0."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A day of an earlier year."""

    day: date
    count: int
    """Photos that were taken on it."""
    tile: Tile
    """One of them."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Days whose photos are not what they were."""

    segments: Segments
    """The days as they are now, oldest changes included; a day without photos is there with a count of 0."""
    is_everything: bool
    """Nothing that was known holds: the days that are not here are gone."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Reads the photos of the spaces that somebody is a member of.

    Every query may raise NotFound for a space or folder that the principal may not know of.
    """

    catalogue: Catalogue
    remembered: Remembered

    def segments(self, principal: Principal, query: Query = EVERYTHING) -> Segments:
        """The days of a view. What is not filtered is counted already; else every photo is looked at."""
        with self.catalogue.read() as tx:
            seqs = seqs_of(tx, principal)
            seen = scope(tx, principal, query)
            state = seen.state(seqs)
            days = self.remembered.of(state and (state, query.sort.subject), lambda: days_of(tx, seen))
        return _cut(sum(seqs.values()), days, query.sort)

    def columns(self, principal: Principal, query: Query, first: str, beyond: str | None) -> list[Tile]:
        """The photos of the segments from the key ``first`` to before ``beyond`` (None: to the end).

        At most 1,000; BadRequest for what is no key. There may be more or fewer than the segments promised.
        """
        start, end = _read_key(first, query.sort), None if beyond is None else _read_key(beyond, query.sort)
        found: list[Tile] = []
        with self.catalogue.read() as tx:
            seen = scope(tx, principal, query)
            for from_day, to_day, skipped, limit in _stretches(start, end, query.sort) if seen.spaces else ():
                room = min(limit, _MOST - len(found))
                if room > 0:
                    found += _tiles(tx, seen, (from_day, to_day), skipped, room)
            return _living(tx, found)

    def paths(self, principal: Principal, folders: Iterable[int]) -> dict[int, Path]:
        """Where folders are, by their ids; those that are not the principal's to know are left out."""
        with self.catalogue.read() as tx:
            roots = {space.root_id: space.name for space in own_spaces(tx, principal)}
            found = {folder: path_of(tx, folder, roots) for folder in folders}
        return {folder: path for folder, path in found.items() if path is not None}

    def position(self, principal: Principal, query: Query, photo_id: int) -> Position:
        """Where a photo stands in a view, or the one that stands for it; NotFound when neither does."""
        with self.catalogue.read() as tx:
            seen = scope(tx, principal, query)
            row = tx.one(timeline_sql.PHOTO, entry=photo_id)
            if row is None or not seen.spaces:
                raise NotFound("This photo is not here.")
            entry = row[0] if row[3] is None else row[3]  # who is in a stack is where the stack is
            stands = tx.one(timeline_sql.stands(seen.view, seen.where), entry=entry, **seen.ids)
            if stands is None:
                raise NotFound("This photo is not here.")
            day, key = stands
            counting = timeline_sql.before(seen.view, seen.where)
            before = tx.value(counting, first_day=day, last_day=day, key=key, entry=entry, **seen.ids)
        part, place = divmod(int(before), PART)
        return Position(_key(day, part + 1, query.sort), place)

    def on_this_day(self, principal: Principal, today: date) -> list[Memory]:
        """What was photographed on this day of earlier years: at most twelve of the last hundred, the newest first.

        Only days of a hundred dates are looked up, and then one photo of each, however many there are.
        """
        dates = [date_ for years in range(1, _YEARS + 1) if (date_ := _years_before(today, years)) is not None]
        among = json.dumps([(date_ - _EPOCH).days for date_ in dates])
        found = []
        with self.catalogue.read() as tx:
            seen = scope(tx, principal, EVERYTHING)
            rows = (row for one in seen.spaces for row in tx.all(timeline_sql.DAYS_AMONG, space=one.id, days=among))
            for day, count, _ in _merged(rows)[:_MEMORIES]:
                tiles = _living(tx, _tiles(tx, seen, (day, day), 0, 1)) if count else []
                found += [Memory(_EPOCH + timedelta(days=day), count, tile) for tile in tiles]
        return found

    def changes(self, principal: Principal, since: int) -> Changes | None:
        """The days of everything, newest first, that changed since a ``seq``; None when there are none.

        A day may be told without need: of several spaces, only the sum of their changes is known.
        """
        with self.catalogue.read() as tx:
            seqs = seqs_of(tx, principal)
            seq = sum(seqs.values())
            if since == seq:
                return None
            if since > seq:  # a space is not the principal's any more
                return Changes(
                    _cut(seq, days_of(tx, scope(tx, principal, EVERYTHING)), Sort.NEWEST), is_everything=True
                )
            changed = {
                row[0]
                for space, own in seqs.items()
                for row in tx.all(timeline_sql.CHANGED_DAYS, space=space, since=own - (seq - since))
            }
            among = json.dumps(sorted(changed))
            days = _merged(row for space in seqs for row in tx.all(timeline_sql.DAYS_AMONG, space=space, days=among))
        return Changes(_cut(seq, days, Sort.NEWEST), is_everything=False)


def _years_before(today: date, years: int) -> date | None:
    """The same day of an earlier year; None where that year had no 29 February, or is before all calendars."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:
        return None


def seqs_of(tx: Transaction, principal: Principal) -> dict[int, int]:
    """Of each space of the principal how often its photos changed."""
    return {row[0]: row[1] for row in tx.all(timeline_sql.SEQS, account=principal.account_id)}


def days_of(tx: Transaction, seen: Scope) -> list[tuple[int, int, int]]:
    """The days of a view, newest first: day, count, sum of ratios. One day 0 in a view without days."""
    if not seen.spaces:
        return []
    if seen.where is None and seen.query.sort.subject != "added":
        days = _merged(row for space in seen.spaces for row in tx.all(timeline_sql.DAYS_OF_SPACE, space=space.id))
        if seen.query.sort.is_dated or not days:
            return days
        return [(0, sum(row[1] for row in days), sum(row[2] for row in days))]
    rows = tx.all(timeline_sql.days(seen.view, seen.where), **seen.ids)
    return _merged(rows)


def _merged(rows: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The days of all spaces, newest first, each once: day, count, sum of ratios."""
    days: dict[int, tuple[int, int]] = {}
    for day, count, ratios in rows:
        known = days.get(day)
        days[day] = (int(count), int(ratios)) if known is None else (known[0] + int(count), known[1] + int(ratios))
    return [(day, *days[day]) for day in sorted(days, reverse=True)]


def _cut(seq: int, found: Sequence[tuple[int, int, int]], sort: Sort) -> Segments:
    """Days, newest first, as segments in a view's order, large ones in parts."""
    days: list[int] = []
    counts: list[int] = []
    ratios: list[int] = []
    for day, count, ratio_sum in found if sort.is_descending else reversed(found):
        parts = max(1, -(-count // PART))
        days += [day] * parts
        ratios += [round(ratio_sum / count) if count else 0] * parts
        counts += [PART] * (parts - 1)
        counts.append(count - PART * (parts - 1))
    return Segments(seq, sum(counts), days if sort.is_dated else [], counts, ratios)


def _stretches(start: tuple[int, int], end: tuple[int, int] | None, sort: Sort) -> Iterator[tuple[int, int, int, int]]:
    """A range of segments as ranges of days: from which, to which, how many to skip, how many at most."""
    step = -1 if sort.is_descending else 1
    if end is None:
        end = (step * _FAR, 1) if sort.is_dated else (0, start[1] + _MOST // PART)
    (day, part), (last, until) = start, end
    if day == last:
        yield day, day, (part - 1) * PART, (until - part) * PART
        return
    if (last - day) * step < 0:
        return
    if part > 1:
        yield day, day, (part - 1) * PART, _MOST
        day += step
    if day != last:
        yield day, last - step, 0, _MOST
    if until > 1:
        yield last, last, 0, (until - 1) * PART


def _tiles(tx: Transaction, seen: Scope, between: tuple[int, int], skipped: int, limit: int) -> list[Tile]:
    rows = tx.all(
        timeline_sql.tiles(seen.view, seen.where),
        first_day=min(between),
        last_day=max(between),
        most=skipped + limit,
        skipped=skipped,
        limit=limit,
        account=seen.account_id,
        **seen.ids,
    )
    return [Tile._make(row) for row in rows]


def _living(tx: Transaction, tiles: list[Tile]) -> list[Tile]:
    """Without those whose folder was deleted or moved a moment ago, and that have not followed it yet."""
    if tx.one(timeline_sql.PENDING) is None:
        return tiles
    lives = {folder: tx.one(photos_sql.LIVES_IN, entry=folder) for folder in {tile.folder_id for tile in tiles}}
    return [tile for tile in tiles if (home := lives[tile.folder_id]) is not None and home[0] == tile.space_id]


def _key(day: int, part: int, sort: Sort) -> str:
    if not sort.is_dated:
        return str(part)
    date_ = (_EPOCH + timedelta(days=day)).isoformat()
    return date_ if part == 1 else f"{date_}.{part}"


_KEY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.([0-9]{1,6}))?")
_UNDATED_KEY = re.compile(r"()([0-9]{1,6})")


def _read_key(key: str, sort: Sort) -> tuple[int, int]:
    """The day and the part of a segment's key: 2019-07-14, 2019-07-14.2, or 2 in a view without days."""
    found = (_KEY if sort.is_dated else _UNDATED_KEY).fullmatch(key)
    try:
        day = (date.fromisoformat(found[1]) - _EPOCH).days if found and found[1] else 0
    except ValueError:
        found = None
    number = int(found[2] or "1") if found else 0
    if not 1 <= number <= _MOST * PART:
        raise BadRequest(f"“{key[:50]}” is no part of this view.")
    return day, number
