"""A copy of a video that every browser plays: H.264 and AAC in an MP4 whose index comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def encoder() -> str | None:
    """The H.264 encoder of the installed FFmpeg; None where it has none, and :func:`encode` cannot work."""
    raise NotImplementedError


def encode(
    file: BinaryIO, size: int, target: Path, *, height: int = 720, progress: Callable[[float], None] | None = None
) -> None:
    """Write the video ``file`` of ``size`` bytes to ``target``, at most ``height`` pixels high (upright), SDR.

    ``progress`` hears how much is done, from 0 to 1, at least once a second of video; to cancel, it raises, and its
    error comes out of here. Without success there is no file at ``target``. Raises
    :class:`indexer.errors.Unreadable` for what cannot be decoded.
    """
    raise NotImplementedError
