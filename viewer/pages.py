"""The pages of the shell."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Blueprint, g, redirect, render_template, request, url_for

from gateway.errors import NotFound
from gateway.library.query import EVERYTHING, Query
from viewer import security
from viewer.api import photos as photos_api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Response

    from gateway.library.timeline import Segments
    from gateway.library.values import Space

blueprint = Blueprint("pages", __name__)

_THEMES = frozenset({"light", "dark", "system"})
_FIRST = 500
"""Photos that stand in the page, so that the first pictures wait for nothing."""
_EPOCH = date(1970, 1, 1)


class Place(NamedTuple):
    """Where the rail and the phone's bar lead."""

    page: str
    """The page's name in ``data-page``, and the end of its address."""
    label: str
    icon: str
    address: str


NAVIGATION = (
    Place("photos", "Photos", "images", "/"),
    Place("connect", "Connect", "smartphone", "/connect"),
)


def theme() -> str:
    """The theme that this browser's person chose: it must come with the page, or the page would flash."""
    chosen = request.cookies.get("theme", "system")
    return chosen if chosen in _THEMES else "system"


@blueprint.get("/")
def photos() -> Response | str:
    """Everything of all spaces by the day it was taken. What the grid needs first stands in the page."""
    if g.principal is None:
        return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))
    space = request.args.get("space")
    library = security.library()
    query = Query.parse({"space": [space or ""]})
    segments = library.timeline.segments(g.principal, query)
    spaces = library.files.spaces(g.principal)
    return render_template(
        "photos.html",
        segments=photos_api.segments_json(segments),
        columns=_first_columns(query, segments, request.args.get("at")),
        page={
            "filters": query.texts,
            "isEverything": query == EVERYTHING,
            "initials": {} if space else _initials(spaces),
            "place": _place(query, request.args.get("photo")),
        },
        spaces=spaces,
        space=space,
        queue=library.jobs.queue(),
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


def _initials(spaces: Sequence[Space]) -> dict[int, str]:
    """What tiles of shared spaces say where those of all spaces are together."""
    return {space.id: space.name[:1].upper() for space in spaces if space.name != g.principal.name}


def _first_columns(query: Query, segments: Segments, at: str | None) -> dict[str, Any] | None:
    """The photos that are seen first: the newest ones, or those from the day ``at`` on."""
    start = 0
    if at is not None and (day := _day(at)) is not None:
        start = next((i for i, other in enumerate(segments.days) if other <= day), 0)
    end, photos = start, 0
    while end < len(segments.days) and (photos := photos + segments.counts[end]) <= _FIRST:
        end += 1
    if end == start:
        return None
    first, beyond = _key(segments, start), _key(segments, end) if end < len(segments.days) else None
    tiles = security.library().timeline.columns(g.principal, query, first, beyond)
    return {"from": first, "until": beyond, "columns": photos_api.columns_json(tiles)}


def _key(segments: Segments, segment: int) -> str:
    """What a segment is called: its day, and its number in a day that has several."""
    day = segments.days[segment]
    part = segment - segments.days.index(day) + 1
    name = (_EPOCH + timedelta(days=day)).isoformat()
    return name if part == 1 else f"{name}.{part}"


def _day(at: str) -> int | None:
    """A day in an address, from 1970-01-01; None for what is none."""
    try:
        return (date.fromisoformat(at) - _EPOCH).days
    except ValueError:
        return None
