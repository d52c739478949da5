"""Entries: paths, listings, everything below a folder, dead properties, and the record of changes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ClauseElement,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy import exists as sql_exists

from gateway.catalogue.dialect import among, json_item, now, octets
from gateway.catalogue.models import Blob, Change, Entry, Lock, Property
from gateway.catalogue.statements.locks import IS_LIVE, LOCK
from gateway.catalogue.statements.spaces import MY_SPACE
from gateway.catalogue.statements.statement import Statement, adding, n, p

EMPTY_ETAG = "e3b0c44298fc1c149afbf4c8996fb924"
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
EMPTY_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"

_ENTRY = (
    Entry.id,
    Entry.name,
    Entry.is_folder,
    func.coalesce(Blob.size, 0),
    func.coalesce(func.substr(Blob.sha256, 1, 32), case((Entry.is_folder, ""), else_=EMPTY_ETAG)),
    func.coalesce(Blob.sha1, case((Entry.is_folder, ""), else_=EMPTY_SHA1)),
    case((Entry.blob_id.is_not(None), func.coalesce(Blob.md5, "")), (Entry.is_folder, ""), else_=EMPTY_MD5),
    Entry.created,
    Entry.modified,
    Entry.blob_id,
)


def _walk() -> Select[Any]:
    """A space and every existing prefix of a path, with its locks: 404 or 409, roles and locks come from these rows.

    Their order is anyone's: to sort a handful of rows costs the database a quarter of the statement.
    """
    home = MY_SPACE.cte("home")
    walk = select(literal(0).label("depth"), home.c.root_id.label("id")).cte("walk", recursive=True)
    walk = walk.union_all(
        select(walk.c.depth + 1, Entry.id)
        .select_from(walk)
        .join(Entry, (Entry.parent_id == walk.c.id) & (Entry.name_key == json_item(p("names"), walk.c.depth)))
        .where(walk.c.depth < p("levels"))
    )
    return (
        select(walk.c.depth, *_ENTRY, Blob.key, *LOCK, *home.c)
        .select_from(walk)
        .join(home, true())
        .join(Entry, Entry.id == walk.c.id)
        .outerjoin(Blob, Blob.id == Entry.blob_id)
        .outerjoin(Lock, (Lock.entry_id == Entry.id) & IS_LIVE)
    )


WALK = Statement(_walk())

PAGE = Statement(
    select(*_ENTRY, Entry.name_key)
    .outerjoin(Blob, Blob.id == Entry.blob_id)
    .where(Entry.parent_id == p("parent"), Entry.name_key > p("after"))
    .order_by(Entry.name_key)
    .limit(p("limit"))
)
_IN_PAGE = (Entry.parent_id == p("parent"), Entry.name_key > p("after"), Entry.name_key <= p("last"))
PAGE_LOCKS = Statement(select(*LOCK).join(Entry, Entry.id == Lock.entry_id).where(*_IN_PAGE, IS_LIVE))
PAGE_PROPERTIES = Statement(
    select(Property.entry_id, Property.namespace, Property.name, Property.value)
    .join(Entry, Entry.id == Property.entry_id)
    .where(*_IN_PAGE)
)
CHILD = Statement(
    select(*_ENTRY)
    .outerjoin(Blob, Blob.id == Entry.blob_id)
    .where(Entry.parent_id == p("parent"), Entry.name_key == p("name_key"))
)
CHILDREN = Statement(
    select(*_ENTRY)
    .outerjoin(Blob, Blob.id == Entry.blob_id)
    .where(Entry.parent_id == p("parent"), among(Entry.name_key, p("names")))
)
ENTRY = Statement(select(*_ENTRY).outerjoin(Blob, Blob.id == Entry.blob_id).where(Entry.id == p("entry")))


def _above() -> Any:
    above = select(n("entry").label("id"), literal(0).label("depth")).cte("above", recursive=True)
    # No condition on the parent, for which SQLite would read every entry into a Bloom filter: NULL finds nothing.
    return above.union_all(select(Entry.parent_id, above.c.depth + 1).join(above, Entry.id == above.c.id))


_ABOVE = _above()
ABOVE = Statement(select(Entry.id, Entry.name).join(_ABOVE, _ABOVE.c.id == Entry.id).order_by(_ABOVE.c.depth.desc()))


def _below() -> Any:
    below = select(n("entry").label("id")).cte("below", recursive=True)
    return below.union_all(select(Entry.id).join(below, Entry.parent_id == below.c.id))


BELOW = _below()
COUNT_BELOW = Statement(select(func.count()).select_from(select(BELOW.c.id).limit(p("most")).subquery()))
PROPERTY_ROW = 100
"""Bytes that a dead property takes besides its texts, at least: quotas hold for these too."""
_PROPERTY_SIZE = octets(Property.namespace) + octets(Property.name) + octets(Property.value) + PROPERTY_ROW
_PROPERTY_BYTES = func.coalesce(func.sum(_PROPERTY_SIZE), 0)
_OWN_PROPERTIES = select(_PROPERTY_BYTES).where(Property.entry_id == Entry.id).scalar_subquery()
SUBTREE = Statement(
    select(func.count(), func.coalesce(func.sum(func.coalesce(Blob.size, 0) + _OWN_PROPERTIES), 0))
    .select_from(BELOW)
    .join(Entry, Entry.id == BELOW.c.id)
    .outerjoin(Blob, Blob.id == Entry.blob_id)
)


def _reach() -> Select[Any]:
    """How many levels, and at most how many bytes of path, there are below a folder. Walks its folders only."""
    start = select(n("entry").label("id"), literal(0).label("depth"), literal(0, BigInteger()).label("size"))
    folders = start.cte("folders", recursive=True)
    folders = folders.union_all(
        select(Entry.id, folders.c.depth + 1, folders.c.size + octets(Entry.name) + 1)
        .join(folders, Entry.parent_id == folders.c.id)
        .where(Entry.is_folder)
    )
    inside = Entry.__table__.alias("inside")
    has_members = sql_exists().where(inside.c.parent_id == folders.c.id)
    return select(
        func.max(folders.c.depth + case((has_members, 1), else_=0)),
        func.max(folders.c.size + case((has_members, n("longest")), else_=0)),
    )


REACH = Statement(_reach())

NOT_TAKEN = Statement(
    select(Entry.name, Blob.media, Blob.size)
    .select_from(BELOW)
    .join(Entry, Entry.id == BELOW.c.id)
    .join(Blob, Blob.id == Entry.blob_id)
    .where(or_(Blob.size > p("most"), ~or_(Blob.media, bindparam("any_type", type_=Boolean()))))
)
ADD_ENTRY = adding(
    Entry, "parent_id", "name", "name_key", "is_folder", "blob_id", "created", "modified", returning=Entry.id
)
SET_BLOB = Statement(
    update(Entry).where(Entry.id == p("entry")).values(blob_id=p("new_blob"), modified=p("new_modified"))
)
SET_TIMES = Statement(
    update(Entry).where(Entry.id == p("entry")).values(modified=p("new_modified"), created=p("new_created"))
)
RELOCATE = Statement(
    update(Entry)
    .where(Entry.id == p("entry"))
    .values(parent_id=p("new_parent"), name=p("new_name"), name_key=p("new_name_key"))
)
DELETE_ENTRIES = Statement(delete(Entry).where(among(Entry.id, p("entries"))))
COPY_FILES = Statement(
    insert(Entry).from_select(
        ["parent_id", "name", "name_key", "is_folder", "blob_id", "created", "modified"],
        select(
            n("into"), Entry.name, Entry.name_key, Entry.is_folder, Entry.blob_id, Entry.created, Entry.modified
        ).where(Entry.parent_id == p("parent"), ~Entry.is_folder),
    )
)
FOLDERS_IN = Statement(
    select(Entry.id, Entry.name, Entry.name_key, Entry.created, Entry.modified).where(
        Entry.parent_id == p("parent"), Entry.is_folder
    )
)


def _copy_properties() -> ClauseElement:
    old, new = Entry.__table__.alias("old"), Entry.__table__.alias("new")
    return insert(Property).from_select(
        ["entry_id", "namespace", "name", "value"],
        select(new.c.id, Property.namespace, Property.name, Property.value)
        .select_from(old)
        .join(Property, Property.entry_id == old.c.id)
        .join(new, (new.c.parent_id == n("into")) & (new.c.name_key == old.c.name_key))
        .where(old.c.parent_id == p("parent")),
    )


COPY_CHILDREN_PROPERTIES = Statement(_copy_properties())
COPY_OWN_PROPERTIES = Statement(
    insert(Property).from_select(
        ["entry_id", "namespace", "name", "value"],
        select(n("into"), Property.namespace, Property.name, Property.value).where(Property.entry_id == p("entry")),
    )
)
ADD_CHANGE = adding(Change, "space_id", "at", "kind", "entry_id", "path", "source", "account_id", "device")
_YOUNG_CHANGES = select(Change.id).where(Change.id > 0, Change.at >= now() - n("age")).order_by(Change.id).limit(1)
# All before the first young one: what is looked at by the way is what goes.
FORGET_CHANGES = Statement(delete(Change).where(Change.id < func.coalesce(_YOUNG_CHANGES.scalar_subquery(), 2**62)))

PROPERTIES = Statement(select(Property.namespace, Property.name, Property.value).where(Property.entry_id == p("entry")))
DELETE_PROPERTY = Statement(
    delete(Property).where(
        Property.entry_id == p("entry"), Property.namespace == p("space_uri"), Property.name == p("local")
    )
)
ADD_PROPERTY = adding(Property, "entry_id", "namespace", "name", "value")
COUNT_PROPERTIES = Statement(select(func.count(), _PROPERTY_BYTES).where(Property.entry_id == p("entry")))
PROPERTY_BYTES = Statement(select(_PROPERTY_BYTES).where(among(Property.entry_id, p("entries"))))
