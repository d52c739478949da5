"""Pictures that look the same have perceptual hashes that differ in few bits; others differ in many."""

from __future__ import annotations

import io
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from indexer.extract.phash import distance, phash
from tests.components.kits import kit
from tests.indexer.looks import encoded

NEAR, FAR = 10, 16


NAMES = """sunrise mushroom upstream66 outofbounds-issue-34 hugo-issue-12669 simple noExif withExif withIptcExifGps
    manuallyAddedThumbnail nikonMakernoteType1 nikonMakernoteType2b withUncompressedRGBThumbnail""".split()


@pytest.fixture(scope="module")
def photographs() -> list[Image.Image]:
    """Of many cameras, at the size of a thumbnail."""
    found = []
    for name in NAMES:
        path = next((kit("imagemeta") / "testdata").rglob(f"{name}.jpg"))
        with Image.open(path) as picture:
            found.append(picture.convert("RGB").resize((320, 240)))
    return found


def recompressed(picture: Image.Image) -> Image.Image:
    return Image.open(io.BytesIO(encoded(picture, "JPEG", quality=30))).convert("RGB")


def smaller(picture: Image.Image) -> Image.Image:
    return picture.resize((120, 90), Image.Resampling.LANCZOS)


def stretched(picture: Image.Image) -> Image.Image:
    return picture.resize((300, 300))


def brighter(picture: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(1.15)


def grey(picture: Image.Image) -> Image.Image:
    return picture.convert("L").convert("RGB")


def noisy(picture: Image.Image) -> Image.Image:
    noise = np.random.default_rng(0).normal(0, 10, (picture.height, picture.width, 3))
    return Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("change", [recompressed, smaller, stretched, brighter, grey, noisy])
def test_a_changed_copy_is_near(change: object, photographs: list[Image.Image]) -> None:
    assert callable(change)
    assert max(distance(phash(picture), phash(change(picture))) for picture in photographs) <= NEAR


def test_other_photographs_are_far(photographs: list[Image.Image]) -> None:
    hashes = [phash(picture) for picture in photographs]
    assert min(distance(one, other) for one, other in combinations(hashes, 2)) >= FAR


def test_a_mirrored_or_turned_copy_is_far(photographs: list[Image.Image]) -> None:
    for picture in photographs:
        for turn in (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_180):
            assert distance(phash(picture), phash(picture.transpose(turn))) >= FAR


def test_it_fits_into_a_signed_integer_of_64_bits(photographs: list[Image.Image]) -> None:
    hashes = [phash(picture) for picture in photographs]
    assert all(-(2**63) <= each < 2**63 for each in hashes)
    assert min(hashes) < 0 < max(hashes)


def test_distance_counts_bits() -> None:
    assert distance(0, 0) == 0
    assert distance(-1, 0) == 64
    assert distance(-(2**63), 2**63 - 1) == 64
    assert distance(0b1010, 0b0110) == 2


def test_what_is_transparent_counts_as_white(photographs: list[Image.Image]) -> None:
    picture = photographs[0].convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 160, 240))
    white = photographs[0].copy()
    white.paste("white", (0, 0, 160, 240))
    assert distance(phash(picture), phash(white)) <= 1


def test_a_plain_picture_has_no_waves() -> None:
    assert phash(Image.new("RGB", (320, 240), "grey")) == 0
