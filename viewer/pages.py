"""The pages of the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, redirect, render_template, request, url_for

from gateway.library.query import Query
from viewer import security
from viewer.api import photos as photos_api

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def photos() -> Response | str:
    """Everything of all spaces by the day it was taken. What the grid needs first stands in the page."""
    if g.principal is None:
        return redirect(url_for("auth.sign_in", next=request.full_path.rstrip("?")))
    space = request.args.get("space")
    library = security.library()
    segments = library.timeline.segments(g.principal, Query.parse({"space": [space or ""]}))
    return render_template(
        "photos.html",
        segments=photos_api.segments_json(segments),
        spaces=library.files.spaces(g.principal),
        space=space,
        queue=library.jobs.queue(),
    )
