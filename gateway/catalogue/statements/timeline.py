"""The timeline: days with their counts, and the photos of a range of days, of several spaces at once.

Each space is searched by a limited SELECT of its own along the index ``photo_timeline``, and what they find is merged:
one condition on several spaces would make the database sort all of their photos.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ClauseElement, CompoundSelect, Select, bindparam, case, func, literal, select, text, union_all
from sqlalchemy import exists as sql_exists

from gateway.catalogue.dialect import among
from gateway.catalogue.models import (
    Blob,
    DayCount,
    Entry,
    Favourite,
    Media,
    Member,
    PendingSubtree,
    Photo,
    Place,
    RenditionSet,
    Space,
)
from gateway.catalogue.statements.filters import DAY, Condition
from gateway.catalogue.statements.renditions import VERSION
from gateway.catalogue.statements.statement import Statement, n, p

if TYPE_CHECKING:
    from collections.abc import Iterable

DAYS_OF_SPACE = Statement(
    select(DayCount.day, DayCount.n, DayCount.ratio_sum)
    .where(DayCount.space_id == p("space"), DayCount.n > 0)
    .order_by(DayCount.day.desc())
)
CHANGED_DAYS = Statement(select(DayCount.day).where(DayCount.space_id == p("space"), DayCount.seq > p("since")))
DAYS_AMONG = Statement(
    select(DayCount.day, DayCount.n, DayCount.ratio_sum)
    .where(DayCount.space_id == p("space"), among(DayCount.day, p("days")))
    .order_by(DayCount.day.desc())
)
SEQS = Statement(
    select(Space.id, Space.seq)
    .join(Member, Member.space_id == Space.id)
    .where(Member.account_id == p("account"), Space.removed.is_(None))
)

# --- views: several spaces, an order, and perhaps conditions ----------------------------------------------------------


class _Order(NamedTuple):
    """What a view is sorted by. Its days are made of ``along``, which is counted in ``unit`` of a day."""

    key: Any
    along: Any = None
    unit: int = 1

    @property
    def columns(self) -> list[Any]:
        """All that is compared, the first first."""
        first = [] if self.along is None or self.along is self.key else [self.along]
        return [*first, self.key, Photo.entry_id]

    @property
    def day(self) -> Any:
        return literal(0) if self.along is None else self.along if self.unit == 1 else self.along // self.unit

    def bounds(self) -> list[Condition]:
        if self.along is None:
            return []
        return [self.along >= n("first_day") * self.unit, self.along < (n("last_day") + 1) * self.unit]


_ORDERS = {
    "taken": _Order(Photo.taken, Photo.day),
    "added": _Order(Photo.added, Photo.added, DAY),
    "name": _Order(Entry.name_key),
    "size": _Order(Blob.size),
}


class View(NamedTuple):
    """Photos of so many spaces (their ids are the parameters ``space_0``, ``space_1`` …) in an order."""

    spaces: int
    subject: str
    """``taken``, ``added``, ``name`` or ``size``."""
    is_descending: bool


def photos_of(view: View, number: int, where: Condition | None, *columns: Any) -> Select[Any]:
    """The photos of one of the spaces of a view, stacks counted once."""
    found = select(*columns).select_from(Photo)
    if view.subject == "name":
        # The second condition is always true. Of a folder it leads straight to the names, which are in order.
        found = found.join(Entry, (Entry.id == Photo.entry_id) & (Entry.parent_id == Photo.folder_id))
    if view.subject == "size":
        found = found.join(Blob, Blob.id == Photo.blob_id)
    found = found.where(Photo.space_id == n(f"space_{number}"), Photo.stack_id.is_(None))
    return found if where is None else found.where(where)


_HEART = 32
"""The bit of :class:`gateway.library.stacks.Flag` that says whose heart it has."""
_IS_FAVOURITE = sql_exists().where(Favourite.account_id == n("account"), Favourite.entry_id == Photo.entry_id)
_FLAGS = Photo.flags + case((_IS_FAVOURITE.correlate(Photo), _HEART), else_=0)
# In the order of gateway.library.timeline.Tile, behind its id and day.
_TILE: tuple[Any, ...] = (
    Photo.taken, Photo.utc_offset, Photo.ratio, VERSION, Media.thumbhash, Photo.kind,
    _FLAGS, Photo.duration, Photo.stacked, Place.town, Photo.space_id, Photo.folder_id,
    Blob.device,
)  # fmt: skip


def _tiles(view: View, where: Condition | None) -> Select[Any]:
    order = _ORDERS[view.subject]

    def sort(columns: Iterable[Any]) -> list[Any]:
        return [column.desc() if view.is_descending else column for column in columns]

    names = [f"by_{number}" for number in range(len(order.columns))]
    columns = [column.label(name) for column, name in zip(order.columns, names, strict=True)]

    def of_space(number: int) -> Select[Any]:
        photos = photos_of(view, number, where, *columns).where(*order.bounds()).order_by(*sort(order.columns))
        return select(photos.limit(n("most")).subquery(f"of_{number}"))

    found = union_all(*map(of_space, range(view.spaces))).subquery("found")
    page = select(found).order_by(*sort(found.c)).limit(n("limit")).offset(n("skipped")).subquery("page")
    return (
        select(Photo.entry_id, order.day, *_TILE)
        .select_from(page)
        .join(Photo, Photo.entry_id == page.c[names[-1]])
        .join(Blob, Blob.id == Photo.blob_id)
        .join(Media, Media.blob_id == Photo.blob_id)
        .outerjoin(RenditionSet, RenditionSet.sha256 == Blob.sha256)
        .outerjoin(Place, Place.id == Photo.place_id)
        .order_by(*sort(page.c))
    )


def _days(view: View, where: Condition | None) -> CompoundSelect[Any]:
    order = _ORDERS[view.subject]

    def of_space(number: int) -> Select[Any]:
        counted = (func.count().label("n"), func.sum(Photo.ratio).label("ratio_sum"))
        plain = view._replace(subject="taken")  # nothing is sorted: no other table is needed
        found = photos_of(plain, number, where, order.day.label("day"), *counted)
        # By its place: PostgreSQL would not know two parameters of the same value for the same expression.
        return found.group_by(text("1"))

    return union_all(*map(of_space, range(view.spaces)))


def _before(view: View, where: Condition | None) -> Select[Any]:
    order = _ORDERS[view.subject]
    key, given, entry = order.key, bindparam("key", type_=order.key.type), n("entry")
    ahead = (
        (key > given) | ((key == given) & (Photo.entry_id > entry))
        if view.is_descending
        else (key < given) | ((key == given) & (Photo.entry_id < entry))
    )
    of_spaces = [
        photos_of(view, number, where, func.count().label("n")).where(*order.bounds(), ahead)
        for number in range(view.spaces)
    ]
    return select(func.sum(union_all(*of_spaces).subquery("counted").c.n))


def _stands(view: View, where: Condition | None) -> CompoundSelect[Any]:
    order = _ORDERS[view.subject]
    return union_all(
        *(
            photos_of(view, number, where, order.day.label("day"), order.key.label("key")).where(
                Photo.entry_id == n("entry")
            )
            for number in range(view.spaces)
        )
    )


_Build = Callable[[View, Condition | None], ClauseElement]


def _statement(build: _Build, view: View, where: Condition | None) -> Statement:
    return _unfiltered(build, view) if where is None else Statement(build(view, where), kept=False)


@cache  # as many as there are counts of spaces that people are in
def _unfiltered(build: _Build, view: View) -> Statement:
    return Statement(build(view, None))


def tiles(view: View, where: Condition | None) -> Statement:
    """The photos of a view from ``first_day`` to ``last_day``, if it has days, with the hearts of ``account``.

    Of each space ``most`` are looked at, of all together ``limit`` returned after ``skipped``.
    """
    return _statement(_tiles, view, where)


def days(view: View, where: Condition | None) -> Statement:
    """Of each space the days with their counts and their sums of ratios; in a view without days all as day 0."""
    return _statement(_days, view, where)


def stands(view: View, where: Condition | None) -> Statement:
    """The day of a photo ``entry`` in a view, and its key in the view's order; no row when it is not there."""
    return _statement(_stands, view, where)


def before(view: View, where: Condition | None) -> Statement:
    """How many photos of the days from ``first_day`` to ``last_day`` come before the one of a ``key`` and ``entry``."""
    return _statement(_before, view, where)


PHOTO = Statement(
    select(
        Photo.entry_id, Photo.space_id, Photo.folder_id, Photo.stack_id, Photo.day, Photo.taken, Photo.blob_id
    ).where(Photo.entry_id == p("entry"))
)
PENDING = Statement(select(PendingSubtree.entry_id).limit(1))

# --- pictures --------------------------------------------------------------------------------------------------------

_SEEN = (
    Photo.entry_id == p("entry"),
    Member.account_id == p("account"),
    Space.removed.is_(None),
)
RENDITIONS = Statement(
    select(Photo.space_id, VERSION, RenditionSet.key, RenditionSet.pictures)
    .join(Member, Member.space_id == Photo.space_id)
    .join(Space, Space.id == Photo.space_id)
    .join(Blob, Blob.id == Photo.blob_id)
    .join(RenditionSet, RenditionSet.sha256 == Blob.sha256)
    .where(*_SEEN)
)
ORIGINAL = Statement(
    select(Photo.space_id, Entry.name, Blob.key, Blob.size, Blob.sha256, Media.format)
    .join(Member, Member.space_id == Photo.space_id)
    .join(Space, Space.id == Photo.space_id)
    .join(Entry, Entry.id == Photo.entry_id)
    .join(Blob, Blob.id == Photo.blob_id)
    .join(Media, Media.blob_id == Blob.id)
    .where(*_SEEN)
)
