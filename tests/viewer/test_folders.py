"""Folders, what arrived last, and favourites as a person uses them: a real server, a real browser."""

from __future__ import annotations

import base64
import json
import re
from contextlib import suppress
from http.client import HTTPConnection
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from tests.viewer.conftest import SCREENSHOTS
from tests.viewer.gallery import NEWEST, Gallery, photograph
from tests.viewer.silence import DESKTOP

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

PHONE = (390, 844)
GRID = "#grid[data-ready]"
NAMES = ("ü שלום", "<b>bold<b>", "two  spaces", "\u202egpj.exe", "x" * 200)
FILES = 120


def dav(gallery: Gallery, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Ask the WebDAV door as Anna."""
    secret = base64.b64encode(f"anna:{gallery.password}".encode()).decode()
    connection = HTTPConnection(urlsplit(gallery.gateway.url).netloc, timeout=30)
    given = {name.capitalize(): value for name, value in headers.items()}
    connection.request(method, f"/dav/{quote(path)}", body, {"Authorization": f"Basic {secret}", **given})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """Anna with photographs and a tree of folders."""
    with Gallery.open(tmp_path_factory.mktemp("gallery"), 8) as opened:
        for path in ("anna/2019", "anna/2019/Rome", "anna/Empty", "anna/Names", "anna/Many"):
            assert dav(opened, "MKCOL", path)[0] == 201
        for number in range(3):
            opened.put(f"anna/2019/{number}.jpg", photograph(NEWEST.replace(year=1985), seed=60 + number))
        opened.put("anna/2019/Rome/night.jpg", photograph(NEWEST.replace(year=1986), seed=70))
        opened.put("anna/report.pdf", b"%PDF-1.4 nothing")
        for name in NAMES:
            assert dav(opened, "PUT", f"anna/Names/{name}", b"x")[0] == 201
        for number in range(FILES):
            assert dav(opened, "PUT", f"anna/Many/{number:03}.txt", b"x" * number)[0] == 201
        opened.wait()
        yield opened


def _photos(page: Page) -> Locator:
    page.wait_for_selector(GRID)
    return page.locator(".tile")


def _screenshot(page: Page, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


# --- folders ----------------------------------------------------------------------------------------------------------


def test_folders_lead_from_spaces_down_to_photos_and_up_again(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser) as page:
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Folders").click()
        expect(page.get_by_role("heading", name="Folders", level=1)).to_be_visible()
        expect(page.locator(".folder")).to_contain_text(["anna", "family"])
        page.get_by_role("link", name=re.compile("^anna Your own space")).click()
        page.get_by_role("link", name=re.compile("^2019 4 photos")).click()
        assert page.url.endswith("/folders/anna/2019")
        assert _photos(page).count() == 3
        page.get_by_role("link", name=re.compile("^Rome 1 photo")).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Rome")
        crumbs = page.get_by_role("navigation", name="Where this is").get_by_role("link")
        expect(crumbs).to_have_text(["Folders", "anna", "2019"])
        crumbs.nth(1).click()
        assert page.url.endswith("/folders/anna")


def test_a_photo_of_a_folder_opens_over_it_and_tells_its_folder(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/folders/anna/2019/0.jpg") as page:
        expect(page.locator(".pswp--open")).to_be_visible()
        assert re.search(r"/folders/anna/2019\?photo=\d+$", page.url)
        page.keyboard.press("i")
        panel = page.get_by_role("complementary", name="Details")
        expect(panel.get_by_role("link", name="anna/2019")).to_have_attribute("href", "/folders/anna/2019")
        page.keyboard.press("Escape")
        expect(page.locator(".pswp--open")).to_have_count(0)
        assert page.url.endswith("/folders/anna/2019")


def test_names_are_shown_exactly_and_files_are_downloaded(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/folders/anna/Names") as page:
        shown = page.locator("#files .name").all_text_contents()
        assert sorted(shown) == sorted(name.replace("\u202e", "U+202E") for name in NAMES)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        with page.expect_download() as download:
            page.get_by_role("link", name="<b>bold<b>").click()
        assert download.value.path().read_bytes() == b"x"


def test_long_lists_go_on_by_themselves_in_the_chosen_order(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/folders/anna/Many") as page:
        assert page.locator("#files > li:not(.more)").count() == 100
        page.get_by_label("Order").select_option("-size")
        page.wait_for_url("**/folders/anna/Many?sort=-size")
        page.locator("#files .more").scroll_into_view_if_needed()
        expect(page.locator("#files > li")).to_have_count(FILES)
        assert page.locator("#files .name").all_text_contents() == [f"{n:03}.txt" for n in reversed(range(FILES))]


def test_a_folder_is_made_by_keys_alone(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/folders/anna") as page:
        page.get_by_role("button", name="New folder").focus()
        page.keyboard.press("Enter")
        page.keyboard.type("Made & named #1")
        page.keyboard.press("Enter")
        page.wait_for_url("**/folders/anna/Made*")
        expect(page.get_by_role("heading", level=1)).to_have_text("Made & named #1")
        expect(page.get_by_role("heading", name="Empty folder")).to_be_visible()
    assert dav(gallery, "PROPFIND", "anna/Made & named #1", depth="0")[0] == 207


def test_a_name_that_is_taken_is_said_where_it_was_typed(browser: Browser, gallery: Gallery) -> None:
    said = []
    with suppress(AssertionError), gallery.page(browser, "/folders/anna") as page:  # the browser complains of a 409
        page.get_by_role("button", name="New folder").click()
        page.get_by_label("Name").fill("2019")
        page.keyboard.press("Enter")
        problem = page.get_by_role("dialog").get_by_role("alert")
        expect(problem).not_to_be_empty()
        said.append(problem.text_content())
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        said.append(page.url.rpartition("/")[2])
    assert said == ["The name is taken.", "anna"]


def test_a_photo_that_comes_is_offered_and_shown(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/folders/anna/Empty") as page:
        gallery.put("anna/Empty/new.jpg", photograph(NEWEST, seed=90))
        fresh = page.get_by_role("button", name="Show what is new")
        expect(fresh).to_be_visible(timeout=30_000)
        fresh.click()
        expect(page.locator(".tile")).to_have_count(1)
        assert dav(gallery, "DELETE", "anna/Empty/new.jpg")[0] == 204


def test_keys_lead_to_the_pages(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/favourites") as page:
        for key, address in (("f", "/folders"), ("r", "/gallery?sort=-added"), ("p", "/")):
            page.keyboard.press("g")
            page.keyboard.press(key)
            page.wait_for_url(f"**{address}")


# --- what arrived last ------------------------------------------------------------------------------------------------


def test_what_arrived_last_stands_first_with_its_folder_whenever_it_was_taken(
    browser: Browser, gallery: Gallery
) -> None:
    with gallery.page(browser, "/gallery?sort=-added") as page:
        tiles = _photos(page)
        expect(page.get_by_role("heading", name="Recently added")).to_be_visible()
        expect(tiles.first.locator(".caption")).to_have_text(re.compile(r"^anna/2019/Rome · \S"))
        expect(tiles.first.locator("a")).to_have_attribute("aria-label", re.compile("June 30, 1986"))
        expect(page.locator('.rail > [aria-current="page"]')).to_contain_text("Recently added")
    with gallery.page(browser, "/folders/family?sort=-size", name="berta") as page:
        expect(_photos(page)).to_have_count(1)
        expect(page.locator(".badge")).to_have_count(0)


# --- favourites -------------------------------------------------------------------------------------------------------


def test_a_heart_is_given_by_a_key_and_taken_back(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/favourites") as page:
        expect(page.get_by_role("heading", name="No favourites yet")).to_be_visible()
        page.goto("/")
        tile = _photos(page).nth(1)
        tile.locator("a").focus()
        page.keyboard.press("f")
        expect(tile.locator(".badge.heart")).to_be_visible()
        expect(tile.locator("a")).to_have_attribute("aria-label", re.compile(", favourite$"))
        toast = page.locator(".toast")
        expect(toast).to_contain_text("Added to your favourites.")
        _screenshot(page, "favourite-toast")
        toast.get_by_role("button", name="Undo").click()
        expect(tile.locator(".badge.heart")).to_have_count(0)
        page.wait_for_load_state("networkidle")
        page.goto("/favourites")
        expect(page.get_by_role("heading", name="No favourites yet")).to_be_visible()


def test_the_heart_of_the_lightbox_is_that_of_the_grid(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser) as page:
        _photos(page).nth(2).click()
        heart = page.locator(".pswp__button--favourite")
        expect(heart).to_have_attribute("aria-pressed", "false")
        heart.click()
        expect(heart).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("ArrowRight")
        expect(heart).to_have_attribute("aria-pressed", "false")
        page.keyboard.press("f")
        expect(heart).to_have_attribute("aria-pressed", "true")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("Escape")
        expect(page.locator(".badge.heart")).to_have_count(2)
        page.goto("/favourites")
        assert _photos(page).count() == 2
        page.locator(".tile a").first.focus()
        page.keyboard.press("f")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("f")
        page.wait_for_load_state("networkidle")
        page.reload()
        expect(page.get_by_role("heading", name="No favourites yet")).to_be_visible()


def test_a_heart_that_the_server_does_not_take_is_taken_back(browser: Browser, gallery: Gallery) -> None:
    said = []
    with suppress(AssertionError), gallery.page(browser) as page:  # the browser complains of the lost request
        tile = _photos(page).nth(1)
        page.route("**/favourite", lambda route: route.abort())
        tile.locator("a").focus()
        page.keyboard.press("f")
        expect(page.locator(".toast")).to_contain_text("No connection")
        expect(tile.locator(".badge.heart")).to_have_count(0)
        said.append("taken back")
    assert said == ["taken back"]


# --- form -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_serious_is_found_by_axe(
    browser: Browser, gallery: Gallery, packages: Path, theme: str, size: tuple[int, int]
) -> None:
    states: dict[str, Any] = {
        "spaces": "/folders",
        "folder": "/folders/anna",
        "files": "/folders/anna/Names",
        "empty-folder": "/folders/anna/Empty",
        "no-favourites": "/favourites",
        "recent": "/gallery?sort=-added",
        "new-folder": lambda page: (
            page.goto("/folders/anna"),
            page.get_by_role("button", name="New folder").click(),
        ),
        "more": lambda page: (page.keyboard.press("Escape"), page.locator(".more > summary").click()),
    }
    with gallery.page(browser, size=size, touch=size == PHONE) as page:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for state, reach in states.items():
            if state == "more" and size != PHONE:
                continue
            if isinstance(reach, str):
                page.goto(reach)
            else:
                reach(page)
            if page.locator("#grid").count():
                page.wait_for_selector(GRID)
                expect(page.locator(".tile:not(.loaded, .bare)")).to_have_count(0)
            _screenshot(page, f"{state}-{theme}-{size[0]}")
            page.evaluate((packages.parent / "vendor-dev/axe-core/axe.min.js").read_text())
            found = page.evaluate(
                "async () => (await axe.run({ preload: false })).violations"
                ".filter(v => ['serious', 'critical'].includes(v.impact))"
                ".map(v => [v.id, v.nodes.map(n => n.html)])"
            )
            assert found == [], state
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state


# --- equal to WebDAV --------------------------------------------------------------------------------------------------


def test_after_anything_on_the_network_drive_folders_show_what_it_lists(browser: Browser, gallery: Gallery) -> None:
    random = Random(5)
    names = ("a.jpg", "b.jpg", "c.txt", "ü.jpg", "d e.pdf", "f", "g")
    dav(gallery, "MKCOL", "family/play")

    def place() -> str:
        return "/".join(["family/play", *random.choices("fg", k=random.randrange(3)), random.choice(names)])

    for turn in range(80):
        act = random.choice(("PUT", "PUT", "PUT", "MKCOL", "MKCOL", "MOVE", "COPY", "DELETE"))
        if act == "PUT":
            dav(gallery, act, place(), photograph(NEWEST, seed=turn) if random.random() < 0.5 else b"text")
        elif act in ("MOVE", "COPY"):
            goal = f"{gallery.gateway.url}/dav/{quote(place())}"
            dav(gallery, act, place(), destination=goal, overwrite=random.choice("TF"))
        else:
            dav(gallery, act, place())
    gallery.gateway.run("index", "--wait", check=False)
    with gallery.page(browser, "/folders/family/play") as page:
        checked = _assert_like_propfind(page, gallery, "family/play")
    assert checked > 3


def _assert_like_propfind(page: Page, gallery: Gallery, path: str) -> int:
    """A folder and all below it; how many there are."""
    status, body = dav(gallery, "PROPFIND", path, depth="1")
    assert status == 207
    listed = [unquote(one.text or "") for one in ElementTree.fromstring(body).iter("{DAV:}href")]
    members = sorted(one.removeprefix(f"/dav/{path}/") for one in listed if one.rstrip("/") != f"/dav/{path}")

    def asked(address: str) -> dict[str, Any]:
        text = page.evaluate("async (address) => (await fetch(address)).text()", address)
        return dict(json.loads(text))

    folder = asked(f"/api/v1/folders/{quote(path)}")
    photos = asked(folder["view"] + "&limit=500")["photos"]
    shown = [f"{one['name']}/" for one in folder["folders"]]
    shown += [one["name"] for one in folder["files"]]
    shown += [asked(one["details"])["name"] for one in photos]
    assert sorted(shown) == members
    below = (_assert_like_propfind(page, gallery, f"{path}/{one['name']}") for one in folder["folders"])
    return 1 + sum(below)
