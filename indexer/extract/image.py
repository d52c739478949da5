"""The pictures that a gallery shows of an image: small ones of three sizes, a placeholder and a perceptual hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image

    from gateway.library.extracted import Rendition


class Pictures(NamedTuple):
    """What is shown of one image."""

    width: int
    """Pixels of the original, upright."""
    height: int
    renditions: tuple[Rendition, ...]
    """Smallest first."""
    thumbhash: bytes
    phash: int
    frames: int = 1
    duration: int | None = None
    """Milliseconds, of animated pictures."""
    flaw: str | None = None
    """What is missing in them, for a person: ``only the upper 61 % of it could be read``."""


def pictures(file: BinaryIO, form: str, orientation: int, *, budget: int) -> Pictures:
    """Make the pictures of the image in ``file``.

    ``form`` is the format as :func:`indexer.extract.sniff.sniff` names it, ``orientation`` the one of its metadata (1 to
    8), ``budget`` the bytes of memory that decoding may use. Raises :class:`indexer.errors.Unreadable`.
    """
    raise NotImplementedError


def from_image(image: Image) -> Pictures:
    """Make the pictures of an upright one that is in memory already: a video's poster."""
    raise NotImplementedError
