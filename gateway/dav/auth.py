"""Who is asking: Basic authentication (RFC 7617), and how much one account may ask at a time."""

from __future__ import annotations

import base64
import binascii
import threading
from collections import Counter
from typing import TYPE_CHECKING

from gateway.errors import TooManyRequests, Unauthenticated

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from gateway.library.library import Library
    from gateway.library.values import Principal

IN_FLIGHT = 32
"""Requests of one account at a time in one process; the next is told to wait."""

# What a person would call the program that these words in a User-Agent belong to; the first that fits.
_CLIENTS = (
    ("microsoft-webdav-miniredir", "Windows Explorer"),
    ("webdavfs", "macOS Finder"),
    ("webdavlib", "macOS Finder"),
    ("rclone", "rclone"),
    ("davfs2", "davfs2"),
    ("gvfs", "GNOME Files"),
    ("kio", "KDE Dolphin"),
    ("photosync", "PhotoSync"),
    ("foldersync", "FolderSync"),
    ("cyberduck", "Cyberduck"),
    ("mountainduck", "Mountain Duck"),
    ("winscp", "WinSCP"),
    ("mozilla", "Browser"),
)


def device(user_agent: str) -> str:
    """A name for the client from its User-Agent: a known one, else its first product."""
    lowered = user_agent.lower()
    for word, name in _CLIENTS:
        if word in lowered:
            return name
    product = user_agent.partition(" ")[0].partition("/")[0]
    return "".join(character for character in product[:64] if character.isprintable()) or "WebDAV"


def credentials(header: str) -> tuple[str, str]:
    """Name and password of an ``Authorization`` header. Unauthenticated for everything that is not a good Basic one.

    Passwords are UTF-8; clients that came before RFC 7617 send Latin-1. Windows may put ``DOMAIN\\`` before the name.
    """
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        raise Unauthenticated("Log in with your name and a password.")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated("Log in with your name and a password.") from error
    try:
        text = decoded.decode()
    except UnicodeDecodeError:
        text = decoded.decode("latin-1")
    name, colon, password = text.partition(":")
    name = name.rpartition("\\")[2]
    if not colon or not name or "\0" in text:
        raise Unauthenticated("Log in with your name and a password.")
    return name, password


def authenticate(library: Library, environ: WSGIEnvironment) -> Principal:
    """Check the request's credentials. Unauthenticated, TooManyAttempts."""
    name, password = credentials(environ.get("HTTP_AUTHORIZATION", ""))
    return library.accounts.authenticate(
        name,
        password,
        address=environ.get("REMOTE_ADDR", ""),
        device=device(environ.get("HTTP_USER_AGENT", "")),
    )


class InFlight:
    """Counts the requests of each account that are being answered by this process."""

    def __init__(self, limit: int = IN_FLIGHT) -> None:
        """``limit``: requests of one account at a time."""
        self._limit = limit
        self._lock = threading.Lock()
        self._running: Counter[int] = Counter()

    def take(self, account_id: int) -> None:
        """Take a place until ``give_back``; TooManyRequests when none is free."""
        with self._lock:
            if self._running[account_id] >= self._limit:
                raise TooManyRequests("Too many requests at once.")
            self._running[account_id] += 1

    def give_back(self, account_id: int) -> None:
        """The answer has been sent."""
        with self._lock:
            self._running[account_id] -= 1
            if not self._running[account_id]:
                del self._running[account_id]
