"""Animated pictures: a still that shows something, the number of frames, and the time of a round."""

from __future__ import annotations

import io
import struct
import time
import zlib

import pytest
from PIL import Image, ImageDraw

from indexer.extract import animation
from indexer.extract.sniff import HEAD, sniff
from tests.components.kits import kit
from tests.indexer.looks import difference, encoded, made, rendition

FORMS = ["GIF", "WEBP", "PNG", "AVIF"]


def moving(form: str, frames: list[Image.Image], durations: list[int]) -> bytes:
    options: dict[str, object] = {"save_all": True, "append_images": frames[1:], "duration": durations}
    if form == "GIF":
        options |= {"disposal": 2}
    return encoded(frames[0], form, **options)


def frame(number: int) -> Image.Image:
    """A square that moves."""
    picture = Image.new("RGB", (120, 80), "white")
    ImageDraw.Draw(picture).rectangle((10 * number, 10, 10 * number + 30, 50), fill="navy")
    return picture


@pytest.mark.parametrize("form", FORMS)
def test_frames_and_time(form: str) -> None:
    pictures = made(moving(form, [frame(number) for number in range(5)], [100, 200, 300, 40, 60]))
    assert (pictures.frames, pictures.duration) == (5, 700)
    assert difference(rendition(pictures), frame(0)) < 8


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_frames_without_a_time_are_shown_as_browsers_do(form: str) -> None:
    """10 ms or less become 100."""
    assert made(moving(form, [frame(0), frame(1), frame(2)], [10, 10, 20])).duration == 220


@pytest.mark.parametrize("form", FORMS)
def test_a_still_is_no_animation(form: str) -> None:
    pictures = made(encoded(frame(0), form))
    assert (pictures.frames, pictures.duration) == (1, None)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF"])
def test_the_still_is_the_first_frame_that_shows_something(form: str) -> None:
    empty = [Image.new("RGB", (120, 80), colour) for colour in ("black", "#300030")]
    pictures = made(moving(form, [*empty, frame(4), frame(5)], [50, 60, 70, 80]))
    assert difference(rendition(pictures), frame(4)) < 8
    assert (pictures.frames, pictures.duration) == (4, 260)


def test_the_still_is_not_the_transparent_frame() -> None:
    nothing = Image.new("RGBA", (120, 80))
    pictures = made(moving("WEBP", [nothing, frame(4).convert("RGBA")], [100, 100]))
    assert difference(rendition(pictures), frame(4)) < 8


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_where_nothing_ever_shows_the_first_frame_is_taken(form: str) -> None:
    colours = [Image.new("RGB", (60, 40), colour) for colour in ("red", "green", "blue")]
    assert difference(rendition(made(moving(form, colours, [100] * 3))), colours[0]) < 8


def test_a_picture_whose_later_frames_are_broken_has_its_first() -> None:
    """APNG whose sequence numbers do not fit: browsers show the default picture."""
    folder = kit("pillow") / "Tests/images/apng"
    for name in ("sequence_gap.png", "sequence_reorder.png", "chunk_no_fdat.png"):
        assert rendition(made(folder / name)).size == (128, 64)


EXAMPLES = [
    ("iss634.gif", 42, 2830),
    ("iss634.webp", 42, 2830),
    ("iss634.apng", 41, 2730),
    ("dispose_bgnd.gif", 5, 5000),
    ("dispose_prev.gif", 5, 4100),
    ("chi.gif", 31, 3100),
    ("apng/delay.png", 4, 3000),  # the default picture is none of the frames
    ("apng/different_durations.png", 2, 5000),
    ("avif/star.avifs", 5, 200),
]
"""Frames and milliseconds of pictures that Pillow tests its own decoders with."""


@pytest.mark.parametrize(("name", "frames", "duration"), EXAMPLES)
def test_animations_of_other_programs(name: str, frames: int, duration: int) -> None:
    pictures = made(kit("pillow") / "Tests/images" / name)
    assert (pictures.frames, pictures.duration) == (frames, duration)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "AVIF"])
def test_an_index_that_is_cut_anywhere_ends_there(form: str) -> None:
    data = moving(form, [frame(number) for number in range(3)], [100] * 3)
    for length in range(0, len(data), 7):
        cut = data[:length]
        assert animation.measure(io.BytesIO(cut), sniff(data[:HEAD]) or "").frames <= 3


def test_ten_thousand_frames_are_counted_in_an_instant() -> None:
    """None is decoded: they are 100 × 100 pixels of one colour, and would take seconds."""
    control = struct.pack(">IIIIHHBB", 100, 100, 0, 0, 1, 10, 0, 0)
    pixels = zlib.compress(bytes(100 * 13))
    chunks = [
        chunk(b"IHDR", struct.pack(">IIBBBBB", 100, 100, 1, 0, 0, 0, 0)),
        chunk(b"acTL", struct.pack(">II", 10_000, 0)),
    ]
    chunks += [chunk(b"fcTL", bytes(4) + control), chunk(b"IDAT", pixels)]
    for number in range(1, 20_000, 2):
        chunks += [
            chunk(b"fcTL", number.to_bytes(4, "big") + control),
            chunk(b"fdAT", (number + 1).to_bytes(4, "big") + pixels),
        ]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(chunks[: 2 + 2 * 10_000]) + chunk(b"IEND", b"")
    begun = time.process_time()
    assert animation.measure(io.BytesIO(data), "png") == animation.Animation(10_000, 1_000_000)
    assert time.process_time() - begun < 1


def chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")
