"""Taking in objects that no file refers to, each of which may be the only copy of a photograph."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from gateway.catalogue.statements import blobs as blobs_sql
from gateway.catalogue.statements import trash as trash_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.catalogue.statements import uploads as uploads_sql
from gateway.errors import Conflict, NotFound
from gateway.library import media, names, record
from gateway.library.trash import free_name
from gateway.library.values import Change

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.spaces import SpaceRow
    from gateway.store import ObjectStore, StoredObject

_CHUNK_MARK = re.compile(r"~[a-z2-7]{12}(?=(\.[A-Za-z0-9]{1,8})?$)")


def look(store: ObjectStore, key: str) -> StoredObject | None:
    """The object of this key, if the store has it."""
    first = next(iter(store.list(key)), None)
    return first if first is not None and first.key == key else None


def take_in(
    catalogue: Catalogue,
    store: ObjectStore,
    space: SpaceRow,
    stored: StoredObject,
    *,
    into_trash: bool,
    claim: Callable[[Transaction], bool] | None = None,
) -> str | None:
    """Give an object a blob and an entry; its path, None when somebody else did or it went away meanwhile.

    It goes where its key says, or under "found" into the trash. ``claim`` says inside the transaction whether it may
    be taken in; unless it is given, an object that any row names may not. Raises QuotaExceeded when the space is full.
    """
    sha256, sha1 = hashlib.sha256(usedforsecurity=False), hashlib.sha1(usedforsecurity=False)
    size, head = 0, b""
    try:
        for chunk in store.read(stored.key, 0, stored.size):
            sha256.update(chunk)
            sha1.update(chunk)
            size += len(chunk)
            head = head or chunk[: media.HEAD_BYTES]
    except NotFound:
        return None

    def work(tx: Transaction) -> str | None:
        if not (claim(tx) if claim else not is_named(tx, stored.key)):
            return None
        now = record.clock()
        blob_id = tx.value(
            blobs_sql.ADD_BLOB,
            key=stored.key,
            size=size,
            sha256=sha256.hexdigest(),
            sha1=sha1.hexdigest(),
            md5=None,
            media=media.is_media(head),
            created=now,
            due=0 if media.is_indexed(head) else None,
            device="",
        )
        *folders, last = stored.key.split("/")[1:]
        name = _CHUNK_MARK.sub("", last)
        if name in {"", ".", ".."}:
            name = last
        if into_trash:
            return _into_trash(tx, space, name, blob_id, size, stored.modified)
        parent_id, new = _folders(tx, space, folders)
        name = free_name(tx, parent_id, name)
        entry_id = record.new_entry(
            tx, parent_id, name, is_folder=False, blob_id=blob_id, created=now, modified=stored.modified
        )
        record.settle(tx, space.id, live=size, entries=1 + new)
        path = (space.name, *folders, name)
        record.note(tx, Change("created", space.id, entry_id, path, None, "adopt"))
        return "/".join(path)

    return catalogue.write(work, space.id)


def is_named(tx: Transaction, key: str) -> bool:
    """Whether a row names the object: in the order in which a key passes from one to the next, so that a running
    upload is never taken for a stray.
    """
    return any(
        tx.one(statement, which=key) is not None
        for statement in (uploads_sql.HOLD_KEY, blobs_sql.BLOB_BY_KEY, blobs_sql.GARBAGE_KEY)
    )


def _into_trash(tx: Transaction, space: SpaceRow, name: str, blob_id: int, size: int, modified: int) -> str:
    item = record.new_item(
        tx, space.id, (space.name, "found", name), space.trash_id, size, account_id=None, device="check"
    )
    now = record.clock()
    entry_id = record.new_entry(
        tx, space.trash_id, str(item), is_folder=False, blob_id=blob_id, created=now, modified=modified
    )
    tx.run(trash_sql.SET_TRASHED, item=item, new_entry=entry_id)
    record.settle(tx, space.id, trash=size, entries=1)
    return f"found/{name}"


def _folders(tx: Transaction, space: SpaceRow, folders: list[str]) -> tuple[int, int]:
    """Make the folders of a key where they are missing: the last one's id, and how many are new."""
    parent_id, new, now = space.root_id, 0, record.clock()
    for folder in folders:
        row = tx.one(tree_sql.CHILD, parent=parent_id, name_key=names.key(folder))
        if row is not None and not row[2]:
            raise Conflict(f"“{folder}” is a file.")
        if row is None:
            parent_id = record.new_entry(tx, parent_id, folder, is_folder=True, blob_id=None, created=now, modified=now)
            new += 1
        else:
            parent_id = row[0]
    return parent_id, new
