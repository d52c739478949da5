"""Who the client really is, when a proxy that we trust says so."""

import ipaddress
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HEADERS = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)
PROXIED = "davgallery.proxied"
"""In the environ of every request that came through a proxy, trusted or not."""

_HOST = re.compile(r"(?P<name>[A-Za-z0-9.\-_]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+/?")


def forwarded(environ: Mapping[str, Any], trusted: Sequence[Network]) -> dict[str, Any]:
    """Return the environ as the client's first trusted proxy saw the request, without any X-Forwarded header.

    The headers count only when the peer is in a trusted network. REMOTE_ADDR becomes the right-most address that is not
    trusted: everything left of it was written by somebody we do not know. Proto and Host are taken from the entry that
    the same proxy wrote. A Prefix becomes SCRIPT_NAME; the proxy has removed it from the path. Malformed values are
    ignored. So nobody behind this function reads, or trusts, these headers again.
    """
    result = dict(environ)
    said = {name: result.pop(name) for name in _HEADERS if name in result}
    if said:
        result[PROXIED] = True
    if not said or not _is_trusted(result.get("REMOTE_ADDR", ""), trusted):
        return result
    address, hops = _client(result["REMOTE_ADDR"], _listed(said.get("HTTP_X_FORWARDED_FOR")), trusted)
    if address != result["REMOTE_ADDR"]:
        result["REMOTE_ADDR"] = address
        result.pop("REMOTE_PORT", None)
    scheme = _entry(said.get("HTTP_X_FORWARDED_PROTO"), hops).lower()
    if scheme in {"http", "https"}:
        result["wsgi.url_scheme"] = scheme
        result.pop("HTTPS", None)
        if scheme == "https":
            result["HTTPS"] = "on"
        result["SERVER_PORT"] = "443" if scheme == "https" else "80"
    if host := _HOST.fullmatch(_entry(said.get("HTTP_X_FORWARDED_HOST"), hops)):
        result["HTTP_HOST"] = host[0]
        result["SERVER_NAME"] = host["name"]
        result["SERVER_PORT"] = host["port"] or ("443" if result.get("wsgi.url_scheme") == "https" else "80")
    prefix = said.get("HTTP_X_FORWARDED_PREFIX", "").strip()
    if _PREFIX.fullmatch(prefix):
        result["SCRIPT_NAME"] = urllib.parse.unquote(prefix.rstrip("/"), encoding="latin-1")
    return result


def plain_address(address: str) -> str:
    """Return an address without a zone, and an IPv4 address that came over an IPv6 socket as IPv4."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


def _client(peer: str, chain: list[str], trusted: Sequence[Network]) -> tuple[str, int]:
    """Return the right-most address that is not trusted, and how many trusted proxies the request came through."""
    address, hops = peer, 1
    for entry in reversed(chain):
        named = _address(entry)
        if named is None:
            break
        address = named
        if not _is_trusted(named, trusted):
            break
        hops += 1
    return address, hops


def _address(entry: str) -> str | None:
    """Return the address in an entry, which may carry a port; None when there is none."""
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        ipaddress.ip_address(entry.partition("%")[0])
    except ValueError:
        return None
    return plain_address(entry)


def _listed(value: str | None) -> list[str]:
    return [entry.strip() for entry in (value or "").split(",") if entry.strip()]


def _entry(value: str | None, hops: int) -> str:
    """Return the entry that the first trusted proxy wrote: each further one may have added its own to the right."""
    entries = _listed(value)
    return entries[-min(hops, len(entries))] if entries else ""
