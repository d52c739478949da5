"""How long a request's body is (RFC 9112 §6.3). The server has refused what contradicts itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import BadRequest

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment


def content_length(environ: WSGIEnvironment) -> int | None:
    """Return the declared length of the body in bytes, None when it is chunked. No declaration is no body."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    declared: str = environ.get("CONTENT_LENGTH") or "0"
    if not (declared.isascii() and declared.isdigit()):
        raise BadRequest("Content-Length is not a number.")
    return int(declared)
