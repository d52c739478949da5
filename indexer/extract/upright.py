"""Turning a picture upright."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL.Image import Transpose

if TYPE_CHECKING:
    from PIL.Image import Image

AS_IT_IS = 1
"""The orientation of a picture that needs no turn."""

_BY_EXIF = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,  # Pillow turns against the clock
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}

_ROTATIONS = {1: Transpose.ROTATE_90, 2: Transpose.ROTATE_180, 3: Transpose.ROTATE_270}
_MIRRORS = {0: Transpose.FLIP_TOP_BOTTOM, 1: Transpose.FLIP_LEFT_RIGHT}


def is_lying(orientation: int) -> bool:
    """Whether width and height change places (EXIF 3.0, tag 0x0112)."""
    return orientation in {5, 6, 7, 8}


def by_exif(image: Image, orientation: int) -> Image:
    """Turn ``image`` as EXIF's number says; what is no such number turns nothing."""
    turn = _BY_EXIF.get(orientation)
    return image if turn is None else image.transpose(turn)


def by_heif(image: Image, turns: tuple[tuple[bytes, int], ...]) -> Image:
    """Turn ``image`` by its properties ``irot`` and ``imir``, in their order (ISO 23008-12 §6.5.10 and §6.5.12)."""
    for kind, number in turns:
        turn = _ROTATIONS.get(number & 3) if kind == b"irot" else _MIRRORS[number & 1]
        if turn is not None:
            image = image.transpose(turn)
    return image
