"""Videos made by PyAV, and what exiftool says about a file."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from tests.support.tools import tool

if TYPE_CHECKING:
    from pathlib import Path

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 200, 30), (30, 30, 220), (240, 240, 240)
CORNERS = (RED, GREEN, BLUE, WHITE)
"""Upper left, upper right, lower left, lower right of :func:`quarters`."""


def quarters(_number: int, width: int, height: int) -> np.ndarray:
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2], picture[: height // 2, width // 2 :] = RED, GREEN
    picture[height // 2 :, : width // 2], picture[height // 2 :, width // 2 :] = BLUE, WHITE
    return picture


def black_before(second: float, rate: int = 30):
    """Pictures that are black before ``second``, quarters after."""
    return lambda number, width, height: quarters(number, width, height) * np.uint8(number >= second * rate)


INTERLACED = {"x264-params": "tff=1"}


def comb(number: int, width: int, height: int) -> np.ndarray:
    """A white bar that is somewhere else in every second line, as it moves from one half picture to the next."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[::2, 8 * number : 8 * number + 40] = 255
    picture[1::2, 8 * number + 20 : 8 * number + 60] = 255
    return picture


def noise(number: int, width: int, height: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 255, (height, width, 3), np.uint8)


def clip(
    path: Path,
    *,
    frames: int = 30,
    size: tuple[int, int] = (320, 180),
    codec: str = "libx264",
    pixels: str = "yuv420p",
    rate: int = 30,
    picture=quarters,
    sound: str | None = None,
    turn: dict[str, Any] | None = None,
    ratio: Fraction | None = None,
    colours: tuple[int, int, int] | None = None,
    gop: int = 30,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> Path:
    """Write a video to ``path``, whose suffix gives the container. ``colours``: transfer, primaries, matrix (H.273)."""
    fast = {
        "libx264": {"preset": "ultrafast"},
        "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:bframes=0"},
    }
    with av.open(str(path), "w", container_options=container or {}) as output:
        output.metadata.update(tags or {})
        video = output.add_stream(codec, rate=rate, options={**fast.get(codec, {}), **(options or {})})
        video.width, video.height, video.pix_fmt, video.gop_size = *size, pixels, gop
        if ratio:
            video.codec_context.sample_aspect_ratio = ratio
        if colours:
            context = video.codec_context
            context.color_trc, context.color_primaries, context.colorspace = colours
            context.color_range = 1
        if turn:
            video.set_display_rotation(**turn)
        audio = output.add_stream(sound, rate=48_000) if sound else None
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number, *size), "rgb24")
            # The matrix that the stream claims is the one that makes the pixels.
            matrix = 9 if colours and colours[2] == 9 else 1 if size[1] >= 720 else 5
            frame = frame.reformat(format=pixels, dst_colorspace=matrix, threads=1)
            frame.pts, frame.time_base = number, Fraction(1, rate)
            output.mux(video.encode(frame))
            if audio:
                output.mux(audio.encode(_tone(number * 48_000 // rate, 48_000 // rate)))
        output.mux(video.encode())
        if audio:
            output.mux(audio.encode())
    if codec == "libsvtav1":
        # As root, SVT-AV1 makes the calling thread a real-time one (FIFO, 99), and every process that this one starts
        # later inherits that: two of them keep a small machine from doing anything else.
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return path


def _tone(start: int, length: int) -> av.AudioFrame:
    wave = (8000 * np.sin(np.arange(start, start + length) / 20)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[None], "s16", "stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, start, Fraction(1, 48_000)
    return frame


def song(path: Path) -> Path:
    with av.open(str(path), "w") as output:
        audio = output.add_stream("aac", rate=48_000)
        output.mux(audio.encode(_tone(0, 48_000)))
        output.mux(audio.encode())
    return path


def stretched(clip: Path, gap: int, *, part: float = 0.5) -> Path:
    """The MP4 ``clip``, whose index comes first, with a hole of ``gap`` bytes at ``part`` of its frames.

    The hole takes no room on the disk.
    """
    data = bytearray(clip.read_bytes())
    start = data.index(b"mdat") + 4
    offsets = []
    at = data.find(b"stco")
    while 0 <= at < start:
        count = int.from_bytes(data[at + 8 : at + 12], "big")
        offsets += [at + 12 + 4 * number for number in range(count)]
        at = data.find(b"stco", at + 4)
    chunks = sorted(int.from_bytes(data[at : at + 4], "big") for at in offsets)
    cut = chunks[int(len(chunks) * part)]
    for at in offsets:
        offset = int.from_bytes(data[at : at + 4], "big")
        struct.pack_into(">I", data, at, offset + gap * (offset >= cut))
    length = int.from_bytes(data[start - 8 : start - 4], "big")
    struct.pack_into(">I", data, start - 8, length + gap)
    with clip.open("wb") as file:
        file.write(data[:cut])
        file.seek(gap, io.SEEK_CUR)
        file.write(data[cut:])
    return clip


def exiftool(path: Path, *options: str) -> dict[str, Any]:
    """What exiftool says of a file, each tag with its group: ``QuickTime:CreateDate``."""
    program = tool("exiftool", package="libimage-exiftool-perl")
    words = [program, "-json", "-G1", "-n", "-api", "LargeFileSupport=1", *options, str(path)]
    (told,) = json.loads(subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout)
    return told


def stamp(path: Path, *tags: str) -> Path:
    """Have exiftool write ``tags`` into a file."""
    program = tool("exiftool", package="libimage-exiftool-perl")
    subprocess.run([program, "-q", "-overwrite_original", *tags, str(path)], stdin=subprocess.DEVNULL, check=True)
    return path
