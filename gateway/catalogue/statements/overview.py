"""What there is in a view: how many photos of each kind, place, camera; and where they lie on the map."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ClauseElement, func, select, text, union_all

from gateway.catalogue.dialect import among
from gateway.catalogue.models import Blob, Entry, Media, Photo, Place, RenditionSet
from gateway.catalogue.statements.renditions import VERSION
from gateway.catalogue.statements.statement import Statement, n, p
from gateway.catalogue.statements.timeline import View, photos_of

if TYPE_CHECKING:
    from gateway.catalogue.statements.filters import Condition

_Build = Callable[..., ClauseElement]


def _newest(where: Condition | None, spaces: int) -> Any:
    """Of each space the ``most`` photos that were taken last."""
    columns = (Photo.space_id, Photo.kind, Photo.flags, Photo.rating, Photo.place_id, Photo.blob_id)
    order = (Photo.day.desc(), Photo.taken.desc(), Photo.entry_id.desc())

    def of_space(number: int) -> Any:
        found = photos_of(View(spaces, "taken", is_descending=True), number, where, *columns)
        return select(found.order_by(*order).limit(n("most")).subquery(f"of_{number}"))

    return union_all(*map(of_space, range(spaces))).subquery("newest")


def _kinds(where: Condition | None, spaces: int) -> ClauseElement:
    newest = _newest(where, spaces).c
    columns = (newest.space_id, newest.kind, newest.flags, newest.rating)
    return select(*columns, func.count()).group_by(*columns)


def _places(where: Condition | None, spaces: int) -> ClauseElement:
    counted = _counted(_newest(where, spaces).c.place_id)
    return select(Place.town, Place.country, counted.c.n).join(Place, Place.id == counted.c.value)


def _counted(column: Any) -> Any:
    return select(column.label("value"), func.count().label("n")).group_by(column).subquery("counted")


def _cameras(where: Condition | None, spaces: int) -> ClauseElement:
    newest = _newest(where, spaces)
    columns = (Media.make, Media.model, Media.lens, Media.format, Media.tags)
    return (
        select(*columns, func.count())
        .select_from(newest)
        .join(Media, Media.blob_id == newest.c.blob_id)
        .group_by(*columns)
    )


def _clusters(where: Condition | None, spaces: int, ranges: int) -> ClauseElement:
    def of_space(number: int, part: int) -> Any:
        columns = ((Photo.cell // n("size")).label("cell"), func.count(), func.max(Photo.entry_id))
        found = photos_of(View(spaces, "taken", is_descending=True), number, where, *columns)
        span = (Photo.cell.is_not(None), Photo.cell >= n(f"low_{part}"), Photo.cell < n(f"high_{part}"))
        # By its place: PostgreSQL would not know two parameters of the same value for the same expression.
        return found.where(*span).group_by(text("1"))

    return union_all(*(of_space(number, part) for number in range(spaces) for part in range(ranges)))


def _statement(build: _Build, where: Condition | None, *numbers: int) -> Statement:
    return _unfiltered(build, *numbers) if where is None else Statement(build(where, *numbers), kept=False)


@cache  # as many as there are counts of spaces that people are in
def _unfiltered(build: _Build, *numbers: int) -> Statement:
    return Statement(build(None, *numbers))


def kinds(spaces: int, where: Condition | None) -> Statement:
    """Of the ``most`` newest photos of each space: space, kind, flags and rating with their counts."""
    return _statement(_kinds, where, spaces)


def places(spaces: int, where: Condition | None) -> Statement:
    """Of the same: town and country with their counts."""
    return _statement(_places, where, spaces)


def cameras(spaces: int, where: Condition | None) -> Statement:
    """Of the same: make, model, lens, format and tags with their counts."""
    return _statement(_cameras, where, spaces)


def clusters(spaces: int, where: Condition | None, ranges: int) -> Statement:
    """Of the photos in so many ranges of cells (``low_0`` to before ``high_0`` …) those that lie together.

    By the number of their cell divided by ``size``: it, their count, and the photo that came last.
    """
    return _statement(_clusters, where, spaces, ranges)


VERSIONS = Statement(
    select(Photo.entry_id, VERSION)
    .join(Blob, Blob.id == Photo.blob_id)
    .outerjoin(RenditionSet, RenditionSet.sha256 == Blob.sha256)
    .where(among(Photo.entry_id, p("entries")))
)

OTHER_FILES = Statement(
    select(Entry.id, Entry.parent_id, Entry.name, Blob.size, Entry.modified, Blob.id)
    .select_from(Blob)
    .join(Entry, Entry.blob_id == Blob.id)
    .where(Blob.media.is_(False), Blob.id < p("before"))
    .order_by(Blob.id.desc())
    .limit(p("limit"))
)
"""Files that are no pictures, of everybody, the last ones first."""

# --- the words of one space -------------------------------------------------------------------------------------------

_OF_SPACE = (Photo.space_id == p("space"), Photo.stack_id.is_(None))
PLACES_OF_SPACE = Statement(
    select(Place.town, Place.country, func.count())
    .select_from(Photo)
    .join(Place, Place.id == Photo.place_id)
    .where(*_OF_SPACE)
    .group_by(Place.id, Place.town, Place.country)
)
CAMERAS_OF_SPACE = Statement(
    select(Media.make, Media.model, Media.lens, Media.tags, func.count())
    .select_from(Photo)
    .join(Media, Media.blob_id == Photo.blob_id)
    .where(*_OF_SPACE)
    .group_by(Media.make, Media.model, Media.lens, Media.tags)
)
FOLDERS_OF_SPACE = Statement(
    select(Entry.id, Entry.name, func.count())
    .select_from(Photo)
    .join(Entry, Entry.id == Photo.folder_id)
    .where(*_OF_SPACE, Entry.parent_id.is_not(None))
    .group_by(Entry.id, Entry.name)
)
