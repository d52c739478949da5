"""What a decoder answered, judged: the decoder may be in the hands of the file that it decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from gateway.library.extracted import Rendition
from indexer import wire
from indexer.extract.extraction import Extraction

if TYPE_CHECKING:
    from collections.abc import Iterator

_RULES = ConfigDict(strict=True, str_max_length=wire.LONGEST_TEXT, val_json_bytes="hex", allow_inf_nan=False)
_FOUND = TypeAdapter(wire.Found, config=_RULES)
_FAILURE = TypeAdapter(wire.Failure, config=_RULES)
_LARGEST_INTEGER = 1 << 63
_LARGEST_EDGE = 1 << 16  # pixels of a rendition
_T = TypeVar("_T")


class Nonsense(Exception):
    """Nothing that our own decoder would say."""


def failure(body: bytes) -> wire.Failure:
    """The failure that a decoder reports. Nonsense when it is none."""
    return _parsed(_FAILURE, body)


def found(body: bytes) -> wire.Found:
    """What a decoder found, up to the bytes of its renditions. Nonsense for what our decoder would not say."""
    value = _parsed(_FOUND, body)
    drawn = value.renditions
    if len({each.name for each in drawn}) != len(drawn) or len(drawn) > wire.MOST_RENDITIONS:
        raise Nonsense("its renditions have no names of their own")
    for each in drawn:
        if not (each.name.isalnum() and len(each.name) <= 16 and each.name.isascii()):
            raise Nonsense("a rendition has a strange name")
        if not (0 < each.width <= _LARGEST_EDGE and 0 < each.height <= _LARGEST_EDGE and each.size > 0):
            raise Nonsense("a rendition has a strange size")
    return value


def extraction(value: wire.Found, data: bytes) -> Extraction:
    """What was found together with its renditions, whose bytes follow each other in ``data``. Nonsense as above."""
    if sum(each.size for each in value.renditions) != len(data):
        raise Nonsense("its renditions are not as long as it said")
    return Extraction(value.extracted, tuple(_cut(value.renditions, data)), value.error)


def _cut(drawn: tuple[wire.Drawn, ...], data: bytes) -> Iterator[Rendition]:
    start = 0
    for each in drawn:
        piece = data[start : start + each.size]
        if piece[:4] != b"RIFF" or piece[8:12] != b"WEBP":
            raise Nonsense("a rendition is no WebP")
        yield Rendition(each.name, each.width, each.height, piece)
        start += each.size


def _parsed(adapter: TypeAdapter[_T], body: bytes) -> _T:
    try:
        value = adapter.validate_json(body)
    except ValidationError as error:
        raise Nonsense(str(error)[:1000]) from None
    if not _storable(value):
        raise Nonsense("a value fits no database")
    return value


def _storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, int):
        return -_LARGEST_INTEGER <= value < _LARGEST_INTEGER
    return all(map(_storable, value)) if isinstance(value, tuple) else True
