"""What the browser tests stand on: a page that speaks, or asks another host, fails."""

import pytest
from playwright.sync_api import Browser

from tests.viewer.silence import silent_page
from tests.viewer.site import Site

COMPLAINTS = {
    "console": ("console.info('hello')", "info: hello"),
    "error": ("setTimeout(() => { throw new Error('oh') })", "error: oh"),
    "policy": (
        "document.body.append(Object.assign(document.createElement('script'), {textContent: '1'}))",
        "Content Security Policy",
    ),
    "missing file": ("document.body.append(Object.assign(new Image(), {src: '/gone.png'}))", "404"),
    "another host": ("document.body.append(Object.assign(new Image(), {src: 'http://example.test/'}))", "Policy"),
    "leaving": ("document.location = 'http://192.0.2.1/'", "asked for http://192.0.2.1/"),
}


@pytest.mark.parametrize(("script", "says"), COMPLAINTS.values(), ids=COMPLAINTS)
def test_a_page_that_complains_or_leaves_is_an_error(browser: Browser, site: Site, script: str, says: str) -> None:
    with pytest.raises(AssertionError, match=says), silent_page(browser, site.url) as page:  # noqa: PT012 - its end raises
        page.evaluate(f"() => {{ {script} }}")
        page.wait_for_timeout(200)


def test_a_silent_page_is_none(browser: Browser, site: Site) -> None:
    with silent_page(browser, site.url) as page:
        assert page.evaluate("document.title") == "Test"
