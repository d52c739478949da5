"""The pictures that a gallery shows of an image: small ones of three sizes, a placeholder and a perceptual hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from indexer.extract import colour, heif, jpeg, raster, renditions, upright
from indexer.extract.decoded import Decoded, guarded
from indexer.extract.phash import phash
from indexer.extract.thumbhash import thumbhash

if TYPE_CHECKING:
    from PIL.Image import Image

    from gateway.library.extracted import Rendition


class Pictures(NamedTuple):
    """What is shown of one image."""

    width: int
    """Pixels of the original, upright."""
    height: int
    renditions: tuple[Rendition, ...]
    """Smallest first: ``240``, ``480``, ``2048``."""
    thumbhash: bytes
    phash: int
    frames: int = 1
    duration: int | None = None
    """Milliseconds, of animated pictures."""
    flaw: str | None = None
    """What is missing in them, for a person: a sentence."""


def pictures(file: BinaryIO, form: str, orientation: int, *, budget: int) -> Pictures:
    """Make the pictures of the image in ``file``.

    ``form`` is its format as :func:`indexer.extract.sniff.sniff` names it, ``orientation`` what its metadata say (1 to
    8), ``budget`` the bytes of memory that decoding may use. Raises :class:`indexer.errors.Unreadable`.
    """
    with guarded():
        return from_decoded(_decode(file, form, budget), orientation)


def from_image(image: Image) -> Pictures:
    """Make the pictures of one in memory that is upright and in sRGB, as a video's poster is."""
    return from_decoded(Decoded(image, image.size))


def from_decoded(decoded: Decoded, orientation: int = upright.AS_IT_IS) -> Pictures:
    """Make the pictures of ``decoded``; the ``orientation`` is for one that does not tell its own."""
    if decoded.orientation is not None:
        orientation = decoded.orientation
    width, height = decoded.size
    # Shrinking comes first; everything else then has fewer pixels to work on.
    preview = renditions.preview(colour.plain(decoded.image), renditions.preview_edge(width, height))
    preview = upright.by_exif(colour.to_srgb(preview, decoded.space), orientation)
    if upright.is_lying(orientation):
        width, height = height, width
    made, smallest = renditions.make(preview)
    moving = decoded.animation
    return Pictures(
        width, height, made, thumbhash(smallest), phash(smallest), moving.frames, moving.duration, decoded.flaw
    )


def _decode(file: BinaryIO, form: str, budget: int) -> Decoded:
    file.seek(0)
    match form:
        case "jpeg":
            return jpeg.decode(file, budget=budget)
        case "heic":
            return heif.decode(file, budget=budget)
        case _:
            return raster.decode(file, form, budget=budget)
