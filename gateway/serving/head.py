"""The head of a request: from bytes to values, strictly (RFC 9112).

Whatever two readers could understand differently is refused: that is how requests are smuggled past proxies.
"""

import functools
import re
import urllib.parse
from dataclasses import dataclass

MAX_TARGET = 16384
MAX_HEADERS = 128

_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n")
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_LENGTH = re.compile(r"[0-9]{1,18}")
_VERSION = re.compile(r"HTTP/([0-9])\.([0-9])")
_HOST = re.compile(r"[A-Za-z0-9.\-_~!$&'()*+,;=%:\[\]]*")
_ABSOLUTE = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE)
_ENCODED_SLASH = re.compile(r"(?i)%2F")
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")


class Refused(Exception):
    """A request that no application sees, with the answer it gets. The connection ends after it."""

    def __init__(self, status: str, message: str) -> None:
        """Remember the status line's text and a sentence for people."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Head:
    """What a client said before its body.

    `target` is the request target as it was sent, in origin form ("*" for OPTIONS *). `path` is decoded, but for %2F,
    as Latin-1 text the way WSGI wants it. `headers` has the names of WSGI. `length` is None for a chunked body.
    """

    method: str
    target: str
    path: str
    query: str
    protocol: str
    headers: dict[str, str]
    length: int | None
    expects_continue: bool
    keep_alive: bool


def find_end(received: bytearray, limit: int) -> int:
    """Return where the head ends in what was received so far, its empty line included; 0 when it does not yet.

    Raises Refused for a head that is too long or that never will end, because its lines end in LF alone.
    """
    end = received.find(b"\r\n\r\n", 0, limit)
    if end >= 0:
        return end + 4
    if _BARE_LINE_FEED.search(received):
        raise Refused("400 Bad Request", "Lines end in CR LF.")
    if len(received) >= limit:
        raise Refused("431 Request Header Fields Too Large", "The request's headers are too long.")
    if len(received) > MAX_TARGET and b"\r\n" not in received:
        raise Refused("414 URI Too Long", "The address is too long.")
    return 0


def parse(received: bytes) -> Head:
    """Return what the head says. `received` ends with the empty line. Raises Refused."""
    text = received.decode("latin-1")
    if _ILLEGAL.search(text):
        raise Refused("400 Bad Request", "The request contains a control character.")
    first, *lines = text[:-4].split("\r\n")
    method, target, version = _request_line(first)
    headers = _headers(lines)
    target, host = _origin_form(method, target)
    if host is not None:
        headers["HTTP_HOST"] = host  # RFC 9112 §3.2.2: the target's host replaces the header's
    if version == "HTTP/1.1" and "HTTP_HOST" not in headers:
        raise Refused("400 Bad Request", "The request has no Host header.")
    if not _HOST.fullmatch(headers.get("HTTP_HOST", "")):
        raise Refused("400 Bad Request", "The Host header is malformed.")
    path, _, query = target.partition("?")
    return Head(
        method=method,
        target=target,
        path=_decoded(path),
        query=query,
        protocol=version,
        headers=headers,
        length=_body_length(headers, version),
        expects_continue=_expects_continue(headers, version),
        keep_alive=_keep_alive(headers, version),
    )


def _request_line(line: str) -> tuple[str, str, str]:
    parts = line.split(" ")
    version = _VERSION.fullmatch(parts[-1])
    if len(parts) != 3 or version is None or not _TOKEN.fullmatch(parts[0]) or "\t" in line:
        raise Refused("400 Bad Request", "The request line is malformed.")
    if version[1] != "1":
        raise Refused("505 HTTP Version Not Supported", "This server speaks HTTP/1.1.")
    if len(parts[1]) > MAX_TARGET:
        raise Refused("414 URI Too Long", "The address is too long.")
    return parts[0], parts[1], "HTTP/1.0" if version[2] == "0" else "HTTP/1.1"


def _origin_form(method: str, target: str) -> tuple[str, str | None]:
    """Return the target in origin form, and the host that an absolute one names (RFC 9112 §3.2)."""
    host = None
    if absolute := _ABSOLUTE.fullmatch(target):
        host, target = absolute[1], absolute[2]
        if not target and method == "OPTIONS":
            target = "*"
        elif not target.startswith("/"):
            target = "/" + target
        if not host or "@" in host:
            raise Refused("400 Bad Request", "The address is malformed.")
    if "#" in target or not (target.startswith("/") or (target == "*" and method == "OPTIONS")):
        raise Refused("400 Bad Request", "The address is malformed.")
    return target, host


def _decoded(path: str) -> str:
    if "%" not in path:
        return path
    parts = [urllib.parse.unquote_to_bytes(part.encode("latin-1")) for part in _ENCODED_SLASH.split(path)]
    return b"%2F".join(parts).decode("latin-1")


@functools.lru_cache(maxsize=1024)
def _wsgi_name(name: str) -> str | None:
    """Return a header's name in WSGI; None for one that a name with hyphens could be mistaken for."""
    if not _TOKEN.fullmatch(name):
        raise Refused("400 Bad Request", "A header line is malformed.")
    if "_" in name:
        return None
    key = name.upper().replace("-", "_")
    return key if key in {"CONTENT_LENGTH", "CONTENT_TYPE"} else "HTTP_" + key


def _headers(lines: list[str]) -> dict[str, str]:
    if len(lines) > MAX_HEADERS:
        raise Refused("431 Request Header Fields Too Large", "The request has too many headers.")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise Refused("400 Bad Request", "A header line is malformed.")
        key = _wsgi_name(name)
        if key is None:
            continue
        value = value.strip(" \t")
        if key in headers:
            if key in {"CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_HOST", "HTTP_AUTHORIZATION", "HTTP_TRANSFER_ENCODING"}:
                raise Refused("400 Bad Request", f"The header {name} is there twice.")
            value = headers[key] + ("; " if key == "HTTP_COOKIE" else ", ") + value
        headers[key] = value
    return headers


def _body_length(headers: dict[str, str], version: str) -> int | None:
    """Return the body's length, None for chunked (RFC 9112 §6.3, without its leniency)."""
    length, coding = headers.get("CONTENT_LENGTH"), headers.get("HTTP_TRANSFER_ENCODING")
    if coding is not None:
        if length is not None or version != "HTTP/1.1":
            raise Refused("400 Bad Request", "The request gives its length in two ways.")
        if coding.lower() != "chunked":
            raise Refused("501 Not Implemented", "Only the transfer coding chunked is known here.")
        return None
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length):
        raise Refused("400 Bad Request", "The Content-Length is malformed.")
    return int(length)


def _expects_continue(headers: dict[str, str], version: str) -> bool:
    expected = headers.get("HTTP_EXPECT", "").lower()
    if not expected or version != "HTTP/1.1":
        return False  # RFC 9110 §10.1.1: from HTTP/1.0 the expectation is ignored
    if expected != "100-continue":
        raise Refused("417 Expectation Failed", "Only 100-continue can be expected.")
    return True


def _keep_alive(headers: dict[str, str], version: str) -> bool:
    options = [option.strip() for option in headers.get("HTTP_CONNECTION", "").lower().split(",")]
    return "close" not in options and (version == "HTTP/1.1" or "keep-alive" in options)
