"""Motion photos: a still with a short video behind it, in one file or in two."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from indexer.extract.xmp import Xmp


def locate(file: BinaryIO, size: int, xmp: Xmp | None) -> tuple[int, int] | None:
    """Where in the picture ``file`` of ``size`` bytes its MP4 lies: start and length in bytes. None: it has none."""
    raise NotImplementedError


def may_be_half(duration: int | None, content_id: str | None, still_content_id: str | None) -> bool:
    """Whether a video of ``duration`` milliseconds may be the moving half of the still beside it."""
    raise NotImplementedError
