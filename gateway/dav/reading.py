"""GET and HEAD: files, parts of files, and folders as a page for a person with a browser.

With nginx in front (``accel``) the transfer is handed over: the answer names the blob's presigned address below an
internal location, and the one range that was asked for in ``X-Store-Range``. nginx fetches exactly that from the store
and sends it under our headers; its side is docker/nginx.conf. Conditions, 304, 416, several ranges, HEAD and empty
files are always answered here.
"""

from __future__ import annotations

import html
import itertools
import secrets
from typing import TYPE_CHECKING

from wsgidav.dav_error import (
    HTTP_NOT_MODIFIED,
    HTTP_OK,
    HTTP_PARTIAL_CONTENT,
    HTTP_RANGE_NOT_SATISFIABLE,
)

from gateway.dav.dates import http_date, seconds
from gateway.dav.media_types import media_type
from gateway.dav.paths import quote_name
from gateway.dav.properties import quoted_etag
from gateway.dav.ranges import Span, wanted
from gateway.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gateway.dav.errors import Header
    from gateway.dav.request import Request
    from gateway.library.values import Content, Entry, Path

# A photograph is data. Whatever else somebody uploads must not run in a browser under this address.
_HARMLESS: tuple[Header, ...] = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "sandbox; default-src 'none'"),
)
_PAGE: tuple[Header, ...] = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'"),
    ("Cache-Control", "private, no-cache"),
)


def validators(entry: Entry) -> list[Header]:
    """The headers that let a client ask later whether a file is still the same."""
    return [("ETag", quoted_etag(entry)), ("Last-Modified", http_date(entry.modified))]


def get(request: Request, *, accel: str | None) -> Iterable[bytes]:
    """Send a file, a part of it, or a folder's page; HEAD the same without the body.

    ``accel``: the internal location of the nginx in front that sends the store's objects.
    """
    if not request.path:
        return _page(request, [], _spaces(request))
    try:
        content = request.library.files.open(request.principal, request.path)
    except Conflict:
        return _folder(request)
    return _file(request, content, accel=accel)


def _file(request: Request, content: Content, *, accel: str | None) -> Iterable[bytes]:
    entry = content.resource.entry
    checks = [*validators(entry), ("Cache-Control", "private, no-cache")]
    want = wanted(request.environ, etag=entry.etag, modified=seconds(entry.modified), size=entry.size)
    if want.status == HTTP_NOT_MODIFIED:
        return request.answer(HTTP_NOT_MODIFIED, checks)
    if want.status == HTTP_RANGE_NOT_SATISFIABLE:
        return request.answer(HTTP_RANGE_NOT_SATISFIABLE, [("Content-Range", f"bytes */{entry.size}")])
    kind = media_type(entry.name)
    fields: list[Header] = [*checks, *_HARMLESS, ("Accept-Ranges", "bytes"), ("OC-Checksum", f"SHA1:{entry.sha1}")]
    if len(want.spans) > 1:
        return _parts(request, content, kind, fields, want.spans)
    fields.append(("Content-Type", kind))
    span = Span(0, entry.size)
    if want.status == HTTP_PARTIAL_CONTENT:
        (span,) = want.spans
        fields.append(("Content-Range", span.of(entry.size)))
    length: Header = ("Content-Length", str(span.length))
    if request.method == "HEAD" or not span.length:
        return request.stream(want.status, [*fields, length], ())
    address = content.url() if accel else None
    if accel and address:
        # The range only when there is one: the store then answers 206 by itself, else 200.
        part = f"bytes={span.start}-{span.start + span.length - 1}" if want.spans else ""
        return _handed_over(request, fields, accel + _below_host(address), part)
    return _streamed(request, want.status, [*fields, length], content.read(span.start, span.length))


def _below_host(address: str) -> str:
    """Path and query of an absolute URL, without the first slash, as they are: they are signed."""
    return address.split("/", 3)[3]


def _handed_over(request: Request, fields: list[Header], location: str, part: str) -> Iterable[bytes]:
    """Let nginx fetch the bytes. It takes status, length and Content-Range from the store, the rest from here."""
    ours = [field for field in fields if field[0] != "Content-Range"]
    ours.append(("X-Accel-Redirect", location))
    if part:
        ours.append(("X-Store-Range", part))
    return request.answer(HTTP_OK, ours)


def _streamed(request: Request, status: int, fields: list[Header], chunks: Iterator[bytes]) -> Iterable[bytes]:
    """Send what the store gives. Its first piece is fetched before the status is: a store that is down is a 503."""
    first = next(chunks, b"")
    return request.stream(status, fields, _rest(first, chunks))


def _rest(first: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """All the pieces again. A generator, so that giving up the answer closes what reads from the store."""
    yield first
    yield from chunks


def _parts(
    request: Request, content: Content, kind: str, fields: list[Header], spans: tuple[Span, ...]
) -> Iterable[bytes]:
    """Several parts as ``multipart/byteranges`` (RFC 9110 §14.6)."""
    boundary = secrets.token_hex(16)
    size = content.resource.entry.size
    heads = [
        f"\r\n--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {span.of(size)}\r\n\r\n".encode() for span in spans
    ]
    tail = f"\r\n--{boundary}--\r\n".encode()
    length = sum(len(head) for head in heads) + sum(span.length for span in spans) + len(tail)
    fields = [
        *fields,
        ("Content-Type", f"multipart/byteranges; boundary={boundary}"),
        ("Content-Length", str(length)),
    ]

    def pieces() -> Iterator[bytes]:
        for head, span in zip(heads, spans, strict=True):
            # The first bytes of a part come before its head, so that a store that is down shows before the status.
            chunks = content.read(span.start, span.length)
            first = next(chunks, b"")
            yield head + first
            yield from chunks
        yield tail

    return _streamed(request, HTTP_PARTIAL_CONTENT, fields, pieces())


def _folder(request: Request) -> Iterable[bytes]:
    listing = request.library.files.children(request.principal, request.path)
    members = ((entry.name, entry) for page in listing.pages for entry in page.entries)
    return _page(request, list(listing.folder.path), members)


def _spaces(request: Request) -> Iterator[tuple[str, Entry | None]]:
    for space in request.library.files.spaces(request.principal):
        yield space.name, None


def _page(request: Request, path: list[str], members: Iterable[tuple[str, Entry | None]]) -> Iterable[bytes]:
    """A plain list of links; a member without an entry is a space. Made while it is sent, page by page."""
    if request.method == "HEAD":
        return request.stream(HTTP_OK, _PAGE, ())
    rows = _rows(request.href, tuple(path), members)
    first = next(rows)
    return request.stream(HTTP_OK, _PAGE, (row.encode() for row in itertools.chain((first,), rows)))


def _rows(href: Callable[..., str], path: Path, members: Iterable[tuple[str, Entry | None]]) -> Iterator[str]:
    title = html.escape("/".join(path) or "Spaces")
    base = href(path, folder=True)
    rows = [f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n<h1>{title}</h1>\n<ul>\n']
    if path:
        rows.append(f'<li><a href="{html.escape(href(path[:-1], folder=True))}">..</a>\n')
    for name, entry in members:
        slash = "/" if entry is None or entry.is_folder else ""
        size = "" if slash or entry is None else f" {entry.size:,} bytes"
        when = "" if entry is None else f" {http_date(entry.modified)}"
        address = html.escape(f"{base}{quote_name(name)}{slash}")
        rows.append(f'<li><a href="{address}">{html.escape(name)}{slash}</a>{size}{when}\n')
        if len(rows) >= 256:
            yield "".join(rows)
            rows.clear()
    yield "".join([*rows, "</ul>\n</html>\n"])
