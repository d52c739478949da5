"""What a store must do. Two keep this contract, and one suite (tests/store/test_contract.py) runs on both."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol


class StoredObject(NamedTuple):
    """One row of a listing."""

    key: str
    size: int
    """Bytes."""
    modified: int
    """Microseconds UTC, by the store's clock."""


class ObjectStore(Protocol):
    """Immutable objects under keys that are used once and never again.

    Every method may raise StoreUnavailable (down, slow, reset) or StoreFull; nothing else comes out but what is named.
    Errors that the ``chunks`` iterator of ``put`` raises pass through unchanged.
    """

    def put(self, key: str, chunks: Iterable[bytes], size: int | None) -> None:
        """Store all the bytes of ``chunks`` durably, or nothing: after an error no object is visible under ``key``.

        ``size`` is the number of bytes that ``chunks`` will give, None when unknown. Memory stays constant.
        """

    def read(self, key: str, start: int, length: int) -> Iterator[bytes]:
        """Exactly ``length`` bytes from ``start``, in chunks. NotFound for a missing key, before the first chunk.

        The request to the store is made before this returns. Closing the iterator early frees what it holds.
        """

    def delete(self, keys: Iterable[str]) -> None:
        """Delete the objects; a missing one is no error."""

    def list(self, prefix: str = "", after: str = "") -> Iterator[StoredObject]:
        """Every object whose key starts with ``prefix`` and sorts after ``after``, by key (UTF-8 bytes), lazily."""

    def url(self, key: str, expires: int) -> str | None:
        """A presigned address that gives the object for ``expires`` seconds, or None where the store has none."""

    def check(self) -> None:
        """Return when the store answers; raise StoreUnavailable otherwise. Used by /healthz, takes at most 3 s."""
