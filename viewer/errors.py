"""What people and programs hear of errors: one table."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, json, request

from gateway import errors
from viewer.languages import sentence

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException


class InvalidToken(errors.Unauthenticated):
    """A token that is none, or has ended (RFC 6750 §3.1)."""

    def __init__(self, words: str) -> None:
        """``words`` in ASCII, without quotes."""
        super().__init__(words)
        self.challenge = f', error="invalid_token", error_description="{words}"'


class InsufficientScope(errors.Forbidden):
    """A token that allows other things (RFC 6750 §3.1)."""

    def __init__(self, scope: str) -> None:
        """``scope`` is what it would have to allow."""
        super().__init__(f"The token does not allow this: it takes the scope {scope}.")
        self.challenge = f', error="insufficient_scope", scope="{scope}"'


_STATUS: tuple[tuple[type[errors.GatewayError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.BadRequest, 400),
    (errors.PreconditionFailed, 412),
    (errors.TooLarge, 413),
    (errors.UnsupportedType, 415),
    (errors.Locked, 423),
    (errors.TooManyAttempts, 429),
    (errors.TooManyRequests, 429),
    (errors.Unavailable, 503),
    (errors.QuotaExceeded, 507),
    (errors.StoreFull, 507),
)
"""The first that fits; any other error of the library is a conflict with what is there."""
_WORDS = {
    404: "There is nothing at this address.",
    405: "This address takes other methods; Allow names them.",
    413: "This is larger than what may be sent here.",
    415: "The body must be JSON: Content-Type: application/json.",
    416: "The file ends before this range.",
}
_OF_THE_BODY = frozenset({"content-type", "content-length"})


@dataclass(frozen=True)
class Problem:
    """An error, as pages and problem details (RFC 9457) show it."""

    status: int
    detail: str
    """A sentence."""
    kind: str = ""
    """What the library calls it, such as ``quota-exceeded``; empty where the status says all."""
    headers: dict[str, str] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)
    """What else programs are told."""

    def response(self) -> Response:
        """For programs."""
        body = {
            "type": f"{request.root_path}/api#{self.kind}" if self.kind else "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        response = Response(json.dumps(body), self.status, mimetype="application/problem+json")
        response.headers.update(self.headers)
        return response


def problem_of(error: errors.GatewayError) -> Problem:
    """What the library's error means to who asked."""
    status = status_of(type(error))
    headers = {}
    if (seconds := getattr(error, "retry_after", None)) is not None:
        headers["Retry-After"] = str(seconds)
    challenge = getattr(error, "challenge", "")
    if challenge or status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = f'Bearer realm="davgallery"{challenge}'
    members = {name: found for name in ("errors", "offset") if (found := getattr(error, name, None)) is not None}
    return Problem(status, sentence(str(error)), kebab(type(error).__name__), headers, members)


def problem_of_http(error: HTTPException) -> Problem:
    """What Flask itself refuses. Its headers are kept: Allow of a 405, Content-Range of a 416."""
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name.lower() not in _OF_THE_BODY}
    return Problem(status, _WORDS.get(status, error.name), headers=headers)


def status_of(error: type[errors.GatewayError]) -> int:
    """The status that errors of this kind have."""
    return next((status for kind, status in _STATUS if issubclass(error, kind)), 409)


def kebab(name: str) -> str:
    """``quota-exceeded`` for ``QuotaExceeded``."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "-", name).lower()
