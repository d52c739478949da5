"""Locks: rows in the catalogue, so that all processes share them and a restart keeps them (RFC 4918 §6, §7, §9.10)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from gateway.catalogue.statements import locks as locks_sql
from gateway.catalogue.statements import upkeep as upkeep_sql
from gateway.errors import Conflict, Forbidden, Locked, PreconditionFailed, TooManyRequests
from gateway.library import conditions as conditions_
from gateway.library import record, tree
from gateway.library.values import NO_CONDITIONS, Change, Conditions, Lock, Path, Principal, Resource, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Guard, Listener

T = TypeVar("T")

MAX_SECONDS = 3600
MAX_PER_ACCOUNT = 1000


@dataclass(frozen=True, slots=True)
class Locks:
    """Takes, renews and releases locks."""

    catalogue: Catalogue
    guards: Sequence[Guard]
    listeners: Sequence[Listener]

    def acquire(
        self,
        principal: Principal,
        path: Path,
        *,
        exclusive: bool,
        infinite: bool,
        owner: str,
        seconds: int,
        conditions: Conditions = NO_CONDITIONS,
    ) -> tuple[Lock, Resource, bool]:
        """Lock what is at ``path`` for ``seconds`` (at most an hour); whether an empty file was made for it.

        On a free name the empty file and its lock come in one transaction (RFC 4918 §7.3), so a refused lock leaves
        nothing. Raises Locked when another lock conflicts, TooManyRequests beyond 1,000 locks of one account.
        """

        def work(tx: Transaction) -> tuple[Lock, Resource, bool, Change | None]:
            found = tree.walk(tx, principal, path)
            found.require(Role.EDITOR)
            conditions_.check(conditions, found, lambda other: tree.walk(tx, principal, other))
            if tx.value(locks_sql.LOCKS_OF_ACCOUNT, account=principal.account_id) >= MAX_PER_ACCOUNT:
                raise TooManyRequests("This account has too many locks.", retry_after=60)
            change = None
            created = found.target is None
            if found.target is None:
                conditions_.require_tokens(tx, found.guarding_members, conditions, principal, found)
                change = self._make_file(tx, principal, found)
                found = tree.walk(tx, principal, path)
            entry = found.found()
            below = tx.all(locks_sql.LOCKS_BELOW, space=found.space.id, entry=entry.id) if infinite else []
            for lock in (*found.protecting, *(Lock._make(row) for row in below)):
                if exclusive or lock.exclusive:
                    raise Locked(tree.place(tx, found, lock.entry_id))
            token = f"urn:uuid:{uuid.uuid4()}"
            tx.run(
                locks_sql.ADD_LOCK,
                token=token,
                space_id=found.space.id,
                entry_id=entry.id,
                infinite=infinite,
                exclusive=exclusive,
                owner=owner,
                account_id=principal.account_id,
                expires=tx.value(upkeep_sql.CLOCK) + _bounded(seconds) * 1_000_000,
            )
            found = tree.walk(tx, principal, path)
            return _by_token(tx, token), found.resource(), created, change

        lock, resource, created, change = self._write(principal, work, path)
        if change is not None:
            record.notify(self.listeners, change)
        return lock, resource, created

    def refresh(self, principal: Principal, path: Path, *, seconds: int, conditions: Conditions) -> Lock:
        """Give a lock whose token was submitted another ``seconds``; PreconditionFailed when none fits."""

        def work(tx: Transaction) -> Lock:
            found = tree.walk(tx, principal, path)
            found.found()
            found.require(Role.EDITOR)
            for lock in found.protecting:
                if lock.token in conditions.tokens and lock.account_id == principal.account_id:
                    tx.run(locks_sql.REFRESH_LOCK, which=lock.token, us=_bounded(seconds) * 1_000_000)
                    return _by_token(tx, lock.token)
            raise PreconditionFailed("There is no such lock.")

        return self._write(principal, work, path)

    def release(self, principal: Principal, path: Path, token: str) -> None:
        """End a lock that covers ``path``.

        Raises Conflict when the token is not that of such a lock (RFC 4918 §9.11.1), Forbidden when it is somebody
        else's: managers of the space may end it all the same.
        """

        def work(tx: Transaction) -> None:
            found = tree.walk(tx, principal, path)
            found.found()
            for lock in found.protecting:
                if lock.token == token:
                    if lock.account_id != principal.account_id and found.space.role < Role.MANAGER:
                        raise Forbidden("This is somebody else's lock.")
                    tx.run(locks_sql.DELETE_LOCK, which=token)
                    return
            raise Conflict("There is no such lock.")

        self._write(principal, work, path)

    def _make_file(self, tx: Transaction, principal: Principal, found: tree.Walk) -> Change:
        now = record.clock()
        entry_id = record.new_entry(
            tx, found.parent.id, found.path[-1], is_folder=False, blob_id=None, created=now, modified=now
        )
        record.settle(tx, found.space.id, entries=1)
        return record.change(tx, self.guards, principal, "created", found.space, entry_id, found.path)

    def _write(self, principal: Principal, work: Callable[[Transaction], T], path: Path) -> T:
        if not path:
            raise Forbidden("Choose a space first.")
        return tree.write(self.catalogue, principal, work, path[0])


def _bounded(seconds: int) -> int:
    return max(1, min(seconds, MAX_SECONDS))


def _by_token(tx: Transaction, token: str) -> Lock:
    row = tx.one(locks_sql.LOCK_BY_TOKEN, which=token)
    if row is None:  # it expired a moment ago
        raise PreconditionFailed("There is no such lock.")
    return Lock._make(row)
