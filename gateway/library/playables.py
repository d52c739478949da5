"""Videos as browsers play them: the copy that somebody asked for, or the original where its format plays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import playables as playables_sql
from gateway.errors import BadRequest, Conflict, NotFound
from gateway.library.pictures import Original, is_living

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Principal
    from gateway.store import ObjectStore

_FORMATS = frozenset({"mp4", "mov", "webm"})
_CODECS = frozenset({"h264", "vp8", "vp9", "av1"})
"""What Chromium, Firefox and Safari all play, each in some of the formats above."""


class Stage(StrEnum):
    """How far the copy of a video is."""

    NONE = "none"
    """Nobody has asked for it."""
    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    """Asking again has it tried again."""


class State(NamedTuple):
    """The copy of a video."""

    stage: Stage
    progress: int = 0
    """Percent, while it is made."""
    size: int = 0
    """Bytes, when it is ready."""
    error: str | None = None
    """Why there is none, in a sentence."""


class _Video(NamedTuple):
    space_id: int
    blob_id: int
    sha256: str
    key: str
    size: int
    name: str
    kind: str
    format: str
    codec: str | None


class _Row(NamedTuple):
    key: str | None
    size: int
    progress: int
    error: str | None
    running: bool


@dataclass(frozen=True, slots=True)
class Playables:
    """The copies of videos, for those who may see these. Equal bytes share one.

    ``can_encode`` tells whether there is an encoder for them; it is asked when somebody wants a copy.
    """

    catalogue: Catalogue
    store: ObjectStore
    can_encode: Callable[[], bool]

    def ask(self, principal: Principal, photo_id: int) -> State:
        """Have a copy made, unless there is one or it is being made. One that failed is tried again.

        NotFound for what is not the principal's to see, BadRequest for what is no video, Conflict without an encoder.
        """
        found = self.state(principal, photo_id)
        if found.stage not in {Stage.NONE, Stage.FAILED}:
            return found
        if not self.can_encode():
            raise Conflict("Videos cannot be converted here: the installed FFmpeg has no encoder for H.264.")

        def work(tx: Transaction) -> State:
            video = _seen(tx, principal, photo_id)
            if tx.one(playables_sql.LOCK_BLOB, blob=video.blob_id) is None:
                raise NotFound("There is no such video.")
            if tx.one(playables_sql.PLAYABLE, digest=video.sha256) is None:
                tx.run(playables_sql.ADD_PLAYABLE, digest=video.sha256)
            else:
                tx.run(playables_sql.AGAIN, digest=video.sha256)
            return _state(_row(tx, video.sha256))

        return self.catalogue.write(work)

    def state(self, principal: Principal, photo_id: int) -> State:
        """How far the copy is. NotFound for what is not the principal's to see, BadRequest for what is no video."""
        with self.catalogue.read() as tx:
            return _state(_row(tx, _seen(tx, principal, photo_id).sha256))

    def open(self, principal: Principal, photo_id: int) -> Original:
        """The copy or, where there is none, the original if browsers play it.

        NotFound for what is not the principal's to see, BadRequest for what is no video, Conflict when a copy has to be
        asked for first.
        """
        with self.catalogue.read() as tx:
            video = _seen(tx, principal, photo_id)
            row = _row(tx, video.sha256)
        if row is not None and row.key is not None:
            key, size, form, etag = row.key, row.size, "mp4", row.key.rpartition("~")[2].partition(".")[0]
        elif video.format in _FORMATS and video.codec in _CODECS:
            key, size, form, etag = video.key, video.size, video.format, video.sha256[:32]
        else:
            raise Conflict("Browsers do not play this video: ask for a copy of it first.")
        return Original(video.name, size, etag, form, lambda start, length: self.store.read(key, start, length))


def _seen(tx: Transaction, principal: Principal, photo_id: int) -> _Video:
    row = tx.one(playables_sql.VIDEO, account=principal.account_id, entry=photo_id)
    if row is None or not is_living(tx, photo_id, row[0]):
        raise NotFound("There is no such video.")
    video = _Video._make(row)
    if video.kind != "video":
        raise BadRequest(f"“{video.name}” is not a video.")
    return video


def _row(tx: Transaction, sha256: str) -> _Row | None:
    row = tx.one(playables_sql.PLAYABLE, digest=sha256)
    return None if row is None else _Row._make(row)


def _state(row: _Row | None) -> State:
    if row is None:
        return State(Stage.NONE)
    if row.key is not None:
        return State(Stage.READY, 100, row.size)
    if row.error is not None:
        return State(Stage.FAILED, error=row.error)
    return State(Stage.RUNNING, row.progress) if row.running else State(Stage.WAITING)
