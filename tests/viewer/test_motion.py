"""Videos, live photos and the slideshow: real films in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.indexer.clips import clip
from tests.viewer.conftest import SCREENSHOTS
from tests.viewer.gallery import NEWEST, Gallery, photograph

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

GRID = "#grid[data-ready]"
VIDEO = ".pswp__item[aria-hidden=false] .media video"
NOTE = ".pswp__item[aria-hidden=false] .media-note"
STATE = "video => [video.videoWidth, video.duration, video.currentTime, video.paused]"


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """A film that browsers play, one that Chromium does not, a live photo, a motion photo, and a photograph."""
    folder = tmp_path_factory.mktemp("motion")
    with Gallery.open(folder, 0) as opened:
        film = clip(folder / "film.mp4", frames=600, size=(640, 360), container={"movflags": "faststart"})
        new = clip(folder / "new.mov", frames=90, size=(320, 180), codec="libx265")
        moving = clip(folder / "moving.mov", frames=60, size=(320, 240))
        small = clip(folder / "small.mp4", frames=30, size=(320, 240))
        opened.put("anna/VID_20240620_120000.mp4", film.read_bytes())
        opened.put("anna/VID_20240619_120000.mov", new.read_bytes())
        opened.put("anna/live.jpg", photograph(NEWEST.replace(day=18), (640, 480), seed=2))
        opened.put("anna/live.mov", moving.read_bytes())
        opened.put("anna/MVIMG_1.jpg", _motion_photo(photograph(NEWEST.replace(day=17), (640, 480), seed=3), small))
        opened.put("anna/plain.jpg", photograph(NEWEST.replace(day=16), (640, 480), seed=4))
        opened.wait()
        yield opened


def _motion_photo(still: bytes, film: Path) -> bytes:
    """As Google's cameras write it: XMP in the photograph tells how long the film behind it is."""
    moving = film.read_bytes()
    xmp = (
        b"http://ns.adobe.com/xap/1.0/\0"
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideo="1" '
        b'GCamera:MicroVideoVersion="1" GCamera:MicroVideoOffset="%d"/></rdf:RDF></x:xmpmeta>' % len(moving)
    )
    return still[:2] + b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp + still[2:] + moving


@pytest.fixture
def page(browser: Browser, gallery: Gallery) -> Iterator[Page]:
    with gallery.page(browser, "/?space=anna") as page:
        page.wait_for_selector(GRID)
        yield page


def _open(page: Page, number: int) -> None:
    page.locator(".tile .open").nth(number).click()
    expect(page.locator(".pswp--open")).to_be_visible()


def test_a_video_plays_and_is_sought_by_ranges(page: Page) -> None:
    expect(page.locator(".tile").first.locator(".badge")).to_have_text("0:20")
    asked: list[tuple[str | None, int]] = []
    page.on(
        "response",
        lambda one: asked.append((one.request.headers.get("range"), one.status)) if "/play/" in one.url else None,
    )
    _open(page, 0)
    video = page.locator(VIDEO)
    assert (
        video.evaluate("v => [v.controls, v.playsInline, new URL(v.poster).pathname.endsWith('2048.webp')]")
        == [True] * 3
    )
    page.wait_for_function(f"() => document.querySelector('{VIDEO}').readyState >= 1")
    page.keyboard.press(" ")
    page.wait_for_function(f"() => document.querySelector('{VIDEO}').currentTime > 0.2")
    video.evaluate("async v => { v.currentTime = 15; await new Promise(done => v.onseeked = done); v.pause(); }")
    width, duration, now, is_paused = video.evaluate(STATE)
    assert (width, round(duration), round(now), is_paused) == (640, 20, 15, True)
    assert asked
    assert all(given is not None and status == 206 for given, status in asked), asked
    page.screenshot(path=SCREENSHOTS / "video.png")


def test_a_video_that_the_browser_cannot_play_keeps_its_poster_and_gets_a_copy_that_plays(page: Page) -> None:
    _open(page, 1)
    note = page.locator(NOTE)
    expect(note).to_contain_text("This browser can’t play this video (HEVC)")
    expect(note.get_by_role("link", name="Download")).to_be_visible()
    assert page.locator(VIDEO).evaluate("v => [v.controls, v.hasAttribute('src'), v.hasAttribute('poster')]") == [
        False,
        False,
        True,
    ]
    page.wait_for_timeout(400)
    page.screenshot(path=SCREENSHOTS / "video-unplayable.png")
    note.get_by_role("button", name="Make a playable copy").click()
    expect(note.get_by_role("status")).to_contain_text("copy")
    expect(note).to_have_count(0, timeout=60_000)
    page.wait_for_function(f"() => document.querySelector('{VIDEO}').videoWidth > 0")
    page.keyboard.press(" ")
    page.wait_for_function(f"() => document.querySelector('{VIDEO}').currentTime > 0.2")


@pytest.mark.parametrize("number", [2, 3], ids=["a file beside it", "inside it"])
def test_a_live_photo_moves_under_the_pointer_and_while_it_is_held(page: Page, number: int) -> None:
    tile = page.locator(".tile").nth(number)
    expect(tile.locator(".badge").first).to_have_text("LIVE")
    tile.hover()
    tile.locator(".film.seen").wait_for()
    assert tile.locator(".film").evaluate("v => [v.muted, v.videoWidth]") == [True, 320]
    page.mouse.move(5, 5)
    expect(tile.locator(".film")).to_have_count(0)
    _open(page, number)
    page.wait_for_timeout(500)
    moving = page.locator(".pswp .film")
    page.get_by_role("button", name="LIVE").hover()
    page.locator(".pswp .film.seen").wait_for()
    page.screenshot(path=SCREENSHOTS / f"live-{number}.png")
    page.mouse.move(700, 600)
    expect(moving).to_have_count(0)
    before = page.locator(".pswp__item[aria-hidden=false] .pswp__img").last.bounding_box()
    page.mouse.down()
    page.locator(".pswp .film.seen").wait_for()
    page.mouse.up()
    expect(moving).to_have_count(0)
    page.wait_for_timeout(500)
    assert page.locator(".pswp__item[aria-hidden=false] .pswp__img").last.bounding_box() == before, "it zoomed"
    page.keyboard.press(" ")
    page.locator(".pswp .film.seen").wait_for()
    expect(moving).to_have_count(0, timeout=10_000)


def test_who_wants_no_motion_sees_none_until_they_hold_it(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/?space=anna") as page:
        page.emulate_media(reduced_motion="reduce")
        page.wait_for_selector(GRID)
        tile = page.locator(".tile").nth(2)
        tile.hover()
        page.wait_for_timeout(700)
        expect(tile.locator(".film")).to_have_count(0)
        page.mouse.down()
        tile.locator(".film.seen").wait_for()
        page.mouse.up()


def test_a_slideshow_goes_on_by_itself_from_the_last_photo_to_the_first(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/?space=anna") as page:
        last = page.locator(".tile").last.get_attribute("data-id")
        page.goto(f"/?space=anna&photo={last}&slideshow=1")
        page.locator(".pswp.slideshow").wait_for()
        page.wait_for_url(re.compile(rf"photo=(?!{last}\b)\d+"), timeout=10_000)
        assert "slideshow=1" in page.url
        page.wait_for_function(f"() => document.querySelector('{VIDEO}')?.currentTime > 2", timeout=20_000)
        page.keyboard.press("s")
        expect(page.locator(".pswp.slideshow")).to_have_count(0)
        assert "slideshow" not in page.url
        shown = page.url
        page.wait_for_timeout(1500)
        assert page.url == shown


def test_the_key_s_begins_a_slideshow_that_fills_the_screen(page: Page) -> None:
    _open(page, 4)
    page.keyboard.press("s")
    page.wait_for_function("() => document.fullscreenElement !== null")
    expect(page.get_by_role("button", name="End the slideshow")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".slideshow")).to_have_count(0)


def test_on_a_phone_a_live_photo_moves_under_the_finger(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/?space=anna", size=(390, 844), touch=True) as page:
        page.wait_for_selector(GRID)
        tile = page.locator(".tile").nth(2)
        box = tile.bounding_box()
        assert box is not None
        client = page.context.new_cdp_session(page)
        point = {"x": box["x"] + 20, "y": box["y"] + 20}
        client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        tile.locator(".film.seen").wait_for()
        client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(tile.locator(".film")).to_have_count(0)
