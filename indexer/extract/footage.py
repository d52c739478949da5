"""A video as FFmpeg opens it: its streams, and how its frames are meant to be shown."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
from PIL.Image import Transpose

from indexer.errors import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from av.audio.stream import AudioStream
    from av.buffer import Buffer
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from indexer.extract.bounded import Bounded

_FORMATS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,mpegvideo,asf,flv,ogg,mxf,dv"
"""FFmpeg also reads play lists, which make it open other files and addresses: those have no business here."""

_LONGEST = 2**31
"""Milliseconds: 25 days. A longer video is an error of its header."""

_USUAL_BITS = 24
"""Of a pixel: ten bits in two bytes, colours at half the size each way."""
_UNSPECIFIED = 2
_HD = 720

_TURNS = {
    (1, 0, 0, 1): None,
    (-1, 0, 0, 1): Transpose.FLIP_LEFT_RIGHT,
    (1, 0, 0, -1): Transpose.FLIP_TOP_BOTTOM,
    (-1, 0, 0, -1): Transpose.ROTATE_180,
    (0, 1, 1, 0): Transpose.TRANSPOSE,
    (0, 1, -1, 0): Transpose.ROTATE_270,  # Pillow turns against the clock
    (0, -1, 1, 0): Transpose.ROTATE_90,
    (0, -1, -1, 0): Transpose.TRANSVERSE,
}
"""By the signs of the display matrix's a, b, c and d: x' = a x + c y, y' = b x + d y."""

LYING = {Transpose.TRANSPOSE, Transpose.ROTATE_270, Transpose.ROTATE_90, Transpose.TRANSVERSE}
"""The turns that swap width and height."""


def opened(source: Bounded, *, budget: int) -> InputContainer:
    """The container in ``source``; closing it leaves the file open. Raises av.FFmpegError.

    FFmpeg decodes some frames to learn what they are, inside ``budget`` bytes each.
    """
    return av.open(
        source,
        "r",
        container_options={"format_whitelist": _FORMATS, "export_xmp": "1"},
        options={"max_pixels": str(8 * budget // _USUAL_BITS)},
        metadata_errors="replace",
    )


def pictures(container: InputContainer) -> VideoStream | None:
    """The stream of moving pictures, if there is one: the cover of a song is none."""
    best = container.streams.best("video")
    covers = av.stream.Disposition.attached_pic
    return next((one for one in container.streams.video if one is best and not one.disposition & covers), None)


def sound(container: InputContainer) -> AudioStream | None:
    """The stream of sound, if there is one."""
    best = container.streams.best("audio")
    return next((one for one in container.streams.audio if one is best), None)


def duration(container: InputContainer) -> int | None:
    """Milliseconds of the longest of pictures and sound."""
    streams = [*container.streams.video, *container.streams.audio]
    lengths = [one.duration * one.time_base for one in streams if one.duration and one.time_base]
    seconds = max(lengths) if lengths else Fraction(container.duration or 0, av.time_base)
    milliseconds = round(seconds * 1000)
    return milliseconds if 0 < milliseconds < _LONGEST else None


def prepare(stream: VideoStream, *, frames: int, budget: int, threads: int) -> None:
    """Make ``stream`` ready for decoding.

    Raises Unreadable for a codec that this FFmpeg does not know, or if ``frames`` of it, which are in memory at a time,
    take more than ``budget`` bytes.
    """
    if stream.codec_context is None:
        raise Unreadable("Its codec is unknown.")
    affordable = 8 * budget // (frames * bits(stream))
    if stream.width * stream.height > affordable:
        raise Unreadable(f"Its pictures are too large to decode: {stream.width} × {stream.height} pixels.")
    # What the pictures themselves say about their size may be another thing than what the container says.
    stream.codec_context.options = {"max_pixels": str(affordable)}
    stream.codec_context.thread_count = threads


def bits(stream: VideoStream) -> int:
    """Bits of a decoded pixel."""
    return (stream.format.padded_bits_per_pixel if stream.format else 0) or _USUAL_BITS


def is_bt709(frame: VideoFrame) -> bool:
    """Whether ``frame`` has to be taken for BT.709 because it does not say what it is: players do so with HD, where
    swscale would take it for BT.601."""
    return frame.colorspace == _UNSPECIFIED and frame.height >= _HD


def shape(width: int, height: int, ratio: Fraction | None) -> tuple[int, int]:
    """The size in square pixels of a picture whose pixels are ``ratio`` times as wide as high. None shrinks."""
    if not ratio or not Fraction(1, 8) < ratio < 8:
        return width, height
    return (round(width * ratio), height) if ratio > 1 else (width, round(height / ratio))


def turn(frame: VideoFrame) -> Transpose | None:
    """What makes ``frame`` upright. Angles between the right ones exist in editors only: the nearest right one."""
    matrix = cast("Mapping[str, Buffer]", frame.side_data).get("DISPLAYMATRIX")
    if matrix is None:
        return None
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(matrix))
    if abs(a) + abs(d) >= abs(b) + abs(c):
        b = c = 0
    else:
        a = d = 0
    return _TURNS.get((_sign(a), _sign(b), _sign(c), _sign(d)))


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
