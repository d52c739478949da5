"""The timeline: days with their counts, and the photos of a range of days, of several spaces at once.

Each space is searched by a limited SELECT of its own along the index ``photo_timeline``, and what they find is merged:
one condition on several spaces would make the database sort all of their photos.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import func, select, union_all

from gateway.catalogue.models import (
    Blob,
    DayCount,
    Entry,
    Media,
    Member,
    PendingSubtree,
    Photo,
    Place,
    RenditionSet,
    Space,
)
from gateway.catalogue.statements.statement import Statement, n, p

DAYS_OF_SPACE = Statement(
    select(DayCount.day, DayCount.n, DayCount.ratio_sum)
    .where(DayCount.space_id == p("space"), DayCount.n > 0)
    .order_by(DayCount.day.desc())
)
DAYS_SINCE = Statement(
    select(DayCount.day, DayCount.n, DayCount.ratio_sum).where(
        DayCount.space_id == p("space"), DayCount.seq > p("since")
    )
)
SEQ = Statement(select(Space.seq).where(Space.id == p("space")))

# In the order of gateway.library.timeline.Tile.
_TILE: tuple[Any, ...] = (
    Photo.entry_id, Photo.day, Photo.taken, Photo.utc_offset, Photo.ratio, Photo.blob_id, Media.thumbhash, Photo.kind,
    Photo.flags, Photo.duration, Photo.stacked, Place.town, Photo.space_id, Photo.folder_id,
)  # fmt: skip
_ORDER = ("day", "taken", "entry_id")


@lru_cache(maxsize=64)
def tiles(spaces: int) -> Statement:
    """The photos of so many spaces, newest first, from the day ``newest`` down to ``oldest``.

    Of each space ``most`` are looked at, of all together ``limit`` returned after ``skipped``.
    """
    columns = [getattr(Photo, name) for name in _ORDER]
    found = union_all(
        *(
            select(
                select(*columns)
                .where(
                    Photo.space_id == n(f"space_{number}"),
                    Photo.stack_id.is_(None),
                    Photo.day <= n("newest"),
                    Photo.day >= n("oldest"),
                )
                .order_by(*(column.desc() for column in columns))
                .limit(n("most"))
                .subquery(f"of_{number}")
            )
            for number in range(spaces)
        )
    ).subquery("found")
    order = [found.c[name].desc() for name in _ORDER]
    page = select(found).order_by(*order).limit(n("limit")).offset(n("skipped")).subquery("page")
    return Statement(
        select(*_TILE)
        .select_from(page)
        .join(Photo, Photo.entry_id == page.c.entry_id)
        .join(Media, Media.blob_id == Photo.blob_id)
        .outerjoin(Place, Place.id == Photo.place_id)
        .order_by(*(page.c[name].desc() for name in _ORDER))
    )


# How many of a space come before a photo on its own day.
BEFORE_ON_DAY = Statement(
    select(func.count())
    .select_from(Photo)
    .where(
        Photo.space_id == p("space"),
        Photo.stack_id.is_(None),
        Photo.day == p("which"),
        (Photo.taken > n("taken")) | ((Photo.taken == n("taken")) & (Photo.entry_id > n("entry"))),
    )
)
PHOTO = Statement(
    select(
        Photo.entry_id, Photo.space_id, Photo.folder_id, Photo.stack_id, Photo.day, Photo.taken, Photo.blob_id
    ).where(Photo.entry_id == p("entry"))
)
PENDING = Statement(select(PendingSubtree.entry_id).limit(1))

# --- pictures --------------------------------------------------------------------------------------------------------

_SEEN = (
    Photo.entry_id == p("entry"),
    Member.account_id == p("account"),
    Space.removed.is_(None),
)
RENDITIONS = Statement(
    select(Photo.space_id, RenditionSet.key, RenditionSet.pictures)
    .join(Member, Member.space_id == Photo.space_id)
    .join(Space, Space.id == Photo.space_id)
    .join(Blob, Blob.id == Photo.blob_id)
    .join(RenditionSet, RenditionSet.sha256 == Blob.sha256)
    .where(*_SEEN, Photo.blob_id == p("version"))
)
ORIGINAL = Statement(
    select(Photo.space_id, Entry.name, Blob.key, Blob.size, Blob.sha256, Media.format)
    .join(Member, Member.space_id == Photo.space_id)
    .join(Space, Space.id == Photo.space_id)
    .join(Entry, Entry.id == Photo.entry_id)
    .join(Blob, Blob.id == Photo.blob_id)
    .join(Media, Media.blob_id == Blob.id)
    .where(*_SEEN)
)
