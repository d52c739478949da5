"""Everything that is known of one file from its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from gateway.library.extracted import Extracted, Rendition


class Extraction(NamedTuple):
    """What came out of one file."""

    extracted: Extracted
    renditions: tuple[Rendition, ...] = ()
    error: str | None = None
    """Why there is no picture, for a person; what the file tells about itself is in ``extracted`` all the same."""


def extract(file: BinaryIO, size: int, *, zone: str, budget: int) -> Extraction:
    """Read ``file`` of ``size`` bytes, which is seekable but may be far away.

    ``zone`` is the IANA name of the server's own time zone, for instants that tell none; ``budget`` the bytes of memory
    that decoding may use. A file that cannot be read at all is of kind ``other``: this never raises for what is in it.
    """
    raise NotImplementedError
