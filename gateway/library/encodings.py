"""Encodings: the playable copies that have to be made. Claimed and recorded as jobs are, each under a lease."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import blobs as blobs_sql
from gateway.catalogue.statements import playables as playables_sql
from gateway.library.jobs import LEASE, UNCLAIMED
from gateway.store import keys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from gateway.catalogue import Catalogue, Transaction
    from gateway.catalogue.statements import Statement
    from gateway.store import ObjectStore


class Encoding(NamedTuple):
    """A video to be copied, held by one worker."""

    digest: str
    """Its bytes, in the space that they were uploaded to."""
    key: str
    size: int
    duration: int | None
    """Milliseconds, as the file says."""
    tries: int
    """Claims so far, this one included; more than three mean that none ever came to its end."""
    worker: str

    @property
    def space(self) -> str:
        """The key of the space that the video was uploaded to."""
        return self.digest.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Encodings:
    """The queue of copies; who asked first is served first."""

    catalogue: Catalogue
    store: ObjectStore

    def is_any_due(self) -> bool:
        """Whether a copy waits to be made."""
        with self.catalogue.read() as tx:
            return tx.one(playables_sql.ANY_DUE) is not None

    def claim(self, worker: str, but: Collection[str] = ()) -> Encoding | None:
        """Take the oldest that is due, of no space with one of the keys ``but``; None when there is none."""

        def work(tx: Transaction) -> Encoding | None:
            claimed = tx.one(playables_sql.CLAIM, lease=LEASE, who=worker, but=json.dumps([*but]))
            if claimed is None:
                return None
            digest, tries = claimed
            video = tx.one(playables_sql.BYTES, digest=digest, sha256=_sha256(digest))
            if video is None:  # nobody has these bytes any more
                tx.run(playables_sql.DELETE_PLAYABLE, digest=digest)
                return None
            return Encoding._make((digest, *video, tries, worker))

        return self.catalogue.write(work, durable=False)

    def read(self, encoding: Encoding, start: int, length: int) -> Iterator[bytes]:
        """Exactly that range of the video; NotFound when the store has lost it, else StoreUnavailable."""
        return self.store.read(encoding.key, start, length)

    def renew(self, encoding: Encoding, progress: int) -> bool:
        """Hold it for another lease, and say how many percent are done. False: it is somebody else's, or gone."""
        return self._change(playables_sql.RENEW, encoding, lease=LEASE, percent=progress)

    def finish(self, encoding: Encoding, chunks: Iterable[bytes], size: int) -> bool:
        """Store the copy and show it. False when the encoding was lost meanwhile: then nothing stays of it."""
        key = keys.for_playable(_sha256(encoding.digest))
        self.catalogue.run(blobs_sql.ADD_GARBAGE, durable=False, new_key=key, us=UNCLAIMED)
        self.store.put(key, chunks, size)

        def made(tx: Transaction) -> bool:
            held = {"digest": encoding.digest, "who": encoding.worker}
            if not tx.run(playables_sql.END, **held, new_key=key, new_size=size, reason=None):
                return False
            tx.run(blobs_sql.DELETE_GARBAGE, keys=json.dumps([key]))
            return True

        return self.catalogue.write(made, durable=False)

    def fail(self, encoding: Encoding, reason: str) -> bool:
        """Record why there is no copy. False when the encoding was lost meanwhile."""
        return self._change(playables_sql.END, encoding, new_key=None, new_size=0, reason=reason)

    def give_back(self, encoding: Encoding, seconds: float, *, counts: bool = False) -> None:
        """Leave it to be tried again after ``seconds``. It ``counts`` as a try if the video may be the reason."""
        self._change(playables_sql.GIVE_BACK, encoding, us=int(seconds * 1_000_000), refund=0 if counts else 1)

    def _change(self, statement: Statement, encoding: Encoding, **values: object) -> bool:
        return bool(self.catalogue.run(statement, durable=False, digest=encoding.digest, who=encoding.worker, **values))


def _sha256(digest: str) -> str:
    return digest.rpartition("/")[2]
