"""The tree as people use it: look, list, read, make folders, delete, copy, move, describe.

COPY and MOVE are catalogue operations: no byte is moved and the store is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from gateway.catalogue.statements import locks as locks_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.errors import Conflict, Exists, Forbidden, PreconditionFailed, TooLarge
from gateway.library import conditions as conditions_
from gateway.library import names, policy, record, tree
from gateway.library.values import (
    NO_CONDITIONS,
    Change,
    Conditions,
    Content,
    Entry,
    Listing,
    Lock,
    Page,
    Path,
    Principal,
    PropertyChange,
    PropertyName,
    Resource,
    Role,
    Space,
)

if TYPE_CHECKING:
    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.photos import Photos
    from gateway.library.values import Guard, Listener
    from gateway.store import ObjectStore

T = TypeVar("T")
_Work = Callable[["Transaction"], tuple[T, Change]]
_PAGE = 2000
_ADDRESS_SECONDS = 15 * 60
MAX_COPIED = 100_000
"""Entries of a folder that is copied: one transaction, which on SQLite lets no other write in for about a second."""
_MAX_PROPERTIES = 200
_MAX_PROPERTY_NAME_BYTES = 1000  # it is in an index, and PostgreSQL takes 2,704 bytes there
_MAX_PROPERTY_BYTES = 64 << 10  # of an entry, with names and what each row takes besides


@dataclass(frozen=True, slots=True)
class Files:
    """Everything that can be done with entries, except uploading."""

    catalogue: Catalogue
    store: ObjectStore
    photos: Photos
    guards: Sequence[Guard]
    listeners: Sequence[Listener]

    # --- looking ------------------------------------------------------------------------------------------------

    def spaces(self, principal: Principal) -> list[Space]:
        """The spaces that the principal is a member of, by name."""
        with self.catalogue.read() as tx:
            return [Space._make(row) for row in tx.all(spaces_sql.SPACES_OF_MEMBER, account=principal.account_id)]

    def stat(self, principal: Principal, path: Path) -> Resource:
        """What is at ``path``; NotFound."""
        with self.catalogue.read() as tx:
            return tree.walk(tx, principal, path).resource()

    def properties(self, principal: Principal, path: Path) -> Mapping[PropertyName, str]:
        """The dead properties of what is at ``path``, as XML text."""
        with self.catalogue.read() as tx:
            return _properties(tx, tree.walk(tx, principal, path).found())

    def children(self, principal: Principal, path: Path) -> Listing:
        """A folder and its members in the order of their names; Conflict when it is a file."""
        with self.catalogue.read() as tx:
            folder = tree.walk(tx, principal, path).resource()
            if not folder.entry.is_folder:
                raise Conflict("This is a file.")
            return Listing(folder, _properties(tx, folder.entry), self._pages(folder.entry.id))

    def _pages(self, parent: int) -> Iterator[Page]:
        """Each page with its locks and dead properties in three statements; no connection is held between pages."""
        after = ""
        while True:
            with self.catalogue.read() as tx:
                rows = tx.all(tree_sql.PAGE, parent=parent, after=after, limit=_PAGE)
                if not rows:
                    return
                span = {"parent": parent, "after": after, "last": rows[-1][-1]}
                locks: dict[int, tuple[Lock, ...]] = {}
                for row in tx.all(tree_sql.PAGE_LOCKS, **span):
                    lock = Lock._make(row)
                    locks[lock.entry_id] = (*locks.get(lock.entry_id, ()), lock)
                properties: dict[int, dict[PropertyName, str]] = {}
                for entry_id, namespace, name, value in tx.all(tree_sql.PAGE_PROPERTIES, **span):
                    properties.setdefault(entry_id, {})[namespace, name] = value
            yield Page([Entry._make(row[:-1]) for row in rows], locks, properties)
            if len(rows) < _PAGE:
                return
            after = rows[-1][-1]

    def open(self, principal: Principal, path: Path) -> Content:
        """A file for reading; Conflict when it is a folder. No store request is made before the first read."""
        with self.catalogue.read() as tx:
            found = tree.walk(tx, principal, path)
        resource, store, key = found.resource(), self.store, found.last_key
        if resource.entry.is_folder:
            raise Conflict("This is a folder.")
        if key is None:
            return Content(resource, lambda _start, _length: iter(()), lambda: None)
        return Content(
            resource,
            lambda start, length: store.read(key, start, length),
            lambda: store.url(key, _ADDRESS_SECONDS),
        )

    # --- changing -----------------------------------------------------------------------------------------------

    def make_folder(
        self,
        principal: Principal,
        path: Path,
        *,
        conditions: Conditions = NO_CONDITIONS,
        modified: int | None = None,
    ) -> Resource:
        """Make a folder; Exists when the name is taken, Conflict when its parent is missing."""

        def work(tx: Transaction) -> tuple[Resource, Change]:
            found = tree.walk(tx, principal, path)
            if len(path) < 2:
                raise Exists("This is a space.")
            found.require(Role.EDITOR)
            parent = found.parent
            if found.target is not None:
                raise Exists("The name is taken.")
            _allow(tx, principal, found, conditions, found.guarding_members)
            now = record.clock()
            time = now if modified is None else modified
            entry_id = record.new_entry(
                tx, parent.id, path[-1], is_folder=True, blob_id=None, created=now, modified=time
            )
            record.settle(tx, found.space.id, entries=1)
            change = record.change(tx, self.guards, principal, "folder", found.space, entry_id, path)
            entry = Entry(entry_id, path[-1], True, 0, "", "", "", now, time, None)  # noqa: FBT003
            return Resource(path, entry, found.space, found.protecting), change

        return self._write(principal, work, path)

    def delete(self, principal: Principal, path: Path, *, conditions: Conditions = NO_CONDITIONS) -> None:
        """Move a file, or a folder with everything below it, into the space's trash."""

        def work(tx: Transaction) -> tuple[None, Change]:
            found = tree.walk(tx, principal, path)
            entry = found.found()
            found.require(Role.EDITOR)
            parent = found.parent
            _allow(tx, principal, found, conditions, _locks_of_removal(tx, found))
            _trash(tx, principal, self.photos, found.space, parent, entry, path)
            return None, record.change(tx, self.guards, principal, "deleted", found.space, entry.id, path)

        self._write(principal, work, path)

    def copy(
        self,
        principal: Principal,
        source: Path,
        destination: Path,
        *,
        overwrite: bool = True,
        recursive: bool = True,
        conditions: Conditions = NO_CONDITIONS,
        modified: int | None = None,
    ) -> bool:
        """Copy a file or a folder (without its members unless ``recursive``); whether the destination is new.

        The copy shares the bytes and is charged to the quota. What stood at the destination goes into the trash.
        Raises PreconditionFailed when the name is taken and ``overwrite`` is False (RFC 4918 §9.8.4), Forbidden for a
        folder with more than 100,000 entries.
        """

        def work(tx: Transaction) -> tuple[bool, Change]:
            origin = tree.walk(tx, principal, source)
            entry = origin.found()
            goal = tree.walk(tx, principal, destination)
            created = _clear(tx, principal, self.photos, origin, goal, conditions, overwrite=overwrite, below=recursive)
            entry_id, size, count = _copy(tx, entry, goal.parent.id, destination[-1], modified, recursive=recursive)
            record.settle(tx, goal.space.id, live=size, entries=count)
            self.photos.arrived(tx, goal.space.id, goal.parent.id, entry_id, destination[-1], is_folder=entry.is_folder)
            change = record.change(tx, self.guards, principal, "copied", goal.space, entry_id, destination, source)
            return created, change

        return self._write(principal, work, source, destination)

    def move(
        self,
        principal: Principal,
        source: Path,
        destination: Path,
        *,
        overwrite: bool = True,
        conditions: Conditions = NO_CONDITIONS,
        modified: int | None = None,
    ) -> bool:
        """Move or rename a file or folder, whatever is below it, by changing one row; whether the destination is new.

        Into another space its bytes change quotas. Its locks stay behind and end (RFC 4918 §7.5).
        """

        def work(tx: Transaction) -> tuple[bool, Change]:
            origin = tree.walk(tx, principal, source)
            entry = origin.found()
            origin.require(Role.EDITOR)
            folder = origin.parent
            goal = tree.walk(tx, principal, destination)
            conditions_.require_tokens(tx, _locks_of_removal(tx, origin), conditions, principal, origin)
            created = _clear(tx, principal, self.photos, origin, goal, conditions, overwrite=overwrite, below=True)
            for row in tx.all(locks_sql.LOCKS_BELOW, space=origin.space.id, entry=entry.id):
                tx.run(locks_sql.DELETE_LOCK, which=row[0])
            name = destination[-1]
            tx.run(
                tree_sql.RELOCATE,
                entry=entry.id,
                new_parent=goal.parent.id,
                new_name=name,
                new_name_key=names.key(name),
            )
            if modified is not None:
                tx.run(tree_sql.SET_TIMES, entry=entry.id, new_modified=modified, new_created=entry.created)
            if origin.space.id != goal.space.id:
                count, size = (int(x) for x in tx.all(tree_sql.SUBTREE, entry=entry.id)[0])
                record.settle(tx, origin.space.id, live=-size, entries=-count)
                record.settle(tx, goal.space.id, live=size, entries=count)
            if not entry.is_folder or origin.space.id != goal.space.id:
                self.photos.left(tx, origin.space.id, folder.id, entry)
                self.photos.arrived(tx, goal.space.id, goal.parent.id, entry.id, name, is_folder=entry.is_folder)
            change = record.change(tx, self.guards, principal, "moved", goal.space, entry.id, destination, source)
            return created, change

        return self._write(principal, work, source, destination)

    def set_properties(
        self,
        principal: Principal,
        path: Path,
        changes: Sequence[PropertyChange],
        *,
        modified: int | None = None,
        created: int | None = None,
        conditions: Conditions = NO_CONDITIONS,
    ) -> None:
        """Set and remove dead properties, and the times where given, in order and all or none (RFC 4918 §9.2).

        Their bytes are charged to the space: QuotaExceeded. Raises TooLarge for more than an entry can have.
        """

        if len(changes) > _MAX_PROPERTIES:
            raise TooLarge("These are more properties than an entry can have.")

        def work(tx: Transaction) -> tuple[None, Change]:
            found = tree.walk(tx, principal, path)
            entry = found.found()
            found.require(Role.EDITOR)
            _allow(tx, principal, found, conditions, found.protecting)
            before = int(tx.all(tree_sql.COUNT_PROPERTIES, entry=entry.id)[0][1])
            for (namespace, name), value in changes:
                if len(namespace.encode()) + len(name.encode()) > _MAX_PROPERTY_NAME_BYTES:
                    raise TooLarge("The name of a property is too long.")
                tx.run(tree_sql.DELETE_PROPERTY, entry=entry.id, space_uri=namespace, local=name)
                if value is not None:
                    tx.run(tree_sql.ADD_PROPERTY, entry_id=entry.id, namespace=namespace, name=name, value=value)
            count, size = tx.all(tree_sql.COUNT_PROPERTIES, entry=entry.id)[0]
            if count > _MAX_PROPERTIES or size > _MAX_PROPERTY_BYTES:
                raise TooLarge("These are more properties than an entry can have.")
            if size != before:
                record.settle(tx, found.space.id, live=int(size) - before)
            if modified is not None or created is not None:
                tx.run(
                    tree_sql.SET_TIMES,
                    entry=entry.id,
                    new_modified=entry.modified if modified is None else modified,
                    new_created=entry.created if created is None else created,
                )
            if modified is not None and not entry.is_folder:  # a photo may be dated by it
                self.photos.arrived(tx, found.space.id, found.parent.id, entry.id, entry.name, is_folder=False)
            change = record.change(tx, self.guards, principal, "properties", found.space, entry.id, path)
            return None, change

        self._write(principal, work, path)

    def _write(self, principal: Principal, work: _Work[T], *paths: Path) -> T:
        """Run ``work`` holding the spaces of ``paths``, then tell the listeners."""
        if not all(paths):
            raise Forbidden("Choose a space first.")
        result, change = tree.write(self.catalogue, principal, work, *(path[0] for path in paths))
        record.notify(self.listeners, change)
        return result


def _properties(tx: Transaction, entry: Entry) -> dict[PropertyName, str]:
    return {(row[0], row[1]): row[2] for row in tx.all(tree_sql.PROPERTIES, entry=entry.id)}


def _allow(
    tx: Transaction, principal: Principal, found: tree.Walk, conditions: Conditions, locks: Sequence[Lock]
) -> None:
    conditions_.check(conditions, found, lambda other: tree.walk(tx, principal, other))
    conditions_.require_tokens(tx, locks, conditions, principal, found)


def _locks_of_removal(tx: Transaction, found: tree.Walk) -> tuple[Lock, ...]:
    """What taking an entry away touches: itself, its parent's members, and everything below."""
    entry = found.found()
    below = tx.all(locks_sql.LOCKS_BELOW, space=found.space.id, entry=entry.id) if entry.is_folder else []
    return found.protecting + found.guarding_members + tuple(Lock._make(row) for row in below)


def _clear(
    tx: Transaction,
    principal: Principal,
    photos: Photos,
    origin: tree.Walk,
    goal: tree.Walk,
    conditions: Conditions,
    *,
    overwrite: bool,
    below: bool,
) -> bool:
    """Judge a COPY or MOVE and put what stands at its goal into the trash; whether nothing stood there.

    ``below`` says that what is below the source comes along.
    """
    entry = origin.found()
    goal.require(Role.EDITOR)
    parent = goal.parent
    _allow(tx, principal, origin, conditions, ())
    standing = goal.target
    if standing is not None and standing.id == entry.id:
        raise Forbidden("Source and destination are the same.")
    if below and any(above.id == entry.id for above in goal.entries):
        raise Conflict("A folder cannot go into itself.")
    if standing is not None and any(above.id == standing.id for above in origin.entries):
        raise Conflict("A folder cannot be replaced by something inside it.")
    if below:
        tree.check_reach(tx, entry, origin.path, goal.path)
    if below or not entry.is_folder:
        policy.check_arrival(tx, goal.space, entry, goal.path[-1], is_here=origin.space.id == goal.space.id)
    if standing is None:
        conditions_.require_tokens(tx, goal.guarding_members, conditions, principal, goal)
        return True
    if not overwrite:
        raise PreconditionFailed("The name is taken.")
    conditions_.require_tokens(tx, _locks_of_removal(tx, goal), conditions, principal, goal)
    _trash(tx, principal, photos, goal.space, parent, standing, goal.path)
    return False


def _trash(
    tx: Transaction, principal: Principal, photos: Photos, space: Space, parent: Entry, entry: Entry, path: Path
) -> None:
    """Move an entry with everything below it into the trash; its bytes and its photos follow."""
    size, _ = record.trash_entry(tx, principal, space, parent.id, entry, path)
    record.settle(tx, space.id, live=-size, trash=size)
    photos.left(tx, space.id, parent.id, entry)


def _copy(
    tx: Transaction, entry: Entry, parent_id: int, name: str, modified: int | None, *, recursive: bool
) -> tuple[int, int, int]:
    """Copy an entry; the new id, and the bytes and entries that the copy adds."""
    now = record.clock()
    time = entry.modified if modified is None else modified
    if entry.is_folder and recursive:
        if tx.value(tree_sql.COUNT_BELOW, entry=entry.id, most=MAX_COPIED + 1) > MAX_COPIED:
            raise Forbidden(f"A folder with more than {MAX_COPIED:,} entries cannot be copied at once.")
        count, size = (int(x) for x in tx.all(tree_sql.SUBTREE, entry=entry.id)[0])
    else:
        count, size = 1, entry.size + int(tx.all(tree_sql.COUNT_PROPERTIES, entry=entry.id)[0][1])
    new = record.new_entry(
        tx, parent_id, name, is_folder=entry.is_folder, blob_id=entry.blob_id, created=now, modified=time
    )
    tx.run(tree_sql.COPY_OWN_PROPERTIES, into=new, entry=entry.id)
    # Folder by folder: one statement copies all files of a folder, and ids need no mapping.
    waiting = [(entry.id, new)] if entry.is_folder and recursive else []
    while waiting:
        old_folder, new_folder = waiting.pop()
        tx.run(tree_sql.COPY_FILES, parent=old_folder, into=new_folder)
        for child, child_name, _key, created, changed in tx.all(tree_sql.FOLDERS_IN, parent=old_folder):
            copied = record.new_entry(
                tx, new_folder, child_name, is_folder=True, blob_id=None, created=created, modified=changed
            )
            waiting.append((child, copied))
        tx.run(tree_sql.COPY_CHILDREN_PROPERTIES, parent=old_folder, into=new_folder)
    return new, size, count
