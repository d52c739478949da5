"""What was deleted or replaced: listing, restoring, and purging for good."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import trash as trash_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.errors import Conflict, Forbidden, NotFound
from gateway.library import conditions as conditions_
from gateway.library import names, photos, record, tree
from gateway.library.hold import GRACE
from gateway.library.values import NO_CONDITIONS, Change, Entry, Path, Principal, Role, Space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.photos import Photos
    from gateway.library.values import Guard, Listener

BATCH = 500
"""Entries purged in one transaction, so that nobody's upload waits long for a million of them."""


class TrashItem(NamedTuple):
    """Something in the trash of a space. Bytes, and microseconds UTC."""

    id: int
    entry_id: int
    name: str
    path: str
    """The folders it was in, below the space, joined with slashes; as they were called then."""
    parent_id: int
    size: int
    deleted: int
    account_id: int | None
    device: str
    purging: bool
    is_folder: bool


@dataclass(frozen=True, slots=True)
class Trash:
    """The trash of spaces."""

    catalogue: Catalogue
    photos: Photos
    guards: Sequence[Guard]
    listeners: Sequence[Listener]

    def items(
        self, principal: Principal, space: str, *, before: int | None = None, limit: int = 500
    ) -> list[TrashItem]:
        """Items that can be restored, the latest first; ``before`` is the id of the last item seen."""
        with self.catalogue.read() as tx:
            found = tree.find_space(tx, principal, space)
            rows = tx.all(
                trash_sql.TRASH_ITEMS, space=found.id, before=2**62 if before is None else before, limit=limit
            )
        return [TrashItem._make(row) for row in rows]

    def restore(self, principal: Principal, space: str, item_id: int) -> Path:
        """Put an item back where it was; the path it has now.

        Its folder may have been renamed (it goes there) or be gone (the recorded path is made anew); a taken name
        gets " (restored)". Raises QuotaExceeded as an upload would, NotFound when it is purged.
        """

        def work(tx: Transaction) -> tuple[Path, Change]:
            found = tree.find_space(tx, principal, space)
            item = _item(tx, principal, found, item_id)
            if item.purging:
                raise NotFound("This is being purged already.")
            parent_id, folders = self._home(tx, principal, found, item)
            name = free_name(tx, parent_id, item.name)
            path = (found.name, *folders, name)
            goal = tree.walk(tx, principal, path)
            entry = Entry._make(tx.all(tree_sql.ENTRY, entry=item.entry_id)[0])
            tree.check_reach(tx, entry, (found.name, *filter(None, item.path.split("/")), item.name), path)
            conditions_.require_tokens(tx, goal.guarding_members, NO_CONDITIONS, principal, goal)
            tx.run(trash_sql.DELETE_TRASH_ITEM, item=item.id)
            tx.run(
                tree_sql.RELOCATE,
                entry=item.entry_id,
                new_parent=parent_id,
                new_name=name,
                new_name_key=names.key(name),
            )
            record.settle(tx, found.id, live=item.size, trash=-item.size)
            self.photos.arrived(tx, found.id, parent_id, entry.id, name, is_folder=entry.is_folder)
            change = record.change(tx, self.guards, principal, "restored", found, item.entry_id, path)
            return path, change

        path, change = tree.write(self.catalogue, principal, work, space)
        record.notify(self.listeners, change)
        return path

    def purge(self, principal: Principal, space: str, item_id: int) -> None:
        """Delete an item for good: it cannot be restored from now on; its bytes are freed in batches."""

        def work(tx: Transaction) -> int:
            found = tree.find_space(tx, principal, space)
            mark(tx, [_item(tx, principal, found, item_id).id])
            return found.id

        purge_items(self.catalogue, tree.write(self.catalogue, principal, work, space), [item_id])

    def empty(self, principal: Principal, space: str) -> None:
        """Delete everything for good that the principal may; housekeeping frees the bytes within seconds.

        A manager may delete all of it, an editor what they deleted themselves.
        """

        def work(tx: Transaction) -> None:
            found = tree.find_space(tx, principal, space)
            if found.role < Role.EDITOR:
                raise Forbidden("Managers of the space and the one who deleted it can do this.")
            only = None if found.role >= Role.MANAGER else principal.account_id
            tx.run(trash_sql.MARK_ALL_PURGING, space=found.id, only=only)

        tree.write(self.catalogue, principal, work, space)

    def pictures(self, items: Sequence[TrashItem]) -> dict[int, str]:
        """The versions of the items' renditions, by the items' ids. Folders and files without a picture have none."""
        with self.catalogue.read() as tx:
            return dict(tx.all(trash_sql.PICTURE_VERSIONS, items=json.dumps([item.id for item in items])))

    def _home(
        self, tx: Transaction, principal: Principal, space: Space, item: TrashItem
    ) -> tuple[int, tuple[str, ...]]:
        """The folder to restore into, and the names of the folders down to it."""
        above = tx.all(tree_sql.ABOVE, entry=item.parent_id)
        if above and above[0][0] == space.root_id:
            return item.parent_id, tuple(str(row[1]) for row in above[1:])
        parent_id, folders = space.root_id, tuple(part for part in item.path.split("/") if part)
        for depth, name in enumerate(folders):
            row = tx.one(tree_sql.CHILD, parent=parent_id, name_key=names.key(name))
            if row is not None and not row[2]:
                raise Conflict(f"“{name}” is a file now: rename it first.")
            if row is not None:
                parent_id = row[0]
                continue
            now = record.clock()
            parent_id = record.new_entry(tx, parent_id, name, is_folder=True, blob_id=None, created=now, modified=now)
            record.settle(tx, space.id, entries=1)
            path = (space.name, *folders[: depth + 1])
            record.change(tx, self.guards, principal, "folder", space, parent_id, path)
        return parent_id, folders


def _item(tx: Transaction, principal: Principal, space: Space, item_id: int) -> TrashItem:
    row = tx.one(trash_sql.TRASH_ITEM, space=space.id, item=item_id)
    if row is None:
        raise NotFound("This is not in the trash.")
    item = TrashItem._make(row)
    if not decides(principal, space.role, item):
        raise Forbidden("Managers of the space and the one who deleted it can do this.")
    return item


def decides(principal: Principal, role: int, item: TrashItem) -> bool:
    """Whether somebody with this role (:class:`Role`) in the space may restore and purge an item of its trash."""
    return role >= Role.MANAGER or (role >= Role.EDITOR and item.account_id == principal.account_id)


def free_name(tx: Transaction, parent_id: int, name: str) -> str:
    """``name``, or the first of "name (restored).ext", "name (restored 2).ext", … that is free in the folder."""
    return tree.free_name(tx, parent_id, name, lambda count: " (restored)" if count == 1 else f" (restored {count})")


def mark(tx: Transaction, items: Sequence[int]) -> None:
    """Let items be purged: from now on they cannot be restored, and housekeeping goes on where somebody stopped."""
    tx.run(trash_sql.MARK_PURGING, items=json.dumps(items))


def purge_items(catalogue: Catalogue, space_id: int, items: Sequence[int]) -> None:
    """Purge items of a space that are marked so, in transactions of at most 500 entries."""
    while not catalogue.write(partial(_purge_some, space_id=space_id, items=json.dumps(items)), space_id):
        pass


def _purge_some(tx: Transaction, space_id: int, items: str) -> bool:
    """Delete up to 500 entries of the items in a fixed number of statements; whether all items are gone.

    Two levels of folders are looked at: the items themselves and the folders in them. When no files are left in those,
    the folders that they hold are lifted up a level, so that the tree gets flatter until nothing is left of it.
    """
    tops = [row[0] for row in tx.all(trash_sql.TOPS, space=space_id, items=items)]
    if not tops:
        return True
    folders = [row[0] for row in tx.all(trash_sql.FOLDERS_OF, folders=json.dumps(tops), limit=BATCH)]
    files = tx.all(trash_sql.FILES_OF, folders=json.dumps(tops + folders), limit=BATCH)
    gone = [row[0] for row in files]
    blobs = [row[1] for row in files]
    size = sum(row[2] for row in files)
    room = BATCH - len(files)
    if room and folders:
        room -= tx.run(trash_sql.LIFT_FOLDERS, folders=json.dumps(folders), limit=room)
        # Room that is left says that there was nothing more to lift: they are empty.
        gone += folders[:room]
        room -= len(folders[:room])
    photos.forget(tx, gone)
    size += int(tx.value(tree_sql.PROPERTY_BYTES, entries=json.dumps(gone)))
    tx.run(tree_sql.DELETE_ENTRIES, entries=json.dumps(gone))
    emptied = tx.all(trash_sql.EMPTIED_ITEMS, items=items, limit=room)
    if emptied:
        ended = json.dumps([row[0] for row in emptied])
        tx.run(trash_sql.ADD_PURGED, items=ended, at=record.clock())
        tx.run(trash_sql.DELETE_TRASH_ITEMS, items=ended)
        entries = json.dumps([row[1] for row in emptied])
        size += int(tx.value(tree_sql.PROPERTY_BYTES, entries=entries))
        tx.run(tree_sql.DELETE_ENTRIES, entries=entries)
        blobs += [row[2] for row in emptied]
        size += sum(row[3] for row in emptied)
    record.drop_blobs(tx, blobs, GRACE)
    record.settle(tx, space_id, trash=-size, entries=-len(gone) - len(emptied))
    return len(emptied) == len(tops)
