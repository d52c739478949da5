"""PROPPATCH (RFC 4918 §9.2): in document order, all or nothing."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from wsgidav.dav_error import (
    HTTP_CONFLICT,
    HTTP_FAILED_DEPENDENCY,
    HTTP_FORBIDDEN,
    HTTP_MULTI_STATUS,
    HTTP_OK,
)

from gateway.dav import markup
from gateway.dav.dates import parse_any
from gateway.dav.properties import MICROSOFT, OC, PROTECTED, TAIL, checksums, propstat
from gateway.dav.request import XML_TYPE
from gateway.errors import BadRequest, Forbidden
from gateway.library.values import PropertyChange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from gateway.dav.request import Request
    from gateway.library.values import Entry, PropertyName

# rclone sets {DAV:}lastmodified to Unix seconds, Windows its own to an HTTP date, some clients the standard one.
_MODIFIED = frozenset(
    {(markup.DAV, "lastmodified"), (markup.DAV, "getlastmodified"), (MICROSOFT, "Win32LastModifiedTime")}
)
_CREATED = frozenset({(markup.DAV, "creationdate"), (MICROSOFT, "Win32CreationTime")})
_CHECKSUMS = (OC, "checksums")


class _Instruction(NamedTuple):
    """One property of a ``set`` or ``remove``."""

    name: PropertyName
    element: Element
    lang: str | None
    removes: bool


class _Patch:
    """What the instructions come to."""

    def __init__(self, entry: Entry) -> None:
        """``entry``: what is patched; a client may repeat its checksum."""
        self.changes: list[PropertyChange] = []
        self.modified: int | None = None
        self.created: int | None = None
        self._entry = entry

    def take(self, one: _Instruction) -> int:
        """Note an instruction; returns the status it would have alone."""
        if one.name in _MODIFIED or one.name in _CREATED:
            return HTTP_FORBIDDEN if one.removes else self._take_time(one)
        if one.name == _CHECKSUMS and not one.removes:
            return self._compare(one.element)
        if one.name in PROTECTED:
            return HTTP_FORBIDDEN
        value = None if one.removes else markup.serialize(one.element, one.lang)
        self.changes.append(PropertyChange(one.name, value))
        return HTTP_OK

    def _take_time(self, one: _Instruction) -> int:
        micros = parse_any(one.element.text or "")
        if micros is None:
            return HTTP_CONFLICT
        if one.name in _MODIFIED:
            self.modified = micros
        else:
            self.created = micros
        return HTTP_OK

    def _compare(self, element: Element) -> int:
        """rclone repeats the checksum beside a new time: fine when it is the file's, else refused (409)."""
        named = set(" ".join(element.itertext()).upper().split())
        known = set() if self._entry.is_folder else set(checksums(self._entry).upper().split())
        return HTTP_OK if named and named <= known else HTTP_CONFLICT


def _parse(body: bytes) -> Iterator[_Instruction]:
    """Read a ``propertyupdate`` in document order, with the language that is in force for each property."""
    root = markup.parse(body)
    if markup.split(root.tag) != (markup.DAV, "propertyupdate"):
        raise BadRequest("A PROPPATCH needs a propertyupdate element.")
    for part in root:
        namespace, kind = markup.split(part.tag)
        if namespace != markup.DAV or kind not in {"set", "remove"}:
            continue
        for prop in markup.children(part, "prop"):
            lang = next((one.get(markup.LANG) for one in (prop, part, root) if markup.LANG in one.attrib), None)
            for element in prop:
                yield _Instruction(markup.split(element.tag), element, lang, kind == "remove")


def proppatch(request: Request) -> list[bytes]:
    """Set and remove properties; one that cannot be fails them all with 424 (RFC 4918 §9.2.1)."""
    instructions = list(_parse(markup.read_body(request.environ)))
    if not instructions:
        raise BadRequest("A PROPPATCH changes at least one property.")
    if not request.path:
        raise Forbidden("The list of spaces has no properties of its own.")
    files, principal = request.library.files, request.principal
    resource = files.stat(principal, request.path)
    patch = _Patch(resource.entry)
    results: dict[PropertyName, int] = {}
    for one in instructions:
        results[one.name] = max(results.get(one.name, HTTP_OK), patch.take(one))
    if any(status != HTTP_OK for status in results.values()):
        results = {name: HTTP_FAILED_DEPENDENCY if status == HTTP_OK else status for name, status in results.items()}
    else:
        files.set_properties(
            principal,
            request.path,
            patch.changes,
            modified=patch.modified,
            created=patch.created,
            conditions=request.conditions(),
        )
    href = request.href(resource.path, folder=resource.entry.is_folder)
    return request.answer(HTTP_MULTI_STATUS, [XML_TYPE], _written(href, results))


def _written(href: str, results: dict[PropertyName, int]) -> bytes:
    """One ``propstat`` for each status (RFC 4918 §14.22)."""
    parts = []
    for status in dict.fromkeys(results.values()):
        names = "".join(markup.bare(name) for name, its in results.items() if its == status)
        reason = "<d:error><d:cannot-modify-protected-property/></d:error>" if status == HTTP_FORBIDDEN else ""
        parts.append(propstat(names, status, HTTPStatus(status).phrase, reason))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<d:multistatus xmlns:d="DAV:">'
        f"<d:response><d:href>{href}</d:href>{''.join(parts)}</d:response>{TAIL}"
    ).encode()
