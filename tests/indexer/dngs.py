"""Small digital negatives (Adobe's DNG 1.4), as cameras write them: what the sensor saw, and maybe a JPEG of it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from tests.indexer import tiffs
from tests.indexer.tiffs import LONG, Tag, short

if TYPE_CHECKING:
    from PIL import Image

BYTE, SIGNED_FRACTION = 1, 10
_SRGB_FROM_XYZ = (32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570)
"""In ten thousandths: the camera's colours are those of the screen."""


def dng(scene: Image.Image, preview: bytes | None = None, *, orientation: int = 1) -> bytes:
    """A DNG whose sensor saw ``scene``, and lay as EXIF's ``orientation`` says; ``preview`` is a JPEG."""
    sensor = _mosaic(scene)
    main = [
        short(0x112, orientation),
        Tag(0x14A, LONG, 1, bytes(4)),
        Tag(0xC612, BYTE, 4, bytes((1, 4, 0, 0))),
        tiffs.text(0xC614, "davgallery Test camera 1"),
        Tag(0xC621, SIGNED_FRACTION, 9, b"".join(struct.pack("<ii", each, 10_000) for each in _SRGB_FROM_XYZ)),
        tiffs.fractions(0xC628, (1, 1), (1, 1), (1, 1)),
        short(0xC65A, 21),
    ]
    if preview is not None:
        place = [long(0x111, 0), short(0x115, 3), long(0x117, len(preview))]
        main += [long(0xFE, 1), short(0x103, 7), short(0x106, 6), *place]
    raw = [
        long(0xFE, 0),
        short(0x100, scene.width),
        short(0x101, scene.height),
        short(0x102, 16),
        short(0x103, 1),
        short(0x106, 32803),
        long(0x111, 0),
        short(0x115, 1),
        short(0x116, scene.height),
        long(0x117, len(sensor)),
        short(0x828D, 2, 2),
        Tag(0x828E, BYTE, 4, bytes((0, 1, 1, 2))),
        short(0xC61D, 65535),
    ]
    main.sort()
    second = 8 + tiffs._length(main)
    third = second + tiffs._length(raw)
    _point(main, 0x14A, second)
    _point(main, 0x111, third + len(sensor))
    _point(raw, 0x111, third)
    head = b"II*\0" + struct.pack("<I", 8)
    return head + tiffs._directory(main, 8) + tiffs._directory(raw, second) + sensor + (preview or b"")


def long(number: int, value: int) -> Tag:
    return Tag(number, LONG, 1, struct.pack("<I", value))


def _mosaic(scene: Image.Image) -> bytes:
    """One colour for each pixel, red and green above green and blue, in linear light."""
    light = (np.asarray(scene.convert("RGB"), float) / 255) ** 2.2
    sensor = light[..., 1].copy()
    sensor[::2, ::2] = light[::2, ::2, 0]
    sensor[1::2, 1::2] = light[1::2, 1::2, 2]
    found: bytes = (sensor * 65535).astype("<u2").tobytes()
    return found


def _point(tags: list[Tag], number: int, place: int) -> None:
    """Fill in where something lies."""
    tags[:] = [long(number, place) if tag.number == number else tag for tag in tags]
