"""Writing down what a transaction changes: the sums of the space, the change record, the trash."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING

from gateway.catalogue.statements import blobs as blobs_sql
from gateway.catalogue.statements import locks as locks_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import trash as trash_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.errors import QuotaExceeded
from gateway.library import names
from gateway.library.values import Change, Entry, Path, Principal, Space

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.catalogue import Transaction
    from gateway.library.values import Guard, Listener

_log = logging.getLogger("davgallery.library")
MAX_ENTRIES = 5_000_000


def clock() -> int:
    """Now, in microseconds UTC, by this machine's clock: for times that people see, never for expiries."""
    return time.time_ns() // 1000


def settle(tx: Transaction, space_id: int, *, live: int = 0, held: int = 0, trash: int = 0, entries: int = 0) -> None:
    """Change a space's sums by these differences; QuotaExceeded when live would grow past the quota.

    ``held`` is what is taken off the holds. What does not grow the space is always allowed: a quota may be set
    below use, and people must still be able to delete.
    """
    settled = tx.run(
        spaces_sql.SETTLE, space=space_id, live=live, held=held, trash=trash, entries=entries, most=MAX_ENTRIES
    )
    if not settled:
        full = tx.value(spaces_sql.ENTRIES_OF_SPACE, space=space_id) + entries > MAX_ENTRIES
        raise QuotaExceeded("The space has too many files." if full else "The space is full.")


def change(
    tx: Transaction,
    guards: Sequence[Guard],
    principal: Principal,
    kind: str,
    space: Space,
    entry_id: int,
    path: Path,
    source: Path | None = None,
) -> Change:
    """Record a change inside its transaction, after asking the guards."""
    made = Change(kind, space.id, entry_id, path, principal.account_id, principal.device, source)
    for guard in guards:
        guard(made)
    note(tx, made)
    return made


def note(tx: Transaction, made: Change) -> None:
    """Write a change into the record of its space."""
    tx.run(
        tree_sql.ADD_CHANGE,
        space_id=made.space_id,
        at=clock(),
        kind=made.kind,
        entry_id=made.entry_id,
        path="/".join(made.path),
        source=None if made.source is None else "/".join(made.source),
        account_id=made.account_id,
        device=made.device,
    )


def notify(listeners: Sequence[Listener], made: Change) -> None:
    """Tell the listeners after the commit. They may fail: the change is made and must be answered so."""
    for listener in listeners:
        try:
            listener(made)
        except Exception:  # noqa: BLE001 - anything at all
            _log.exception("A listener failed after “%s”", made.kind)


def new_entry(
    tx: Transaction, parent_id: int, name: str, *, is_folder: bool, blob_id: int | None, created: int, modified: int
) -> int:
    """Insert an entry; its id. The caller holds the space and has seen that the name is free."""
    entry_id: int = tx.value(
        tree_sql.ADD_ENTRY,
        parent_id=parent_id,
        name=name,
        name_key=names.key(name),
        is_folder=is_folder,
        blob_id=blob_id,
        created=created,
        modified=modified,
    )
    return entry_id


def new_item(
    tx: Transaction, space_id: int, path: Path, parent_id: int, size: int, *, account_id: int | None, device: str
) -> int:
    """Insert a trash item for what was at ``path``; its id, by which its entry is called in the trash.

    The caller puts the entry there, names it in the item, and settles.
    """
    item: int = tx.value(
        trash_sql.ADD_TRASH_ITEM,
        space_id=space_id,
        entry_id=None,
        name=path[-1],
        path="/".join(path[1:-1]),
        parent_id=parent_id,
        size=size,
        deleted=clock(),
        account_id=account_id,
        device=device,
        purging=False,
    )
    return item


def trash_entry(
    tx: Transaction, principal: Principal, space: Space, parent_id: int, entry: Entry, path: Path
) -> tuple[int, int]:
    """Move an entry with everything below it under the space's trash root; the bytes and entries that moved.

    The caller settles: live shrinks and trash grows by the bytes.
    """
    count, size = tx.all(tree_sql.SUBTREE, entry=entry.id)[0]
    for row in tx.all(locks_sql.LOCKS_BELOW, space=space.id, entry=entry.id):
        tx.run(locks_sql.DELETE_LOCK, which=row[0])
    item = new_item(tx, space.id, path, parent_id, int(size), account_id=principal.account_id, device=principal.device)
    tx.run(tree_sql.RELOCATE, entry=entry.id, new_parent=space.trash_id, new_name=str(item), new_name_key=str(item))
    tx.run(trash_sql.SET_TRASHED, item=item, new_entry=entry.id)
    return int(size), int(count)


def trash_version(
    tx: Transaction, principal: Principal, space: Space, parent_id: int, entry: Entry, path: Path
) -> None:
    """Keep the bytes that a write replaces as a trash item of their own. The caller settles one more entry."""
    item = new_item(tx, space.id, path, parent_id, entry.size, account_id=principal.account_id, device=principal.device)
    kept = new_entry(
        tx,
        space.trash_id,
        str(item),
        is_folder=False,
        blob_id=entry.blob_id,
        created=entry.created,
        modified=entry.modified,
    )
    tx.run(trash_sql.SET_TRASHED, item=item, new_entry=kept)


def drop_blobs(tx: Transaction, blob_ids: Iterable[int | None], grace: int) -> None:
    """Turn those blobs that no entry refers to any more into garbage, to be deleted ``grace`` microseconds from now.

    Whoever takes entries away calls this, once in its transaction: two that took the rows of blobs in turns could wait
    for each other. None stands for no blob.
    """
    blobs = json.dumps([blob for blob in blob_ids if blob is not None])
    locked = tx.all(blobs_sql.LOCK_BLOBS, blobs=blobs)
    digests, videos = (json.dumps([row[column] for row in locked]) for column in (1, 2))
    tx.run(blobs_sql.ADD_GARBAGE_OF_BLOBS, blobs=blobs, us=grace)
    tx.run(blobs_sql.DROP_BLOBS, blobs=blobs)
    if tx.all(blobs_sql.LOCK_RENDITIONS, digests=digests):
        tx.run(blobs_sql.ADD_GARBAGE_OF_RENDITIONS, digests=digests, us=grace)
        tx.run(blobs_sql.DROP_RENDITIONS, digests=digests)
    if tx.all(blobs_sql.LOCK_PLAYABLES, digests=videos):
        tx.run(blobs_sql.ADD_GARBAGE_OF_PLAYABLES, digests=videos, us=grace)
        tx.run(blobs_sql.DROP_PLAYABLES, digests=videos)
