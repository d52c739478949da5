"""A real browser on our scripts and styles. It must stay silent, and on this machine."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.tools import tool
from tests.viewer.silence import silent_page
from tests.viewer.site import Site
from viewer.packages import install

FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --enable-precise-memory-info""".split()
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
SCREENSHOTS = Path(__file__).parents[2] / ".screenshots"


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder of the packages' files; those that only tests need are in ``vendor-dev`` beside it."""
    prefix = Path(sys.prefix)
    with FileLock(prefix / ".vendor.lock"):
        install(prefix / "vendor")
        install(prefix / "vendor-dev", Path(__file__).parent)
    return prefix / "vendor"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    with sync_playwright() as playwright:
        path = tool("chromium", package="chromium")
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, NOWHERE])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(packages: Path) -> Iterator[Site]:
    """Our static files over HTTP."""
    with Site() as site:
        yield site


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """A page of ``site`` without anything on it. Whatever it says in the console or asks of others fails the test."""
    with silent_page(browser, site.url) as page:
        yield page


@pytest.fixture
def screenshot(page: Page) -> Callable[[str], Path]:
    """Take a picture of the page under this name, for eyes to judge; returns where it is."""

    def take(name: str) -> Path:
        path = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=path)
        return path

    return take
