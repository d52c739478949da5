"""The trash: what was deleted from the spaces of who looks, until it is restored or its time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound as NoPage

from gateway.errors import BadRequest, NotFound
from gateway.library import record, trash
from gateway.library.values import Role
from viewer import media, security
from viewer.api.folders import moment

if TYPE_CHECKING:
    from datetime import datetime

    from werkzeug.wrappers import Response as AnyResponse

    from gateway.library.trash import TrashItem
    from gateway.library.values import Space

blueprint = Blueprint("trash", __name__)

PAGE = 100
_DAY = 86_400 * 1_000_000


class Item(NamedTuple):
    """Something in the trash as its page shows it."""

    id: int
    name: str
    folder: str
    """Where it was, below the space; empty for the space itself."""
    is_folder: bool
    size: int
    deleted: datetime
    device: str
    days_left: int
    picture: str | None
    """The version of its rendition."""
    is_mine: bool
    """It is the person's to restore and to delete for good."""


@blueprint.get("/trash")
def begin() -> AnyResponse:
    """The trash of the person's own space."""
    if g.principal is None:
        return security.to_sign_in()
    return redirect(url_for(".of_space", space=g.principal.name))


@blueprint.get("/trash/<space>")
def of_space(space: str) -> AnyResponse | str:
    """What is in the trash of a space, the latest first. With ``before`` only more of it."""
    if g.principal is None:
        return security.to_sign_in()
    spaces = security.library().files.spaces(g.principal)
    here = next((one for one in spaces if one.name == space), None)
    if here is None:
        raise NotFound("There is no such space.")
    before = request.args.get("before")
    items, following = _page(here, before)
    words: dict[str, Any] = {"space": here, "items": items, "following": following}
    if before is not None:
        return render_template("_trash.html", **words)
    return render_template(
        "trash.html", spaces=spaces, keep=_keep() // _DAY, may_empty=_may_empty(here, items), **words
    )


@blueprint.get("/trash/<space>/<id:item>/<version>/<name>.webp")
def picture(space: str, item: int, version: str, name: str) -> Response:
    """A rendition of what lies in the trash."""
    if name not in media.RENDITIONS:
        raise NoPage
    return media.shown(security.library().pictures.trashed(security.principal(), space, item, name), version)


def _page(space: Space, before: str | None) -> tuple[list[Item], int | None]:
    """Some items, and the mark after which there are more."""
    if before is not None and not (before.isascii() and before.isdecimal() and len(before) < 19):
        raise BadRequest("This is no place in the trash. Begin again without it.")
    library = security.library().trash
    rows = library.items(g.principal, space.name, before=int(before) if before else None, limit=PAGE + 1)
    pictures = library.pictures(rows[:PAGE])
    items = [_item(row, space, pictures.get(row.id)) for row in rows[:PAGE]]
    return items, items[-1].id if len(rows) > PAGE else None


def _item(row: TrashItem, space: Space, version: str | None) -> Item:
    left = row.deleted + _keep() - record.clock()
    return Item(
        row.id,
        row.name,
        row.path,
        bool(row.is_folder),
        row.size,
        moment(row.deleted),
        row.device,
        max(0, -(-left // _DAY)),
        version,
        trash.decides(g.principal, space.role, row),
    )


def _may_empty(space: Space, items: list[Item]) -> bool:
    return bool(items) and (space.role >= Role.MANAGER or any(item.is_mine for item in items))


def _keep() -> int:
    """How long things are kept, in microseconds."""
    return security.library().upkeep.keep_trash
