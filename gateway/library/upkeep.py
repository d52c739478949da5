"""Housekeeping: what has to happen now and then, done by whichever process takes the lease.

Everything here is level-triggered: it looks at what the rows say now, so a missed run or a crash loses nothing.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from gateway.catalogue.statements import accounts as accounts_sql
from gateway.catalogue.statements import blobs as blobs_sql
from gateway.catalogue.statements import invitations as invitations_sql
from gateway.catalogue.statements import locks as locks_sql
from gateway.catalogue.statements import photos as photos_sql
from gateway.catalogue.statements import sessions as sessions_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import trash as trash_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.catalogue.statements import upkeep as upkeep_sql
from gateway.catalogue.statements import uploads as uploads_sql
from gateway.errors import Conflict, GatewayError, QuotaExceeded
from gateway.library import hold, jobs, record, snapshot, strays, tokens, trash, usage
from gateway.library.spaces import SpaceRow
from gateway.library.values import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.catalogue import Catalogue, Transaction
    from gateway.store import ObjectStore

_log = logging.getLogger("davgallery.upkeep")
_LEASE = 10 * 60 * 1_000_000
_DAY = 86_400 * 1_000_000
KEEP_REMOVED = 30 * _DAY
"""Microseconds that a removed account's or space's files are kept."""
KEEP_CHANGES = 400 * _DAY
KEEP_REFUSALS = 30 * _DAY
KEEP_INVITATIONS = 30 * _DAY
"""Microseconds that administrators see a link after it has ended."""
KEEP_KNOWN = 90 * _DAY
"""Microseconds that a network counts as one that an account logs in from."""
_BATCH = 500
_RENDITIONS = "rendition_bytes"

Chore: TypeAlias = "tuple[int, Callable[[], object]]"
"""Seconds from its end to its next beginning, and what is to be done."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Keeps the catalogue and the store tidy. ``keep_trash`` is in microseconds."""

    catalogue: Catalogue
    store: ObjectStore
    keep_trash: int

    def run_due(self, more: Mapping[str, Chore] | None = None) -> int:
        """Do every piece of housekeeping that is due and that nobody else is doing; how many there were.

        ``more`` is what only this process knows how to do, by name.
        """
        chores: dict[str, Chore] = {
            "holds": (30, self.end_expired_holds),
            "trash": (10, self.purge_trash),
            "garbage": (60, self.collect_garbage),
            "forget": (3600, self.forget),
            "spaces": (3600, self.purge_removed_spaces),
            "snapshot": (24 * 3600, self.snapshot),
            "measure": (600, self.measure),
            "usage": (5, partial(usage.count_wanted, self.catalogue)),
            **(more or {}),
        }
        with self.catalogue.read() as tx:
            known = {row[0] for row in tx.all(upkeep_sql.CHORES)}
            due = [row[0] for row in tx.all(upkeep_sql.DUE_CHORES)]
        for name in chores.keys() - known:
            self.catalogue.write(partial(_add_chore, name=name), durable=False)
            due.append(name)
        done = 0
        for name in due:
            if name not in chores:
                continue
            seconds, work = chores[name]
            if not self.catalogue.run(upkeep_sql.TAKE_CHORE, durable=False, chore=name, us=_LEASE):
                continue
            try:
                work()
            except GatewayError as error:
                _log.warning("Housekeeping “%s” will be tried again: %s", name, error)
                seconds = min(seconds, 60)
            self.catalogue.run(upkeep_sql.END_CHORE, durable=False, chore=name, us=seconds * 1_000_000)
            done += 1
        return done

    def end_expired_holds(self) -> int:
        """Give back what uploads reserved that were not heard of for ten minutes; how many there were."""
        total = 0
        while ended := self._end_holds(lambda tx: tx.all(uploads_sql.EXPIRED_HOLDS, limit=_BATCH)):
            total += ended
        return total

    def end_holds_of(self, instance: str) -> int:
        """End the holds of a run of the server that is over: only for the one that replaces it."""
        return self._end_holds(lambda tx: tx.all(uploads_sql.HOLDS_OF_INSTANCE, who=instance))

    def forget_holds(self) -> None:
        """Forget every hold, and delete nothing: for a catalogue that was brought back from a copy.

        What was on its way when the copy was made may have arrived since, and its object may be the only one.
        """
        self.catalogue.write(_forget_holds)

    def _end_holds(self, find: Callable[[Transaction], list[tuple[str, int]]]) -> int:
        with self.catalogue.read() as tx:
            rows = find(tx)
        for key, space_id in rows:
            self._end_hold(key, space_id)
        return len(rows)

    def _end_hold(self, key: str, space_id: int) -> None:
        """End a hold that its upload did not end, and keep what is in the store.

        Stores keep all of an upload or nothing, and its own process has what it refuses deleted. So an object that is
        there is a right upload whose process died a moment too early; or the catalogue was brought back from a dump
        that is older than the end of the upload, and it is somebody's photograph.
        """
        stored = strays.look(self.store, key)
        if stored is not None:
            with self.catalogue.read() as tx:
                space = SpaceRow._make(tx.all(spaces_sql.SPACE_BY_ID, space=space_id)[0])
            release = partial(hold.release, key=key)
            try:
                if strays.take_in(self.catalogue, self.store, space, stored, into_trash=True, claim=release):
                    return
            except QuotaExceeded:
                _log.warning("“%s” cannot take %s into its trash: check --repair will try again", space.name, key)
                self.catalogue.write(release, space_id)
                return
        self.catalogue.write(partial(hold.abandon, key=key), space_id, durable=False)

    def collect_garbage(self) -> int:
        """Delete the objects that nothing refers to and whose time has come; how many there were."""
        total = 0
        while True:
            with self.catalogue.read() as tx:
                keys = [row[0] for row in tx.all(blobs_sql.DUE_GARBAGE, limit=_BATCH)]
            if not keys:
                break
            self.store.delete(keys)
            self.catalogue.write(partial(_forget_garbage, keys=keys))
            total += len(keys)
        self.catalogue.run(blobs_sql.STRAY_GARBAGE, durable=False)
        return total

    def purge_trash(self) -> int:
        """Purge what is past its days, and the oldest while a space has not the room for its trash; how many items."""
        total = 0
        with self.catalogue.read() as tx:
            crowded = [row[0] for row in tx.all(trash_sql.CROWDED_SPACES)]
            old = [row[0] for row in tx.all(trash_sql.OLD_TRASH, age=self.keep_trash)]
        for space_id in old:
            total += self._purge(space_id, partial(_past, space_id=space_id, age=self.keep_trash))
        for space_id in crowded:
            total += self._purge(space_id, partial(_for_room, space_id=space_id))
        return total

    def _purge(self, space_id: int, choose: Callable[[Transaction], list[int]]) -> int:
        """Purge the items that ``choose`` finds until it finds none; how many there were."""

        def work(tx: Transaction) -> list[int]:
            items = choose(tx)
            trash.mark(tx, items)
            return items

        total = 0
        while items := self.catalogue.write(work, space_id):
            trash.purge_items(self.catalogue, space_id, items)
            total += len(items)
        return total

    def forget(self) -> None:
        """Drop what has expired, links that ended long ago, old logins, old changes and old refusals."""

        def work(tx: Transaction) -> None:
            tx.run(locks_sql.EXPIRED_LOCKS)
            tx.run(sessions_sql.EXPIRED_SESSIONS)
            tokens.forget(tx)
            tx.run(invitations_sql.FORGET_INVITATIONS, age=KEEP_INVITATIONS)
            tx.run(accounts_sql.FORGET_ATTEMPTS, failed=_DAY, known=KEEP_KNOWN)
            tx.run(tree_sql.FORGET_CHANGES, age=KEEP_CHANGES)
            tx.run(uploads_sql.FORGET_REFUSALS, age=KEEP_REFUSALS)

        self.catalogue.write(work, durable=False)

    def purge_removed_spaces(self) -> int:
        """Purge the spaces that were removed 30 days ago; how many there were."""
        with self.catalogue.read() as tx:
            rows = tx.all(spaces_sql.REMOVED_SPACES, age=KEEP_REMOVED)
        for row in rows:
            self.purge_space(row[0])
        return len(rows)

    def purge_space(self, space_id: int) -> None:
        """Delete a removed space for good, with all that is in it and the account whose personal space it is.

        Raises Conflict for a space that was not removed.
        """
        with self.catalogue.read() as tx:
            row = tx.one(spaces_sql.SPACE_BY_ID, space=space_id)
        if row is None:
            return
        space = SpaceRow._make(row)
        if space.removed is None:
            raise Conflict(f"“{space.name}” is in use: remove it first.")

        def empty(tx: Transaction) -> None:
            for child in tx.all(tree_sql.PAGE, parent=space.root_id, after="", limit=_BATCH):
                _discard(tx, space, Entry._make(child[:-1]))

        def is_empty() -> bool:
            with self.catalogue.read() as tx:
                return not tx.all(tree_sql.PAGE, parent=space.root_id, after="", limit=1)

        while not is_empty():
            self.catalogue.write(empty, space_id)
        self._purge(
            space_id, lambda tx: [row[0] for row in tx.all(trash_sql.OLDEST_TRASH, space=space_id, limit=_BATCH)]
        )
        self.catalogue.write(partial(_delete_space, space=space), space_id)

    def snapshot(self) -> str | None:
        """Copy the catalogue into the store and keep the newest seven; the key, None for PostgreSQL."""
        return snapshot.take(self.catalogue, self.store)

    def measure(self) -> None:
        """Add up what no sum is kept of, for the figures: it would take too long whenever somebody looks."""
        with self.catalogue.read() as tx:
            total = str(tx.value(upkeep_sql.SUM_RENDITIONS))
            row = tx.one(upkeep_sql.META, name=_RENDITIONS)
        if row is None:
            self.catalogue.run(upkeep_sql.ADD_META, durable=False, name=_RENDITIONS, value=total)
        elif row[0] != total:
            self.catalogue.run(upkeep_sql.SET_META, durable=False, name=_RENDITIONS, new_value=total)

    def figures(self) -> dict[str, int]:
        """Sums over all spaces for the metrics: bytes, counts and seconds. Cheap, whatever there is."""
        with self.catalogue.read() as tx:
            queue = jobs.queue(tx)
            renditions = tx.one(upkeep_sql.META, name=_RENDITIONS)
            spaces, live, held, trash, entries = (int(x) for x in tx.all(upkeep_sql.TOTALS)[0])
            return {
                "spaces": spaces,
                "live_bytes": live,
                "held_bytes": held,
                "trash_bytes": trash,
                "entries": entries,
                "accounts": int(tx.value(accounts_sql.COUNT_ACCOUNTS)),
                "holds": int(tx.value(upkeep_sql.COUNT_HOLDS)),
                "garbage": int(tx.value(upkeep_sql.COUNT_GARBAGE)),
                "photos": int(tx.value(photos_sql.COUNT_PHOTOS)),
                "rendition_bytes": int(renditions[0]) if renditions else 0,
                "jobs_waiting": queue.waiting,
                "jobs_running": queue.running,
                "jobs_failed": queue.failed,
                "jobs_oldest_seconds": queue.oldest,
                "locks": int(tx.value(upkeep_sql.COUNT_LOCKS)),
            }


def _add_chore(tx: Transaction, name: str) -> None:
    if name not in {row[0] for row in tx.all(upkeep_sql.CHORES)}:
        tx.run(upkeep_sql.ADD_CHORE, name=name, due=0, lease=0)


def _forget_holds(tx: Transaction) -> None:
    tx.run(uploads_sql.FORGET_HOLDS)
    tx.run(spaces_sql.FORGET_HELD)


def _forget_garbage(tx: Transaction, keys: list[str]) -> None:
    tx.run(blobs_sql.DELETE_GARBAGE, keys=json.dumps(keys))


def _past(tx: Transaction, space_id: int, age: int) -> list[int]:
    """The oldest items that are past their days, and those that somebody began to purge."""
    return [row[0] for row in tx.all(trash_sql.OLD_TRASH_ITEMS, space=space_id, age=age, limit=_BATCH)]


def _for_room(tx: Transaction, space_id: int) -> list[int]:
    """The oldest items, as many as it takes to get a space with its trash below its quota."""
    row = tx.one(trash_sql.EXCESS, space=space_id)
    if row is None:
        return []
    items, excess = [], int(row[0])
    for item, size in tx.all(trash_sql.OLDEST_TRASH, space=space_id, limit=_BATCH):
        if excess <= 0:
            break
        items.append(item)
        excess -= size
    return items


def _delete_space(tx: Transaction, space: SpaceRow) -> None:
    for key, _ in tx.all(uploads_sql.HOLDS_OF_SPACE, space=space.id):
        hold.abandon(tx, key)
    tx.run(tree_sql.DELETE_ENTRIES, entries=json.dumps([space.root_id, space.trash_id]))
    tx.run(spaces_sql.DELETE_SPACE, space=space.id)
    if space.owner_id is not None:
        tx.run(accounts_sql.DELETE_ACCOUNT, account=space.owner_id)


def _discard(tx: Transaction, space: SpaceRow, entry: Entry) -> None:
    """Move an entry of a removed space into its trash, so that there is one way to purge."""
    size = int(tx.all(tree_sql.SUBTREE, entry=entry.id)[0][1])
    item = record.new_item(tx, space.id, (space.name, entry.name), space.root_id, size, account_id=None, device="")
    trash.mark(tx, [item])
    tx.run(tree_sql.RELOCATE, entry=entry.id, new_parent=space.trash_id, new_name=str(item), new_name_key=str(item))
    tx.run(trash_sql.SET_TRASHED, item=item, new_entry=entry.id)
    record.settle(tx, space.id, live=-size, trash=size)
