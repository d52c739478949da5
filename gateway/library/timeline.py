"""The timeline of everything a person may see: days with their counts first, then the photos of a range of days.

A day of more than 500 photos is cut into numbered parts of 500, so that nothing that is asked for is larger. A part is
read by its number, with an offset inside that one day; ranges of days need none.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import photos as photos_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import timeline as timeline_sql
from gateway.errors import BadRequest, NotFound
from gateway.library.tree import find_space
from gateway.library.values import Space

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Principal

PART = 500
"""Photos that a segment holds at most."""
_MOST = 1000
_EPOCH = date(1970, 1, 1)
_EARLIEST = -(10**7)


@dataclass(frozen=True, slots=True)
class Segments:
    """What a view holds before any photo is loaded. A segment is a day, or a part of a large one; newest first."""

    seq: int
    """Grows with every change of these photos."""
    total: int
    days: list[int]
    """From 1970-01-01."""
    counts: list[int]
    ratios: list[int]
    """Mean of width by height, times 100."""


class Tile(NamedTuple):
    """A photo as the grid shows it."""

    id: int
    """Its entry's."""
    day: int
    taken: int
    """Its wall clock, in microseconds."""
    utc_offset: int | None
    ratio: int
    version: int
    """Its blob's id: part of the addresses of its pictures, which never change."""
    thumbhash: bytes | None
    kind: str
    flags: int
    duration: int | None
    stacked: int
    town: str | None
    space_id: int
    folder_id: int


class Position(NamedTuple):
    """Where a photo stands in a view."""

    key: str
    """Of its segment."""
    place: int
    """In the segment, from 0."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Reads the photos of the spaces that somebody is a member of."""

    catalogue: Catalogue

    def segments(self, principal: Principal, space: str | None = None) -> Segments:
        """The days of all spaces, or of the one of this name; NotFound for one that the principal may not know."""
        with self.catalogue.read() as tx:
            spaces = _spaces(tx, principal, space)
            seq = sum(int(tx.value(timeline_sql.SEQ, space=one.id)) for one in spaces)
            days = _merged(tx.all(timeline_sql.DAYS_OF_SPACE, space=one.id) for one in spaces)
        return _cut(seq, days)

    def columns(self, principal: Principal, first: str, beyond: str | None, space: str | None = None) -> list[Tile]:
        """The photos of the segments from the key ``first`` to before ``beyond`` (None: to the end of its part).

        At most 1,000; BadRequest for what is no key. There may be more or fewer than the segments promised.
        """
        start, end = _read_key(first), (_EARLIEST, 1) if beyond is None else _read_key(beyond)
        found: list[Tile] = []
        with self.catalogue.read() as tx:
            spaces = _spaces(tx, principal, space)
            for newest, oldest, skipped, limit in _stretches(start, end) if spaces else ():
                room = min(limit, _MOST - len(found))
                if room > 0:
                    found += _tiles(tx, spaces, newest, oldest, skipped, room)
            return _living(tx, found)

    def position(self, principal: Principal, photo_id: int, space: str | None = None) -> Position:
        """Where a photo stands; NotFound for one that is not in the view."""
        with self.catalogue.read() as tx:
            spaces = _spaces(tx, principal, space)
            row = tx.one(timeline_sql.PHOTO, entry=photo_id)
            if row is not None and row[3] is not None:  # who is in a stack is where the stack is
                row = tx.one(timeline_sql.PHOTO, entry=row[3])
            if row is None or row[1] not in {one.id for one in spaces}:
                raise NotFound("This photo is not here.")
            before = sum(
                int(tx.value(timeline_sql.BEFORE_ON_DAY, space=one.id, which=row[4], taken=row[5], entry=row[0]))
                for one in spaces
            )
        part, place = divmod(before, PART)
        return Position(_key(row[4], part + 1), place)


def _spaces(tx: Transaction, principal: Principal, name: str | None) -> list[Space]:
    if name is not None:
        return [find_space(tx, principal, name)]
    return [Space._make(row) for row in tx.all(spaces_sql.SPACES_OF_MEMBER, account=principal.account_id)]


def _merged(of_spaces: Iterable[Sequence[tuple[int, int, int]]]) -> list[tuple[int, int, int]]:
    """The days of all spaces, newest first, each once: day, count, sum of ratios."""
    rows = heapq.merge(*of_spaces, key=lambda row: -row[0])
    days = []
    for day, same in groupby(rows, key=itemgetter(0)):
        counts = list(same)
        days.append((day, sum(int(row[1]) for row in counts), sum(int(row[2]) for row in counts)))
    return days


def _cut(seq: int, days: Iterable[tuple[int, int, int]]) -> Segments:
    """Days as segments, large ones in parts."""
    parts = [
        (day, min(PART, count - start), round(ratios / count))
        for day, count, ratios in days
        for start in range(0, count, PART)
    ]
    return Segments(
        seq,
        sum(count for _, count, _ in parts),
        [day for day, _, _ in parts],
        [count for _, count, _ in parts],
        [mean for _, _, mean in parts],
    )


def _stretches(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """A range of segments as ranges of days: the newest and the oldest, how many to skip, how many at most."""
    (day, part), (last, until) = start, end
    if day == last:
        yield day, day, (part - 1) * PART, (until - part) * PART
        return
    if part > 1:
        yield day, day, (part - 1) * PART, _MOST
        day -= 1
    if day > last:
        yield day, last + 1, 0, _MOST
    if until > 1:
        yield last, last, 0, (until - 1) * PART


def _tiles(tx: Transaction, spaces: Sequence[Space], newest: int, oldest: int, skipped: int, limit: int) -> list[Tile]:
    ids = {f"space_{number}": space.id for number, space in enumerate(spaces)}
    rows = tx.all(
        timeline_sql.tiles(len(spaces)),
        newest=newest,
        oldest=oldest,
        most=skipped + limit,
        skipped=skipped,
        limit=limit,
        **ids,
    )
    return [Tile._make(row) for row in rows]


def _living(tx: Transaction, tiles: list[Tile]) -> list[Tile]:
    """Without those whose folder was deleted or moved a moment ago, and that have not followed it yet."""
    if tx.one(timeline_sql.PENDING) is None:
        return tiles
    lives = {folder: tx.one(photos_sql.LIVES_IN, entry=folder) for folder in {tile.folder_id for tile in tiles}}
    return [tile for tile in tiles if (home := lives[tile.folder_id]) is not None and home[0] == tile.space_id]


def _key(day: int, part: int) -> str:
    date_ = (_EPOCH + timedelta(days=day)).isoformat()
    return date_ if part == 1 else f"{date_}.{part}"


def _read_key(key: str) -> tuple[int, int]:
    """The day and the number of a segment's key, such as 2019-07-14 or 2019-07-14.2."""
    day, _, part = key.partition(".")
    try:
        number = int(part or "1")
        days = (date.fromisoformat(day) - _EPOCH).days
    except ValueError:
        raise BadRequest(f"“{key}” is no day of the timeline.") from None
    if number < 1 or number > _MOST * PART:
        raise BadRequest(f"“{key}” is no day of the timeline.")
    return days, number
