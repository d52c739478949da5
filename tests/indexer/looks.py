"""How pictures look: what the indexer makes of a file, beside what it should look like."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyvips
from PIL import Image

from indexer.extract import image
from indexer.extract.sniff import HEAD, sniff

if TYPE_CHECKING:
    from indexer.extract.image import Pictures

BUDGET = 256 << 20


def made(source: Path | bytes, orientation: int = 1, *, budget: int = BUDGET) -> Pictures:
    """The pictures of a file."""
    data = source.read_bytes() if isinstance(source, Path) else source
    return image.pictures(io.BytesIO(data), sniff(data[:HEAD]) or "", orientation, budget=budget)


def rendition(pictures: Pictures, name: str = "2048") -> Image.Image:
    """One of them, decoded."""
    (found,) = (one for one in pictures.renditions if one.name == name)
    picture = Image.open(io.BytesIO(found.data))
    picture.load()
    assert (picture.format, picture.size) == ("WEBP", (found.width, found.height))
    return picture


def encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of all values, 0 to 255, at the size of ``one``."""
    here, there = (np.asarray(each.convert("RGB").resize(one.size), np.float32) for each in (one, other))
    return float(np.abs(here - there).mean())


def delta_e(one: Image.Image, other: Image.Image) -> float:
    """Mean colour difference CIEDE2000 of two sRGB pictures of one size, by libvips."""
    here, there = (pyvips.Image.new_from_array(np.asarray(each.convert("RGB"))) for each in (one, other))
    return float(here.copy(interpretation="srgb").dE00(there.copy(interpretation="srgb")).avg())
