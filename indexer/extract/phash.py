"""A perceptual hash: pHash, by Christoph Zauner ("Implementation and Benchmarking of Perceptual Image Hash Functions").

The brightness, shrunk to 32 × 32, goes through a cosine transform. The 8 × 8 lowest waves, without those that are
constant along an axis, give one bit each: whether the wave is above the median. What scaling, recompression and small
changes of brightness leave alone, the hash does too: two pictures of which at most about 10 bits differ look the same.
"""

from __future__ import annotations

from statistics import median

import numpy as np
from PIL import Image
from PIL.Image import Resampling

_SIZE = 32
_WAVES = 8
_COSINES = np.cos(np.pi / _SIZE * np.arange(1, _WAVES + 1)[:, None] * (np.arange(_SIZE) + 0.5))


def phash(image: Image.Image) -> int:
    """The hash of an RGB or RGBA ``image``, as a signed integer of 64 bits."""
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    small = image.convert("L").resize((_SIZE, _SIZE), Resampling.BOX)
    waves = np.round(_COSINES @ np.asarray(small, np.float64) @ _COSINES.T, 6)
    bits = np.packbits(waves > median(waves.ravel().tolist()))  # numpy's median imports ten milliseconds of numpy
    return int.from_bytes(bits.tobytes(), "big", signed=True)


def distance(one: int, other: int) -> int:
    """In how many of the 64 bits two hashes differ."""
    return ((one ^ other) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()
