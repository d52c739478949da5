"""One request, decoded and authenticated, with the means to answer it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from wsgidav.dav_error import HTTP_NO_CONTENT, HTTP_NOT_MODIFIED

from gateway.dav import headers, paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from wsgiref.types import StartResponse, WSGIEnvironment

    from gateway.dav.errors import Header
    from gateway.library.library import Library
    from gateway.library.values import Conditions, Path, Principal

KEY = "davgallery.request"
"""Where WsgiDAV's frame finds it in the WSGI environment."""

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

XML_TYPE: Header = ("Content-Type", "application/xml; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Request:
    """What a method needs. Answers go through the server's own ``start_response``, not WsgiDAV's wrapper of it."""

    environ: WSGIEnvironment
    start: StartResponse
    library: Library
    principal: Principal
    site: paths.Site
    method: str
    path: Path
    slash: bool
    """The address ended in a slash."""

    def href(self, path: Path, *, folder: bool = False) -> str:
        """The absolute path that clients know an entry by, percent-encoded."""
        base = self.site.prefix(self.environ) + paths.quote_path(path)
        return f"{base}/" if folder or not path else base

    def conditions(self) -> Conditions:
        """What the client makes a change depend on."""
        return headers.conditions(self.environ, lambda url: self.site.tagged(url, self.environ))

    def answer(self, status: int, fields: Sequence[Header] = (), body: bytes = b"") -> list[bytes]:
        """Answer with a whole body. HEAD gets the headers only."""
        fields = list(fields)
        if status not in {HTTP_NO_CONTENT, HTTP_NOT_MODIFIED}:
            fields.append(("Content-Length", str(len(body))))
        self.start(_STATUS_LINES[status], fields)
        return [body] if body and self.method != "HEAD" else []

    def stream(self, status: int, fields: Sequence[Header], chunks: Iterable[bytes]) -> Iterable[bytes]:
        """Answer with a body that is made while it is sent. Whatever can be refused has been."""
        self.start(_STATUS_LINES[status], list(fields))
        return chunks
