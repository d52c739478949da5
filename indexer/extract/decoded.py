"""What decoders give, and what bounds all of them."""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from indexer.errors import TooLarge, Unreadable
from indexer.extract.animation import Animation
from indexer.extract.colour import Space

if TYPE_CHECKING:
    from collections.abc import Iterator


class Decoded(NamedTuple):
    """A picture of which no more pixels were decoded than a preview needs, where that could be helped."""

    image: Image.Image
    size: tuple[int, int]
    """Width and height of the whole picture, lying as ``image`` lies."""
    space: Space = Space()
    orientation: int | None = None
    """1 to 8, where the file itself tells how ``image`` has to be turned; None: as its metadata say."""
    animation: Animation = Animation()
    flaw: str | None = None
    """What is missing, for a person."""


def afford(size: tuple[int, int], needed: float, budget: int) -> None:
    """Raise TooLarge if a picture of this ``size`` needs more bytes than ``budget``."""
    if needed > budget:
        raise TooLarge(f"It is too large to decode: {size[0]} × {size[1]} pixels.")


def cut(missing: float) -> str | None:
    """What to say of a picture of which so much, 0 to 1, is not there. Raises Unreadable if it is more than a half."""
    if missing > 0.5:
        raise Unreadable("The file is cut off: less than half of its picture is there.")
    return f"The file is cut off: {math.ceil(100 * missing)} % of its picture are missing." if missing else None


@contextmanager
def guarded() -> Iterator[None]:
    """Whatever a decoder raises for broken bytes is Unreadable; what it warns of, nobody needs to hear."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (Unreadable, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        raise TooLarge("It is too large to decode.") from error
    except Exception as error:
        raise Unreadable("The picture is damaged, or of a kind that cannot be decoded.") from error
