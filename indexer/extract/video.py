"""What a video tells about itself, and one picture of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import av

from indexer.errors import Unreadable
from indexer.extract import camcorder, footage, iso6709, poster
from indexer.extract.bounded import Bounded

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream
    from PIL.Image import Image

_LIMIT = 256 * 1024 * 1024
"""Bytes that are read of a file at most: the index of a day of video, and some key frames."""
_APPLE = "com.apple.quicktime."
_BRANDS = 64
"""Bytes in which an MP4 says whose kind it is."""
_HEAD = 64 * 1024
"""Bytes in which an ASF file tells its properties."""


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
    offset: str | None = None
    """Samsung's own note of the offset in which ``creation_time`` was: ``+0200``."""
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
    tags: tuple[str, ...] = ()
    xmp: bytes | None = None
    """An XMP packet, as Adobe's programs and exiftool write it into MP4 and MOV."""
    content_id: str | None = None
    """Apple's ``com.apple.quicktime.content.identifier``, which a live photo's video shares with its still."""
    poster: Image | None = None
    """A telling frame, RGB, upright, the longer edge at most 2048 pixels; None if none could be decoded."""
    error: str | None = None
    """Why there is no poster, for a person."""


def probe(file: BinaryIO, size: int, *, budget: int) -> Video:
    """Read the video ``file`` of ``size`` bytes; ``budget`` is the bytes of memory that decoding may use.

    Raises :class:`indexer.errors.Unreadable` where there is no container that FFmpeg understands, and OSError where
    ``file`` itself fails.
    """
    if not size:
        raise Unreadable("The file is empty.")
    source = Bounded(file, size, limit=_LIMIT)
    try:
        with footage.opened(source, budget=budget) as container:
            video, form = _probe(container, budget=budget), container.format.name
    except av.FFmpegError as error:
        if source.failure:
            raise source.failure from error
        raise Unreadable("There is no video in it that can be read.") from error
    if source.failure:
        raise source.failure
    return _with_record(video, form, file)


def _with_record(video: Video, form: str, file: BinaryIO) -> Video:
    """With what FFmpeg passes over."""
    file.seek(0)
    if form == "asf":
        return video._replace(creation_time=camcorder.asf_created(file.read(_HEAD)))
    if form.startswith("mov") and b"XAVC" in file.read(_BRANDS):
        record = camcorder.sony(file)
        return video._replace(original=record.date, make=video.make or record.make, model=video.model or record.model)
    return video


def _probe(container: InputContainer, *, budget: int) -> Video:
    stream, sound = footage.pictures(container), footage.sound(container)
    video = _tagged(container.metadata, stream)._replace(
        duration=footage.duration(container),
        audio_codec=_codec(sound),
        bit_rate=container.bit_rate or None,
    )
    if stream is None:
        return video
    for other in container.streams:
        if other is not stream:
            other.discard = av.stream.Discard.all
    video = video._replace(video_codec=_codec(stream), frame_rate=float(stream.average_rate or 0) or None)
    if stream.codec_context is None:
        return video._replace(error="Its codec is unknown.")
    if container.format.name == "mpegts":
        for packet in itertools.islice(container.demux(stream), 1):
            record = camcorder.avchd(bytes(packet))
            video = video._replace(original=record.date, make=record.make)
    width, height = footage.shape(stream.width, stream.height, stream.sample_aspect_ratio)
    try:
        shot = poster.take(container, stream, video.duration, budget=budget)
    except Unreadable as error:
        return video._replace(width=width, height=height, error=str(error))
    return video._replace(width=shot.width, height=shot.height, poster=shot.image)


def _codec(stream: Stream | None) -> str | None:
    """FFmpeg's name, or ``unknown``."""
    if stream is None:
        return None
    return stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"


def _tagged(tags: dict[str, str], stream: VideoStream | None) -> Video:
    """What the tags say; those of Apple's, which are the most exact, come first."""
    known = {name.lower(): value for name, value in tags.items()}
    known |= {name.removeprefix(_APPLE): value for name, value in known.items() if name.startswith(_APPLE)}

    def tag(*names: str) -> str | None:
        return next((known[name].strip() for name in names if known.get(name, "").strip()), None)

    created = tag("creation_time") or (stream.metadata.get("creation_time") if stream else None)
    point = iso6709.parse(tag("location.iso6709", "location"))
    return Video(
        creation_date=tag("creationdate"),
        creation_time=created if _is_utc(created) else None,
        original=None if _is_utc(created) else created,
        offset=tag("com.samsung.android.utc_offset"),
        day=tag("date_recorded", "date"),
        latitude=point.latitude,
        longitude=point.longitude,
        altitude=point.altitude,
        make=tag("make", "com.android.manufacturer"),
        model=tag("model", "com.android.model"),
        software=tag("software", "firmware", "encoder"),
        title=tag("title"),
        description=tag("description"),
        tags=tuple(filter(None, map(str.strip, (tag("keywords") or "").split(",")))),
        xmp=xmp.encode() if (xmp := tag("xmp")) else None,
        content_id=tag("content.identifier"),
    )


def _is_utc(created: str | None) -> bool:
    """MP4 and Matroska keep UTC; the ``IDIT`` of an AVI, which FFmpeg gives the same name, is the camera's clock."""
    return created is not None and created.endswith("Z")
