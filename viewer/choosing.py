"""Choosing the language of a browser, before anybody has signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, redirect, request

from viewer import security
from viewer.languages import LANGUAGES

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

blueprint = Blueprint("languages", __name__)

_YEAR = 365 * 86_400


@blueprint.post("/language")
def choose() -> Response:
    """Remember the language in this browser, and go back to the page."""
    response = redirect(security.next_address(), 303)
    wanted = request.form.get("language", "")
    if wanted in LANGUAGES:
        response.set_cookie("language", wanted, max_age=_YEAR, secure=request.is_secure, samesite="Lax")
    return response
