"""The three sizes that a gallery shows, and how they are encoded.

``2048``, the preview, has a longer edge of 2,048 pixels. What is longer than 3:1 keeps a shorter edge of 683, until it
is 6,144 long: a panorama would else be a ribbon of 300 pixels. What a decoder can give at once is taken as it is when
it is near that size, from 1,600 to 2,304: resizing costs more than decoding.

``480`` and ``240`` are so many pixels high. The grid's tiles are 0.4 to 3.2 times as wide as high, so these are cropped
around their middle to 0.4 to 3 times; a whole panorama would be a strip of 80 pixels, scaled up again by the browser.

Nothing is scaled up. WebP with method 2: method 0 takes a third less time for a quarter more bytes, methods 3 to 6 take
two and a half times as long for 5 % fewer (12 megapixels of phones, at equal structural similarity).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import PIL.Image
from PIL.Image import Resampling

from gateway.library.extracted import Rendition

if TYPE_CHECKING:
    from PIL.Image import Image

PIL.Image.preinit()  # else it is done in every process that a file gets

LONGEST = 2048
_PANORAMA = 3.0
_PANORAMA_LONGEST = 6144
_NEAR = (1600 / 2048, 2304 / 2048)
_HEIGHTS = (480, 240)
_NARROWEST, _WIDEST = 0.4, 3.0
_QUALITY, _METHOD = 75, 2
_GAP = 1.5
"""Shrink by a whole number first, as long as half as much again is left for the better filter."""


def preview_edge(width: int, height: int) -> int:
    """The longer edge that the preview of such a picture should have, if it has as many pixels."""
    ratio = max(width, height) / min(width, height)
    return min(_PANORAMA_LONGEST, max(LONGEST, round(LONGEST * ratio / _PANORAMA)))


def is_enough(longer: int, wanted: int) -> bool:
    """Whether a picture whose longer edge is ``longer`` has the pixels for a preview that should have ``wanted``."""
    return longer >= _NEAR[0] * wanted


def preview(image: Image, wanted: int) -> Image:
    """``image`` with a longer edge near ``wanted``; itself if it is small enough."""
    longer, most = max(image.size), int(_NEAR[1] * wanted)
    if longer <= most:
        return image
    factor = -(-longer // most)
    if is_enough(longer // factor, wanted):
        return image.reduce(factor)
    return image.resize(_scaled(image.size, wanted / longer), Resampling.BICUBIC, reducing_gap=_GAP)


def thumbnail(image: Image, height: int) -> Image:
    """``image`` at most ``height`` pixels high, cropped to the ratios of tiles; itself if nothing is to do."""
    wide = min(image.width, round(_WIDEST * image.height))
    high = min(image.height, round(image.width / _NARROWEST))
    left, top = (image.width - wide) // 2, (image.height - high) // 2
    box = (left, top, left + wide, top + high)
    if high > height:
        return image.resize(_scaled((wide, high), height / high), Resampling.BICUBIC, box=box, reducing_gap=_GAP)
    return image if (wide, high) == image.size else image.crop(box)


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    width, height = (max(1, round(edge * scale)) for edge in size)
    return width, height


def make(preview: Image) -> tuple[tuple[Rendition, ...], Image]:
    """The renditions, smallest first, of a picture that is upright, RGB or RGBA in sRGB; and the smallest as it is."""
    found = [_rendition(str(LONGEST), preview)]
    image = preview
    for height in _HEIGHTS:
        smaller = thumbnail(image, height)
        last = found[-1]
        found.append(last._replace(name=str(height)) if smaller is image else _rendition(str(height), smaller))
        image = smaller
    return tuple(reversed(found)), image


def _rendition(name: str, image: Image) -> Rendition:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY, method=_METHOD)  # writes no metadata unless it is told to
    return Rendition(name, image.width, image.height, buffer.getvalue())
