"""Getting in: signing in and out, the first start, and links that open something once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, jsonify, make_response, redirect, render_template, request, url_for

from gateway.errors import (
    BadRequest,
    Conflict,
    Exists,
    GatewayError,
    NotFound,
    TooManyAttempts,
    TooManyRequests,
    Unauthenticated,
)
from gateway.library.accounts import MIN_PASSWORD
from gateway.library.invitations import CONNECT
from gateway.library.sessions import NARROW_LIFETIME
from viewer import security
from viewer.errors import problem_of
from viewer.languages import LANGUAGES, gettext, language, ngettext, sentence

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as AnyResponse

    from gateway.library.invitations import Offer

blueprint = Blueprint("auth", __name__)

_SECOND = 1_000_000
_MINUTE = 60


@blueprint.get("/sign-in")
def sign_in() -> AnyResponse | str:
    """The page that asks who it is."""
    if g.principal is not None:
        return redirect(security.next_address())
    return render_template("auth/sign_in.html", next=security.next_address(), name="", message=None)


@blueprint.post("/sign-in")
def signed_in() -> AnyResponse:
    """Begin a session, or say why not. A script that signs in over its page hears how to go on."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    wants_json = request.accept_mimetypes.best == "application/json"
    try:
        token = security.library().sessions.sign_in(name, password, address=_address(), device=_device())
    except (Unauthenticated, TooManyAttempts, TooManyRequests) as error:
        if wants_json:
            return problem_of(error).response()
        values = {"next": security.next_address(), "name": name}
        return _page("auth/sign_in.html", error, **values)
    if g.token is not None:
        security.library().sessions.sign_out(g.token)
    g.token = token
    answer = jsonify(csrf=security.csrf()) if wants_json else redirect(security.next_address(), 303)
    response = make_response(answer)
    security.begin(response, token)
    return response


@blueprint.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the session, or with ``everywhere`` all of this account."""
    principal = security.principal()
    if "everywhere" in request.form:
        security.library().sessions.sign_out_everywhere(principal)
    security.library().sessions.sign_out(g.token)
    response = make_response(redirect(url_for("auth.sign_in"), 303))
    security.end(response)
    return response


# --- the first start --------------------------------------------------------------------------------------------------


@blueprint.get("/welcome")
def first_start() -> AnyResponse | str:
    """The page for whoever has signed in with a password that others have seen."""
    security.principal()
    if not g.visit.fresh:
        return redirect(security.next_address())
    return render_template(
        "auth/welcome.html", next=security.next_address(), name=g.principal.name, least=MIN_PASSWORD, message=None
    )


@blueprint.post("/welcome")
def begin() -> AnyResponse:
    """Take the account over with a name, a language and a password of its own."""
    principal = security.principal()
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        security.library().profiles.begin(principal, g.token, name=name, password=password, language=_language())
    except Conflict:  # in another window
        return redirect(security.next_address(), 303)
    except (BadRequest, Exists, TooManyRequests) as error:
        values = {"next": security.next_address(), "name": name, "least": MIN_PASSWORD}
        return _page("auth/welcome.html", error, **values)
    return redirect(security.next_address(), 303)


# --- links ------------------------------------------------------------------------------------------------------------


@blueprint.get("/invitation/<token>")
def invitation(token: str) -> AnyResponse:
    """What a link is for. It changes nothing: messengers look at links before people do."""
    try:
        offer = security.library().invitations.look(token, address=_address())
    except (NotFound, TooManyAttempts) as error:
        return _private(_page("auth/ended.html", error))
    if offer.kind == CONNECT and g.principal is not None and g.principal.name == offer.name:
        return redirect(_connect_page())
    return _private(_page("auth/invitation.html", None, offer=offer, name=offer.name, least=MIN_PASSWORD))


@blueprint.post("/invitation/<token>")
def accept(token: str) -> AnyResponse:
    """Do what a link is for, and sign the browser in."""
    invitations = security.library().invitations
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        offer = invitations.look(token, address=_address())
        session = invitations.accept(
            token, address=_address(), device=_device(), name=name, password=password, language=_language()
        )
    except (NotFound, TooManyAttempts) as error:
        return _private(_page("auth/ended.html", error))
    except (BadRequest, Exists, TooManyRequests) as error:
        return _private(_page("auth/invitation.html", error, offer=offer, name=name, least=MIN_PASSWORD))
    if g.token is not None:
        security.library().sessions.sign_out(g.token)
    response = make_response(redirect(_after(offer), 303))
    if offer.kind == CONNECT:
        security.begin(response, session, NARROW_LIFETIME // _SECOND)
    else:
        security.begin(response, session)
    return _private(response)


def _after(offer: Offer) -> str:
    return _connect_page() if offer.kind == CONNECT else url_for("pages.photos")


def _connect_page() -> str:
    """The page for devices, with the kind of device that the link names."""
    return url_for("connect.page", device=request.args.get("device"))


def _private(response: Response) -> Response:
    """Keep the address, which is a secret, from what others see of the browser."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _language() -> str:
    chosen = request.form.get("language", "")
    return chosen if chosen in LANGUAGES else language()


def _address() -> str:
    return request.remote_addr or ""


def _device() -> str:
    return request.user_agent.string or gettext("a browser")


def _page(template: str, error: GatewayError | None, **values: object) -> Response:
    """A page with a form, and what was wrong with it."""
    message = None if error is None else words_of(error)
    response = make_response(render_template(template, message=message, **values))
    if error is not None:
        problem = problem_of(error)
        response.status_code = problem.status
        response.headers.update(problem.headers)
    return response


def words_of(error: GatewayError) -> str:
    """What a person is told of an error; waiting in words."""
    if isinstance(error, TooManyAttempts):
        if error.retry_after > 2 * _MINUTE:
            return ngettext(
                "Too many wrong tries. Please wait %(num)d minute, then try again.",
                "Too many wrong tries. Please wait %(num)d minutes, then try again.",
                -(-error.retry_after // _MINUTE),
            )
        return ngettext(
            "Too many wrong tries. Please wait %(num)d second, then try again.",
            "Too many wrong tries. Please wait %(num)d seconds, then try again.",
            error.retry_after,
        )
    if isinstance(error, TooManyRequests):
        return gettext("Many people are signing in right now. Please try again in a moment.")
    return sentence(str(error))
