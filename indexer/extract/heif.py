"""HEIC and HIF: pictures in HEVC, as phones and cameras write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import pillow_heif
from pillow_heif import HeifImageFile

from indexer.extract import items, renditions, tiles, upright
from indexer.extract.colour import Coded, Space
from indexer.extract.decoded import Decoded, afford, cut

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

pillow_heif.options.DECODE_THREADS = 1  # one file, one core: how many run at once is not decided here
pillow_heif.options.DEPTH_IMAGES = False
pillow_heif.options.AUX_IMAGES = False

_COST, _DEEP_COST = 10, 20
"""Bytes of memory for each pixel that libheif and Pillow take, as measured; with more than eight bits a channel."""


def decode(file: BinaryIO, *, budget: int) -> Decoded:
    """Decode the picture that ``file`` is about. Raises TooLarge, or what its decoders raise.

    Where there is a grid of tiles, and that is nearly everywhere, any size fits into the ``budget``. Of a larger one in
    one piece it is the thumbnail in the file, however small.
    """
    image: ImageFile = HeifImageFile(file)  # type: ignore[no-untyped-call]
    item = items.read(file)
    turned = upright.AS_IT_IS if item and item.turns else None  # libheif turns as the file says
    found = Decoded(image, image.size, _space(image), turned)
    wanted = renditions.preview_edge(*image.size)
    if _takes_thumbnail(image, at_least=wanted):
        return found
    if item and image.mode == "RGB" and (grid := tiles.grid(file, item)):
        tiled = tiles.decode(file, grid, budget=budget)
        if tiled:
            return found._replace(image=upright.by_heif(tiled.image, item.turns), flaw=cut(tiled.missing))
    needed = image.width * image.height * (_COST if image.info["bit_depth"] == 8 else _DEEP_COST)
    if needed > budget and _takes_thumbnail(image):
        return found
    afford(image.size, needed, budget)
    image.load()
    return found


def _space(image: ImageFile) -> Space:
    numbers = image.info.get("nclx_profile")
    coded = Coded(numbers["color_primaries"], numbers["transfer_characteristics"]) if numbers else None
    return Space(image.info.get("icc_profile"), coded)


def _takes_thumbnail(image: ImageFile, at_least: int = 0) -> bool:
    """Load the largest thumbnail in place of ``image``, if it shows the same and has enough pixels."""
    edges = [edge for edge in image.info["thumbnails"] if renditions.is_enough(edge, at_least)]
    for edge in sorted(edges, reverse=True):
        width, height = (max(1, length * edge // max(image.size) - 2) for length in image.size)
        if image.draft(None, (width, height)):
            image.load()
            return True
    return False
