"""Signing in and out, the first start, and links: over a real server, by what a browser sends."""

from __future__ import annotations

import re
import sqlite3
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
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


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, packages: Path) -> Iterator[Gateway]:
    """A server that believes what a proxy says of who asks, so that tests do not slow each other down."""
    trusted = {"DAVGALLERY_TRUSTED_PROXIES": "127.0.0.1"}
    with Gateway(tmp_path_factory.mktemp("getting_in"), Options(workers=2, environment=trusted)) as opened:
        opened.add_account("anna", "--admin", password=PASSWORD)
        opened.add_account("berta", password=PASSWORD)
        yield opened


def person(gateway: Gateway, address: str = "192.0.2.1") -> Person:
    someone = Person(gateway.url)
    someone.headers["X-Forwarded-For"] = address
    return someone


@pytest.fixture
def anna(gateway: Gateway) -> Person:
    """Anna, who administers, signed in."""
    anna = person(gateway)
    anna.sign_in("anna", PASSWORD)
    return anna


def link_of(gateway: Gateway, *words: str) -> str:
    """The path of a link that the command made."""
    return "/invitation/" + gateway.run("user", *words).stdout.split()[-1].rpartition("/")[2]


# --- signing in -------------------------------------------------------------------------------------------------------


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(gateway: Gateway) -> None:
    someone = person(gateway, "198.51.100.1")
    wrong, unknown = someone.sign_in("anna", "wrong"), someone.sign_in("nobody", "wrong")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert wrong.text.replace("anna", "nobody") == unknown.text
    assert alert(wrong) == "Wrong name or password."
    assert not someone.is_signed_in()


def test_an_unknown_name_takes_as_long_as_a_wrong_password(gateway: Gateway) -> None:
    def seconds(name: str, number: int) -> float:
        begun = time.perf_counter()
        person(gateway, f"198.51.100.{number}").sign_in(name, "wrong")
        return time.perf_counter() - begun

    seconds("anna", 2)
    known, unknown = [], []
    for number in range(3, 8):
        known.append(seconds("berta", number))
        unknown.append(seconds(f"nobody{number}", number))
    # One without a check of the password takes a few milliseconds, one with it some dozens at least.
    assert statistics.median(unknown) > statistics.median(known) / 3


def test_who_was_removed_is_unknown(gateway: Gateway) -> None:
    gateway.add_account("gone", password=PASSWORD)
    gone = person(gateway)
    gone.sign_in("gone", PASSWORD)
    assert gone.is_signed_in()
    gateway.run("user", "remove", "gone")
    assert not gone.is_signed_in()
    answer = person(gateway, "198.51.100.9").sign_in("gone", PASSWORD)
    assert (answer.status_code, alert(answer)) == (401, "Wrong name or password.")


def test_guessing_is_slowed_down_with_the_seconds(gateway: Gateway) -> None:
    someone = person(gateway, "198.51.100.10")
    answers = [someone.sign_in("anna", f"guess {number}") for number in range(8)]
    last = answers[-1]
    assert last.status_code == 429
    assert re.fullmatch(r"Too many wrong tries\. Please wait \d+ seconds?, then try again\.", alert(last))
    assert int(last.headers["Retry-After"]) > 0
    # Not even the right password is tried now, and others are not held up.
    assert someone.sign_in("anna", PASSWORD).status_code == 429
    assert person(gateway, "198.51.100.11").sign_in("anna", PASSWORD).status_code == 200


def test_a_session_is_never_one_that_was_there_before(gateway: Gateway) -> None:
    someone = person(gateway)
    someone.cookies.set("davgallery", "planted", domain="127.0.0.1", path="/")
    someone.sign_in("anna", PASSWORD)
    first = someone.cookies["davgallery"]
    assert first != "planted"
    someone.sign_in("anna", PASSWORD)
    assert someone.cookies["davgallery"] != first
    old = person(gateway)
    old.cookies.set("davgallery", first)
    assert not old.is_signed_in()


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(gateway: Gateway) -> None:
    answer = person(gateway).sign_in("anna", PASSWORD, allow_redirects=False)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=2592000" in cookie
    secure = person(gateway)
    secure.headers["X-Forwarded-Proto"] = "https"
    cookie = secure.sign_in("anna", PASSWORD, allow_redirects=False).headers["Set-Cookie"]
    assert cookie.startswith("__Host-davgallery=")
    assert "Secure" in cookie


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "\t//evil.example",
        "/\n/evil",
    ],
)
def test_nobody_is_sent_to_another_site(gateway: Gateway, wanted: str) -> None:
    answer = person(gateway).post(
        "/sign-in", {"name": "anna", "password": PASSWORD, "next": wanted}, allow_redirects=False
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_who_wanted_something_gets_it_after_signing_in(gateway: Gateway) -> None:
    someone = person(gateway)
    asked = someone.get("/account?a=1#b", allow_redirects=False).headers["Location"]
    form = someone.get(asked).text
    wanted = re.search(r'name="next" value="([^"]+)"', form)
    assert wanted
    answer = someone.post("/sign-in", {"name": "anna", "password": PASSWORD, "next": wanted[1]}, allow_redirects=False)
    assert answer.headers["Location"] == "/account?a=1"


def test_a_script_signs_in_over_its_page(gateway: Gateway) -> None:
    someone = person(gateway)
    headers = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
    answer = someone.post("/sign-in", {"name": "anna", "password": "wrong"}, headers=headers)
    assert (answer.status_code, answer.json()["detail"]) == (401, "Wrong name or password.")
    answer = someone.post("/sign-in", {"name": "anna", "password": PASSWORD}, headers=headers)
    assert answer.json() == {"csrf": someone.csrf()}


def test_the_cookie_lives_on_with_its_session(gateway: Gateway, anna: Person) -> None:
    token = anna.cookies["davgallery"]
    assert "Set-Cookie" not in anna.get("/account").headers
    _age_sessions(gateway)
    answer = anna.get("/account")
    assert f"davgallery={token}; " in answer.headers["Set-Cookie"]
    assert "Max-Age=2592000" in answer.headers["Set-Cookie"]
    assert "Set-Cookie" not in anna.get("/account").headers


def _age_sessions(gateway: Gateway) -> None:
    """As if two hours had passed."""
    with sqlite3.connect(gateway.data / "catalogue.sqlite3", timeout=30) as database:
        database.execute("UPDATE session SET used = used - 7200000000, expires = expires - 7200000000")


# --- signing out ------------------------------------------------------------------------------------------------------


def test_signing_out_ends_the_session_and_what_the_browser_kept(gateway: Gateway, anna: Person) -> None:
    token = anna.cookies["davgallery"]
    answer = anna.post("/sign-out", {"csrf": anna.csrf()}, allow_redirects=False)
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    again = person(gateway)
    again.cookies.set("davgallery", token)
    assert not again.is_signed_in()


def test_signing_out_everywhere_ends_all(gateway: Gateway) -> None:
    people = [person(gateway) for _ in range(3)]
    for one in people:
        one.sign_in("berta", PASSWORD)
    people[0].submit("/sign-out", everywhere="1")
    assert [one.is_signed_in() for one in people] == [False, False, False]


@pytest.mark.parametrize(
    "path",
    [
        "/sign-out",
        "/account/name",
        "/account/sign-in-name",
        "/account/password",
        "/account/pages",
        "/account/devices",
        "/account/devices/1/end",
        "/account/sessions/end",
        "/admin/people/invite",
        "/admin/people/reset",
        "/admin/people/links/1/revoke",
    ],
)
def test_other_sites_and_forms_without_our_secret_change_nothing(anna: Person, path: str) -> None:
    everything = {"name": "stolen", "called": "stolen", "password": ANOTHER, "old": PASSWORD, "label": "x"}
    assert anna.post(path, everything).status_code == 403
    assert anna.post(path, everything | {"csrf": "0" * 64}).status_code == 403
    evil = everything | {"csrf": anna.csrf()}
    assert anna.post(path, evil, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert anna.post(path, evil, headers={"Origin": "https://evil.example"}).status_code == 403
    assert anna.is_signed_in()


def test_another_site_signs_nobody_in(gateway: Gateway) -> None:
    someone = person(gateway)
    form = {"name": "anna", "password": PASSWORD}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert someone.post("/sign-in", form, headers=headers).status_code == 403
        link = link_of(gateway, "reset-link", "berta")
        assert someone.post(link, {"password": PASSWORD}, headers=headers).status_code == 403
    assert not someone.is_signed_in()


# --- the first start --------------------------------------------------------------------------------------------------


def test_a_printed_password_opens_one_page_where_another_one_is_chosen(gateway: Gateway) -> None:
    printed = gateway.run("user", "add", "clara").stdout.split()[-1]
    clara, elsewhere = person(gateway), person(gateway)
    for one in (clara, elsewhere):
        assert one.sign_in("clara", printed).url.startswith(f"{gateway.url}/welcome")
    # Wherever it wants to go.
    assert clara.get("/account").url.startswith(f"{gateway.url}/welcome")
    assert clara.get("/api/v1/photos/segments").status_code == 403
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', clara.get("/welcome").text)
    assert token
    form = {"csrf": token[1], "name": "clara", "language": "es"}
    for password, problem in ((printed, "Otros"), ("short", "8")):
        answer = clara.post("/welcome", form | {"password": password})
        assert answer.status_code == 400
        assert alert(answer), problem
    answer = clara.post("/welcome", form | {"password": ANOTHER, "next": "/account"}, allow_redirects=False)
    assert answer.headers["Location"] == "/account"
    assert clara.is_signed_in()
    assert '<html lang="es"' in clara.get("/account").text
    assert not elsewhere.is_signed_in()
    assert person(gateway).sign_in("clara", printed).status_code == 401
    assert clara.get("/welcome", allow_redirects=False).headers["Location"] == "/"


def test_nobody_in_particular_has_no_first_start(gateway: Gateway) -> None:
    assert person(gateway).get("/welcome").status_code == 401


# --- links ------------------------------------------------------------------------------------------------------------


def test_who_is_invited_chooses_name_and_password_and_is_in(gateway: Gateway) -> None:
    gateway.run("space", "add", "choir")
    link = link_of(gateway, "invite", "--name", "dora", "--quota", "20GB", "--space", "choir", "editor")
    dora = person(gateway)
    page = dora.get(link)
    assert page.status_code == 200
    for text in ('value="dora"', "20 GB", "choir"):
        assert text in page.text
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    taken = dora.post(link, {"name": "anna", "password": ANOTHER})
    assert (taken.status_code, alert(taken)) == (409, "There is an account or space “anna” already.")
    answer = dora.post(link, {"name": "Dora B", "password": ANOTHER, "language": "ru"}, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert dora.is_signed_in()
    assert '<html lang="ru"' in dora.get("/account").text
    assert person(gateway).sign_in("dora b", ANOTHER).status_code == 200
    for again in (person(gateway).get(link), person(gateway).post(link, {"name": "eve", "password": ANOTHER})):
        assert again.status_code == 404


def test_looking_at_a_link_does_not_use_it(gateway: Gateway) -> None:
    link = link_of(gateway, "invite")
    for _ in range(3):
        assert person(gateway).get(link).status_code == 200
        assert person(gateway).head(link).status_code == 200


def test_of_many_who_open_one_link_one_gets_in(gateway: Gateway) -> None:
    link = link_of(gateway, "invite")

    def accept(number: int) -> int:
        form = {"name": f"many{number}", "password": ANOTHER}
        return person(gateway, f"203.0.113.{number}").post(link, form, allow_redirects=False).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(accept, range(6)))
    assert statuses == [303, 404, 404, 404, 404, 404]


def test_every_link_that_opens_nothing_is_answered_alike(gateway: Gateway, anna: Person) -> None:
    used, revoked = link_of(gateway, "reset-link", "berta"), link_of(gateway, "invite")
    person(gateway).post(used, {"password": PASSWORD})
    number = re.findall(r"/admin/people/links/(\d+)/revoke", anna.get("/admin/people").text)[0]
    anna.submit(f"/admin/people/links/{number}/revoke")
    answers = [person(gateway).get(path) for path in (used, revoked, "/invitation/nothing")]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.text for answer in answers}) == 1
    assert "This link has ended. Ask the person who sent it." in answers[0].text


def test_trying_links_is_slowed_down(gateway: Gateway) -> None:
    good, someone = link_of(gateway, "invite"), person(gateway, "203.0.113.100")
    statuses = [someone.get(f"/invitation/{number}").status_code for number in range(24)]
    assert statuses[:21] == [404] * 21
    assert statuses[-1] == 429
    assert someone.get(good).status_code == 429
    assert person(gateway, "203.0.113.101").get(good).status_code == 200


def test_a_forgotten_password_is_chosen_anew_and_other_browsers_are_out(gateway: Gateway) -> None:
    gateway.add_account("frieda", password=PASSWORD)
    before, frieda = person(gateway), person(gateway)
    before.sign_in("frieda", PASSWORD)
    link = link_of(gateway, "reset-link", "frieda")
    assert "frieda" in frieda.get(link).text
    frieda.post(link, {"password": ANOTHER})
    assert frieda.is_signed_in()
    assert not before.is_signed_in()


def test_a_link_for_a_phone_opens_the_page_for_devices_and_nothing_else(gateway: Gateway, anna: Person) -> None:
    made = anna.submit("/connect/link", device="iphone")
    assert made.status_code == 200
    found = re.search(r"/invitation/([\w-]+)", made.text)
    assert found
    path = f"/invitation/{found[1]}?device=iphone"
    phone = person(gateway)
    assert "anna" in phone.get(path).text
    answer = phone.post(path, allow_redirects=False)
    assert answer.headers["Location"].startswith("/connect")
    assert "device=iphone" in answer.headers["Location"]
    assert "Max-Age=3600" in answer.headers["Set-Cookie"]
    assert phone.get("/connect", allow_redirects=False).status_code == 200
    assert not phone.is_signed_in()
    for closed in ("/", "/folders", "/admin/people", "/account/storage"):
        assert phone.get(closed, allow_redirects=False).status_code == 302
    assert phone.get("/api/v1/photos/segments").status_code == 401
    assert person(gateway).post(path).status_code == 404


def test_who_is_signed_in_already_comes_to_the_page_for_devices_at_once(gateway: Gateway, anna: Person) -> None:
    found = re.search(r"/invitation/([\w-]+)", anna.submit("/connect/link", device="iphone").text)
    assert found
    answer = anna.get(f"/invitation/{found[1]}?device=iphone", allow_redirects=False)
    assert answer.headers["Location"].startswith("/connect")
    assert anna.is_signed_in()


def test_pages_say_nothing_of_a_link_to_others(gateway: Gateway) -> None:
    link = link_of(gateway, "invite")
    person(gateway).get(link)
    assert link.rpartition("/")[2] not in gateway.log


def test_who_is_no_administrator_finds_no_people(gateway: Gateway) -> None:
    berta = person(gateway)
    berta.sign_in("berta", PASSWORD)
    assert berta.get("/admin/people").status_code == 404
    for path in ("invite", "reset", "links/1/revoke"):
        assert berta.submit(f"/admin/people/{path}", name="anna").status_code == 404
    assert "/admin/people" not in berta.get("/account").text
    assert requests.get(f"{gateway.url}/admin/people", timeout=30).url.endswith("/sign-in?next=/admin/people")
