"""Addresses to library paths, and back.

WSGI's ``PATH_INFO`` is not used: the server has decoded it, and ``%2F`` and ``%252F`` cannot be told apart there.
The raw request target, ``Destination`` and the URLs of the ``If`` header all go through the same decoder, which
splits before it decodes, so that a name may hold anything that a name may hold.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote_to_bytes, urlsplit

from wsgidav.dav_error import HTTP_BAD_GATEWAY

from gateway.dav.errors import Refusal
from gateway.errors import BadName, BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import WSGIEnvironment

    from gateway.library.values import Path

MOUNT = "/dav"
"""Where the door stands, below the public path."""

NOWHERE: Path = ("..",)
"""The path of an address on another server: no entry can have it, so no condition on it can hold."""

# Reserved characters that mean nothing inside a path segment (RFC 3986 §3.3) and that no client trips over.
# "&" would need XML escaping, "+" and ";" are misread by some.
_PLAIN = re.compile(r"[A-Za-z0-9_.~!$()*,:=@-]+").fullmatch
_ENCODED = [chr(byte) if _PLAIN(chr(byte)) else f"%{byte:02X}" for byte in range(256)]
_ABSOLUTE = re.compile(r"https?://([^/?#]*)(/[^?#]*)?", re.ASCII | re.IGNORECASE)
_LOCAL = re.compile(r"/[^?#]*")
_DEFAULT_PORT = re.compile(r":(80|443)?$")


class Target(NamedTuple):
    """Where an address points to in the library."""

    path: Path
    slash: bool
    """It ended in a slash, which says "folder"; most clients are careless about it."""


def quote_name(name: str) -> str:
    """Percent-encode one name for a path: UTF-8, as little as RFC 3986 asks for."""
    return name if _PLAIN(name) else "".join([_ENCODED[byte] for byte in name.encode()])


def quote_path(names: Iterable[str]) -> str:
    """Percent-encode names into an absolute path without a trailing slash; nothing for no names."""
    return "".join(f"/{quote_name(name)}" for name in names)


def decode(raw: str) -> tuple[list[str], bool]:
    """Split a raw absolute path into decoded names. BadName when one is not UTF-8 (RFC 3629, strict).

    Bytes that came without percent-encoding are Latin-1 characters here, as WSGI hands headers over.
    """
    names = raw.split("/")[1:]
    slash = bool(names) and names[-1] == ""
    try:
        decoded = [unquote_to_bytes(name.encode("latin-1")).decode() for name in names]
    except UnicodeError as error:
        raise BadName("The address is not valid UTF-8.") from error
    return (decoded[:-1] if slash else decoded), slash


def _authority(value: str) -> str:
    """A host and port to compare: no user, lower case, no default port (a proxy may have ended TLS)."""
    return _DEFAULT_PORT.sub("", value.strip().rpartition("@")[2].lower())


class Site:
    """Where the door stands: under which path, and under which names the world knows this server."""

    def __init__(self, public_url: str | None = None) -> None:
        """``public_url`` is the address of the whole product as clients see it, e.g. ``https://example.org/photos``."""
        public = urlsplit(public_url or "")
        self._mount = (MOUNT[1:],)
        self._public_host = _authority(public.netloc) if public.netloc else None
        self._public = tuple(decode(public.path.rstrip("/"))[0]) if public_url else None

    def prefix(self, environ: WSGIEnvironment) -> str:
        """What every href begins with, percent-encoded: the public path where one is set, else SCRIPT_NAME."""
        return quote_path(self._outside(environ) + self._mount)

    def outside(self, environ: WSGIEnvironment) -> str:
        """The percent-encoded path of the folder above the door, without a trailing slash."""
        return quote_path(self._outside(environ))

    def _outside(self, environ: WSGIEnvironment) -> Path:
        if self._public is not None:
            return self._public
        script: str = environ.get("SCRIPT_NAME", "")
        return tuple(script.encode("latin-1").decode("utf-8", "replace").strip("/").split("/")) if script else ()

    def requested(self, environ: WSGIEnvironment) -> Target | None:
        """The request's own target; None when it is not below the door. BadName for what is not UTF-8."""
        raw: str = environ.get("REQUEST_URI") or quote(
            environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""), encoding="latin-1"
        )
        absolute = _ABSOLUTE.match(raw)
        if absolute is not None:
            raw = absolute[2] or "/"
        return self._below(raw.partition("?")[0].partition("#")[0], environ)

    def _below(self, raw: str, environ: WSGIEnvironment) -> Target | None:
        names, slash = decode(raw)
        outside = self._outside(environ)
        # A proxy may pass the public prefix on or cut it off.
        for before in (outside, ()) if outside else ((),):
            mount = before + self._mount
            if tuple(names[: len(mount)]) == mount:
                return Target(tuple(names[len(mount) :]), slash)
        return None

    def located(self, url: str, environ: WSGIEnvironment) -> Target:
        """The target of a ``Destination``: an absolute URL or an absolute path (RFC 4918 §10.3).

        BadRequest for anything else, a query included: cutting it off would rename the file. 502 for another
        server or for this one outside the door (RFC 4918 §9.8.5).
        """
        absolute = _ABSOLUTE.fullmatch(url)
        if absolute is None and not _LOCAL.fullmatch(url):
            raise BadRequest("The Destination is not an address of this server, percent-encoded.")
        if absolute is not None and not self._is_here(absolute[1], environ):
            raise Refusal(HTTP_BAD_GATEWAY, "The Destination is on another server.")
        target = self._below((absolute[2] or "/") if absolute is not None else url, environ)
        if target is None:
            raise Refusal(HTTP_BAD_GATEWAY, "The Destination is outside of the WebDAV folder.")
        return target

    def tagged(self, url: str, environ: WSGIEnvironment) -> Path:
        """The path that a tag of an ``If`` header names; NOWHERE when it is somebody else's address."""
        try:
            return self.located(url, environ).path
        except Refusal:
            return NOWHERE

    def _is_here(self, host: str, environ: WSGIEnvironment) -> bool:
        asked = _authority(host)
        return bool(asked) and asked in {_authority(environ.get("HTTP_HOST", "")), self._public_host}
