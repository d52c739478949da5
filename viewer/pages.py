"""The pages of the shell."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from flask import Blueprint, g, render_template, request

from gateway.library.query import Query
from viewer import security
from viewer.grid import grid
from viewer.languages import lazy_gettext

if TYPE_CHECKING:
    from flask_babel.speaklater import LazyString
    from werkzeug.wrappers import Response

blueprint = Blueprint("pages", __name__)

_THEMES = frozenset({"light", "dark", "system"})


class Place(NamedTuple):
    """Where the rail and the phone's bar lead."""

    page: str
    """The page's name in ``data-page``, and the end of its address."""
    label: LazyString
    icon: str
    address: str
    is_main: bool = False
    """It stands in the bar of a phone itself, not behind "More"."""
    key: str = ""
    """What leads there after a "g"."""


NAVIGATION = (
    Place("photos", lazy_gettext("Photos"), "images", "/", is_main=True, key="p"),
    Place("folders", lazy_gettext("Folders"), "folder", "/folders", is_main=True, key="f"),
    Place("map", lazy_gettext("Map"), "map", "/map", key="m"),
    Place("search", lazy_gettext("Search"), "search", "/search", is_main=True),
    Place("favourites", lazy_gettext("Favourites"), "heart", "/favourites"),
    Place("recent", lazy_gettext("Recently added"), "history", "/gallery?sort=-added", key="r"),
    Place("trash", lazy_gettext("Trash"), "trash-2", "/trash"),
    Place("connect", lazy_gettext("Connect"), "smartphone", "/connect"),
)


def theme() -> str:
    """The theme that this browser's person chose: it must come with the page, or the page would flash.

    Pages for nobody in particular are as the last person in this browser chose.
    """
    chosen = g.visit.theme if g.get("visit") else request.cookies.get("theme", "system")
    return chosen if chosen in _THEMES else "system"


@blueprint.get("/")
def photos() -> Response | str:
    """Everything of all spaces by the day it was taken. What the grid needs first stands in the page."""
    if g.principal is None:
        return security.to_sign_in()
    space = request.args.get("space")
    library = security.library()
    spaces = library.files.spaces(g.principal)
    today = datetime.now(ZoneInfo(library.photos.zone)).date()
    return render_template(
        "photos.html",
        grid=grid(Query.parse({"space": [space or ""]}), spaces),
        spaces=spaces,
        space=space,
        today=today,
        memories=None
        if space or request.cookies.get("memories") == "off"
        else library.timeline.on_this_day(g.principal, today),
        queue=library.jobs.queue(),
    )
