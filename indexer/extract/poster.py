"""One telling picture of a video."""

from __future__ import annotations

import itertools
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import av
from av.filter import Graph
from av.video.reformatter import Colorspace, Interpolation
from PIL import Image, ImageStat
from PIL.Image import Resampling

from indexer.errors import Unreadable
from indexer.extract import footage, tonemap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

LONGEST_EDGE = 2048
"""Pixels: the largest rendition."""

_MOMENTS = (0.1, 0.35, 0.6)
"""Where to look, as parts of the duration: first behind the titles and the fade, then well inside."""
_PACKETS = 600
"""Packets to look through for a key frame: twenty seconds."""
_ATTEMPTS = 3
"""Key frames that may fail to decode before another moment is tried."""
_RUN, _STRIDE = 96, 12
"""A clip with a single key frame that tells nothing is played so many frames far, and every twelfth is looked at."""
_PLAIN = 6.0
"""Standard deviation of the brightness (of 255) below which a picture is black, white or fog."""
_ALONE = 2
"""Frames in memory while one is decoded alone, generously: itself, and what scaling needs."""
_HELD = 8
"""Frames that a decoder holds while it plays: references and those that wait for their turn."""


class Poster(NamedTuple):
    """A frame, upright."""

    image: Image.Image
    """RGB, square pixels, scaled down to ``LONGEST_EDGE``."""
    width: int
    """Pixels of the video itself, if they were square."""
    height: int


def take(container: InputContainer, stream: VideoStream, duration: int | None, *, budget: int) -> Poster:
    """The first frame that is not plain, else the first that can be decoded; ``duration`` in milliseconds.

    Raises Unreadable without any, or if decoding one needs more than ``budget`` bytes of memory.
    """
    footage.prepare(stream, frames=_ALONE, budget=budget, threads=1)
    play = _HELD * stream.width * stream.height * footage.bits(stream) <= 8 * budget
    first = None
    for poster in _candidates(container, stream, duration, play=play):
        if _tells(poster.image):
            return poster
        first = first or poster
    if first is None:
        raise Unreadable("None of its pictures can be decoded.")
    return first


def _candidates(
    container: InputContainer, stream: VideoStream, duration: int | None, *, play: bool
) -> Iterator[Poster]:
    """Key frames here and there, each decoded alone; then, with ``play``, every so many frames of the beginning."""
    seen: set[int | None] = set()
    for part in _MOMENTS if duration else (0.0,):
        _seek(container, stream, (duration or 0) / 1000 * part)
        if poster := _key_frame(container, stream, seen):
            yield poster
    if play:
        _seek(container, stream, 0)
        for frame in itertools.islice(_frames(container, stream), 0, _RUN, _STRIDE):
            yield _poster(frame, stream)


def _seek(container: InputContainer, stream: VideoStream, seconds: float) -> None:
    """Go to the key frame before; a container that cannot do this is read on from where it is."""
    base = stream.time_base or 1
    moment = (stream.start_time or 0) + int(seconds / base)
    # MPEG searches by the time of decoding, which is a little before that of showing.
    for wanted in (moment,) if seconds else (moment - int(1 / base), moment):
        with suppress(av.FFmpegError, OverflowError):
            container.seek(wanted, stream=stream)
            return


def _key_frame(container: InputContainer, stream: VideoStream, seen: set[int | None]) -> Poster | None:
    """The next key frame that can be decoded; None if it was ``seen`` or there is none."""
    keys = (packet for packet in _packets(container, stream) if packet.is_keyframe)
    for packet in itertools.islice(keys, _ATTEMPTS):
        if packet.pts in seen:
            return None
        seen.add(packet.pts)
        # The decoder is drained at once: it must neither wait for the next frame nor keep this one.
        with suppress(av.FFmpegError):
            for frame in stream.codec_context.decode(packet) or stream.codec_context.decode(None):
                return _poster(frame, stream)
        stream.codec_context.flush_buffers()
    return None


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    # A broken file ends where it breaks; PyAV stumbles at the end of one in which a stream appeared late.
    with suppress(av.FFmpegError, IndexError):
        yield from itertools.islice(container.demux(stream), _PACKETS)


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in _packets(container, stream):
        with suppress(av.FFmpegError):
            yield from stream.codec_context.decode(packet)


def _poster(frame: VideoFrame, stream: VideoStream) -> Poster:
    if frame.interlaced_frame:
        frame = _deinterlaced(frame)
    width, height = footage.shape(frame.width, frame.height, stream.sample_aspect_ratio)
    scale = min(1.0, LONGEST_EDGE / max(width, height))
    plane = frame.reformat(
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        format="rgb24",
        src_colorspace=Colorspace.ITU709 if footage.is_bt709(frame) else None,
        interpolation=Interpolation.BICUBIC,
        threads=1,
    ).planes[0]
    image = Image.frombytes("RGB", (plane.width, plane.height), bytes(plane), "raw", "RGB", plane.line_size)
    if transfer := tonemap.TRANSFERS.get(frame.color_trc):
        image = tonemap.to_srgb(image, transfer)
    if (turn := footage.turn(frame)) is not None:  # one of them is 0
        image = image.transpose(turn)
        if turn in footage.LYING:
            width, height = height, width
    return Poster(image, width, height)


def _deinterlaced(frame: VideoFrame) -> VideoFrame:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 1000)
    )
    graph.link_nodes(source, graph.add("yadif"), graph.add("buffersink")).configure()
    graph.vpush(frame)
    graph.vpush(None)
    return graph.vpull()


def _tells(image: Image.Image) -> bool:
    small = image.resize((64, 64), Resampling.BOX).convert("L")
    return ImageStat.Stat(small).stddev[0] > _PLAIN
