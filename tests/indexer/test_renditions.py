"""The three sizes of a picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from indexer.extract import image
from tests.bench.pictures import photographs
from tests.components.kits import kit
from tests.indexer.bad_files import scene
from tests.indexer.looks import difference, encoded, made, rendition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.extract.image import Pictures

NAMES = ("240", "480", "2048")


@pytest.fixture(scope="module")
def originals() -> list[bytes]:
    """Photographs of 12 megapixels."""
    return [*photographs()]


@pytest.fixture(scope="module", autouse=True)
def _large_pictures_are_no_bombs() -> Iterator[None]:
    """Pillow warns of pictures as large as some that are made here."""
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    yield
    Image.MAX_IMAGE_PIXELS = limit


def of_size(width: int, height: int, form: str = "JPEG") -> Pictures:
    small = scene(max(1, width // 8), max(1, height // 8))
    return made(encoded(small.resize((width, height)), form))


def sizes(pictures: Pictures) -> dict[str, tuple[int, int]]:
    return {one.name: (one.width, one.height) for one in pictures.renditions}


@pytest.mark.parametrize("form", ["JPEG", "BMP"])
@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((4000, 3000), [(320, 240), (640, 480), (2000, 1500)]),  # a half is near enough
        ((3024, 4032), [(180, 240), (360, 480), (1512, 2016)]),
        ((4608, 3456), [(320, 240), (640, 480), (2304, 1728)]),
        ((1920, 1080), [(426, 240), (853, 480), (1920, 1080)]),
        ((2400, 1600), [(360, 240), (720, 480), (2048, 1365)]),
    ],
)
def test_sizes(size: tuple[int, int], form: str, expected: list[tuple[int, int]]) -> None:
    pictures = of_size(*size, form)
    assert (pictures.width, pictures.height) == size
    assert sizes(pictures) == dict(zip(NAMES, expected, strict=True))


@pytest.mark.parametrize("form", ["JPEG", "BMP"])
@pytest.mark.parametrize("longer", [1000, 1600, 2304, 2305, 3100, 3300, 4600, 4700, 6200, 6500])
def test_a_preview_has_1600_to_2304_pixels_if_the_original_has_as_many(longer: int, form: str) -> None:
    preview = sizes(of_size(longer, longer // 2, form))["2048"][0]
    assert min(longer, 1600) <= preview <= 2304


def test_nothing_is_scaled_up() -> None:
    pictures = of_size(300, 200)
    assert sizes(pictures) == dict.fromkeys(NAMES, (300, 200))
    assert len({one.data for one in pictures.renditions}) == 1


def test_a_picture_of_one_pixel() -> None:
    assert sizes(of_size(1, 1)) == dict.fromkeys(NAMES, (1, 1))


def test_a_panorama_keeps_its_height_and_its_thumbnails_show_the_middle() -> None:
    """12 : 2, with a third in red, one in green and one in blue."""
    thirds = np.zeros((2000, 12000, 3), np.uint8)
    for channel in range(3):
        thirds[:, channel * 4000 : (channel + 1) * 4000, channel] = 200
    pictures = made(encoded(Image.fromarray(thirds), "JPEG"))
    found = sizes(pictures)
    assert (found["480"], found["240"]) == ((1440, 480), (720, 240))
    width, height = found["2048"]
    assert width / height == pytest.approx(6, rel=0.01)
    assert 0.78 <= height / 683 <= 1.13  # as near as a decoder's halves come
    for name in ("480", "240"):
        thumbnail = rendition(pictures, name)
        columns = [thumbnail.getpixel((int(part * thumbnail.width), thumbnail.height // 2)) for part in (0.1, 0.5, 0.9)]
        assert [column.index(max(column)) for column in columns] == [0, 1, 2]
        assert thumbnail.resize((3, 1), Image.Resampling.BOX).getpixel((1, 0))[1] > 180


def test_an_endless_panorama_is_no_longer_than_6912_pixels() -> None:
    assert max(sizes(of_size(30_000, 1200))["2048"]) <= 6912


def test_a_very_tall_picture_fills_the_narrowest_tile() -> None:
    found = sizes(of_size(1080, 9600))
    assert found["240"] == (96, 240)
    assert found["480"] == (192, 480)
    assert found["2048"][0] >= 0.78 * 683


@pytest.mark.parametrize("size", [(9000, 1), (1, 9000), (5000, 3), (7, 20_000)])
def test_a_thread_of_pixels(size: tuple[int, int]) -> None:
    pictures = of_size(*size, "BMP")
    assert (pictures.width, pictures.height) == size
    assert min(min(each) for each in sizes(pictures).values()) >= 1


def test_a_thumbnail_looks_like_the_whole(originals: list[bytes]) -> None:
    """Scaled by libjpeg, then by whole numbers, then at once: no step may shift it or change its brightness."""
    for data in originals:
        with Image.open(io.BytesIO(data)) as original:
            pictures = made(data)
            for name in NAMES:
                small = rendition(pictures, name)
                best = original.resize(small.size, Image.Resampling.LANCZOS)
                if "icc_profile" not in original.info:
                    assert difference(small, best) < 4
                    assert abs(np.asarray(small, float).mean() - np.asarray(best, float).mean()) < 0.5


def test_all_sizes_together_are_at_most_8_percent_of_a_library(originals: list[bytes]) -> None:
    share = sum(len(one.data) for data in originals for one in made(data).renditions) / sum(map(len, originals))
    assert share < 0.08


def test_renditions_tell_nothing_about_the_photograph() -> None:
    """The original has EXIF with a position, XMP and a profile."""
    path = kit("pillow-heif") / "tests/images/heif_other/pug.heic"
    for one in made(path).renditions:
        picture = rendition(made(path), one.name)
        assert not {"exif", "xmp", "icc_profile"} & set(picture.info)
        assert not any(chunk in one.data for chunk in (b"EXIF", b"XMP ", b"ICCP"))


def test_metadata_of_png_jpeg_and_webp_is_gone() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    for form in ("PNG", "JPEG", "WEBP", "TIFF"):
        pictures = made(encoded(scene(64, 48), form, exif=exif))
        assert not any(b"Secret" in one.data or b"EXIF" in one.data for one in pictures.renditions)


def test_a_poster_in_memory_gets_the_same_pictures() -> None:
    poster = scene(1920, 1080)
    pictures = image.from_image(poster)
    assert sizes(pictures) == {"240": (426, 240), "480": (853, 480), "2048": (1920, 1080)}
    assert (pictures.width, pictures.height) == (1920, 1080)
    assert difference(rendition(pictures), poster) < 9  # it is full of noise
