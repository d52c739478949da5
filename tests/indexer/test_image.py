"""Files of every format, whole, cut and too large."""

from __future__ import annotations

import io
import re
import struct
import zlib

import pytest
from PIL import Image

from indexer.errors import TooLarge, Unreadable
from indexer.extract import image
from tests.components.kits import kit
from tests.indexer import tiffs
from tests.indexer.bad_files import scene
from tests.indexer.looks import difference, encoded, made, rendition

ALIKE = 6


@pytest.fixture(scope="module")
def photograph() -> Image.Image:
    with Image.open(kit("exif-orientation-examples") / "Landscape_1.jpg") as picture:
        return picture.convert("RGB")


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"subsampling": 0, "quality": 100}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"speed": 10}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "jpeg"}),
        ("BMP", {}),
        ("JPEG2000", {}),
    ],
)
def test_a_photograph_in_every_format(form: str, options: dict[str, object], photograph: Image.Image) -> None:
    pictures = made(encoded(photograph, form, **options))
    assert (pictures.width, pictures.height) == photograph.size
    assert (pictures.flaw, pictures.frames) == (None, 1)
    assert difference(rendition(pictures), photograph) < ALIKE


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("hopper.psd", "hopper.png"),
        ("hopper_gray.jpg", None),
        ("frozenpond.mpo", None),
        ("sugarshack.mpo", None),
        ("hopper_bigtiff.tif", "hopper.png"),
        ("tiff_tiled_ycbcr_jpeg_2x2_sampling.tif", None),
        ("icc-after-SOF.jpg", None),
        ("junk_jpeg_header.jpg", None),
        ("rgb_trns.png", None),
    ],
)
def test_files_of_other_programs(name: str, like: str | None) -> None:
    folder = kit("pillow") / "Tests/images"
    shown = rendition(made(folder / name))
    with Image.open(folder / (like or name)) as expected:
        assert shown.size == expected.size
        assert difference(shown, expected.convert("RGB")) < ALIKE


def test_a_picture_of_several_shows_its_first() -> None:
    """MPO holds two for two eyes, or the same at another size."""
    pictures = made(kit("pillow") / "Tests/images/frozenpond.mpo")
    assert (pictures.frames, pictures.duration) == (1, None)


def test_a_tiff_of_several_pages_shows_its_first(photograph: Image.Image) -> None:
    first, second = photograph.resize((300, 200)), Image.new("RGB", (600, 400), "red")
    pictures = made(encoded(first, "TIFF", save_all=True, append_images=[second]))
    assert (pictures.width, pictures.height, pictures.frames) == (300, 200, 1)
    assert difference(rendition(pictures), first) < ALIKE


def test_a_tiff_that_begins_with_a_thumbnail_shows_the_picture_after_it(photograph: Image.Image) -> None:
    """NewSubfileType, bit 0: a reduced version of another page (TIFF 6.0)."""
    pages = [photograph.resize((90, 60)), photograph.resize((450, 300))]
    pictures = made(tiff_of(pages, kinds=[1, 0]))
    assert (pictures.width, pictures.height) == (450, 300)
    assert difference(rendition(pictures), photograph.resize((450, 300))) < ALIKE


def tiff_of(pages: list[Image.Image], kinds: list[int]) -> bytes:
    """Pages, each with its NewSubfileType."""
    data = b"II*\0" + struct.pack("<I", 8)
    for number, (page, kind) in enumerate(zip(pages, kinds, strict=True)):
        pixels = page.tobytes()
        tags = [
            tiffs.short(0xFE, kind),
            tiffs.short(0x100, page.width),
            tiffs.short(0x101, page.height),
            tiffs.short(0x102, 8, 8, 8),
            tiffs.short(0x106, 2),
            tiffs.Tag(0x111, tiffs.LONG, 1, bytes(4)),
            tiffs.short(0x115, 3),
            tiffs.Tag(0x117, tiffs.LONG, 1, struct.pack("<I", len(pixels))),
        ]
        behind = len(data) + tiffs._length(tags)
        tags[5] = tags[5]._replace(data=struct.pack("<I", behind))
        following = 0 if number == len(pages) - 1 else behind + len(pixels)
        data += tiffs._directory(tags, len(data), following) + pixels
    return data


# Cut off


@pytest.fixture(scope="module")
def large(photograph: Image.Image) -> Image.Image:
    return photograph.resize((3600, 2400))


def part_missing(flaw: str | None) -> int:
    found = re.search(r"(\d+) % of its picture are missing", flaw or "")
    assert found
    return int(found[1])


@pytest.mark.parametrize("share", [0.6, 0.75, 0.9, 0.99])
def test_of_a_jpeg_that_is_cut_the_rest_is_grey_and_it_says_so(share: float, large: Image.Image) -> None:
    data = encoded(large, "JPEG")
    pictures = made(data[: int(len(data) * share)])
    missing = part_missing(pictures.flaw) / 100
    shown = rendition(pictures)
    assert shown.size == (1800, 1200)
    there, gone = int((1 - missing) * 1200) - 20, int((1 - missing) * 1200) + 40
    assert 0 < missing <= 0.5
    assert difference(shown.crop((0, 0, 1800, there)), large.resize((1800, 1200)).crop((0, 0, 1800, there))) < ALIKE
    if gone < 1190:
        assert difference(shown.crop((0, gone, 1800, 1200)), Image.new("RGB", (1800, 1200 - gone), "grey")) < 3


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3])
def test_a_jpeg_of_which_less_than_half_is_there_is_unreadable(share: float, large: Image.Image) -> None:
    data = encoded(large, "JPEG")
    with pytest.raises(Unreadable):
        made(data[: int(len(data) * share)])


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_cut_jpeg_of_another_mode(mode: str, large: Image.Image) -> None:
    data = encoded(large.convert(mode), "JPEG")
    assert 0 < part_missing(made(data[: len(data) * 3 // 4]).flaw) < 50


def test_a_progressive_jpeg_that_is_cut_is_coarser_and_says_so(large: Image.Image) -> None:
    data = encoded(large, "JPEG", progressive=True)
    pictures = made(data[: len(data) * 3 // 4])
    assert pictures.flaw
    assert difference(rendition(pictures), large) < 2 * ALIKE


def test_a_jpeg_without_its_last_two_bytes_is_whole(photograph: Image.Image) -> None:
    pictures = made(encoded(photograph, "JPEG")[:-2])
    assert difference(rendition(pictures), photograph) < ALIKE


def test_a_jpeg_with_a_black_lower_half_is_not_taken_for_a_cut_one() -> None:
    picture = scene(800, 600)
    picture.paste("black", (0, 200, 800, 600))
    assert made(encoded(picture, "JPEG")).flaw is None


def test_a_cut_file_leaves_nothing_behind_for_the_next(large: Image.Image) -> None:
    """Pillow's tolerance is a global switch."""
    data = encoded(large, "JPEG")
    made(data[: len(data) * 3 // 4])
    png = encoded(scene(300, 200), "PNG")
    with pytest.raises(Unreadable):
        made(png[: len(png) // 2])


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"])
def test_other_formats_that_are_cut_are_unreadable(form: str, photograph: Image.Image) -> None:
    data = encoded(photograph.resize((600, 400)), form)
    with pytest.raises(Unreadable):
        made(data[: len(data) // 2])


@pytest.mark.parametrize("form", ["jpeg", "png", "gif", "webp", "tiff", "bmp", "heic", "avif", "jxl", "jp2", "psd"])
def test_nonsense_is_unreadable_in_a_sentence(form: str) -> None:
    for data in (b"", b"nonsense" * 100):
        with pytest.raises(Unreadable, match=r"^[A-Z].*\.$"):
            image.pictures(io.BytesIO(data), form, 1, budget=1 << 28)


# Too large


def png_of(width: int, height: int) -> bytes:
    """A bomb: all the pixels are there, and each line costs a thousandth of its length."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    packer = zlib.compressobj(9)
    line = bytes(1 + 3 * width)
    lines = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def test_a_png_bomb_is_too_large_and_says_how_large_it_is() -> None:
    with pytest.raises(TooLarge, match="9000 × 9000"):
        made(png_of(9000, 9000))


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "JPEG2000"])
def test_what_needs_more_than_the_budget_is_too_large(form: str) -> None:
    data = encoded(scene(1000, 800), form)
    assert made(data, budget=32_000_000).renditions
    with pytest.raises(TooLarge):
        made(data, budget=3_000_000)


def test_a_jpeg_is_scaled_down_as_far_as_the_budget_wants(large: Image.Image) -> None:
    data = encoded(large, "JPEG")
    widths = [rendition(made(data, budget=budget)).width for budget in (64_000_000, 4_000_000, 1_000_000)]
    assert widths == [1800, 900, 450]
    with pytest.raises(TooLarge, match="3600 × 2400"):
        made(data, budget=100_000)


def test_a_progressive_jpeg_costs_its_coefficients(large: Image.Image) -> None:
    """12 bytes and more for each pixel of the original, at any scale."""
    data = encoded(large, "JPEG", progressive=True, subsampling=0)
    assert made(data, budget=64_000_000).renditions
    with pytest.raises(TooLarge):
        made(data, budget=40_000_000)


@pytest.mark.parametrize("name", ["decompression_bomb.gif", "decompression_bomb_extents.gif"])
def test_a_gif_that_grows_after_it_was_opened_is_too_large(name: str) -> None:
    with pytest.raises(TooLarge):
        made(kit("pillow") / "Tests/images" / name)


def test_a_large_picture_gives_no_warning(large: Image.Image, recwarn: pytest.WarningsRecorder) -> None:
    made(encoded(large.resize((12_000, 8000)), "JPEG"))
    assert not recwarn.list
