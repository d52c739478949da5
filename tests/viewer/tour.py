"""Takes the pictures in ``docs/screenshots``: ``python -m tests.viewer.tour [PART-OF-A-NAME …]``.

A gallery of drawn photographs of five years, taken by three cameras in a dozen towns, in folders of its own and in a
shared space; then every page and state of it, on a desk and on a phone, by day and by night.
"""

from __future__ import annotations

import io
import sys
import tempfile
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import requests
from PIL import Image
from playwright.sync_api import sync_playwright

from tests.components.gateway import Gateway, Options
from tests.support.tools import tool
from tests.viewer.conftest import FLAGS, NOWHERE
from tests.viewer.gallery import Gallery
from tests.viewer.scenery import scene
from tests.viewer.silence import silent_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

SHOTS = Path(__file__).parents[2] / "docs/screenshots"
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
NEWEST = datetime(2026, 8, 23, 19, 30)
CAMERAS = (("FUJIFILM", "X-T4"), ("Apple", "iPhone 15"), ("Canon", "Canon EOS R6"))
SHAPES = ((1500, 1000), (1500, 1000), (1000, 1500), (1600, 1200), (1600, 900), (1200, 1200), (2400, 900))
TRIPS = (
    ("Lisbon", 38.71, -9.14),
    ("Rome", 41.89, 12.49),
    ("Alps", 46.55, 8.0),
    ("Berlin", 52.52, 13.4),
    ("Barcelona", 41.39, 2.17),
    ("Bergen", 60.39, 5.32),
    ("Garden", 48.14, 11.58),
    ("Kyoto", 35.01, 135.77),
    ("Athens", 37.98, 23.73),
    ("Paris", 48.86, 2.35),
    ("Marrakesh", 31.63, -7.99),
    ("Edinburgh", 55.95, -3.19),
)


def photograph(number: int, taken: datetime, camera: tuple[str, str], where: tuple[float, float]) -> bytes:
    """A drawn photograph that tells of itself what a camera would."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = camera
    times = exif.get_ifd(0x8769)
    times[0x9003], times[0x9011] = f"{taken:%Y:%m:%d %H:%M:%S}", "+02:00"
    times[0x829A], times[0x829D], times[0x8827], times[0x920A] = (
        1 / (60 + number % 9 * 60),
        2.8,
        100 << number % 4,
        35.0,
    )
    place = exif.get_ifd(0x8825)
    for reference, degrees, letters in ((1, where[0], "NS"), (3, where[1], "EW")):
        minutes = abs(degrees) % 1 * 60
        place[reference] = letters[degrees < 0]
        place[reference + 1] = (float(int(abs(degrees))), float(int(minutes)), minutes % 1 * 60)
    file = io.BytesIO()
    scene(number, SHAPES[number * 5 % len(SHAPES)]).save(file, "JPEG", quality=86, exif=exif)
    return file.getvalue()


@dataclass
class Tour:
    """Somebody who goes through the gallery with a camera."""

    gallery: Gallery
    browser: Browser
    wanted: tuple[str, ...] = ()
    taken: list[Path] = field(default_factory=list)

    def shoot(
        self,
        name: str,
        path: str,
        *,
        who: str = "anna",
        sizes: tuple[str, ...] = tuple(SIZES),
        themes: tuple[str, ...] = ("light",),
        language: str = "",
        act: Callable[[Page], None] | None = None,
    ) -> None:
        """Take the page at ``path``, as ``who``, after ``act`` did something on it."""
        if self.wanted and not any(one in name for one in self.wanted):
            return
        for size in sizes:
            for theme in themes:
                # What a page should not say is for the tests to find.
                with suppress(AssertionError), self._page(path, who, size) as page:
                    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
                    if language:
                        url = self.gallery.gateway.url
                        page.context.add_cookies([{"name": "language", "value": language, "url": url}])
                        page.reload()
                    if act:
                        act(page)
                    page.wait_for_load_state("networkidle")
                    page.wait_for_timeout(500)
                    self.keep(page, f"{name}-{size}-{theme}")

    def _page(self, path: str, who: str, size: str) -> AbstractContextManager[Page]:
        touch = size == "phone"
        if who:
            return self.gallery.page(self.browser, path, name=who, size=SIZES[size], touch=touch)
        return silent_page(self.browser, self.gallery.gateway.url + path, SIZES[size], touch=touch)

    def keep(self, page: Page, name: str) -> None:
        """Write down what is to be seen, small enough to be committed."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}.webp"
        Image.open(io.BytesIO(page.screenshot())).save(path, quality=70, method=6)
        self.taken.append(path)
        click.echo(f"{path.relative_to(SHOTS.parents[1])}: {path.stat().st_size // 1000} KB")


def make_folders(gallery: Gallery, path: str) -> None:
    """Make the folder at ``path`` with those above it."""
    names = path.split("/")
    for depth in range(2, len(names) + 1):
        address = f"{gallery.gateway.url}/dav/{'/'.join(names[:depth])}/"
        requests.request("MKCOL", address, auth=("anna", gallery.password), timeout=30)


def furnish(gallery: Gallery) -> None:
    """Five years of a family."""
    number, paths = 0, list[str]()
    for trip, (town, latitude, longitude) in enumerate(TRIPS):
        begin = NEWEST - timedelta(days=47 * trip + trip * trip * 6)
        folder = f"family/{begin:%Y}-{town}" if trip % 3 == 1 else f"anna/{begin:%Y}/{town}"
        make_folders(gallery, folder)
        for count in range((9, 14, 6, 3, 11)[trip % 5]):
            taken = begin - timedelta(hours=7 * count, minutes=13 * count)
            where = (latitude + count * 0.004, longitude + count * 0.006)
            content = photograph(number, taken, CAMERAS[(trip + count // 4) % 3], where)
            paths.append(f"{folder}/IMG_{4000 + number}.jpg")
            gallery.put(paths[-1], content)
            number += 1
    gallery.put("anna/2026/Lisbon/Tickets.pdf", b"%PDF-1.4\n" + bytes(84_000))
    gallery.wait()
    for number in (4, 9, 17, 25):
        found = next(path for path in paths if path.endswith(f"IMG_{4000 + number}.jpg"))
        requests.delete(f"{gallery.gateway.url}/dav/{found}", auth=("anna", gallery.password), timeout=30)


@contextmanager
def opened(wanted: tuple[str, ...]) -> Iterator[Tour]:
    """A furnished gallery, and a browser."""
    with tempfile.TemporaryDirectory() as folder, Gateway(Path(folder), Options(workers=2, indexers=2)) as gateway:
        gallery = Gallery(gateway)
        for name in ("anna", "berta", "carla"):
            gateway.add_account(name, password=gallery.password)
        gateway.add_account("eva", "--admin", password=gallery.password)
        gateway.run("user", "set-password", "admin", "--password-stdin", text=f"{gallery.password}\n")
        gateway.run("space", "add", "family")
        gateway.run("space", "grant", "family", "anna", "manager")
        gateway.run("space", "grant", "family", "berta", "viewer")
        furnish(gallery)
        with sync_playwright() as playwright:
            path = tool("chromium", package="chromium")
            browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, NOWHERE])
            yield Tour(gallery, browser, wanted)
            browser.close()


def main(*wanted: str) -> None:
    """Go through everything, or through what has one of ``wanted`` in its name."""
    both = ("light", "dark")
    with opened(wanted) as tour:
        tour.shoot("photos", "/", themes=both)
        tour.shoot("photo", "/", themes=("dark",), act=_open_a_photo)
        tour.shoot("folders", "/folders", themes=both)
        tour.shoot("folder", "/folders/anna/2026/Lisbon")
        tour.shoot("map", "/map", themes=both)
        tour.shoot("search", "/search")
        tour.shoot("found", "/gallery?camera=FUJIFILM+X-T4&after=2024", themes=both)
        tour.shoot("nothing-found", "/gallery?town=Nowhere&kind=video")
        tour.shoot("favourites", "/favourites", act=_favour)
        tour.shoot("recent", "/gallery?sort=-added")
        tour.shoot("trash", "/trash", themes=both)
        tour.shoot("connect", "/connect", themes=both)
        tour.shoot("connect-iphone", "/connect?device=iphone")
        tour.shoot("upload", "/", act=_upload)
        tour.shoot("account", "/account", themes=both)
        tour.shoot("storage", "/account/storage")
        tour.shoot("people", "/admin/people", who="eva")
        tour.shoot("first-start", "/", who="admin")
        tour.shoot("sign-in", "/sign-in", who="", themes=both)
        tour.shoot("dates", "/", sizes=("desktop",), act=lambda page: page.keyboard.type("gd"))
        tour.shoot("keys", "/", sizes=("desktop",), act=lambda page: page.keyboard.press("?"))
        tour.shoot("photos-empty", "/", who="carla", themes=both)
        tour.shoot("not-here", "/nothing")
        tour.shoot("api", "/api", sizes=("desktop",))
        for language in ("es", "ru"):
            tour.shoot(f"photos-{language}", "/", language=language)
            tour.shoot(f"account-{language}", "/account", language=language)
            tour.shoot(f"connect-{language}", "/connect", language=language)


def _open_a_photo(page: Page) -> None:
    page.locator(".tile a").nth(2).click()
    page.wait_for_timeout(600)
    page.keyboard.press("i")


def _favour(page: Page) -> None:
    page.goto("/")
    for number in (1, 3, 6):
        page.locator(".tile a").nth(number).focus()
        page.keyboard.press("f")
        page.wait_for_timeout(200)
    page.goto("/favourites")


def _upload(page: Page) -> None:
    pictures = [photograph(500 + number, NEWEST, CAMERAS[0], (48.1, 11.5)) for number in range(4)]
    files = [
        {"name": f"IMG_{5000 + number}.jpg", "mimeType": "image/jpeg", "buffer": content}
        for number, content in enumerate(pictures)
    ]
    with page.expect_file_chooser() as choosing:
        page.keyboard.press("u")
        page.get_by_role("button", name="Choose files").click()
    choosing.value.set_files(files)
    page.wait_for_timeout(1500)


if __name__ == "__main__":
    main(*sys.argv[1:])
