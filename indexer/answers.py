"""What a decoder answered, judged: the decoder may be in the hands of the file that it decoded."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, TypeAdapter, ValidationError

from gateway.library import dating
from gateway.library.extracted import Rendition
from indexer import wire
from indexer.extract import place, text
from indexer.extract.extraction import Extraction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.library.extracted import Extracted, Moment

_RULES = ConfigDict(strict=True, str_max_length=wire.LONGEST_TEXT, val_json_bytes="hex", allow_inf_nan=False)
_FOUND = TypeAdapter(wire.Found, config=_RULES)
_FAILURE = TypeAdapter(wire.Failure, config=_RULES)
_FILE_RULES = frozenset({"original", "digitized", "created", "quicktime", "container", "gps", "modified"})
"""Of the date rules those that the inside of a file can give."""
_OFFSET_RULES = frozenset(dating.OFFSET_RULES) - {"name"}
_KINDS = frozenset({"image", "raw", "video", "sidecar", "other"})
_FIRST_DAY, _LAST_DAY = dating.wall_clock(1) or 0, dating.wall_clock(9999, 12, 31) or 0
_MOST_MILLISECONDS = 1 << 53
_MOST_PIXELS = 1 << 31  # of an edge
_WORD = re.compile("[a-z0-9_]{0,20}")
_CODEC = re.compile("[A-Za-z0-9_.-]{1,40}")
_ZONE = re.compile("[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,3}")
_LARGEST_INTEGER = 1 << 63
_LARGEST_EDGE = 1 << 16  # pixels of a rendition
_LONGEST_THUMBHASH = 32  # bytes
_LONGEST_REASON = 200
_HIGHEST = 100_000  # metres
_T = TypeVar("_T")


class Nonsense(Exception):
    """Nothing that our own decoder would say."""


def failure(body: bytes) -> wire.Failure:
    """The failure that a decoder reports. Nonsense when it is none."""
    return _parsed(_FAILURE, body)


def found(body: bytes, size: int) -> wire.Found:
    """What a decoder found in a file of ``size`` bytes, up to the bytes of its renditions.

    Nonsense for what our decoder would not say: whatever comes from here is stored, counted, sorted by, and shown.
    """
    value = _parsed(_FOUND, body)
    if wrong := next((name for name, is_sense in _judged(value.extracted, size) if not is_sense), None):
        raise Nonsense(f"its {wrong} is none")
    value = value._replace(error=text.line(value.error, _LONGEST_REASON))
    drawn = value.renditions
    if len({each.name for each in drawn}) != len(drawn) or len(drawn) > wire.MOST_RENDITIONS:
        raise Nonsense("its renditions have no names of their own")
    for each in drawn:
        if not (each.name.isalnum() and len(each.name) <= 16 and each.name.isascii()):
            raise Nonsense("a rendition has a strange name")
        if not (0 < each.width <= _LARGEST_EDGE and 0 < each.height <= _LARGEST_EDGE and each.size > 0):
            raise Nonsense("a rendition has a strange size")
    return value


def _judged(found: Extracted, size: int) -> Iterator[tuple[str, bool]]:
    """Each part of an extraction, and whether it can be one."""
    yield "kind", found.kind in _KINDS
    yield "format", _WORD.fullmatch(found.format) is not None
    yield "shape", 0 <= found.width <= _MOST_PIXELS and 0 <= found.height <= _MOST_PIXELS
    yield "duration", found.duration is None or 0 <= found.duration <= _MOST_MILLISECONDS
    yield "number of frames", 1 <= found.frames <= _MOST_PIXELS
    for codec in (found.video_codec, found.audio_codec):
        yield "codec", codec is None or _CODEC.fullmatch(codec) is not None
    yield "date", found.date is None or _is_moment(found.date)
    yield "position", _is_position(found)
    # Places are shared by everybody who has photos there.
    yield "place", found.place is None or (found.latitude is not None and place.is_known(found.place))
    numbers = (found.exposure_time, found.aperture, found.iso, found.focal_length, found.focal_length_35mm)
    yield "exposure", all(number is None or number > 0 for number in numbers)
    yield "rating", found.rating is None or -1 <= found.rating <= 5
    for words in (found.make, found.model, found.lens, found.title, found.content_id, found.projection):
        yield "text of a line", words is None or words == text.line(words)
    yield "description", found.description is None or found.description == text.paragraph(found.description)
    yield "list of tags", len(found.tags) <= text.MOST_NAMES and found.tags == text.names(found.tags)
    yield "motion", found.motion is None or _lies_within(*found.motion, size)
    yield "thumbhash", found.thumbhash is None or len(found.thumbhash) <= _LONGEST_THUMBHASH


def _is_moment(date: Moment) -> bool:
    """The rules are those of a file's inside, the year has four digits, and an offset comes with what gave it."""
    if date.rule not in _FILE_RULES or not _FIRST_DAY <= date.wall <= _LAST_DAY:
        return False
    if date.offset is None:
        return date.zone is None and date.offset_rule is None
    is_zone = date.zone is None or (_ZONE.fullmatch(date.zone) is not None and _is_known(date.zone))
    return date.offset in dating.OFFSETS and date.offset_rule in _OFFSET_RULES and is_zone


@lru_cache(maxsize=1000)
def _is_known(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # a folder of the database is no zone either
        return False
    return True


def _is_position(found: Extracted) -> bool:
    if found.latitude is None or found.longitude is None:
        return found.latitude is found.longitude is found.altitude
    is_there = abs(found.latitude) <= 90 and abs(found.longitude) <= 180
    return is_there and (found.altitude is None or abs(found.altitude) < _HIGHEST)


def _lies_within(start: int, length: int, size: int) -> bool:
    return start >= 0 and 0 < length <= size - start


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
