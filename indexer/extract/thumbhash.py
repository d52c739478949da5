"""ThumbHash (Evan Wallace, github.com/evanw/thumbhash): a picture in about 25 bytes, to be shown until it arrives.

The bytes are those of the reference implementation, version 0.1.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL.Image import Resampling

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    Array = NDArray[np.float64]

LARGEST = 100
"""Pixels of the longer edge; the format's own limit."""


class _Channel(NamedTuple):
    mean: float
    waves: Array
    """The coefficients but the mean, from 0 to 1; 0.5 is none."""
    scale: float


def thumbhash(image: Image) -> bytes:
    """The ThumbHash of an RGB or RGBA ``image``."""
    image = image.copy()
    image.thumbnail((LARGEST, LARGEST), Resampling.BOX)
    return encode(np.asarray(image.convert("RGBA")))


def encode(rgba: NDArray[np.uint8]) -> bytes:
    """The ThumbHash of pixels: height × width × 4, at most 100 × 100, alpha not multiplied in."""
    height, width = rgba.shape[:2]
    colour, alpha = rgba[..., :3] / 255, rgba[..., 3] / 255
    opacity = alpha.sum()
    transparent = bool(opacity < width * height)
    mean = (colour * alpha[..., None]).sum(axis=(0, 1)) / (opacity or 1)
    red, green, blue = np.moveaxis(mean * (1 - alpha[..., None]) + colour * alpha[..., None], -1, 0)

    most, longest = (5 if transparent else 7), max(width, height)
    across, down = (max(1, _round(most * edge / longest)) for edge in (width, height))
    light = _waves((red + green + blue) / 3, max(3, across), max(3, down))
    yellow_blue = _waves((red + green) / 2 - blue, 3, 3)
    red_green = _waves(red - green, 3, 3)
    channels = [light, yellow_blue, red_green]

    landscape = width > height
    head = _round(63 * light.mean) | _round(31.5 + 31.5 * yellow_blue.mean) << 6
    head |= _round(31.5 + 31.5 * red_green.mean) << 12 | _round(31 * light.scale) << 18 | transparent << 23
    head |= (down if landscape else across) << 24 | _round(63 * yellow_blue.scale) << 27
    head |= _round(63 * red_green.scale) << 33 | landscape << 39
    found = head.to_bytes(5, "little")
    if transparent:
        channels.append(_waves(alpha, 5, 5))
        found += bytes([_round(15 * channels[-1].mean) | _round(15 * channels[-1].scale) << 4])
    nibbles = np.floor(15 * np.concatenate([channel.waves for channel in channels]) + 0.5).astype(np.uint8)
    nibbles = np.append(nibbles, np.zeros(len(nibbles) % 2, np.uint8))
    return bytes([*found, *(nibbles[::2] | nibbles[1::2] << 4)])


def _waves(channel: Array, across: int, down: int) -> _Channel:
    """The lowest coefficients of the channel's cosine transform: a triangle of ``across`` × ``down``."""
    height, width = channel.shape
    table = _cosines(down, height) @ channel @ _cosines(across, width).T / (width * height)
    y, x = np.mgrid[:down, :across]
    waves = table[x * down < across * (down - y)]  # row by row, as the format has them
    mean, waves = float(waves[0]), waves[1:]
    scale = float(np.abs(waves).max())
    return _Channel(mean, 0.5 + 0.5 / scale * waves if scale else waves, scale)


def _cosines(count: int, length: int) -> Array:
    found: Array = np.cos(np.pi / length * np.arange(count)[:, None] * (np.arange(length) + 0.5))
    return found


def _round(number: float) -> int:
    return int(number + 0.5)  # as JavaScript does; nothing here is negative
