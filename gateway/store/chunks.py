"""What both stores do to the bytes on their way in."""

from collections.abc import Iterable, Iterator

from gateway.errors import Truncated

CHUNK = 256 * 1024
"""Bytes that are read or sent at once."""
_TINY = 16 * 1024


def whole(chunks: Iterable[bytes], size: int | None) -> Iterator[bytes]:
    """Give the same bytes, the last chunk only after the source has ended well. No chunk is empty.

    A source checks its bytes when it ends (a checksum, a client that went away). Whoever sends as it reads must not
    have sent the last byte by then, or the object would exist. Truncated when the bytes are not ``size`` many.
    """
    held = b""
    count = 0
    for chunk in _joined(chunks):
        count += len(chunk)
        if size is not None and count > size:
            raise Truncated("More bytes arrived than were announced.")
        if held:
            yield held
        held = chunk
    if size is not None and count < size:
        raise Truncated("Fewer bytes arrived than were announced.")
    if held:
        yield held


def _joined(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Join tiny chunks: a client that sends two bytes at a time must not cost an object and a send for each."""
    gathered = bytearray()
    for chunk in chunks:
        if not gathered and len(chunk) >= _TINY:
            yield chunk
            continue
        gathered += chunk
        if len(gathered) >= _TINY:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)
