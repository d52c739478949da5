"""The account's page and that of people: over a real server, by what forms send."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
import requests

from tests.components.gateway import Gateway, Options
from tests.viewer.person import Person, alert

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "correct horse battery"
ANOTHER = "another good password"
HTMX = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile Safari/604.1"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, packages: Path) -> Iterator[Gateway]:
    """A server with an administrator and a shared space."""
    with Gateway(tmp_path_factory.mktemp("account"), Options(workers=1)) as opened:
        opened.add_account("anna", "--admin", password=PASSWORD)
        opened.run("space", "add", "family", "--quota", "1MB")
        opened.run("space", "grant", "family", "anna", "editor")
        yield opened


@pytest.fixture
def anna(gateway: Gateway) -> Person:
    """Anna, signed in."""
    anna = Person(gateway.url)
    anna.sign_in("anna", PASSWORD)
    return anna


def newcomer(gateway: Gateway, name: str, *words: str) -> Person:
    """An account of this name, signed in."""
    gateway.add_account(name, *words, password=PASSWORD)
    someone = Person(gateway.url)
    someone.sign_in(name, PASSWORD)
    return someone


def dav(gateway: Gateway, name: str, password: str) -> int:
    """The status that a device gets."""
    auth = (name, password)
    return requests.request("PROPFIND", gateway.dav(), auth=auth, headers={"Depth": "0"}, timeout=30).status_code


def put(gateway: Gateway, path: str, content: bytes, password: str = PASSWORD) -> int:
    return requests.put(gateway.dav(path), content, auth=("anna", password), timeout=30).status_code


# --- the account ------------------------------------------------------------------------------------------------------


def test_people_choose_what_they_are_called(gateway: Gateway) -> None:
    someone = newcomer(gateway, "nora")
    assert "<h1>Nora N.</h1>" in someone.submit("/account/name", called="Nora N.").text
    assert "<h1>nora</h1>" in someone.submit("/account/name", called="").text
    refused = someone.submit("/account/name", called="x" * 65)
    assert (refused.status_code, alert(refused)) == (
        400,
        "A name has at most 64 characters, and none that cannot be seen.",
    )


def test_markup_in_a_name_is_text(gateway: Gateway) -> None:
    someone = newcomer(gateway, "mallory")
    page = someone.submit("/account/name", called="<img src=x onerror=alert(1)>").text
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page
    page = someone.submit("/account/devices", label="<b>phone</b>").text
    assert "<b>phone</b>" not in page


def test_another_name_to_sign_in_with(gateway: Gateway) -> None:
    someone = newcomer(gateway, "olga")
    taken = someone.submit("/account/sign-in-name", name="anna")
    assert (taken.status_code, alert(taken)) == (409, "There is an account or space “anna” already.")
    assert "You sign in as Olga B" in someone.submit("/account/sign-in-name", name="Olga B").text
    assert Person(gateway.url).sign_in("olga b", PASSWORD).status_code == 200


def test_a_password_is_changed_by_who_knows_it(gateway: Gateway) -> None:
    someone, elsewhere = newcomer(gateway, "paula"), Person(gateway.url)
    elsewhere.sign_in("paula", PASSWORD)
    wrong = someone.submit("/account/password", old="wrong", password=ANOTHER)
    assert (wrong.status_code, alert(wrong)) == (400, "This is not your password.")
    assert elsewhere.is_signed_in()
    done = someone.submit("/account/password", old=PASSWORD, password=ANOTHER)
    assert "Your password is changed." in done.text
    assert someone.is_signed_in()
    assert not elsewhere.is_signed_in()
    assert Person(gateway.url).sign_in("paula", ANOTHER).status_code == 200


def test_the_password_of_a_device_is_shown_once_and_works_until_it_is_ended(gateway: Gateway) -> None:
    someone = newcomer(gateway, "quinn")
    made = someone.submit("/account/devices", label="Quinn’s phone")
    found = re.search(r'<code id="new-password">([^<]+)</code>', made.text)
    assert found
    assert made.headers["Cache-Control"] == "no-store"
    password = found[1]
    assert dav(gateway, "quinn", password) == 207
    page = unescape(someone.get("/account").text)
    assert password not in page
    assert "Quinn’s phone" in page
    assert "from 127.0.0.1" in page
    device = re.search(r"/account/devices/(\d+)/end", page)
    assert device
    other = newcomer(gateway, "rosa")
    assert other.submit(f"/account/devices/{device[1]}/end").status_code == 404
    assert dav(gateway, "quinn", password) == 207
    someone.submit(f"/account/devices/{device[1]}/end")
    assert dav(gateway, "quinn", password) == 401


def test_programs_are_listed_and_ended(gateway: Gateway) -> None:
    someone = newcomer(gateway, "petra")
    assert "Programs" not in someone.get("/account").text
    wanted = {"name": "petra", "password": PASSWORD, "scopes": ["photos:read"], "device": "backup"}
    token = requests.post(f"{gateway.url}/api/v1/tokens", json=wanted, timeout=30).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}

    def status() -> int:
        return requests.get(f"{gateway.url}/api/v1/photos", headers=bearer, timeout=30).status_code

    assert status() == 200
    page = someone.get("/account").text
    assert "<b>backup</b>" in page
    assert "photos:read" in page
    program = re.search(r"/account/programs/(\d+)/end", page)
    assert program
    assert newcomer(gateway, "rolf").submit(f"/account/programs/{program[1]}/end").status_code == 404
    assert status() == 200
    assert "Programs" not in someone.submit(f"/account/programs/{program[1]}/end").text
    assert status() == 401


def test_browsers_are_listed_and_ended(gateway: Gateway) -> None:
    someone, phone, third = newcomer(gateway, "sven"), Person(gateway.url, IPHONE), Person(gateway.url)
    for one in (phone, third):
        one.sign_in("sven", PASSWORD)
    page = someone.get("/account").text
    for text in ("Firefox on Linux", "Safari on iPhone", "This browser"):
        assert text in page
    listed = re.findall(r'name="session" value="([0-9a-f]{64})".*?Sign out ([\w ]+)"', page, re.DOTALL)
    assert sorted(name for _, name in listed) == ["Firefox on Linux", "Safari on iPhone"]
    (iphone,) = (session for session, name in listed if "iPhone" in name)
    assert newcomer(gateway, "tara").submit("/account/sessions/end", session=iphone).status_code == 404
    someone.submit("/account/sessions/end", session=iphone)
    assert [one.is_signed_in() for one in (someone, phone, third)] == [True, False, True]
    someone.submit("/account/sessions/end", others="1")
    assert [one.is_signed_in() for one in (someone, third)] == [True, False]


def test_pages_come_in_the_language_and_theme_of_the_account(gateway: Gateway) -> None:
    someone = newcomer(gateway, "udo")
    someone.submit("/account/pages", language="ru", theme="dark")
    page = Person(gateway.url)
    page.sign_in("udo", PASSWORD)
    text = page.get("/account").text
    assert '<html lang="ru" data-theme="dark">' in text
    assert 'data-shortcuts="off"' in text  # the box was not checked
    page.submit("/account/pages", language="", theme="light", shortcuts="on")
    text = page.get("/account", headers={"Accept-Language": "es"}).text
    assert '<html lang="es" data-theme="light">' in text
    assert "data-shortcuts" not in text
    # After signing out the browser keeps the colours.
    page.submit("/sign-out")
    assert 'data-theme="light"' in page.get("/sign-in").text
    assert someone.submit("/account/pages", language="ru", theme="pink").status_code == 400


def test_a_script_changes_the_theme(gateway: Gateway) -> None:
    someone = newcomer(gateway, "vera")
    headers = {"X-CSRF-Token": someone.csrf()}
    assert (
        someone.patch("/api/v1/account", json={"theme": "dark", "shortcuts": False}, headers=headers).status_code == 204
    )
    assert 'data-theme="dark"' in someone.get("/account").text
    assert someone.patch("/api/v1/account", json={"theme": "pink"}, headers=headers).status_code == 400
    assert someone.patch("/api/v1/account", json={"theme": "light"}).status_code == 403


@pytest.mark.parametrize(
    ("path", "fields", "section"),
    [
        ("name", {"called": "A"}, "name"),
        ("password", {"old": "wrong", "password": ANOTHER}, "password"),
        ("devices", {"label": "x"}, "devices"),
        ("sessions/end", {"session": "0" * 64}, "sessions"),
    ],
)
def test_with_htmx_the_section_alone_is_answered(anna: Person, path: str, fields: dict[str, str], section: str) -> None:
    answer = anna.post(f"/account/{path}", fields | {"csrf": anna.csrf()}, headers=HTMX)
    assert answer.text.strip().startswith(f'<section id="{section}"')
    assert "<html" not in answer.text


def test_without_a_session_the_account_is_nobodys(gateway: Gateway) -> None:
    nobody = Person(gateway.url)
    assert nobody.get("/account").url.endswith("/sign-in?next=/account")
    assert nobody.post("/account/name", {"called": "x"}).status_code == 401


# --- room -------------------------------------------------------------------------------------------------------------


def test_what_takes_space_is_shown_to_members_of_the_space(gateway: Gateway, anna: Person) -> None:
    assert put(gateway, "family/letter.pdf", b"%PDF-" + bytes(1225)) in {201, 204}
    page = unescape(anna.get("/account/storage?space=family").text)
    for text in ("Storage of family", "letter.pdf", "1.23 kB of 1 MB", "Other files"):
        assert text in page
    assert newcomer(gateway, "willi").get("/account/storage?space=family").status_code == 404


def test_members_are_told_when_a_space_fills_and_when_it_is_full(gateway: Gateway, anna: Person) -> None:
    gateway.run("space", "add", "tiny", "--quota", "100kB")
    gateway.run("space", "grant", "tiny", "anna", "editor")
    viewer = newcomer(gateway, "xaver")
    gateway.run("space", "grant", "tiny", "xaver", "viewer")
    assert "tiny is" not in anna.get("/").text
    assert put(gateway, "tiny/a.bin", bytes(92_000)) == 201
    for one in (anna, viewer):
        assert "tiny is nearly full: 92 kB of 100 kB." in one.get("/").text
    number = re.search(r'data-quiet="(\d+)"', anna.get("/").text)
    assert number
    anna.cookies.set("quiet", f"{number[1]}.999")
    assert "tiny is nearly full" not in anna.get("/").text
    assert put(gateway, "tiny/b.bin", bytes(8_000)) == 201
    # Who closed the first bar sees the second.
    for one in (anna, viewer):
        page = one.get("/").text
        assert "tiny is full (100 kB of 100 kB). Photos from your devices are being refused." in page
        assert 'data-quiet="' not in page
    storage = anna.get("/account/storage?space=tiny").text
    assert "Photos from your devices are being refused until there is room." in storage
    assert re.search(r"ask for more room: admin, \w+\.", storage)


def test_the_meter_is_on_every_page(anna: Person) -> None:
    for path in ("/", "/account", "/folders"):
        assert 'class="meter"' in anna.get(path).text


# --- people -----------------------------------------------------------------------------------------------------------


def _link(page: str) -> str:
    found = re.search(r'id="new-link" value="([^"]+)"', page)
    assert found
    return found[1]


def test_an_administrator_invites_somebody(gateway: Gateway, anna: Person) -> None:
    made = anna.submit("/admin/people/invite", **{"name": "yara", "quota": "2.5", "space:family": "2"})
    link = _link(made.text)
    assert link.startswith(f"{gateway.url}/invitation/")
    assert "<svg" in made.text
    assert made.headers["Cache-Control"] == "no-store"
    page = anna.get("/admin/people").text
    assert link not in page
    assert "Invitation for yara" in page
    yara = Person(gateway.url)
    assert "2.5 GB" in yara.get(link).text
    yara.post(link, {"name": "yara", "password": ANOTHER})
    assert yara.is_signed_in()
    assert "Invitation of yara" in anna.get("/admin/people").text
    spaces = yara.get("/account").text
    assert "/account/storage?space=family" in spaces


def test_an_administrator_makes_another_one(gateway: Gateway, anna: Person) -> None:
    zoe = Person(gateway.url)
    zoe.post(_link(anna.submit("/admin/people/invite", admin="on").text), {"name": "zoe", "password": ANOTHER})
    assert zoe.get("/admin/people").status_code == 200


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": "anna"}, 409),
        ({"name": "a/b"}, 400),
        ({"quota": "much"}, 400),
        ({"quota": "-1"}, 400),
        ({"quota": "nan"}, 400),
    ],
)
def test_what_cannot_be_promised_is_said_with_the_form_as_it_was(
    anna: Person, fields: dict[str, str], status: int
) -> None:
    answer = anna.submit("/admin/people/invite", **fields)
    assert (answer.status_code, bool(alert(answer))) == (status, True)
    for value in fields.values():
        assert f'value="{value}"' in answer.text


def test_an_administrator_helps_who_forgot_their_password(gateway: Gateway, anna: Person) -> None:
    newcomer(gateway, "quirin")
    made = anna.submit("/admin/people/reset", name="quirin")
    quirin = Person(gateway.url)
    quirin.post(_link(made.text), {"password": ANOTHER})
    assert quirin.is_signed_in()
    assert anna.submit("/admin/people/reset", name="nobody").status_code == 404


def test_a_link_can_be_revoked(gateway: Gateway, anna: Person) -> None:
    link = _link(anna.submit("/admin/people/invite").text)
    number = re.findall(r"/admin/people/links/(\d+)/revoke", anna.get("/admin/people").text)[0]
    anna.submit(f"/admin/people/links/{number}/revoke")
    assert Person(gateway.url).get(link).status_code == 404
    assert anna.submit(f"/admin/people/links/{number}/revoke").status_code == 404
