"""HDR pictures on an ordinary screen: PQ and HLG in BT.2020 to sRGB."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import ImageFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PIL.Image import Image

    Array = NDArray[np.float64]

TRANSFERS = {16: "pq", 18: "hlg"}
"""The transfer characteristics of HDR, by their numbers in ITU-T H.273."""

_STEPS = 33
_PEAK = 1000.0
"""Nits of the brightest light that keeps its differences: what HLG means by full signal, and phones grade PQ to."""
_WHITE = 203.0
"""Nits of HDR reference white (ITU-R BT.2408), which becomes the white of the ordinary screen's range."""
_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
"""Linear BT.2020 to BT.709 (ITU-R BT.2087)."""


def _pq_to_nits(signal: Array) -> Array:
    """SMPTE ST 2084."""
    root = signal ** (32 / 2523)
    return 10_000 * (np.maximum(root - 107 / 128, 0) / (2413 / 128 - 2392 / 128 * root)) ** (8192 / 1305)


def _nits_to_pq(nits: Array) -> Array:
    root = (nits / 10_000) ** (1305 / 8192)
    return ((107 / 128 + 2413 / 128 * root) / (1 + 2392 / 128 * root)) ** (2523 / 32)


def _hlg_to_nits(signal: Array) -> Array:
    """ITU-R BT.2100, on a screen of 1,000 nits, for which its gamma is 1.2."""
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
    nits: Array = _PEAK * luminance[..., None] ** 0.2 * scene
    return nits


_TO_NITS: dict[str, Callable[[Array], Array]] = {"pq": _pq_to_nits, "hlg": _hlg_to_nits}


def _compress(nits: Array) -> Array:
    """The EETF of ITU-R BT.2390 from ``_PEAK`` to ``_WHITE``: middle tones stay, highlights bend over."""
    peak, white = _nits_to_pq(np.array([_PEAK, _WHITE]))
    signal = np.minimum(_nits_to_pq(nits) / peak, 1)
    knee = 1.5 * white / peak - 0.5
    at = np.maximum(signal - knee, 0) / (1 - knee)
    bent = (2 * at**3 - 3 * at**2 + 1) * knee + (at**3 - 2 * at**2 + at) * (1 - knee)
    bent += (3 * at**2 - 2 * at**3) * white / peak
    return _pq_to_nits(np.where(signal < knee, signal, bent) * peak)


@cache
def _table(transfer: str) -> ImageFilter.Color3DLUT:
    axis = np.linspace(0, 1, _STEPS)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")  # red runs fastest
    nits = _TO_NITS[transfer](np.stack((red, green, blue), axis=-1))
    brightest = np.maximum(nits.max(axis=-1, keepdims=True), 1e-6)
    light = nits * _compress(brightest) / brightest / _WHITE  # one factor for all three keeps the hue
    light = np.clip(light @ _TO_BT709.T, 0, 1)
    screen = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return ImageFilter.Color3DLUT(_STEPS, screen.astype(np.float32).ravel())


def to_srgb(image: Image, transfer: str) -> Image:
    """An RGB ``image`` whose values are a ``pq`` or ``hlg`` signal of BT.2020 light, as sRGB."""
    return image.filter(_table(transfer))
