"""The map: where photos were taken, and beside it those of what is in view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, g, jsonify, render_template, request

from gateway.errors import BadRequest
from gateway.library.query import Box, Query
from viewer import security
from viewer.chips import chips
from viewer.grid import initials
from viewer.search import read
from viewer.towns import towns

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as Redirect

blueprint = Blueprint("map", __name__)

_VIEW = ("center", "zoom")
_MOST_ZOOM = 24
_MONTH = 30 * 86_400


@blueprint.get("/map")
def map_() -> Redirect | str:
    """The map of a view. Where on it one is, ``center`` and ``zoom`` say."""
    if g.principal is None:
        return security.to_sign_in()
    spaces = security.library().files.spaces(g.principal)
    query, problems = read(spaces, *_VIEW)
    query = Query(query.filters)
    return render_template(
        "map.html",
        problems=problems,
        chips=chips(query),
        query=query,
        page={"filters": query.texts, "order": -1, "isEverything": False, "initials": initials(spaces), "place": None},
    )


@blueprint.get("/map/towns")
def names() -> Response:
    """The names of towns for a ``box`` of the map at a ``zoom``; one array for each property."""
    security.principal()
    zoom = request.args.get("zoom", type=int)
    boxes = Query.parse({"box": request.args.getlist("box")}).values("box")
    if zoom is None or not 0 <= zoom <= _MOST_ZOOM or len(boxes) != 1 or not isinstance(boxes[0], Box):
        raise BadRequest("Say which part of the map: box=13.1,52.3,13.8,52.7&zoom=9.")
    found = towns(boxes[0], zoom)
    response = jsonify(
        name=[one.name for one in found],
        lat=[one.latitude for one in found],
        lon=[one.longitude for one in found],
    )
    response.headers["Cache-Control"] = f"private, max-age={_MONTH}"
    return response
