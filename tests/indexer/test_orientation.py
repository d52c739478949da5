"""Pictures are shown upright, whatever a file has to say about how they lie."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
import pytest
import pyvips
from PIL import ExifTags, Image

from tests.components.kits import kit
from tests.indexer.looks import difference, encoded, made, rendition

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.extract.image import Pictures

ORIENTATIONS = range(1, 9)
ALIKE = 6
"""Mean difference of 255: what encoding costs. The same photographs turned wrongly differ by 40 at least."""


@pytest.fixture(scope="module")
def hopper() -> Image.Image:
    with Image.open(kit("pillow") / "Tests/images/hopper.jpg") as picture:
        return picture.convert("RGB")


@pytest.fixture(scope="module")
def scene() -> Image.Image:
    """Not square, and different from itself in every other position."""
    with Image.open(kit("exif-orientation-examples") / "Landscape_1.jpg") as picture:
        return picture.convert("RGB").resize((384, 256))


def test_the_scene_differs_from_itself_when_it_is_turned(scene: Image.Image) -> None:
    turned = [scene.transpose(turn).resize(scene.size) for turn in Image.Transpose]
    assert min(difference(scene, other) for other in turned) > 5 * ALIKE


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_jpeg_in_every_position_is_the_upright_one(shape: str, orientation: int) -> None:
    examples = kit("exif-orientation-examples")
    with Image.open(examples / f"{shape}_1.jpg") as upright:
        pictures = made(examples / f"{shape}_{orientation}.jpg", orientation)
        assert (pictures.width, pictures.height) == upright.size
        for name in ("240", "480", "2048"):
            assert difference(rendition(pictures, name), upright) < ALIKE


@pytest.mark.parametrize("form", ["jpg", "webp"])
@pytest.mark.parametrize("orientation", ORIENTATIONS[1:])
def test_a_mirrored_or_turned_portrait_of_grace_hopper(form: str, orientation: int, hopper: Image.Image) -> None:
    pictures = made(kit("pillow") / f"Tests/images/hopper_orientation_{orientation}.{form}", orientation)
    assert difference(rendition(pictures), hopper) < ALIKE


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_png_and_tiff_in_every_position(form: str, orientation: int, scene: Image.Image) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    pictures = made(encoded(laid(scene, orientation), form, exif=exif), orientation)
    assert (pictures.width, pictures.height) == scene.size
    assert difference(rendition(pictures), scene) < ALIKE


def laid(upright: Image.Image, orientation: int) -> Image.Image:
    """The pixels as a file of that EXIF orientation has them: what row 0 and column 0 are is all that EXIF says."""
    pixels = np.asarray(upright)
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.transpose(1, 0, 2)
    rows, columns = {
        1: (1, 1), 2: (1, -1), 3: (-1, -1), 4: (-1, 1), 5: (1, 1), 6: (-1, 1), 7: (-1, -1), 8: (1, -1),
    }[orientation]  # fmt: skip
    return Image.fromarray(np.ascontiguousarray(pixels[::rows, ::columns]))


AVIFS = [f"rot{angle}mir{axis}.avif" for angle in range(4) for axis in range(2)]


@pytest.mark.parametrize("name", AVIFS)
def test_an_avif_is_turned_by_its_own_properties_and_not_by_exif(name: str) -> None:
    path = kit("pillow") / "Tests/images/avif" / name
    pictures = made(path, orientation=6)
    expected = by_libvips(path)
    assert (pictures.width, pictures.height) == expected.size
    assert difference(rendition(pictures), expected) < ALIKE


def by_libvips(path: Path) -> Image.Image:
    return Image.fromarray(pyvips.Image.new_from_file(str(path)).numpy()[..., :3])


def test_an_avif_that_says_nothing_itself_is_turned_by_exif(scene: Image.Image) -> None:
    pictures = made(encoded(scene, "AVIF"), orientation=6)
    assert (pictures.width, pictures.height) == scene.size[::-1]
    assert difference(rendition(pictures), scene.transpose(Image.Transpose.ROTATE_270)) < ALIKE


@pytest.mark.parametrize("tile", [0, 64], ids=["in one piece", "in tiles"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_heic_in_every_position(orientation: int, tile: int, scene: Image.Image) -> None:
    """pillow_heif writes EXIF's number as ``irot`` and ``imir``, which libheif and FFmpeg read."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    file = io.BytesIO()
    lying = pillow_heif.from_bytes("RGB", laid(scene, orientation).size, laid(scene, orientation).tobytes())
    lying.save(file, quality=90, tile_size=tile, exif=exif.tobytes())
    pictures = made(file.getvalue(), orientation)
    assert (pictures.width, pictures.height) == scene.size
    assert difference(rendition(pictures), scene) < ALIKE


@pytest.mark.parametrize(
    ("name", "size", "orientation"),
    [
        ("heif_other/arrow.heic", (3024, 4032), 6),
        ("heif_other/pug.heic", (4032, 3024), 1),
        ("heif_special/200MP.heic", (12240, 16320), 6),
        ("heif_special/guitar_cw90.hif", (4672, 7008), 8),
    ],
)
def test_a_phone_says_twice_how_it_was_held_and_is_turned_once(
    name: str, size: tuple[int, int], orientation: int
) -> None:
    assert shape(made(kit("pillow-heif") / "tests/images" / name, orientation)) == size


def test_a_heic_that_says_nothing_itself_is_turned_by_exif() -> None:
    path = kit("pillow-heif") / "tests/images/heif_special/xiaomi.heic"
    assert shape(made(path, 1)) == (2592, 1944)
    assert shape(made(path, 8)) == (1944, 2592)


def shape(pictures: Pictures) -> tuple[int, int]:
    for one in pictures.renditions:
        assert (one.width > one.height) == (pictures.width > pictures.height)
    return pictures.width, pictures.height


def test_an_orientation_that_does_not_exist_turns_nothing(scene: Image.Image) -> None:
    assert difference(rendition(made(encoded(scene, "JPEG"), 9)), scene) < ALIKE
