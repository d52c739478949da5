"""A worker: takes a job, has its bytes decoded in a process of its own, and records what came out.

The worker itself decodes nothing. Whatever a file does to the decoder, the worker goes on with the next one.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from gateway.errors import GatewayError, NotFound, StoreUnavailable
from gateway.library.extracted import Extracted
from gateway.library.jobs import MOST_TRIES
from gateway.library.media import HEAD_BYTES
from indexer.encoding import Stopped
from indexer.errors import Killed, Unreadable
from indexer.extract.sniff import kind_of, sniff
from indexer.turns import Turns

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from gateway.library.jobs import Job, Jobs
    from gateway.library.library import Library
    from indexer.encoding import Encoder
    from indexer.sandbox import Sandbox

_log = logging.getLogger("davgallery.indexer")
_PAUSE = 0.5
"""Seconds between looks at an empty queue: what was uploaded is seen within two."""
_STORE_PAUSE = 5.0
_LATER = 60.0
"""Seconds until a file is tried again that the store or the database failed: others come first meanwhile."""
_AWAY = 30.0
"""Seconds that a video waits at a time: its lease is longer by far."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Works on the jobs of a library, one at a time. ``name`` is its mark on the jobs it holds.

    ``encoder`` makes what else is asked for. ``count`` hears of every file: ``indexed``, ``known`` (from equal bytes),
    ``failed``, or ``delayed`` (it will be tried again); and how many seconds it took.
    """

    library: Library
    sandbox: Sandbox
    encoder: Encoder
    name: str
    count: Callable[[str, float], None] | None = None
    turns: Turns = field(default_factory=Turns)

    def run(self, stopping: threading.Event) -> None:
        """Work until ``stopping`` is set; a job that has begun is finished, a copy of a video left to others."""
        while not stopping.is_set():
            if not self.turn(stopping.wait, stopping.is_set):
                stopping.wait(_PAUSE)

    def turn(self, wait: Callable[[float], object], is_stopping: Callable[[], bool]) -> bool:
        """Do one job or, when there is none, what can be done meanwhile; False when there is neither.

        ``wait`` passes the seconds until another try makes sense when the database or the store is away. The copy of a
        video takes minutes: photographs that arrive are indexed in between, and nobody who stops waits for it.
        """

        def meanwhile() -> None:
            end = time.monotonic() + _AWAY
            while not is_stopping() and time.monotonic() < end and self._tidy():
                pass
            if is_stopping():
                raise Stopped

        try:
            return self._tidy() or self.encoder.work(meanwhile)
        except GatewayError as error:
            _log.warning("The indexer has to wait: %s", error)
            wait(_STORE_PAUSE)
            return True

    def work(self) -> bool:
        """Do one job; False when there is none. Unavailable when it has to wait for the store or the database."""
        job = self._claim()
        if job is None:
            return False
        begun, outcome = time.monotonic(), "delayed"
        try:
            outcome = self._do(job)
        except NotFound:
            _log.warning("The bytes of blob %s are not in the store: run “davgallery check”", job.blob_id)
            outcome = self._fail(job, "Its bytes are missing from the store.")
        except GatewayError:  # the store or the database: down, slow, or full
            self.library.jobs.give_back(job, _LATER)
            raise
        finally:
            seconds = time.monotonic() - begun
            self.turns.use(job.space, seconds)
            if self.count is not None:
                self.count(outcome, seconds)
        return True

    def _claim(self) -> Job | None:
        while True:
            job = self.library.jobs.claim(self.name, but=self.turns.over())
            if job is not None or not self.turns.go_on():
                return job

    def _do(self, job: Job) -> str:
        jobs = self.library.jobs
        if job.tries > MOST_TRIES:
            return self._fail(job, f"The indexer ended {MOST_TRIES} times while it worked on this file.")
        if jobs.finish_like_twin(job):
            return "known"
        is_last = job.tries == MOST_TRIES
        try:
            found = self.sandbox.extract(partial(jobs.read, job), job.size, owner=job.space, last=is_last)
        except Killed as error:
            if is_last:
                return self._fail(job, str(error))
            jobs.give_back(job, _STORE_PAUSE, counts=True)  # perhaps memory was short just now
            return "delayed"
        except StoreUnavailable as error:
            if not jobs.store_answers():
                raise
            # Then it is about these bytes: their object is damaged, or so large that the store is too slow for it.
            if is_last:
                return self._fail(job, f"Its bytes cannot be read. {error}")
            _log.warning("Blob %s has to wait: %s", job.blob_id, error)
            jobs.give_back(job, _LATER, counts=True)
            return "delayed"
        except Unreadable as error:
            return self._fail(job, str(error))
        if not jobs.finish(job, found.extracted, found.renditions, found.error):
            return "delayed"  # it took longer than the lease, and is somebody else's now
        return "failed" if found.error else "indexed"

    def _fail(self, job: Job, reason: str) -> str:
        """Record that there is no picture, and show the file all the same."""
        try:
            name = sniff(b"".join(self.library.jobs.read(job, 0, min(job.size, HEAD_BYTES))))
        except (NotFound, StoreUnavailable):
            name = None
        kind = kind_of(name) if name else "image" if job.is_media else "other"
        _log.warning("No picture of blob %s: %s", job.blob_id, reason)
        self.library.jobs.finish(job, Extracted(kind, name or ""), error=reason)
        return "failed"

    def _tidy(self) -> bool:
        """Follow a folder and do a job, in turns; then what an older indexer did. Whether there was anything."""
        followed = self.library.photos.follow_folders(most=1)
        return self.work() or bool(followed or self.library.jobs.renew())


def take_over(jobs: Jobs, home: str) -> None:
    """Make due again what workers of this ``home`` held that are gone, long before their leases run out.

    A worker's mark is ``home/process/``: a run of the server or a machine, and the number of a process there. Two
    machines of one name cost no more than a file that is looked at twice: the first to be done records it.
    """
    for mark in jobs.workers():
        of, process, _ = mark.split("/")
        if of == home and (int(process) == os.getpid() or not _is_alive(int(process))):
            jobs.give_back_of(mark)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
