"""The account's page: what people decide about themselves, and what takes their room.

Every section is a form that works by itself; with htmx the section alone is answered.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for

from gateway.errors import BadRequest, Conflict, Exists, GatewayError, NotFound, TooManyAttempts, TooManyRequests
from gateway.library.accounts import MIN_PASSWORD
from gateway.library.profiles import MAX_CALLED
from viewer import room, security
from viewer.agents import browser_of
from viewer.auth import words_of
from viewer.errors import problem_of
from viewer.languages import LANGUAGES, ago, gettext, lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Response

blueprint = Blueprint("account", __name__, url_prefix="/account")

_YEAR = 365 * 86_400
_WRONG = (BadRequest, Conflict, Exists, NotFound, TooManyAttempts, TooManyRequests)
THEMES = (
    ("system", lazy_gettext("As the system"), "monitor"),
    ("light", lazy_gettext("Light"), "sun"),
    ("dark", lazy_gettext("Dark"), "moon"),
)


@blueprint.before_request
def _somebody() -> Response | None:
    """Only for who is signed in; a page that is asked for is shown after that."""
    if g.principal is None and request.method == "GET":
        return security.to_sign_in()
    security.principal()
    return None


@blueprint.get("")
def account() -> str:
    """The whole page."""
    return _whole()


@blueprint.post("/name")
def name() -> Response:
    """Another display name."""
    return _change("name", lambda: security.library().profiles.call(g.principal, _field("called")))


@blueprint.post("/sign-in-name")
def sign_in_name() -> Response:
    """Another name to sign in with."""
    return _change("name", lambda: security.library().profiles.rename(g.principal, _field("name")))


@blueprint.post("/password")
def password() -> Response:
    """Another password."""
    change = security.library().profiles.change_password
    old, new = _field("old"), _field("password")
    return _change(
        "password",
        lambda: change(g.principal, g.token, old, new, address=request.remote_addr or ""),
        gettext("Your password is changed. Other browsers are signed out."),
    )


@blueprint.post("/pages")
def pages() -> Response:
    """How pages are: their language, their theme, and whether single keys do something."""
    profiles = security.library().profiles

    def work() -> None:
        profiles.speak(g.principal, _field("language") if _field("language") in LANGUAGES else None)
        profiles.dress(g.principal, _field("theme"))
        profiles.use_shortcuts(g.principal, on="shortcuts" in request.form)

    response = _change("pages", work)
    response.set_cookie("theme", g.visit.theme, max_age=_YEAR, secure=request.is_secure, samesite="Lax")
    return response


@blueprint.post("/sessions/end")
def end_session() -> Response:
    """Sign one other browser out, or all others."""
    sessions = security.library().sessions

    def work() -> None:
        if "others" in request.form:
            sessions.sign_out_elsewhere(g.principal, g.token)
        else:
            sessions.end(g.principal, _field("session"))

    return _change("sessions", work)


@blueprint.post("/devices")
def add_device() -> Response:
    """Make a password for a device. It stands in this answer and never again."""
    profiles, made = security.library().profiles, {}
    label = _field("label").strip()

    def work() -> None:
        made["password"] = profiles.add_device(g.principal, label)

    return _change("devices", work, new=made, label=label)


@blueprint.post("/devices/<id:device>/end")
def end_device(device: int) -> Response:
    """End the password of a device."""
    return _change("devices", lambda: security.library().profiles.end_device(g.principal, device))


@blueprint.post("/programs/<id:token>/end")
def end_program(token: int) -> Response:
    """End the tokens of a program."""
    return _change("programs", lambda: security.library().tokens.revoke(g.principal, token))


@blueprint.get("/storage")
def storage() -> str:
    """What takes the room of a space."""
    wanted = request.args.get("space", g.principal.name)
    library = security.library()
    report = library.usages.report(g.principal, wanted)
    rooms = room.rooms()
    found = next((one for one in rooms if one.space.name.casefold() == wanted.casefold()), None)
    if found is None:  # it ended just now
        raise NotFound("There is nothing here.")
    template = "account/_usage.html" if request.headers.get("HX-Request") else "account/storage.html"
    return render_template(
        template,
        report=report,
        room=found,
        rooms=rooms,
        administrators=library.profiles.administrators(),
        trash=url_for("trash.of_space", space=found.space.name),
        ago=ago_of,
    )


# --- answering --------------------------------------------------------------------------------------------------------


def _field(field: str) -> str:
    return request.form.get(field, "")


def _change(section: str, work: Callable[[], None], done: str = "", **shown: Any) -> Response:
    """Do it, and show its section as it is then, or what was wrong."""
    problem = None
    try:
        work()
    except _WRONG as error:
        problem = error
    security.look_again()
    message = {"section": section, "done": "" if problem else done, "problem": problem and words_of(problem)}
    if request.headers.get("HX-Request"):
        response = make_response(_fragment(section, message, **shown))
    elif problem or done or shown:
        response = make_response(_whole(message, **shown))
    else:
        return redirect(url_for("account.account", _anchor=section), 303)
    _tell(response, problem)
    if shown:
        response.headers["Cache-Control"] = "no-store"
    return response


def _tell(response: Any, problem: GatewayError | None) -> None:
    if problem is not None:
        found = problem_of(problem)
        response.status_code = found.status
        response.headers.update(found.headers)


def _fragment(section: str, message: dict[str, Any], **shown: Any) -> str:
    return render_template(f"account/_{section}.html", **_values(), message=message, **shown)


def _whole(message: dict[str, Any] | None = None, **shown: Any) -> str:
    nothing = {"section": "", "done": "", "problem": None}
    return render_template("account/account.html", **_values(), message=message or nothing, **shown)


def _values() -> dict[str, Any]:
    library = security.library()
    return {
        "me": g.visit,
        "least": MIN_PASSWORD,
        "longest": MAX_CALLED,
        "themes": THEMES,
        "sessions": library.sessions.all(g.principal, g.token),
        "devices": library.profiles.devices(g.principal),
        "programs": library.tokens.all(g.principal),
        "rooms": room.rooms(),
        "browser_of": browser_of,
        "ago": ago_of,
    }


def ago_of(moment: int) -> str:
    """When something was, in microseconds UTC, as people say it: "3 hours ago"."""
    return ago(datetime.now(UTC) - datetime.fromtimestamp(moment / 1_000_000, UTC))
