"""Checking what is derived from files: photos, the days they are counted in, renditions and playable copies.

All of it can be made again from the files, so repairing may throw away what is wrong.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING

from gateway.catalogue.statements import blobs as blobs_sql
from gateway.catalogue.statements import jobs as jobs_sql
from gateway.catalogue.statements import photos as photos_sql
from gateway.catalogue.statements import playables as playables_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.library.finding import Finding
from gateway.library.hold import GRACE
from gateway.library.photos import Common, Photos, follow_again, forget
from gateway.library.spaces import SpaceRow
from gateway.store.keys import RENDITIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.catalogue import Catalogue, Transaction
    from gateway.catalogue.statements import Statement
    from gateway.store import ObjectStore

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Derived:
    """Looks at everything derived once. It may run beside a server."""

    catalogue: Catalogue
    store: ObjectStore
    photos: Photos

    def check(self, *, repair: bool) -> Iterator[Finding]:
        """Every finding; with ``repair`` it is made right, which may leave work for the indexer."""
        self.photos.follow_folders()
        with self.catalogue.read() as tx:
            every = [SpaceRow._make(row) for row in tx.all(spaces_sql.SPACES)]
        for space in every:
            yield from self._photos(space, repair=repair)
            with self.catalogue.read() as tx:
                differ = len(_wrong_days(tx, space.id))
            if differ:
                # Counting holds nobody up. A difference is counted again where nothing can change meanwhile.
                differ = self.catalogue.write(partial(_count_days, space_id=space.id, repair=repair), space.id)
            if differ:
                yield Finding("days", f"{space.name}: the photos of {differ} days are counted wrongly", repair)
            with self.catalogue.read() as tx:
                differ = len(_wrong_counts(tx, space.id))
            if differ:
                differ = self.catalogue.write(partial(_count_again, space_id=space.id, repair=repair), space.id)
            if differ:
                yield Finding("counts", f"{space.name}: {differ} counts of photos are wrong", repair)
        yield from self._renditions(repair=repair)

    def _photos(self, space: SpaceRow, *, repair: bool) -> Iterator[Finding]:
        with self.catalogue.read() as tx:
            missing = int(tx.value(photos_sql.COUNT_MISSING, entry=space.root_id))
            stray = len(_strays(tx, space))
        if missing:
            if repair:
                self.catalogue.write(partial(follow_again, folder_id=space.root_id), space.id)
                self.photos.follow_folders()
            yield Finding("photos", f"{space.name}: {missing} files are not shown as photos", repair)
        if stray and repair:
            # Looked for again where nothing can change meanwhile: one may have been restored.
            stray = self.catalogue.write(partial(_forget_strays, space=space), space.id)
        if stray:
            yield Finding("photos", f"{space.name}: {stray} photos are shown that are not there", repair)

    def _renditions(self, *, repair: bool) -> Iterator[Finding]:
        """Walk what the store has of renditions and copies, and the catalogue, side by side; both sort by bytes."""
        sets, copies = self._rows(jobs_sql.RENDITIONS_AFTER), self._rows(playables_sql.PLAYABLES_AFTER)
        rows = heapq.merge(sets, copies, key=itemgetter(1))
        row = next(rows, None)
        for stored in self.store.list(RENDITIONS):
            while row is not None and row[1] < stored.key:
                yield from self._lost(*row, repair=repair)
                row = next(rows, None)
            if row is not None and row[1] == stored.key:
                row = next(rows, None)
            else:
                yield from self._unknown(stored.key, repair=repair)
        while row is not None:
            yield from self._lost(*row, repair=repair)
            row = next(rows, None)

    def _rows(self, statement: Statement) -> Iterator[tuple[str, str]]:
        after = ""
        while True:
            with self.catalogue.read() as tx:
                rows = tx.all(statement, after=after, limit=_BATCH)
            yield from ((row[0], row[1]) for row in rows)
            if len(rows) < _BATCH:
                return
            after = rows[-1][1]

    def _lost(self, sha256: str, key: str, *, repair: bool) -> Iterator[Finding]:
        """Report renditions whose object was not listed, unless they are new or gone by now."""
        with self.catalogue.read() as tx:
            known = (tx.one(jobs_sql.RENDITION_KEY, digest=sha256), tx.one(playables_sql.PLAYABLE_KEY, digest=sha256))
        if (key,) not in known or next(self.store.list(key), None) is not None:
            return
        if (key,) == known[1]:
            if repair:
                self.catalogue.run(playables_sql.DELETE_PLAYABLE, digest=sha256)
            yield Finding("renditions", f"No object {key}: the copy of the video has to be asked for again", repair)
            return
        if repair:
            self.catalogue.write(partial(_make_again, sha256=sha256))
        yield Finding("renditions", f"No object {key}: its pictures will be made again", repair)

    def _unknown(self, key: str, *, repair: bool) -> Iterator[Finding]:
        with self.catalogue.read() as tx:
            if tx.one(blobs_sql.GARBAGE_KEY, which=key) or tx.one(jobs_sql.RENDITIONS_BY_KEY, which=key):
                return
            if tx.one(playables_sql.PLAYABLE_BY_KEY, which=key):
                return
        if repair:
            self.catalogue.run(blobs_sql.ADD_GARBAGE, new_key=key, us=GRACE)
        yield Finding("renditions", f"No row names the renditions {key}: they will be deleted", repair)


def _strays(tx: Transaction, space: SpaceRow) -> list[int]:
    return [row[0] for row in tx.all(photos_sql.STRAYS, space=space.id, entry=space.root_id)]


def _forget_strays(tx: Transaction, space: SpaceRow) -> int:
    stray = _strays(tx, space)
    forget(tx, stray)
    return len(stray)


def _wrong_days(tx: Transaction, space_id: int) -> dict[int, tuple[int, int]]:
    """The days whose count differs from their photos, with what they should say."""
    counted = {day: (int(n), int(ratios)) for day, n, ratios in tx.all(photos_sql.COUNTED_DAYS, space=space_id)}
    known = {day: (n, ratios) for day, n, ratios in tx.all(photos_sql.DAYS, space=space_id)}
    days = counted.keys() | known.keys()
    return {day: counted.get(day, (0, 0)) for day in days if counted.get(day, (0, 0)) != known.get(day, (0, 0))}


def _count_days(tx: Transaction, space_id: int, *, repair: bool) -> int:
    wrong = _wrong_days(tx, space_id)
    if wrong and repair:
        seq = tx.value(photos_sql.NEXT_SEQ, space=space_id)
        for day, (n, ratios) in wrong.items():
            tx.run(photos_sql.DELETE_DAY, space=space_id, which=day)
            tx.run(photos_sql.ADD_DAY, space_id=space_id, day=day, n=n, ratio_sum=ratios, seq=seq)
    return len(wrong)


def _counted(tx: Transaction, space_id: int) -> Counter[tuple[str, int]]:
    counted: Counter[tuple[str, int]] = Counter()
    for *common, n in tx.all(photos_sql.COUNTED, space=space_id):
        for key in Common._make(common).keys:
            counted[key] += n
    return counted


def _wrong_counts(tx: Transaction, space_id: int) -> set[tuple[str, int]]:
    """What is counted otherwise than there are photos."""
    known = {(what, key): n for what, key, n in tx.all(photos_sql.COUNTS, space=space_id)}
    return {key for key, _ in known.items() ^ dict(_counted(tx, space_id)).items()}


def _count_again(tx: Transaction, space_id: int, *, repair: bool) -> int:
    wrong = _wrong_counts(tx, space_id)
    if wrong and repair:
        tx.run(photos_sql.DELETE_COUNTS, space=space_id)
        for (what, key), n in _counted(tx, space_id).items():
            tx.run(photos_sql.ADD_COUNT, space_id=space_id, what=what, key=key, n=n)
    return len(wrong)


def _make_again(tx: Transaction, sha256: str) -> None:
    tx.run(jobs_sql.DELETE_RENDITIONS, digest=sha256)
    tx.run(jobs_sql.AGAIN_BYTES, digest=sha256)
