"""Whatever is in a file: a picture, or one reason why not, within its time; and the next file is none the worse."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest

from indexer.errors import Unreadable
from indexer.sandbox import Sandbox
from indexer.talk import MOST_READ, Read
from tests.components.kits import kit
from tests.indexer import bad_files as bad
from tests.indexer.talking import of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from indexer.extract.extraction import Extraction

SECONDS = 20.0
"""Fewer than there are for a file: nothing here may need a tenth of them, and a machine may be busy."""
MB = 1_000_000


class Outcome:
    """What became of one file."""

    def __init__(self, sandbox: Sandbox, read: Read, size: int) -> None:
        began = time.monotonic()
        self.extraction: Extraction | None = None
        try:
            self.extraction = sandbox.extract(read, size, owner="anna")
            self.reason = self.extraction.error
        except Unreadable as error:
            self.reason = str(error)
        self.seconds = time.monotonic() - began

    @property
    def kind(self) -> str | None:
        return self.extraction.extracted.kind if self.extraction else None

    @property
    def is_picture(self) -> bool:
        return bool(self.extraction and self.extraction.renditions)

    @property
    def is_clear(self) -> bool:
        """A picture, or a reason, or nothing that a gallery shows: never nothing at all."""
        return self.is_picture or bool(self.reason) or self.kind in {"other", "sidecar"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seconds=SECONDS) as one:
        yield one


@pytest.fixture(scope="module")
def good() -> bytes:
    return bad.encoded("JPEG")


@pytest.fixture
def ends(sandbox: Sandbox, good: bytes) -> Callable[[bytes], Outcome]:
    """Give a file to the decoder; the next file, a good one, must be a picture at once."""

    def give(data: bytes) -> Outcome:
        outcome = Outcome(sandbox, of(data), len(data))
        assert outcome.is_clear
        assert outcome.seconds < SECONDS
        after = Outcome(sandbox, of(good), len(good))
        assert after.is_picture
        assert after.seconds < 5
        return outcome

    return give


Give = Callable[[bytes], Outcome]


@pytest.mark.parametrize("data", [b"", b"\xff", b"\0", b"\n"])
def test_nearly_nothing_is_no_picture(ends: Give, data: bytes) -> None:
    assert ends(data).kind == "other"


def of_kit(name: str, path: str) -> bytes:
    return (kit(name) / path).read_bytes()


FORMATS = {
    "jpeg": partial(bad.encoded, "JPEG"),
    "progressive": partial(bad.encoded, "JPEG", progressive=True),
    "png": partial(bad.encoded, "PNG"),
    "gif": partial(bad.encoded, "GIF"),
    "webp": partial(bad.encoded, "WEBP"),
    "tiff": partial(bad.encoded, "TIFF"),
    "lzw": partial(bad.encoded, "TIFF", compression="tiff_lzw"),
    "bmp": partial(bad.encoded, "BMP"),
    "avif": partial(bad.encoded, "AVIF"),
    "heic": partial(of_kit, "libheif", "examples/example.heic"),
    "mp4": partial(of_kit, "pymediainfo", "tests/data/sample.mp4"),
    "mov": partial(of_kit, "hachoir", "tests/files/pentax_320x240.mov"),
    "mkv": partial(of_kit, "hachoir", "tests/files/flashmob.mkv"),
    "ts": partial(of_kit, "hachoir", "tests/files/sample.ts"),
    "avi": partial(of_kit, "hachoir", "tests/files/smallville.s03e02.avi"),
    "raw": partial(of_kit, "hachoir", "tests/files/canon.raw.cr2"),
}


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_was_cut_anywhere(sandbox: Sandbox, ends: Give, good: bytes, form: str) -> None:
    whole = FORMATS[form]()
    for data in bad.truncations(whole):
        assert Outcome(sandbox, of(data), len(data)).is_clear, len(data)
    ends(b"")


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        b"%PDF-1.7\n1 0 obj\n",
        b"PK\3\4" + bytes(100),
        b"#!/bin/sh\nreboot\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        b"ID3\4\0\0\0\0\0\0" + bytes(1000),
        b"version https://git-lfs.github.com/spec/v1\n",
    ],
)
def test_what_is_no_picture_under_a_pictures_name_is_not_decoded(ends: Give, data: bytes) -> None:
    outcome = ends(data)
    assert (outcome.kind, outcome.is_picture, outcome.reason) == ("other", False, None)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8\xff\xe0<html>",
        bad.PNG + b"\xff\xd8\xff\xe0" + bytes(100),
        b"GIF89a" + bytes(100),
        b"RIFF\xff\xff\xff\x7fWEBPVP8 " + bytes(100),
        b"II*\0\x08\0\0\0" + bytes(100),
        b"MM\0*\0\0\0\x08" + b"\xff" * 100,
        b"BM" + bytes(100),
        bad.box(b"ftyp", b"heic\0\0\0\0mif1heic") + bad.noise(1000),
        bad.box(b"ftyp", b"isom\0\0\0\0isom") + bad.noise(1000),
        bad.box(b"ftyp", b"isom\0\0\0\0isom") + bad.box(b"moov", bytes(100), size=1),
        bad.box(b"ftyp", b"isom\0\0\0\0isom") + bad.box(b"moov", b"", size=0xFFFFFFFF),
        bad.deep_boxes(100_000),
        b"\x1a\x45\xdf\xa3" + bad.noise(1000),
        b"8BPS\0\1" + bytes(100),
        b"\xff\x0a" + bytes(100),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_a_file_that_only_begins_like_a_picture(ends: Give, data: bytes) -> None:
    assert not ends(data).is_picture


@pytest.mark.parametrize(("depth", "colour"), [(8, 2), (8, 0), (1, 0), (8, 3), (16, 2)])
def test_a_png_of_50000_by_50000_pixels_is_too_large(ends: Give, depth: int, colour: int) -> None:
    outcome = ends(bad.black_png(50_000, 50_000, depth=depth, colour=colour))
    assert outcome.reason
    assert "large" in outcome.reason
    assert outcome.seconds < 5


@pytest.mark.parametrize(
    ("name", "head"),
    [
        (b"zTXt", b"Comment\0\0"),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0"),
        (b"iCCP", b"profile\0\0"),
        (b"zTXt", b"Raw profile type exif\0\0"),
    ],
)
def test_a_text_or_profile_of_a_gigabyte_in_a_small_png(ends: Give, name: bytes, head: bytes) -> None:
    assert ends(bad.png_with(name, head, 1 << 30)).seconds < 5


@pytest.mark.parametrize(
    "data",
    [
        bad.gray_tiff(64, 64, following=8),
        bad.gray_tiff(64, 64, (330, 4, 1, 8)),
        bad.gray_tiff(64, 64, (34665, 4, 1, 8)),
        bad.gray_tiff(64, 64, (270, 2, 0xFFFFFFFF, 8)),
        bad.gray_tiff(64, 64, (700, 1, 0x7FFFFFFF, 0)),
        bad.gray_tiff(64, 64, (34675, 7, 0xFFFFFFF0, 200)),
        bad.gray_tiff(0xFFFFFFFF, 0xFFFFFFFF),
        bad.gray_tiff(0, 0),
        bad.gray_tiff(65_535, 65_535),
        bad.tiff([(256 + n, 4, 1, 1) for n in range(60_000)]),
    ],
    ids=["loop", "child loop", "exif loop", "text", "xmp", "profile", "endless", "empty", "large", "many tags"],
)
def test_a_tiff_whose_directories_lie(ends: Give, data: bytes) -> None:
    assert ends(data).seconds < 5


@pytest.mark.parametrize(
    "block",
    [
        bad.tiff([(34665, 4, 1, 8)]),
        bad.tiff([(34853, 4, 1, 8), (37500, 7, 0xFFFFFFFF, 0)], following=8),
        bad.tiff([(270, 2, 0xFFFFFFFF, 0)]),
        bad.tiff([(274, 3, 1, 77)]),
        bad.tiff([(270, 2, 0, 0xFFFFFFF0), (306, 2, 20, 0xFFFFFFF0)]),
        b"II*\0\xff\xff\xff\xff",
        b"",
    ],
    ids=["loop", "gps loop", "text", "orientation", "far away", "no directory", "nothing"],
)
def test_exif_that_lies_does_not_cost_the_picture(ends: Give, block: bytes) -> None:
    outcome = ends(bad.jpeg_with_exif(block))
    assert outcome.is_picture
    assert outcome.seconds < 5


@pytest.mark.parametrize("packet", [bad.xmp_laughing(), bad.xmp_deep(4000), "<x:xmpmeta", "\ufeff" * 1000])
def test_xmp_that_explodes_does_not_cost_the_picture(ends: Give, packet: str) -> None:
    outcome = ends(bad.jpeg_with_xmp(packet))
    assert outcome.is_picture
    assert outcome.seconds < 5


def test_a_jpeg_of_a_hundred_thousand_empty_segments(ends: Give) -> None:
    assert ends(bad.jpeg_with(0xE1, *[b""] * 100_000)).is_picture


@pytest.mark.parametrize("name", ["huge_tag_exif.jpg", "infinite_loop_exif.jpg", "max_uint32_exif.jpg"])
def test_exif_that_broke_another_reader(ends: Give, name: str) -> None:
    (path,) = kit("goexif").rglob(name)
    assert ends(path.read_bytes()).seconds < 5


@pytest.mark.parametrize("data", [bad.gif(100_000), bad.gif(100_000, 4000, 3000), bad.apng(100_000)])
def test_an_animation_of_a_hundred_thousand_frames(ends: Give, data: bytes) -> None:
    assert ends(data).is_picture


def test_a_gif_on_an_endless_canvas(ends: Give) -> None:
    assert "large" in (ends(bad.gif(1, 65_535, 65_535)).reason or "")


def test_a_panorama_of_30000_by_5000_pixels_is_a_picture(ends: Give) -> None:
    outcome = ends(bad.encoded("JPEG", bad.scene(3000, 500).resize((30_000, 5_000)), quality=70))
    assert outcome.is_picture
    assert (outcome.extraction.extracted.width, outcome.extraction.extracted.height) == (30_000, 5_000)


def test_a_progressive_panorama_is_a_picture_or_too_large(ends: Give) -> None:
    """Its decoder needs all of it at once, at whatever scale."""
    outcome = ends(bad.encoded("JPEG", bad.scene(3000, 500).resize((30_000, 5_000)), quality=70, progressive=True))
    assert outcome.is_picture or "large" in outcome.reason


def test_a_heic_of_200_megapixels_is_a_picture_or_too_large(ends: Give) -> None:
    outcome = ends(of_kit("pillow-heif", "tests/images/heif_special/200MP.heic"))
    assert outcome.is_picture or "large" in outcome.reason


def test_heic_files_that_broke_their_decoder(sandbox: Sandbox, ends: Give) -> None:
    corpus = sorted((kit("libheif") / "fuzzing/corpus").iterdir())
    assert len(corpus) > 30
    unclear = [
        path.name for path in corpus if not Outcome(sandbox, of(path.read_bytes()), path.stat().st_size).is_clear
    ]
    assert unclear == []
    ends(b"")


def test_files_that_broke_pillow(sandbox: Sandbox, ends: Give) -> None:
    names = ("crash*", "timeout*", "oom*", "*broken*", "*invalid*", "*corrupt*", "*decompression_bomb*", "*truncated*")
    paths = sorted({path for name in names for path in (kit("pillow") / "Tests/images").rglob(name) if path.is_file()})
    assert len(paths) > 50
    outcomes = {path.name: Outcome(sandbox, of(path.read_bytes()), path.stat().st_size) for path in paths}
    assert [name for name, outcome in outcomes.items() if not outcome.is_clear] == []
    assert [name for name, outcome in outcomes.items() if outcome.seconds > SECONDS] == []
    ends(b"")


def test_a_video_that_never_ends_is_not_read_to_its_end(sandbox: Sandbox) -> None:
    """A live recording: a head, and packets for ever."""
    ts = FORMATS["ts"]()
    source = bad.Endless(ts, ts, 1 << 40)
    outcome = Outcome(sandbox, source, source.size)
    assert outcome.is_clear
    assert source.read <= 64 * MB


@pytest.mark.parametrize("body", [bytes(1 << 16), bad.noise(1 << 20)], ids=["zeros", "noise"])
@pytest.mark.parametrize("form", ["mp4", "mkv", "ts", "avi"])
def test_a_video_whose_rest_is_garbage_without_end(form: str, body: bytes) -> None:
    whole = FORMATS[form]()
    source = bad.Endless(whole[: min(4096, len(whole) // 4)], body, 1 << 40)
    with Sandbox(seconds=3) as sandbox:
        outcome = Outcome(sandbox, source, source.size)
    assert outcome.is_clear
    assert outcome.seconds < 15, "3 seconds, and as many for a second look"
    assert source.read <= 2 * MOST_READ


def test_bytes_changed_at_random(sandbox: Sandbox, good: bytes, ends: Give) -> None:
    """Whatever comes of a few changed bytes, it is one of the errors that are documented, and the sandbox lives."""
    paths = sorted(path for path in small_files() if 100 < path.stat().st_size < 300_000)
    assert len(paths) > 100
    choices = random.Random(20240805)
    for _ in range(300):
        path = choices.choice(paths)
        data = mutated(path.read_bytes(), choices)
        outcome = Outcome(sandbox, of(data), len(data))
        assert outcome.is_clear, path
        assert outcome.seconds < SECONDS, path
    ends(b"")


def small_files() -> Iterator[Path]:
    """Real files of every format."""
    yield from (kit("exiftool") / "t/images").iterdir()
    yield from (kit("pillow-heif") / "tests/images").rglob("*.hei?")
    yield from (kit("pillow") / "Tests/images").glob("hopper.*")
    yield from (kit("pillow") / "Tests/images/avif").glob("*.avif")
    for suffix in ("cr2", "jpg", "bmp", "gif", "tif", "mov", "avi", "flv", "mp4", "ts"):
        yield from (kit("hachoir") / "tests/files").glob(f"*.{suffix}")
    yield from (kit("libheif") / "examples").glob("example.*")


def mutated(data: bytes, choices: random.Random) -> bytes:
    """The file with a few bytes changed, most of them where structure is, in its head; at times a part is gone."""
    changed = bytearray(data)
    for _ in range(choices.choice([1, 3, 10, 50])):
        most = len(changed) if choices.random() < 0.5 else min(len(changed), 2048)
        changed[choices.randrange(most)] = choices.choice([0, 0xFF, 0x7F, 0x80, choices.randrange(256)])
    if choices.random() < 0.2:
        start = choices.randrange(len(changed))
        del changed[start : start + choices.randrange(1000)]
    return bytes(changed)
