"""The picture in a RAW file: the one that the camera embedded, else a development at half size."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from indexer.extract.image import Pictures


def preview(file: BinaryIO, orientation: int, *, budget: int) -> Pictures:
    """Make the pictures of the RAW file ``file``; width and height are those of the full picture, upright.

    ``orientation`` is the one of its metadata (1 to 8), ``budget`` the bytes of memory that decoding may use.
    Raises :class:`indexer.errors.Unreadable`.
    """
    raise NotImplementedError
