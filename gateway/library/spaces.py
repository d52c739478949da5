"""Spaces and their members, as an administrator manages them. Names of accounts and spaces share one namespace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import accounts as accounts_sql
from gateway.catalogue.statements import locks as locks_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.errors import BadRequest, Conflict, Exists, NotFound
from gateway.library import names, record
from gateway.library.values import Role
from gateway.store import keys

if TYPE_CHECKING:
    from gateway.catalogue import Catalogue, Transaction


class SpaceRow(NamedTuple):
    """A space as an administrator sees it. Sizes in bytes, times in microseconds UTC."""

    id: int
    name: str
    owner_id: int | None
    """The account whose personal space it is; None for a shared one."""
    quota: int
    live: int
    held: int
    trash: int
    entries: int
    media_only: bool
    max_file_size: int | None
    created: int
    removed: int | None
    root_id: int
    trash_id: int
    key: str


class MemberRow(NamedTuple):
    """An account and its role in a space."""

    account_id: int
    name: str
    role: int


@dataclass(frozen=True, slots=True)
class Spaces:
    """Makes, changes and removes spaces."""

    catalogue: Catalogue
    default_quota: int

    def all(self) -> list[SpaceRow]:
        """Every space, removed ones included, by name."""
        with self.catalogue.read() as tx:
            return [SpaceRow._make(row) for row in tx.all(spaces_sql.SPACES)]

    def find(self, name: str) -> SpaceRow:
        """The space of that name, removed or not; NotFound."""
        with self.catalogue.read() as tx:
            return find(tx, name)

    def members(self, name: str) -> list[MemberRow]:
        """Who may use the space, by name."""
        with self.catalogue.read() as tx:
            space = find(tx, name)
            return [MemberRow._make(row) for row in tx.all(spaces_sql.MEMBERS, space=space.id)]

    def add(self, name: str, *, quota: int | None = None) -> SpaceRow:
        """Make a shared space; Exists when an account or space has the name. ``quota`` in bytes."""

        def work(tx: Transaction) -> SpaceRow:
            create(tx, name, owner_id=None, quota=self.default_quota if quota is None else quota)
            return find(tx, name)

        return self.catalogue.write(work)

    def grant(self, name: str, account: str, role: Role) -> None:
        """Make an account a member, or change its role."""

        def work(tx: Transaction) -> None:
            space, account_id = find_shared(tx, name), _account(tx, account)
            if role < Role.EDITOR:
                tx.run(locks_sql.DELETE_LOCKS_OF_MEMBER, space=space.id, account=account_id)
            if not tx.run(spaces_sql.SET_ROLE, space=space.id, account=account_id, new_role=int(role)):
                tx.run(spaces_sql.ADD_MEMBER, space_id=space.id, account_id=account_id, role=int(role))

        self.catalogue.write(work)

    def revoke(self, name: str, account: str) -> None:
        """End a membership, and the locks that came of it, at once; NotFound when there is none."""

        def work(tx: Transaction) -> None:
            space, account_id = find_shared(tx, name), _account(tx, account)
            if not tx.run(spaces_sql.DELETE_MEMBER, space=space.id, account=account_id):
                raise NotFound(f"“{account}” is not a member of “{space.name}”.")
            tx.run(locks_sql.DELETE_LOCKS_OF_MEMBER, space=space.id, account=account_id)

        self.catalogue.write(work)

    def rename(self, name: str, new: str) -> None:
        """Change the address of a shared space, and nothing else."""
        self.catalogue.write(lambda tx: rename(tx, find_shared(tx, name), new))

    def set_quota(self, name: str, quota: int) -> None:
        """Change a quota, in bytes.

        Below what is used no file is deleted: growth is refused, available shows 0. But trash that has no room any
        more is purged by the next housekeeping.
        """
        self.catalogue.write(lambda tx: set_quota(tx, find(tx, name), quota))

    def set_policy(self, name: str, *, media_only: bool, max_file_size: int | None) -> None:
        """Choose what a space takes: any file or media only, and files up to a size in bytes (None: any)."""

        def work(tx: Transaction) -> None:
            space = find(tx, name)
            tx.run(spaces_sql.SET_POLICY, space=space.id, new_media_only=media_only, new_max=max_file_size)

        self.catalogue.write(work)

    def remove(self, name: str) -> None:
        """Close a shared space at once; housekeeping purges it 30 days later. Its name stays taken meanwhile."""

        def work(tx: Transaction) -> None:
            space = find_shared(tx, name)
            if space.removed is not None:
                raise NotFound(f"The space “{space.name}” was removed.")
            tx.run(spaces_sql.REMOVE_SPACE, space=space.id, at=record.clock())

        self.catalogue.write(work)

    def bring_back(self, name: str) -> None:
        """Undo the removal of a shared space; its members are as they were."""
        self.catalogue.write(lambda tx: bring_back(tx, find(tx, name)))


def bring_back(tx: Transaction, space: SpaceRow) -> None:
    """Undo the removal of a space, as long as it is not purged. Conflict when it was not removed."""
    if space.removed is None:
        raise Conflict(f"“{space.name}” was not removed.")
    tx.run(spaces_sql.BRING_BACK_SPACE, space=space.id)


def find(tx: Transaction, name: str) -> SpaceRow:
    """The space of that name, removed or not; NotFound."""
    row = tx.one(spaces_sql.SPACE_BY_NAME, name_key=names.space_key(name))
    if row is None:
        raise NotFound(f"There is no space “{name}”.")
    return SpaceRow._make(row)


def create(tx: Transaction, name: str, *, owner_id: int | None, quota: int, key: str | None = None) -> int:
    """Insert a space with its two roots; its id. BadName, or Exists when the name is taken in the one namespace.

    ``key`` is given only where objects of a forgotten space are taken in again.
    """
    _check_quota(quota)
    require_free(tx, name)
    now = record.clock()
    space_id: int = tx.value(
        spaces_sql.ADD_SPACE,
        name=name,
        name_key=names.space_key(name),
        key=key or keys.new_space_key(name),
        owner_id=owner_id,
        quota=quota,
        live=0,
        held=0,
        trash=0,
        entries=2,
        media_only=False,
        max_file_size=None,
        created=now,
    )
    root, trash = (
        tx.value(
            tree_sql.ADD_ENTRY,
            parent_id=None,
            name="",
            name_key="",
            is_folder=True,
            blob_id=None,
            created=now,
            modified=now,
        )
        for _ in range(2)
    )
    tx.run(spaces_sql.SET_ROOTS, space=space_id, root=root, trash_root=trash)
    return space_id


def require_free(tx: Transaction, name: str) -> None:
    """BadName, or Exists when an account or space has the name in the one namespace."""
    names.check_space(name)
    if tx.one(spaces_sql.SPACE_BY_NAME, name_key=names.space_key(name)) is not None:
        raise Exists(f"There is an account or space “{name}” already.")


def rename(tx: Transaction, space: SpaceRow, new: str) -> None:
    """Give a space another name in the one namespace."""
    names.check_space(new)
    taken = tx.one(spaces_sql.SPACE_BY_NAME, name_key=names.space_key(new))
    if taken is not None and taken[0] != space.id:
        raise Exists(f"There is an account or space “{new}” already.")
    tx.run(spaces_sql.RENAME_SPACE, space=space.id, new_name=new, new_name_key=names.space_key(new))


def _check_quota(quota: int) -> None:
    if quota < 0:
        raise BadRequest("A quota cannot be negative.")


def set_quota(tx: Transaction, space: SpaceRow, quota: int) -> None:
    """Change the quota of a space."""
    _check_quota(quota)
    tx.run(spaces_sql.SET_QUOTA, space=space.id, new_quota=quota)


def find_shared(tx: Transaction, name: str) -> SpaceRow:
    """The shared space of that name, removed or not; NotFound, and BadRequest for a personal one."""
    space = find(tx, name)
    if space.owner_id is not None:
        raise BadRequest(f"“{space.name}” is the personal space of an account.")
    return space


def _account(tx: Transaction, name: str) -> int:
    row = tx.one(accounts_sql.ACCOUNT_BY_NAME, name_key=names.space_key(name))
    if row is None or row[4] is not None:
        raise NotFound(f"There is no account “{name}”.")
    return int(row[0])
