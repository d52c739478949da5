"""Signing in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for

from gateway.errors import TooManyAttempts, TooManyRequests, Unauthenticated
from viewer import security
from viewer.languages import sentence

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("auth", __name__)


@blueprint.get("/sign-in")
def sign_in() -> Response | str:
    """The page that asks who it is."""
    if g.principal is not None:
        return redirect(security.next_address())
    return render_template("sign_in.html", next=security.next_address(), name="", message=None)


@blueprint.post("/sign-in")
def signed_in() -> Response:
    """Begin a session, or say why not."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    device = request.user_agent.string or "a browser"
    try:
        token = security.library().sessions.sign_in(name, password, address=request.remote_addr or "", device=device)
    except (Unauthenticated, TooManyAttempts, TooManyRequests) as error:
        page = render_template("sign_in.html", next=security.next_address(), name=name, message=sentence(str(error)))
        response = make_response(page, 401 if isinstance(error, Unauthenticated) else 429)
        if not isinstance(error, Unauthenticated):
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    response = make_response(redirect(security.next_address(), 303))
    security.begin(response, token)
    return response


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session, or with ``everywhere`` all others of this account as well."""
    principal = security.principal()
    if "everywhere" in request.form:
        security.library().sessions.sign_out_elsewhere(principal, g.token)
    security.library().sessions.sign_out(g.token)
    response = make_response(redirect(url_for("auth.sign_in"), 303))
    security.end(response)
    return response
