"""A copy of a video that every browser plays: H.264 and AAC in an MP4 whose index comes first."""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO, cast

import av
from av.codec import codecs_available

from indexer.errors import Unreadable
from indexer.extract import footage
from indexer.extract.bounded import Bounded
from indexer.extract.tracks import ENCODER, THREADS, Pictures, Sounds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_INDEX_FIRST = {"movflags": "faststart"}
_HELD = 8
"""Frames in memory at a time: what the decoder refers to and what waits for its turn."""
_EARLY = 1000
"""Pieces of sound that may come before the first picture: about twenty seconds."""
_APART = 60
"""Seconds that sound may be away from its pictures: what is farther is an error of its clock."""


def encoder() -> str | None:
    """The H.264 encoder of the installed FFmpeg; None where it has none, and :func:`encode` cannot work."""
    return ENCODER if ENCODER in codecs_available else None


def encode(
    file: BinaryIO,
    size: int,
    target: BinaryIO,
    *,
    budget: int,
    height: int = 720,
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Write the video ``file`` of ``size`` bytes to ``target``: upright, in square pixels, SDR, without metadata.

    ``target`` is an empty file that can also be read.

    The shorter edge has at most ``height`` pixels. ``budget`` is the bytes of memory that decoding may use.
    ``progress`` hears how much is done, from 0 to 1, once a second of video; to cancel, it raises, and its error comes
    out of here. Without success ``target`` holds anything. Raises :class:`indexer.errors.Unreadable` for what cannot be
    decoded, and OSError where ``file`` or ``target`` fails.
    """
    source, draft = Bounded(file, size), _Draft(target)
    try:
        with (
            _opened(source, budget) as container,
            av.open(draft, "w", format="mp4", container_options=_INDEX_FIRST, io_open=draft.again) as output,
        ):
            _convert(container, output, budget, height, progress)
    except av.FFmpegError as error:
        raise draft.failure or source.failure or error from error
    if failure := draft.failure or source.failure:
        raise failure


class _Draft:
    """The copy as FFmpeg writes it. When it moves the index to the front, it reads what it has written.

    What the file fails with is kept in ``failure``: FFmpeg tells less of it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.failure: OSError | None = None
        self._file = file

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as failure:
            self.failure = failure
            raise

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def again(self, _name: str, _flags: int, _options: object) -> _Reader:
        """The same file, to be read: what FFmpeg takes for opening it once more."""
        return _Reader(self._file)


class _Reader:
    """Reads a file that somebody else writes, at a position of its own."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._position = 0

    def read(self, size: int) -> bytes:
        theirs = self._file.tell()
        self._file.seek(self._position)
        data = self._file.read(size)
        self._file.seek(theirs)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        theirs = self._file.tell()
        self._file.seek(self._position)
        self._position = self._file.seek(offset, whence)
        self._file.seek(theirs)
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None:
        """The file stays open for its writer."""


def _opened(source: Bounded, budget: int) -> InputContainer:
    try:
        return footage.opened(source, budget=budget)
    except av.FFmpegError as error:
        raise source.failure or Unreadable("There is no video in it that can be read.") from error


def _convert(
    container: InputContainer, output: OutputContainer, budget: int, height: int, progress: Callable[[float], None]
) -> None:
    stream, sound = footage.pictures(container), footage.sound(container)
    if stream is None:
        raise Unreadable("There is no video in it that can be read.")
    footage.prepare(stream, frames=_HELD, budget=budget, threads=THREADS)
    frames = _frames(container, stream, sound)
    early, first = _until_picture(frames)
    pictures = Pictures(output, stream, first, height)
    sounds = Sounds(output) if sound and sound.codec_context else None
    start, duration, second = Fraction(container.start_time or 0, av.time_base), footage.duration(container), 0
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
    container: InputContainer, stream: VideoStream, sound: AudioStream | None
) -> Iterator[VideoFrame | AudioFrame]:
    """Everything that can be decoded; a broken file ends where it breaks, or PyAV stumbles at its end."""
    tracks = (stream, sound) if sound and sound.codec_context else (stream,)
    with suppress(av.FFmpegError, IndexError):
        for packet in container.demux(*tracks):
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
