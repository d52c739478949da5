"""A part of an upload on its way to the store."""

from __future__ import annotations

import hashlib
from itertools import chain
from typing import TYPE_CHECKING

from gateway.errors import ChecksumMismatch, Truncated
from gateway.library import media, policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Part:
    """The bytes of a part: without what has arrived before, counted, and checked."""

    def __init__(self, chunks: Iterable[bytes], skip: int, length: int | None, most: int, sha256: str | None) -> None:
        """Skip the first ``skip`` bytes; ``length`` is announced, ``most`` what may come, ``sha256`` of all of them."""
        self._chunks = iter(chunks)
        self._skip = skip
        self._length = length
        self._most = most
        self._expected = sha256
        self.size = 0
        """Bytes that are new."""

    def require_media(self) -> None:
        """Raise UnsupportedType unless the first bytes are those of a photograph or video."""
        seen: list[bytes] = []
        head = b""
        for chunk in self._chunks:
            seen.append(chunk)
            head += chunk[: media.HEAD_BYTES]
            if len(head) >= media.HEAD_BYTES:
                break
        self._chunks = chain(seen, self._chunks)
        if head and not media.is_media(head):
            raise policy.not_media()

    def stream(self) -> Iterator[bytes]:
        """Every chunk; raises Truncated and ChecksumMismatch at the end, before which a store keeps nothing."""
        digest = hashlib.sha256(usedforsecurity=False) if self._expected else None
        arrived = 0
        for chunk in self._chunks:
            arrived += len(chunk)
            if arrived > self._most:
                raise Truncated("The part is longer than the file.")
            if digest is not None:
                digest.update(chunk)
            new = chunk[max(0, self._skip - (arrived - len(chunk))) :]
            self.size += len(new)
            if new:
                yield new
        if self._length is not None and arrived != self._length:
            raise Truncated("The part is not as long as announced.")
        if digest is not None and digest.hexdigest() != self._expected:
            raise ChecksumMismatch("The bytes that arrived do not have the announced SHA-256 checksum.")
