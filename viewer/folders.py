"""Pages of folders: the tree of the network drive with its pictures, and the downloads of files that are none."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from markupsafe import Markup, escape

from gateway.errors import BadRequest, Conflict, NotFound
from gateway.library.pictures import Original
from gateway.library.query import Query, Sort
from gateway.library.tokens import Scope
from gateway.library.values import Role
from viewer import media, security
from viewer.api.folders import address, moment, path_of
from viewer.grid import grid
from viewer.languages import gettext

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as AnyResponse

    from gateway.library.folders import Folder
    from gateway.library.values import Path

blueprint = Blueprint("folders", __name__)

_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@blueprint.app_template_filter("shown")
def shown(name: str) -> Markup:
    """A name as text, exactly; what would turn the order of letters ("gpj.exe" into "exe.jpg") stands as its code."""
    parts = _TURNING.split(name)
    marked = (Markup('<span class="control">U+{:04X}</span>').format(ord(one)) for one in _TURNING.findall(name))
    return Markup("").join(
        part for pair in zip_longest(map(escape, parts), marked, fillvalue=Markup("")) for part in pair
    )


class _Choice(NamedTuple):
    """An order, and whether it is this one."""

    value: str
    text: str
    is_chosen: bool


class _Crumb(NamedTuple):
    """A folder above."""

    name: str
    address: str


@blueprint.get("/folders")
def spaces() -> AnyResponse | str:
    """The spaces of who looks: where folders begin."""
    if g.principal is None:
        return security.to_sign_in()
    library = security.library()
    found = library.files.spaces(g.principal)
    return render_template("spaces.html", spaces=found, covers=library.folders.covers(g.principal), where=_where)


@blueprint.get("/folders/<path:path>")
def folder(path: str) -> AnyResponse | str:
    """A folder: folders, photos, other files. With ``folders_after`` or ``files_after`` only more of these."""
    if g.principal is None:
        return security.to_sign_in()
    library, asked = security.library().folders, path_of(path)
    sort = _sort()
    for name, more in (("folders", library.folders), ("files", library.files)):
        after = request.args.get(f"{name}_after")
        if after is not None:
            listed, following = more(g.principal, asked, after, sort)
            return _fragment(name, asked, sort, listed, following)
    try:
        found = library.open(g.principal, asked, sort)
    except Conflict:
        return _to_file(asked)
    query = Query.parse({"folder.only": ["/".join(found.path) + "/"], "sort": [sort.value]})
    return render_template(
        "folder.html",
        folder=found,
        grid=grid(query, []),
        crumbs=_crumbs(found),
        sorts=_sorts(sort),
        may_change=found.space.role >= Role.EDITOR,
        **_words(found.path, sort),
    )


@blueprint.get("/download/<path:path>")
def download(path: str) -> Response:
    """A file of any kind, byte for byte, never shown as a page of ours; ranges as RFC 9110 §14 has them."""
    found = security.library().files.open(security.require(Scope.READ), path_of(path))
    entry = found.resource.entry
    response = media.sent(Original(entry.name, entry.size, entry.etag, "", found.read), "application/octet-stream")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(entry.name, safe='')}"
    return response


def _to_file(path: Path) -> AnyResponse:
    """The address of a file leads to its folder, and there to the file."""
    entry = security.library().files.stat(g.principal, path).entry
    above = url_for(".folder", path="/".join(path[:-1]))
    try:
        security.library().details.photo(g.principal, entry.id)
    except NotFound:
        return redirect(f"{above}#file-{entry.id}")
    return redirect(f"{above}?photo={entry.id}")


def _fragment(name: str, path: Path, sort: Sort, listed: Any, following: str | None) -> Response:
    response = make_response(
        render_template(f"_{name}.html", **{name: listed, f"more_{name}": following}, **_words(path, sort))
    )
    response.headers["Cache-Control"] = "no-store"  # at the address of the page
    return response


def _words(path: Path, sort: Sort) -> dict[str, Any]:
    """What lists need to say where things are."""
    return {
        "where": lambda name: _where((*path, name)),
        "download": lambda name: f"{request.root_path}/download/{address((*path, name))}",
        "here": f"{_where(path)}?sort={sort.value}",
        "moment_of": moment,
    }


def _where(path: Path) -> str:
    """The address of a folder."""
    return f"{request.root_path}/folders/{address(path)}"


def _crumbs(found: Folder) -> list[_Crumb]:
    return [_Crumb(name, _where(found.path[: number + 1])) for number, name in enumerate(found.path[:-1])]


def _sort() -> Sort:
    text = request.args.get("sort") or Sort.NAME.value
    try:
        return Sort(text)
    except ValueError:
        raise BadRequest(f"There is no order “{text[:20]}”.") from None


def _sorts(chosen: Sort) -> list[_Choice]:
    texts = {
        Sort.NAME: gettext("By name"),
        Sort.NAME_DOWN: gettext("By name, backwards"),
        Sort.NEWEST: gettext("Newest first"),
        Sort.OLDEST: gettext("Oldest first"),
        Sort.LAST_ADDED: gettext("Last added first"),
        Sort.FIRST_ADDED: gettext("First added first"),
        Sort.LARGEST: gettext("Largest first"),
        Sort.SMALLEST: gettext("Smallest first"),
    }
    return [_Choice(sort.value, text, sort is chosen) for sort, text in texts.items()]
