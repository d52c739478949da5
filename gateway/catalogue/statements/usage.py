"""What takes the room of a space: counted by looking at all of it."""

from __future__ import annotations

from sqlalchemy import func, insert, select, update

from gateway.catalogue.dialect import now
from gateway.catalogue.models import Blob, Entry, Photo, Usage
from gateway.catalogue.statements.statement import Statement, n, p

PHOTOS_BY_DAY = Statement(
    select(Photo.kind, Photo.day, func.count(), func.sum(Blob.size))
    .join(Blob, Blob.id == Photo.blob_id)
    .where(Photo.space_id == p("space"))
    .group_by(Photo.kind, Photo.day)
)

_folders = (
    select(Entry.id.label("top"), Entry.name.label("name"), Entry.id.label("id"))
    .where(Entry.parent_id == n("root"), Entry.is_folder)
    .cte("folders", recursive=True)
)
_folders = _folders.union_all(
    select(_folders.c.top, _folders.c.name, Entry.id)
    .join(_folders, Entry.parent_id == _folders.c.id)
    .where(Entry.is_folder)
)


# Looked up for each folder, or SQLite would read everybody's files.
_files = (
    select(func.coalesce(func.sum(Blob.size), 0))
    .select_from(Entry)
    .join(Blob, Blob.id == Entry.blob_id)
    .where(Entry.parent_id == _folders.c.id)
    .correlate(_folders)
)
_size = func.sum(_files.scalar_subquery())
SIZES_BY_FOLDER = Statement(
    select(_folders.c.name, _size)
    .group_by(_folders.c.top, _folders.c.name)
    .order_by(_size.desc(), _folders.c.name)
    .limit(n("most"))
)
"""Of each folder in the root, what is anywhere below it."""

_all = select(n("root").label("id")).cte("everywhere", recursive=True)
_all = _all.union_all(select(Entry.id).join(_all, Entry.parent_id == _all.c.id).where(Entry.is_folder))
LARGEST_FILES = Statement(
    select(Entry.parent_id, Entry.name, Blob.size)
    .select_from(_all)
    .join(Entry, Entry.parent_id == _all.c.id)
    .join(Blob, Blob.id == Entry.blob_id)
    .order_by(Blob.size.desc(), Entry.id)
    .limit(n("most"))
)

USAGE = Statement(
    select(Usage.counted, now() - Usage.counted, Usage.wanted, Usage.report).where(Usage.space_id == p("space"))
)
ADD_USAGE = Statement(insert(Usage).values(space_id=p("space"), counted=None, wanted=now(), report="{}"))
WANT_USAGE = Statement(update(Usage).where(Usage.space_id == p("space"), Usage.wanted.is_(None)).values(wanted=now()))
SET_USAGE = Statement(
    update(Usage).where(Usage.space_id == p("space")).values(counted=now(), wanted=None, report=p("new_report"))
)
WANTED_USAGES = Statement(
    select(Usage.space_id).where(Usage.wanted.is_not(None)).order_by(Usage.wanted).limit(n("most"))
)
