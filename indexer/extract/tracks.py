"""The two tracks of a playable copy: from decoded frames to encoded ones."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from av.audio.frame import AudioFrame
from av.filter import Graph
from av.video.frame import PictureType, VideoFrame
from PIL.Image import Transpose

from indexer.extract import footage, tonemap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.container import OutputContainer
    from av.video.stream import VideoStream

Steps = tuple[tuple[str, str], ...]
"""Names of filters, and the words for each."""
_Frame = TypeVar("_Frame", AudioFrame, VideoFrame)

ENCODER: Final = "libx264"
THREADS = 2

_QUALITY = {"preset": "veryfast", "crf": "23"}
_USUAL, _LENIENCE = 30, Fraction(1, 10)
"""Pictures per second: of a video faster than this, and a tenth, every second, third … is kept. What phones call 30 is
often a little more."""
_KEY = 2
"""Seconds from one key frame to the next, to which a player can jump."""
_CLOCK = Fraction(1, 90_000)
"""Seconds of a tick in the copy: every usual rate has whole ones."""
_SOUND_RATE, _SOUND_BITS = 48_000, 128_000
_BT709, _UNSPECIFIED = 1, 2

_TURNS: dict[Transpose | None, Steps] = {
    None: (),
    Transpose.FLIP_LEFT_RIGHT: (("hflip", ""),),
    Transpose.FLIP_TOP_BOTTOM: (("vflip", ""),),
    Transpose.ROTATE_180: (("hflip", ""), ("vflip", "")),
    Transpose.ROTATE_270: (("transpose", "clock"),),
    Transpose.ROTATE_90: (("transpose", "cclock"),),
    Transpose.TRANSPOSE: (("transpose", "cclock_flip"),),
    Transpose.TRANSVERSE: (("transpose", "clock_flip"),),
}
"""FFmpeg's filters for what Pillow calls these."""


class _Filters(Generic[_Frame]):
    """A chain of filters; where frames change their form on the way, a new one takes over."""

    def __init__(self) -> None:
        self._form: tuple[object, ...] = ()
        self._graph = Graph()

    def through(self, frame: _Frame, form: tuple[object, ...], steps: Callable[[], Steps]) -> Iterator[_Frame]:
        """What comes out when ``frame`` goes in, which has such a ``form``; ``steps`` makes the filters for it."""
        if form != self._form:
            yield from self.rest()
            self._form, self._graph = form, _graph(frame, steps())
        self._graph.push(frame)
        yield from self._out()

    def rest(self) -> Iterator[_Frame]:
        """What is still on its way."""
        if self._form:
            self._graph.push(None)
            yield from self._out()

    def _out(self) -> Iterator[_Frame]:
        with suppress(BlockingIOError, EOFError):
            while True:
                yield cast("_Frame", self._graph.pull())


def _graph(frame: _Frame, steps: Steps) -> Graph:
    graph = Graph()
    graph.threads = THREADS
    if isinstance(frame, VideoFrame):
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        sink = graph.add("buffersink")
    else:
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout, time_base=frame.time_base
        )
        sink = graph.add("abuffersink")
    graph.link_nodes(source, *(graph.add(name, words or None) for name, words in steps), sink).configure()
    return graph


class Sounds:
    """The track of sound in the copy. Holes in the original become silence, what overlaps is left out."""

    def __init__(self, output: OutputContainer) -> None:
        """Add the track to ``output``."""
        self._output = output
        self._track = output.add_stream("aac", rate=_SOUND_RATE, layout="stereo", bit_rate=_SOUND_BITS)
        self._filters: _Filters[AudioFrame] = _Filters()
        self._samples = 0

    def put(self, frame: AudioFrame) -> None:
        """Add what is heard."""
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        self._write(self._filters.through(frame, form, self._steps))

    def end(self) -> None:
        """Write what is still on its way."""
        self._write(self._filters.rest())
        self._output.mux(self._track.encode())

    def _write(self, frames: Iterator[AudioFrame]) -> None:
        for frame in frames:
            frame.pts, frame.time_base = self._samples, Fraction(1, _SOUND_RATE)  # some originals tell no times
            self._samples += frame.samples
            self._output.mux(self._track.encode(frame))

    def _steps(self) -> Steps:
        return (
            ("aresample", f"{_SOUND_RATE}:async=1:first_pts={self._samples}"),
            ("aformat", "sample_fmts=fltp:channel_layouts=stereo"),
        )


class Pictures:
    """The track of pictures in the copy."""

    def __init__(self, output: OutputContainer, stream: VideoStream, first: VideoFrame, height: int) -> None:
        """Add the track to ``output``: upright, the shorter edge at most ``height`` pixels.

        ``stream`` and its ``first`` picture tell how it has to be shown.
        """
        self._turn = footage.turn(first)
        self._interlaced = first.interlaced_frame
        size = footage.shape(first.width, first.height, stream.sample_aspect_ratio)
        scale = min(1.0, height / min(size))
        self._size = tuple(max(2, 2 * round(edge * scale / 2)) for edge in size)  # even, as 4:2:0 wants it
        rate = stream.average_rate or Fraction(_USUAL)
        self._thinner = max(1, ceil(rate / _USUAL - _LENIENCE))
        self._gap = self._thinner / rate
        self._output = output
        self._track = self._added()
        self._filters: _Filters[VideoFrame] = _Filters()
        self._last = -1
        self._due = Fraction(0)
        self.seconds = Fraction(0)
        """Where the last picture stands."""

    def put(self, frame: VideoFrame) -> None:
        """Add a picture, unless it comes before the last one or too soon after it."""
        base = frame.time_base or _CLOCK
        if frame.pts is None:
            frame.pts = self._last + max(1, round(self._gap / base))
        self.seconds = frame.pts * base
        if frame.pts <= self._last or (self._thinner > 1 and self.seconds < self._due):
            return
        self._last = frame.pts
        self._due = max(self._due + self._gap, self.seconds + self._gap / 2)  # early by at most half a gap
        is_hdr = frame.color_trc in tonemap.TRANSFERS
        if not is_hdr:  # swscale refuses some of the values that no player minds
            frame.color_trc = frame.color_primaries = _UNSPECIFIED
        is_bt709 = footage.is_bt709(frame)
        form = (frame.width, frame.height, frame.format.name, is_hdr, is_bt709)
        self._write(self._filters.through(frame, form, lambda: self._steps(is_hdr=is_hdr, is_bt709=is_bt709)))

    def end(self) -> None:
        """Write what is still on its way."""
        self._write(self._filters.rest())
        self._output.mux(self._track.encode())

    def _write(self, frames: Iterator[VideoFrame]) -> None:
        for frame in frames:
            frame.pict_type = PictureType.NONE  # or the encoder would do as the original's did
            self._output.mux(self._track.encode(frame))

    def _added(self) -> VideoStream:
        rate = 1 / self._gap
        track = self._output.add_stream(ENCODER, rate=rate, options=_QUALITY)
        track.width, track.height = reversed(self._size) if self._turn in footage.LYING else self._size
        track.pix_fmt = "yuv420p"
        context = track.codec_context
        context.time_base = _CLOCK
        context.gop_size = ceil(rate * _KEY)
        context.thread_count = THREADS
        context.color_primaries = context.color_trc = context.colorspace = context.color_range = _BT709
        return track

    def _steps(self, *, is_hdr: bool, is_bt709: bool) -> Steps:
        """From a frame as it is decoded to one as it is shown."""
        width, height = self._size
        scale = f"{width}:{height}:out_color_matrix=bt709:out_range=tv"
        if is_bt709:
            scale += ":in_color_matrix=bt709"
        if is_hdr:
            scale += ":out_transfer=bt709:out_primaries=bt709"
        whole = (("yadif", "deint=interlaced"),) if self._interlaced else ()
        return (*whole, ("scale", scale), *_TURNS[self._turn], ("setsar", "1"), ("format", "yuv420p"))
