"""Which renditions a blob has: their version is a part of their addresses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func

from gateway.catalogue.models import RenditionSet

_TAIL = len("~abcdefghijkl.webps")
_RANDOM = 12

VERSION: Any = func.coalesce(func.substr(RenditionSet.key, func.length(RenditionSet.key) - _TAIL + 2, _RANDOM), "0")
"""The drawn part of their object's key, another one each time they are made; ``0`` where there are none."""
