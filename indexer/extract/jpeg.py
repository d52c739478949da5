"""JPEG. The decoder scales to 1/2, 1/4 or 1/8 on its way, which saves half of its work and most of the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from indexer.extract import renditions
from indexer.extract.colour import Space
from indexer.extract.decoded import Decoded, afford, cut

if TYPE_CHECKING:
    from PIL.Image import Image

_COST = 4
"""Bytes of memory for each pixel that comes out."""
_COEFFICIENT = 2
"""Bytes. A progressive file's coefficients, one for each sample, are all kept until its end."""
_GREY = 128
_NOTHING = {0, _GREY, 255 - _GREY}
"""What is in the samples of a line that there was no data for; CMYK is inverted."""


def decode(file: BinaryIO, *, budget: int) -> Decoded:
    """Decode the first picture of ``file``, at the smallest scale that a preview can be made of.

    Of a file that is cut, the lower part is grey. Raises Unreadable if less than half of it is there, TooLarge if even
    the smallest scale takes more than ``budget`` bytes.
    """
    image = _opened(file)
    size, flaw = image.size, None
    scale = _scale(image, budget)
    try:
        _load(image, scale)
    except OSError:
        image = _opened(file)
        flaw = _load_cut(image, scale)
    space = Space(image.info.get("icc_profile"), adobe=b"R03\0" in image.info.get("exif", b""))
    return Decoded(image, size, space, flaw=flaw)


def _opened(file: BinaryIO) -> JpegImageFile:
    """Not by ``Image.open``, which looks for more pictures behind the first."""
    file.seek(0)
    return JpegImageFile(file)


def _scale(image: JpegImageFile, budget: int) -> int:
    longer, wanted = max(image.size), renditions.preview_edge(*image.size)
    scale = next((scale for scale in (8, 4, 2) if renditions.is_enough(longer // scale, wanted)), 1)
    while scale < 8 and _needed(image, scale) > budget:
        scale *= 2
    afford(image.size, _needed(image, scale), budget)
    return scale


def _needed(image: JpegImageFile, scale: int) -> float:
    """Bytes of memory."""
    pixels = image.width * image.height
    needed = pixels / scale**2 * _COST
    if image.info.get("progressive"):
        samples = [across * down for _, across, down, _ in image.layer]
        needed += pixels * _COEFFICIENT * sum(samples) / max(samples)
    return needed


def _load(image: JpegImageFile, scale: int) -> None:
    width, height = image.size
    image.draft(None, (max(1, width // scale), max(1, height // scale)))
    image.load()


def _load_cut(image: JpegImageFile, scale: int) -> str:
    """What is missing in the end."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        _load(image, scale)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    lines = _lines(image)
    image.paste((_GREY,) * len(image.getbands()), (0, lines, *image.size))
    return cut(1 - lines / image.height) or "The file is cut off: its end is missing."


def _lines(image: Image) -> int:
    """How many lines were decoded: all above those that look like nothing."""
    pixels = np.asarray(image)
    last = pixels[-1]
    if last.min() != last.max() or int(last.min()) not in _NOTHING:
        return image.height
    filled = np.flatnonzero((pixels != last).reshape(image.height, -1).any(axis=1))
    return int(filled[-1]) + 1 if filled.size else 0
