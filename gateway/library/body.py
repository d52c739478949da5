"""The body of an upload on its way to the store: counted, hashed, compared with what was announced."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from gateway.errors import BadRequest, ChecksumMismatch, QuotaExceeded, Truncated
from gateway.library import media, policy

Watch = Callable[[int], None]
"""Called with the number of bytes arrived so far, for every chunk."""

_UNANNOUNCED = 5 << 20
_ALGORITHMS = ("SHA1", "SHA256", "MD5")


class Body:
    """Reads the client's chunks once. After :meth:`stream` is exhausted, ``size`` and the digests are final."""

    def __init__(
        self, chunks: Iterable[bytes], size: int | None, checksum: tuple[str, str] | None, limit: int | None
    ) -> None:
        """Take the announced size (None: chunked), checksum (algorithm, hexadecimal) and the space's size limit."""
        if checksum is not None and checksum[0].upper() not in _ALGORITHMS:
            raise BadRequest(f"Checksums can be {', '.join(_ALGORITHMS)}.")
        self._chunks = iter(chunks)
        self._announced = size
        self._measured = 0
        self._limit = limit
        self._checksum = checksum
        self._head = b""
        self.size = 0
        self._sha256 = hashlib.sha256(usedforsecurity=False)
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        # rclone as "owncloud" sends SHA-1 and then compares MD5; who sends nothing does not pay for it.
        self._md5 = None if checksum is None else hashlib.md5(usedforsecurity=False)

    @property
    def announced(self) -> int | None:
        """How many bytes there will be, where that is known."""
        return self._announced

    @property
    def expected(self) -> int:
        """How many bytes there will be at least: those announced, else those that :meth:`measure` has read."""
        return self._measured if self._announced is None else self._announced

    @property
    def sha256(self) -> str:
        """Of all bytes so far, hexadecimal."""
        return self._sha256.hexdigest()

    @property
    def sha1(self) -> str:
        """Of all bytes so far, hexadecimal."""
        return self._sha1.hexdigest()

    @property
    def md5(self) -> str | None:
        """Of all bytes so far, hexadecimal; None when the client sent no checksum."""
        return None if self._md5 is None else self._md5.hexdigest()

    @property
    def is_media(self) -> bool:
        """Whether the bytes begin like a photograph or video."""
        return media.is_media(self._head)

    @property
    def is_indexed(self) -> bool:
        """Whether the indexer has something to find in the bytes."""
        return media.is_indexed(self._head)

    def measure(self, room: int) -> None:
        """Read the first 5 MiB of a body of unknown length: most end there, and their size is known then.

        Raises QuotaExceeded as soon as there are more than ``room`` bytes: a full space need not take 5 MiB.
        """
        head: list[bytes] = []
        total = 0
        for chunk in self._chunks:
            head.append(chunk)
            total += len(chunk)
            if total > room:
                raise QuotaExceeded("The space is full.")
            if total > _UNANNOUNCED:
                self._measured = total
                self._chunks = chain(head, self._chunks)
                return
        self._announced = total
        self._chunks = iter(head)

    def require_media(self) -> None:
        """Raise UnsupportedType unless the first bytes are those of a photograph or video."""
        head: list[bytes] = []
        seen = b""
        while len(seen) < media.HEAD_BYTES:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            head.append(chunk)
            seen += chunk[: media.HEAD_BYTES]
        self._chunks = chain(head, self._chunks)
        if seen and not media.is_media(seen):
            raise policy.not_media()

    def stream(self, watch: Watch) -> Iterator[bytes]:
        """Every chunk, the last one only when all of them are known to be what the client announced.

        A store that has not seen the last chunk has nothing to keep, so a wrong checksum or length leaves no object.
        Raises Truncated, ChecksumMismatch, TooLarge, and what the client's chunks and ``watch`` raise.
        """
        waiting = b""
        for chunk in self._chunks:
            self.size += len(chunk)
            if self._announced is not None and self.size > self._announced:
                raise Truncated("The body is longer than announced.")
            if self._limit is not None and self.size > self._limit:
                raise policy.too_large()
            watch(self.size)
            if len(self._head) < media.HEAD_BYTES:
                self._head += chunk[: media.HEAD_BYTES]
            self._sha256.update(chunk)
            self._sha1.update(chunk)
            if self._md5 is not None:
                self._md5.update(chunk)
            if waiting:
                yield waiting
            waiting = chunk
        if self._announced is not None and self.size != self._announced:
            raise Truncated("The body is shorter than announced.")
        self._verify()
        if waiting:
            yield waiting

    def _verify(self) -> None:
        if self._checksum is None:
            return
        algorithm, expected = self._checksum
        actual = {"SHA1": self.sha1, "SHA256": self.sha256, "MD5": self.md5}[algorithm.upper()]
        if actual != expected.strip().lower():
            raise ChecksumMismatch(f"The bytes that arrived do not have the announced {algorithm.upper()} checksum.")
