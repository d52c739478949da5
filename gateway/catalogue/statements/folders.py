"""Folders as people look at them: the folders in them, and the files that are no photographs."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy import exists as sql_exists

from gateway.catalogue.dialect import among
from gateway.catalogue.models import Blob, Entry, Media, Photo, RenditionSet
from gateway.catalogue.statements.renditions import VERSION
from gateway.catalogue.statements.statement import Statement, n, p

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
    columns = [key] if key is Entry.name_key else [key, entry]
    return Statement(found.order_by(*(one.desc() if order.is_descending else one for one in columns)).limit(p("limit")))


FILES = {
    (subject, is_descending): _files(_Order(key, is_descending))
    for subject, key in _KEYS.items()
    for is_descending in (False, True)
}
"""The files of a folder that are no photos: sorted by ``name``, ``taken`` (changed last), ``added`` or ``size``."""

# --- a folder as a card ----------------------------------------------------------------------------------------------


def _below() -> Any:
    below = select(n("folder").label("id")).cte("below", recursive=True)
    return below.union_all(select(Entry.id).join(below, Entry.parent_id == below.c.id).where(Entry.is_folder))


_BELOW = _below()


def _bounded(*joined: Any) -> Any:
    """How many there are in the folders below, up to ``most``."""
    folders = select(_BELOW.c.id).limit(n("folders")).subquery()
    found = select(folders.c.id).select_from(folders)
    for table, is_in, *where in joined:
        found = found.join(table, is_in == folders.c.id).where(*where)
    return select(func.count()).select_from(found.limit(n("most")).subquery()).scalar_subquery()


_OF_SPACE = Photo.space_id == p("space")
CARD = Statement(
    select(
        _bounded(),
        _bounded((Entry, Entry.parent_id)),
        _bounded((Photo, Photo.folder_id, _OF_SPACE)),
        _bounded((Photo, Photo.folder_id, _OF_SPACE, Photo.stack_id.is_(None))),
    )
)
"""Of a folder and at most ``folders`` below it: the folders, and their members, photos, and those that stand for
themselves, each of them up to ``most``."""


def _covers() -> Any:
    folders = select(_BELOW.c.id).limit(n("folders")).subquery()
    newest = (
        select(Photo.entry_id)
        .where(
            Photo.folder_id == folders.c.id,
            _OF_SPACE,
            Photo.stack_id.is_(None),
            Photo.flags.bitwise_and(_NO_PICTURE) == 0,
        )
        .order_by(Photo.day.desc(), Photo.taken.desc(), Photo.entry_id.desc())
        .limit(1)
        .correlate(folders)
        .scalar_subquery()
    )
    return select(folders.c.id, newest)


COVERS = Statement(_covers())
"""The newest photo of a folder, and of a few below it; NULL for those without."""
PICTURES = Statement(
    select(Photo.entry_id, VERSION, Media.thumbhash)
    .join(Blob, Blob.id == Photo.blob_id)
    .join(Media, Media.blob_id == Photo.blob_id)
    .join(RenditionSet, RenditionSet.sha256 == Blob.sha256)
    .where(among(Photo.entry_id, p("entries")))
)
