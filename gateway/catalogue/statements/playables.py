"""Playable copies: who asked for them, who makes them, and where they are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, bindparam, delete, func, insert, literal, not_, select, update

from gateway.catalogue.dialect import among, first_segment, now
from gateway.catalogue.models import Blob, Entry, Media, Member, Photo, Playable, Space
from gateway.catalogue.statements.blobs import BYTES_OF_SPACE
from gateway.catalogue.statements.statement import Statement, n, p

VIDEO = Statement(
    select(
        Photo.space_id, Blob.id, Blob.sha256, Blob.key, Blob.size, Entry.name, Media.kind, Media.format,
        Media.video_codec, Media.motion_start, Media.motion_length, BYTES_OF_SPACE,
    )
    .join(Member, Member.space_id == Photo.space_id)
    .join(Space, Space.id == Photo.space_id)
    .join(Entry, Entry.id == Photo.entry_id)
    .join(Blob, Blob.id == Photo.blob_id)
    .join(Media, Media.blob_id == Blob.id)
    .where(Photo.entry_id == p("entry"), Member.account_id == p("account"), Space.removed.is_(None))
)  # fmt: skip
# In the order of gateway.library.playables._Row.
PLAYABLE = Statement(
    select(
        Playable.key, Playable.size, Playable.progress, Playable.error,
        Playable.worker.is_not(None) & (Playable.due > now()),
    ).where(Playable.sha256 == p("digest"))
)  # fmt: skip
# Whoever drops the last blob of these bytes takes the same row first, and drops their copy with it.
LOCK_BLOB = Statement(select(Blob.id).where(Blob.id == p("blob")).with_for_update())
_DIGEST: Any = bindparam("digest", type_=Text())
ADD_PLAYABLE = Statement(
    insert(Playable).from_select(
        ["sha256", "size", "asked", "progress", "due", "tries"],
        select(_DIGEST, literal(0), now(), literal(0), literal(0), literal(0)),
    )
)
AGAIN = Statement(
    update(Playable)
    .where(Playable.sha256 == p("digest"), Playable.error.is_not(None))
    .values(error=None, due=0, tries=0, asked=now())
)

# --- making them -----------------------------------------------------------------------------------------------------

ANY_DUE = Statement(select(Playable.sha256).where(Playable.due <= now()).limit(1))
_NEXT = (
    select(Playable.sha256)
    .where(Playable.due <= now(), not_(among(first_segment(Playable.sha256), p("but"))))
    .order_by(Playable.asked)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
CLAIM = Statement(
    update(Playable)
    .where(Playable.sha256 == _NEXT)
    .values(due=now() + n("lease"), tries=Playable.tries + 1, worker=p("who"), progress=0)
    .returning(Playable.sha256, Playable.tries)
)
BYTES = Statement(
    select(Blob.key, Blob.size, Media.duration)
    .outerjoin(Media, Media.blob_id == Blob.id)
    .where(Blob.sha256 == p("sha256"), p("digest") == BYTES_OF_SPACE)
    .order_by(Blob.id.desc())
    .limit(1)
)
_HELD = (Playable.sha256 == p("digest"), Playable.worker == p("who"))
RENEW = Statement(update(Playable).where(*_HELD).values(due=now() + n("lease"), progress=p("percent")))
END = Statement(
    update(Playable)
    .where(*_HELD)
    .values(key=p("new_key"), size=p("new_size"), due=None, worker=None, tries=0, error=p("reason"))
)
GIVE_BACK = Statement(
    update(Playable).where(*_HELD).values(due=now() + n("us"), worker=None, tries=Playable.tries - n("refund"))
)
WORKERS = Statement(select(Playable.worker).where(Playable.worker.is_not(None)).distinct())
_WHO: Any = bindparam("who", type_=Text())
GIVE_BACK_OF = Statement(
    update(Playable)
    .where(Playable.worker.is_not(None), func.substr(Playable.worker, 1, func.length(_WHO)) == _WHO)
    .values(due=0, worker=None)
)

# --- check -----------------------------------------------------------------------------------------------------------

PLAYABLES_AFTER = Statement(
    select(Playable.sha256, Playable.key).where(Playable.key > p("after")).order_by(Playable.key).limit(p("limit"))
)
PLAYABLE_KEY = Statement(select(Playable.key).where(Playable.sha256 == p("digest")))
PLAYABLE_BY_KEY = Statement(select(Playable.sha256).where(Playable.key == p("which")))
DELETE_PLAYABLE = Statement(delete(Playable).where(Playable.sha256 == p("digest")))
