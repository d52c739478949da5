"""LOCK and UNLOCK (RFC 4918 §9.10, §9.11), and locks as other answers show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wsgidav.dav_error import HTTP_CONFLICT, HTTP_CREATED, HTTP_FORBIDDEN, HTTP_NO_CONTENT, HTTP_OK

from gateway.dav import headers, markup
from gateway.dav.errors import Refusal
from gateway.dav.request import XML_TYPE
from gateway.errors import BadRequest, Conflict, Forbidden, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.dav.request import Request
    from gateway.library.values import Lock, Path

MAX_OWNER = 4096
"""Characters of XML; clients send a name or an address."""


class _Wish(NamedTuple):
    """The body of a LOCK."""

    exclusive: bool
    owner: str


def _parse(body: bytes) -> _Wish:
    """Read a ``lockinfo`` (RFC 4918 §14.11)."""
    root = markup.parse(body)
    if markup.split(root.tag) != (markup.DAV, "lockinfo"):
        raise BadRequest("A LOCK needs a lockinfo element.")
    scopes = [markup.split(one.tag)[1] for scope in markup.children(root, "lockscope") for one in scope]
    kinds = [markup.split(one.tag)[1] for kind in markup.children(root, "locktype") for one in kind]
    if scopes not in (["exclusive"], ["shared"]) or kinds != ["write"]:
        raise BadRequest("Only exclusive or shared write locks are known here.")
    owner = next((markup.serialize(one) for one in markup.children(root, "owner")), "")
    if len(owner) > MAX_OWNER:
        raise BadRequest("The owner of the lock is too long.")
    return _Wish(scopes == ["exclusive"], owner)


def lock(request: Request) -> list[bytes]:
    """Lock an entry, or an empty file made on a free name; without a body, refresh the lock that ``If`` names."""
    if not request.path:
        raise Forbidden("The list of spaces cannot be locked.")
    body = markup.read_body(request.environ)
    conditions, seconds = request.conditions(), headers.timeout(request.environ)
    locks, principal = request.library.locks, request.principal
    if not body:
        if not conditions.tokens:
            raise BadRequest("A LOCK without a body refreshes a lock, and its token is missing.")
        refreshed = locks.refresh(principal, request.path, seconds=seconds, conditions=conditions)
        return request.answer(HTTP_OK, [XML_TYPE], _discovered(request, request.path, [refreshed]))
    wish = _parse(body)
    depth = headers.depth(request.environ, "infinity")
    if depth == "1":
        raise BadRequest("A lock has Depth 0 or infinity.")
    if request.slash:
        _refuse_new_folder(request)
    got, resource, created = locks.acquire(
        principal,
        request.path,
        exclusive=wish.exclusive,
        infinite=depth == "infinity",
        owner=wish.owner,
        seconds=seconds,
        conditions=conditions,
    )
    others = [one for one in resource.locks if one.token != got.token]
    return request.answer(
        HTTP_CREATED if created else HTTP_OK,
        [XML_TYPE, ("Lock-Token", f"<{got.token}>")],
        _discovered(request, resource.path, [got, *others]),
    )


def _refuse_new_folder(request: Request) -> None:
    """A LOCK on a free name makes a file, which is not what a name with a slash asks for."""
    try:
        request.library.files.stat(request.principal, request.path)
    except NotFound as error:
        raise Conflict("There is no such folder to lock.") from error


def unlock(request: Request) -> list[bytes]:
    """Give a lock back."""
    token = headers.lock_token(request.environ)
    try:
        request.library.locks.release(request.principal, request.path, token)
    except Conflict as error:
        raise Refusal(HTTP_CONFLICT, str(error), condition="lock-token-matches-request-uri") from error
    except Forbidden as error:
        raise Refusal(HTTP_FORBIDDEN, str(error)) from error
    return request.answer(HTTP_NO_CONTENT)


def _discovered(request: Request, path: Path, locks: Iterable[Lock]) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<d:prop xmlns:d="DAV:"><d:lockdiscovery>'
        f"{Roots(request, path).written(locks)}</d:lockdiscovery></d:prop>"
    ).encode()


class Roots:
    """Writes locks. The entry that a lock hangs on is looked up once; few entries are locked, fewer by a folder."""

    def __init__(self, request: Request, path: Path) -> None:
        """``path``: the entry or the folder whose locks are shown; what it inherits hangs on a folder above it."""
        self._request = request
        self._path = path
        self._known: dict[int, str] = {}

    def know(self, entry_id: int, href: str) -> None:
        """Remember an entry that need not be looked up."""
        self._known[entry_id] = href

    def written(self, locks: Iterable[Lock]) -> str:
        """The content of ``lockdiscovery`` (RFC 4918 §15.8)."""
        return "".join(active_lock(one, self._root(one.entry_id)) for one in locks)

    def _root(self, entry_id: int) -> str:
        """The href of the locked entry: the path itself or the folder above that has this id."""
        above = len(self._path)
        while entry_id not in self._known and above:
            path = self._path[:above]
            above -= 1
            try:
                entry = self._request.library.files.stat(self._request.principal, path).entry
            except NotFound:
                continue
            self._known[entry.id] = self._request.href(path, folder=entry.is_folder)
        return self._known.get(entry_id) or self._request.href(self._path)


def active_lock(lock: Lock, root: str) -> str:
    """One lock as ``activelock`` (RFC 4918 §14.1)."""
    return (
        "<d:activelock><d:locktype><d:write/></d:locktype>"
        f"<d:lockscope><d:{'exclusive' if lock.exclusive else 'shared'}/></d:lockscope>"
        f"<d:depth>{'infinity' if lock.infinite else '0'}</d:depth>{lock.owner}"
        f"<d:timeout>Second-{lock.seconds_left}</d:timeout>"
        f"<d:locktoken><d:href>{markup.escape(lock.token)}</d:href></d:locktoken>"
        f"<d:lockroot><d:href>{root}</d:href></d:lockroot></d:activelock>"
    )
