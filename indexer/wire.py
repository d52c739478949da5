"""What parent and decoder say to each other, over one socket a file.

The parent sends the task, then the bytes of every range that it is asked for. The decoder sends heads of two
numbers: READ asks for a range; FOUND and FAILED end the talk with JSON, FOUND with the renditions' bytes behind it. An
encoder sends PROGRESS now and then, and ENCODED in the place of FOUND: its copy is in a file.
Nothing is pickled: whoever decodes hostile bytes may have become hostile.
"""

import json
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.library.extracted import Extracted

if TYPE_CHECKING:
    from indexer.extract.extraction import Extraction

TASK = struct.Struct("!QQ")
"""The file's size, and the budget: bytes for pixels, by arithmetic before they are decoded."""
HEAD = struct.Struct("!cQQ")

READ = b"R"
"""Asks for bytes: start, length."""
FOUND = b"F"
"""An extraction: length of the JSON of a Found, length of all renditions."""
PROGRESS = b"P"
"""So much is encoded: percent, 0."""
ENCODED = b"E"
"""The copy is made: 0, 0."""
FAILED = b"X"
"""No extraction: length of the JSON of a Failure, 0."""

UNREADABLE, TOO_LARGE, NO_MEMORY, DEFECT = "unreadable", "too large", "no memory", "defect"
"""Kinds of a Failure: the errors of ``indexer.errors``, an allocation that failed, any other exception."""
NO_ROOM, TOO_LONG = "no room", "too long"
"""And of an encoder's: the disk is full; the copy became larger than it may be."""

LONGEST_JSON = 1 << 20
LONGEST_TEXT = 1 << 16
"""Characters of one text of an extraction; the rest is cut off."""
MOST_RENDITIONS = 8
LARGEST_RENDITIONS = 16 << 20
"""Bytes of all renditions of a file."""


class Drawn(NamedTuple):
    """A rendition without its bytes."""

    name: str
    width: int
    height: int
    size: int
    """Bytes."""


class Found(NamedTuple):
    """An extraction without the bytes of its renditions."""

    extracted: Extracted
    renditions: tuple[Drawn, ...]
    error: str | None


class Failure(NamedTuple):
    """Why there is no extraction."""

    kind: str
    reason: str


def found(extraction: "Extraction") -> bytes:
    """The message FOUND, without the renditions' bytes."""
    drawn = tuple(Drawn(each.name, each.width, each.height, len(each.data)) for each in extraction.renditions)
    body = _packed(Found(extraction.extracted, drawn, extraction.error))
    return HEAD.pack(FOUND, len(body), sum(each.size for each in drawn)) + body


def failed(failure: Failure) -> bytes:
    """The message FAILED."""
    body = _packed(failure)
    return HEAD.pack(FAILED, len(body), 0) + body


def _packed(value: tuple[Any, ...]) -> bytes:
    return json.dumps(_clean(value), default=bytes.hex, allow_nan=False).encode()


def _clean(value: Any) -> Any:
    """The value with texts that UTF-8, JSON and every database can hold."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT].replace("\0", "").encode(errors="ignore").decode()
    return [_clean(each) for each in value] if isinstance(value, tuple) else value
