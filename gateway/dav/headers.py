"""Request headers as values. What is malformed is a BadRequest, except where RFC 9110 says to ignore it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from gateway.dav.dates import parse_epoch, parse_http_date
from gateway.dav.framing import content_length
from gateway.errors import BadRequest
from gateway.library.values import NO_CONDITIONS, Conditions, IfList, Member

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIEnvironment

    from gateway.library.values import Path

Depth = Literal["0", "1", "infinity"]

LONGEST_LOCK = 3600
"""Seconds; a client that wants longer refreshes."""
MAX_CONDITIONS = 256
"""Members of one ``If`` header; a client holds a handful of locks."""

_ENTITY_TAG = re.compile(r'\s*(W/)?"([^"]*)"\s*(,|$)')
_TIMEOUT = re.compile(r"second-(\d{1,12})", re.ASCII | re.IGNORECASE)
_CHECKSUM = re.compile(r"([A-Za-z0-9]+):([0-9A-Fa-f]+)")
_CHECKSUM_LENGTHS = {"SHA256": 64, "SHA1": 40, "MD5": 32}
_IF = re.compile(
    r"""\s*(?:
        (?P<open>\() | (?P<close>\)) | (?P<negated>not)(?=[\s<\[]) |
        <(?P<url>[^<>\s]+)> | \[(?P<weak>W/)?"(?P<etag>[^"]*)"\]
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
)


def _text(environ: WSGIEnvironment, name: str) -> str | None:
    value: str | None = environ.get(name)
    return None if value is None else value.strip()


def entity_tags(header: str, *, weak: bool) -> tuple[str, ...]:
    """Entity tags without quotes, or ``("*",)`` (RFC 9110 §8.8.3); ``weak`` keeps weak ones too."""
    if header.strip() == "*":
        return ("*",)
    tags: list[str] = []
    at = 0
    while found := _ENTITY_TAG.match(header, at):
        if weak or not found[1]:
            tags.append(found[2])
        at = found.end()
        if not found[3]:
            break
    if at == 0 or at != len(header) or header.rstrip().endswith(","):
        raise BadRequest("An entity tag has to be quoted.")
    return tuple(tags)


def conditions(environ: WSGIEnvironment, path_of: Callable[[str], Path]) -> Conditions:
    """Everything that a changing request makes its success depend on. ``path_of`` resolves the tags of ``If``."""
    match, none_match = _text(environ, "HTTP_IF_MATCH"), _text(environ, "HTTP_IF_NONE_MATCH")
    since, lists = _text(environ, "HTTP_IF_UNMODIFIED_SINCE"), _text(environ, "HTTP_IF")
    if match is None and none_match is None and since is None and lists is None:
        return NO_CONDITIONS
    return Conditions(
        if_match=None if match is None else entity_tags(match, weak=False),
        if_none_match=None if none_match is None else entity_tags(none_match, weak=True),
        # RFC 9110 §13.1.4: ignored beside If-Match, and when it is no date.
        unmodified_since=parse_http_date(since) if since is not None and match is None else None,
        if_lists=() if lists is None else if_lists(lists, path_of),
    )


def if_lists(header: str, path_of: Callable[[str], Path]) -> tuple[IfList, ...]:
    """The ``If`` header (RFC 4918 §10.4.2): lists without tags, or lists each after the tag it belongs to."""
    found: list[IfList] = []
    members: list[Member] | None = None
    path: Path | None = None
    negated = fresh_tag = False
    total = at = 0
    while at < len(header):
        token = _IF.match(header, at)
        if token is None:
            raise _malformed()
        at = token.end()
        kind = token.lastgroup
        if members is None:
            if kind == "url" and not fresh_tag and (path is not None or not found):
                path, fresh_tag = path_of(token["url"]), True
            elif kind == "open":
                members, fresh_tag = [], False
            else:
                raise _malformed()
        elif kind == "close" and members and not negated:
            found.append(IfList(path, tuple(members)))
            members = None
        elif kind == "negated" and not negated:
            negated = True
        elif kind in {"url", "etag"}:
            members.append(Member(negated, token["url"], None if token["weak"] else token["etag"]))
            negated = False
            total += 1
        else:
            raise _malformed()
    if members is not None or fresh_tag or not found or total > MAX_CONDITIONS:
        raise _malformed()
    return tuple(found)


def _malformed() -> BadRequest:
    return BadRequest("The If header cannot be understood.")


def depth(environ: WSGIEnvironment, default: Depth) -> Depth:
    """RFC 4918 §10.2; ``default`` where the client did not say."""
    value = _text(environ, "HTTP_DEPTH")
    if value is None:
        return default
    match value.lower():
        case "0":
            return "0"
        case "1":
            return "1"
        case "infinity":
            return "infinity"
    raise BadRequest("Depth has to be 0, 1 or infinity.")


def overwrite(environ: WSGIEnvironment) -> bool:
    """RFC 4918 §10.6: T unless the client said F. Nextcloud for iOS writes ``true``."""
    value = (_text(environ, "HTTP_OVERWRITE") or "T").lower()
    if value in {"t", "true"}:
        return True
    if value in {"f", "false"}:
        return False
    raise BadRequest("Overwrite has to be T or F.")


def timeout(environ: WSGIEnvironment) -> int:
    """Seconds that a lock should live: the first wish that is understood, at most an hour (RFC 4918 §10.7)."""
    for wish in (_text(environ, "HTTP_TIMEOUT") or "").split(","):
        if wish.strip().lower() == "infinite":
            return LONGEST_LOCK
        found = _TIMEOUT.fullmatch(wish.strip())
        if found is not None:
            return max(1, min(int(found[1]), LONGEST_LOCK))
    return LONGEST_LOCK


def modified(environ: WSGIEnvironment) -> int | None:
    """``X-OC-Mtime`` in microseconds: the file's own time, which rclone, gvfs and the Nextcloud clients send."""
    value = _text(environ, "HTTP_X_OC_MTIME")
    if value is None:
        return None
    try:
        return parse_epoch(value)
    except ValueError as error:
        raise BadRequest("X-OC-Mtime is not a number of seconds.") from error


def checksum(environ: WSGIEnvironment) -> tuple[str, str] | None:
    """``OC-Checksum``: the strongest one that can be verified, as kind and lower-case hexadecimal.

    Kinds that are not known here (ADLER32) are left out; a known kind with a wrong length is a BadRequest.
    """
    value = _text(environ, "HTTP_OC_CHECKSUM")
    if not value:
        return None
    known: dict[str, str] = {}
    for one in value.split():
        found = _CHECKSUM.fullmatch(one)
        if found is None:
            raise BadRequest("OC-Checksum is malformed.")
        kind = found[1].upper()
        if len(found[2]) != _CHECKSUM_LENGTHS.get(kind, len(found[2])):
            raise BadRequest("OC-Checksum is malformed.")
        known[kind] = found[2].lower()
    return next(((kind, known[kind]) for kind in _CHECKSUM_LENGTHS if kind in known), None)


def upload_size(environ: WSGIEnvironment) -> int | None:
    """How many bytes an upload says it has: Content-Length, else what the Finder adds to a chunked body, else None."""
    length = content_length(environ)
    if length is not None:
        return length
    value = _text(environ, "HTTP_X_EXPECTED_ENTITY_LENGTH")
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise BadRequest("X-Expected-Entity-Length is not a number.")
    return int(value)


def lock_token(environ: WSGIEnvironment) -> str:
    """The ``Lock-Token`` of an UNLOCK (RFC 4918 §10.5), with or without its angle brackets: Windows differs."""
    value = _text(environ, "HTTP_LOCK_TOKEN") or ""
    token = value.removeprefix("<").removesuffix(">").strip()
    if not token or any(character in token for character in "<> "):
        raise BadRequest("Lock-Token is missing or malformed.")
    return token
