"""Passwords: argon2 for those that people choose, SHA-256 for the random ones, and what was checked before.

argon2 takes 64 MiB and a tenth of a second on purpose. Without a bound, sixty logins at once by anybody would take
4 GiB, so two are checked at a time in a process and the others wait, then hear that the server is busy.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.errors import TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_ONCE = 2
_WAIT = 10.0
_REMEMBERED = 1000
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

_hasher = PasswordHasher()
_turns = threading.BoundedSemaphore(_AT_ONCE)


@cache
def _nobodys() -> str:
    """What is checked when a name is unknown, so that the answer takes as long as for one that is known."""
    return _hasher.hash(secrets.token_hex(16))


def generate() -> str:
    """A password of 160 random bits for one device, in letters and digits that are not mistaken for others."""
    return (
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(8))
        + "-"
        + secrets.choice(_ALPHABET)
    )


def digest(password: str) -> str:
    """What is stored of a generated password: it is random, so a fast hash gives nothing away."""
    return hashlib.sha256(password.encode("utf-8", "surrogatepass")).hexdigest()


def hash_chosen(password: str) -> str:
    """What is stored of a password that a person chose."""
    with turn():
        return _hasher.hash(password)


def verify_chosen(stored: str | None, password: str) -> bool:
    """Whether this is the chosen password; takes as long when ``stored`` is None. Called within a :func:`turn`."""
    try:
        return _hasher.verify(stored or _nobodys(), password) and stored is not None
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


@contextmanager
def turn() -> Iterator[None]:
    """One of the two places for argon2 in this process; TooManyRequests after ten seconds of waiting."""
    if not _turns.acquire(timeout=_WAIT):
        raise TooManyRequests("Too many people are logging in at once.", retry_after=5)
    try:
        yield
    finally:
        _turns.release()


class Remembered:
    """The passwords this process has checked, as HMACs under a key that never leaves it.

    What is remembered is that *this stored secret* was matched by *this password*. The stored secret is read from the
    catalogue for every request, so a changed or revoked credential stops working at once.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def _mark(self, stored: str, password: str) -> bytes:
        text = f"{stored}\0{password}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, text, "sha256")

    def knows(self, stored: str, password: str) -> bool:
        """Whether this password was found to match this stored secret before."""
        return self._mark(stored, password) in self._known

    def add(self, stored: str, password: str) -> None:
        """Remember a match; the oldest is forgotten beyond 1,000."""
        with self._lock:
            self._known[self._mark(stored, password)] = None
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
