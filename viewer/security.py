"""Who asks, whether the request is theirs, and what browsers are told about our pages.

A session is a cookie that scripts cannot read and other sites cannot send. A request that changes something must also
come from our own pages, by what the browser says of its origin, and carry the session's token against forgery.

Programs show a token (RFC 6750), or the name and an app password (RFC 7617): that is what scripts have at hand, and it
opens no more than WebDAV does. Nobody is ever asked for the latter, so that no browser opens its dialog.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from flask import current_app, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden

from gateway.errors import Unauthenticated
from viewer.errors import InsufficientScope, InvalidToken

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as WerkzeugResponse

    from gateway.library.library import Library
    from gateway.library.sessions import Visit
    from gateway.library.tokens import Scope
    from gateway.library.values import Principal

_DAYS = 30 * 86_400
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BEFORE_ALL = frozenset({"auth", "languages"})
"""Parts that serve also whoever has not chosen a password yet."""
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


def library() -> Library:
    """The library that this app shows."""
    return cast("Library", current_app.extensions["library"])


def principal() -> Principal:
    """Who is signed in; Unauthenticated for nobody."""
    if g.get("principal") is None:
        raise Unauthenticated("Sign in first.")
    return cast("Principal", g.principal)


def require(scope: Scope) -> Principal:
    """Who asks, in a browser, with a token that allows this, or with an app password that does.

    Unauthenticated for nobody, and for tokens that have ended; Forbidden for those that allow other things. Whatever
    does not call this is closed to programs.
    """
    kind, _, secret = request.headers.get("Authorization", "").strip().partition(" ")
    if _is_program():
        try:
            bearer = library().tokens.bearer(secret.strip())
        except Unauthenticated as error:
            raise InvalidToken(str(error)) from None
    elif g.get("principal") is None and kind.lower() == "basic":
        given = request.authorization
        bearer = library().tokens.device(
            (given and given.username) or "",
            (given and given.password) or "",
            address=request.remote_addr or "",
            device=request.user_agent.string or "a program",
        )
    else:
        return principal()
    g.principal = bearer.principal
    if scope not in bearer.scopes:
        raise InsufficientScope(scope)
    return bearer.principal


def _is_program() -> bool:
    """Whether the request shows a token. Then it is judged by that alone: its cookies are not looked at."""
    return request.headers.get("Authorization", "").strip()[:7].lower() == "bearer "


def cookie_name() -> str:
    """Over HTTPS the name makes browsers refuse a cookie that a neighbouring host has set (RFC 6265bis §4.1.3)."""
    return "__Host-davgallery" if request.is_secure else "davgallery"


def here() -> str:
    """The address of this request, with the prefix that a proxy has the gallery below."""
    return request.root_path + request.full_path.rstrip("?")


def to_sign_in() -> WerkzeugResponse:
    """Have somebody sign in first, and then come back."""
    return redirect(url_for("auth.sign_in", next=here()))


def next_address() -> str:
    """Where to go on after a form, as its ``next`` says: a path of our own, never another site."""
    wanted = request.values.get("next", "")
    parts = urlsplit(wanted if wanted.isprintable() else "")
    if (
        wanted.isprintable()
        and wanted.startswith("/")
        and not wanted.startswith(("//", "/\\"))
        and not parts.netloc
        and not parts.scheme
    ):
        return wanted
    return url_for("pages.photos")


def begin(response: Response, token: str, seconds: int = _DAYS) -> None:
    """Give the browser its session, or tell it that the one it has lives on."""
    response.set_cookie(cookie_name(), token, max_age=seconds, secure=request.is_secure, httponly=True, samesite="Lax")


def end(response: Response) -> None:
    """Take it back, with what the browser kept of the photographs."""
    response.delete_cookie(cookie_name(), secure=request.is_secure, httponly=True, samesite="Lax")
    response.headers["Clear-Site-Data"] = '"cache"'


def csrf() -> str:
    """What a form or script of this session sends along, in ``csrf`` or ``X-CSRF-Token``; empty without a session."""
    token = g.get("token")
    return "" if token is None else hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def judge() -> WerkzeugResponse | None:
    """See who asks, and refuse what another site made the browser send.

    Who has signed in with a password that others have seen comes to choose another one, wherever they wanted to go.
    """
    g.visit = _visit()
    g.token = None if g.visit is None else request.cookies[cookie_name()]
    g.principal = None if g.visit is None else g.visit.principal
    if request.method not in _SAFE:
        if not _is_from_here():
            raise Forbidden
        if g.token is not None and request.endpoint != "auth.signed_in":  # who signs in begins anew
            given = request.headers.get("X-CSRF-Token") or request.form.get("csrf", "")
            if not hmac.compare_digest(given.encode(), csrf().encode()):
                raise Forbidden
    if g.visit is None or not g.visit.fresh or request.endpoint == "static" or request.blueprint in _BEFORE_ALL:
        return None
    if request.method not in _SAFE or request.path.startswith("/api/"):
        raise Forbidden
    return redirect(url_for("auth.first_start", next=here()))


def look_again() -> None:
    """See who asks once more, after they changed something about themselves."""
    g.visit = _visit()
    g.principal = None if g.visit is None else g.visit.principal


def _visit() -> Visit | None:
    """Whose session the browser has, as far as it opens what is asked for."""
    token = None if _is_program() else request.cookies.get(cookie_name())
    visit = library().sessions.visit(token, address=request.remote_addr or "") if token else None
    if visit is not None and visit.scope and request.endpoint != "auth.sign_out" and request.blueprint != visit.scope:
        return None
    return visit


def _is_from_here() -> bool:
    """Whether a page of ours asks, or no page at all. Browsers of the last years say so in Sec-Fetch-Site."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def protect(response: Response) -> Response:
    """Say what our pages may do: nothing of others' runs in them, and nobody frames them."""
    response.headers.setdefault("Content-Security-Policy", POLICY)
    if (visit := g.get("visit")) is not None and visit.renewed and "Set-Cookie" not in response.headers:
        begin(response, g.token)
    if g.get("principal") is not None:
        request.environ["davgallery.account"] = g.principal.name  # for the log
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    # Not no-store: going back must be instant.
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
