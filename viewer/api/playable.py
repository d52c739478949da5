"""The playable copy of a video: how far it is, and asking for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify

from viewer import security

if TYPE_CHECKING:
    from gateway.library.playables import State

blueprint = Blueprint("api_playable", __name__, url_prefix="/api/v1/photos")


@blueprint.get("/<int(max=9223372036854775807):photo>/playable")
def state(photo: int) -> Response:
    """How far the copy is."""
    return _json(security.library().playables.state(security.principal(), photo))


@blueprint.post("/<int(max=9223372036854775807):photo>/playable")
def ask(photo: int) -> Response:
    """Have it made; 202 while it is not there yet (RFC 9110 §15.3.3)."""
    found = security.library().playables.ask(security.principal(), photo)
    response = _json(found)
    response.status_code = 200 if found.stage == "ready" else 202
    return response


def _json(found: State) -> Response:
    return jsonify(state=found.stage, progress=found.progress, size=found.size, error=found.error)
