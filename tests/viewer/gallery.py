"""A gallery with a few photographs, for tests in the browser."""

from __future__ import annotations

import base64
import io
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from PIL import Image

from tests.components.gateway import Gateway, Options
from tests.viewer.silence import DESKTOP, silent_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

DATE_TIME, EXIF, DATE_TIME_ORIGINAL = 0x0132, 0x8769, 0x9003
NEWEST = datetime(2024, 6, 30, 18, 0)
SHAPES = ((300, 200), (200, 300), (320, 240), (240, 240), (480, 160))


def photograph(taken: datetime, shape: tuple[int, int] = (300, 200), seed: int = 0) -> bytes:
    """A small JPEG that tells when it was taken; each seed has its own colours."""
    low, high = ((seed * 67 + shift) % 200 for shift in (20, 110))
    picture = Image.linear_gradient("L").resize(shape)
    picture = Image.merge("RGB", (picture, picture.point([low] * 256), picture.point([high] * 256)))
    exif = Image.Exif()
    exif[DATE_TIME] = exif.get_ifd(EXIF)[DATE_TIME_ORIGINAL] = f"{taken:%Y:%m:%d %H:%M:%S}"
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=70, exif=exif)
    return file.getvalue()


@dataclass
class Gallery:
    """A server with an account that has photographs, another one that has none, and a space that both are in."""

    gateway: Gateway
    password: str = "correct horse battery"
    taken: tuple[datetime, ...] = ()
    """When each photograph of the account was taken, newest first."""

    @classmethod
    @contextmanager
    def open(cls, folder: Path, days: int) -> Iterator[Gallery]:
        """One of so many days, some with one photograph and some with many, over some years."""
        with Gateway(folder, Options(workers=1, indexers=1)) as gateway:
            gallery = cls(gateway)
            for name in ("anna", "berta"):
                gateway.add_account(name, password=gallery.password)
            gateway.run("space", "add", "family")
            for name in ("anna", "berta"):
                gateway.run("space", "grant", "family", name, "editor")
            gallery.fill(days)
            yield gallery

    def fill(self, days: int) -> None:
        """Upload them, and wait for their pictures."""
        taken = [
            NEWEST - timedelta(days=day * 11, minutes=17 * number)
            for day in range(days)
            for number in range((1, 2, 9, 4, 1)[day % 5])
        ]
        for number, moment in enumerate(taken):
            self.put(f"anna/{number:03}.jpg", photograph(moment, SHAPES[number % len(SHAPES)], number))
        self.put("family/shared.jpg", photograph(NEWEST - timedelta(days=1), seed=1000))
        self.taken = tuple(taken)
        self.wait()

    def put(self, path: str, content: bytes) -> None:
        """Upload as Anna."""
        secret = base64.b64encode(f"anna:{self.password}".encode()).decode()
        connection = HTTPConnection(urlsplit(self.gateway.url).netloc, timeout=30)
        connection.request("PUT", f"/dav/{quote(path)}", content, {"Authorization": f"Basic {secret}"})
        assert connection.getresponse().status in {201, 204}
        connection.close()

    def folder(self, path: str) -> None:
        """Make a folder as Anna."""
        secret = base64.b64encode(f"anna:{self.password}".encode()).decode()
        connection = HTTPConnection(urlsplit(self.gateway.url).netloc, timeout=30)
        connection.request("MKCOL", f"/dav/{quote(path)}", headers={"Authorization": f"Basic {secret}"})
        assert connection.getresponse().status == 201
        connection.close()

    def get(self, path: str) -> bytes:
        """Download as Anna."""
        secret = base64.b64encode(f"anna:{self.password}".encode()).decode()
        connection = HTTPConnection(urlsplit(self.gateway.url).netloc, timeout=30)
        connection.request("GET", f"/dav/{quote(path)}", headers={"Authorization": f"Basic {secret}"})
        content = connection.getresponse().read()
        connection.close()
        return content

    def wait(self) -> None:
        """Return when everything is indexed."""
        self.gateway.run("index", "--wait")

    @contextmanager
    def page(
        self,
        browser: Browser,
        path: str = "/",
        *,
        name: str = "anna",
        size: tuple[int, int] = DESKTOP,
        touch: bool = False,
    ) -> Iterator[Page]:
        """Sign in and be at ``path``, with the grid drawn if there is one."""
        with silent_page(browser, f"{self.gateway.url}/sign-in?next={quote(path)}", size, touch=touch) as page:
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill(self.password)
            with page.expect_navigation():  # who goes elsewhere before it is there has not signed in
                page.get_by_role("button", name="Sign in").click()
            yield page
