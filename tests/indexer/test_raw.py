"""A RAW file shows what its camera embedded; without that, what its sensor saw."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from PIL import ExifTags, Image

from indexer.errors import TooLarge, Unreadable
from indexer.extract import raw
from indexer.extract.sniff import HEAD, sniff
from tests.components.kits import kit
from tests.indexer.dngs import dng
from tests.indexer.looks import BUDGET, difference, encoded, rendition

if TYPE_CHECKING:
    from indexer.extract.image import Pictures

ALIKE = 8
TURNS = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
"""From upright to how the sensor lay."""


@pytest.fixture(scope="module")
def scene() -> Image.Image:
    with Image.open(kit("exif-orientation-examples") / "Landscape_1.jpg") as picture:
        return picture.convert("RGB")


@pytest.fixture(scope="module")
def embedded(scene: Image.Image) -> Image.Image:
    """What the camera made of it: told from the sensor's by its colours."""
    return Image.merge("RGB", scene.split()[::-1])


def preview(data: bytes, orientation: int = 1, *, budget: int = BUDGET) -> Pictures:
    assert sniff(data[:HEAD]) == "dng"
    return raw.preview(io.BytesIO(data), orientation, budget=budget)


def with_tag(picture: Image.Image, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return encoded(picture, "JPEG", exif=exif)


def test_the_embedded_picture_is_shown_and_the_size_is_the_sensors(scene: Image.Image, embedded: Image.Image) -> None:
    small = embedded.resize((1200, 800))
    pictures = preview(dng(scene, encoded(small, "JPEG")))
    assert (pictures.width, pictures.height) == scene.size
    assert rendition(pictures).size == small.size
    assert difference(rendition(pictures), small) < ALIKE


def test_without_one_the_sensors_picture_is_developed_at_half_its_size(scene: Image.Image) -> None:
    pictures = preview(dng(scene))
    assert (pictures.width, pictures.height) == scene.size
    assert rendition(pictures).size == (900, 600)
    # LibRaw chooses the brightness; what is where, and in which colour, stays.
    assert difference(rendition(pictures), scene) < 35
    assert difference(rendition(pictures), scene.transpose(Image.Transpose.ROTATE_180)) > 60


def test_a_stamp_for_the_cameras_own_screen_is_none(scene: Image.Image, embedded: Image.Image) -> None:
    stamp = encoded(embedded.resize((160, 107)), "JPEG")
    assert rendition(preview(dng(scene, stamp))).size == (900, 600)


def test_the_stamp_is_better_than_nothing(scene: Image.Image, embedded: Image.Image) -> None:
    stamp = embedded.resize((160, 107))
    pictures = preview(dng(scene, encoded(stamp, "JPEG")), budget=9_000_000)
    assert rendition(pictures).size == stamp.size
    assert (pictures.width, pictures.height) == scene.size


@pytest.mark.parametrize("orientation", [6, 8])
def test_an_embedded_picture_that_lies_as_the_sensor_is_turned(
    orientation: int, scene: Image.Image, embedded: Image.Image
) -> None:
    lying = embedded.transpose(TURNS[orientation])
    pictures = preview(
        dng(scene.transpose(TURNS[orientation]), encoded(lying, "JPEG"), orientation=orientation), orientation
    )
    assert (pictures.width, pictures.height) == scene.size
    assert difference(rendition(pictures), embedded) < ALIKE


@pytest.mark.parametrize("orientation", [6, 8])
def test_an_embedded_picture_that_is_upright_already_stays(
    orientation: int, scene: Image.Image, embedded: Image.Image
) -> None:
    sensor = scene.transpose(TURNS[orientation])
    pictures = preview(dng(sensor, encoded(embedded, "JPEG"), orientation=orientation), orientation)
    assert (pictures.width, pictures.height) == scene.size
    assert difference(rendition(pictures), embedded) < ALIKE


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_the_embedded_pictures_own_orientation_counts_most(
    orientation: int, scene: Image.Image, embedded: Image.Image
) -> None:
    turned = embedded.transpose(TURNS[orientation])
    pictures = preview(dng(scene, with_tag(turned, orientation)), 1)
    assert difference(rendition(pictures), embedded) < ALIKE


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_development_is_upright(orientation: int, scene: Image.Image) -> None:
    pictures = preview(dng(scene.transpose(TURNS[orientation]), orientation=orientation), orientation)
    assert (pictures.width, pictures.height) == scene.size
    assert difference(rendition(pictures), scene) < 35


def test_orientation_without_metadata_is_that_of_libraw(scene: Image.Image) -> None:
    pictures = preview(dng(scene.transpose(TURNS[6]), orientation=6), 1)
    assert (pictures.width, pictures.height) == scene.size


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("sample.arw", (3872, 2592)),
        ("sample.nef", (2012, 1324)),
        ("sample.dng", (2592, 1944)),
        ("bep/jølstravatnet.pef", (6040, 4032)),
    ],
)
def test_files_of_four_cameras_of_which_only_the_first_part_is_left(name: str, size: tuple[int, int]) -> None:
    """Their embedded stamps are there; of the sensor's data there is not enough."""
    with (kit("imagemeta") / "testdata/images" / name).open("rb") as file:
        pictures = raw.preview(file, 1, budget=1_000_000)
    assert (pictures.width, pictures.height) == size
    assert rendition(pictures).width >= 128


def test_what_is_no_raw_file_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        raw.preview(io.BytesIO(b"II*\0" + bytes(1000)), 1, budget=BUDGET)


def test_a_development_that_needs_too_much_is_too_large(scene: Image.Image) -> None:
    with pytest.raises(TooLarge, match="1800 × 1200"):
        preview(dng(scene), budget=9_000_000)


def test_a_file_larger_than_the_budget_is_too_large(scene: Image.Image) -> None:
    with pytest.raises(TooLarge):
        preview(dng(scene), budget=1_000_000)
