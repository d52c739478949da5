"""HEIC and HIF: any size within the memory that there is."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pillow_heif
import pytest
from PIL import Image
from pillow_heif import HeifImageFile

from indexer.errors import TooLarge, Unreadable
from indexer.extract import items, tiles
from tests.components.kits import kit
from tests.indexer.bad_files import scene
from tests.indexer.looks import BUDGET, difference, made, rendition

if TYPE_CHECKING:
    from pathlib import Path

TILED = [
    "heif_other/pug.heic",
    "heif_other/arrow.heic",
    "heif_other/cat.hif",  # ten bits, 4:2:2
    "heif_other/spatial_photo.heic",
    "heif_special/aux_YCbCr.heic",
    "heif_special/xiaomi.heic",
]


def path(name: str) -> Path:
    return kit("pillow-heif") / "tests/images" / name


def heic(picture: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    pillow_heif.from_pillow(picture).save(file, quality=80, **options)
    return file.getvalue()


@pytest.mark.parametrize("name", TILED)
def test_tile_by_tile_it_is_what_libheif_decodes_as_a_whole(name: str) -> None:
    with path(name).open("rb") as file:
        item = items.read(file)
        assert item is not None
        grid = tiles.grid(file, item)
        assert grid is not None
        tiled = tiles.decode(file, grid, budget=BUDGET)
        assert tiled is not None
        file.seek(0)
        whole = HeifImageFile(file)
        whole.load()
    turned = {(): None, (0,): None, (1,): Image.Transpose.ROTATE_90, (3,): Image.Transpose.ROTATE_270}
    turn = turned[tuple(number for _, number in item.turns)]
    found = tiled.image if turn is None else tiled.image.transpose(turn)
    assert found.size == tuple(-(-edge // grid.factor) for edge in whole.size)
    assert difference(found, whole.reduce(grid.factor)) < 1.5


MEASURE = """
import json, sys
from indexer.extract import image
from indexer.errors import Unreadable

def peak():
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))

before = peak()
with open(sys.argv[1], "rb") as file:
    try:
        made = image.pictures(file, "heic", 1, budget=int(sys.argv[2]))
        found = [made.width, made.height, max(one.width for one in made.renditions)]
    except Unreadable as error:
        found = str(error)
print(json.dumps([found, peak() - before, peak()]))
"""


def test_two_hundred_megapixels_have_a_real_preview_in_little_memory() -> None:
    """A Galaxy S24 Ultra's: whole, its pixels alone are 600 MB."""
    words = [sys.executable, "-c", MEASURE, str(path("heif_special/200MP.heic")), str(256 << 20)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    (width, height, preview), growth, peak = json.loads(done.stdout)
    assert (width, height, preview) == (12240, 16320, 1530)
    assert growth < 256 << 20
    assert peak < 400 << 20


def test_in_one_piece_and_too_large_it_is_the_thumbnail_in_the_file() -> None:
    with Image.open(kit("exif-orientation-examples") / "Landscape_1.jpg") as photograph:
        picture = photograph.convert("RGB").resize((1200, 800))
    data = heic(picture, thumbnails=[320])
    pictures = made(data, budget=5_000_000)
    assert (pictures.width, pictures.height) == (1200, 800)
    assert max(rendition(pictures).size) == 320
    assert difference(rendition(pictures), picture) < 14  # a thumbnail of a thumbnail
    assert max(rendition(made(data)).size) == 1200


def test_in_one_piece_without_a_thumbnail_it_is_too_large() -> None:
    with pytest.raises(TooLarge, match="1200 × 800"):
        made(heic(scene(1200, 800)), budget=5_000_000)


@pytest.mark.parametrize("name", ["aspect_mismatch_thumbnail", "transform_mismatch_thumbnail"])
def test_a_thumbnail_that_shows_something_else_is_not_taken(name: str) -> None:
    with pytest.raises(TooLarge):
        made(path(f"heif_special/{name}.heic"), budget=1000)
    assert made(path(f"heif_special/{name}.heic")).renditions


def test_transparency_is_kept() -> None:
    picture = scene(640, 480).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 320, 480))
    shown = rendition(made(heic(picture)))
    assert shown.mode == "RGBA"
    assert shown.getpixel((100, 240))[3] < 8
    assert shown.getpixel((600, 240))[3] > 247


def test_a_file_without_its_last_tiles_is_grey_there_and_says_so() -> None:
    data = path("heif_other/pug.heic").read_bytes()
    whole, cut = made(data), made(data[: len(data) * 7 // 10])
    assert cut.flaw
    missing = int(cut.flaw.split("%")[0].split()[-1])
    assert 10 < missing < 50
    upper, lower = (0, 0, 2016, 700), (512, 1400, 2016, 1512)
    assert difference(rendition(cut).crop(upper), rendition(whole).crop(upper)) < 1
    assert difference(rendition(cut).crop(lower), Image.new("RGB", (1504, 112), "grey")) < 3


@pytest.mark.parametrize("name", ["heif_other/pug.heic", "heif_other/arrow.heic"])
def test_a_file_without_most_of_its_tiles_is_unreadable(name: str) -> None:
    data = path(name).read_bytes()
    with pytest.raises(Unreadable, match="cut off"):
        made(data[: len(data) // 5])


@pytest.mark.parametrize("name", ["corrupted.heic", "corrupted.hif", "empty.heic"])
def test_broken_files_are_unreadable(name: str) -> None:
    with pytest.raises(Unreadable):
        made(path(f"heif_corrupted/{name}"))


def test_more_tiles_than_the_budget_has_room_for_leave_the_thumbnail() -> None:
    pictures = made(path("heif_special/200MP.heic"), budget=50_000_000)
    assert (pictures.width, pictures.height) == (12240, 16320)
    assert rendition(pictures).size == (384, 512)
    assert difference(rendition(pictures), rendition(made(path("heif_special/200MP.heic")))) < 10
