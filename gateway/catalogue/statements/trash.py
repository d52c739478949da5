"""Items of the trash, and what is purged of them."""

from __future__ import annotations

from sqlalchemy import delete, func, or_, select, true, update

from gateway.catalogue.dialect import now
from gateway.catalogue.models import Blob, Entry, Space, TrashItem
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
TRASH_ITEM = Statement(_TRASH_ITEMS.where(TrashItem.space_id == p("space"), TrashItem.id == p("item")))
OLDEST_TRASH = Statement(
    _TRASH_ITEMS.where(TrashItem.space_id == p("space")).order_by(TrashItem.deleted, TrashItem.id).limit(1)
)
CROWDED_SPACES = Statement(select(Space.id).where(Space.trash > 0, Space.live + Space.trash > Space.quota))
IS_CROWDED = Statement(
    select(Space.id).where(Space.id == p("space"), Space.trash > 0, Space.live + Space.trash > Space.quota)
)
OLD_TRASH = Statement(
    select(TrashItem.space_id)
    .where(TrashItem.deleted < now() - n("age"))
    .union(select(TrashItem.space_id).where(TrashItem.purging))
)
OLD_TRASH_ITEM = Statement(
    _TRASH_ITEMS.where(TrashItem.space_id == p("space"), or_(TrashItem.deleted < now() - n("age"), TrashItem.purging))
    .order_by(TrashItem.deleted, TrashItem.id)
    .limit(1)
)
MARK_PURGING = Statement(update(TrashItem).where(TrashItem.id == p("item")).values(purging=true()))
SHRINK_TRASH_ITEM = Statement(
    update(TrashItem).where(TrashItem.id == p("item")).values(size=TrashItem.size - p("less"))
)
DELETE_TRASH_ITEM = Statement(delete(TrashItem).where(TrashItem.id == p("item")))
FIRST_FOLDER_IN = Statement(select(Entry.id).where(Entry.parent_id == p("parent"), Entry.is_folder).limit(1))
FILES_IN = Statement(
    select(Entry.id, Entry.blob_id, func.coalesce(Blob.size, 0))
    .outerjoin(Blob, Blob.id == Entry.blob_id)
    .where(Entry.parent_id == p("parent"), ~Entry.is_folder)
    .limit(p("limit"))
)
