"""The gallery below a prefix that a proxy has it at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.components.gateway import Gateway, Options
from tests.components.nginx import Nginx
from tests.support.ports import free_port
from tests.viewer.gallery import NEWEST, Gallery, photograph
from tests.viewer.silence import silent_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

PROXY = """
    server {{
        listen 127.0.0.1:{{port}};
        location /photos/ {{ proxy_pass http://127.0.0.1:{port}/; }}
    }}
"""


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a proxy has the gallery of Anna, who has one photograph."""
    port = free_port()
    options = Options(workers=1, indexers=1, environment={"DAVGALLERY_PUBLIC_URL": f"http://127.0.0.1:{port}/photos"})
    with Gateway(tmp_path_factory.mktemp("prefix"), options) as gateway:
        gallery = Gallery(gateway)
        gateway.add_account("anna", password=gallery.password)
        gallery.put("anna/a.jpg", photograph(NEWEST))
        gallery.wait()
        with Nginx(PROXY.format(port=gateway.port), port=port) as nginx:
            yield f"{nginx.url}/photos"


@pytest.fixture
def page(browser: Browser, outside: str) -> Iterator[Page]:
    """Anna's photos, after she was sent to sign in first."""
    with silent_page(browser, f"{outside}/?at=2024-06-30") as page:
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password").fill("correct horse battery")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector("#grid[data-ready]")
        yield page


def test_who_signed_in_comes_to_the_page_they_wanted(page: Page, outside: str) -> None:
    assert page.url == f"{outside}/?at=2024-06-30"


def test_pictures_and_the_panel_come_from_below_the_prefix(page: Page) -> None:
    shown = page.locator(".tile img").first
    shown.evaluate("image => image.decode()")
    assert shown.evaluate("image => image.naturalWidth") > 0
    page.locator(".tile a").first.click()
    page.wait_for_selector(".pswp--open")
    page.keyboard.press("i")
    expect(page.locator(".pswp").get_by_text("a.jpg").first).to_be_visible()


@pytest.mark.parametrize("place", ["Folders", "Map", "Search", "Favourites", "Recently added", "Trash", "Connect"])
def test_every_place_of_the_rail_is_below_the_prefix(page: Page, outside: str, place: str) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=place).click()
    page.wait_for_load_state("networkidle")
    assert page.url.startswith(f"{outside}/")
    expect(page.locator("main")).to_be_visible()
