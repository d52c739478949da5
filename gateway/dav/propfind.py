"""PROPFIND (RFC 4918 §9.1): from the catalogue alone, and sent while it is read."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from wsgidav.dav_error import HTTP_FORBIDDEN, HTTP_MULTI_STATUS

from gateway.dav import headers, markup
from gateway.dav.errors import Refusal
from gateway.dav.locking import Roots
from gateway.dav.properties import TAIL, Around, Asked, Writer
from gateway.dav.request import XML_TYPE
from gateway.errors import BadRequest, Conflict
from gateway.library.values import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.dav.request import Request
    from gateway.library.values import Listing, Lock, Page, PropertyName, Resource, Space

MAX_NAMES = 256
"""Properties that one request may name; clients name a dozen. Each is written for every member."""
ROWS = 128
"""Entries in a piece of the answer: about 64 KiB."""


def parse(body: bytes) -> Asked:
    """Read a ``propfind`` element; no body asks for everything (RFC 4918 §9.1)."""
    if not body:
        return Asked(everything=True)
    root = markup.parse(body)
    if markup.split(root.tag) != (markup.DAV, "propfind"):
        raise BadRequest("A PROPFIND needs a propfind element.")
    kinds = [kind for kind in ("allprop", "propname", "prop") if next(markup.children(root, kind), None) is not None]
    if len(kinds) != 1:
        raise BadRequest("A PROPFIND asks for exactly one of allprop, propname and prop.")
    naming = {"allprop": "include", "prop": "prop"}.get(kinds[0])
    elements = [one for part in markup.children(root, naming) for one in part] if naming else []
    names = tuple(dict.fromkeys(markup.split(one.tag) for one in elements))
    if len(names) > MAX_NAMES:
        raise BadRequest("Too many properties in one request.")
    return Asked(names, everything=kinds[0] == "allprop", only_names=kinds[0] == "propname")


def propfind(request: Request) -> Iterable[bytes]:
    """Answer for a resource or, with Depth 1, for a folder and its members.

    A missing Depth is taken for 1. RFC 4918 §9.1 would have it infinity, which is refused here as the same section
    allows; clients that leave it out want a listing.
    """
    depth = headers.depth(request.environ, "1")
    if depth == "infinity":
        raise Refusal(HTTP_FORBIDDEN, "Depth infinity is not served.", condition="propfind-finite-depth")
    asked = parse(markup.read_body(request.environ))
    if not request.path:
        return _send(request, _root(request, asked, members=depth == "1"))
    if depth == "1":
        try:
            listing = request.library.files.children(request.principal, request.path)
        except Conflict:
            pass  # A file has no members: the same as Depth 0.
        else:
            return _send(request, _folder(request, asked, listing))
    return _send(request, _alone(request, asked))


def above(request: Request) -> Iterable[bytes]:
    """Answer for the folder that the door stands in. Windows looks at it before it maps a drive."""
    depth = headers.depth(request.environ, "1")
    if depth == "infinity":
        raise Refusal(HTTP_FORBIDDEN, "Depth infinity is not served.", condition="propfind-finite-depth")
    asked = parse(markup.read_body(request.environ))
    writer = Writer(asked, Around.of(), alone=depth == "0")
    pieces = [writer.head, writer.entry(f"{request.site.outside(request.environ)}/", _plain_folder("/"), {}, "")]
    if depth == "1":
        pieces.append(writer.entry(request.href(()), _plain_folder("dav"), {}, ""))
    return _send(request, iter([*pieces, TAIL]))


def _send(request: Request, pieces: Iterator[str]) -> Iterable[bytes]:
    """Start the answer when its first piece is there, so that what fails early still has a status of its own."""
    first = next(pieces)
    return request.stream(
        HTTP_MULTI_STATUS, [XML_TYPE], (piece.encode() for piece in itertools.chain((first,), pieces))
    )


def _alone(request: Request, asked: Asked) -> Iterator[str]:
    files, principal = request.library.files, request.principal
    resource = files.stat(principal, request.path)
    dead: Mapping[PropertyName, str] = files.properties(principal, request.path) if asked.dead else {}
    yield from _itself(request, Writer(asked, Around.of(resource.space), alone=True), resource, dead)
    yield TAIL


def _itself(request: Request, writer: Writer, resource: Resource, dead: Mapping[PropertyName, str]) -> Iterator[str]:
    locks = Roots(request, resource.path).written(resource.locks)
    entry = resource.entry
    if len(resource.path) == 1:
        entry = entry._replace(name=resource.space.name)  # A space's own row has no name.
    yield writer.head + writer.entry(request.href(resource.path, folder=entry.is_folder), entry, dead, locks)


def _folder(request: Request, asked: Asked, listing: Listing) -> Iterator[str]:
    folder = listing.folder
    writer = Writer(asked, Around.of(folder.space), alone=False)
    head = "".join(_itself(request, writer, folder, listing.properties))
    base = request.href(folder.path, folder=True)
    inherited = tuple(lock for lock in folder.locks if lock.infinite)
    roots = Roots(request, folder.path)
    for page in listing.pages:
        if page.locks or page.properties or inherited:
            rows = _special_rows(writer, base, page, inherited, roots)
        else:
            rows = writer.members(base, page.entries)
        for start in range(0, len(rows), ROWS):
            yield head + "".join(rows[start : start + ROWS])
            head = ""
    yield head + TAIL


def _special_rows(writer: Writer, base: str, page: Page, inherited: tuple[Lock, ...], roots: Roots) -> list[str]:
    """The members of a page on which locks or dead properties hang."""
    rows: list[str] = []
    for entry in page.entries:
        locks, dead = page.locks.get(entry.id, ()), page.properties.get(entry.id, {})
        if not locks and not dead and not inherited:
            rows += writer.members(base, (entry,))
            continue
        href = writer.href(base, entry)
        roots.know(entry.id, href)
        rows.append(writer.entry(href, entry, dead, roots.written((*locks, *inherited))))
    return rows


def _root(request: Request, asked: Asked, *, members: bool) -> Iterator[str]:
    """The list of spaces, each with its own quota."""
    spaces = request.library.files.spaces(request.principal)
    writer = Writer(asked, Around.of(*spaces), alone=not members)
    created = max((space.created for space in spaces), default=0)
    root = _plain_folder("dav")._replace(created=created, modified=created)
    yield writer.head + writer.entry(request.href(()), root, {}, "")
    for space in spaces if members else ():
        entry = _space_entry(space)
        href = request.href((space.name,), folder=True)
        yield Writer(asked, Around.of(space), alone=False).entry(href, entry, {}, "")
    yield TAIL


def _space_entry(space: Space) -> Entry:
    return _plain_folder(space.name)._replace(id=space.root_id, created=space.created, modified=space.created)


def _plain_folder(name: str) -> Entry:
    return Entry(id=0, name=name, is_folder=True, size=0, etag="", sha1="", md5="", created=0, modified=0, blob_id=None)
