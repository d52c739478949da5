"""Blobs, and the garbage they become: the objects of the store that rows name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, bindparam, delete, func, insert, select
from sqlalchemy import exists as sql_exists

from gateway.catalogue.dialect import among, first_segment, now
from gateway.catalogue.models import Blob, Entry, Garbage, Playable, RenditionSet
from gateway.catalogue.statements.statement import Statement, adding, n, p

ADD_BLOB = adding(Blob, "key", "size", "sha256", "sha1", "md5", "media", "created", "due", "device", returning=Blob.id)
BYTES_OF_SPACE: Any = first_segment(Blob.key).concat("/").concat(Blob.sha256)
"""What the copies of a video are kept by: its bytes, in the space that they were uploaded to."""
# Two spaces that purge the last two references at once would each still see the other's: they take turns at the rows,
# in one order. Nothing can come to refer to them meanwhile, because an entry's foreign key waits for the same rows.
LOCK_BLOBS = Statement(
    select(Blob.id, Blob.sha256, BYTES_OF_SPACE).where(among(Blob.id, p("blobs"))).order_by(Blob.id).with_for_update()
)
_DROPPED = (among(Blob.id, p("blobs")), ~sql_exists().where(Entry.blob_id == Blob.id))
ADD_GARBAGE_OF_BLOBS = Statement(
    insert(Garbage).from_select(
        ["key", "not_before"],
        select(Blob.key, now() + n("us")).where(*_DROPPED, ~sql_exists().where(Garbage.key == Blob.key)),
    )
)
DROP_BLOBS = Statement(delete(Blob).where(*_DROPPED))
# What was derived from bytes that no blob has any more. Two that drop the last two blobs of these bytes at once take
# turns here too: the second one sees that the first one's is gone.
LOCK_RENDITIONS, LOCK_PLAYABLES = (
    Statement(select(table.sha256).where(among(table.sha256, p("digests"))).order_by(table.sha256).with_for_update())
    for table in (RenditionSet, Playable)
)
_ORPHANED = (among(RenditionSet.sha256, p("digests")), ~sql_exists().where(Blob.sha256 == RenditionSet.sha256))
ADD_GARBAGE_OF_RENDITIONS = Statement(
    insert(Garbage).from_select(["key", "not_before"], select(RenditionSet.key, now() + n("us")).where(*_ORPHANED))
)
DROP_RENDITIONS = Statement(delete(RenditionSet).where(*_ORPHANED))
_DIGITS = 64
_UNWANTED = (
    among(Playable.sha256, p("digests")),
    ~sql_exists().where(
        Blob.sha256 == func.substr(Playable.sha256, func.length(Playable.sha256) - _DIGITS + 1),
        Playable.sha256 == BYTES_OF_SPACE,
    ),
)
ADD_GARBAGE_OF_PLAYABLES = Statement(
    insert(Garbage).from_select(
        ["key", "not_before"], select(Playable.key, now() + n("us")).where(*_UNWANTED, Playable.key.is_not(None))
    )
)
DROP_PLAYABLES = Statement(delete(Playable).where(*_UNWANTED))

_NEW_KEY: Any = bindparam("new_key", type_=Text())
ADD_GARBAGE = Statement(
    insert(Garbage).from_select(
        ["key", "not_before"],
        # An upload that fails may have settled after all, or have been given up as expired before.
        select(_NEW_KEY, now() + n("us")).where(
            ~sql_exists().where(Blob.key == _NEW_KEY), ~sql_exists().where(Garbage.key == _NEW_KEY)
        ),
    )
)
_IS_USED = (
    sql_exists().where(Blob.key == Garbage.key)
    | sql_exists().where(RenditionSet.key == Garbage.key)
    | sql_exists().where(Playable.key == Garbage.key)
)
DUE_GARBAGE = Statement(
    select(Garbage.key)
    # A commit whose answer was lost may have made the blob after all: what a row refers to is never deleted.
    .where(Garbage.not_before <= now(), ~_IS_USED)
    .order_by(Garbage.not_before)
    .limit(p("limit"))
)
DELETE_GARBAGE = Statement(delete(Garbage).where(among(Garbage.key, p("keys"))))
STRAY_GARBAGE = Statement(delete(Garbage).where(Garbage.not_before <= now(), _IS_USED))
GARBAGE_KEY = Statement(select(Garbage.key).where(Garbage.key == p("which")))

BLOBS_AFTER = Statement(
    select(Blob.id, Blob.key, Blob.size).where(Blob.key > p("after")).order_by(Blob.key).limit(p("limit"))
)
UNREFERENCED_BLOBS = Statement(
    select(Blob.id, Blob.key)
    .where(Blob.id > p("after"), ~sql_exists().where(Entry.blob_id == Blob.id))
    .order_by(Blob.id)
    .limit(p("limit"))
)
ENTRIES_OF_BLOB = Statement(select(Entry.id).where(Entry.blob_id == p("blob")))
BLOB_BY_KEY = Statement(select(Blob.id).where(Blob.key == p("which")))
