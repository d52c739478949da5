"""Everything that Pillow decodes as a whole: PNG, GIF, WebP, AVIF, TIFF, BMP, JPEG 2000, PSD."""

from __future__ import annotations

import struct
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import PIL.Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.Image import Resampling
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PsdImagePlugin import PsdImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from indexer.errors import Unreadable
from indexer.extract import animation, items, upright
from indexer.extract.animation import Animation
from indexer.extract.colour import Coded, Space
from indexer.extract.decoded import Decoded, afford

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from indexer.extract.items import Item

_READERS: dict[str, tuple[type[ImageFile], int]] = {
    "avif": (AvifImageFile, 14),
    "bmp": (BmpImageFile, 8),
    "gif": (GifImageFile, 8),
    "jp2": (Jpeg2KImageFile, 20),
    "png": (PngImageFile, 8),
    "psd": (PsdImageFile, 8),
    "tiff": (TiffImageFile, 5),
    "webp": (WebPImageFile, 16),
}
"""What reads a format, and how many bytes of memory each pixel takes at most, as measured. TIFF takes as many more as
the pixel has in the file, and four if these are 32 bits; an animated picture takes one more frame."""
_WIDE, _FRAME = 4, 4
_LOOKED_AT = 24
"""Frames, or pages, among which one is chosen; if none is better, it is the first."""
_FLAT = 8
"""Of 255: the contrast that nobody sees."""
_NEW_SUBFILE_TYPE, _BITS_PER_SAMPLE = 0xFE, 0x102


def decode(file: BinaryIO, form: str, *, budget: int) -> Decoded:
    """Decode the first picture of ``file`` that shows something. Raises Unreadable, or what Pillow raises."""
    if form not in _READERS:
        raise Unreadable(f"There is no decoder for pictures of this kind ({form}).")
    reader, cost = _READERS[form]
    with _judged(budget // cost):
        image, moves = _loaded(file, reader, cost, budget)
    space, size = Space(image.info.get("icc_profile")), image.size
    moving = animation.measure(file, form) if moves else Animation()
    if form == "avif" and (item := items.read(file)):
        turned = upright.by_heif(image, item.turns)
        known = upright.AS_IT_IS if item.turns else None
        return Decoded(turned, turned.size, space._replace(coded=_coded(item)), known, moving)
    # Pillow turns TIFF, and nothing else, while it loads.
    return Decoded(image, size, space, upright.AS_IT_IS if form == "tiff" else None, moving)


@contextmanager
def _judged(pixels: int) -> Iterator[None]:
    """Let Pillow judge sizes, too: some formats tell late how large they are, some readers take memory to open."""
    before, PIL.Image.MAX_IMAGE_PIXELS = PIL.Image.MAX_IMAGE_PIXELS, pixels // 2  # it lets pass twice as much
    try:
        yield
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = before


def _loaded(file: BinaryIO, reader: type[ImageFile], cost: float, budget: int) -> tuple[ImageFile, bool]:
    """The picture, and whether it moves."""
    image = reader(file)
    moves = not isinstance(image, TiffImageFile) and getattr(image, "is_animated", False)
    _afford(image, cost + _FRAME * moves, budget)
    if moves and not _seek_telling(image):
        file.seek(0)
        image = reader(file)
    if isinstance(image, TiffImageFile):
        _seek_whole(image)
        in_file = sum(image.tag_v2.get(_BITS_PER_SAMPLE, (1,))) / 8
        _afford(image, cost + in_file + (_WIDE if image.mode in {"I", "F"} else 0), budget)
    image.load()
    return image, moves


def _afford(image: Image, cost: float, budget: int) -> None:
    afford(image.size, image.width * image.height * cost, budget)


def _seek_telling(image: ImageFile) -> bool:
    """Go to the first frame that is neither empty nor of one colour: many animations fade in. False without any."""
    with suppress(EOFError, OSError, SyntaxError):  # later frames may be broken
        for number in range(_LOOKED_AT):
            image.seek(number)
            if _tells(image):
                return True
    return False


def _tells(image: Image) -> bool:
    small = image.convert("RGBA").resize((32, 32), Resampling.BOX)
    return bool(np.ptp(np.asarray(small), axis=(0, 1)).max() > _FLAT)


def _seek_whole(image: TiffImageFile) -> None:
    """Go to the first page that is no smaller version of another one (TIFF 6.0, NewSubfileType)."""
    with suppress(EOFError):
        for number in range(_LOOKED_AT):
            image.seek(number)
            if not image.tag_v2.get(_NEW_SUBFILE_TYPE, 0) & 1:
                return
    image.seek(0)


def _coded(item: Item) -> Coded | None:
    for kind, content in item.properties:
        if kind == b"colr" and content[:4] == b"nclx" and len(content) >= 8:
            return Coded(*struct.unpack_from(">HH", content, 4))
    return None
