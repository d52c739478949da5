"""Everything that is known of one file from its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from indexer.extract.extraction import Extraction


def extract(file: BinaryIO, size: int, *, zone: str, budget: int) -> Extraction:
    """Read ``file`` of ``size`` bytes, which is seekable but may be far away.

    ``zone`` is the IANA name of the server's own time zone, for instants that tell none; ``budget`` the bytes of memory
    that decoding may use. A file that cannot be read at all is of kind ``other``: this never raises for what is in it.
    """
    raise NotImplementedError
