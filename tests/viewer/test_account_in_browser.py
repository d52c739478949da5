"""Getting in and the account, as a person does it in a browser, on a phone and on a desktop."""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.components.gateway import Gateway, Options
from tests.viewer.conftest import SCREENSHOTS
from tests.viewer.silence import DESKTOP, silent_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

PASSWORD = "correct horse battery"
ANOTHER = "another good password"
PHONE = (390, 844)
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, packages: Path) -> Iterator[Gateway]:
    """Anna administers, Berta does not; "family" is nearly full, "choir" is full."""
    with Gateway(tmp_path_factory.mktemp("browser"), Options(workers=1)) as opened:
        opened.add_account("anna", "--admin", password=PASSWORD)
        opened.add_account("berta", password=PASSWORD)
        for space, size in (("family", 95_000), ("choir", 100_000)):
            opened.run("space", "add", space, "--quota", "100kB")
            opened.run("space", "grant", space, "anna", "editor")
            put(opened, f"{space}/a.bin", bytes(size))
        yield opened


def put(gateway: Gateway, path: str, content: bytes) -> None:
    secret = base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=30)
    connection.request("PUT", f"/dav/{path}", content, {"Authorization": f"Basic {secret}"})
    assert connection.getresponse().status == 201
    connection.close()


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_the_printed_password_leads_to_three_ways_to_begin(browser: Browser, gateway: Gateway) -> None:
    printed = gateway.run("user", "add", "clara", "--admin").stdout.split()[-1]
    with silent_page(browser, f"{gateway.url}/") as page:
        sign_in(page, "clara", printed)
        expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
        page.get_by_label("Your name").fill("Clara")
        page.get_by_label("Language").select_option("en")
        page.get_by_label("New password").fill(ANOTHER)
        page.screenshot(path=SCREENSHOTS / "welcome.png")
        page.get_by_role("button", name="Go to my photos").click()
        headings = page.locator(".beginnings h3")
        expect(headings).to_have_text(["Drop photos here", "A phone or a computer", "Take in an existing bucket"])
        expect(page.get_by_text("davgallery adopt Clara")).to_be_visible()
        page.screenshot(path=SCREENSHOTS / "beginnings.png")
        page.get_by_role("button", name="Choose files").click()
        expect(page.locator(".uploads")).to_be_visible()


def test_who_is_signed_out_meanwhile_signs_in_over_the_page(browser: Browser, gateway: Gateway) -> None:
    done = []
    # The browser itself complains of the answers 401.
    with suppress(AssertionError), silent_page(browser, f"{gateway.url}/sign-in?next=/account") as page:
        sign_in(page, "berta")
        page.get_by_label("What others call you").fill("not saved yet")
        before = page.evaluate("document.body.dataset.csrf")
        page.context.clear_cookies()
        page.locator(".account summary").click()
        page.locator(".menu").get_by_text("Dark").click()  # which the server is told
        dialog = page.get_by_role("dialog", name="Please sign in again")
        expect(dialog.get_by_label("Name")).to_have_value("berta")
        expect(dialog.get_by_label("Password")).to_be_focused()
        dialog.get_by_label("Password").fill("wrong")
        dialog.get_by_role("button", name="Sign in").click()
        expect(dialog.get_by_role("alert")).to_have_text("Wrong name or password.")
        page.screenshot(path=SCREENSHOTS / "sign-in-again.png")
        dialog.get_by_label("Password").fill(PASSWORD)
        with page.expect_response("**/api/v1/account") as told:
            dialog.get_by_role("button", name="Sign in").click()
        assert told.value.status == 204
        expect(dialog).to_have_count(0)
        expect(page.get_by_label("What others call you")).to_have_value("not saved yet")
        assert page.evaluate("document.body.dataset.csrf") != before
        # The forms of the page go on with the new session.
        page.locator("#name").get_by_role("button", name="Save").click()
        expect(page.get_by_label("What others call you")).to_have_value("not saved yet")
        page.reload()
        expect(page.get_by_role("heading", name="not saved yet")).to_be_visible()
        done.append(page.locator("html").get_attribute("data-theme"))
    assert done == ["dark"]


def test_sections_change_in_place(browser: Browser, gateway: Gateway) -> None:
    with silent_page(browser, f"{gateway.url}/sign-in?next=/account", PHONE, touch=True) as page:
        sign_in(page, "anna")
        page.evaluate("window.stays = true")
        page.get_by_label("Name of a new device").fill("Laptop")
        page.get_by_role("button", name="Make a password").click()
        secret = page.locator("#new-password")
        expect(secret).to_have_text(re.compile(r"^(\w{4}-){8}\w$"))
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == secret.text_content()
        page.get_by_role("button", name="End the password of Laptop").click()
        expect(page.get_by_text("Laptop", exact=True)).to_have_count(0)
        assert page.evaluate("window.stays")


def test_keys_of_one_letter_can_be_switched_off(browser: Browser, gateway: Gateway) -> None:
    with silent_page(browser, f"{gateway.url}/sign-in?next=/account") as page:
        sign_in(page, "anna")
        page.locator("h1").click()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        page.get_by_label("Keys of one letter do something").uncheck()
        page.locator("#pages").get_by_role("button", name="Save").click()
        page.wait_for_load_state()
        page.locator("h1").click()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)
        page.get_by_label("Keys of one letter do something").check()
        page.locator("#pages").get_by_role("button", name="Save").click()


def test_the_bar_of_a_nearly_full_space_is_closed_for_a_while(browser: Browser, gateway: Gateway) -> None:
    with silent_page(browser, f"{gateway.url}/sign-in") as page:
        sign_in(page, "anna")
        expect(page.get_by_text("family is nearly full")).to_be_visible()
        expect(page.get_by_text("choir is full")).to_be_visible()
        page.screenshot(path=SCREENSHOTS / "full.png")
        page.locator(".full").get_by_role("button", name="Close").click()
        page.reload()
        expect(page.get_by_text("choir is full")).to_be_visible()
        expect(page.get_by_text("family is nearly full")).to_have_count(0)
        page.get_by_role("link", name="See what takes space").click()
        expect(page.get_by_role("heading", name="Storage of choir")).to_be_visible()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_serious_is_found_by_axe(
    browser: Browser, gateway: Gateway, packages: Path, size: tuple[int, int], theme: str
) -> None:
    axe = (packages.parent / "vendor-dev/axe-core/axe.min.js").read_text()
    made = gateway.run("user", "invite", "--space", "family", "editor").stdout
    invitation = f"/invitation/{made.strip().rpartition('/')[2]}"
    with silent_page(browser, f"{gateway.url}{invitation}", size, touch=size == PHONE) as page:

        def judge(name: str) -> None:
            page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
            page.screenshot(path=SCREENSHOTS / f"{name}-{'phone' if size == PHONE else 'desktop'}-{theme}.png")
            page.evaluate(axe)
            found = page.evaluate(
                "async () => (await axe.run({ preload: false })).violations"
                ".map(v => [v.id, v.impact, v.nodes.map(n => n.html)])"
            )
            assert [one for one in found if one[1] in SERIOUS] == [], name
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name

        judge("invitation")
        page.goto("/sign-in")
        judge("sign-in")
        sign_in(page, "anna")
        page.wait_for_url("**/")
        for path in ("/account", "/account/storage?space=choir", "/admin/people"):
            page.goto(path)
            page.wait_for_load_state()
            judge(path.partition("?")[0].rpartition("/")[2])
