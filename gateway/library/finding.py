"""What a check finds."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """Something that is not as it should be."""

    kind: str
    """``sums``, ``missing`` (a file without its object), ``size``, ``stray`` (an object without a row), ``unused``;
    of what is derived from files: ``days``, ``counts``, ``photos``, ``renditions``."""
    text: str
    repaired: bool
