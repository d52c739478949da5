"""Items of the trash: restoring them, choosing those to purge, and purging them by sets."""

from __future__ import annotations

from sqlalchemy import ClauseElement, Text, case, cast, delete, func, insert, literal, or_, select, true, update
from sqlalchemy import exists as sql_exists

from gateway.catalogue.dialect import among, now
from gateway.catalogue.models import Blob, Change, Entry, RenditionSet, Space, TrashItem
from gateway.catalogue.statements.renditions import VERSION
from gateway.catalogue.statements.statement import Statement, adding, n, p

ADD_TRASH_ITEM = adding(
    TrashItem, "space_id", "entry_id", "name", "path", "parent_id", "size", "deleted", "account_id", "device",
    "purging", returning=TrashItem.id,
)  # fmt: skip
SET_TRASHED = Statement(update(TrashItem).where(TrashItem.id == p("item")).values(entry_id=p("new_entry")))
_TRASH_ITEM = (
    TrashItem.id,
    TrashItem.entry_id,
    TrashItem.name,
    TrashItem.path,
    TrashItem.parent_id,
    TrashItem.size,
    TrashItem.deleted,
    TrashItem.account_id,
    TrashItem.device,
    TrashItem.purging,
    Entry.is_folder,
)
_TRASH_ITEMS = select(*_TRASH_ITEM).join(Entry, Entry.id == TrashItem.entry_id)
TRASH_ITEMS = Statement(
    _TRASH_ITEMS.where(TrashItem.space_id == p("space"), TrashItem.id < p("before"), ~TrashItem.purging)
    .order_by(TrashItem.id.desc())
    .limit(p("limit"))
)
PICTURE_VERSIONS = Statement(
    select(TrashItem.id, VERSION)
    .join(Entry, Entry.id == TrashItem.entry_id)
    .join(Blob, Blob.id == Entry.blob_id)
    .join(RenditionSet, RenditionSet.sha256 == Blob.sha256)
    .where(among(TrashItem.id, p("items")))
)
PICTURES_OF_ITEM = Statement(
    select(VERSION, RenditionSet.key, RenditionSet.pictures)
    .join(Blob, Blob.sha256 == RenditionSet.sha256)
    .join(Entry, Entry.blob_id == Blob.id)
    .join(TrashItem, TrashItem.entry_id == Entry.id)
    .where(TrashItem.id == p("item"), TrashItem.space_id == p("space"))
)
TRASH_ITEM = Statement(_TRASH_ITEMS.where(TrashItem.space_id == p("space"), TrashItem.id == p("item")))
DELETE_TRASH_ITEM = Statement(delete(TrashItem).where(TrashItem.id == p("item")))

# --- choosing what to purge ------------------------------------------------------------------------------------------

CROWDED_SPACES = Statement(select(Space.id).where(Space.trash > 0, Space.live + Space.trash > Space.quota))
EXCESS = Statement(
    select(Space.live + Space.trash - Space.quota).where(
        Space.id == p("space"), Space.trash > 0, Space.live + Space.trash > Space.quota
    )
)
_OLDEST = select(TrashItem.id, TrashItem.size).order_by(TrashItem.deleted, TrashItem.id).limit(p("limit"))
OLDEST_TRASH = Statement(_OLDEST.where(TrashItem.space_id == p("space")))
OLD_TRASH = Statement(
    select(TrashItem.space_id)
    .where(TrashItem.deleted < now() - n("age"))
    .union(select(TrashItem.space_id).where(TrashItem.purging))
)
OLD_TRASH_ITEMS = Statement(
    _OLDEST.where(TrashItem.space_id == p("space"), or_(TrashItem.deleted < now() - n("age"), TrashItem.purging))
)
MARK_ALL_PURGING = Statement(
    update(TrashItem)
    .where(
        TrashItem.space_id == p("space"),
        ~TrashItem.purging,
        or_(n("only").is_(None), TrashItem.account_id == n("only")),
    )
    .values(purging=true())
)
MARK_PURGING = Statement(update(TrashItem).where(among(TrashItem.id, p("items"))).values(purging=true()))

# --- purging ---------------------------------------------------------------------------------------------------------

TOPS = Statement(select(TrashItem.entry_id).where(TrashItem.space_id == p("space"), among(TrashItem.id, p("items"))))
FOLDERS_OF = Statement(select(Entry.id).where(among(Entry.parent_id, p("folders")), Entry.is_folder).limit(p("limit")))
FILES_OF = Statement(
    select(Entry.id, Entry.blob_id, func.coalesce(Blob.size, 0))
    .outerjoin(Blob, Blob.id == Entry.blob_id)
    .where(among(Entry.parent_id, p("folders")), ~Entry.is_folder)
    .limit(p("limit"))
)


def _lift() -> ClauseElement:
    """Put folders beside the one they are in, under a name that nobody can have given."""
    folder, inside = Entry.__table__.alias("folder"), Entry.__table__.alias("inside")
    some = select(inside.c.id).where(among(inside.c.parent_id, p("folders")), inside.c.is_folder).limit(p("limit"))
    name = literal("/") + cast(Entry.id, Text())
    beside = select(folder.c.parent_id).where(folder.c.id == Entry.parent_id).scalar_subquery()
    return update(Entry).where(Entry.id.in_(some)).values(parent_id=beside, name=name, name_key=name)


LIFT_FOLDERS = Statement(_lift())


def _emptied() -> ClauseElement:
    """The items that are a file, or a folder with nothing in it any more."""
    inside = Entry.__table__.alias("inside")
    return (
        select(TrashItem.id, Entry.id, Entry.blob_id, func.coalesce(Blob.size, 0))
        .join(Entry, Entry.id == TrashItem.entry_id)
        .outerjoin(Blob, Blob.id == Entry.blob_id)
        .where(among(TrashItem.id, p("items")), ~sql_exists().where(inside.c.parent_id == Entry.id))
        .limit(p("limit"))
    )


EMPTIED_ITEMS = Statement(_emptied())
ADD_PURGED = Statement(
    insert(Change).from_select(
        ["space_id", "at", "kind", "entry_id", "path", "device"],
        select(
            TrashItem.space_id,
            n("at"),
            literal("purged"),
            TrashItem.entry_id,
            Space.name + "/" + case((TrashItem.path == "", ""), else_=TrashItem.path + "/") + TrashItem.name,
            literal(""),
        )
        .join(Space, Space.id == TrashItem.space_id)
        .where(among(TrashItem.id, p("items"))),
    )
)
DELETE_TRASH_ITEMS = Statement(delete(TrashItem).where(among(TrashItem.id, p("items"))))
