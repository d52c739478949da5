"""What a video tells about itself, and one picture of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image


class Video(NamedTuple):
    """A video as it is shown: turned and stretched as its container asks. Dates are as they were written."""

    width: int = 0
    """Pixels, upright and square; 0 when unknown."""
    height: int = 0
    duration: int | None = None
    """Milliseconds."""
    video_codec: str | None = None
    """FFmpeg's name (h264, hevc, vp9, av1, mjpeg, …); None where there is no moving picture: sound is no video."""
    audio_codec: str | None = None
    frame_rate: float | None = None
    """Frames per second, on average."""
    bit_rate: int | None = None
    """Bits per second of the whole file."""
    creation_date: str | None = None
    """``com.apple.quicktime.creationdate``: wall clock with offset, ``2023-08-05T14:03:11+0200``."""
    creation_time: str | None = None
    """The container's own creation time, which is UTC by its standard: ``2023-08-05T12:03:11.000000Z``."""
    original: str | None = None
    """The wall clock of the camera, from a tag that means this (``IDIT`` in AVI, the camera's own record in AVCHD):
    ``2023-08-05 14:03:11``, with the offset where it has one."""
    day: str | None = None
    """``©day`` and its kin, which people and programs fill as they like: ``2023``, ``2023-08-05``, a whole date."""
    latitude: float | None = None
    """Degrees, north positive; None with ``longitude`` where the position is no position."""
    longitude: float | None = None
    """Degrees, east positive."""
    altitude: float | None = None
    """Metres above the sea."""
    make: str | None = None
    model: str | None = None
    software: str | None = None
    title: str | None = None
    description: str | None = None
    content_id: str | None = None
    """Apple's ``com.apple.quicktime.content.identifier``, which a live photo's video shares with its still."""
    poster: Image | None = None
    """A telling frame, RGB, upright, the longer edge at most 2048 pixels; None if none could be decoded."""
    error: str | None = None
    """Why there is no poster, for a person."""


def probe(file: BinaryIO, size: int, *, budget: int) -> Video:
    """Read the video ``file`` of ``size`` bytes; ``budget`` is the bytes of memory that decoding may use.

    Raises :class:`indexer.errors.Unreadable` where there is no container that FFmpeg understands.
    """
    raise NotImplementedError
