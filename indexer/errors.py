"""What a file's bytes can do to the indexer."""

from __future__ import annotations


class Unreadable(Exception):
    """A file cannot be decoded, or only at a price that is too high. The text is a short sentence for a person."""
