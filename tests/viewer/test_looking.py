"""Looking at photos when not all is well: a network that goes, a store that is down; by keyboard, by ear, from near."""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, expect

from tests.viewer.conftest import SCREENSHOTS
from tests.viewer.gallery import Gallery, photograph
from tests.viewer.silence import DESKTOP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

PHONE = (390, 844)
GRID = "#grid[data-ready]"
TODAY = datetime.now(UTC)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """Sixty days, some of two years, and this day of three years ago."""
    with Gallery.open(tmp_path_factory.mktemp("looking"), 60) as opened:
        day = 28 if (TODAY.month, TODAY.day) == (2, 29) else TODAY.day
        for number, years in enumerate((3, 3, 7)):
            taken = datetime(TODAY.year - years, TODAY.month, day, 12, number)
            opened.put(f"anna/memory{number}.jpg", photograph(taken, (900, 600), seed=90 + number))
        opened.wait()
        yield opened


@pytest.fixture
def page(browser: Browser, gallery: Gallery) -> Iterator[Page]:
    with gallery.page(browser) as page:
        page.wait_for_selector(GRID)
        yield page


@pytest.fixture
def noisy(browser: Browser, gallery: Gallery) -> Iterator[Page]:
    """The same, where the browser itself may complain of what does not come."""
    try:
        with gallery.page(browser) as page:
            page.wait_for_selector(GRID)
            yield page
    except AssertionError as error:
        if not all("Failed to load resource" in line for line in str(error).splitlines()):
            raise


# --- what does not come -----------------------------------------------------------------------------------------------


def test_a_lost_network_is_said_and_all_comes_when_it_is_back(noisy: Page) -> None:
    page, bar = noisy, noisy.locator("#notice")
    page.context.set_offline(True)
    expect(bar).to_have_text("No connection. Trying again…")
    expect(page.locator(".tile.loaded").first).to_be_visible()
    page.keyboard.press("End")
    page.wait_for_timeout(1500)
    page.screenshot(path=SCREENSHOTS / "offline.png")
    page.context.set_offline(False)
    expect(bar).to_be_hidden(timeout=20_000)
    expect(page.locator(".unknown")).to_have_count(0)
    expect(page.locator(".tile:not(.loaded)")).to_have_count(0, timeout=20_000)


def test_a_store_that_is_down_is_told_from_a_lost_network(noisy: Page) -> None:
    page, bar = noisy, noisy.locator("#notice")
    page.route("**/thumb/**", lambda route: route.fulfill(status=503))
    page.keyboard.press("End")
    expect(bar).to_contain_text("The photo store does not answer. Nothing is lost")
    page.screenshot(path=SCREENSHOTS / "store-down.png")
    page.unroute("**/thumb/**")
    expect(bar).to_be_hidden(timeout=20_000)
    expect(page.locator(".tile:not(.loaded)")).to_have_count(0, timeout=20_000)


def test_what_takes_long_is_said_and_can_be_tried_again(browser: Browser, gallery: Gallery) -> None:
    waiting: list[Route] = []
    with gallery.page(browser, "/folders") as page:
        page.route("**/columns?*", lambda route: waiting.append(route) if not waiting else route.continue_())
        # What the page brings along is left out, so that it has to be asked for.
        page.route(re.compile(r"/\?late$"), _without_columns)
        page.goto("/?late")
        page.wait_for_selector(GRID)
        assert page.locator(".unknown").count() > 0, "a skeleton in the final shape"
        expect(page.locator("#notice")).to_contain_text("This is taking long.", timeout=12_000)
        page.screenshot(path=SCREENSHOTS / "taking-long.png")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator(".tile.loaded").first).to_be_visible()
        expect(page.locator("#notice")).to_be_hidden()
        with suppress(Error):
            waiting[0].abort()


def _without_columns(route: Route) -> None:
    answer = route.fetch()
    body = re.sub(r'(<script type="application/json" id="columns">).*?(</script>)', r"\1null\2", answer.text())
    route.fulfill(response=answer, body=body)


def test_photos_that_are_deleted_above_move_nothing_that_is_seen(page: Page, gallery: Gallery) -> None:
    gallery.put("anna/gone.jpg", photograph(TODAY.replace(tzinfo=None), seed=99))
    gallery.wait()
    page.reload()
    page.wait_for_selector(GRID)
    page.mouse.move(700, 500)
    page.mouse.wheel(0, 3000)
    page.wait_for_timeout(800)
    first = (
        "() => { const all = [...document.querySelectorAll('.tile')].map(t => [t.dataset.id, t.parentElement"
        ".getBoundingClientRect().top]); return all.find(([, top]) => top >= 56); }"
    )
    before = page.evaluate(first)
    _delete(gallery, "anna/gone.jpg")
    with page.expect_response(lambda one: "/changes" in one.url and one.status == 200, timeout=30_000):
        pass
    page.wait_for_timeout(500)
    place = "id => document.querySelector(`.tile[data-id='${id}']`).parentElement.getBoundingClientRect().top"
    now = page.evaluate(place, before[0])
    assert abs(now - before[1]) < 1


def _delete(gallery: Gallery, path: str) -> None:
    secret = base64.b64encode(f"anna:{gallery.password}".encode()).decode()
    connection = HTTPConnection(urlsplit(gallery.gateway.url).netloc, timeout=30)
    connection.request("DELETE", f"/dav/{path}", headers={"Authorization": f"Basic {secret}"})
    assert connection.getresponse().status == 204
    connection.close()


# --- what one chooses -------------------------------------------------------------------------------------------------


def test_rows_are_as_high_as_somebody_wants_on_this_device(page: Page) -> None:
    height = "() => document.querySelector('.tile').offsetHeight"
    assert 200 <= page.evaluate(height) <= 308
    page.locator(".account summary").click()
    slider = page.get_by_label("Size")
    slider.focus()
    slider.press("Home")
    page.wait_for_timeout(300)
    assert 96 <= page.evaluate(height) <= 135
    page.reload()
    page.wait_for_selector(GRID)
    page.locator(".tile").first.wait_for()
    assert 96 <= page.evaluate(height) <= 135


def test_this_day_of_earlier_years_stands_on_top_until_it_is_not_wanted(page: Page) -> None:
    row = page.get_by_role("region", name="On this day")
    expect(row.get_by_role("listitem")).to_have_count(2)
    expect(row.get_by_role("link").first).to_contain_text("3 years ago")
    expect(row.get_by_role("link").first).to_contain_text("2 photos")
    row.get_by_role("link").first.click()
    page.wait_for_url(f"**/?at={TODAY.year - 3}-*")
    page.goto("/")
    page.wait_for_selector(GRID)
    page.locator(".account summary").click()
    page.get_by_role("checkbox", name="On this day").press(" ")
    expect(row).to_have_count(0)
    page.get_by_role("link", name="Mine").click()
    page.wait_for_selector(GRID)
    expect(row).to_have_count(0)


# --- who looks with a keyboard, by ear, or from near ------------------------------------------------------------------


def test_who_reads_without_scrolling_goes_on_by_links(page: Page) -> None:
    later, earlier = (
        page.get_by_role("link", name=re.compile("^Later: ")),
        page.get_by_role("link", name=re.compile("^Earlier: ")),
    )
    expect(later).to_have_count(0)
    expect(earlier).to_have_count(1)
    seen = []
    for _ in range(60):
        if not earlier.count():
            break
        seen.append(earlier.text_content())
        earlier.focus()
        page.keyboard.press("Enter")
        page.wait_for_timeout(450)
        assert page.evaluate("() => document.activeElement.matches('.tile a')")
    expect(earlier).to_have_count(0)
    expect(later).to_have_count(1)
    assert seen
    expect(page.locator(".tile").last).to_be_visible()


def test_everything_is_reached_with_the_keyboard_alone(page: Page) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.matches('.tile a')"):
            break
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".pswp--open")).to_be_visible()
    page.keyboard.press("i")
    panel = page.get_by_role("complementary", name="Details")
    expect(panel).to_contain_text("Who can see this")
    panel.get_by_role("button", name="Close the details").press("Enter")
    expect(panel).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(".pswp--open")).to_have_count(0)
    assert page.evaluate("() => document.activeElement.matches('.tile a')")
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.wait_for_url("**/folders")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE, (720, 450)], ids=["desktop", "phone", "200 percent"])
def test_nothing_serious_is_found_by_axe(
    browser: Browser, gallery: Gallery, packages: Path, theme: str, size: tuple[int, int]
) -> None:
    with gallery.page(browser, size=size, touch=size == PHONE) as page:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        page.wait_for_selector(GRID)
        expect(page.locator(".tile:not(.loaded)")).to_have_count(0)
        states = {
            "top": lambda: None,
            "view": lambda: page.locator(".account summary").press("Enter"),
            "panel": lambda: (
                page.keyboard.press("Escape"),
                page.locator(".tile a").nth(1).click(),
                page.wait_for_timeout(500),
                page.keyboard.press("i"),
                page.wait_for_timeout(500),
            ),
        }
        for state, reach in states.items():
            reach()
            page.screenshot(path=SCREENSHOTS / f"looking-{state}-{theme}-{size[0]}.png")
            page.evaluate((packages.parent / "vendor-dev/axe-core/axe.min.js").read_text())
            found = page.evaluate(
                "async () => (await axe.run({ preload: false })).violations"
                ".filter(v => ['serious', 'critical'].includes(v.impact))"
                ".map(v => [v.id, v.nodes.map(n => n.html)])"
            )
            assert found == [], state
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state
