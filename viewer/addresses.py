"""The address that people and devices use for this server, and from where it can be reached."""

from __future__ import annotations

import ipaddress
import re
from enum import Enum
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from flask import current_app, request
from werkzeug.exceptions import BadRequest

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?")
_AT_HOME = ("local", "lan", "home", "internal", "home.arpa", "fritz.box")
_PORTS = {"http": 80, "https": 443}


class Reach(Enum):
    """From where an address works."""

    COMPUTER = "computer"
    """On the same computer only."""
    NETWORK = "network"
    """In the same network only."""
    EVERYWHERE = "everywhere"
    """As far as its name or number tells."""


class Address(NamedTuple):
    """Where the files are, in the parts that clients ask for."""

    scheme: str
    host: str
    """A name or number; an IPv6 number is in brackets."""
    port: int
    prefix: str
    """The path above everything of ours; empty at the root."""

    @property
    def netloc(self) -> str:
        """The host, with the port where it is not the usual one."""
        return self.host if _PORTS[self.scheme] == self.port else f"{self.host}:{self.port}"

    @property
    def root(self) -> str:
        """Of the pages, without a slash at the end."""
        return f"{self.scheme}://{self.netloc}{self.prefix}"

    @property
    def is_safe(self) -> bool:
        """Whether what is sent is encrypted."""
        return self.scheme == "https"

    @property
    def dav(self) -> str:
        """Of all spaces."""
        return f"{self.root}/dav/"

    def folder(self, space: str) -> str:
        """The path of a space, for clients that ask for host and path apart."""
        return f"{self.prefix}/dav/{quote(space)}/"

    def of(self, space: str) -> str:
        """The address of a space."""
        return f"{self.dav}{quote(space)}/"

    def as_drive(self, scheme: str, user: str) -> str:
        """The address in the words of a desktop, such as ``davs``, with the name to sign in with."""
        return f"{scheme}://{quote(user)}@{self.netloc}{self.prefix}/dav/"

    @property
    def is_mdns(self) -> bool:
        """Whether its name is one that devices of the network tell each other (RFC 6762)."""
        return self.host.lower().rstrip(".").endswith(".local")

    @property
    def reach(self) -> Reach:
        """From where it works."""
        name = self.host.lower().strip("[]").rstrip(".")
        try:
            number = ipaddress.ip_address(name)
        except ValueError:
            if name == "localhost" or name.endswith(".localhost"):
                return Reach.COMPUTER
            at_home = "." not in name or name.endswith(tuple(f".{end}" for end in _AT_HOME))
            return Reach.NETWORK if at_home else Reach.EVERYWHERE
        if number.is_loopback:
            return Reach.COMPUTER
        return Reach.EVERYWHERE if number.is_global else Reach.NETWORK


def address() -> Address:
    """What the setting ``public_url`` says, else what the request came to; BadRequest for a host that is none."""
    public: str | None = current_app.config["PUBLIC_URL"]
    text = public or f"{request.scheme}://{request.host}{request.root_path}"
    parts = urlsplit(text)
    if not _HOST.fullmatch(parts.netloc):
        raise BadRequest
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return Address(parts.scheme, host, parts.port or _PORTS[parts.scheme], parts.path.rstrip("/"))
