"""From a blob to what a gallery shows of it: metadata and renditions."""

VERSION = 1
"""Of what the indexer finds and makes. A higher one does everything again that an older one did, bit by bit."""
