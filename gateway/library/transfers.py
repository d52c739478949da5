"""Uploads that arrive in parts, whichever process or machine takes each part, and however long it takes.

    check the list -> begin -> parts -> whole -> the one way in for bytes (:mod:`gateway.library.upload`)

What a transfer will grow its space by is held from its beginning, so no upload is refused for want of room after hours.
Parts are objects of their own; their rows are there before their bytes, so whatever a killed process leaves is known by
name. A file that arrives in one piece is stored at once. Larger ones are put together, and archives unpacked, by
whichever process takes the lease: it reads the parts and uploads what they make, so rules are applied there and once.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from gateway.catalogue.statements import blobs as blobs_sql
from gateway.catalogue.statements import transfers as transfers_sql
from gateway.errors import (
    BadRequest,
    ChecksumMismatch,
    Exists,
    Forbidden,
    GatewayError,
    HoldLost,
    Locked,
    NotFound,
    PreconditionFailed,
    StoreFull,
    TooManyRequests,
    Unavailable,
    WrongOffset,
)
from gateway.library import hold, names, policy, tree
from gateway.library.arrivals import BOTH, FREE, REFUSE, REPLACE, IfTaken, Reason, make_folders, numbered, reason_of
from gateway.library.hold import GRACE, Claim
from gateway.library.intake import MOST_COPIES, Checked, Wanted, is_same, judge_list
from gateway.library.part import Part
from gateway.library.unpacking import RENEWAL, Archive, LeftOut, Progress, Unpacking
from gateway.library.upload import judge
from gateway.library.values import NO_CONDITIONS, Entry, Path, Principal, Role
from gateway.store import keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.files import Files
    from gateway.library.upload import Uploads
    from gateway.store import ObjectStore

_log = logging.getLogger("davgallery.library")

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
KEEP = 7 * _DAY
"""Microseconds after its last part that an unfinished transfer is kept."""
_KEEP_HOLD = KEEP + _DAY  # the transfer ends its hold, not the hold its transfer
_KEEP_DONE = _DAY // 24
_LEASE = 60 * _SECOND
MOST_CHECKED = 1000
"""Files that one list may have."""
_MOST_UNFINISHED = 1000
_MOST_LISTED = 200
_LEAST_PART = 16 << 10
_MOST_PARTS = 10_000
_AT_ONCE = 64 << 20
"""Bytes that are put together while the client waits for the answer to its last part."""
_MOST_TRIES = 3
_PAUSES = (5, 10, 30, 60, 300, 600)
"""Seconds until what could not be stored is tried again."""

_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_PASSING = (Unavailable, StoreFull, Locked)
"""What may go well later."""


State = Literal["open", "whole", "done", "refused"]


class Here(NamedTuple):
    """A file that need not be uploaded: the space has these bytes."""

    entry_id: int
    path: Path


class Transfer(NamedTuple):
    """An upload in parts. Sizes in bytes, times in microseconds UTC."""

    id: str
    account_id: int
    account: str
    admin: bool
    device: str
    space_id: int
    space: str
    wanted: str
    place: str
    size: int
    arrived: int
    modified: int | None
    sha256: str | None
    if_taken: IfTaken
    unpack: bool
    state: State
    """``open``: parts are awaited; ``whole``: all have arrived; ``done``; ``refused``."""
    created: int
    expires: int
    tries: int
    entry_id: int | None
    """The file that it became."""
    reason: Reason | None
    """Why it was refused, or has to wait."""
    progress: int
    total: int
    """Of an archive: how many members there are, and are done."""
    left_out: str

    @property
    def path(self) -> Path:
        """Where it goes; of an archive, where it would be if it were kept: it is unpacked into the folder."""
        return (self.space, *json.loads(self.place))

    @property
    def report(self) -> list[tuple[str, LeftOut]]:
        """What of an archive was left out: names and reasons."""
        return [(name, reason) for name, reason in json.loads(self.left_out)]

    @property
    def principal(self) -> Principal:
        """Who began it."""
        return Principal(self.account_id, self.account, self.admin, None, self.device)

    @property
    def hold(self) -> str:
        """The key of what it holds."""
        return f"{transfers_sql.HOLD_NAME}{self.id}"


class _Asked(NamedTuple):
    """What somebody wants to upload."""

    path: Path
    size: int
    modified: int | None
    sha256: str | None
    if_taken: IfTaken
    unpack: bool

    def is_of(self, begun: Transfer) -> bool:
        """Whether an upload that was begun in the same space is of the same file."""
        other = (begun.wanted, begun.size, begun.modified, begun.unpack)
        is_same = other == (_json(self.path[1:]), self.size, self.modified, self.unpack)
        return is_same and (self.sha256 == begun.sha256 or None in (self.sha256, begun.sha256))


@dataclass(frozen=True, slots=True)
class Transfers:
    """Takes uploads in parts. ``zone`` is the server's own, for times in archives that tell none."""

    catalogue: Catalogue
    store: ObjectStore
    uploads: Uploads
    files: Files
    zone: str

    # --- before -------------------------------------------------------------------------------------------------

    def check(self, principal: Principal, folder: Path, files: Sequence[Wanted], promised: int = 0) -> Checked:
        """Judge a list of files that are to go into a folder, which need not be there yet; nothing is begun.

        ``promised`` is the growth of lists before this one. Raises NotFound, Forbidden and BadRequest (too many) for
        the list as a whole.
        """
        if len(files) > MOST_CHECKED:
            raise BadRequest(f"A list can have {MOST_CHECKED} files.")
        with self.catalogue.read() as tx:
            goal = tree.walk(tx, principal, folder)
            goal.require(Role.EDITOR)
            begun = [Transfer._make(row) for row in tx.all(transfers_sql.UNFINISHED, account=principal.account_id)]
            known = {(one.space_id, one.wanted, one.size, one.modified, one.unpack): one for one in begun}

            def begun_before(file: Wanted) -> tuple[str, int] | None:
                place = _json((*folder[1:], *file.path))
                one = known.get((goal.space.id, place, file.size, file.modified, file.unpack))
                return None if one is None else (one.id, one.arrived)

            return judge_list(tx, principal, goal, files, promised, begun_before)

    def begin(
        self,
        principal: Principal,
        path: Path,
        *,
        size: int,
        modified: int | None = None,
        sha256: str | None = None,
        if_taken: IfTaken = REFUSE,
        unpack: bool = False,
        again: bool = False,
    ) -> Transfer | Here:
        """Begin an upload, or go on with the one of the same file that this account did not finish.

        ``modified`` is the file's own time; ``sha256`` its digest, hexadecimal; ``unpack`` takes it for a ZIP archive,
        whose members go into its folder; ``again`` uploads bytes that the space has in another place. Missing folders
        are made. Raises what an upload raises before its bytes, and Exists when the name is taken.
        """
        asked = _Asked(path, size, modified, _digest(sha256), if_taken, unpack)
        if size < 0:
            raise BadRequest("A file cannot have less than no bytes.")
        if len(path) < 2:
            raise Forbidden("Choose a space first.")
        with self.catalogue.read() as tx:
            home = tree.walk(tx, principal, path[:1])
            home.require(Role.EDITOR)
            names.check(path)
            if not again and (here := _copy_of(tx, home, asked)) is not None:
                return here
        make_folders(self.files, principal, path[:-1])
        begun = tree.write(self.catalogue, principal, partial(_begin, principal=principal, asked=asked), path[0])
        return begun if isinstance(begun, Here) else self.find(principal, begun)

    # --- looking ------------------------------------------------------------------------------------------------

    def find(self, principal: Principal, transfer: str) -> Transfer:
        """A transfer of this account; NotFound for any other."""
        with self.catalogue.read() as tx:
            return _find(tx, principal, transfer)

    def mine(self, principal: Principal) -> list[Transfer]:
        """The transfers of this account that are under way or were refused, the newest first, at most 200."""
        with self.catalogue.read() as tx:
            rows = tx.all(transfers_sql.TRANSFERS, account=principal.account_id, limit=_MOST_LISTED)
        return [Transfer._make(row) for row in rows]

    # --- parts --------------------------------------------------------------------------------------------------

    def receive(
        self,
        principal: Principal,
        transfer: str,
        offset: int,
        chunks: Iterable[bytes],
        length: int | None,
        sha256: str | None = None,
    ) -> Transfer:
        """Take the part of a transfer that begins at byte ``offset``; the transfer as it is then.

        ``length`` is how many bytes it has, None when unknown; ``sha256`` their digest, hexadecimal. What has arrived
        before is skipped, so a part whose answer was lost may be sent again. Raises WrongOffset, which says where to go
        on, and what uploads raise: all of the part counts, or nothing.
        """
        with self.catalogue.read() as tx:
            found = _find(tx, principal, transfer)
            tree.walk(tx, principal, (found.space,)).require(Role.EDITOR)
        if found.state != "open" or (found.size and found.arrived == found.size):
            return found
        if not 0 <= offset <= found.arrived:
            raise WrongOffset(found.arrived)
        if length is not None and offset + length > found.size:
            raise BadRequest("The file was announced to be shorter.")
        if length is not None and length and offset + length <= found.arrived:
            return found
        if offset == 0 == found.arrived and length == found.size and not found.unpack:
            return self._store_at_once(found, chunks, sha256)
        self._take_part(found, offset, chunks, length, _digest(sha256))
        now = self.find(principal, transfer)
        if now.state == "whole" and now.size <= _AT_ONCE and not now.unpack:
            self._do(now.id)
            return self.find(principal, transfer)
        return now

    def _store_at_once(self, found: Transfer, chunks: Iterable[bytes], sha256: str | None) -> Transfer:
        """A whole file in one part goes where it belongs, and is never put down in between."""
        digest = _digest(sha256)
        if None not in (digest, found.sha256) and digest != found.sha256:
            raise ChecksumMismatch("The bytes that are announced are not those of the file.")
        try:
            self._put(found, chunks, digest or found.sha256)
        except PreconditionFailed:
            if found.if_taken != BOTH:
                raise Exists("The name is taken.") from None
            self._move_on(found)
            raise Unavailable("The name was taken meanwhile. Send it again.", 1) from None
        return self.find(found.principal, found.id)

    def _take_part(
        self, found: Transfer, offset: int, chunks: Iterable[bytes], length: int | None, digest: str | None
    ) -> None:
        start = found.arrived
        part = Part(chunks, start - offset, None if length is None else length, found.size - offset, digest)
        if start == 0 and not found.unpack:
            with self.catalogue.read() as tx:
                space = tree.find_space(tx, found.principal, found.space)
            if policy.check_announced(space, found.path[-1], found.size):
                part.require_media()
        key = keys.for_part(found.id, start)
        self.catalogue.write(
            lambda tx: tx.run(transfers_sql.ADD_PART, key=key, transfer_id=found.id, start=start, size=None)
        )
        try:
            self.store.put(key, part.stream(), None if length is None else length - (start - offset))
            end = start + part.size
            least = max(_LEAST_PART, found.size // _MOST_PARTS)
            if end < found.size and part.size < least:
                raise BadRequest(f"A part that is not the last one has {least} bytes at least.")
            self.catalogue.write(partial(_advance, transfer=found, key=key, start=start, end=end), durable=False)
        except BaseException:
            self._drop_part(key)
            raise

    def _drop_part(self, key: str) -> None:
        def work(tx: Transaction) -> None:
            if tx.run(transfers_sql.DROP_PART, which=key):  # else it counts: only the answer of the database was lost
                tx.run(blobs_sql.ADD_GARBAGE, new_key=key, us=GRACE)

        try:
            self.catalogue.write(work)
        except GatewayError:
            _log.warning("A part that was not taken is deleted with its upload: the database is not available")

    # --- ending -------------------------------------------------------------------------------------------------

    def abort(self, principal: Principal, transfer: str) -> None:
        """End a transfer and give back what it holds; one that is done is only forgotten."""
        found = self.find(principal, transfer)
        self._remove(found.id, found.space_id)

    def tidy(self) -> int:
        """End the transfers that nobody went on with for seven days, and forget those that are over; how many."""
        total = 0
        while True:
            with self.catalogue.read() as tx:
                rows = tx.all(transfers_sql.OVER, limit=100)
            for transfer, space_id in rows:
                self._remove(transfer, space_id)
            total += len(rows)
            if not rows:
                return total

    def _remove(self, transfer: str, space_id: int) -> None:
        def work(tx: Transaction) -> list[str]:
            done = _release(tx, transfer)
            tx.run(transfers_sql.DELETE_TRANSFER, which=transfer)
            return done

        self._delete(self.catalogue.write(work, space_id))

    def _delete(self, parts: list[str]) -> None:
        """Delete parts that are garbage now at once: they take as much room as the file itself."""
        if not parts:
            return
        try:
            self.store.delete(parts)
            self.catalogue.run(blobs_sql.DELETE_GARBAGE, durable=False, keys=json.dumps(parts))
        except GatewayError:
            _log.info("Parts of an upload are deleted later")

    # --- putting together ---------------------------------------------------------------------------------------

    def work(self) -> int:
        """Store and unpack what is whole, until nothing is due; how many there were. For a thread of its own."""
        done = 0
        while True:
            with self.catalogue.read() as tx:
                row = tx.one(transfers_sql.DUE)
            if row is None:
                return done
            done += self._do(str(row[0]))

    def _do(self, transfer: str) -> bool:
        """Store or unpack it, unless another process does; whether there was something to do."""
        who = base64.b32encode(os.urandom(10)).decode()
        if not self.catalogue.run(transfers_sql.CLAIM, durable=False, which=transfer, who=who, us=_LEASE):
            return False
        with self.catalogue.read() as tx:
            row = tx.one(transfers_sql.CLAIMED, which=transfer, who=who)
        if row is None:
            return False
        found = Transfer._make(row)
        try:
            if found.unpack:
                self._unpack(found, who)
            else:
                self._join(found, who)
        except _PASSING as error:
            pause = _PAUSES[min(found.tries, len(_PAUSES)) - 1]
            _log.warning("The upload of “%s” waits for %d seconds: %s", found.path[-1], pause, error)
            self._postpone(found, who, pause, reason_of(error))
        except GatewayError as error:
            self._refuse(found, reason_of(error))
        except Exception:
            if found.tries < _MOST_TRIES:
                raise  # it is tried again when the lease is over
            _log.exception("The upload of “%s” is given up", found.path[-1])
            self._refuse(found, "other")
        return True

    def _join(self, found: Transfer, who: str) -> None:
        while True:
            parts = self._parts(found)
            try:
                self._put(found, self._bytes(found, who, parts), found.sha256)
            except PreconditionFailed:  # what has arrived is not thrown away for a name
                found = self._move_on(found)
            else:
                return

    def _bytes(self, found: Transfer, who: str, parts: Sequence[tuple[str, int, int]]) -> Iterator[bytes]:
        """All bytes, while the lease is kept. Its progress is what has been read."""
        read, renewed = 0, time.monotonic()
        for key, _, size in parts:
            for chunk in self.store.read(key, 0, size):
                read += len(chunk)
                if time.monotonic() - renewed > RENEWAL:
                    self._go_on(found, who, Progress(read, found.size, ()))
                    renewed = time.monotonic()
                yield chunk

    def _go_on(self, found: Transfer, who: str, progress: Progress) -> None:
        self.catalogue.write(partial(_note, found=found, who=who, progress=progress), durable=False)

    def _put(self, found: Transfer, chunks: Iterable[bytes], digest: str | None) -> None:
        make_folders(self.files, found.principal, found.path[:-1])
        parts: list[str] = []

        def settled(tx: Transaction, entry: Entry) -> None:
            parts[:] = _release(tx, found.id)
            _end(tx, found, "done", entry.id, None)

        self.uploads.put(
            found.principal,
            found.path,
            chunks,
            size=found.size,
            conditions=NO_CONDITIONS if found.if_taken == REPLACE else FREE,
            modified=found.modified,
            checksum=None if digest is None else ("SHA256", digest),
            claim=Claim(found.hold, settled),
        )
        self._delete(parts)

    def _move_on(self, found: Transfer) -> Transfer:
        """Take the next free name: somebody else's file came first."""

        def work(tx: Transaction) -> str:
            path = numbered(tx, found.principal, (found.space, *json.loads(found.wanted)))
            tx.run(transfers_sql.SET_PATH, which=found.id, place=_json(path[1:]))
            return _json(path[1:])

        return found._replace(place=self.catalogue.write(work, found.space_id))

    def _unpack(self, found: Transfer, who: str) -> None:
        parts = [(key, size) for key, _, size in self._parts(found)]
        with Archive(self.store, parts) as archive:
            progress = Progress(found.progress, len(archive.members), tuple(found.report))
            unpacking = Unpacking(
                uploads=self.uploads,
                files=self.files,
                principal=found.principal,
                folder=found.path[:-1],
                if_taken=found.if_taken,
                zone=self.zone,
                hold=found.hold,
                note=partial(_note, found=found, who=who),
                go_on=partial(self._go_on, found, who),
            )
            for _ in unpacking.run(archive, progress):
                pass

        def work(tx: Transaction) -> list[str]:
            done = _release(tx, found.id)
            _end(tx, found, "done", None, None)
            return done

        self._delete(self.catalogue.write(work, found.space_id))

    def _postpone(self, found: Transfer, who: str, seconds: int, reason: str) -> None:
        pause = seconds * _SECOND
        self.catalogue.run(transfers_sql.POSTPONE, durable=False, which=found.id, who=who, us=pause, why=reason)

    def _refuse(self, found: Transfer, reason: str) -> None:
        def work(tx: Transaction) -> list[str]:
            _end(tx, found, "refused", None, reason)
            return _release(tx, found.id)

        self._delete(self.catalogue.write(work, found.space_id))

    def _parts(self, found: Transfer) -> list[tuple[str, int, int]]:
        """The parts in order: their keys, first bytes and sizes."""
        with self.catalogue.read() as tx:
            rows = tx.all(transfers_sql.PARTS, which=found.id)
        parts = [(str(key), int(start), int(size)) for key, start, size in rows if size is not None]
        end = 0
        for _, start, size in parts:
            if start != end:
                break
            end += size
        if end != found.size:
            raise NotFound("A part of the upload is gone.")
        return parts


def _copy_of(tx: Transaction, home: tree.Walk, asked: _Asked) -> Here | None:
    """A file of the space that has these bytes already."""
    if asked.sha256 is None or not asked.size or asked.unpack:
        return None
    digests = _json([asked.sha256])
    rows = tx.all(transfers_sql.COPIES, digests=digests, root=home.space.root_id, limit=MOST_COPIES)
    return Here(int(rows[0][1]), tree.place(tx, home, rows[0][1])) if rows else None


def _begin(tx: Transaction, *, principal: Principal, asked: _Asked) -> Here | str:
    """Write down a new transfer and what it holds; its id, or that of the same one that was begun before."""
    space = tree.find_space(tx, principal, asked.path[0])
    begun = [Transfer._make(row) for row in tx.all(transfers_sql.UNFINISHED, account=principal.account_id)]
    for one in begun:
        if one.space_id == space.id and asked.is_of(one):
            return one.id
    if len(begun) >= _MOST_UNFINISHED:
        raise TooManyRequests("Too many uploads are not finished. Go on with them, or end them, first.", 60)
    goal = _goal(tx, principal, asked)
    if isinstance(goal, Here):
        return goal
    path, growth = goal
    new = base64.b32encode(os.urandom(10)).decode().lower()
    hold.reserve(tx, space.id, f"{transfers_sql.HOLD_NAME}{new}", growth, _KEEP_HOLD)
    tx.run(
        transfers_sql.ADD_TRANSFER,
        which=new,
        account=principal.account_id,
        who=principal.device,
        space=space.id,
        asked=_json(asked.path[1:]),
        place=_json(path[1:]),
        bytes=asked.size,
        time=asked.modified,
        digest=asked.sha256,
        choice=asked.if_taken,
        is_archive=asked.unpack,
        us=KEEP,
    )
    return new


def _goal(tx: Transaction, principal: Principal, asked: _Asked) -> tuple[Path, int] | Here:
    """Where a file goes, and by how many bytes it grows the space; Here when it is there, Exists for another one."""
    path = asked.path
    if asked.unpack:
        tree.walk(tx, principal, path).require(Role.EDITOR)
        return path, asked.size
    found = judge(tx, principal, path, NO_CONDITIONS)
    target = found.target
    if target is not None and asked.if_taken == REFUSE:
        if is_same(target, asked.size, asked.modified, asked.sha256):
            return Here(target.id, path)
        raise Exists("The name is taken.")
    policy.check_announced(found.space, path[-1], asked.size)
    if target is not None and asked.if_taken == BOTH:
        return numbered(tx, principal, path), asked.size
    return path, max(0, asked.size - (target.size if target else 0))


def _find(tx: Transaction, principal: Principal, transfer: str) -> Transfer:
    row = tx.one(transfers_sql.TRANSFER, which=transfer, account=principal.account_id)
    if row is None:
        raise NotFound("There is no such upload, or it has ended.")
    return Transfer._make(row)


def _advance(tx: Transaction, transfer: Transfer, key: str, start: int, end: int) -> None:
    """Count a part as arrived; WrongOffset when another one was faster."""
    if not tx.run(transfers_sql.ADVANCE, which=transfer.id, start=start, end=end, us=KEEP):
        raise WrongOffset(_find(tx, transfer.principal, transfer.id).arrived)
    tx.run(transfers_sql.END_PART, which=key, bytes=end - start)
    tx.run(transfers_sql.KEEP_HOLD, which=transfer.hold, us=_KEEP_HOLD)
    tx.run(transfers_sql.IS_WHOLE, which=transfer.id)


def _note(tx: Transaction, progress: Progress, *, found: Transfer, who: str) -> None:
    """Keep the lease, and what is done; HoldLost when another process has it, or somebody ended the transfer."""
    report = _json(progress.report)
    if not tx.run(
        transfers_sql.GO_ON, which=found.id, who=who, us=_LEASE, keep=KEEP, done=progress.done, of=progress.total,
        left_out=report,
    ):  # fmt: skip
        raise HoldLost("Another process goes on with the upload.")


def _release(tx: Transaction, transfer: str) -> list[str]:
    """Give back what a transfer holds, and make its parts garbage; the keys of those that can be deleted at once."""
    hold.release(tx, f"{transfers_sql.HOLD_NAME}{transfer}")
    parts = [str(row[0]) for row in tx.all(transfers_sql.PARTS, which=transfer) if row[2] is not None]
    # One that is on its way may still be written by a process that does not know.
    tx.run(transfers_sql.ADD_GARBAGE_OF_PARTS, which=transfer, us=GRACE)
    tx.run(transfers_sql.DELETE_PARTS, which=transfer)
    return parts


def _end(tx: Transaction, found: Transfer, outcome: str, entry_id: int | None, reason: str | None) -> None:
    """Note the outcome; HoldLost when there is another one already."""
    keep = _KEEP_DONE if outcome == "done" else KEEP
    if not tx.run(
        transfers_sql.END, which=found.id, outcome=outcome, file=entry_id, why=reason, end=found.size, us=keep
    ):
        raise HoldLost("The upload has ended.")


def _digest(sha256: str | None) -> str | None:
    if sha256 is None:
        return None
    if not _SHA256.fullmatch(sha256):
        raise BadRequest("A SHA-256 is 64 hexadecimal digits.")
    return sha256.lower()


def _json(value: Iterable[object]) -> str:
    return json.dumps(list(value), ensure_ascii=False)
