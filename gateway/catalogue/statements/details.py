"""Everything about one photo."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from gateway.catalogue.models import Blob, Entry, Media, Member, Photo, Place, RenditionSet, Space
from gateway.catalogue.statements.renditions import VERSION
from gateway.catalogue.statements.statement import Statement, p

_SEEN = (Member.account_id == p("account"), Space.removed.is_(None))

# In the order of gateway.library.details.Detail, from its id to its error; then what else is needed to find the rest.
_DETAIL: tuple[Any, ...] = (
    Photo.entry_id, VERSION, Entry.name, Space.name, Member.role, Blob.size, Blob.sha256, Photo.kind,
    Media.format, Media.width, Media.height, Photo.flags, Photo.duration, Media.video_codec, Media.audio_codec,
    Photo.day, Photo.taken, Photo.utc_offset, Photo.zone, Photo.date_rule, Photo.offset_rule, Photo.added,
    Photo.latitude, Photo.longitude, Media.altitude, Place.town, Place.region, Place.country, Media.make, Media.model,
    Media.lens, Media.exposure_time, Media.aperture, Media.iso, Media.focal_length, Media.focal_length_35mm,
    Media.flash, Media.title, Media.description, Media.tags, Photo.rating, Blob.error, Blob.device,
)  # fmt: skip
DETAIL = Statement(
    select(*_DETAIL, Space.id, Space.root_id, Photo.folder_id, Photo.stack_id, Photo.stacked)
    .select_from(Photo)
    .join(Space, Space.id == Photo.space_id)
    .join(Member, Member.space_id == Space.id)
    .join(Entry, Entry.id == Photo.entry_id)
    .join(Blob, Blob.id == Photo.blob_id)
    .join(Media, Media.blob_id == Blob.id)
    .outerjoin(RenditionSet, RenditionSet.sha256 == Blob.sha256)
    .outerjoin(Place, Place.id == Photo.place_id)
    .where(Photo.entry_id == p("entry"), *_SEEN)
)
COPIES = Statement(
    select(Photo.entry_id, Entry.name, Space.name, Space.root_id, Photo.folder_id)
    .select_from(Blob)
    .join(Entry, Entry.blob_id == Blob.id)
    .join(Photo, Photo.entry_id == Entry.id)
    .join(Space, Space.id == Photo.space_id)
    .join(Member, Member.space_id == Space.id)
    .where(Blob.sha256 == p("sha256"), Photo.entry_id != p("entry"), *_SEEN)
    .order_by(Photo.entry_id)
    .limit(p("limit"))
)
NAMES_OF_STACK = Statement(
    select(Entry.parent_id, Entry.name_key, Media.content_id)
    .join(Media, Media.blob_id == Entry.blob_id)
    .where(Entry.id == p("entry"))
)
_STACKED = (
    select(Photo.entry_id, Entry.name, Photo.kind, Media.format, Blob.size)
    .select_from(Entry)
    .join(Photo, Photo.entry_id == Entry.id)
    .join(Blob, Blob.id == Entry.blob_id)
    .join(Media, Media.blob_id == Blob.id)
    .where(Entry.parent_id == p("folder"), or_(Photo.entry_id == p("top"), Photo.stack_id == p("top")))
)
# Every name that begins with "stem." lies between "stem." and "stem/". Never by the stack's id: there is no index.
STACK_OF_STEM = Statement(_STACKED.where(Entry.name_key >= p("first"), Entry.name_key < p("beyond")))
STACK_OF_CONTENT = Statement(_STACKED.where(Media.content_id == p("content")))
