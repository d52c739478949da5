"""What people and programs hear of errors: one table."""

from __future__ import annotations

from typing import NamedTuple

from flask import Response, json

from gateway import errors
from viewer.languages import sentence

_STATUS: tuple[tuple[type[errors.GatewayError], int], ...] = (
    (errors.NotFound, 404),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.BadRequest, 400),
    (errors.TooManyAttempts, 429),
    (errors.TooManyRequests, 429),
    (errors.Unavailable, 503),
)
"""The first that fits; any other error of the library is a conflict with what is there."""


class Problem(NamedTuple):
    """An error as problem details (RFC 9457)."""

    status: int
    title: str
    retry_after: int | None = None
    """Seconds."""

    def response(self) -> Response:
        """For programs."""
        body = {"type": "about:blank", "title": self.title, "status": self.status}
        response = Response(json.dumps(body), self.status, mimetype="application/problem+json")
        if self.retry_after is not None:
            response.headers["Retry-After"] = str(self.retry_after)
        return response


def problem_of(error: errors.GatewayError) -> Problem:
    """What the library's error means to who asked."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 409)
    return Problem(status, sentence(str(error)), getattr(error, "retry_after", None))
