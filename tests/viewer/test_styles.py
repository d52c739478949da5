"""Colours and plain elements, light and dark."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.repository.source import ROOT
from tests.viewer.silence import silent_page
from tests.viewer.site import Site

CSS = ROOT / "viewer/static/css"
PAGES = Path(__file__).parent / "pages"
GREYS = ("--bg", "--surface", "--raised", "--hover")
# What is read or seen, on what, and the contrast that it has at least.
CONTRASTS = [
    *(("--text", grey, 11.0) for grey in GREYS),
    *(("--text-2", grey, 5.7) for grey in GREYS),
    ("--accent", "--bg", 5.8),
    ("--on-accent", "--accent", 5.8),
    ("--text", "--accent-bg", 11.5),
    ("--danger", "--danger-bg", 4.5),
    ("--warn", "--warn-bg", 4.5),
    ("--danger", "--bg", 6.5),
    ("--warn", "--bg", 7.1),
    ("--ok", "--bg", 6.3),
    ("--control", "--bg", 3.7),
]


def _tokens(page: Page) -> dict[str, str]:
    names = sorted({name for pair in CONTRASTS for name in pair[:2]})
    script = "names => names.map(n => getComputedStyle(document.documentElement).getPropertyValue(n).trim())"
    return dict(zip(names, page.evaluate(script, names), strict=True))


def _contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it."""
    low, high = sorted(_luminance(colour) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(part, 16) / 255 for part in re.findall("..", colour.removeprefix("#"))]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.fixture
def elements(site: Site, page: Page) -> Page:
    """A page with one of each element."""
    page.goto(site.add("/elements", body=(PAGES / "elements.html").read_text(), styles=("tokens", "base")))
    return page


def _set_theme(page: Page, theme: str) -> None:
    page.evaluate("theme => document.documentElement.setAttribute('data-theme', theme)", theme)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read(elements: Page, theme: str) -> None:
    _set_theme(elements, theme)
    tokens = _tokens(elements)
    low = [(a, b) for a, b, least in CONTRASTS if round(_contrast(tokens[a], tokens[b]), 1) < least]
    assert low == []


def test_a_person_may_leave_the_choice_to_the_system(elements: Page) -> None:
    seen = {}
    for theme in ("light", "dark", "system"):
        for scheme in ("light", "dark"):
            elements.emulate_media(color_scheme=scheme)
            _set_theme(elements, theme)
            seen[theme, scheme] = _tokens(elements)
    assert seen["light", "light"] == seen["light", "dark"] == seen["system", "light"]
    assert seen["dark", "light"] == seen["dark", "dark"] == seen["system", "dark"]
    assert seen["light", "light"] != seen["dark", "dark"]


def test_both_dark_blocks_are_the_same() -> None:
    dark, system = re.findall(
        r"\[data-theme='(?:dark|system)'\] \{(.*?)\}", (CSS / "tokens.css").read_text(), re.DOTALL
    )
    assert dark.split() == system.split()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (1440, 900)], ids=["phone", "desktop"])
def test_elements_are_accessible(
    elements: Page, screenshot: Callable[[str], Path], theme: str, size: tuple[int, int]
) -> None:
    _set_theme(elements, theme)
    elements.set_viewport_size({"width": size[0], "height": size[1]})
    elements.evaluate("() => import('/dev/axe-core/axe.min.js')")
    for opened in (False, True):
        elements.evaluate("open => open && document.getElementById('dialog').showModal()", opened)
        screenshot(f"elements-{theme}-{size[0]}{'-dialog' if opened else ''}")
        found = elements.evaluate("async () => (await axe.run()).violations.map(v => [v.id, v.nodes.map(n => n.html)])")
        assert found == []
    assert elements.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("touch", "least"), [(False, 32), (True, 44)], ids=["mouse", "finger"])
def test_targets_are_large_enough(browser: Browser, site: Site, *, touch: bool, least: int) -> None:
    address = site.add("/elements", body=(PAGES / "elements.html").read_text(), styles=("tokens", "base"))
    with silent_page(browser, address, touch=touch) as page:
        boxes = [target.bounding_box() for target in page.locator("main > .actions .button, .field > input").all()]
        assert len(boxes) == 7
        assert all(box and min(box["width"], box["height"]) >= least for box in boxes)
        assert page.locator("#name").evaluate("e => getComputedStyle(e).fontSize") == ("16px" if touch else "15px")


def test_motion_can_be_switched_off(elements: Page) -> None:
    elements.emulate_media(reduced_motion="reduce")
    assert elements.locator(".button").first.evaluate("e => getComputedStyle(e).transitionDuration") == "0s"
