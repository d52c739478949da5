"""What a page with a grid of photos brings along: its segments and the first photos, so that nothing is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flask import g, request

from gateway.errors import NotFound
from gateway.library.query import EVERYTHING, Query
from viewer import security
from viewer.api import photos as photos_api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.library.timeline import Segments
    from gateway.library.values import Space

VIEW = ("at", "photo", "slideshow")
"""What an address says besides filters: where one is in the view."""
_FIRST = 500


class Grid(NamedTuple):
    """The data blocks of a page with a grid."""

    total: int
    segments: dict[str, Any]
    columns: dict[str, Any] | None
    page: dict[str, Any]


def grid(query: Query, spaces: Sequence[Space]) -> Grid:
    """The grid of a view at the place that the request's address says; NotFound as from the library."""
    segments = security.library().timeline.segments(g.principal, query)
    is_of_several = not any(one.name == "space" for one in query.filters)
    return Grid(
        total=segments.total,
        segments=photos_api.segments_json(segments),
        columns=_first_columns(query, segments, request.args.get("at")),
        page={
            "filters": query.texts,
            "order": -1 if query.sort.is_descending else 1,
            "isEverything": query == EVERYTHING,
            "initials": initials(spaces) if is_of_several else {},
            "place": _place(query, request.args.get("photo")),
        },
    )


def _place(query: Query, photo: str | None) -> dict[str, Any] | None:
    """Where the photo of the address is, which is shown over the grid; None where it is not."""
    if photo is None or not photo.isdecimal() or len(photo) > 18:
        return None
    try:
        key, index = security.library().timeline.position(g.principal, query, int(photo))
    except NotFound:
        return None
    return {"key": key, "index": index}


def initials(spaces: Sequence[Space]) -> dict[int, str]:
    """What tiles of shared spaces say where those of all spaces are together."""
    return {space.id: space.name[:1].upper() for space in spaces if space.name != g.principal.name}


def _first_columns(query: Query, segments: Segments, at: str | None) -> dict[str, Any] | None:
    """The photos that are seen first: those at the beginning, or from the day ``at`` on."""
    keys = segments.keys
    start = 0
    if at is not None and query.sort.is_dated:
        # Keys begin with their day, and dates of four digits are in the order of time.
        behind = (key[:10] <= at if query.sort.is_descending else key[:10] >= at for key in keys)
        start = next((number for number, is_behind in enumerate(behind) if is_behind), 0)
    end, photos = start, 0
    while end < len(keys) and (photos := photos + segments.counts[end]) <= _FIRST:
        end += 1
    if end == start:
        return None
    first, beyond = keys[start], keys[end] if end < len(keys) else None
    tiles = security.library().timeline.columns(g.principal, query, first, beyond)
    return {"from": first, "until": beyond, "columns": photos_api.view_json(query, tiles)}
