"""Programs ask for tokens, show them, and are refused what these do not allow."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.library.conftest import _cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house
from tests.library.house import PASSWORD
from tests.library.pictures import index, picture
from viewer.app import create_app

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.library.house import House

__all__ = ["_cheap_passwords", "_furnished_postgres", "_furnished_sqlite", "catalogue", "house"]

ALICE = {"name": "alice", "password": PASSWORD, "device": "Backup"}
INVALID = 'Bearer realm="davgallery", error="invalid_token", error_description="{}"'


@pytest.fixture
def client(house: House, packages: Path) -> FlaskClient:
    """A program."""
    return create_app(house.library, packages).test_client()


def ask(client: FlaskClient, *scopes: str, **more: Any) -> TestResponse:
    return client.post("/api/v1/tokens", json={**ALICE, "scopes": scopes or ("photos:read",), **more})


def bearer(answer: TestResponse) -> dict[str, str]:
    assert answer.json is not None
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def refreshed(client: FlaskClient, answer: TestResponse) -> TestResponse:
    assert answer.json is not None
    return client.post("/api/v1/tokens/refresh", json={"refresh_token": answer.json["refresh_token"]})


def test_a_program_asks_shows_and_exchanges_its_tokens(client: FlaskClient, house: House) -> None:
    house.put("alice/a.jpg", picture(day=3))
    index(house)
    answer = ask(client)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json is not None
    assert (answer.json["token_type"], answer.json["expires_in"], answer.json["scope"]) == (
        "Bearer",
        900,
        "photos:read",
    )
    found = client.get("/api/v1/photos", headers=bearer(answer)).json
    assert found is not None
    assert len(found["photos"]) == 1
    again = refreshed(client, answer)
    assert (again.status_code, client.get("/api/v1/photos", headers=bearer(again)).status_code) == (200, 200)
    assert refreshed(client, answer).status_code == 401
    refused = client.get("/api/v1/photos", headers=bearer(again))
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, INVALID.format("The token has ended."))


def test_what_a_token_does_not_allow_is_refused_with_what_it_would_take(client: FlaskClient) -> None:
    answer = client.get("/api/v1/tokens", headers=bearer(ask(client)))
    assert answer.status_code == 403
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="davgallery", error="insufficient_scope", scope="account"'
    )
    assert answer.json is not None
    assert answer.json["type"] == "/api#insufficient-scope"


def test_nobody_is_asked_for_a_token_and_for_no_password(client: FlaskClient) -> None:
    answer = client.get("/api/v1/photos")
    assert (answer.status_code, answer.headers.getlist("WWW-Authenticate")) == (401, ['Bearer realm="davgallery"'])
    for nonsense in ("Bearer x", "Bearer  ", "bearer a.b.c", "Bearer \xe4"):
        answer = client.get("/api/v1/photos", headers={"Authorization": nonsense})
        assert (answer.status_code, "insufficient" in answer.headers["WWW-Authenticate"]) == (401, False)


def test_a_wrong_password_gives_no_token_and_is_slowed_down(client: FlaskClient) -> None:
    statuses = [ask(client, password="wrong").status_code for _ in range(7)]
    assert statuses == [401] * 6 + [429]
    assert "Retry-After" in ask(client, password="wrong").headers


def test_an_app_password_is_enough_for_photos_and_uploads(client: FlaskClient, house: House) -> None:
    phone = house.library.accounts.add_app_password("alice", "Phone")
    assert client.get("/api/v1/photos", headers=basic("alice", phone)).status_code == 200
    assert client.get("/api/v1/tokens", headers=basic("alice", phone)).status_code == 403
    answer = client.get("/api/v1/photos", headers=basic("alice", PASSWORD))
    assert answer.status_code == 401
    assert answer.json is not None
    assert "app password" in answer.json["detail"]
    assert "Basic" not in answer.headers["WWW-Authenticate"]
    assert ask(client, "photos:write", "uploads:write", password=phone).status_code == 201
    assert ask(client, "account", password=phone).status_code == 403
    for nonsense in ("Basic", "Basic !", "Basic " + base64.b64encode(b"\xff:\x00").decode()):
        assert client.get("/api/v1/photos", headers={"Authorization": nonsense}).status_code == 401


def test_a_browser_asks_for_a_program_with_its_pages_token(client: FlaskClient, house: House) -> None:
    token = house.library.sessions.sign_in("alice", PASSWORD, address="192.0.2.1", device="Firefox")
    client.set_cookie("davgallery", token)
    wanted = {"scopes": ["account"], "device": "Frame"}
    assert client.post("/api/v1/tokens", json=wanted).status_code == 403
    with client:
        client.get("/api/v1/photos")
        from viewer import security

        headers = {"X-CSRF-Token": security.csrf()}
    answer = client.post("/api/v1/tokens", json=wanted, headers=headers)
    assert answer.status_code == 201
    listed = client.get("/api/v1/tokens").json
    assert listed is not None
    assert [(one["device"], one["scopes"]) for one in listed] == [("Frame", ["account"])]


def test_a_token_and_a_cookie_are_never_mixed(client: FlaskClient, house: House) -> None:
    of_bob = ask(client, "photos:read", "account", name="bob")
    client.set_cookie(
        "davgallery", house.library.sessions.sign_in("alice", PASSWORD, address="192.0.2.1", device="Firefox")
    )
    house.put("alice/a.jpg", picture(day=3))
    index(house)
    seen = client.get("/api/v1/photos", headers=bearer(of_bob)).json
    assert seen == {"photos": [], "next": None}
    assert client.get("/api/v1/photos", headers={"Authorization": "Bearer x"}).status_code == 401
    # A request of a program carries nothing against forgery, and needs nothing: no browser sends its token by itself.
    assert of_bob.json is not None
    assert client.delete(f"/api/v1/tokens/{of_bob.json['id']}", headers=bearer(of_bob)).status_code == 204


def test_tokens_open_no_pages(client: FlaskClient, house: House) -> None:
    headers = bearer(ask(client, "photos:read", "photos:write", "uploads:write", "account"))
    assert client.get("/", headers=headers).status_code == 302
    assert house.library.tokens.all(house.alice)


def test_programs_are_listed_and_ended(client: FlaskClient) -> None:
    mine, other = ask(client, "account"), ask(client)
    listed = client.get("/api/v1/tokens", headers=bearer(mine)).json
    assert listed is not None
    assert {one["device"] for one in listed} == {"Backup"}
    assert other.json is not None
    address = f"/api/v1/tokens/{other.json['id']}"
    assert client.delete(address, headers=bearer(mine)).status_code == 204
    assert client.delete(address, headers=bearer(mine)).status_code == 404
    assert client.get("/api/v1/photos", headers=bearer(other)).status_code == 401
    assert mine.json is not None
    revoked = client.post("/api/v1/tokens/revoke", json={"refresh_token": mine.json["refresh_token"]})
    assert (revoked.status_code, client.get("/api/v1/tokens", headers=bearer(mine)).status_code) == (204, 401)
    assert client.post("/api/v1/tokens/revoke", json={"refresh_token": "x"}).status_code == 204


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"scopes": []}, "#/scopes"),
        ({"scopes": ["everything"]}, "#/scopes/0"),
        ({"scopes": ["photos:read"], "name": "alice"}, "#"),
        ({"scopes": ["photos:read"], "device": "a\x00b"}, "#/device"),
        ({"scopes": ["photos:read"], "colour": "red"}, "#/colour"),
        ([], "#"),
    ],
)
def test_a_body_that_is_wrong_is_told_where(client: FlaskClient, body: object, said: str) -> None:
    answer = client.post("/api/v1/tokens", json=body)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json is not None
    assert [one["at"] for one in answer.json["errors"]] == [said]


def test_what_flask_refuses_are_problems_too(client: FlaskClient) -> None:
    answers = [
        (client.post("/api/v1/tokens", data="{}"), 415),
        (client.post("/api/v1/tokens", data="{", content_type="application/json"), 400),
        (client.post("/api/v1/tokens", data="[" * 70_000, content_type="application/json"), 413),
        (client.put("/api/v1/tokens", json={}), 405),
        (client.get("/api/v1/nothing"), 404),
        (client.get("/api/v1/photos/99999999999999999999"), 404),
    ]
    for answer, status in answers:
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), status
        assert answer.json is not None
        assert answer.json["status"] == status
    assert set(answers[3][0].headers["Allow"].split(", ")) >= {"GET", "POST"}


def test_what_did_not_change_is_not_sent_again(client: FlaskClient, house: House) -> None:
    headers = bearer(ask(client))
    first = client.get("/api/v1/photos/segments", headers=headers)
    assert {"Cookie", "Authorization"} <= set(first.headers["Vary"].split(", "))
    known = {**headers, "If-None-Match": first.headers["ETag"]}
    again = client.get("/api/v1/photos/segments", headers=known)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    house.put("alice/a.jpg", picture(day=3))
    index(house)
    assert client.get("/api/v1/photos/segments", headers=known).status_code == 200


def test_a_script_goes_through_a_view_in_pages_of_its_own_size(client: FlaskClient, house: House) -> None:
    days = (9, 9, 9, 8, 7, 7)
    for number, day in enumerate(days):
        house.put(f"alice/{number}.jpg", picture(day=day, pad=number))
    index(house)
    headers = bearer(ask(client))
    whole = client.get("/api/v1/photos", headers=headers).json
    assert whole is not None
    ids = [one["id"] for one in whole["photos"]]
    assert (len(ids), whole["next"]) == (6, None)
    for size in range(1, 8):
        seen, address, pages = [], f"/api/v1/photos?limit={size}&folder=alice", 0
        while address is not None:
            page = client.get(address, headers=headers).json
            assert page is not None
            assert len(page["photos"]) <= size
            seen += [one["id"] for one in page["photos"]]
            address, pages = page["next"], pages + 1
        assert (seen, pages) == (ids, -(-6 // size)), size
    for wrong in ("from=2001-01-01", "from=1970-01-10,x", "from=,", "limit=0", "limit=501", "limit=a", "from=a&from=b"):
        assert client.get(f"/api/v1/photos?{wrong}", headers=headers).status_code == 400, wrong


def test_the_log_hears_whose_program_asked(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answered, seen = client.application.wsgi_app, []
    headers = bearer(ask(client))

    def listening(environ: Any, start_response: Any) -> Any:
        seen.append(environ)
        return answered(environ, start_response)

    monkeypatch.setattr(client.application, "wsgi_app", listening)
    client.get("/api/v1/photos", headers=headers)
    client.get("/api/v1/photos")
    assert [environ.get("davgallery.account") for environ in seen] == ["alice", None]
