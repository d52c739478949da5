"""Takes the pictures in ``docs/screenshots``: ``python -m tests.viewer.tour [PART-OF-A-NAME …]``.

A gallery of drawn photographs of five years, taken by three cameras in a dozen towns, in folders of its own and in a
shared space; then every page and state of it, on a desk and on a phone, by day and by night.
"""

from __future__ import annotations

import io
import sys
import tempfile
from contextlib import contextmanager
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
        themes: tuple[str, ...] = ("light", "dark"),
        act: Callable[[Page], None] | None = None,
    ) -> None:
        """Take the page at ``path``, as ``who``, after ``act`` did something on it."""
        if self.wanted and not any(one in name for one in self.wanted):
            return
        for size in sizes:
            for theme in themes:
                with self.gallery.page(self.browser, path, name=who, size=SIZES[size], touch=size == "phone") as page:
                    page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
                    if act:
                        act(page)
                    page.wait_for_load_state("networkidle")
                    page.wait_for_timeout(500)
                    self.keep(page, f"{name}-{size}-{theme}")

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
    number = 0
    for trip, (town, latitude, longitude) in enumerate(TRIPS):
        begin = NEWEST - timedelta(days=47 * trip + trip * trip * 6)
        folder = f"family/{begin:%Y}-{town}" if trip % 3 == 1 else f"anna/{begin:%Y}/{town}"
        make_folders(gallery, folder)
        for count in range((9, 14, 6, 3, 11)[trip % 5]):
            taken = begin - timedelta(hours=7 * count, minutes=13 * count)
            where = (latitude + count * 0.004, longitude + count * 0.006)
            content = photograph(number, taken, CAMERAS[(trip + count // 4) % 3], where)
            gallery.put(f"{folder}/IMG_{4000 + number}.jpg", content)
            number += 1
    gallery.put("anna/2026/Lisbon/Tickets.pdf", b"%PDF-1.4\n" + bytes(84_000))
    gallery.wait()


@contextmanager
def opened(wanted: tuple[str, ...]) -> Iterator[Tour]:
    """A furnished gallery, and a browser."""
    with tempfile.TemporaryDirectory() as folder, Gateway(Path(folder), Options(workers=2, indexers=2)) as gateway:
        gallery = Gallery(gateway)
        for name in ("anna", "berta"):
            gateway.add_account(name, password=gallery.password)
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
    with opened(wanted) as tour:
        tour.shoot("photos", "/")
        tour.shoot("photo", "/", act=_open_a_photo)
        tour.shoot("photos-empty", "/", who="berta", themes=("light",))
        tour.shoot("not-here", "/nothing", themes=("light",))


def _open_a_photo(page: Page) -> None:
    page.locator(".tile a").nth(2).click()
    page.wait_for_timeout(600)
    page.keyboard.press("i")


if __name__ == "__main__":
    main(*sys.argv[1:])
