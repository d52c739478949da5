"""The trash as a person uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests
from playwright.sync_api import expect

from tests.viewer.conftest import SCREENSHOTS
from tests.viewer.gallery import NEWEST, Gallery, photograph

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

PHONE = (390, 844)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    with Gallery.open(tmp_path_factory.mktemp("gallery"), 1) as opened:
        yield opened


def delete(gallery: Gallery, *paths: str, name: str = "anna") -> None:
    """Upload a photograph at each path, and delete it."""
    for number, path in enumerate(paths):
        gallery.put(path, photograph(NEWEST, seed=number))
    gallery.wait()
    for path in paths:
        address = f"{gallery.gateway.url}/dav/{path}"
        requests.delete(address, auth=(name, gallery.password), timeout=30).raise_for_status()


@pytest.fixture
def page(browser: Browser, gallery: Gallery) -> Iterator[Page]:
    """Anna's trash, with three photographs in it."""
    delete(gallery, "anna/one.jpg", "anna/two.jpg", "anna/three.jpg")
    with gallery.page(browser, "/trash") as page:
        yield page
        requests.delete(f"{gallery.gateway.url}/api/v1/trash/anna", auth=("anna", gallery.password), timeout=30)


def test_what_was_deleted_is_shown_with_its_picture_and_the_days_that_are_left(page: Page) -> None:
    shown = page.locator("#items > li").filter(has_text="one.jpg").first
    expect(shown).to_contain_text("30 days left")
    expect(shown).to_contain_text("From the space itself")
    assert shown.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_a_photo_is_restored_to_where_it_was(page: Page, gallery: Gallery) -> None:
    page.locator("#items > li").filter(has_text="two.jpg").first.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("status").filter(has_text="two.jpg is back.")).to_be_visible()
    found = requests.get(f"{gallery.gateway.url}/dav/anna/two.jpg", auth=("anna", gallery.password), timeout=30)
    assert found.content == photograph(NEWEST, seed=1)


def test_deleting_for_ever_asks_first(page: Page) -> None:
    before = page.locator("#items > li").count()
    shown = page.locator("#items > li").filter(has_text="three.jpg").first
    shown.get_by_role("button", name="Delete three.jpg for ever").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert page.locator("#items > li").count() == before
    shown.get_by_role("button", name="Delete three.jpg for ever").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for ever").click()
    expect(page.locator("#items > li")).to_have_count(before - 1)


def test_the_trash_is_emptied(page: Page) -> None:
    page.get_by_role("button", name="Empty trash").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for ever").click()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    expect(page.get_by_role("button", name="Empty trash")).to_have_count(0)


def test_members_see_what_others_deleted_and_cannot_end_it(browser: Browser, gallery: Gallery) -> None:
    delete(gallery, "family/hers.jpg")
    with gallery.page(browser, "/trash/family", name="berta") as page:
        shown = page.locator("#items > li").filter(has_text="hers.jpg")
        expect(shown).to_be_visible()
        expect(shown.get_by_role("button")).to_have_count(0)
        expect(page.get_by_role("button", name="Empty trash")).to_have_count(0)


def test_the_trash_of_others_is_not_there(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/connect", name="berta") as page:
        answer = page.request.get(f"{gallery.gateway.url}/trash/anna")
    assert answer.status == 404


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), PHONE], ids=["desktop", "phone"])
def test_nothing_serious_is_found_by_axe(
    browser: Browser, gallery: Gallery, packages: Path, size: tuple[int, int], theme: str
) -> None:
    delete(gallery, "anna/one.jpg", "anna/a-name-that-is-much-too-long-for-any-card-of-the-trash.jpg", "anna/three.jpg")
    with gallery.page(browser, "/trash", size=size, touch=size == PHONE) as page:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=SCREENSHOTS / f"trash-{theme}-{size[0]}.png")
        page.evaluate((packages.parent / "vendor-dev/axe-core/axe.min.js").read_text())
        found = page.evaluate("async () => (await axe.run({ preload: false })).violations")
    assert [(one["id"], one["impact"]) for one in found if one["impact"] in {"serious", "critical"}] == []
