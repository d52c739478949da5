"""Uploading a file: the one way in for bytes, whatever the door.

    refuse early -> hold -> stream into the store -> settle -> listeners

No transaction and no database connection is held while bytes move. Readers see the old file or the new one.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.catalogue.statements import blobs as blobs_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.catalogue.statements import uploads as uploads_sql
from gateway.errors import (
    ChecksumMismatch,
    Exists,
    GatewayError,
    HoldLost,
    QuotaExceeded,
    StoreFull,
    TooLarge,
    UnsupportedType,
)
from gateway.library import conditions as conditions_
from gateway.library import names, policy, record, tree
from gateway.library.body import Body
from gateway.library.hold import Claim, Hold
from gateway.library.values import (
    EMPTY_MD5,
    EMPTY_SHA1,
    EMPTY_SHA256,
    NO_CONDITIONS,
    Change,
    Conditions,
    Entry,
    Path,
    Principal,
    Put,
    Role,
)
from gateway.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.photos import Photos
    from gateway.library.values import Guard, Listener
    from gateway.store import ObjectStore

_log = logging.getLogger("davgallery.library")
_MAX_REMEMBERED_BYTES = 2000  # path and device are in an index, and PostgreSQL takes 2,704 bytes there
_REMEMBERED = (QuotaExceeded, StoreFull, TooLarge, UnsupportedType, ChecksumMismatch)


@dataclass(frozen=True, slots=True)
class Uploads:
    """Takes uploads. ``instance`` names this run of the server in the holds it takes."""

    catalogue: Catalogue
    store: ObjectStore
    photos: Photos
    guards: Sequence[Guard]
    listeners: Sequence[Listener]
    instance: str
    _unended: deque[Hold] = field(default_factory=deque)
    """Holds of failed uploads that could not be ended, because the database was away."""

    def put(
        self,
        principal: Principal,
        path: Path,
        chunks: Iterable[bytes],
        *,
        size: int | None,
        conditions: Conditions = NO_CONDITIONS,
        modified: int | None = None,
        checksum: tuple[str, str] | None = None,
        claim: Claim | None = None,
    ) -> Put:
        """Store a file at ``path``, all of it or nothing.

        ``size`` is the announced number of bytes, None when unknown; ``modified`` the client's own time in
        microseconds UTC; ``checksum`` an algorithm (SHA1, SHA256 or MD5) and the hexadecimal digest; ``claim`` what
        was reserved for it before.
        Every refusal that needs no bytes is raised before ``chunks`` is touched. A body that was cut must raise from
        ``chunks``; what it raises passes through.
        """
        try:
            put, change = self._put(principal, path, chunks, size, conditions, modified, checksum, claim)
        except _REMEMBERED as refusal:
            self._remember(principal, path, size, refusal)
            raise
        record.notify(self.listeners, change)
        if self._unended:
            self.end_failed()
        return put

    def end_failed(self) -> None:
        """End the holds that failed uploads could not end while the database was away.

        A PostgreSQL server that crashes may forget a hold, whose commit did not wait for the disk. This process then
        is the only one that knows the key of what may be in the store.
        """
        for _ in range(len(self._unended)):
            try:
                hold = self._unended.popleft()
            except IndexError:  # another thread was quicker
                return
            self._abandon(hold)

    def _put(
        self,
        principal: Principal,
        path: Path,
        chunks: Iterable[bytes],
        size: int | None,
        conditions: Conditions,
        modified: int | None,
        checksum: tuple[str, str] | None,
        claim: Claim | None,
    ) -> tuple[Put, Change]:
        with self.catalogue.read() as tx:
            found = judge(tx, principal, path, conditions)
        space, old = found.space, found.target
        body = Body(chunks, size, checksum, space.max_file_size)
        needs_media = policy.check_announced(space, path[-1], size)
        if size is None:
            body.measure(space.available + (old.size if old else 0))
        if body.announced == 0:
            for _ in body.stream(lambda _arrived: None):
                pass
            return self._settle(principal, path, space.id, None, body, conditions, modified, claim)

        before = old.size if old else 0
        announced = body.announced
        growth = max(0, body.expected - before)
        key = keys.fresh(space.key, path[1:-1], path[-1])
        hold = Hold(self.catalogue, space.id, key, growth, self.instance, claim.hold if claim else None)
        try:
            if needs_media:
                body.require_media()
            self.store.put(key, body.stream(lambda arrived: hold.cover(arrived - before, arrived)), announced)
            return self._settle(principal, path, space.id, hold, body, conditions, modified, claim)
        except BaseException:
            self._abandon(hold)
            raise

    def _abandon(self, hold: Hold) -> None:
        try:
            hold.abandon()
        except GatewayError:
            _log.warning("The hold of a failed upload is ended later: the database is not available")
            self._unended.append(hold)

    def _settle(
        self,
        principal: Principal,
        path: Path,
        space_id: int,
        hold: Hold | None,
        body: Body,
        conditions: Conditions,
        modified: int | None,
        claim: Claim | None,
    ) -> tuple[Put, Change]:
        def work(tx: Transaction) -> tuple[Put, Change]:
            found = judge(tx, principal, path, conditions)
            if found.space.id != space_id:
                raise HoldLost("The space was renamed while the file was on its way.")
            committed = _commit(tx, self.guards, principal, found, hold, body, modified)
            if found.target is not None and not (hold and body.is_indexed):
                self.photos.left(tx, space_id, found.parent.id, found.target)
            if claim is not None:
                claim.settled(tx, committed[0].entry)
            return committed

        return self.catalogue.write(work, space_id)

    def _remember(self, principal: Principal, path: Path, size: int | None, refusal: GatewayError) -> None:
        def work(tx: Transaction) -> None:
            where = {"account": principal.account_id, "where": _place(path), "who": principal.device}
            if len(f"{where['where']}{where['who']}".encode()) > _MAX_REMEMBERED_BYTES:
                return
            tx.run(uploads_sql.FORGET_REFUSAL_OF_DEVICE, **where)
            tx.run(
                uploads_sql.ADD_REFUSAL,
                account_id=principal.account_id,
                path=_place(path),
                device=principal.device,
                reason=type(refusal).__name__,
                size=size,
                at=record.clock(),
            )

        try:
            self.catalogue.write(work, durable=False)
        except GatewayError:
            _log.warning("A refused upload could not be remembered: the database is not available")


def _place(path: Path) -> str:
    """A path as it is compared: the file arrives whichever spelling of its name the next attempt uses."""
    return "/".join((names.space_key(path[0]), *(names.key(name) for name in path[1:])))


def judge(tx: Transaction, principal: Principal, path: Path, conditions: Conditions) -> tree.Walk:
    """Access, the tree, conditions and locks: judged before the body, and again inside the transaction."""
    found = tree.walk(tx, principal, path)
    found.require(Role.EDITOR)
    _ = found.parent
    if found.target is not None and found.target.is_folder:
        raise Exists("There is a folder of that name.")
    conditions_.check(conditions, found, lambda other: tree.walk(tx, principal, other))
    locks = found.protecting if found.target else found.guarding_members
    conditions_.require_tokens(tx, locks, conditions, principal, found)
    return found


def _commit(
    tx: Transaction,
    guards: Sequence[Guard],
    principal: Principal,
    found: tree.Walk,
    hold: Hold | None,
    body: Body,
    modified: int | None,
) -> tuple[Put, Change]:
    space, old, path = found.space, found.target, found.path
    now = record.clock()
    held, blob_id = 0, None
    if hold is not None:
        held = hold.end(tx, max(0, body.size - (old.size if old else 0)))
        blob_id = tx.value(
            blobs_sql.ADD_BLOB,
            key=hold.key,
            size=body.size,
            sha256=body.sha256,
            sha1=body.sha1,
            md5=body.md5,
            media=body.is_media,
            created=now,
            due=0 if body.is_indexed else None,
            device=principal.device,
        )
    time = now if modified is None else modified
    if old is None:
        created, replaced = now, 0
        entry_id = record.new_entry(
            tx, found.parent.id, path[-1], is_folder=False, blob_id=blob_id, created=now, modified=time
        )
    else:
        entry_id, created, replaced = old.id, old.created, old.size
        if old.blob_id is not None:
            record.trash_version(tx, principal, space, found.parent.id, old, path)
        tx.run(tree_sql.SET_BLOB, entry=entry_id, new_blob=blob_id, new_modified=time)
    more_entries = 1 if old is None or old.blob_id is not None else 0
    record.settle(tx, space.id, live=body.size - replaced, held=held, trash=replaced, entries=more_entries)
    if space.refusals:
        tx.run(uploads_sql.FORGET_REFUSAL, account=principal.account_id, where=_place(path))
    kind = "created" if old is None else "replaced"
    change = record.change(tx, guards, principal, kind, space, entry_id, path)
    entry = Entry(
        id=entry_id,
        name=path[-1] if old is None else old.name,
        is_folder=False,
        size=body.size,
        etag=(body.sha256 if body.size else EMPTY_SHA256)[:32],
        sha1=body.sha1 if body.size else EMPTY_SHA1,
        md5=(body.md5 or "") if body.size else EMPTY_MD5,
        created=created,
        modified=time,
        blob_id=blob_id,
    )
    return Put(entry, old is None), change
