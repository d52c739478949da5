"""Photos: the rows of the timeline, made of what the indexer knows of the files of a folder."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from gateway.catalogue.dialect import among, now
from gateway.catalogue.models import Blob, DayCount, Entry, Media, PendingSubtree, Photo, PhotoCount, Space
from gateway.catalogue.statements.statement import Statement, adding, n, p
from gateway.catalogue.statements.tree import BELOW

_Left = aliased(Media)
# In the order of gateway.library.stacks.Member, then of gateway.library.stacks.Photo.
_MEMBER: tuple[Any, ...] = (
    Entry.id, Entry.parent_id, Entry.name, Entry.name_key, Entry.modified, Entry.blob_id, Blob.created,
    Blob.error.is_not(None), Media.kind, Media.format, Media.width, Media.height, Media.duration, Media.frames,
    Media.date_rule, Media.wall, Media.utc_offset, Media.zone, Media.offset_rule, Media.latitude, Media.longitude,
    Media.place_id, Media.rating, Media.content_id, Media.motion_start, Media.projection,
    Media.traits_id,
)  # fmt: skip
_PHOTO = (
    "entry_id", "space_id", "folder_id", "blob_id", "stack_id", "stacked", "day", "taken", "utc_offset", "zone",
    "date_rule", "offset_rule", "added", "ratio", "kind", "flags", "duration", "latitude", "longitude", "cell",
    "place_id", "rating", "traits_id",
)  # fmt: skip
_COMMON = (Photo.kind, Photo.flags, Photo.rating, Photo.place_id, Photo.traits_id, Photo.folder_id)
_MEMBERS = (
    select(*_MEMBER, *(getattr(Photo, name) for name in _PHOTO))
    .select_from(Entry)
    .join(Blob, Blob.id == Entry.blob_id)
    .join(Media, Media.blob_id == Blob.id)
    .outerjoin(Photo, Photo.entry_id == Entry.id)
    .where(Entry.parent_id == p("folder"))
)
# Every name that begins with "stem." lies between "stem." and "stem/": the slash comes next, and is in no name.
MEMBERS_OF_STEM = Statement(
    _MEMBERS.where(or_(Entry.name_key == p("stem"), (Entry.name_key >= p("first")) & (Entry.name_key < p("beyond"))))
)
MEMBERS_OF_CONTENT = Statement(_MEMBERS.where(Media.content_id == p("content")).order_by(Entry.id).limit(p("limit")))
PARTNERS_OF_BLOB = Statement(
    _MEMBERS.where(
        Media.content_id == select(_Left.content_id).where(_Left.blob_id == p("blob")).scalar_subquery()
    ).limit(p("limit"))
)
MEMBERS_AFTER = Statement(_MEMBERS.where(Entry.name_key > p("after")).order_by(Entry.name_key).limit(p("limit")))

ADD_PHOTO = adding(Photo, *_PHOTO)
DELETE_PHOTOS = Statement(
    delete(Photo).where(among(Photo.entry_id, p("entries"))).returning(*(getattr(Photo, name) for name in _PHOTO))
)
NEXT_SEQ = Statement(update(Space).where(Space.id == p("space")).values(seq=Space.seq + 1).returning(Space.seq))
COUNT_DAY = Statement(
    update(DayCount)
    .where(DayCount.space_id == p("space"), DayCount.day == p("which"))
    .values(n=DayCount.n + p("more"), ratio_sum=DayCount.ratio_sum + p("more_ratio"), seq=p("new_seq"))
)
_COUNTED = (PhotoCount.space_id == p("space"), PhotoCount.what == p("which"), PhotoCount.key == p("of"))
COUNT = Statement(update(PhotoCount).where(*_COUNTED).values(n=PhotoCount.n + p("more")))
ADD_COUNT = adding(PhotoCount, "space_id", "what", "key", "n")
DELETE_COUNT = Statement(delete(PhotoCount).where(*_COUNTED, PhotoCount.n == 0))
ADD_DAY = adding(DayCount, "space_id", "day", "n", "ratio_sum", "seq")


def _above() -> Any:
    above = select(n("entry").label("id")).cte("above", recursive=True)
    return above.union_all(select(Entry.parent_id).join(above, Entry.id == above.c.id))


def _folders() -> Any:
    folders = select(n("entry").label("id")).cte("folders", recursive=True)
    return folders.union_all(select(Entry.id).join(folders, Entry.parent_id == folders.c.id).where(Entry.is_folder))


_ABOVE = _above()
_FOLDERS = _folders()
LIVES_IN = Statement(select(Space.id).join(_ABOVE, _ABOVE.c.id == Space.root_id))
"""The space that an entry lives in; no row for what is in the trash."""
IS_IN = Statement(select(Space.id).join(_ABOVE, or_(_ABOVE.c.id == Space.root_id, _ABOVE.c.id == Space.trash_id)))
"""The space that an entry is in, its trash included."""
FOLDERS_BELOW = Statement(select(_FOLDERS.c.id).join(Entry, Entry.id == _FOLDERS.c.id).where(Entry.is_folder))
SPACES_OF_PHOTOS_BELOW = Statement(select(Photo.space_id).join(_FOLDERS, _FOLDERS.c.id == Photo.folder_id).distinct())
PHOTOS_BELOW = Statement(select(Photo.entry_id).join(_FOLDERS, _FOLDERS.c.id == Photo.folder_id).limit(p("limit")))

MOVE_PENDING = Statement(update(PendingSubtree).where(PendingSubtree.entry_id == p("entry")).values(due=0))
ADD_PENDING = Statement(insert(PendingSubtree).values(entry_id=p("entry"), due=0))
DUE_PENDING = Statement(select(PendingSubtree.entry_id).where(PendingSubtree.due <= now()).limit(p("limit")))
TAKE_PENDING = Statement(
    update(PendingSubtree)
    .where(PendingSubtree.entry_id == p("entry"), PendingSubtree.due <= now())
    .values(due=now() + p("us"))
    .returning(PendingSubtree.due)
)
HOLD_PENDING = Statement(
    update(PendingSubtree)
    .where(PendingSubtree.entry_id == p("entry"), PendingSubtree.due == p("taken"))
    .values(due=now() + p("us"))
    .returning(PendingSubtree.due)
)
END_PENDING = Statement(
    delete(PendingSubtree).where(PendingSubtree.entry_id == p("entry"), PendingSubtree.due == p("taken"))
)
COUNT_PHOTOS = Statement(select(func.coalesce(func.sum(DayCount.n), 0)))

# --- check -----------------------------------------------------------------------------------------------------------

COUNTS = Statement(select(PhotoCount.what, PhotoCount.key, PhotoCount.n).where(PhotoCount.space_id == p("space")))
DELETE_COUNTS = Statement(delete(PhotoCount).where(PhotoCount.space_id == p("space")))
COUNTED = Statement(
    select(*_COMMON, func.count()).where(Photo.space_id == p("space"), Photo.stack_id.is_(None)).group_by(*_COMMON)
)
"""All photos of a space by everything that is counted."""
COUNTED_DAYS = Statement(
    select(Photo.day, func.count(), func.sum(Photo.ratio))
    .where(Photo.space_id == p("space"), Photo.stack_id.is_(None))
    .group_by(Photo.day)
)
DAYS = Statement(select(DayCount.day, DayCount.n, DayCount.ratio_sum).where(DayCount.space_id == p("space")))
DELETE_DAY = Statement(delete(DayCount).where(DayCount.space_id == p("space"), DayCount.day == p("which")))
COUNT_MISSING = Statement(
    select(func.count())
    .select_from(BELOW)
    .join(Entry, Entry.id == BELOW.c.id)
    .join(Media, Media.blob_id == Entry.blob_id)
    .outerjoin(Photo, Photo.entry_id == Entry.id)
    .where(or_(Media.kind == "image", Media.kind == "raw", Media.kind == "video"), Photo.entry_id.is_(None))
)
STRAYS = Statement(
    select(Photo.entry_id).where(Photo.space_id == p("space"), Photo.entry_id.not_in(select(BELOW.c.id)))
)
