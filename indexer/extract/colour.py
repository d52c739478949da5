"""Any picture's colours as sRGB, 8 bits a channel: what every screen shows right without a profile."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageCms, ImageFilter

from indexer.extract import tonemap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_SRGB = ImageCms.createProfile("sRGB")
_D65 = (0.3127, 0.3290)
_BT709 = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_BT2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_ADOBE = ((0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
_ADOBE_GAMMA = 563 / 256
_PRIMARIES = {9: _BT2020, 11: _P3, 12: _P3}
_TRANSFERS = {16: "pq", 18: "hlg"}
_STEPS = 33
_PLAIN = {"1": "L", "P": "RGB", "PA": "RGBA", "La": "LA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB", "HSV": "RGB"}


class Coded(NamedTuple):
    """Colours as numbers of ITU-T H.273, which HEIF and AVIF files may have in place of a profile."""

    primaries: int
    transfer: int


class Space(NamedTuple):
    """What the values of a picture mean. The first that is known counts; without any it is sRGB."""

    profile: bytes | None = None
    """ICC."""
    coded: Coded | None = None
    adobe: bool = False
    """Adobe RGB by the rule of cameras (DCF 2.0): they say so in EXIF and leave out the profile."""


def plain(image: Image.Image) -> Image.Image:
    """``image`` in a mode that can be scaled, L, LA, RGB, RGBA, CMYK or LAB; its colours are what they were."""
    if image.mode in {"1", "L", "P", "RGB"} and image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return _eight_bits(image)
    return image.convert(_PLAIN[image.mode]) if image.mode in _PLAIN else image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey values of more than eight bits.

    Whole numbers up to 65,535 and fractions up to 1 have their own white; others are stretched between the darkest and
    the brightest.
    """
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    values = np.array(image, np.float32)
    np.nan_to_num(values, copy=False, posinf=0, neginf=0)
    low, high = float(values.min()), float(values.max())
    white = 65535.0 if image.mode == "I" else 1.0
    if low >= 0 and high <= white:
        low, high = 0.0, white
    values -= low
    values *= 255 / ((high - low) or 1)
    return Image.fromarray(values.astype(np.uint8))


def to_srgb(image: Image.Image, space: Space) -> Image.Image:
    """A ``plain`` image as RGB, or RGBA where something is transparent. It may be changed on the way."""
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    if alpha is not None and alpha.getextrema() == (255, 255):
        alpha = None
    if image.mode == "LAB":
        space = Space(profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes())
    if image.mode in {"LA", "RGBA"}:
        image = image.convert(image.mode.removesuffix("A"))
    image = _shown(image, space)
    if alpha is not None:
        image.putalpha(alpha)
    return image


def _shown(image: Image.Image, space: Space) -> Image.Image:
    """RGB of an image in mode L, RGB, CMYK or LAB."""
    if space.profile and (managed := _by_profile(image, space.profile)):
        return managed
    if image.mode != "RGB":
        image = image.convert("RGB")
    if space.coded and space.coded.transfer in _TRANSFERS:
        return tonemap.to_srgb(image, _TRANSFERS[space.coded.transfer])
    if space.coded and space.coded.primaries in _PRIMARIES:
        return image.filter(_table(_PRIMARIES[space.coded.primaries]))
    if space.adobe:
        return image.filter(_table(_ADOBE, gamma=_ADOBE_GAMMA))
    return image


def _by_profile(image: Image.Image, profile: bytes) -> Image.Image | None:
    """None where the profile is broken, or one for another kind of picture."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(source, _SRGB, image.mode, "RGB")
        if image.mode != "RGB":
            return ImageCms.applyTransform(image, transform)
        if not _changes(transform):
            return image
        ImageCms.applyTransform(image, transform, inPlace=True)  # a quarter faster
    except (ImageCms.PyCMSError, OSError):
        return None
    return image


def _changes(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether anybody could see it. Most profiles are sRGB by one name or another, and 30 ms are saved."""
    axis = np.arange(0, 256, 51, dtype=np.uint8)
    before = np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(1, -1, 3)
    after = ImageCms.applyTransform(Image.fromarray(before), transform)
    return after is not None and bool(np.abs(np.asarray(after, np.int16) - before).max() > 2)


def _table(primaries: tuple[tuple[float, float], ...], gamma: float | None = None) -> ImageFilter.Color3DLUT:
    """From values of these ``primaries`` to sRGB. Without ``gamma`` the curve is that of sRGB."""
    axis = np.linspace(0, 1, _STEPS)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")  # red runs fastest
    values = np.stack((red, green, blue), axis=-1)
    curve = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    light = values**gamma if gamma else curve
    light = np.clip(light @ (np.linalg.inv(_to_xyz(_BT709)) @ _to_xyz(primaries)).T, 0, 1)
    shown = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return ImageFilter.Color3DLUT(_STEPS, shown.astype(np.float32).ravel())


def _to_xyz(primaries: tuple[tuple[float, float], ...]) -> Array:
    """Linear RGB with white D65 to CIE XYZ (SMPTE RP 177)."""
    columns = np.array([(x / y, 1, (1 - x - y) / y) for x, y in (*primaries, _D65)]).T
    found: Array = columns[:, :3] * np.linalg.solve(columns[:, :3], columns[:, 3])
    return found
