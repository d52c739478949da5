"""Searching and the map as a person uses them: a real server, real pictures, a real browser."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.viewer.conftest import SCREENSHOTS
from tests.viewer.gallery import NEWEST, Gallery
from tests.viewer.silence import DESKTOP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

PHONE = (390, 844)
GRID = "#grid[data-ready]"
FACETS = "#facets:not([aria-busy])"
CLUSTER = "#map[data-ready] .cluster"
BERLIN, ROME, FIJI, TAVEUNI = (52.52, 13.4), (41.89, 12.49), (-16.8, 179.9), (-16.9, -179.8)
CAMERAS = (("Canon", "EOS R6"), ("FUJIFILM", "X-T4"))


def taken_at(number: int, where: tuple[float, float]) -> bytes:
    """A small photograph with a place and a camera."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = CAMERAS[number % 2]
    exif.get_ifd(0x8769)[0x9003] = f"{NEWEST.replace(day=20 - number):%Y:%m:%d %H:%M:%S}"
    place = exif.get_ifd(0x8825)
    for reference, degrees, letters in ((1, where[0], "NS"), (3, where[1], "EW")):
        minutes = abs(degrees) % 1 * 60
        place[reference] = letters[degrees < 0]
        place[reference + 1] = (float(int(abs(degrees))), float(int(minutes)), minutes % 1 * 60)
    file = io.BytesIO()
    Image.new("RGB", (300, 200), (40 * number % 256, 90, 255 - 30 * number)).save(file, "JPEG", exif=exif)
    return file.getvalue()


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """Anna has photographs of four places and one of none, and a document; Berta has one without a place."""
    with Gallery.open(tmp_path_factory.mktemp("search"), 1) as opened:
        for number, where in enumerate((BERLIN, BERLIN, BERLIN, ROME, ROME, FIJI, TAVEUNI)):
            opened.put(f"anna/photo {number}.jpg", taken_at(number, where))
        opened.put("anna/photo index.pdf", b"%PDF-1.4")
        opened.wait()
        yield opened


@pytest.fixture
def page(browser: Browser, gallery: Gallery) -> Iterator[Page]:
    """Anna's timeline on a desktop."""
    with gallery.page(browser) as page:
        page.wait_for_selector(GRID)
        yield page


def _query(page: Page) -> str:
    return unquote_plus(urlsplit(page.url).query)


# --- the field --------------------------------------------------------------------------------------------------------


def test_the_field_completes_what_is_typed_by_keys_alone(page: Page) -> None:
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search your photos")
    expect(field).to_be_focused()
    page.keyboard.type("canon")
    option = page.get_by_role("option")
    expect(option).to_have_text(re.compile("Canon EOS R6 Camera 4"))
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#suggested")).to_have_text("1 suggestion")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Enter")
    page.wait_for_selector(GRID)
    assert (urlsplit(page.url).path, _query(page)) == ("/gallery", "camera=Canon EOS R6")
    expect(page.locator(".count").first).to_have_text("4 photos")
    page.go_back()
    page.wait_for_selector(GRID)
    assert urlsplit(page.url).path == "/"


def test_escape_closes_the_suggestions_and_enter_searches_the_words(page: Page) -> None:
    field = page.get_by_role("combobox", name="Search your photos")
    field.press_sequentially("canon")
    expect(page.get_by_role("option")).to_be_visible()
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("canon")
    field.press("Enter")
    page.wait_for_selector(GRID)
    assert _query(page) == "q=canon"
    page.get_by_role("combobox", name="Search your photos").fill("photo")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=photo")
    page.wait_for_selector(GRID)
    expect(page.locator(".count").first).to_have_text("7 photos · 1 file")
    expect(page.get_by_role("link", name="photo index.pdf")).to_be_visible()


# --- the page ---------------------------------------------------------------------------------------------------------


def test_facets_narrow_down_and_chips_widen_again(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/gallery?gps=yes") as page:
        page.wait_for_selector(FACETS)
        page.get_by_role("link", name="Rome 2", exact=True).click()
        page.wait_for_selector(FACETS)
        assert _query(page) == "town=Rome&gps=yes"
        page.locator("li", has_text="Canon EOS R6").hover()
        page.get_by_role("link", name="Without Canon EOS R6").click()
        page.wait_for_selector(GRID)
        assert _query(page) == "town=Rome&gps=yes&camera.not=Canon EOS R6"
        expect(page.locator(".chip")).to_have_text(["Rome", "Has a place", "not Canon EOS R6"])
        page.get_by_role("link", name="Remove Rome").click()
        page.wait_for_selector(GRID)
        assert _query(page) == "gps=yes&camera.not=Canon EOS R6"
        page.get_by_label("Order").select_option("Oldest first")
        page.wait_for_url("**sort=taken**")
        page.wait_for_selector(GRID)
        names = page.locator(".tile a").evaluate_all("all => all.map(one => one.ariaLabel)")
        assert [name.split(",")[1] for name in names] == [" June 15", " June 17", " June 19"]


def test_filters_come_over_the_photos_of_a_phone(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/gallery?gps=yes", size=PHONE, touch=True) as page:
        page.wait_for_selector(FACETS, state="attached")
        page.get_by_role("button", name="Filters").tap()
        dialog = page.get_by_role("dialog", name="Filters")
        dialog.get_by_label("From").fill("2024-06-16")
        dialog.get_by_label("From").press("Enter")
        page.wait_for_selector(GRID)
        assert _query(page) == "after=2024-06-16&gps=yes"
        expect(page.locator(".chip").first).to_have_text("From 16 June 2024")


# --- the map ----------------------------------------------------------------------------------------------------------


def test_the_map_shows_what_lies_together_and_beside_it_what_is_in_view(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/map") as page:
        page.wait_for_selector(GRID)
        expect(page.locator("#count")).to_have_text("7 photos here")
        counts = page.locator(CLUSTER).evaluate_all("all => all.map(one => parseInt(one.ariaLabel))")
        assert sum(counts) == 7
        page.goto("/map?center=42,12.5&zoom=6")
        expect(page.locator("#count")).to_have_text("2 photos here")
        rome = page.get_by_role("button", name="2 photos here")
        rome.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**zoom=8")
        expect(page.locator(".town span", has_text="Rome")).to_be_visible()
        expect(page.locator(".tile")).to_have_count(2)
        page.locator(".tile a").first.click()
        page.wait_for_selector(".pswp--open")
        page.keyboard.press("Escape")
        page.get_by_role("link", name="As a search").click()
        page.wait_for_selector(GRID)
        expect(page.locator(".chip")).to_have_text(["In a part of the map"])


def test_places_on_both_sides_of_the_date_line_are_seen_together(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/search") as page:
        page.goto("/map?center=-17,180&zoom=7")
        page.wait_for_selector(GRID)
        expect(page.locator("#count")).to_have_text("2 photos here")
        expect(page.locator(CLUSTER)).not_to_have_count(0)
        boxes = [box for one in page.locator(CLUSTER).all() if (box := one.bounding_box())]
        assert all(300 < box["x"] < 900 for box in boxes)


def test_a_map_without_places_says_how_photos_get_one(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/map", name="berta") as page:
        expect(page.get_by_role("heading", name="No photo here has a place")).to_be_visible()
    with gallery.page(browser, "/search") as page:
        page.goto("/map?center=0,-30&zoom=5")
        expect(page.get_by_role("heading", name="None in this part of the map")).to_be_visible()
        page.get_by_role("button", name="Show all places").click()
        expect(page.locator("#count")).to_have_text("7 photos here")


# --- everybody --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_serious_is_found_by_axe(
    browser: Browser, gallery: Gallery, packages: Path, theme: str, size: tuple[int, int]
) -> None:
    with gallery.page(browser, "/search", size=size, touch=size == PHONE) as page:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for name, path, shown in (
            ("search", "/search", FACETS),
            ("results", "/gallery?country=Germany&country=Italy&camera.not=Canon", GRID),
            ("no-results", "/gallery?town=Rome&date=1999&colour=red", ".empty"),
            ("map", "/map", CLUSTER),
        ):
            page.goto(path)
            page.wait_for_selector(shown)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=SCREENSHOTS / f"{name}-{theme}-{size[0]}.png")
            page.evaluate((packages.parent / "vendor-dev/axe-core/axe.min.js").read_text())
            found = page.evaluate(
                "async () => (await axe.run({ preload: false })).violations"
                ".filter(v => ['serious', 'critical'].includes(v.impact))"
                ".map(v => [v.id, v.nodes.map(n => n.html)])"
            )
            assert found == [], name
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
