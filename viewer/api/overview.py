"""What changed, what there is, and where: counts, suggestions, the map."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response, jsonify, request

from gateway.errors import BadRequest
from gateway.library.query import Box, Query
from viewer import security
from viewer.api.photos import query, segments_json

blueprint = Blueprint("api_overview", __name__, url_prefix="/api/v1")

_MOST_ZOOM = 24


@blueprint.get("/changes")
def changes() -> Response:
    """The days that are not what they were at the change ``since``; 204 at once when there are none.

    ``all`` says that nothing is as it was: days that are not here are gone.
    """
    since = request.args.get("since", type=int)
    if since is None:
        raise BadRequest("Say since which change: since=17, the “seq” of an answer.")
    found = security.library().timeline.changes(security.principal(), since)
    if found is None:
        return Response(status=204)
    return jsonify({**segments_json(found.segments), "all": found.is_everything})


@blueprint.get("/facets")
def facets() -> Response:
    """How many photos of a view each value of a filter would find; ``counted`` of ``total`` were looked at."""
    return jsonify(security.library().overview.facets(security.principal(), query())._asdict())


@blueprint.get("/suggest")
def suggest() -> Response:
    """Filters that somebody who typed ``q`` may mean."""
    found = security.library().overview.suggest(security.principal(), request.args.get("q", ""))
    return jsonify([asdict(one) for one in found])


@blueprint.get("/map")
def clusters() -> Response:
    """The photos of a view in a ``box`` at a ``zoom``, those that lie together as one."""
    zoom = request.args.get("zoom", type=int)
    if zoom is None or not 0 <= zoom <= _MOST_ZOOM:
        raise BadRequest(f"Say how near: zoom=0 to zoom={_MOST_ZOOM}.")
    # The map's own box is not a filter of the view, but it is read like one.
    boxes = [value for one in Query.parse({"box": request.args.getlist("box")}).filters for value in one.values]
    if len(boxes) != 1 or not isinstance(boxes[0], Box):
        raise BadRequest("Say which part of the map: box=13.1,52.3,13.8,52.7, west, south, east and north.")
    found = security.library().overview.clusters(security.principal(), query("box", "zoom"), boxes[0], zoom)
    return jsonify(
        lat=[round(one.latitude, 5) for one in found],
        lon=[round(one.longitude, 5) for one in found],
        count=[one.count for one in found],
        photo=[one.photo_id for one in found],
        v=[one.version for one in found],
    )
