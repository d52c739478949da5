"""Small photographs that are real: JPEGs of a camera, each with a time of its own."""

import io
from datetime import UTC, datetime, timedelta

from PIL import Image

MAKE, MODEL = "davgallery", "Test camera 1"
_FIRST = datetime(2010, 1, 1, tzinfo=UTC)
_MAKE_TAG, _MODEL_TAG, _EXIF, _TIME_TAG, _OFFSET_TAG = 0x010F, 0x0110, 0x8769, 0x9003, 0x9011


def time_of(number: int) -> datetime:
    """When photograph ``number`` was taken: each an hour and a second after the one before, so there are many days."""
    return _FIRST + number * timedelta(hours=1, seconds=1)


def microseconds_of(number: int) -> int:
    """The same in microseconds from 1970."""
    return int(time_of(number).timestamp()) * 1_000_000


def photograph(number: int, size: tuple[int, int] = (64, 48)) -> bytes:
    """The bytes of a photograph; no two are the same."""
    picture = Image.new("RGB", size, (number % 256, number // 256 % 256, number // 65536 % 256))
    exif = Image.Exif()
    exif[_MAKE_TAG], exif[_MODEL_TAG] = MAKE, MODEL
    exif.get_ifd(_EXIF).update({_TIME_TAG: f"{time_of(number):%Y:%m:%d %H:%M:%S}", _OFFSET_TAG: "+00:00"})
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif)
    return file.getvalue()
