"""What programs may do with a token of the API."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """A part of what an account may do."""

    READ = "photos:read"
    """See photos, folders, and files as they were uploaded."""
    WRITE = "photos:write"
    """Change, move and delete them."""
    UPLOAD = "uploads:write"
    """Bring files in."""
    ACCOUNT = "account"
    """See and change the account: sessions, passwords, tokens."""
    ADMIN = "admin"
    """What administrators may do, for those who are."""


OF_DEVICES = frozenset({Scope.READ, Scope.WRITE, Scope.UPLOAD})
"""What the app password of a device allows: all that it allows over WebDAV."""
