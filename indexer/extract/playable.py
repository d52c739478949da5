"""A copy of a video that every browser plays: H.264 and AAC in an MP4 whose index comes first."""

from __future__ import annotations

import itertools
from contextlib import suppress
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import av
from av.codec import codecs_available
from av.filter import Graph
from av.video.frame import PictureType
from PIL.Image import Transpose

from indexer.errors import Unreadable
from indexer.extract import footage, tonemap
from indexer.extract.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_ENCODER: Final = "libx264"
_QUALITY = {"preset": "veryfast", "crf": "23"}
_FASTEST = 30
"""Pictures per second: of a faster video every second, third … is kept."""
_KEY = 2
"""Seconds from one key frame to the next, to which a player can jump."""
_CLOCK = Fraction(1, 90_000)
"""Seconds of a tick in the copy: every usual rate has whole ones."""
_SOUND_RATE, _SOUND_BITS = 48_000, 128_000
_THREADS = 2
_HELD = 8
"""Frames in memory at a time: what the decoder refers to and what waits for its turn."""
_EARLY = 1000
"""Pieces of sound that may come before the first picture: about twenty seconds."""
_APART = 60
"""Seconds that sound may be away from its pictures: what is farther is an error of its clock."""
_BT709, _UNSPECIFIED = 1, 2

_TURNS: dict[Transpose | None, tuple[tuple[str, str], ...]] = {
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


def encoder() -> str | None:
    """The H.264 encoder of the installed FFmpeg; None where it has none, and :func:`encode` cannot work."""
    return _ENCODER if _ENCODER in codecs_available else None


def encode(
    file: BinaryIO,
    size: int,
    target: Path,
    *,
    budget: int,
    height: int = 720,
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Write the video ``file`` of ``size`` bytes to ``target``: upright, in square pixels, SDR, without metadata.

    The shorter edge has at most ``height`` pixels. ``budget`` is the bytes of memory that decoding may use.
    ``progress`` hears how much is done, from 0 to 1, once a second of video; to cancel, it raises, and its error comes
    out of here. Without success there is no file at ``target``. Raises :class:`indexer.errors.Unreadable` for what
    cannot be decoded, and OSError where ``file`` or ``target`` fails.
    """
    window = Window(file, 0, size, limit=2 * size)
    draft = target.with_name(f"{target.name}.part")
    try:
        with _opened(window, budget) as source:
            with av.open(str(draft), "w", format="mp4", container_options={"movflags": "faststart"}) as output:
                _convert(source, output, budget, height, progress)
            if window.failure:
                raise window.failure
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _opened(window: Window, budget: int) -> InputContainer:
    try:
        return footage.opened(window, budget=budget)
    except av.FFmpegError as error:
        raise window.failure or Unreadable("There is no video in it that can be read.") from error


def _convert(
    source: InputContainer, output: OutputContainer, budget: int, height: int, progress: Callable[[float], None]
) -> None:
    stream, sound = footage.pictures(source), footage.sound(source)
    if stream is None:
        raise Unreadable("There is no video in it that can be read.")
    footage.prepare(stream, frames=_HELD, budget=budget, threads=_THREADS)
    frames = _frames(source, stream, sound)
    early, first = _until_picture(frames)
    pictures = _Pictures(output, stream, first, height)
    sounds = _Sounds(output) if sound and sound.codec_context else None
    start, duration, second = Fraction(source.start_time or 0, av.time_base), footage.duration(source), 0
    for frame in itertools.chain(early, (first,), frames):
        if frame.pts is not None and frame.time_base:
            frame.pts -= round(start / frame.time_base)  # pictures and sound begin together, at zero
        if isinstance(frame, av.VideoFrame):
            pictures.put(frame)
            if pictures.seconds >= second + 1:
                second = int(pictures.seconds)
                progress(min(1.0, 1000 * second / duration) if duration else 0.0)
        elif sounds and abs((frame.time or 0) - float(pictures.seconds)) < _APART:
            sounds.put(frame)
    pictures.end()
    if sounds:
        sounds.end()


def _frames(
    source: InputContainer, stream: VideoStream, sound: AudioStream | None
) -> Iterator[VideoFrame | AudioFrame]:
    """Everything that can be decoded; a broken file ends where it breaks, or PyAV stumbles at its end."""
    tracks = (stream, sound) if sound and sound.codec_context else (stream,)
    with suppress(av.FFmpegError, IndexError):
        for packet in source.demux(*tracks):
            with suppress(av.FFmpegError):
                yield from cast("list[VideoFrame | AudioFrame]", packet.decode())


def _until_picture(frames: Iterator[VideoFrame | AudioFrame]) -> tuple[list[AudioFrame], VideoFrame]:
    """Frames of sound, and the first picture: it tells how to turn the copy, before which that cannot begin."""
    early: list[AudioFrame] = []
    for frame in itertools.islice(frames, _EARLY):
        if isinstance(frame, av.VideoFrame):
            return early, frame
        early.append(frame)
    raise Unreadable("None of its pictures can be decoded.")


class _Sounds:
    """The track of sound in the copy. Holes in the original become silence, what overlaps is left out."""

    def __init__(self, output: OutputContainer) -> None:
        self._output = output
        self._track = output.add_stream("aac", rate=_SOUND_RATE, layout="stereo", bit_rate=_SOUND_BITS)
        self._kind: tuple[object, ...] = ()
        self._graph = Graph()
        self._samples = 0

    def put(self, frame: AudioFrame) -> None:
        """Add what is heard; its form may change on the way."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            self._drain()
            self._kind, self._graph = kind, self._filters(frame)
        self._graph.push(frame)
        self._encode()

    def end(self) -> None:
        """Write what is still on its way."""
        self._drain()
        self._output.mux(self._track.encode())

    def _drain(self) -> None:
        if self._kind:
            self._graph.push(None)
            self._encode()

    def _encode(self) -> None:
        with suppress(BlockingIOError, EOFError):
            while True:
                frame = cast("AudioFrame", self._graph.pull())
                frame.pts, frame.time_base = self._samples, Fraction(1, _SOUND_RATE)  # some originals tell no times
                self._samples += frame.samples
                self._output.mux(self._track.encode(frame))

    def _filters(self, frame: AudioFrame) -> Graph:
        graph = Graph()
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate, format=frame.format, layout=frame.layout, time_base=frame.time_base
        )
        steps = (
            ("aresample", f"{_SOUND_RATE}:async=1:first_pts={self._samples}"),
            ("aformat", "sample_fmts=fltp:channel_layouts=stereo"),
            ("abuffersink", ""),
        )
        graph.link_nodes(source, *(graph.add(name, words or None) for name, words in steps)).configure()
        return graph


class _Pictures:
    """The track of pictures in the copy."""

    def __init__(self, output: OutputContainer, stream: VideoStream, first: VideoFrame, height: int) -> None:
        self._output = output
        self._stream = stream
        self._turn = footage.turn(first)
        self._interlaced = first.interlaced_frame
        size = footage.shape(first.width, first.height, stream.sample_aspect_ratio)
        scale = min(1.0, height / min(size))
        self._size = tuple(max(2, 2 * round(edge * scale / 2)) for edge in size)  # even, as 4:2:0 wants it
        rate = stream.average_rate or Fraction(_FASTEST)
        self._gap = ceil(rate / _FASTEST) / rate
        self._thinned = rate > _FASTEST
        self._track = self._added()
        self._kind: tuple[object, ...] = ()
        self._graph = Graph()
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
        if frame.pts <= self._last or (self._thinned and self.seconds < self._due):
            return
        self._last = frame.pts
        self._due = max(self._due + self._gap, self.seconds + self._gap / 2)  # early by at most half a gap
        is_hdr = frame.color_trc in tonemap.TRANSFERS
        if not is_hdr:  # swscale refuses some of the values that no player minds
            frame.color_trc = frame.color_primaries = _UNSPECIFIED
        kind = (frame.width, frame.height, frame.format.name, is_hdr, footage.is_bt709(frame))
        if kind != self._kind:
            self._drain()
            self._kind, self._graph = kind, self._filters(frame, is_hdr=is_hdr)
        self._graph.vpush(frame)
        self._encode()

    def end(self) -> None:
        """Write what is still on its way."""
        self._drain()
        self._output.mux(self._track.encode())

    def _drain(self) -> None:
        if self._kind:
            self._graph.vpush(None)
            self._encode()

    def _encode(self) -> None:
        with suppress(BlockingIOError, EOFError):
            while True:
                frame = self._graph.vpull()
                frame.pict_type = PictureType.NONE  # or the encoder would do as the original's did
                self._output.mux(self._track.encode(frame))

    def _added(self) -> VideoStream:
        rate = 1 / self._gap
        track = self._output.add_stream(_ENCODER, rate=rate, options=_QUALITY)
        track.width, track.height = reversed(self._size) if self._turn in footage.LYING else self._size
        track.pix_fmt = "yuv420p"
        context = track.codec_context
        context.time_base = _CLOCK
        context.gop_size = ceil(rate * _KEY)
        context.thread_count = _THREADS
        context.color_primaries = context.color_trc = context.colorspace = context.color_range = _BT709
        return track

    def _filters(self, frame: VideoFrame, *, is_hdr: bool) -> Graph:
        """From a frame as it is decoded to one as it is shown."""
        width, height = self._size
        scale = f"{width}:{height}:out_color_matrix=bt709:out_range=tv"
        if footage.is_bt709(frame):
            scale += ":in_color_matrix=bt709"
        if is_hdr:
            scale += ":out_transfer=bt709:out_primaries=bt709"
        graph = Graph()
        graph.threads = _THREADS
        source = graph.add_buffer(
            template=self._stream,
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base,
        )
        steps = [("scale", scale), *_TURNS[self._turn], ("setsar", "1"), ("format", "yuv420p"), ("buffersink", "")]
        if self._interlaced:
            steps.insert(0, ("yadif", "deint=interlaced"))
        graph.link_nodes(source, *(graph.add(name, words or None) for name, words in steps)).configure()
        return graph
