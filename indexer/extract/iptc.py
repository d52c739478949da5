"""IPTC-IIM: what agencies and older programs write into JPEG and TIFF files."""

from __future__ import annotations

from typing import NamedTuple


class Iptc(NamedTuple):
    """The records that matter here, as text."""

    date: str | None = None
    """Date created (2:55) as written: ``20230805``."""
    time: str | None = None
    """Time created (2:60) as written: ``140311+0200``."""
    title: str | None = None
    """Object name (2:05), else headline (2:105)."""
    caption: str | None = None
    """Caption (2:120)."""
    keywords: tuple[str, ...] = ()
    """2:25."""
