"""The gallery as a person uses it: a real server, real pictures, a real browser."""

from __future__ import annotations

import gzip
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, expect

from tests.viewer.conftest import SCREENSHOTS
from tests.viewer.gallery import NEWEST, Gallery, photograph
from tests.viewer.silence import DESKTOP, silent_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page, Route

PHONE = (390, 844)
DAYS = 60
TILES = ".tile"
GRID = "#grid[data-ready]"
SCROLLED = "([...document.querySelectorAll('.tile')].filter(t => t.getBoundingClientRect().top >= 56)).length"
WITHIN = """
({ id, top }) => {
  const tile = document.querySelector(`.tile[data-id="${id}"]`);
  return tile ? tile.parentElement.getBoundingClientRect().top - top : null;
}
"""
FIRST = """
() => {
  const tiles = [...document.querySelectorAll('.tile')];
  const seen = tiles.find((tile) => tile.parentElement.getBoundingClientRect().top >= 56);
  return { id: seen.dataset.id, top: seen.parentElement.getBoundingClientRect().top };
}
"""


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """One server for all tests of this file."""
    with Gallery.open(tmp_path_factory.mktemp("gallery"), DAYS) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, gallery: Gallery) -> Iterator[Page]:
    """Anna's timeline on a desktop."""
    with gallery.page(browser) as page:
        page.wait_for_selector(GRID)
        yield page


def _names(tiles: Locator) -> list[str]:
    return tiles.evaluate_all("tiles => tiles.map(tile => tile.querySelector('a').ariaLabel)")


def _lightbox(page: Page) -> Locator:
    return page.locator(".pswp--open")


def _photo(page: Page) -> str:
    """The photo in the address; empty for none."""
    found = re.search(r"photo=(\d+)", page.url)
    return found[1] if found else ""


def _screenshot(page: Page, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


# --- who --------------------------------------------------------------------------------------------------------------


def test_a_stranger_signs_in_first_and_comes_to_the_wanted_page(browser: Browser, gallery: Gallery) -> None:
    with silent_page(browser, f"{gallery.gateway.url}/?at=2023-05-12") as page:
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password").fill(gallery.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector(GRID)
        assert "/?at=2023-05-" in page.url
        expect(page.locator("#pill")).to_contain_text("May 9, 2023")  # there are none of the 12th


def test_signing_out_closes_the_gallery(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser) as page:
        page.locator(".account summary").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        page.goto("/")
        assert page.url.endswith("/sign-in?next=/")


def test_who_is_signed_out_meanwhile_signs_in_over_the_photos(browser: Browser, gallery: Gallery) -> None:
    said = []

    def without_session(route: Route) -> None:
        if not said:
            page.context.clear_cookies()
        with suppress(Error):  # the page may be gone before its last answer
            route.fulfill(response=page.context.request.get(route.request.url))

    with suppress(AssertionError), gallery.page(browser) as page:  # the browser itself complains of the answer 401
        page.wait_for_selector(GRID)
        page.route("**/columns?*", without_session)
        page.goto("/?at=2022-11-01")
        dialog = page.get_by_role("dialog", name="Please sign in again")
        dialog.get_by_role("button", name="Not now").click()
        said.append(page.locator("#notice").text_content())
        page.get_by_role("link", name="Sign in").click()
        dialog.get_by_label("Password").fill(gallery.password)
        dialog.get_by_role("button", name="Sign in").click()
        expect(page.locator("#notice")).to_be_hidden()
        expect(page.locator(".row.waiting")).to_have_count(0)
        said.append(page.url.partition("?")[2][:8])
    assert said == ["You are signed out. Sign in", "at=2022-"]


# --- the timeline -----------------------------------------------------------------------------------------------------


def test_photos_stand_newest_first_below_their_months_and_days(page: Page) -> None:
    expect(page.locator(".month > h2").first).to_have_text("June 2024")
    expect(page.locator(".row > h3").first).to_have_text("Sun, June 30")
    assert _names(page.locator(TILES))[:3] == [
        "Photo, June 30, 2024, 6:00 PM",
        "Photo, June 29, 2024, 6:00 PM",
        "Photo, June 19, 2024, 6:00 PM",
    ]


def test_every_tile_in_view_gets_its_picture(page: Page) -> None:
    expect(page.locator(".tile:not(.loaded)")).to_have_count(0)
    shapes = page.locator(".tile img").evaluate_all(
        "all => all.map(i => [i.naturalWidth / i.naturalHeight, i.width / i.height])"
    )
    assert shapes
    assert all(abs(natural / shown - 1) < 0.05 for natural, shown in shapes)


def test_rows_end_together_and_keep_their_gaps(page: Page) -> None:
    rows = page.locator(".row").evaluate_all(
        "rows => rows.map(r => [r, ...r.querySelectorAll('.tile')].map(e => (e.offsetLeft || 0) + e.offsetWidth))"
    )
    assert all(max(ends) <= width + 1 for width, *ends in rows)
    assert sum(max(ends) >= width - 1 for width, *ends in rows) > len(rows) / 2


def test_scrolling_brings_the_oldest_photo_and_says_where_one_is(page: Page, gallery: Gallery) -> None:
    oldest = f"{gallery.taken[-1]:%B} {gallery.taken[-1].day}, {gallery.taken[-1].year}"
    page.mouse.move(700, 500)
    for _ in range(200):
        page.mouse.wheel(0, 800)
        page.wait_for_timeout(20)
        if page.evaluate("scrollY + innerHeight >= document.documentElement.scrollHeight - 1"):
            break
    expect(page.locator(TILES).last.locator("a")).to_have_attribute("aria-label", re.compile(oldest))
    page.wait_for_url(re.compile(r"\?at=20\d\d-\d\d-\d\d$"))
    assert page.locator(".tile img").count() <= 400


def test_the_page_comes_back_to_where_it_was(page: Page) -> None:
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile("at="))
    before = page.evaluate(FIRST)
    page.goto("/connect")
    page.go_back()
    page.wait_for_selector(GRID)
    page.wait_for_function(f"before => ({WITHIN})(before) !== null", arg=before)
    assert abs(page.evaluate(WITHIN, before)) < 1


@pytest.mark.parametrize("size", [(1100, 800), (820, 1180), PHONE, (1800, 1000)], ids=str)
def test_another_width_leaves_the_first_photo_where_it_is(page: Page, size: tuple[int, int]) -> None:
    page.mouse.move(700, 500)
    page.mouse.wheel(0, 3000)
    page.wait_for_timeout(600)
    before = page.evaluate(FIRST)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_timeout(600)
    bar = {True: -8, False: 0}[size[0] < 600]  # the phone's bar is lower by so much
    assert abs(page.evaluate(WITHIN, before) - bar) < 1


def test_the_scrubber_leads_to_the_oldest_month(page: Page, gallery: Gallery) -> None:
    box = page.get_by_role("slider").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] - 2, steps=12)
    month = f"{gallery.taken[-1]:%B %Y}"
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", re.compile(r"\w+ 20\d\d"))
    _screenshot(page, "timeline-scrubbing")
    page.mouse.up()
    expect(page.get_by_role("heading", name=month)).to_be_in_viewport()
    expect(page.locator(".tile:not(.loaded)")).to_have_count(0)


def test_the_scrubber_moves_by_months_and_years_with_keys(page: Page, gallery: Gallery) -> None:
    in_may = sum((moment.year, moment.month) == (2024, 5) for moment in gallery.taken)
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowDown")
    expect(slider).to_have_attribute("aria-valuetext", "May 2024")
    expect(page.locator("#spoken")).to_have_text(f"May 2024, {in_may} photos")
    page.keyboard.press("PageDown")
    expect(slider).to_have_attribute("aria-valuetext", "December 2023")
    page.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "June 2024")


def test_a_month_can_be_chosen(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.locator("summary", has_text="2023").click()
    page.get_by_role("button", name="March 2023").click()
    expect(page.get_by_role("heading", name="March 2023")).to_be_in_viewport()
    expect(page.locator("#spoken")).to_contain_text("March 2023, ")


def test_the_focus_moves_by_geometry_and_loads_as_it_goes(page: Page) -> None:
    page.locator(".tile a").first.focus()
    assert page.locator('.tile a[tabindex="0"]').count() == 1
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.ariaLabel") == "Photo, June 29, 2024, 6:00 PM"
    middle = "(e => e.left + e.width / 2)(document.activeElement.parentElement.getBoundingClientRect())"
    row = "document.activeElement.closest('.row').getBoundingClientRect().top + scrollY"
    before, top = page.evaluate(middle), page.evaluate(row)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(row) > top
    assert abs(page.evaluate(middle) - before) < 400
    for _ in range(40):
        page.keyboard.press("ArrowDown")
    page.wait_for_timeout(300)
    assert page.evaluate("document.activeElement.matches('.tile a')")
    box = page.evaluate("document.activeElement.getBoundingClientRect().toJSON()")
    assert box["top"] >= 56
    assert box["bottom"] <= DESKTOP[1] + 1


def test_the_scripts_that_are_needed_first_are_small(page: Page) -> None:
    scripts = page.evaluate(
        "() => { const all = performance.getEntriesByType('resource');"
        " const first = all.find(e => e.name.includes('/thumb/')).startTime;"
        " return all.filter(e => e.name.endsWith('.js') && e.startTime < first).map(e => e.name); }"
    )
    sizes = [len(gzip.compress(page.request.get(script).body(), 5)) for script in scripts]
    assert 0 < sum(sizes) <= 60_000, sizes


# --- whose photos -----------------------------------------------------------------------------------------------------


def test_a_switch_narrows_the_timeline_to_a_space(page: Page, gallery: Gallery) -> None:
    expect(page.locator(".badge", has_text="F")).to_have_count(1)
    page.get_by_role("navigation", name="Whose photos").get_by_role("link", name="family").click()
    page.wait_for_selector(GRID)
    assert _names(page.locator(TILES)) == ["Photo, June 29, 2024, 6:00 PM"]
    page.get_by_role("link", name="Mine").click()
    page.wait_for_selector(GRID)
    assert len(_names(page.locator(TILES))) > 1
    expect(page.locator(".badge", has_text="F")).to_have_count(0)


def test_one_sees_only_the_photos_of_ones_own_spaces(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, name="berta") as page:
        page.wait_for_selector(GRID)
        assert _names(page.locator(TILES)) == ["Photo, June 29, 2024, 6:00 PM"]
        page.get_by_role("link", name="Mine").click()
        expect(page.get_by_role("heading", name="No photos yet")).to_be_visible()
        expect(page.get_by_role("link", name="Connect a device")).to_be_visible()
        _screenshot(page, "timeline-empty")


# --- one photo --------------------------------------------------------------------------------------------------------


def test_a_photo_opens_moves_on_and_closes_with_its_address(page: Page) -> None:
    tiles = page.locator(TILES)
    ids = tiles.evaluate_all("tiles => tiles.slice(0, 3).map(tile => tile.dataset.id)")
    tiles.first.click()
    expect(_lightbox(page)).to_be_visible()
    assert _photo(page) == ids[0]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(f"photo={ids[2]}"))
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile(f"photo={ids[1]}"))
    page.go_back()
    expect(_lightbox(page)).to_have_count(0)
    assert _photo(page) == ""
    expect(page.locator(f'.tile[data-id="{ids[1]}"] a')).to_be_focused()


def test_the_address_of_a_photo_opens_it_over_its_place(page: Page) -> None:
    page.keyboard.press("End")
    page.wait_for_timeout(400)
    last = page.locator(TILES).last
    wanted = last.get_attribute("data-id")
    page.goto(f"/?photo={wanted}")
    expect(_lightbox(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(_lightbox(page)).to_have_count(0)
    expect(page.locator(f'.tile[data-id="{wanted}"]')).to_be_in_viewport()
    assert _photo(page) == ""


def test_forward_opens_again_what_back_closed(page: Page) -> None:
    page.locator(TILES).first.click()
    expect(_lightbox(page)).to_be_visible()
    page.wait_for_timeout(400)
    page.go_back()
    expect(_lightbox(page)).to_have_count(0)
    page.go_forward()
    expect(_lightbox(page)).to_be_visible()


def test_the_address_of_a_photo_that_is_not_there_says_so(page: Page) -> None:
    page.goto("/?photo=987654321")
    page.wait_for_selector(GRID)
    expect(page.locator("#notice")).to_have_text("This photo is not here any more.")
    expect(_lightbox(page)).to_have_count(0)
    assert _photo(page) == ""


def test_closing_returns_to_a_photo_far_from_where_one_began(page: Page) -> None:
    page.locator(TILES).first.click()
    expect(_lightbox(page)).to_be_visible()
    for _ in range(60):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".pswp__counter")).to_have_text(re.compile("^61 "), timeout=20_000)
    page.wait_for_timeout(500)
    shown = _photo(page)
    page.keyboard.press("Escape")
    expect(page.locator(f'.tile[data-id="{shown}"] a')).to_be_focused(timeout=20_000)
    expect(page.locator(f'.tile[data-id="{shown}"]')).to_be_in_viewport()


def test_a_photo_stands_in_the_middle_of_the_screen(page: Page) -> None:
    for number in range(3):
        page.locator(TILES).nth(number).click()
        page.wait_for_timeout(900)
        shown = page.locator(".pswp__item[aria-hidden=false] img.pswp__img:not(.pswp__img--placeholder)").bounding_box()
        assert shown is not None
        assert abs(shown["x"] + shown["width"] / 2 - DESKTOP[0] / 2) <= 1
        assert abs(shown["y"] + shown["height"] / 2 - DESKTOP[1] / 2) <= 1
        page.keyboard.press("Escape")
        expect(_lightbox(page)).to_have_count(0)


def test_the_panel_tells_what_is_known_and_stays_while_one_moves_on(page: Page) -> None:
    page.locator(TILES).nth(2).click()
    expect(_lightbox(page)).to_be_visible()
    page.keyboard.press("i")
    panel = page.get_by_role("complementary", name="Details")
    for said in ("001.jpg", "June 19, 2024", "Date from the camera", "time zone unknown", "JPEG · 200 × 300", "anna"):
        expect(panel).to_contain_text(said)
    page.keyboard.press("ArrowRight")
    expect(panel).to_contain_text("002.jpg")
    page.keyboard.press("i")
    expect(panel).to_be_hidden()


def test_zooming_in_further_than_the_copy_goes_shows_the_original(browser: Browser, gallery: Gallery) -> None:
    gallery.put("anna/large.jpg", photograph(NEWEST.replace(year=2025), (3200, 2400), seed=5))
    gallery.wait()
    with gallery.page(browser) as page:
        page.wait_for_selector(GRID)
        page.locator(TILES).first.click()
        shown = page.locator(".pswp__item[aria-hidden=false] img.pswp__img:not(.pswp__img--placeholder)")
        expect(shown).to_have_attribute("src", re.compile("/2048.webp$"))
        page.wait_for_timeout(600)
        page.keyboard.press("z")
        expect(shown).to_have_attribute("src", re.compile("/original/"))
        assert shown.evaluate("async image => (await image.decode(), image.naturalWidth)") == 3200


# --- form -------------------------------------------------------------------------------------------------------------


def test_keys_are_listed(page: Page) -> None:
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_contain_text("Go to date")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_the_theme_stays_as_chosen_and_comes_with_the_page(page: Page) -> None:
    page.locator(".account summary").click()
    with page.expect_response("**/api/v1/account"):
        page.get_by_label("Dark").check(force=True)
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == "rgb(18, 18, 18)"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, (820, 1180), PHONE], ids=["desktop", "tablet", "phone"])
def test_nothing_serious_is_found_by_axe(
    browser: Browser, gallery: Gallery, packages: Path, theme: str, size: tuple[int, int]
) -> None:
    with gallery.page(browser, size=size, touch=size == PHONE) as page:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.wait_for_selector(GRID)
        expect(page.locator(".tile:not(.loaded)")).to_have_count(0)
        name = f"{theme}-{size[0]}"
        states = {
            "timeline": lambda: None,
            "scrolled": lambda: (page.evaluate("scrollTo(0, 1500)"), page.wait_for_timeout(500)),
            "dates": lambda: page.keyboard.type("gd"),
            "keys": lambda: (page.keyboard.press("Escape"), page.keyboard.press("?")),
            "account": lambda: (page.keyboard.press("Escape"), page.locator(".account summary").press("Enter")),
            "photo": lambda: (
                page.keyboard.press("Escape"),
                page.locator(".tile a").nth(3).click(),
                page.wait_for_timeout(600),
            ),
        }
        for state, reach in states.items():
            reach()
            _screenshot(page, f"{state}-{name}")
            page.evaluate((packages.parent / "vendor-dev/axe-core/axe.min.js").read_text())
            found = page.evaluate(
                "async () => (await axe.run({ preload: false })).violations"
                ".filter(v => ['serious', 'critical'].includes(v.impact))"
                ".map(v => [v.id, v.nodes.map(n => n.html)])"
            )
            assert found == [], state
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state


def test_what_is_uploaded_appears_by_itself_at_the_top_and_is_announced_elsewhere(page: Page, gallery: Gallery) -> None:
    gallery.put("anna/newest.jpg", photograph(NEWEST.replace(year=2026, month=1), seed=77))
    expect(page.locator(TILES).first.locator("a")).to_have_attribute(
        "aria-label", "Photo, January 30, 2026, 6:00 PM", timeout=30_000
    )
    page.keyboard.press("End")
    page.wait_for_timeout(400)
    before = page.evaluate(FIRST)
    gallery.put("anna/newer.jpg", photograph(NEWEST.replace(year=2026, month=3), seed=78))
    fresh = page.get_by_role("button", name="1 new")
    expect(fresh).to_be_visible(timeout=30_000)
    assert abs(page.evaluate(WITHIN, before)) < 1
    fresh.click()
    expect(page.get_by_role("heading", name="March 2026")).to_be_in_viewport()
    expect(page.locator("#fresh")).to_be_hidden()
