"""Jobs: which blobs wait for the indexer, who works on them, and what came of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, bindparam, delete, func, insert, not_, or_, select, update
from sqlalchemy import exists as sql_exists

from gateway.catalogue.dialect import among, first_segment, now
from gateway.catalogue.models import Blob, Entry, Media, Place, RenditionSet, Traits
from gateway.catalogue.statements.statement import Statement, adding, n, p
from gateway.catalogue.statements.tree import BELOW

_MEDIA = (
    "kind", "format", "width", "height", "duration", "frames", "video_codec", "audio_codec", "date_rule", "wall",
    "utc_offset", "zone", "offset_rule", "latitude", "longitude", "altitude", "place_id", "make", "model", "lens",
    "exposure_time", "aperture", "iso", "focal_length", "focal_length_35mm", "flash", "title", "description", "rating",
    "tags", "content_id", "motion_start", "motion_length", "projection", "thumbhash", "phash", "traits_id",
)  # fmt: skip

# The newest first: what arrives now is seen at once, also while a million old photos are indexed anew. Rows that
# another worker holds are passed over on PostgreSQL; on SQLite writers take turns anyway.
_NEWEST = select(Blob.id).where(Blob.due <= now()).order_by(Blob.id.desc()).limit(1)
# Those of other spaces. A key begins with that of its space, and stays when the file is moved elsewhere.
_ELSEWHERE = _NEWEST.where(not_(among(first_segment(Blob.key), p("but"))))
ANY_DUE = Statement(select(Blob.id).where(Blob.due <= now()).limit(1))
OVERDUE = Statement(
    select(func.count()).select_from(
        select(Blob.id).where(Blob.due <= now() - n("us"), Blob.created <= now() - n("us")).limit(p("limit")).subquery()
    )
)
NEWEST_ELSEWHERE = Statement(_ELSEWHERE)


def _claim(candidates: Any) -> Statement:
    return Statement(
        update(Blob)
        .where(Blob.id == candidates.with_for_update(skip_locked=True).scalar_subquery())
        .values(due=now() + n("lease"), tries=Blob.tries + 1, worker=p("who"))
        .returning(Blob.id, Blob.key, Blob.size, Blob.sha256, Blob.media, Blob.tries)
    )


CLAIM = _claim(_NEWEST)
CLAIM_ELSEWHERE = _claim(_ELSEWHERE.where(Blob.id <= p("upto")))
# Only the claim that holds it may record its outcome. The row's lock also makes a COPY of the file wait, or be waited
# for: each then sees what the other made.
HOLD_JOB = Statement(select(Blob.id).where(Blob.id == p("blob"), Blob.worker == p("who")).with_for_update())
END_JOB = Statement(
    update(Blob)
    .where(Blob.id == p("blob"))
    .values(due=None, worker=None, tries=0, error=p("reason"), version=p("new_version"))
)
GIVE_BACK = Statement(
    update(Blob)
    .where(Blob.id == p("blob"), Blob.worker == p("who"))
    .values(due=now() + p("us"), worker=None, tries=Blob.tries - n("refund"))
)
WORKERS = Statement(select(Blob.worker).where(Blob.worker.is_not(None)).distinct())
_WHO: Any = bindparam("who", type_=Text())
GIVE_BACK_OF = Statement(
    update(Blob)
    .where(Blob.worker.is_not(None), func.substr(Blob.worker, 1, func.length(_WHO)) == _WHO)
    .values(due=0, worker=None)
)
_ASKED = {"due": 0, "worker": None, "tries": 0}
_INDEXED = or_(Blob.media, Blob.version > 0)
AGAIN_BELOW = Statement(
    update(Blob)
    .where(Blob.id.in_(select(Entry.blob_id).join(BELOW, BELOW.c.id == Entry.id)), _INDEXED)
    .values(_ASKED)
    .returning(Blob.id)
)
AGAIN_FAILED = Statement(update(Blob).where(Blob.error.is_not(None)).values(_ASKED))
LAST_BLOB = Statement(select(func.coalesce(func.max(Blob.id), 0)))
RENEW = Statement(
    update(Blob)
    .where(
        Blob.id > p("after"),
        Blob.id <= p("upto"),
        Blob.version > 0,
        Blob.version < p("now_version"),
        Blob.due.is_(None),
    )
    .values(_ASKED)
)
FAILED = Statement(
    select(Blob.id, Blob.size, Blob.error)
    .where(Blob.error.is_not(None), Blob.id > p("after"))
    .order_by(Blob.id)
    .limit(p("limit"))
)
COUNT_WAITING = Statement(select(func.count()).where(Blob.due.is_not(None)))
COUNT_RUNNING = Statement(select(func.count()).where(Blob.worker.is_not(None)))
# Blobs get their ids in the order of their arrival, so no other row is looked at.
OLDEST_JOB = Statement(
    select((now() - Blob.created) / 1_000_000).where(Blob.due.is_not(None)).order_by(Blob.id).limit(1)
)
COUNT_FAILED = Statement(select(func.count()).where(Blob.error.is_not(None)))

ENTRIES_OF_BLOB = Statement(select(Entry.id, Entry.parent_id, Entry.name).where(Entry.blob_id == p("blob")))
TWIN = Statement(
    select(Blob.id)
    .join(Media, Media.blob_id == Blob.id)
    .where(
        Blob.sha256 == p("digest"),
        Blob.version == p("now_version"),
        Blob.error.is_(None),
        Blob.due.is_(None),
        sql_exists().where(RenditionSet.sha256 == Blob.sha256),
    )
    .limit(1)
)
DELETE_MEDIA = Statement(delete(Media).where(Media.blob_id == p("blob")))
ADD_MEDIA = adding(Media, "blob_id", *_MEDIA)
COPY_MEDIA = Statement(
    insert(Media).from_select(
        ["blob_id", *_MEDIA],
        select(n("blob"), *(getattr(Media, name) for name in _MEDIA)).where(Media.blob_id == p("twin")),
    )
)
TRAITS = Statement(select(Traits.id).where(Traits.digest == p("which")))
ADD_TRAITS = adding(
    Traits, "digest", "make", "model", "lens", "format", "tags", "title", "description", returning=Traits.id
)
PLACE = Statement(select(Place.id).where(Place.id == p("place")))
ADD_PLACE = adding(Place, "id", "town", "region", "country", "country_code")

# Held while a job ends: whoever drops the last blob of these bytes drops their renditions, and the two must not cross.
RENDITIONS = Statement(
    select(RenditionSet.key, RenditionSet.size, RenditionSet.pictures)
    .where(RenditionSet.sha256 == p("digest"))
    .with_for_update()
)
ADD_RENDITIONS = adding(RenditionSet, "sha256", "key", "size", "pictures")


# --- check -----------------------------------------------------------------------------------------------------------

RENDITIONS_AFTER = Statement(
    select(RenditionSet.sha256, RenditionSet.key)
    .where(RenditionSet.key > p("after"))
    .order_by(RenditionSet.key)
    .limit(p("limit"))
)
RENDITION_KEY = Statement(select(RenditionSet.key).where(RenditionSet.sha256 == p("digest")))
RENDITIONS_BY_KEY = Statement(select(RenditionSet.sha256).where(RenditionSet.key == p("which")))
DELETE_RENDITIONS = Statement(delete(RenditionSet).where(RenditionSet.sha256 == p("digest")))
AGAIN_BYTES = Statement(update(Blob).where(Blob.sha256 == p("digest")).values(_ASKED | {"version": 0}))
