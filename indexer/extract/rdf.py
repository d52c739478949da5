"""The part of RDF that XMP uses (ISO 16684-1, §7): properties with one value, with a list, or with structures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree
from defusedxml import DefusedXmlException

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

LARGEST = 2 << 20
"""Bytes of a document at most: what its tree takes in memory is up to thirty times as much."""

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_LISTS = (f"{_RDF}Alt", f"{_RDF}Bag", f"{_RDF}Seq")
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Properties:
    """What documents say together. ``namespaces`` are the prefixes in the names of properties: ``dc:title``."""

    def __init__(self, documents: tuple[bytes, ...], namespaces: Mapping[str, str]) -> None:
        """Read them; one that is not XML says nothing. Of a property that comes twice, the first counts."""
        self._namespaces = namespaces
        self._found: dict[str, str | Element] = {}
        for description in (each for document in documents for each in _descriptions(document)):
            for name, value in description.attrib.items():
                self._found.setdefault(name, value)
            for child in description:
                self._found.setdefault(child.tag, child)

    def texts(self, name: str) -> list[str]:
        """Every value of a list; of alternatives the default one first; of any other property its only value."""
        value = self._found.get(self._full(name))
        if value is None or isinstance(value, str):
            return [value] if value else []
        listed = _list(value)
        if listed is None:
            return [text] if (text := _text(value)) else []
        ordered = sorted(listed, key=lambda item: item.get(_LANGUAGE) != "x-default")
        return [text for item in ordered if (text := _text(item))]

    def text(self, *names: str) -> str | None:
        """The first value of the first of these properties that has one."""
        return next((text for name in names for text in self.texts(name)), None)

    def number(self, *names: str) -> float | None:
        """The same, as a number; ``28/10`` is one."""
        above, slash, below = (self.text(*names) or "").partition("/")
        try:
            return float(above) / (float(below) if slash else 1)
        except (ValueError, ZeroDivisionError):
            return None

    def structures(self, name: str) -> list[dict[str, str]]:
        """The fields of every structure in a list; or of the only one. Structures within one count as its own."""
        value = self._found.get(self._full(name))
        if value is None or isinstance(value, str):
            return []
        listed = _list(value)
        return [self._fields(each) for each in ([value] if listed is None else listed)]

    def _fields(self, structure: Element) -> dict[str, str]:
        fields: dict[str, str] = {}
        for element in structure.iter():
            fields |= element.attrib
            if element.text and element.text.strip():
                fields[element.tag] = element.text.strip()
        return {
            f"{prefix}:{name[len(space) + 2 :]}": value
            for name, value in fields.items()
            for prefix, space in self._namespaces.items()
            if name.startswith(f"{{{space}}}")
        }

    def _full(self, name: str) -> str:
        prefix, _, local = name.partition(":")
        return f"{{{self._namespaces[prefix]}}}{local}"


def _descriptions(document: bytes) -> Iterator[Element]:
    root = _parsed(document)
    for rdf in root.iter(f"{_RDF}RDF") if root is not None else ():
        yield from rdf.iterfind(f"{_RDF}Description")


def _parsed(document: bytes) -> Element | None:
    """The tree of a document. Old programs wrote Latin-1 and control characters into what should be UTF-8."""
    document = document.strip(b"\0 \r\n\t")
    if len(document) > LARGEST:
        return None
    for attempt in range(2):
        text = _NO_XML.sub("", document.decode("latin-1")).encode() if attempt else document
        try:
            root: Element = defusedxml.ElementTree.fromstring(text)
        except DefusedXmlException:
            return None
        except (ParseError, ValueError):  # ValueError: an unknown encoding
            continue
        return root
    return None


def _list(element: Element) -> list[Element] | None:
    """The items of a property that is a list."""
    return next((child.findall(f"{_RDF}li") for child in element if child.tag in _LISTS), None)


def _text(element: Element) -> str:
    qualified = element.find(f".//{_RDF}value")
    text = (element if qualified is None else qualified).text
    return (text or "").strip() or element.get(f"{_RDF}resource", "")
