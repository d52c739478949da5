"""Jobs: which blobs wait for the indexer, and what it found in them.

The upload's own transaction leaves the job in the blob's row, so nothing that was acknowledged can be missed. A claim
moves the job's time ahead by a lease; whoever holds it records the outcome, and a worker that dies leaves a job that is
due again by itself.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import blobs as blobs_sql
from gateway.catalogue.statements import jobs as jobs_sql
from gateway.catalogue.statements import photos as photos_sql
from gateway.catalogue.statements import playables as playables_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.catalogue.statements import upkeep as upkeep_sql
from gateway.errors import Forbidden, GatewayError, NotFound
from gateway.library import names
from gateway.library.hold import GRACE
from gateway.library.spaces import SpaceRow
from gateway.store import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.extracted import Extracted, Rendition
    from gateway.library.photos import Photos
    from gateway.library.values import Path
    from gateway.store import ObjectStore

_RENEWED = "renewed"
_RENEWED_AT_ONCE = 1000
LEASE = 900 * 1_000_000
"""Microseconds until a claimed job is due again: longer than a file may take."""
MOST_TRIES = 3
UNCLAIMED = 3600 * 1_000_000
"""Microseconds that what is derived may lie in the store before a row names them."""


class Job(NamedTuple):
    """A blob to be indexed, held by one worker."""

    blob_id: int
    key: str
    size: int
    sha256: str
    is_media: bool
    tries: int
    """Claims so far, this one included; more than three mean that none ever came to its end."""
    worker: str

    @property
    def space(self) -> str:
        """The key of the space that it was uploaded to."""
        return self.key.partition("/")[0]


class Queue(NamedTuple):
    """How the indexer stands."""

    waiting: int
    """Jobs that are not done, those being worked on included."""
    running: int
    oldest: int
    """Seconds since the upload of the oldest of them."""
    failed: int
    """Blobs without a picture, and why is known."""


class Failure(NamedTuple):
    """A file that could not be indexed."""

    blob_id: int
    path: str
    """Where it lies, its space first."""
    size: int
    reason: str


class _Lost(Exception):
    """The lease ran out and somebody else has the job."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """The indexer's queue. ``version`` is the indexer's own: outcomes of an older one are made anew."""

    catalogue: Catalogue
    store: ObjectStore
    photos: Photos
    version: int

    def claim(self, worker: str, but: Collection[str] = ()) -> Job | None:
        """Take the newest job that is due, of no space with one of the keys ``but``; None when there is none."""
        with self.catalogue.read() as tx:
            if tx.one(jobs_sql.ANY_DUE) is None:
                return None
            claim, words = jobs_sql.CLAIM, {}
            if but:
                # Found here, where passing over many of theirs keeps nobody from writing.
                found = tx.one(jobs_sql.NEWEST_ELSEWHERE, but=json.dumps([*but]))
                if found is None:
                    return None
                claim, words = jobs_sql.CLAIM_ELSEWHERE, {"but": json.dumps([*but]), "upto": found[0]}
        row = self.catalogue.write(lambda tx: tx.one(claim, lease=LEASE, who=worker, **words), durable=False)
        return None if row is None else Job._make((*row, worker))

    def finish(
        self, job: Job, extracted: Extracted, renditions: Sequence[Rendition] = (), error: str | None = None
    ) -> bool:
        """Record what was found, and show it: media, renditions and photos. False when the job was lost meanwhile.

        ``error`` says why there is no picture; what is known besides is kept, and the job is done all the same.
        """
        key = self._keep(job.sha256, renditions)

        def found(tx: Transaction) -> None:
            _set_media(tx, job.blob_id, extracted)
            if key is not None:
                for row in tx.all(jobs_sql.RENDITIONS, digest=job.sha256):  # of an older indexer, or of equal bytes
                    tx.run(jobs_sql.DELETE_RENDITIONS, digest=job.sha256)
                    tx.run(blobs_sql.ADD_GARBAGE, new_key=row[0], us=GRACE)
                tx.run(blobs_sql.DELETE_GARBAGE, keys=json.dumps([key]))
                size = sum(len(one.data) for one in renditions)
                tx.run(jobs_sql.ADD_RENDITIONS, sha256=job.sha256, key=key, size=size, pictures=_directory(renditions))
            self._mark(tx, job, error)

        return self._end(job, found)

    def finish_like_twin(self, job: Job) -> bool:
        """Record what is known of equal bytes, if they were indexed before; whether that was so."""
        with self.catalogue.read() as tx:
            row = tx.one(jobs_sql.TWIN, digest=job.sha256, now_version=self.version)
        if row is None:
            return False

        def found(tx: Transaction) -> None:
            if not tx.all(jobs_sql.RENDITIONS, digest=job.sha256):
                raise _Lost  # they went with the twin a moment ago
            tx.run(jobs_sql.DELETE_MEDIA, blob=job.blob_id)
            if not tx.run(jobs_sql.COPY_MEDIA, blob=job.blob_id, twin=row[0]):
                raise _Lost
            self._mark(tx, job, None)

        return self._end(job, found)

    def read(self, job: Job, start: int, length: int) -> Iterator[bytes]:
        """Exactly that range of the blob's bytes; NotFound when the store has lost them, else StoreUnavailable."""
        return self.store.read(job.key, start, length)

    def give_back(self, job: Job, seconds: float, *, counts: bool = False) -> None:
        """Leave the job to be tried again after ``seconds``. It ``counts`` as a try if the file may be the reason."""
        microseconds = int(seconds * 1_000_000)
        refund = 0 if counts else 1
        self.catalogue.run(
            jobs_sql.GIVE_BACK, durable=False, blob=job.blob_id, who=job.worker, us=microseconds, refund=refund
        )

    def store_answers(self) -> bool:
        """Whether the store is there and can be asked."""
        try:
            self.store.check()
        except GatewayError:
            return False
        return True

    def overdue(self, seconds: float, limit: int) -> int:
        """How many jobs, ``limit`` at most, nobody has taken for so long although they could."""
        with self.catalogue.read() as tx:
            return int(tx.value(jobs_sql.OVERDUE, us=int(seconds * 1_000_000), limit=limit))

    def workers(self) -> list[str]:
        """The marks of those who hold jobs or encodings, dead or alive."""
        with self.catalogue.read() as tx:
            rows = (*tx.all(jobs_sql.WORKERS), *tx.all(playables_sql.WORKERS))
        return sorted({str(row[0]) for row in rows})

    def give_back_of(self, worker: str) -> int:
        """Make what the workers hold whose marks begin so due again at once; how much. For those that are gone."""
        statements = (jobs_sql.GIVE_BACK_OF, playables_sql.GIVE_BACK_OF)
        return self.catalogue.write(lambda tx: sum(tx.run(one, who=worker) for one in statements), durable=False)

    def again(self, path: Path) -> int:
        """Have a file, or every file of a folder or space, indexed anew; how many.

        NotFound when nothing is there, Forbidden for a path without a space.
        """
        with self.catalogue.read() as tx:
            entry_id = _resolve(tx, path)
        return self.catalogue.write(lambda tx: len(tx.all(jobs_sql.AGAIN_BELOW, entry=entry_id)))

    def retry_all(self) -> int:
        """Try everything again that could not be indexed; how many."""
        return self.catalogue.run(jobs_sql.AGAIN_FAILED)

    def renew(self) -> int:
        """Make some of what an older indexer did due again; how many. For when there is nothing else to do.

        It goes through the blobs once for each new version, and remembers how far it is. An older indexer that still
        runs beside a newer one leaves that alone.
        """

        def work(tx: Transaction) -> int:
            row = tx.one(upkeep_sql.META, name=_RENEWED)
            version, done = _renewed(row)
            if version > self.version:
                return 0
            if version != self.version:
                done = 0
            last = int(tx.value(jobs_sql.LAST_BLOB))
            count = 0
            while done < last and not count:
                upto = done + _RENEWED_AT_ONCE
                count = tx.run(jobs_sql.RENEW, after=done, upto=upto, now_version=self.version)
                done = min(upto, last)
            mark = f"{self.version} {done}"
            if row is None:
                tx.run(upkeep_sql.ADD_META, name=_RENEWED, value=mark)
            elif row[0] != mark:
                tx.run(upkeep_sql.SET_META, name=_RENEWED, new_value=mark)
            return count

        with self.catalogue.read() as tx:
            mark = _renewed(tx.one(upkeep_sql.META, name=_RENEWED))
            if mark >= (self.version, int(tx.value(jobs_sql.LAST_BLOB))):
                return 0
        return self.catalogue.write(work, durable=False)

    def failures(self, limit: int = 1000, after: int = 0) -> list[Failure]:
        """The files without a picture, in the order of their arrival, after the blob ``after``."""
        with self.catalogue.read() as tx:
            rows = tx.all(jobs_sql.FAILED, after=after, limit=limit)
            return [Failure(row[0], _where(tx, row[0]), row[1], row[2]) for row in rows]

    def queue(self) -> Queue:
        """How many wait, and for how long."""
        with self.catalogue.read() as tx:
            return queue(tx)

    def _mark(self, tx: Transaction, job: Job, error: str | None) -> None:
        """The job is done; by an older indexer so that the newer one, which may have passed it, looks there again."""
        tx.run(jobs_sql.END_JOB, blob=job.blob_id, reason=error, new_version=self.version)
        version, done = _renewed(tx.one(upkeep_sql.META, name=_RENEWED))
        if version > self.version and done >= job.blob_id:
            tx.run(upkeep_sql.SET_META, name=_RENEWED, new_value=f"{version} {job.blob_id - 1}")

    def _keep(self, sha256: str, renditions: Sequence[Rendition]) -> str | None:
        """Store the renditions as one object, garbage until a row names it; its key, None for no renditions."""
        if not renditions:
            return None
        key = keys.for_renditions(sha256)
        self.catalogue.run(blobs_sql.ADD_GARBAGE, durable=False, new_key=key, us=UNCLAIMED)
        self.store.put(key, (one.data for one in renditions), sum(len(one.data) for one in renditions))
        return key

    def _end(self, job: Job, found: Callable[[Transaction], None]) -> bool:
        """Run ``found`` and show the photos in one transaction that holds every space the blob lies in."""
        with self.catalogue.read() as tx:
            spaces = _spaces(tx, job.blob_id)

        def work(tx: Transaction) -> set[int]:
            if tx.one(jobs_sql.HOLD_JOB, blob=job.blob_id, who=job.worker) is None:
                raise _Lost
            missing = _spaces(tx, job.blob_id) - spaces
            if not missing:
                found(tx)
                for place in _places(tx, job.blob_id):
                    self.photos.arrived(tx, **place._asdict(), is_folder=False)
            return missing

        try:
            # Not durable: after a power cut the job is simply due again.
            while missing := self.catalogue.write(work, *spaces, durable=False):
                spaces |= missing
        except _Lost:
            return False
        return True


def queue(tx: Transaction) -> Queue:
    """How many jobs there are, and for how long: cheap also when a million wait."""
    oldest = tx.one(jobs_sql.OLDEST_JOB)
    return Queue(
        waiting=int(tx.value(jobs_sql.COUNT_WAITING)),
        running=int(tx.value(jobs_sql.COUNT_RUNNING)),
        oldest=max(0, int(oldest[0])) if oldest else 0,
        failed=int(tx.value(jobs_sql.COUNT_FAILED)),
    )


def _renewed(row: Sequence[str] | None) -> tuple[int, int]:
    """The version of the indexer that goes through the blobs, and the last one that it has been through."""
    if row is None:
        return 0, 0
    version, done = map(int, row[0].split())
    return version, done


class _Place(NamedTuple):
    """Where a blob can be seen."""

    space_id: int
    folder_id: int
    entry_id: int
    name: str


def _spaces(tx: Transaction, blob_id: int) -> set[int]:
    """The spaces of a blob, also of what is in the trash: who restores it meanwhile waits, and then sees its media."""
    entries = [row[0] for row in tx.all(jobs_sql.ENTRIES_OF_BLOB, blob=blob_id)]
    return {row[0] for entry in entries for row in tx.all(photos_sql.IS_IN, entry=entry)}


def _places(tx: Transaction, blob_id: int) -> Iterator[_Place]:
    """Every entry of a blob; what is in the trash is in no space."""
    for entry_id, folder_id, name in tx.all(jobs_sql.ENTRIES_OF_BLOB, blob=blob_id):
        row = tx.one(photos_sql.LIVES_IN, entry=entry_id)
        if row is not None:
            yield _Place(row[0], folder_id, entry_id, name)


def _where(tx: Transaction, blob_id: int) -> str:
    """Where a person finds a blob: its first path, or its place in the trash."""
    entries = tx.all(jobs_sql.ENTRIES_OF_BLOB, blob=blob_id)
    if not entries:
        return ""
    above = tx.all(tree_sql.ABOVE, entry=entries[0][0])
    space = tx.one(spaces_sql.SPACE_OF_ROOT, root=above[0][0])
    return "/".join((str(space[0]) if space else "", *(str(row[1]) for row in above[1:])))


def _resolve(tx: Transaction, path: Path) -> int:
    """The entry at a path, whoever may see it: for commands on the server itself."""
    if not path:
        raise Forbidden("Choose a space first.")
    space = tx.one(spaces_sql.SPACE_BY_NAME, name_key=names.space_key(path[0]))
    if space is None:
        raise NotFound(f"There is no space “{path[0]}”.")
    entry_id = SpaceRow._make(space).root_id
    for name in path[1:]:
        row = tx.one(tree_sql.CHILD, parent=entry_id, name_key=names.key(name))
        if row is None:
            raise NotFound(f"There is no “{'/'.join(path)}”.")
        entry_id = int(row[0])
    return entry_id


def _set_media(tx: Transaction, blob_id: int, found: Extracted) -> None:
    if found.place is not None and tx.one(jobs_sql.PLACE, place=found.place.id) is None:
        tx.run(jobs_sql.ADD_PLACE, **found.place._asdict())
    date = found.date
    values = found._asdict()
    for name in ("date", "place", "motion"):
        del values[name]
    tags = json.dumps(found.tags, ensure_ascii=False)
    tx.run(jobs_sql.DELETE_MEDIA, blob=blob_id)
    tx.run(
        jobs_sql.ADD_MEDIA,
        blob_id=blob_id,
        **values
        | {
            "tags": tags,
            "traits_id": _traits(tx, found, tags),
            "date_rule": date and date.rule,
            "wall": date and date.wall,
            "utc_offset": date and date.offset,
            "zone": date and date.zone,
            "offset_rule": date and date.offset_rule,
            "place_id": found.place and found.place.id,
            "motion_start": found.motion and found.motion[0],
            "motion_length": found.motion and found.motion[1],
        },
    )


def _traits(tx: Transaction, found: Extracted, tags: str) -> int:
    """The row of what a file tells in words; a new one where no file has told the same so far."""
    names = ("make", "model", "lens", "format", "title", "description")
    told = {**{name: getattr(found, name) for name in names}, "tags": tags}
    digest = hashlib.sha256(json.dumps(sorted(told.items())).encode()).hexdigest()
    row = tx.one(jobs_sql.TRAITS, which=digest)
    return int(tx.value(jobs_sql.ADD_TRAITS, digest=digest, **told) if row is None else row[0])


def _directory(renditions: Sequence[Rendition]) -> str:
    """Where each picture lies in the object that holds them all."""
    rows, start = [], 0
    for one in renditions:
        rows.append([one.name, one.width, one.height, start, len(one.data)])
        start += len(one.data)
    return json.dumps(rows, separators=(",", ":"))
