"""The values that go into and come out of the library. Immutable, without behaviour that touches anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

Path = tuple[str, ...]
"""The name of a space, then the names below it. The empty tuple is the root, where the spaces are listed."""

EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
EMPTY_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Role(IntEnum):
    """What a member of a space may do; each role includes the ones before it."""

    VIEWER = 1
    EDITOR = 2
    MANAGER = 3


class Principal(NamedTuple):
    """An authenticated account plus what its credential allows."""

    account_id: int
    name: str
    admin: bool
    credential_id: int | None
    """None for a command run on the server itself."""
    device: str
    """What the person called the device, or the client's own name for itself; shown beside what it changed."""


class Space(NamedTuple):
    """A space as one member sees it. Sizes in bytes, times in microseconds UTC."""

    id: int
    name: str
    key: str
    """The first segment of its object keys: never changed, never given again."""
    role: int
    quota: int
    live: int
    held: int
    trash: int
    media_only: bool
    max_file_size: int | None
    root_id: int
    trash_id: int
    created: int
    refusals: bool
    """Whether an upload of this member, to any space, was refused and has not arrived since."""

    @property
    def used(self) -> int:
        """Bytes that count against the quota now: what is there and what is on its way."""
        return self.live + self.held

    @property
    def available(self) -> int:
        """Bytes that an upload may still take; never negative (a quota may be set below use)."""
        return max(0, self.quota - self.live - self.held)


class Entry(NamedTuple):
    """A file or folder. A NamedTuple because listings make ten thousand of them at a time."""

    id: int
    name: str
    is_folder: bool
    size: int
    """Bytes; 0 for a folder."""
    etag: str
    """Without quotes; changes whenever the bytes do. Empty for a folder."""
    sha1: str
    """Hexadecimal; empty for a folder."""
    md5: str
    """Hexadecimal; empty for a folder, and for a file whose client sent no checksum of its own."""
    created: int
    modified: int
    """The client's own time where it gave one (X-OC-Mtime), else the time of the write."""
    blob_id: int | None
    """None for folders and for empty files, which have no blob."""


class Lock(NamedTuple):
    """A lock as RFC 4918 §6 describes it."""

    token: str
    """``urn:uuid:…``, without angle brackets."""
    entry_id: int
    infinite: bool
    exclusive: bool
    owner: str
    """The client's own ``owner`` element, as XML text."""
    account_id: int
    expires: int
    seconds_left: int


PropertyName = tuple[str, str]
"""Namespace URI and local name of a dead property."""


class Resource(NamedTuple):
    """An entry where it was found: its path, its space, and what else a door shows of it."""

    path: tuple[str, ...]
    entry: Entry
    space: Space
    locks: tuple[Lock, ...]
    """Every lock that protects it, those of its ancestors with infinite depth included."""


class Page(NamedTuple):
    """Up to 2,000 members of a folder in the order of their names, with what hangs on them."""

    entries: Sequence[Entry]
    locks: Mapping[int, tuple[Lock, ...]]
    """Entry id to its own locks; what a folder's infinite lock adds is in the listing's ``folder.locks``."""
    properties: Mapping[int, Mapping[PropertyName, str]]


class Listing(NamedTuple):
    """A folder and its members, read page by page while the door sends them; no connection is held in between."""

    folder: Resource
    properties: Mapping[PropertyName, str]
    """The folder's own dead properties."""
    pages: Iterator[Page]


class Content(NamedTuple):
    """A file opened for reading. The bytes stay readable for 15 minutes after the file is deleted or replaced."""

    resource: Resource
    read: Callable[[int, int], Iterator[bytes]]
    """``read(start, length)``: exactly that range; raises StoreUnavailable, before the first chunk where it can."""
    url: Callable[[], str | None]
    """A presigned address of the whole blob for a trusted proxy, or None where the store has none."""


class Put(NamedTuple):
    """What a successful upload made."""

    entry: Entry
    created: bool
    """False when an existing file was replaced."""


class PropertyChange(NamedTuple):
    """One instruction of a PROPPATCH; ``value`` is the property element as XML text, None removes it."""

    name: PropertyName
    value: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """One condition inside a list of the If header (RFC 4918 §10.4): a state token or an entity tag."""

    negated: bool
    token: str | None = None
    etag: str | None = None
    """Without quotes; a weak tag never matches and is passed as None with token None."""


@dataclass(frozen=True, slots=True)
class IfList:
    """A parenthesised list: true when all of its members are. ``path`` None means the request's own path."""

    path: tuple[str, ...] | None
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a client asks to be true for its request to be carried out.

    Every changing call takes one; it is judged before the body is read and again inside the transaction.
    """

    if_match: tuple[str, ...] | None = None
    """Entity tags without quotes (weak ones left out), or ``("*",)``: any existing file."""
    if_none_match: tuple[str, ...] | None = None
    unmodified_since: int | None = None
    """Seconds since the epoch, as HTTP dates have no finer grain."""
    if_lists: tuple[IfList, ...] = ()
    """The If header: true when empty or when one of its lists is."""

    @property
    def tokens(self) -> frozenset[str]:
        """Every lock token the client submitted, negated or not (RFC 4918 §10.4.1)."""
        return frozenset(m.token for one in self.if_lists for m in one.members if m.token)


NO_CONDITIONS = Conditions()


@dataclass(frozen=True, slots=True)
class Change:
    """A committed change of a tree, as guards (inside its transaction) and listeners (after it) see it."""

    kind: str
    """created, replaced, folder, deleted, moved, copied, restored, purged, properties."""
    space_id: int
    entry_id: int
    path: tuple[str, ...]
    account_id: int | None
    device: str
    source: tuple[str, ...] | None = None
    """Where a moved or copied entry came from."""


Guard = Callable[[Change], None]
"""Runs inside the change's transaction; raising a GatewayError refuses it."""
Listener = Callable[[Change], None]
"""Runs after the commit; what it raises is logged and changes nothing."""
