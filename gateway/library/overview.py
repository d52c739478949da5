"""What there is to see: counts by kind, place and camera; suggestions while somebody types; clusters for the map."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import overview as overview_sql
from gateway.library import cells
from gateway.library.details import path_of
from gateway.library.filtering import Scope, is_named, own_spaces, scope
from gateway.library.photos import Common, form_from
from gateway.library.query import EVERYTHING, Box, How, Query
from gateway.library.stacks import Flag
from gateway.library.timeline import days_of, seqs_of
from gateway.library.vocabulary import Vocabularies, camera_name, folded, year_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.remembered import Remembered
    from gateway.library.values import Path, Principal
    from gateway.library.vocabulary import Term

_NEWEST = 100_000
_MOST = 20
_MOST_FILES = 50
_PAGE = 1000
_SUGGESTIONS = 10
_MOST_CLUSTERS = 400
_FINER = 3
"""How many times a cluster is halved for the mean position of its photos."""
_WIDE = 6
"""Halvings of the map's area; what is larger than that is a large part of it."""
_NEAR = 7.0
"""Such halves: seven eighths of a tile, and about 56 pixels."""
_FLAGS = {"raw": Flag.RAW, "live": Flag.LIVE, "animated": Flag.ANIMATED, "panorama": Flag.PANORAMA}

Counts = list[tuple[str, int]]
"""Values of a filter, each with how many photos it would find; the most frequent first."""


class Facets(NamedTuple):
    """What the photos of a view have in common, at most twenty of each."""

    total: int
    counted: int
    """How many were looked at for all but the years: of each space the 100,000 that were taken last."""
    years: Counts
    """All of them, the last first."""
    kinds: Counts
    spaces: Counts
    towns: Counts
    countries: Counts
    cameras: Counts
    lenses: Counts
    types: Counts
    tags: Counts
    ratings: Counts
    """From five stars down."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A filter that somebody may mean."""

    name: str
    text: str
    """The filter's value."""
    count: int


class OtherFile(NamedTuple):
    """A file that is neither a photograph nor a video."""

    id: int
    path: Path
    """From the space down, its own name last."""
    size: int
    modified: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """Photos that lie close together on the map."""

    latitude: float
    longitude: float
    count: int
    photo_id: int
    """The one that came last."""
    version: str
    """Its blob's id."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts what the principal may see. Queries raise NotFound as those of the timeline do."""

    catalogue: Catalogue
    vocabularies: Vocabularies
    remembered: Remembered

    def facets(self, principal: Principal, query: Query = EVERYTHING) -> Facets:
        """Count a view by each of these."""
        with self.catalogue.read() as tx:
            seen = scope(tx, principal, Query(query.filters))
            state = seen.state(seqs_of(tx, principal))
            return self.remembered.of(state and (state, "facets"), lambda: self._count(tx, seen, state))

    def _count(self, tx: Transaction, seen: Scope, state: Hashable | None) -> Facets:
        """The facets of a view."""
        if not seen.spaces:
            return Facets(0, 0, *([] for _ in Facets._fields[2:]))
        days = self.remembered.of(state and (state, "taken"), lambda: days_of(tx, seen))
        total = sum(count for _, count, _ in days)
        if seen.where is None:
            counts = {
                (space.id, what, key): n
                for space in seen.spaces
                for what, key, n in tx.all(overview_sql.COUNTS_OF_SPACE, space=space.id)
            }
            counted = total
        else:
            rows = tx.all(overview_sql.common(len(seen.spaces), seen.where), most=_NEWEST, **seen.ids)
            found: Counter[tuple[int, str, int]] = Counter()
            for space_id, *common, n in rows:
                for what, key in Common._make((*common, 0)).keys:
                    found[space_id, what, key] += n
            counts, counted = dict(found), sum(row[-1] for row in rows)
        names = {space.id: space.name for space in seen.spaces}
        return _facets(tx, counts, names)._replace(
            total=total,
            counted=counted,
            years=sorted(_summed((str(year_of(day)), count) for day, count, _ in days).items(), reverse=True),
        )

    def suggest(self, principal: Principal, text: str) -> list[Suggestion]:
        """At most ten filters whose value has a word that begins with ``text``, those that begin with it first."""
        sought = folded(text.strip())
        if not sought:
            return []
        found: Counter[Term] = Counter()
        with self.catalogue.read() as tx:
            spaces = own_spaces(tx, principal)
            seqs = seqs_of(tx, principal)
            for space in spaces:
                for term, plain, count in self.vocabularies.of(tx, space.id, seqs.get(space.id, 0)).terms:
                    if plain.startswith(sought) or f" {sought}" in plain:
                        found[term] += count
            best = sorted(found, key=lambda term: (not folded(term.text).startswith(sought), -found[term], term.text))
            suggestions: list[Suggestion] = []
            roots = {space.root_id: space.name for space in spaces}
            while best and len(suggestions) < _SUGGESTIONS:
                term = best.pop(0)
                path = (term.text,) if term.folder_id is None else path_of(tx, term.folder_id, roots)
                if path is not None:
                    suggestions.append(Suggestion(term.name, "/".join(path), found[term]))
        return suggestions

    def files(self, principal: Principal, query: Query) -> list[OtherFile]:
        """Other files whose names have the words of ``q``, in the view's folders and spaces; the last ones first.

        At most fifty. None where a view asks for what only photos have, or for no words.
        """
        if not {"q"} <= {one.name for one in query.filters} <= {"q", "space", "folder"}:
            return []
        found: list[OtherFile] = []
        before, looked_at = 1 << 62, 0
        with self.catalogue.read() as tx:
            roots = {space.root_id: space.name for space in scope(tx, principal, query).spaces}
            while len(found) < _MOST_FILES and looked_at < _NEWEST:
                rows = tx.all(overview_sql.OTHER_FILES, before=before, limit=_PAGE)
                for id_, folder, name, size, modified, _ in rows:
                    if is_named(query, name) and not name.lower().endswith(".xmp"):
                        above = path_of(tx, folder, roots)
                        if above is not None and _is_in_folders(query, (*above, name)):
                            found.append(OtherFile(id_, (*above, name), size, modified))
                if len(rows) < _PAGE:
                    break
                before, looked_at = rows[-1][-1], looked_at + _PAGE
        return found[:_MOST_FILES]

    def clusters(self, principal: Principal, query: Query, box: Box, zoom: int) -> list[Cluster]:
        """The photos of a view inside ``box``, those together that are about 64 pixels apart at a ``zoom``.

        At most a few hundred, the largest first; ``zoom`` counts the halvings of a world 256 pixels wide.
        """
        windows = list(_windows(box))
        level = max(1, min(zoom + 2, cells.BITS - _FINER))
        while level > 1 and sum(one.tiles(level) for one in windows) > _MOST_CLUSTERS:
            level -= 1
        fine = level + _FINER
        ranges = _united(span for one in windows for span in one.ranges())
        given = {f"{end}_{part}": span[end == "high"] for part, span in enumerate(ranges) for end in ("low", "high")}
        with self.catalogue.read() as tx:
            seen = scope(tx, principal, query)
            if not seen.spaces:
                return []
            is_wide = sum(high - low for low, high in ranges) > 1 << 2 * cells.BITS - _WIDE
            statement = overview_sql.clusters(len(seen.spaces), seen.where, len(ranges), is_wide=is_wide)
            rows = tx.all(statement, size=1 << 2 * (cells.BITS - fine), **given, **seen.ids)
            sums: dict[tuple[int, int], _Heap] = {}
            for number, count, last in rows:
                column, row = cells.tile_of(number)
                if any(one.touches(column, row, fine) for one in windows):
                    heap = _Heap(count, (column + 0.5) * count, (row + 0.5) * count, last)
                    key = (column >> _FINER, row >> _FINER)
                    sums[key] = sums[key] + heap if key in sums else heap
            largest = sorted(_apart(sums), reverse=True)[:_MOST_CLUSTERS]
            shown = json.dumps([one.last for one in largest])
            versions = dict(tx.all(overview_sql.VERSIONS, entries=shown))
        side = 1 << cells.BITS - fine
        return [
            Cluster(*cells.position(one.column * side, one.row * side), one.size, one.last, version)
            for one in largest
            if (version := versions.get(one.last)) is not None
        ]


def _is_in_folders(query: Query, path: Path) -> bool:
    """Whether a path is below what the view asks for."""
    shown = f"{'/'.join(path)}/"
    for one in query.filters:
        if one.name == "folder":
            below = [shown.startswith(f"{value}/") for value in one.values]
            if any(below) if one.how is How.NOT else not (all(below) if one.how is How.ALL else any(below)):
                return False
    return True


def _united(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same numbers as ranges that do not overlap: those of both sides of the date line may be the same."""
    united: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if united and low <= united[-1][1]:
            united[-1] = (united[-1][0], max(high, united[-1][1]))
        else:
            united.append((low, high))
    return united


class _Heap(NamedTuple):
    """Photos that lie together: their number, the sums of their columns and rows, and the one that came last."""

    size: int
    columns: float
    rows: float
    last: int

    def __add__(self, other: _Heap) -> _Heap:  # type: ignore[override]
        """All of both."""
        return _Heap(
            self.size + other.size,
            self.columns + other.columns,
            self.rows + other.rows,
            max(self.last, other.last),
        )

    @property
    def column(self) -> float:
        """Of their middle."""
        return self.columns / self.size

    @property
    def row(self) -> float:
        """Of their middle."""
        return self.rows / self.size

    def covers(self, other: _Heap) -> bool:
        """Whether their pictures on the map would cover each other."""
        return max(abs(self.column - other.column), abs(self.row - other.row)) < _NEAR


def _apart(heaps: Mapping[tuple[int, int], _Heap]) -> Iterable[_Heap]:
    """The heaps of each tile, the smaller ones joined to a larger neighbour whose picture they would cover."""
    kept: dict[tuple[int, int], _Heap] = {}
    for (column, row), heap in sorted(heaps.items(), key=lambda one: -one[1].size):
        around = ((column + x, row + y) for x in (-1, 0, 1) for y in (-1, 0, 1))
        key = next((one for one in around if one in kept and kept[one].covers(heap)), None)
        if key is None:
            kept[column, row] = heap
        else:
            kept[key] += heap
    return kept.values()


class _Window(NamedTuple):
    """A rectangle of the map in smallest tiles; its ends are inside."""

    west: int
    north: int
    east: int
    south: int

    def tiles(self, level: int) -> int:
        """How many tiles of a level it touches."""
        shift = cells.BITS - level
        wide = (self.east >> shift) - (self.west >> shift) + 1
        return wide * ((self.south >> shift) - (self.north >> shift) + 1)

    def touches(self, column: int, row: int, level: int) -> bool:
        """Whether a tile of a level lies in it, at least a part of it."""
        shift = cells.BITS - level
        is_across = self.west >> shift <= column <= self.east >> shift
        return is_across and self.north >> shift <= row <= self.south >> shift

    def ranges(self) -> Iterator[tuple[int, int]]:
        """The numbers of all cells in it, and of some around it, as at most four ranges: from one to before another.

        They are the tiles of the smallest size of which it touches at most two in each direction.
        """
        longest = max(self.east - self.west, self.south - self.north) + 1
        shift = min(cells.BITS, math.ceil(math.log2(longest)))
        for column in range(self.west >> shift, (self.east >> shift) + 1):
            for row in range(self.north >> shift, (self.south >> shift) + 1):
                number = cells.number_of(column, row)
                yield number << 2 * shift, number + 1 << 2 * shift


def _windows(box: Box) -> Iterator[_Window]:
    """A box as one rectangle, or as two where it lies across the date line."""
    edge = 180 - 1e-9  # 180 degrees east are those west of the whole map
    spans = [(box.west, box.east)] if box.west <= box.east else [(box.west, edge), (-180.0, box.east)]
    for west, east in spans:
        yield _Window(*cells.tile(box.north, min(west, edge)), *cells.tile(box.south, min(east, edge)))


def _facets(tx: Transaction, counts: Mapping[tuple[int, str, int], int], spaces: Mapping[int, str]) -> Facets:
    """All but the years, of counts by space, what is counted, and its key."""
    sums: dict[str, Counter[int]] = defaultdict(Counter)
    for (_, what, key), n in counts.items():
        sums[what][key] += n
    forms = [(form_from(key), n) for key, n in sums["form"].items()]
    places = [
        (town, country, sums["place"][id_])
        for id_, town, country in tx.all(overview_sql.PLACES, ids=json.dumps(list(sums["place"])))
    ]
    traits = [
        (*row[1:], sums["traits"][row[0]]) for row in tx.all(overview_sql.TRAITS, ids=json.dumps(list(sums["traits"])))
    ]
    return Facets(
        total=0,
        counted=0,
        years=[],
        kinds=_top((name, n) for (kind, flags, _), n in forms for name in _kinds(kind, flags)),
        spaces=_top((spaces[space], n) for (space, what, _), n in counts.items() if what == "form"),
        towns=_top((town or None, n) for town, _, n in places),
        countries=_top((country, n) for _, country, n in places),
        cameras=_top((camera_name(make, model), n) for make, model, *_, n in traits),
        lenses=_top((lens, n) for _, _, lens, *_, n in traits),
        types=_top((form, n) for _, _, _, form, _, n in traits),
        tags=_top((tag, n) for *_, tags, n in traits for tag in json.loads(tags)),
        ratings=sorted(_summed((str(rating), n) for (_, _, rating), n in forms if rating).items(), reverse=True),
    )


def _kinds(kind: str, flags: int) -> Iterator[str]:
    yield "video" if kind == "video" else "photo"
    yield from (name for name, flag in _FLAGS.items() if flags & flag)


def _summed(counts: Iterable[tuple[str | None, int]]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for text, count in counts:
        if text is not None:
            sums[text] += count
    return sums


def _top(counts: Iterable[tuple[str | None, int]]) -> Counts:
    return sorted(_summed(counts).items(), key=lambda one: (-one[1], one[0]))[:_MOST]
