"""XML in and out: request bodies parsed safely, small pieces written fast."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from gateway.dav.framing import content_length
from gateway.errors import BadRequest, TooLarge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from wsgiref.types import WSGIEnvironment

    from gateway.library.values import PropertyName

DAV = "DAV:"
BODY_LIMIT = 1_048_576
"""Bytes of an XML request body; more is 413."""
MAX_DEPTH = 64
"""Nested elements; more is 400. No client comes near, and writing a tree back recurses."""

LANG = "{http://www.w3.org/XML/1998/namespace}lang"

# What XML 1.0 §2.2 does not allow at all, or only as a reference. \r would come back as a newline.
_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def escape(text: str) -> str:
    """Make a text safe between tags. Characters that XML cannot carry become U+FFFD."""
    if _SPECIAL.search(text) is None:
        return text
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], "\ufffd"), text)


def attribute(text: str) -> str:
    """Make a text safe between double quotes."""
    return escape(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")


def read_body(environ: WSGIEnvironment) -> bytes:
    """Read a whole XML body, chunked or not. TooLarge before anything is read where the length tells."""
    length = content_length(environ)
    if length == 0:
        return b""
    if length is not None and length > BODY_LIMIT:
        raise TooLarge("The request is over 1 MiB of XML.")
    left = BODY_LIMIT + 1 if length is None else length
    pieces = []
    while left > 0 and (piece := environ["wsgi.input"].read(min(left, 65536))):
        pieces.append(piece)
        left -= len(piece)
    if length is None and left <= 0:
        raise TooLarge("The request is over 1 MiB of XML.")
    return b"".join(pieces)


class _Builder(ET.TreeBuilder):
    """Builds the tree and refuses to go deeper than anyone needs."""

    _depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> ET.Element:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadRequest("The XML is nested too deeply.")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ET.Element:
        self._depth -= 1
        return super().end(tag)


def parse(body: bytes) -> ET.Element:
    """Parse a request body. BadRequest for what is not well-formed XML with namespaces, or has a DTD or entities."""
    parser = DefusedXMLParser(target=_Builder(), forbid_dtd=True)
    try:
        parser.feed(body)
        root = parser.close()
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadRequest("The request body is not acceptable XML.") from error
    if not isinstance(root, ET.Element):
        raise BadRequest("The request body is not acceptable XML.")
    return root


def children(element: ET.Element, name: str) -> Iterator[ET.Element]:
    """Walk the children with a local name of ``DAV:``; others are ignored (RFC 4918 §17)."""
    return element.iterfind(f"{{{DAV}}}{name}")


def split(tag: str) -> PropertyName:
    """``{namespace}local`` to its two halves; the namespace may be empty."""
    if tag.startswith("{"):
        namespace, _, local = tag[1:].partition("}")
        return namespace, local
    return "", tag


def serialize(element: ET.Element, lang: str | None = None) -> str:
    """Write an element so that it stands alone: every namespace is declared in it, ``xml:lang`` is kept."""
    alone = ET.Element(element.tag, element.attrib)
    if lang is not None and LANG not in element.attrib:
        alone.set(LANG, lang)
    alone.text = element.text
    alone.extend(element)
    return ET.tostring(alone, encoding="unicode").replace("\r", "&#13;")


def bare(name: PropertyName) -> str:
    """An empty element of a property's name that stands alone."""
    namespace, local = name
    if namespace == DAV:
        return f"<d:{local}/>"
    return f'<x:{local} xmlns:x="{attribute(namespace)}"/>' if namespace else f"<{local}/>"
