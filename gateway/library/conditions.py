"""Whether a client's conditions hold, and whether it may write where locks are. Both raise, or return nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gateway.errors import GatewayError, Locked, PreconditionFailed
from gateway.library.tree import Walk, place
from gateway.library.values import Conditions, Entry, IfList, Lock, Path, Principal

if TYPE_CHECKING:
    from gateway.catalogue import Transaction

Finder = Callable[[Path], Walk]


def check(conditions: Conditions, walk: Walk, find: Finder) -> None:
    """Raise PreconditionFailed unless every condition of the request holds (RFC 9110 §13.2, RFC 4918 §10.4).

    ``find`` resolves the paths of tagged lists.
    """
    entry = walk.target
    if conditions.if_match is not None:
        if entry is None or (conditions.if_match != ("*",) and not _tagged(entry, conditions.if_match)):
            raise PreconditionFailed("It has changed since you read it.")
    # HTTP dates have no fractions: what was shown as second N counts as unmodified during all of N.
    elif (
        conditions.unmodified_since is not None
        and entry is not None
        and entry.modified // 1_000_000 > conditions.unmodified_since
    ):
        raise PreconditionFailed("It has changed since you read it.")
    if (
        conditions.if_none_match is not None
        and entry is not None
        and (conditions.if_none_match == ("*",) or _tagged(entry, conditions.if_none_match))
    ):
        raise PreconditionFailed("It exists already.")
    if conditions.if_lists and not any(_holds(one, walk, find) for one in conditions.if_lists):
        raise PreconditionFailed("A condition of the request is not true.")


def _tagged(entry: Entry, tags: tuple[str, ...]) -> bool:
    return not entry.is_folder and entry.etag in tags  # folders have no entity tag


def _holds(one: IfList, walk: Walk, find: Finder) -> bool:
    subject: Walk | None = walk
    if one.path is not None and one.path != walk.path:
        try:
            subject = find(one.path)
        except GatewayError:
            subject = None  # what cannot be found has no locks and no entity tag
    tokens = {lock.token for lock in subject.protecting} if subject else set()
    etag = subject.target.etag if subject and subject.target and not subject.target.is_folder else None
    return all(
        ((member.token in tokens) if member.token else (etag is not None and member.etag == etag)) != member.negated
        for member in one.members
    )


def require_tokens(
    tx: Transaction, locks: Iterable[Lock], conditions: Conditions, principal: Principal, walk: Walk
) -> None:
    """Raise Locked unless a token of the principal's own was submitted for every locked entry (RFC 4918 §7).

    The error names the locked entry. Of several shared locks on one entry, one is enough.
    """
    held: dict[int, bool] = {}
    for lock in locks:
        mine = lock.account_id == principal.account_id and lock.token in conditions.tokens
        held[lock.entry_id] = held.get(lock.entry_id, False) or mine
    for entry_id, submitted in held.items():
        if not submitted:
            raise Locked(place(tx, walk, entry_id))
