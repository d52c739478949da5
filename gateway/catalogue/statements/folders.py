"""Folders as people look at them: the folders in them, and the files that are no photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, bindparam, func, literal, or_, select
from sqlalchemy import exists as sql_exists
from sqlalchemy.orm import aliased

from gateway.catalogue.dialect import among
from gateway.catalogue.models import Blob, Entry, Media, Photo, RenditionSet
from gateway.catalogue.statements.renditions import VERSION
from gateway.catalogue.statements.statement import Statement, n, p

if TYPE_CHECKING:
    from collections.abc import Sequence

_NO_PICTURE = 16
"""The bit of :class:`gateway.library.stacks.Flag`."""
_HERE = (Photo.folder_id == p("folder"), Photo.space_id == p("space"))


def _count(*where: Any) -> Any:
    return select(func.count()).where(*where).scalar_subquery()


# What is counted here is counted by indexes alone.
MEMBERS = Statement(
    select(
        _count(Entry.parent_id == p("folder")),
        _count(Entry.parent_id == p("folder"), Entry.is_folder),
        _count(*_HERE),
        _count(*_HERE, Photo.stack_id.is_(None)),
    )
)
"""Of a folder: its members, the folders among them, the photos, and those of them that stand for themselves."""


def _folders(*, is_descending: bool) -> Statement:
    name = Entry.name_key
    beyond, order = (name < p("after"), name.desc()) if is_descending else (name > p("after"), name)
    found = select(Entry.id, Entry.name, Entry.name_key, Entry.modified)
    return Statement(
        found.where(Entry.parent_id == p("folder"), Entry.is_folder, beyond).order_by(order).limit(p("limit"))
    )


FOLDERS, FOLDERS_DOWN = _folders(is_descending=False), _folders(is_descending=True)


class _Order(NamedTuple):
    key: Any
    is_descending: bool


_KEYS = {
    "name": Entry.name_key,
    "taken": Entry.modified,
    "added": func.coalesce(Blob.created, Entry.created),
    "size": func.coalesce(Blob.size, 0),
}
_IS_SHOWN = sql_exists().where(Photo.entry_id == Entry.id, Photo.space_id == p("space")).correlate(Entry)
# In the order of gateway.library.folders.File; then what tells its state.
_FILE: tuple[Any, ...] = (
    Entry.id, Entry.name, func.coalesce(Blob.size, 0), Entry.modified, func.coalesce(Blob.created, Entry.created),
    func.coalesce(Blob.media, Entry.is_folder), Blob.error, Media.kind,
)  # fmt: skip


def _files(order: _Order) -> Statement:
    key, entry = order.key, Entry.id
    given = bindparam("key", type_=key.type)
    if key is Entry.name_key:  # no two are the same, and the index has them in this order
        beyond = key < given if order.is_descending else key > given
    elif order.is_descending:
        beyond = or_(n("is_first") == 1, key < given, and_(key == given, entry < n("entry")))
    else:
        beyond = or_(n("is_first") == 1, key > given, and_(key == given, entry > n("entry")))
    found = (
        select(*_FILE, key)
        .select_from(Entry)
        .outerjoin(Blob, Blob.id == Entry.blob_id)
        .outerjoin(Media, Media.blob_id == Entry.blob_id)
        .where(Entry.parent_id == p("folder"), ~Entry.is_folder, ~_IS_SHOWN, beyond)
    )
    if key is Entry.name_key:
        last = bindparam("last", type_=key.type)
        found = found.where(key >= last if order.is_descending else key <= last)
    columns = [key] if key is Entry.name_key else [key, entry]
    return Statement(found.order_by(*(one.desc() if order.is_descending else one for one in columns)).limit(p("limit")))


FILES = {
    (subject, is_descending): _files(_Order(key, is_descending))
    for subject, key in _KEYS.items()
    for is_descending in (False, True)
}
"""The files of a folder that are no photos: sorted by ``name``, ``taken`` (changed last), ``added`` or ``size``.

By name they are those from behind ``key`` to ``last``: between them may be any number of photos.
"""


def _stretch(*, is_descending: bool) -> Statement:
    name = Entry.name_key
    beyond, order = (name < p("key"), name.desc()) if is_descending else (name > p("key"), name)
    return Statement(
        select(name).where(Entry.parent_id == p("folder"), beyond).order_by(order).limit(1).offset(n("length"))
    )


STRETCH = {is_descending: _stretch(is_descending=is_descending) for is_descending in (False, True)}
"""The name that is so many behind ``key``; no row where there are fewer."""

# --- folders as cards ------------------------------------------------------------------------------------------------

# Level by level: a recursion would be one statement, for which SQLite reads every entry where folders are unlike.
FOLDERS_OF = Statement(
    select(Entry.id, Entry.parent_id).where(among(Entry.parent_id, p("folders")), Entry.is_folder).limit(p("limit"))
)


def _of_each(*columns: Any) -> Statement:
    return Statement(select(Entry.id, *columns).where(among(Entry.id, p("folders"))))


def _bounded(*where: Any, order: Sequence[Any]) -> Any:
    """How many there are of each folder, up to ``most``; in the order of an index, or PostgreSQL reads the table."""
    found = select(literal(1)).where(*where).correlate(Entry).order_by(*order).limit(n("most")).subquery()
    return select(func.count()).select_from(found).scalar_subquery()


_Member = aliased(Entry)
_IN_IT = (Photo.folder_id == Entry.id, Photo.space_id == p("space"))
_BY_NAME, _BY_DAY = [_Member.name_key], [Photo.day, Photo.taken, Photo.entry_id]
COUNTS = _of_each(
    _bounded(_Member.parent_id == Entry.id, order=_BY_NAME),
    _bounded(_Member.parent_id == Entry.id, _Member.is_folder, order=_BY_NAME),
    _bounded(*_IN_IT, order=_BY_DAY),
    _bounded(*_IN_IT, Photo.stack_id.is_(None), order=_BY_DAY),
)
"""Of each of these folders its members, the folders among them, the photos, and those that stand for themselves."""
_NEWEST = (
    select(Photo.entry_id)
    .where(*_IN_IT, Photo.stack_id.is_(None), Photo.flags.bitwise_and(_NO_PICTURE) == 0)
    .order_by(Photo.day.desc(), Photo.taken.desc(), Photo.entry_id.desc())
    .limit(1)
    .correlate(Entry)
    .scalar_subquery()
)
COVERS = _of_each(_NEWEST)
"""Of each of these folders the newest photo that has a picture; NULL for those without."""
PICTURES = Statement(
    select(Photo.entry_id, VERSION, Media.thumbhash)
    .join(Blob, Blob.id == Photo.blob_id)
    .join(Media, Media.blob_id == Photo.blob_id)
    .join(RenditionSet, RenditionSet.sha256 == Blob.sha256)
    .where(among(Photo.entry_id, p("entries")))
)
