"""Bodies as doors hand them to a store."""

import hashlib
from collections.abc import Iterator

from gateway.store import ObjectStore
from tests.components.minio import Minio

MIB = 1024 * 1024
_PATTERN = hashlib.shake_256(b"davgallery").digest(MIB + 1)


def content(size: int) -> bytes:
    """Bytes that differ from place to place."""
    return (_PATTERN * (size // len(_PATTERN) + 1))[:size]


def chunked(body: bytes, size: int = 65536) -> Iterator[bytes]:
    """The body in chunks."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


def broken_after(size: int, error: BaseException) -> Iterator[bytes]:
    """``size`` bytes, then the error."""
    yield from chunked(content(size))
    raise error


def read_all(store: ObjectStore, key: str, size: int) -> bytes:
    """The whole object."""
    return b"".join(store.read(key, 0, size))


def keys_of(store: ObjectStore) -> list[str]:
    """All keys."""
    return [found.key for found in store.list()]


def unfinished_uploads(minio: Minio, bucket: str, key: str) -> int:
    """How many uploads in parts of this key were begun and neither ended nor aborted."""
    return len(minio.client._list_multipart_uploads(bucket, prefix=key).uploads)
