"""Connecting devices as people do: what the page says is done as it stands, by real clients, and the page notices."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from tests.clients.mounts import Davfs
from tests.components.gateway import Gateway, Options
from tests.dav.harness import Client
from tests.support.rclone import BINARY
from tests.viewer.conftest import SCREENSHOTS
from tests.viewer.gallery import NEWEST, Gallery, photograph
from tests.viewer.silence import DESKTOP, silent_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

PHONE = (390, 844)
SECONDS = 15_000
KINDS = ("iphone", "android", "mac", "windows", "linux", "davfs2", "rclone", "other")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """A server that only this computer reaches."""
    with Gateway(tmp_path_factory.mktemp("here"), Options(workers=1)) as gateway:
        gallery = Gallery(gateway)
        gateway.add_account("anna", password=gallery.password)
        gateway.add_account("berta", "--quota", "1KB", password=gallery.password)
        yield gallery


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    """A server that people call by a name."""
    settings = {"DAVGALLERY_PUBLIC_URL": "https://photos.example.org"}
    with Gateway(tmp_path_factory.mktemp("public"), Options(workers=1, environment=settings)) as gateway:
        gallery = Gallery(gateway)
        gateway.add_account("anna", password=gallery.password)
        yield gallery


def add(page: Page, kind: str, name: str) -> Locator:
    """Choose a kind of device on the page and call it so; what says whether it has come."""
    page.goto("/connect")
    page.locator(f'.kind[href$="device={kind}"]').click()
    page.get_by_label("What is the device called?").fill(name)
    page.get_by_role("button", name="Make its password").click()
    waiting = page.locator("#waiting")
    expect(waiting).to_contain_text(f"Waiting for “{name}”…")
    return waiting


def password(page: Page) -> str:
    """The password that the page shows."""
    return page.locator(".password code").inner_text()


def entries(page: Page) -> dict[str, str]:
    """What is to be entered where."""
    rows = page.locator(".entries > div")
    return dict(rows.evaluate_all("rows => rows.map(row => [...row.children].map(cell => cell.innerText.trim()))"))


def commands(page: Page) -> list[str]:
    return page.locator(".command code").all_inner_texts()


def shell(command: str, home: Path) -> None:
    """Run a command of the page as it stands, in a home of its own."""
    folder = Path(BINARY).parent
    environ = {"HOME": str(home), "RCLONE_CONFIG": str(home / "rclone.conf"), "PATH": f"{folder}:/usr/bin:/bin"}
    subprocess.run(command, shell=True, cwd=home, env=environ, check=True, timeout=60)


def screenshot(page: Page, name: str) -> None:
    page.screenshot(path=SCREENSHOTS / f"connect-{name}.png", full_page=True)


# --- real clients -----------------------------------------------------------------------------------------------------


def test_rclone_connects_by_the_commands_of_the_page(browser: Browser, gallery: Gallery, tmp_path: Path) -> None:
    (tmp_path / "Pictures").mkdir()
    for number in range(2):
        (tmp_path / f"Pictures/{number}.jpg").write_bytes(photograph(NEWEST, seed=number))
    with gallery.page(browser, "/connect") as page:
        waiting = add(page, "rclone", "Anna’s server")
        create, copy = commands(page)
        shell(create, tmp_path)
        shell(copy, tmp_path)
        expect(waiting).to_contain_text("“Anna’s server” is connected", timeout=SECONDS)
        expect(waiting).to_contain_text("2 photos arrived", timeout=SECONDS)
        screenshot(page, "connected")
        (tmp_path / "Pictures/notes.txt").write_text("not a photo")
        shell(copy, tmp_path)
        (tmp_path / "Pictures/2.jpg").write_bytes(photograph(NEWEST, seed=2))
        shell(copy, tmp_path)
        expect(waiting).to_contain_text("3 photos arrived", timeout=SECONDS)


def test_davfs2_connects_with_what_the_page_says(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/connect") as page:
        waiting = add(page, "davfs2", "attic")
        url, user, secret = re.findall(r"echo '(\S+) (\S+) (\S+)'", commands(page)[1])[0]
        assert secret == password(page)
        assert f" {url} /mnt/photos" in commands(page)[2]
        with Davfs(url, user, secret) as drive:
            expect(waiting).to_contain_text("“attic” is connected", timeout=SECONDS)
            expect(waiting).to_contain_text("Nothing has been uploaded yet.")
            (drive.path / "anna" / "from davfs2.jpg").write_bytes(photograph(NEWEST, seed=7))
            expect(waiting).to_contain_text("1 photo arrived", timeout=SECONDS)


def test_curl_uploads_by_the_command_of_the_page(browser: Browser, gallery: Gallery, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(photograph(NEWEST, seed=9))
    with gallery.page(browser, "/connect") as page:
        waiting = add(page, "other", "script")
        shell(commands(page)[0], tmp_path)
        expect(waiting).to_contain_text("1 photo arrived", timeout=SECONDS)


def test_an_app_connects_with_the_parts_of_the_address(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/connect") as page:
        waiting = add(page, "iphone", "iPhone")
        entered = entries(page)
        assert entered["Use SSL"] == "off"
        assert entered["Server"] == "127.0.0.1"
        phone = Client(int(entered["Port"]), entered["Login"], entered["Password"], entered["Directory"])
        assert phone("MKCOL", "2024").status == 201
        assert phone("PUT", "2024/a.jpg", photograph(NEWEST, seed=11)).status == 201
        expect(waiting).to_contain_text("1 photo arrived", timeout=SECONDS)


def test_why_nothing_arrives_is_said(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/connect", name="berta") as page:
        waiting = add(page, "other", "camera")
        camera = Client(gallery.gateway.port, "berta", password(page), "/dav/berta/")
        assert camera("PUT", "large.jpg", photograph(NEWEST) * 2).status == 507
        expect(waiting).to_contain_text("An upload was refused: The space is full.", timeout=SECONDS)


# --- the page ---------------------------------------------------------------------------------------------------------


def test_loading_the_page_again_makes_no_other_password(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/connect") as page:
        add(page, "mac", "Anna’s Mac")
        secret = password(page)
        expect(page).to_have_url(re.compile("credential="))
        page.reload()
        expect(page.locator("#waiting")).to_contain_text("Waiting for “Anna’s Mac”…")
        assert secret not in page.content()
        expect(page.get_by_text("The password was shown once")).to_be_visible()
    told = gallery.gateway.run("user", "devices", "anna").stdout
    assert told.count("Anna’s Mac") == 1


def test_a_copied_text_is_exact(browser: Browser, gallery: Gallery) -> None:
    with gallery.page(browser, "/connect") as page:
        page.context.grant_permissions(["clipboard-read"])
        add(page, "rclone", "copying")
        page.get_by_role("button", name="Copy the password").click()
        expect(page.locator("#copied")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == password(page)
        page.evaluate("delete Navigator.prototype.clipboard")  # as where there is no encryption
        page.get_by_role("button", name="Copy the command").first.click()
        expect(page.locator("#copied")).to_have_text("Copied")
        page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), { id: 'pasted' }))")
        page.locator("#pasted").press("Control+V")
        expect(page.locator("#pasted")).to_have_value(commands(page)[0])


def test_a_code_opens_the_page_on_a_phone_for_it_alone_and_once(browser: Browser, public: Gallery) -> None:
    with public.page(browser, "/connect?device=iphone") as page:
        page.get_by_role("button", name="Show a code for the phone").click()
        picture = Image.open(io.BytesIO(page.locator(".qr").screenshot()))
        link = zxingcpp.read_barcode(picture.convert("L")).text
        screenshot(page, "code")
    assert link.startswith("https://photos.example.org/invitation/")
    path = link.removeprefix("https://photos.example.org")
    with silent_page(browser, public.gateway.url + path, PHONE, touch=True) as phone:
        screenshot(phone, "invited")
        phone.get_by_role("button", name="Continue").click()
        expect(phone.get_by_role("heading", name="iPhone or iPad")).to_be_visible()
        assert phone.get_by_role("navigation").count() == 0
        phone.get_by_role("button", name="Make its password").click()
        expect(phone.locator("#waiting")).to_contain_text("Waiting for “iPhone”…")
        screenshot(phone, "alone")
        client = Client(public.gateway.port, "anna", password(phone), "/dav/anna/")
        assert client("PUT", "phone.jpg", photograph(NEWEST)).status == 201
        expect(phone.locator("#waiting")).to_contain_text("1 photo arrived", timeout=SECONDS)
        phone.goto("/")
        expect(phone).to_have_url(re.compile("/sign-in"))
    assert requests.get(public.gateway.url + path, timeout=10).status_code in {404, 410}


def test_what_will_not_work_is_said_before(browser: Browser, gallery: Gallery, public: Gallery) -> None:
    with gallery.page(browser, "/connect?device=iphone") as page:
        expect(page.get_by_text("A phone cannot reach this address")).to_be_visible()
        expect(page.get_by_role("button", name="Show a code")).to_have_count(0)
        add(page, "windows", "PC")
        expect(page.get_by_text("Windows does not sign in to an address without encryption")).to_be_visible()
        assert "BasicAuthLevel /t REG_DWORD /d 2" in commands(page)[0]
    with public.page(browser, "/connect") as page:
        add(page, "windows", "PC")
        expect(page.locator(".bar.warn:visible, .bar.danger:visible")).to_have_count(0)
        assert "FileSizeLimitInBytes /t REG_DWORD /d 0xffffffff" in commands(page)[0]
        assert "BasicAuthLevel" not in page.content()


def test_who_is_not_signed_in_signs_in_first(browser: Browser, gallery: Gallery) -> None:
    with silent_page(browser, f"{gallery.gateway.url}/connect?device=mac") as page:
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password", exact=True).fill(gallery.password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Mac")).to_be_visible()


@pytest.mark.parametrize("method", ["PUT", "POST", "MKCOL", "DELETE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", "/connect", "/anna/a.jpg"])
def test_files_are_never_taken_outside_the_door(gallery: Gallery, method: str, path: str) -> None:
    """An app that was given the wrong address must not believe that its photos are safe."""
    answer = requests.request(
        method,
        gallery.gateway.url + path,
        data=b"x",
        auth=("anna", gallery.password),
        timeout=10,
        allow_redirects=False,
    )
    assert answer.status_code in range(400, 500)


@pytest.mark.parametrize(("theme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["desktop", "phone"])
def test_nothing_serious_is_found_by_axe(
    browser: Browser, public: Gallery, packages: Path, theme: str, size: tuple[int, int]
) -> None:
    with public.page(browser, "/connect", size=size, touch=size == PHONE) as page:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")

        def judge(state: str) -> None:
            screenshot(page, f"{state}-{theme}-{size[0]}")
            page.evaluate((packages.parent / "vendor-dev/axe-core/axe.min.js").read_text())
            found = page.evaluate(
                "async () => (await axe.run({ preload: false })).violations"
                ".filter(v => ['serious', 'critical'].includes(v.impact))"
                ".map(v => [v.id, v.nodes.map(n => n.html)])"
            )
            assert found == [], state
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state

        judge("kinds")
        for kind in KINDS:
            page.goto(f"/connect?device={kind}")
            judge(f"{kind}-asks")
            page.get_by_role("button", name="Make its password").click()
            page.wait_for_selector("#waiting")
            for more in page.locator("details.further > summary").all():
                more.click()
            judge(kind)
