"""Words from inside files, made fit for a database and a page."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_LINE = 300
LONGEST_TEXT = 10_000
MOST_NAMES = 500

_CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""Control characters but tab and line feed, those that turn the direction of writing, and what is no character."""


def line(value: str | None, limit: int = LONGEST_LINE) -> str | None:
    """``value`` on one line of at most ``limit`` characters, in NFC; None when nothing is left of it."""
    return _shortened(" ".join(_CONTROLS.sub(" ", value[: 4 * limit]).split()), limit) if value else None


def paragraph(value: str | None) -> str | None:
    """``value`` with its line breaks, at most :data:`LONGEST_TEXT` characters; None when nothing is left of it."""
    if not value:
        return None
    clean = _CONTROLS.sub("", re.sub(r"\r\n?|\u2028|\u2029", "\n", value[: 4 * LONGEST_TEXT]))
    return _shortened("\n".join(part.rstrip() for part in clean.strip().split("\n")), LONGEST_TEXT)


def names(values: Iterable[str]) -> tuple[str, ...]:
    """Each of ``values`` once, as lines of at most 100 characters, without empty ones."""
    lines = (line(value, 100) for value in islice(values, MOST_NAMES))
    return tuple(dict.fromkeys(name for name in lines if name))


def _shortened(value: str, limit: int) -> str | None:
    value = unicodedata.normalize("NFC", value)
    return (value if len(value) <= limit else value[: limit - 1].rstrip() + "…") or None
