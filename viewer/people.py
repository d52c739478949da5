"""Who may come in, as administrators arrange it: people, invitations, links for other passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for

from gateway.errors import BadRequest, Conflict, Exists, GatewayError, NotFound
from gateway.library.values import Role
from viewer import security
from viewer.account import ago_of
from viewer.auth import words_of
from viewer.errors import problem_of
from viewer.languages import gettext, lazy_gettext

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as AnyResponse

    from gateway.library.invitations import Link

blueprint = Blueprint("people", __name__, url_prefix="/admin/people")

_GB = 1_000_000_000
ROLES = (
    (Role.VIEWER, lazy_gettext("may look")),
    (Role.EDITOR, lazy_gettext("may change")),
    (Role.MANAGER, lazy_gettext("may manage")),
)


@blueprint.before_request
def _administrator() -> AnyResponse | None:
    """Only for administrators; for others there is nothing here."""
    if g.principal is None and request.method == "GET":
        return security.to_sign_in()
    if not security.principal().admin:
        raise NotFound("There is nothing here.")
    return None


@blueprint.get("")
def people() -> Response:
    """Who is there, and which links are open."""
    return _page()


@blueprint.post("/invite")
def invite() -> Response:
    """Make an invitation; its link stands in this answer and never again."""
    try:
        link = security.library().invitations.invite(
            g.principal,
            name=request.form.get("name", ""),
            admin="admin" in request.form,
            quota=_quota(),
            shared=_shared(),
        )
    except (BadRequest, Conflict, Exists, NotFound) as error:
        return _page(error, form=request.form)
    return _page(
        link=link, words=gettext("Send this link, or show its code. It makes an account once, within seven days.")
    )


@blueprint.post("/reset")
def reset() -> Response:
    """Make a link for another password; it stands in this answer and never again."""
    name = request.form.get("name", "")
    try:
        link = security.library().invitations.reset(g.principal, name)
    except NotFound as error:
        return _page(error)
    words = gettext("With this link %(name)s chooses a new password, once, within seven days.", name=name)
    return _page(link=link, words=words)


@blueprint.post("/links/<id:link>/revoke")
def revoke(link: int) -> AnyResponse:
    """End a link that was not used yet."""
    try:
        security.library().invitations.revoke(g.principal, link)
    except NotFound as error:
        return _page(error)
    return redirect(url_for("people.people", _anchor="links"), 303)


def _quota() -> int | None:
    """Gigabytes in the form to bytes; None for what everybody gets."""
    written = request.form.get("quota", "").strip().replace(",", ".")
    if not written:
        return None
    try:
        quota = float(written) * _GB
    except ValueError:
        quota = -1.0
    if not 0 <= quota < 1 << 62:
        raise BadRequest("The room is a number of gigabytes.")
    return round(quota)


def _shared() -> dict[str, Role]:
    """The spaces in the form, each with a role: ``space:family`` is 2."""
    roles = {str(int(role)): role for role in Role}
    chosen = ((name.removeprefix("space:"), value) for name, value in request.form.items() if name.startswith("space:"))
    return {name: roles[value] for name, value in chosen if value in roles}


def _page(
    error: GatewayError | None = None, *, link: Link | None = None, words: str = "", form: Any = None
) -> Response:
    library = security.library()
    address = None if link is None else url_for("auth.invitation", token=link.token, _external=True)
    response = make_response(
        render_template(
            "admin/people.html",
            people=library.accounts.all(),
            links=library.invitations.all(g.principal),
            shared=[space for space in library.spaces.all() if space.owner_id is None and space.removed is None],
            roles=ROLES,
            default_quota=library.accounts.default_quota / _GB,
            address=address,
            words=words,
            form=form or {},
            message=None if error is None else words_of(error),
            ago=ago_of,
        )
    )
    if error is not None:
        response.status_code = problem_of(error).status
    if link is not None:
        response.headers["Cache-Control"] = "no-store"
    return response
