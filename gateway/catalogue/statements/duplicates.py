"""Photos of equal bytes, and photos that look alike."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, or_, select, union

from gateway.catalogue.dialect import among
from gateway.catalogue.models import BANDS, Blob, Entry, Media, Photo, RenditionSet
from gateway.catalogue.statements.renditions import VERSION
from gateway.catalogue.statements.statement import Statement, n, p

# --- equal bytes -----------------------------------------------------------------------------------------------------

# Two indexes are read whole, in their order: no photo is looked up but those whose bytes are there twice.
_TWICE = union(
    select(Blob.sha256).group_by(Blob.sha256).having(func.count() > 1),
    select(Blob.sha256).where(
        Blob.id.in_(
            select(Entry.blob_id).where(Entry.blob_id.is_not(None)).group_by(Entry.blob_id).having(func.count() > 1)
        )
    ),
).subquery("twice")
_WASTE = Blob.size * (func.count() - 1)
EQUAL = Statement(
    select(Blob.sha256, Blob.size, _WASTE.label("waste"))
    .select_from(_TWICE)
    .join(Blob, Blob.sha256 == _TWICE.c.sha256)
    .join(Entry, Entry.blob_id == Blob.id)
    .join(Photo, Photo.entry_id == Entry.id)
    .where(among(Photo.space_id, p("spaces")))
    .group_by(Blob.sha256, Blob.size)
    .having(
        func.count() > 1,
        or_(n("waste") > _WASTE, and_(n("waste") == _WASTE, Blob.sha256 > p("after"))),
    )
    .order_by(_WASTE.desc(), Blob.sha256)
    .limit(p("limit"))
)
# In the order of gateway.library.duplicates.Likeness, then the digest.
_LIKENESS: tuple[Any, ...] = (
    Photo.entry_id, VERSION, Photo.space_id, Photo.folder_id, Entry.name, Photo.taken, Blob.size, Media.width,
    Media.height,
)  # fmt: skip
_PHOTOS = (
    select(*_LIKENESS, Blob.sha256)
    .select_from(Blob)
    .join(Entry, Entry.blob_id == Blob.id)
    .join(Photo, Photo.entry_id == Entry.id)
    .join(Media, Media.blob_id == Blob.id)
    .outerjoin(RenditionSet, RenditionSet.sha256 == Blob.sha256)
    .where(among(Photo.space_id, p("spaces")))
)
PHOTOS_OF_BYTES = Statement(_PHOTOS.where(among(Blob.sha256, p("digests"))).order_by(Photo.added, Photo.entry_id))

# --- looks -----------------------------------------------------------------------------------------------------------

# Every photo of a space that stands for itself, the newest arrival first, along the index photo_added.
LOOKS = Statement(
    select(Photo.added, Photo.entry_id, Photo.blob_id, Media.phash)
    .join(Media, Media.blob_id == Photo.blob_id)
    .where(
        Photo.space_id == p("space"),
        Photo.stack_id.is_(None),
        Photo.added <= n("added"),
        or_(Photo.added < n("added"), Photo.entry_id < n("entry")),
    )
    .order_by(Photo.added.desc(), Photo.entry_id.desc())
    .limit(p("limit"))
)
LIKE_IN_BAND = tuple(
    Statement(
        select(Media.blob_id, Media.phash).where(Media.phash.is_not(None), among(band, p("values"))).limit(p("limit"))
    )
    for band in BANDS
)
"""Hashes that have one of these values in a quarter of their bits."""
PHOTOS_OF_BLOBS = Statement(
    _PHOTOS.with_only_columns(*_LIKENESS, Photo.blob_id, Blob.sha256, Photo.added)
    .where(among(Blob.id, p("blobs")), Photo.blob_id == Blob.id, Photo.stack_id.is_(None))
)  # fmt: skip
