"""What there is in a view: how many photos of each kind, place, camera; and where they lie on the map."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ClauseElement, func, select, text, union_all

from gateway.catalogue.dialect import among
from gateway.catalogue.models import Blob, Entry, Photo, PhotoCount, Place, RenditionSet, Traits
from gateway.catalogue.statements.renditions import VERSION
from gateway.catalogue.statements.statement import Statement, n, p
from gateway.catalogue.statements.timeline import View, photos_of

if TYPE_CHECKING:
    from gateway.catalogue.statements.filters import Condition

_Build = Callable[..., ClauseElement]


def _common(where: Condition | None, spaces: int) -> ClauseElement:
    """Of each space the ``most`` photos that were taken last, by everything that is counted."""
    columns = (Photo.space_id, Photo.kind, Photo.flags, Photo.rating, Photo.place_id, Photo.traits_id)
    order = (Photo.day.desc(), Photo.taken.desc(), Photo.entry_id.desc())

    def of_space(number: int) -> Any:
        found = photos_of(View(spaces, "taken", is_descending=True), number, where, *columns)
        return select(found.order_by(*order).limit(n("most")).subquery(f"of_{number}"))

    newest = union_all(*map(of_space, range(spaces))).subquery("newest")
    return select(*newest.c, func.count()).group_by(*newest.c)


def _clusters(where: Condition | None, spaces: int, ranges: int, is_wide: int) -> ClauseElement:
    # A large part of the map is looked at in the index that has what views are filtered by, a small one by its cells.
    cell = Photo.cell + 0 if where is not None and is_wide else Photo.cell

    def of_space(number: int, part: int) -> Any:
        columns = ((Photo.cell // n("size")).label("cell"), func.count(), func.max(Photo.entry_id))
        found = photos_of(View(spaces, "taken", is_descending=True), number, where, *columns)
        span = (cell.is_not(None), cell >= n(f"low_{part}"), cell < n(f"high_{part}"))
        # By its place: PostgreSQL would not know two parameters of the same value for the same expression.
        return found.where(*span).group_by(text("1"))

    return union_all(*(of_space(number, part) for number in range(spaces) for part in range(ranges)))


def _statement(build: _Build, where: Condition | None, *numbers: int) -> Statement:
    return _unfiltered(build, *numbers) if where is None else Statement(build(where, *numbers), kept=False)


@cache  # as many as there are counts of spaces that people are in
def _unfiltered(build: _Build, *numbers: int) -> Statement:
    return Statement(build(None, *numbers))


def common(spaces: int, where: Condition | None) -> Statement:
    """Of the ``most`` newest photos of each space: space, kind, flags, rating, place and traits, with their counts."""
    return _statement(_common, where, spaces)


def clusters(spaces: int, where: Condition | None, ranges: int, *, is_wide: bool) -> Statement:
    """Of the photos in so many ranges of cells (``low_0`` to before ``high_0`` …) those that lie together.

    By the number of their cell divided by ``size``: it, their count, and the photo that came last.
    """
    return _statement(_clusters, where, spaces, ranges, int(is_wide))


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

# --- what is counted already ------------------------------------------------------------------------------------------

COUNTS_OF_SPACE = Statement(
    select(PhotoCount.what, PhotoCount.key, PhotoCount.n).where(PhotoCount.space_id == p("space"), PhotoCount.n > 0)
)
PLACES = Statement(select(Place.id, Place.town, Place.country).where(among(Place.id, p("ids"))))
TRAITS = Statement(
    select(Traits.id, Traits.make, Traits.model, Traits.lens, Traits.format, Traits.tags).where(
        among(Traits.id, p("ids"))
    )
)
FOLDERS = Statement(select(Entry.id, Entry.name).where(among(Entry.id, p("ids")), Entry.parent_id.is_not(None)))
