"""Finding a path: its space, every prefix of it that exists, and the locks on the way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.errors import BadName, CatalogueUnavailable, Conflict, Forbidden, NotFound
from gateway.library import names
from gateway.library.values import Entry, Lock, Path, Principal, Resource, Role, Space

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.catalogue import Catalogue, Transaction

T = TypeVar("T")

_LONGEST_EXTENSION = 32  # bytes; what is longer is no extension, and would leave no room in a name
_DEPTH = itemgetter(0)
_ENTRY_END = 1 + len(Entry._fields)
_LOCK_BEGIN = _ENTRY_END + 1
_LOCK_END = _LOCK_BEGIN + len(Lock._fields)


@dataclass(frozen=True, slots=True)
class Walk:
    """A path and what of it exists, from the space's root down."""

    path: Path
    space: Space
    entries: tuple[Entry, ...]
    """One for each existing prefix; the first is the space's root."""
    locks: tuple[tuple[Lock, ...], ...]
    """The locks on each of ``entries``."""
    last_key: str | None
    """The object key of the last of ``entries``; None for folders and empty files."""

    @property
    def target(self) -> Entry | None:
        """The entry that the path names, if there is one."""
        return self.entries[-1] if len(self.entries) == len(self.path) else None

    @property
    def parent(self) -> Entry:
        """The folder that holds or would hold the path; Conflict when there is none (RFC 4918 §9.3.1, §9.7.1)."""
        if len(self.path) < 2:
            raise Forbidden("A space cannot be changed here.")
        if len(self.entries) < len(self.path) - 1 or not self.entries[len(self.path) - 2].is_folder:
            raise Conflict("The folder it should go into does not exist.")
        return self.entries[len(self.path) - 2]

    @property
    def protecting(self) -> tuple[Lock, ...]:
        """The locks on the target and those of its ancestors that reach down to it."""
        own = self.locks[-1] if self.target else ()
        above = self.locks[:-1] if self.target else self.locks
        return own + tuple(lock for level in above for lock in level if lock.infinite)

    @property
    def guarding_members(self) -> tuple[Lock, ...]:
        """The locks that a change of the parent's members needs: its own, and those that reach it; or Conflict."""
        _ = self.parent
        level = len(self.path) - 2
        return self.locks[level] + tuple(lock for one in self.locks[:level] for lock in one if lock.infinite)

    def found(self) -> Entry:
        """The target; NotFound when there is none."""
        if self.target is None:
            raise NotFound("There is nothing here.")
        return self.target

    def resource(self) -> Resource:
        """The target as doors see it."""
        return Resource(self.path, self.found(), self.space, self.protecting)

    def require(self, role: Role) -> None:
        """Raise Forbidden unless the principal has at least this role in the space."""
        if self.space.role < role:
            raise Forbidden("You may look at this space, but not change it.")


def free_name(tx: Transaction, parent_id: int, name: str, tail: Callable[[int], str]) -> str:
    """``name``, or the first with ``tail(1)``, ``tail(2)``, … before its extension that is free in the folder."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _LONGEST_EXTENSION:
        stem, dot, extension = name, "", ""
    count, candidate = 0, name
    while tx.one(tree_sql.CHILD, parent=parent_id, name_key=names.key(candidate)) is not None:
        count += 1
        end = f"{tail(count)}{dot}{extension}"
        room = names.MAX_NAME_BYTES - len(end.encode())
        candidate = names.key(stem).encode()[:room].decode(errors="ignore") + end
    return candidate


def place(tx: Transaction, walk: Walk, entry_id: int) -> Path:
    """The path of an entry that is on the way down to the target, or below it."""
    for level, entry in enumerate(walk.entries, 1):
        if entry.id == entry_id:
            return walk.path[:level]
    above = tx.all(tree_sql.ABOVE, entry=entry_id)
    return (walk.path[0], *(str(row[1]) for row in above[1:]))


def find_space(tx: Transaction, principal: Principal, name: str) -> Space:
    """The space of that name; NotFound when there is none or the principal is no member: the two look the same."""
    row = tx.one(spaces_sql.SPACE_OF_MEMBER, account=principal.account_id, name_key=names.space_key(name))
    if row is None:
        raise NotFound("There is nothing here.")
    return Space._make(row)


def write(catalogue: Catalogue, principal: Principal, work: Callable[[Transaction], T], *held: str) -> T:
    """Run ``work`` in a transaction that holds the spaces of these names.

    A name that came to mean another space before the lock was taken is refused: ``work`` would change a tree whose
    row it does not hold.
    """
    with catalogue.read() as tx:
        spaces = {name: find_space(tx, principal, name).id for name in held}

    def checked(tx: Transaction) -> T:
        for name, space_id in spaces.items():
            if find_space(tx, principal, name).id != space_id:
                raise CatalogueUnavailable("The space was renamed meanwhile.")
        return work(tx)

    return catalogue.write(checked, *spaces.values())


def check_reach(tx: Transaction, entry: Entry, was: Path, path: Path) -> None:
    """Raise BadName when what is below a folder would be out of reach at another path: too deep, or too long.

    The longest file name is not looked for, so bytes are judged as if it were as long as it may be; a change that
    makes no path longer is always allowed.
    """
    levels, size = len(path) - 1, names.path_bytes(path)
    if not entry.is_folder or (levels <= len(was) - 1 and size <= names.path_bytes(was)):
        return
    deeper, longer = tx.all(tree_sql.REACH, entry=entry.id, longest=names.MAX_NAME_BYTES + 1)[0]
    if levels + deeper > names.MAX_LEVELS:
        raise BadName(f"Folders can be {names.MAX_LEVELS} levels deep at most.")
    if size + longer > names.MAX_PATH_BYTES:
        raise BadName(f"A path can be {names.MAX_PATH_BYTES} bytes long at most.")


def walk(tx: Transaction, principal: Principal, path: Path) -> Walk:
    """Resolve a path of at least a space, in one statement whatever its depth.

    Raises NotFound for a space that the principal may not know of, BadName for a path that cannot exist.
    """
    if not path:
        raise Forbidden("Choose a space first.")
    try:
        names.check(path)
    except BadName:
        find_space(tx, principal, path[0])
        raise
    rows = tx.all(
        tree_sql.WALK,
        account=principal.account_id,
        name_key=names.space_key(path[0]),
        names=json.dumps([names.key(name) for name in path[1:]]),
        levels=len(path) - 1,
    )
    if not rows:
        raise NotFound("There is nothing here.")
    rows.sort(key=_DEPTH)
    entries: list[Entry] = []
    locks: list[tuple[Lock, ...]] = []
    for row in rows:
        if row[0] == len(entries):
            entries.append(Entry._make(row[1:_ENTRY_END]))
            locks.append(())
        if row[_LOCK_BEGIN] is not None:
            locks[-1] += (Lock._make(row[_LOCK_BEGIN:_LOCK_END]),)
    last = rows[-1]
    return Walk(path, Space._make(last[_LOCK_END:]), tuple(entries), tuple(locks), last[_ENTRY_END])
