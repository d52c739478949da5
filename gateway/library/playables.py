"""What browsers play: the copy of a video that somebody asked for, or the file itself; live photos' moving halves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import playables as playables_sql
from gateway.errors import BadRequest, Conflict, NotFound
from gateway.library.details import stack_of
from gateway.library.pictures import Original, is_living

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Principal
    from gateway.store import ObjectStore


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
    motion_start: int | None
    motion_length: int | None
    bytes_of_space: str


class _Row(NamedTuple):
    key: str | None
    size: int
    progress: int
    error: str | None
    running: bool


@dataclass(frozen=True, slots=True)
class Playables:
    """The copies of videos, for those who may see these. Equal bytes that were uploaded to one space share one.

    Not those of several spaces: nobody shall learn by asking which videos others have.

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
            if tx.one(playables_sql.PLAYABLE, digest=video.bytes_of_space) is None:
                tx.run(playables_sql.ADD_PLAYABLE, digest=video.bytes_of_space)
            else:
                tx.run(playables_sql.AGAIN, digest=video.bytes_of_space)
            return _state(_row(tx, video.bytes_of_space))

        return self.catalogue.write(work)

    def state(self, principal: Principal, photo_id: int) -> State:
        """How far the copy is. NotFound for what is not the principal's to see, BadRequest for what is no video."""
        with self.catalogue.read() as tx:
            return _state(_row(tx, _seen(tx, principal, photo_id).bytes_of_space))

    def open(self, principal: Principal, photo_id: int) -> Original:
        """The copy or, where there is none, the file: which codecs play is a matter of the browser. Of a live photo
        its moving half, which may be a file of its own or a part of the photograph's.

        NotFound for what is not the principal's to see, BadRequest for what does not move.
        """
        with self.catalogue.read() as tx:
            found = _photo(tx, principal, photo_id)
            if found.kind != "video" and found.motion_start is not None and found.motion_length is not None:
                return self._original(found, found.motion_start, found.motion_length)
            video = found if found.kind == "video" else _moving_half(tx, principal, photo_id, found)
            row = _row(tx, video.bytes_of_space)
        if row is None or row.key is None:
            return self._original(video, 0, video.size)
        key, etag = row.key, row.key.rpartition("~")[2].partition(".")[0]
        return Original(video.name, row.size, etag, "mp4", lambda start, length: self.store.read(key, start, length))

    def _original(self, video: _Video, offset: int, size: int) -> Original:
        """A part of a file that begins at ``offset``; where it is a photograph's, an MP4."""
        form = video.format if video.kind == "video" else "mp4"
        etag = f"{video.sha256[:32]}-{offset}" if offset else video.sha256[:32]

        def read(start: int, length: int) -> Iterator[bytes]:
            return self.store.read(video.key, offset + start, length)

        return Original(video.name, size, etag, form, read)


def _photo(tx: Transaction, principal: Principal, photo_id: int) -> _Video:
    row = tx.one(playables_sql.VIDEO, account=principal.account_id, entry=photo_id)
    if row is None or not is_living(tx, photo_id, row[0]):
        raise NotFound("There is no such video.")
    return _Video._make(row)


def _seen(tx: Transaction, principal: Principal, photo_id: int) -> _Video:
    video = _photo(tx, principal, photo_id)
    if video.kind != "video":
        raise BadRequest(f"“{video.name}” is not a video.")
    return video


def _moving_half(tx: Transaction, principal: Principal, photo_id: int, still: _Video) -> _Video:
    """The video that a photograph stands for."""
    for one in stack_of(tx, photo_id):
        if one.kind == "video":
            return _photo(tx, principal, one.id)
    raise BadRequest(f"“{still.name}” is not a video.")


def _row(tx: Transaction, bytes_of_space: str) -> _Row | None:
    row = tx.one(playables_sql.PLAYABLE, digest=bytes_of_space)
    return None if row is None else _Row._make(row)


def _state(row: _Row | None) -> State:
    if row is None:
        return State(Stage.NONE)
    if row.key is not None:
        return State(Stage.READY, 100, row.size)
    if row.error is not None:
        return State(Stage.FAILED, error=row.error)
    return State(Stage.RUNNING, row.progress) if row.running else State(Stage.WAITING)
