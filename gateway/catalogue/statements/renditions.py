"""Which renditions a blob has: their version is a part of their addresses."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, cast, func

from gateway.catalogue.models import Blob, RenditionSet

_DIGITS = 12

VERSION: Any = func.coalesce(func.substr(func.md5(RenditionSet.key.concat(cast(Blob.id, Text))), 1, _DIGITS), "0")
"""Of a blob that is joined with its renditions: another one each time they are made; ``0`` where there are none.

Part of it is drawn, so nobody can guess it. Of two blobs of equal bytes it differs, although these share their
renditions: else who uploads a file twice would learn from equal versions that somebody else has the same file.
"""
