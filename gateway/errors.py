"""Every way an operation can fail, as one tree. Doors map it to statuses in one table each.

    GatewayError
    ├── Unauthenticated        no or wrong credentials
    ├── TooManyAttempts        slowed down after failed logins (retry_after)
    ├── Forbidden              the role or the credential does not allow it
    ├── NotFound               no such entry, or not one that this principal may know of
    ├── Conflict               the parent folder is missing, or a file is where a folder is needed
    │   └── WrongOffset        a part of an upload does not begin where the last one ended (offset)
    ├── Exists                 the name is taken
    ├── BadRequest             the request contradicts itself
    │   ├── BadName            a name or path that no space accepts
    │   ├── ChecksumMismatch   the bytes are not those the client announced
    │   └── Truncated          fewer or more bytes than declared, or the client went away
    ├── PreconditionFailed     an If-Match, If-None-Match, If-Unmodified-Since or If condition is false
    ├── Locked                 somebody else's lock, or its token was not submitted
    ├── UnsupportedType        a media-only space, and this is not media
    ├── TooLarge               over the space's maximum file size
    ├── QuotaExceeded          the space has no room for it
    ├── TooManyRequests        too much at once from one account (retry_after)
    └── Unavailable            try again soon (retry_after)
        ├── StoreUnavailable   the store is down, slow or reset the connection
        ├── CatalogueUnavailable  the database is
        └── HoldLost           the upload's hold expired or was ended before it settled
    StoreFull is a GatewayError too: the store's disk has no room.

Messages are for people: they never hold a path of the server, a key or a secret.
"""


class GatewayError(Exception):
    """Base of everything the gateway raises on purpose."""


class Unauthenticated(GatewayError):
    """No credentials, or wrong ones. The message never says which part was wrong."""


class TooManyAttempts(GatewayError):
    """Logins are slowed down for this account or address."""

    def __init__(self, retry_after: int) -> None:
        """Remember how many seconds the client should wait."""
        super().__init__(f"Too many failed logins. Try again in {retry_after} seconds.")
        self.retry_after = retry_after


class Forbidden(GatewayError):
    """The principal is known but may not do this."""


class NotFound(GatewayError):
    """No such entry, or none that this principal may know of: the two are never told apart."""


class Conflict(GatewayError):
    """The tree does not allow it: a missing parent, a file in the middle of a path, a folder into itself."""


class WrongOffset(Conflict):
    """A part of an upload does not begin where the last one ended."""

    def __init__(self, offset: int) -> None:
        """Remember how many bytes have arrived: the next part begins there."""
        super().__init__(f"The next part begins at byte {offset}.")
        self.offset = offset


class Exists(GatewayError):
    """The name is taken."""


class BadRequest(GatewayError):
    """The request contradicts itself or cannot be understood."""


class BadName(BadRequest):
    """A name or path that no space accepts."""


class ChecksumMismatch(BadRequest):
    """The bytes that arrived are not the bytes that the client announced."""


class Truncated(BadRequest):
    """The body ended early, went on too long, or the client went away."""


class PreconditionFailed(GatewayError):
    """A condition of the request is false."""


class Locked(GatewayError):
    """A lock protects the path and its token was not submitted by its owner."""

    def __init__(self, path: tuple[str, ...]) -> None:
        """Remember the path of the entry that carries the lock (RFC 4918 §16, lock-token-submitted)."""
        super().__init__("Somebody else is using this. Try again when they are done.")
        self.path = path


class UnsupportedType(GatewayError):
    """The space takes photographs and videos only."""


class TooLarge(GatewayError):
    """The file is over the space's maximum file size."""


class QuotaExceeded(GatewayError):
    """The space has no room for it."""


class TooManyRequests(GatewayError):
    """One account has too much in flight, or too many locks."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        """Remember how many seconds the client should wait."""
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(GatewayError):
    """Not now. Nothing was changed; the same request may succeed soon."""

    def __init__(self, message: str, retry_after: int = 5) -> None:
        """Remember how many seconds the client should wait."""
        super().__init__(message)
        self.retry_after = retry_after


class StoreUnavailable(Unavailable):
    """The store is down, too slow, or reset the connection."""


class CatalogueUnavailable(Unavailable):
    """The database is down or too busy."""


class HoldLost(Unavailable):
    """The upload's hold expired or was ended before the upload settled."""


class StoreFull(GatewayError):
    """The store's disk has no room."""
