"""Comparing the catalogue with itself and with the store, and having objects that no row names taken in.

``check`` only looks unless it may repair; and repairing deletes nothing: an object that nobody knows may be the only
copy of a photograph (after a restored database it is), so it goes into its space's trash under "found".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import blobs as blobs_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import transfers as transfers_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.catalogue.statements import uploads as uploads_sql
from gateway.errors import BadName, Conflict, Exists, NotFound, QuotaExceeded
from gateway.library import names, record, spaces, strays
from gateway.library.derived import Derived
from gateway.library.finding import Finding
from gateway.library.hold import GRACE
from gateway.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.photos import Photos
    from gateway.store import ObjectStore, StoredObject

_BATCH = 1000
_OURS = "_"


class Taken(NamedTuple):
    """An object that was taken in, and where."""

    key: str
    path: str


@dataclass(frozen=True, slots=True)
class Checker:
    """Looks at everything once. It may run beside a server."""

    catalogue: Catalogue
    store: ObjectStore
    photos: Photos

    def check(self, *, repair: bool = False) -> Iterator[Finding]:
        """Every finding, as it is found: sums that differ from the rows, rows without objects, objects without rows.

        With ``repair``, sums are recounted, strays put into the trash, unused blobs made garbage. A file whose object
        is missing cannot be repaired: it is reported every time. What is derived from files is made anew.
        """
        yield from self._sums(repair=repair)
        yield from self._unused(repair=repair)
        yield from self._objects(repair=repair)
        yield from self._parts(repair=repair)
        yield from Derived(self.catalogue, self.store, self.photos).check(repair=repair)

    def adopt(self, name: str) -> Iterator[Taken | Finding]:
        """Take the objects under a space's key that no row names into its tree, where their keys say.

        For files that somebody put straight into the store, or that arrived after the snapshot that was restored.
        An object whose key cannot be a path is reported and stays. Raises QuotaExceeded when the space is full; what
        was taken in until then stays.
        """
        with self.catalogue.read() as tx:
            space = spaces.find(tx, name)
        for stored in self.store.list(f"{space.key}/"):
            if self._is_known(stored.key):
                continue
            try:
                names.check(tuple(stored.key.split("/")))
                path = strays.take_in(self.catalogue, self.store, space, stored, into_trash=False)
            except (BadName, Conflict) as error:
                yield Finding("stray", f"{stored.key} stays where it is: {error}", repaired=False)
                continue
            if path is not None:
                yield Taken(stored.key, path)

    # --- sums ---------------------------------------------------------------------------------------------------

    def _sums(self, *, repair: bool) -> Iterator[Finding]:
        with self.catalogue.read() as tx:
            ids = [row[0] for row in tx.all(spaces_sql.SPACES)]
        for space_id in ids:
            with self.catalogue.read() as tx:
                differs = _recount(tx, space_id, repair=False)
            if differs is None:
                continue
            # Counting holds nobody up. Only a difference is counted again where nothing can change meanwhile.
            finding = self.catalogue.write(partial(_recount, space_id=space_id, repair=repair), space_id)
            if finding is not None:
                yield finding

    def _unused(self, *, repair: bool) -> Iterator[Finding]:
        """Blobs that no entry points to: none can come about, so any is a defect worth knowing."""
        after = 0
        while True:
            with self.catalogue.read() as tx:
                rows = tx.all(blobs_sql.UNREFERENCED_BLOBS, after=after, limit=_BATCH)
            if repair:
                self.catalogue.write(partial(record.drop_blobs, blob_ids=[row[0] for row in rows], grace=GRACE))
            for _, key in rows:
                yield Finding("unused", f"No file points to the stored object {key}", repair)
            if len(rows) < _BATCH:
                return
            after = rows[-1][0]

    # --- objects ------------------------------------------------------------------------------------------------

    def _objects(self, *, repair: bool) -> Iterator[Finding]:
        """Walk the store's keys and the catalogue's side by side; both sort by bytes."""
        rows = self._blobs()
        row = next(rows, None)
        for stored in self.store.list():
            if stored.key.startswith(_OURS):
                continue
            while row is not None and _bytes(row[1]) < _bytes(stored.key):
                yield from self._missing(row)
                row = next(rows, None)
            if row is not None and row[1] == stored.key:
                if row[2] != stored.size:
                    text = f"{stored.key} has {stored.size} bytes, the catalogue says {row[2]}"
                    yield Finding("size", text, repaired=False)
                row = next(rows, None)
            elif not self._is_known(stored.key):
                yield self._stray(stored, repair=repair)
        while row is not None:
            yield from self._missing(row)
            row = next(rows, None)

    def _parts(self, *, repair: bool) -> Iterator[Finding]:
        """Parts that no unfinished upload knows: after a restored database, whose uploads begin anew."""
        for stored in self.store.list(keys.PARTS):
            with self.catalogue.read() as tx:
                asked = (transfers_sql.PART_KEY, blobs_sql.GARBAGE_KEY)
                if any(tx.one(statement, which=stored.key) is not None for statement in asked):
                    continue
            if repair:
                self.catalogue.run(blobs_sql.ADD_GARBAGE, new_key=stored.key, us=GRACE)
            yield Finding("part", f"No upload knows its part {stored.key} ({stored.size} bytes)", repair)

    def _blobs(self) -> Iterator[tuple[int, str, int]]:
        after = ""
        while True:
            with self.catalogue.read() as tx:
                rows = tx.all(blobs_sql.BLOBS_AFTER, after=after, limit=_BATCH)
            yield from ((row[0], row[1], row[2]) for row in rows)
            if len(rows) < _BATCH:
                return
            after = rows[-1][1]

    def _missing(self, row: tuple[int, str, int]) -> Iterator[Finding]:
        """Report a blob whose object was not listed, unless it is gone by now or its object is there after all."""
        blob_id, key, size = row
        with self.catalogue.read() as tx:
            entries = [found[0] for found in tx.all(blobs_sql.ENTRIES_OF_BLOB, blob=blob_id)]
            paths = [_path(tx, entry_id) for entry_id in entries]
        if not entries:
            return
        try:
            for _ in self.store.read(key, 0, min(size, 1)):
                pass
        except NotFound:
            yield Finding("missing", f"The bytes of {', '.join(paths)} are gone: no object {key}", repaired=False)

    def _is_known(self, key: str) -> bool:
        with self.catalogue.read() as tx:
            return strays.is_named(tx, key)

    def _stray(self, stored: StoredObject, *, repair: bool) -> Finding:
        text = f"No row names the object {stored.key} ({stored.size} bytes)"
        try:
            keys.split(stored.key)
        except ValueError:
            return Finding("stray", f"{text}, and no upload could have made it: it stays", repaired=False)
        if not repair:
            return Finding("stray", text, repaired=False)
        with self.catalogue.read() as tx:
            row = tx.one(spaces_sql.SPACE_BY_KEY, key=stored.key.partition("/")[0])
        if row is None:
            return Finding("stray", f"{text}, and no space has its first segment: it stays", repaired=False)
        space = spaces.SpaceRow._make(row)
        taken = strays.take_in(self.catalogue, self.store, space, stored, into_trash=True)
        return Finding("stray", f"{text}: now in the trash of {row[1]} under “found”", repaired=taken is not None)


def take_in_all(checker: Checker, default_quota: int) -> Iterator[Taken | Finding]:
    """Adopt into every space what arrived after a restored snapshot; an error of one space does not stop the others.

    Objects of a space that the catalogue does not know, because it was made after the snapshot, get a shared space of
    that key, with ``default_quota`` bytes or as many as they have.
    """
    with checker.catalogue.read() as tx:
        rows = [spaces.SpaceRow._make(row) for row in tx.all(spaces_sql.SPACES)]
    unknown: dict[str, int] = {}
    known = {row.key for row in rows}
    for stored in checker.store.list():
        key = stored.key.partition("/")[0]
        if not key.startswith(_OURS) and key not in known:
            unknown[key] = unknown.get(key, 0) + stored.size
    for key, size in unknown.items():
        quota = max(default_quota, size)
        try:
            checker.catalogue.write(partial(spaces.create, name=key, owner_id=None, quota=quota, key=key))
        except (BadName, Exists) as error:
            yield Finding("stray", f"{key}/ stays where it is: {error}", repaired=False)
    for name in [*(row.name for row in rows), *unknown]:
        try:
            yield from checker.adopt(name)
        except (QuotaExceeded, NotFound) as error:
            yield Finding("stray", f"{name}: {error}", repaired=False)


def _recount(tx: Transaction, space_id: int, *, repair: bool) -> Finding | None:
    row = tx.one(spaces_sql.SPACE_BY_ID, space=space_id)
    if row is None:
        return None
    space = spaces.SpaceRow._make(row)
    live_entries, live = (int(x) for x in tx.all(tree_sql.SUBTREE, entry=space.root_id)[0])
    trash_entries, trash = (int(x) for x in tx.all(tree_sql.SUBTREE, entry=space.trash_id)[0])
    held = int(tx.value(uploads_sql.HELD, space=space_id))
    counted = {"live": live, "held": held, "trash": trash, "entries": live_entries + trash_entries}
    stored = {name: getattr(space, name) for name in counted}
    if counted == stored:
        return None
    if repair:
        tx.run(
            spaces_sql.SET_SUMS, space=space_id, new_live=live, new_held=held, new_trash=trash,
            new_entries=counted["entries"],
        )  # fmt: skip
    wrong = ", ".join(f"{name} is {stored[name]}, counted {counted[name]}" for name in counted
                      if stored[name] != counted[name])  # fmt: skip
    return Finding("sums", f"{space.name}: {wrong}", repair)


def _path(tx: Transaction, entry_id: int) -> str:
    """Where an entry is, for a person; what is in the trash is there by the id of its item."""
    root, *above = tx.all(tree_sql.ABOVE, entry=entry_id)
    space, in_trash = tx.all(spaces_sql.SPACE_OF_ROOT, root=root[0])[0]
    return "/".join([str(space), *(["(trash)"] if in_trash else []), *(str(row[1]) for row in above)])


def _bytes(key: str) -> bytes:
    return key.encode()
