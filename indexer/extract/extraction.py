"""What comes out of one file; apart from what makes it, so that knowing the values loads no decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gateway.library.extracted import Extracted, Rendition


class Extraction(NamedTuple):
    """What came out of one file."""

    extracted: Extracted
    renditions: tuple[Rendition, ...] = ()
    error: str | None = None
    """Why there is no picture, for a person; what the file tells about itself is in ``extracted`` all the same."""
