"""The picture in a RAW file: the one that the camera embedded, else a development at half size."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import rawpy
from PIL import ExifTags, Image

from indexer.errors import TooLarge, Unreadable
from indexer.extract import image, jpeg, upright
from indexer.extract.decoded import Decoded, afford, guarded

if TYPE_CHECKING:
    from indexer.extract.image import Pictures

_SMALLEST = 1024
"""Pixels of the longer edge: what is smaller was made for the camera's own screen."""
_COST = 8
"""Bytes of memory for each of the sensor's pixels that a development at half size takes, as measured."""
_FLIPS = {3: 3, 5: 8, 6: 6}
"""EXIF's number for LibRaw's."""


def preview(file: BinaryIO, orientation: int, *, budget: int) -> Pictures:
    """Make the pictures of the RAW file ``file``; width and height are those of the full picture, upright.

    ``orientation`` is the one of its metadata (1 to 8), ``budget`` the bytes of memory that decoding may use.
    Raises :class:`indexer.errors.Unreadable`.
    """
    if (size := file.seek(0, io.SEEK_END)) > budget:
        raise TooLarge(f"It is too large to decode: {size // 1_000_000} MB.")  # LibRaw wants all of it in memory
    file.seek(0)
    with guarded(), rawpy.imread(file) as raw:
        orientation = orientation if orientation != upright.AS_IT_IS else _FLIPS.get(raw.sizes.flip, 1)
        width, height = raw.sizes.crop_width or raw.sizes.width, raw.sizes.crop_height or raw.sizes.height
        if upright.is_lying(orientation):
            width, height = height, width
        embedded = _embedded(raw, budget)
        if embedded is None or max(embedded.size) < min(_SMALLEST, max(width, height) // 2):
            try:
                embedded = _developed(raw, budget)
            except (rawpy.LibRawError, TooLarge):
                if embedded is None:
                    raise
        if embedded.orientation is None:
            embedded = embedded._replace(orientation=_missing_turn(embedded.size, (width, height), orientation))
        return image.from_decoded(embedded)._replace(width=width, height=height)


def _embedded(raw: rawpy.RawPy, budget: int) -> Decoded | None:
    """The largest picture that the camera put in; its orientation is the one that it says of itself."""
    with suppress(rawpy.LibRawError, Unreadable, OSError, SyntaxError):
        found = raw.extract_thumb()
        if found.format is rawpy.ThumbFormat.BITMAP:
            bitmap = Image.fromarray(np.asarray(found.data))
            return Decoded(bitmap, bitmap.size)
        decoded = jpeg.decode(io.BytesIO(_as_embedded(bytes(found.data))), budget=budget)
        return decoded._replace(orientation=decoded.image.getexif().get(ExifTags.Base.Orientation))
    return None


def _as_embedded(data: bytes) -> bytes:
    """A JPEG without the EXIF that LibRaw puts before it, which tells the orientation of the sensor."""
    libraws = data[2:4] == b"\xff\xe1" and data[6:20] == b"Exif\0\0II*\0\x0a\0\0\0"
    return data[:2] + data[4 + int.from_bytes(data[4:6], "big") :] if libraws else data


def _developed(raw: rawpy.RawPy, budget: int) -> Decoded:
    """What the sensor saw, with the camera's white balance; LibRaw turns it."""
    sizes = raw.sizes
    afford((sizes.width, sizes.height), sizes.raw_width * sizes.raw_height * _COST, budget)
    pixels = raw.postprocess(half_size=True, use_camera_wb=True)
    developed = Image.fromarray(pixels)
    return Decoded(developed, developed.size, orientation=upright.AS_IT_IS)


def _missing_turn(embedded: tuple[int, int], full: tuple[int, int], orientation: int) -> int:
    """How an embedded picture that says nothing has to be turned: not at all if it has the shape of the upright one.

    Some cameras embed it as it is to be seen, others as the sensor lies (see libvips issue 5086).
    """
    fits = (embedded[0] > embedded[1]) == (full[0] > full[1])
    return upright.AS_IT_IS if fits else orientation
