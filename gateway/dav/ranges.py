"""What a GET or HEAD asks of a file: conditions and ranges (RFC 9110 §13 and §14)."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from wsgidav.dav_error import HTTP_NOT_MODIFIED, HTTP_OK, HTTP_PARTIAL_CONTENT, HTTP_RANGE_NOT_SATISFIABLE

from gateway.dav.dates import parse_http_date
from gateway.dav.headers import entity_tags
from gateway.errors import PreconditionFailed

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

MAX_RANGES = 16
"""A request for more, or for bytes twice, is answered with the whole file (RFC 9110 §14.2 allows to ignore Range)."""

_RANGE = re.compile(r"\s*(\d{0,40})\s*-\s*(\d{0,40})\s*", re.ASCII)


class Span(NamedTuple):
    """A part of a file, in bytes."""

    start: int
    length: int

    def of(self, size: int) -> str:
        """The ``Content-Range`` of it."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


class Wanted(NamedTuple):
    """What to answer: 200 with everything, 206 with spans, 304 or 416 with nothing."""

    status: int
    spans: tuple[Span, ...] = ()


def wanted(environ: WSGIEnvironment, *, etag: str, modified: int, size: int) -> Wanted:
    """Judge the conditions in the order of RFC 9110 §13.2.2; PreconditionFailed for 412.

    ``etag`` without quotes, ``modified`` in seconds. Dates are compared for equality, not for order: a client may set
    a file's time back with its new content, and "not later" would then hide that content. Every client sends back the
    date that it was given.
    """
    if "HTTP_IF_MATCH" in environ:
        tags = entity_tags(environ["HTTP_IF_MATCH"], weak=False)
        if tags != ("*",) and etag not in tags:
            raise PreconditionFailed("The file has changed.")
    elif "HTTP_IF_UNMODIFIED_SINCE" in environ:
        since = parse_http_date(environ["HTTP_IF_UNMODIFIED_SINCE"])
        if since is not None and modified > since:
            raise PreconditionFailed("The file has changed.")
    if "HTTP_IF_NONE_MATCH" in environ:
        tags = entity_tags(environ["HTTP_IF_NONE_MATCH"], weak=True)
        if tags == ("*",) or etag in tags:
            return Wanted(HTTP_NOT_MODIFIED)
    elif parse_http_date(environ.get("HTTP_IF_MODIFIED_SINCE", "")) == modified:
        return Wanted(HTTP_NOT_MODIFIED)
    if environ["REQUEST_METHOD"] != "GET" or "HTTP_RANGE" not in environ or not _same(environ, etag, modified):
        return Wanted(HTTP_OK)
    spans = parse(environ["HTTP_RANGE"], size)
    if spans is None:
        return Wanted(HTTP_OK)
    return Wanted(HTTP_PARTIAL_CONTENT, spans) if spans else Wanted(HTTP_RANGE_NOT_SATISFIABLE)


def _same(environ: WSGIEnvironment, etag: str, modified: int) -> bool:
    """``If-Range``: the part fits what the client has. A weak tag never does (RFC 9110 §13.1.5)."""
    value: str = environ.get("HTTP_IF_RANGE", "").strip()
    if not value:
        return True
    if value.startswith(('"', "W/")):
        return value == f'"{etag}"'
    return parse_http_date(value) == modified


def parse(header: str, size: int) -> tuple[Span, ...] | None:
    """The parts that a ``Range`` asks for; None: ignore it; an empty tuple: none of them is in the file.

    An empty file ignores ranges: some clients send one with every request.
    """
    unit, _, specs = header.partition("=")
    if unit.strip().lower() != "bytes" or size == 0:
        return None
    spans: list[Span] = []
    parts = [part for part in specs.split(",") if part.strip()]
    if not 0 < len(parts) <= MAX_RANGES:
        return None
    for part in parts:
        found = _RANGE.fullmatch(part)
        if found is None or not (found[1] or found[2]):
            return None
        first, last = found[1], found[2]
        if first and last and int(last) < int(first):
            return None
        start = int(first) if first else max(0, size - int(last))
        end = min(int(last), size - 1) if first and last else size - 1
        if start <= end:
            spans.append(Span(start, end - start + 1))
    ordered = sorted(spans)
    if any(one.start + one.length > after.start for one, after in itertools.pairwise(ordered)):
        return None
    return tuple(spans)
