"""What goes wrong, as WebDAV says it: the one table from library errors to statuses and RFC 4918 bodies.

Statuses are chosen for what a person then sees. The Finder shows 507 as "disk full", 413 as "too large", 423 as
"in use" and every other 5xx as "file not found", so nothing expected becomes a 500. rclone and the Nextcloud
clients print the ``message`` element of sabre's namespace.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, NamedTuple

from wsgidav.dav_error import (
    HTTP_BAD_REQUEST,
    HTTP_CONFLICT,
    HTTP_FORBIDDEN,
    HTTP_INSUFFICIENT_STORAGE,
    HTTP_INTERNAL_ERROR,
    HTTP_LOCKED,
    HTTP_MEDIATYPE_NOT_SUPPORTED,
    HTTP_METHOD_NOT_ALLOWED,
    HTTP_NOT_FOUND,
    HTTP_PRECONDITION_FAILED,
    HTTP_REQUEST_ENTITY_TOO_LARGE,
    HTTP_SERVICE_UNAVAILABLE,
    HTTP_UNAUTHORIZED,
    DAVError,
)

from gateway import errors
from gateway.dav.markup import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.library.values import Path

Header = tuple[str, str]

METHODS = "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, PROPPATCH, MKCOL, COPY, MOVE, LOCK, UNLOCK"
"""What the door does, for ``Allow``."""

CHALLENGE = 'Basic realm="davgallery", charset="UTF-8"'

HTTP_TOO_MANY_REQUESTS = 429

_log = logging.getLogger("davgallery.dav")


class Refusal(DAVError):
    """A request that the door itself turns down: an HTTP status, a message for people, an RFC 4918 precondition."""

    def __init__(self, status: int, message: str, *, condition: str = "", headers: Sequence[Header] = ()) -> None:
        """``condition`` is the local name of a precondition element of ``DAV:`` (RFC 4918 §16)."""
        super().__init__(status, message)  # type: ignore[no-untyped-call]
        self.status = status
        self.message = message
        self.condition = condition
        self.headers = tuple(headers)


class Failure(NamedTuple):
    """An error ready to be sent."""

    status: int
    headers: list[Header]
    body: bytes


_TABLE: dict[type[Exception], tuple[int, str]] = {
    errors.Unauthenticated: (HTTP_UNAUTHORIZED, ""),
    errors.TooManyAttempts: (HTTP_TOO_MANY_REQUESTS, ""),
    errors.TooManyRequests: (HTTP_TOO_MANY_REQUESTS, ""),
    errors.Forbidden: (HTTP_FORBIDDEN, ""),
    errors.NotFound: (HTTP_NOT_FOUND, ""),
    errors.Conflict: (HTTP_CONFLICT, ""),
    errors.Exists: (HTTP_METHOD_NOT_ALLOWED, ""),
    errors.BadRequest: (HTTP_BAD_REQUEST, ""),
    errors.PreconditionFailed: (HTTP_PRECONDITION_FAILED, ""),
    errors.Locked: (HTTP_LOCKED, "lock-token-submitted"),
    errors.UnsupportedType: (HTTP_MEDIATYPE_NOT_SUPPORTED, ""),
    errors.TooLarge: (HTTP_REQUEST_ENTITY_TOO_LARGE, ""),
    errors.QuotaExceeded: (HTTP_INSUFFICIENT_STORAGE, "quota-not-exceeded"),
    errors.StoreFull: (HTTP_INSUFFICIENT_STORAGE, "sufficient-disk-space"),
    errors.Unavailable: (HTTP_SERVICE_UNAVAILABLE, ""),
}
"""Subclasses share the row of their nearest ancestor. The two conditions of 507 are RFC 4331 §6's."""


def failure(error: Exception, href: Callable[[Path], str], *, locking: bool = False) -> Failure:
    """Turn any exception into a status, headers and a body. What nobody expected is logged under a reference.

    ``href`` names the locked entry in a 423. ``locking``: a LOCK was refused, which RFC 4918 §9.10.6 words differently.
    """
    if isinstance(error, Refusal):
        return _written(error.status, error.message, error.condition, "", list(error.headers))
    row = next((_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE), None)
    if row is None:
        reference = secrets.token_hex(4)
        _log.error("unexpected error, reference %s", reference, exc_info=error)
        return _written(HTTP_INTERNAL_ERROR, f"Something went wrong here. Reference: {reference}", "", "", [])
    status, condition = row
    inner = ""
    headers: list[Header] = []
    if isinstance(error, errors.Locked):
        condition = "no-conflicting-lock" if locking else condition
        inner = f"<d:href>{href(error.path)}</d:href>"
    if status == HTTP_UNAUTHORIZED:
        headers.append(("WWW-Authenticate", CHALLENGE))
    if status == HTTP_METHOD_NOT_ALLOWED:
        headers.append(("Allow", METHODS))
    if isinstance(error, errors.TooManyAttempts | errors.TooManyRequests | errors.Unavailable):
        headers.append(("Retry-After", str(error.retry_after)))
    if status >= HTTP_INTERNAL_ERROR:
        _log.warning("%s: %s", type(error).__name__, error)
    return _written(status, str(error), condition, inner, headers)


def _written(status: int, message: str, condition: str, inner: str, headers: list[Header]) -> Failure:
    if condition:
        kind = "application/xml"
        element = f"<d:{condition}>{inner}</d:{condition}>" if inner else f"<d:{condition}/>"
        text = (
            '<?xml version="1.0" encoding="utf-8"?>\n<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">'
            f"{element}<s:message>{escape(message)}</s:message></d:error>"
        )
    else:
        kind, text = "text/plain", f"{message}\n"
    return Failure(status, [("Content-Type", f"{kind}; charset=utf-8"), *headers], text.encode("utf-8", "replace"))
