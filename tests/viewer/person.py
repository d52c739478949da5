"""A person at the pages of a real server, without a browser: what forms send, and what comes back."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

import requests

TIMEOUT = 30
_SITE = {"Sec-Fetch-Site": "same-origin"}


class Person(requests.Session):
    """Keeps cookies as a browser does, and sends forms with what the page gave them."""

    def __init__(self, url: str, agent: str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"):
        """Be at a server; signed in nowhere yet."""
        super().__init__()
        self.url = url
        self.headers["User-Agent"] = agent

    def request(self, method: str, url: str, *args: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        """Ask for a path of the server."""
        options.setdefault("timeout", TIMEOUT)
        return super().request(method, urljoin(self.url, url), *args, **options)

    def sign_in(self, name: str, password: str, **options: Any) -> requests.Response:
        return self.post("/sign-in", {"name": name, "password": password}, headers=_SITE, **options)

    def csrf(self) -> str:
        """What the page for the account gives its forms."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get("/account").text)
        assert found
        return found[1]

    def submit(self, path: str, **fields: Any) -> requests.Response:
        """Send a form of ours."""
        return self.post(path, fields | {"csrf": self.csrf()}, headers=_SITE)

    def is_signed_in(self) -> bool:
        return self.get("/account", allow_redirects=False).status_code == 200


def alert(response: requests.Response) -> str:
    """What the page says is wrong; empty for nothing."""
    found = re.search(r'role="alert">([^<]*)<', response.text)
    return unescape(found[1]) if found else ""
