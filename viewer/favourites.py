"""The page of favourites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, render_template

from gateway.library.query import Query
from viewer import security
from viewer.grid import grid

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("favourites", __name__)


@blueprint.get("/favourites")
def favourites() -> Response | str:
    """The photos that have the heart of who looks, by the day they were taken."""
    if g.principal is None:
        return security.to_sign_in()
    spaces = security.library().files.spaces(g.principal)
    return render_template("favourites.html", grid=grid(Query.parse({"favourite": ["yes"]}), spaces))
