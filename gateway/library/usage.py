"""What takes the room of a space, for people who look for more: by kind, year and folder, and the largest files.

No sum is kept of these, and counting looks at every file. A small space is counted while one waits for it. Of a large
one people see what was counted last, and housekeeping counts again when somebody has looked and it has changed since.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import usage as usage_sql
from gateway.library import tree
from gateway.library.details import path_of
from gateway.library.spaces import SpaceRow
from gateway.library.vocabulary import year_of

if TYPE_CHECKING:
    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Path, Principal

SMALL = 20_000
"""Entries that are counted at once; it takes about a tenth of a second."""
_PATIENCE = 60 * 1_000_000
"""Microseconds for which what was counted is new enough; of a large space, for each 100,000 entries as long."""
_MOST = 20


class Share(NamedTuple):
    """A part of what there is."""

    name: str
    files: int
    size: int
    """Bytes."""


class Folder(NamedTuple):
    """A folder with all that is below it."""

    name: str
    size: int


class File(NamedTuple):
    """A large file."""

    path: Path
    size: int


class Report(NamedTuple):
    """What takes the room of a space. Sizes in bytes."""

    counted: int | None
    """When, in microseconds UTC; None before it was counted for the first time."""
    is_counting: bool
    """Whether it will be counted again within seconds."""
    photos: Share
    videos: Share
    others: int
    """Bytes of other files, and of what programs have noted beside files."""
    years: list[Share]
    """Photographs and videos by the year they were taken, the last first."""
    folders: list[Folder]
    """The twenty that take most, of those that lie in no other."""
    largest: list[File]
    """The twenty largest files."""


@dataclass(frozen=True, slots=True)
class Usages:
    """Tells members what takes the room of their spaces."""

    catalogue: Catalogue

    def report(self, principal: Principal, space: str) -> Report:
        """What takes the room of a space; NotFound as for everything in it."""
        with self.catalogue.read() as tx:
            found = tree.walk(tx, principal, (space,)).space
            known = tx.one(usage_sql.USAGE, space=found.id)
            row = SpaceRow._make(tx.all(spaces_sql.SPACE_BY_ID, space=found.id)[0])
        written = json.loads(known[3]) if known else {}
        patience = _PATIENCE * max(1, row.entries // 100_000)
        is_new = known is not None and known[0] is not None and (known[1] < patience or written["live"] == row.live)
        if is_new or (known is not None and known[2] is not None):
            return _report(written, row, known[0] if known else None, is_counting=not is_new)
        if known is None:
            self.catalogue.write(lambda tx: _want_first(tx, found.id), durable=False)
        else:
            self.catalogue.run(usage_sql.WANT_USAGE, durable=False, space=found.id)
        if row.entries > SMALL:
            return _report(written, row, known[0] if known else None, is_counting=True)
        _count(self.catalogue, found.id)
        with self.catalogue.read() as tx:
            counted, _, _, text = tx.all(usage_sql.USAGE, space=found.id)[0]
        return _report(json.loads(text), row, counted, is_counting=False)


def count_wanted(catalogue: Catalogue) -> int:
    """Count the spaces that somebody has asked for; how many there were."""
    with catalogue.read() as tx:
        wanted = [row[0] for row in tx.all(usage_sql.WANTED_USAGES, most=_MOST)]
    for space_id in wanted:
        _count(catalogue, space_id)
    return len(wanted)


def _count(catalogue: Catalogue, space_id: int) -> None:
    """Count a space, and keep what was found."""
    with catalogue.read() as tx:
        rows = tx.all(spaces_sql.SPACE_BY_ID, space=space_id)
        if not rows:
            return
        report = json.dumps(_counted(tx, SpaceRow._make(rows[0])))
    catalogue.run(usage_sql.SET_USAGE, durable=False, space=space_id, new_report=report)


def _want_first(tx: Transaction, space_id: int) -> None:
    if tx.one(usage_sql.USAGE, space=space_id) is None:
        tx.run(usage_sql.ADD_USAGE, space=space_id)


def _counted(tx: Transaction, space: SpaceRow) -> dict[str, Any]:
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    years: dict[int, list[int]] = {}
    for kind, day, count, size in tx.all(usage_sql.PHOTOS_BY_DAY, space=space.id):
        name = "video" if kind == "video" else "photo"
        files[name] += count
        sizes[name] += int(size)
        year = years.setdefault(year_of(day), [0, 0])
        year[0] += count
        year[1] += int(size)
    folders = tx.all(usage_sql.SIZES_BY_FOLDER, root=space.root_id, most=_MOST)
    largest = tx.all(usage_sql.LARGEST_FILES, root=space.root_id, most=_MOST)
    paths = {folder: path_of(tx, folder, {space.root_id: ""}) for folder in {row[0] for row in largest}}
    return {
        "live": space.live,
        "kinds": {name: [files[name], sizes[name]] for name in ("photo", "video")},
        "years": [[str(year), *years[year]] for year in sorted(years, reverse=True)],
        "folders": [[name, int(size)] for name, size in folders if size],
        "largest": [[[*path[1:], name], size] for folder, name, size in largest if (path := paths[folder])],
    }


def _report(written: dict[str, Any], space: SpaceRow, counted: int | None, *, is_counting: bool) -> Report:
    kinds = written.get("kinds", {"photo": [0, 0], "video": [0, 0]})
    photos, videos = (Share(name, *kinds[name]) for name in ("photo", "video"))
    return Report(
        counted=counted,
        is_counting=is_counting,
        photos=photos,
        videos=videos,
        others=max(0, int(written.get("live", 0)) - photos.size - videos.size),
        years=[Share(*one) for one in written.get("years", ())],
        folders=[Folder(*one) for one in written.get("folders", [])],
        largest=[File((space.name, *path), size) for path, size in written.get("largest", [])],
    )
