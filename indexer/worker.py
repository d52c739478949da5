"""A worker: takes a job, has its bytes decoded in a process of its own, and records what came out.

The worker itself decodes nothing. Whatever a file does to the decoder, the worker goes on with the next one.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gateway.errors import GatewayError, NotFound, Unavailable
from gateway.library.extracted import Extracted
from gateway.library.jobs import MOST_TRIES
from gateway.library.media import HEAD_BYTES
from indexer.errors import Unreadable
from indexer.extract.sniff import kind_of, sniff

if TYPE_CHECKING:
    import threading

    from gateway.library.jobs import Job
    from gateway.library.library import Library
    from indexer.sandbox import Sandbox

_log = logging.getLogger("davgallery.indexer")
_PAUSE = 0.5
"""Seconds between looks at an empty queue: what was uploaded is seen within two."""
_STORE_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Worker:
    """Works on the jobs of a library, one at a time. ``name`` is its mark on the jobs it holds."""

    library: Library
    sandbox: Sandbox
    name: str

    def run(self, stopping: threading.Event) -> None:
        """Work until ``stopping`` is set; a job that has begun is finished."""
        while not stopping.is_set():
            try:
                if not self.work() and not self._tidy():
                    stopping.wait(_PAUSE)
            except GatewayError as error:
                _log.warning("The indexer has to wait: %s", error)
                stopping.wait(_STORE_PAUSE)

    def work(self) -> bool:
        """Do one job; False when there is none. Unavailable when it has to wait for the store or the database."""
        job = self.library.jobs.claim(self.name)
        if job is None:
            return False
        try:
            self._do(job)
        except NotFound:
            _log.warning("The bytes of blob %s are not in the store: run “davgallery check”", job.blob_id)
            self._fail(job, "Its bytes are missing from the store.")
        except Unavailable:
            self.library.jobs.give_back(job, _STORE_PAUSE)
            raise
        return True

    def _do(self, job: Job) -> None:
        jobs = self.library.jobs
        if job.tries > MOST_TRIES:
            self._fail(job, f"The indexer ended {MOST_TRIES} times while it worked on this file.")
        elif not jobs.finish_like_twin(job):
            try:
                found = self.sandbox.extract(partial(jobs.read, job), job.size)
            except Unreadable as error:
                self._fail(job, str(error))
            else:
                jobs.finish(job, found.extracted, found.renditions, found.error)

    def _fail(self, job: Job, reason: str) -> None:
        """Record that there is no picture, and show the file all the same."""
        try:
            name = sniff(b"".join(self.library.jobs.read(job, 0, min(job.size, HEAD_BYTES))))
        except NotFound:
            name = None
        kind = kind_of(name) if name else "image" if job.is_media else "other"
        _log.warning("No picture of blob %s: %s", job.blob_id, reason)
        self.library.jobs.finish(job, Extracted(kind, name or ""), error=reason)

    def _tidy(self) -> bool:
        """What can be done while there are no jobs; whether there was anything."""
        return bool(self.library.photos.follow_folders() or self.library.jobs.renew())
