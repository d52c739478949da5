"""Every address of the gallery, tried by everybody. One table says what each of them hears.

A route without a line here fails, and so does one that answers anybody otherwise: nobody can be forgotten. What people
may not see does not exist: they hear of it what they hear of what was never there.
"""

from __future__ import annotations

import hashlib
import hmac
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import make_url

from gateway.catalogue import Catalogue
from gateway.library.tokens import Scope
from gateway.store.local import LocalStore
from tests.library.conftest import _cheap_passwords, _furnished_sqlite
from tests.library.house import PASSWORD, House, at
from tests.library.pictures import index, picture
from viewer.api.sections import SECTIONS
from viewer.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.test import TestResponse

    from gateway.library.values import Principal

__all__ = ["_cheap_passwords", "_furnished_sqlite"]

PEOPLE = ("manager", "editor", "viewer", "stranger", "nobody", "token", "narrow")
"""In the space "family" Alice, Bob and Carol; Dave, who has no part in it; nobody; and Alice's programs: one with the
scope that is asked for, and one with all others."""
SESSIONS = {"manager": "alice", "editor": "bob", "viewer": "carol", "stranger": "dave", "administrator": "root"}
MISSING = 10**15
"""The id of nothing."""


class Row(NamedTuple):
    """What everybody hears of a route, in the order of ``PEOPLE``."""

    statuses: str
    query: str = ""
    body: dict[str, Any] | None = None
    form: dict[str, str] | None = None
    data: bytes | None = None
    other: dict[str, str] | None = None
    """Parts of the address that are called otherwise in the stage."""


PAGE = "200 200 200 200 302 302 302"
"""Of everybody; who is not signed in is asked to, and tokens open no pages."""
FRAGMENT = "200 200 200 200 401 401 401"
"""Of a page that is there already."""
FORM = "303 303 303 303 401 401 401"
REFUSED = "400 400 400 400 401 401 401"
"""A form that is not filled in well."""
OWN = "200 200 200 200 401 200 403"
"""Of the API, about what whoever asks may see."""
FAMILY = "200 200 200 404 401 200 403"
"""Of the API, about what is in the family's space."""
ADMINISTRATION = "404 404 404 404 401 401 401"
ROUTES: dict[str, Row] = {
    # Pages of what everybody has.
    "GET /": Row(PAGE),
    "GET /account": Row(PAGE),
    "GET /account/storage": Row(PAGE),
    "GET /connect": Row(PAGE),
    "GET /connect/heard": Row("404 404 404 404 401 401 401", query="id={link}"),
    "GET /favourites": Row(PAGE),
    "GET /folders": Row(PAGE),
    "GET /gallery": Row(PAGE, query="folder={path}"),
    "GET /gallery/facets": Row(FRAGMENT, query="folder={path}"),
    "GET /map": Row(PAGE),
    "GET /map/towns": Row("400 400 400 400 401 401 401"),
    "GET /search": Row(PAGE),
    "GET /trash": Row("302 302 302 302 302 302 302"),
    "GET /welcome": Row("302 302 302 302 401 401 401"),
    # Pages of a space.
    "GET /folders/<path:path>": Row("200 200 200 404 302 302 302"),
    "GET /trash/<space>": Row("200 200 200 404 302 302 302"),
    # Forms.
    "POST /account/devices": Row(FRAGMENT, form={"label": "{new}"}),
    "POST /account/devices/<id:device>/end": Row("303 404 404 404 401 401 401", form={}),
    "POST /account/name": Row(FORM, form={"called": "A"}),
    "POST /account/pages": Row(FORM, form={"theme": "dark"}),
    "POST /account/password": Row(REFUSED, form={"old": "wrong", "new": "another long password"}),
    "POST /account/programs/<id:token>/end": Row("303 404 404 404 401 401 401", form={}),
    "POST /account/sessions/end": Row("404 404 404 404 401 401 401", form={}),
    "POST /account/sign-in-name": Row(REFUSED, form={"name": "a/b"}),
    "POST /connect": Row(FRAGMENT, form={"device": "mac", "name": "Mac"}),
    "POST /connect/link": Row(FRAGMENT, form={"device": "iphone"}),
    "POST /language": Row("303 303 303 303 303 303 303", form={"language": "en"}),
    "POST /sign-out": Row(FORM, form={}),
    "POST /welcome": Row(FORM, form={"name": "x", "password": "another long password"}),
    # For everybody.
    "GET /api": Row("200 200 200 200 200 200 200"),
    "GET /sign-in": Row("302 302 302 302 200 200 200"),
    "POST /sign-in": Row("303 303 303 303 303 303 303", form={"name": "alice", "password": PASSWORD}),
    "GET /invitation/<token>": Row("404 404 404 404 404 404 404"),
    "POST /invitation/<token>": Row("404 404 404 404 404 404 404", form={}),
    # For administrators.
    "GET /admin/people": Row("404 404 404 404 302 302 302"),
    "POST /admin/people/invite": Row(ADMINISTRATION, form={"name": "{new}"}),
    "POST /admin/people/links/<id:link>/revoke": Row(ADMINISTRATION, form={}),
    "POST /admin/people/reset": Row(ADMINISTRATION, form={"name": "bob"}),
    # Files, for browsers and programs.
    "GET /thumb/<int(max=9223372036854775807):photo>/<version>/<name>.webp": Row(FAMILY, other={"name": "rendition"}),
    "GET /original/<int(max=9223372036854775807):photo>/<name>": Row(FAMILY),
    "GET /play/<int(max=9223372036854775807):photo>": Row(FAMILY, other={"photo": "video"}),
    "GET /download/<path:path>": Row(FAMILY, other={"path": "file"}),
    "GET /trash/<space>/<id:item>/<version>/<name>.webp": Row(
        "200 200 200 404 401 401 401", other={"name": "rendition", "item": "gone"}
    ),
    # The API.
    "GET /api/v1/openapi.json": Row("200 200 200 200 200 200 200"),
    "GET /api/v1/changes": Row(OWN, query="since=1"),
    "GET /api/v1/facets": Row(FAMILY, query="space={space}"),
    "GET /api/v1/folders": Row(OWN),
    "GET /api/v1/folders/<path:path>": Row(FAMILY),
    "POST /api/v1/folders/<path:path>": Row("201 201 403 404 401 201 403", body={"name": "{new}"}),
    "GET /api/v1/map": Row(FAMILY, query="box=1,2,3,4&zoom=3&folder={path}"),
    "GET /api/v1/photos": Row(FAMILY, query="folder={path}"),
    "GET /api/v1/photos/<id:photo>": Row(FAMILY),
    "PUT /api/v1/photos/<id:photo>/favourite": Row("204 204 204 404 401 204 403"),
    "DELETE /api/v1/photos/<id:photo>/favourite": Row("204 204 204 404 401 204 403"),
    "GET /api/v1/photos/<id:photo>/playable": Row(FAMILY, other={"photo": "video"}),
    "POST /api/v1/photos/<id:photo>/playable": Row("202 202 202 404 401 202 403", other={"photo": "video"}),
    "GET /api/v1/photos/<id:photo>/position": Row(FAMILY),
    "GET /api/v1/photos/columns": Row(FAMILY, query="space={space}&from=1970-01-04"),
    "GET /api/v1/photos/segments": Row(FAMILY, query="space={space}"),
    "GET /api/v1/preparing": Row(OWN),
    "GET /api/v1/suggest": Row(OWN, query="q=f"),
    "PATCH /api/v1/account": Row("204 204 204 204 401 204 403", body={"theme": "dark"}),
    "POST /api/v1/tokens": Row("201 201 201 201 401 401 401", body={"scopes": ["photos:read"]}),
    "GET /api/v1/tokens": Row(OWN),
    "DELETE /api/v1/tokens/<id:token>": Row("204 404 404 404 401 204 403"),
    "POST /api/v1/tokens/refresh": Row("401 401 401 401 401 401 401", body={"refresh_token": "x"}),
    "POST /api/v1/tokens/revoke": Row("204 204 204 204 204 204 204", body={"refresh_token": "x"}),
    "GET /api/v1/trash/<string:space>": Row(FAMILY),
    "DELETE /api/v1/trash/<string:space>": Row("204 204 403 404 401 204 403"),
    "DELETE /api/v1/trash/<string:space>/<id:item>": Row("204 403 403 404 401 204 403"),
    "POST /api/v1/trash/<string:space>/<id:item>/restore": Row("200 403 403 404 401 200 403"),
    "POST /api/v1/uploads": Row(
        "201 201 403 404 401 201 403", body={"folder": "{space}", "name": "{new}.jpg", "size": 3}
    ),
    "GET /api/v1/uploads": Row(OWN),
    "POST /api/v1/uploads/check": Row("200 200 403 404 401 200 403", body={"folder": "{space}", "files": []}),
    "GET /api/v1/uploads/<transfer>": Row("200 404 404 404 401 200 403"),
    "PUT /api/v1/uploads/<transfer>": Row("200 404 404 404 401 200 403", query="offset=0", data=b"abc"),
    "DELETE /api/v1/uploads/<transfer>": Row("204 404 404 404 401 204 403"),
}
ROUTES_OF_FILES = {
    "GET /thumb/<int(max=9223372036854775807):photo>/<version>/<name>.webp",
    "GET /original/<int(max=9223372036854775807):photo>/<name>",
    "GET /play/<int(max=9223372036854775807):photo>",
    "GET /download/<path:path>",
}
"""They take tokens that may read photos, as the API does."""


class Stage:
    """A house with something of everything, and everybody in it."""

    def __init__(self, house: House, packages: Path) -> None:
        self.house, self.library = house, house.library
        self.app = create_app(house.library, packages)
        self.rules = {
            f"{method} {rule.rule}": rule
            for rule in self.app.url_map.iter_rules()
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            if rule.endpoint != "static"
        }
        self.scopes: dict[str, Scope | None] = {
            f"{one.method} /api/v1{one.rule}": one.scope for section in SECTIONS for one in section.endpoints
        }
        self.scopes |= dict.fromkeys(ROUTES_OF_FILES, Scope.READ)
        self.library.accounts.add("root", password=PASSWORD, admin=True)
        house.folder("family/f")
        self.photo = house.put("family/f/a.jpg", picture(day=3)).entry
        self.video = house.put("family/clip.mp4", picture("video", "mp4", day=3, video_codec="h264")).entry
        house.put("family/notes.txt", b"words")
        index(house)
        self.sessions: dict[str, str] = {}
        pictures = self.get("/api/v1/photos?folder=family/f", "alice").json
        assert pictures is not None
        self.thumb = pictures["photos"][0]["renditions"]["240"]
        self.number = 0

    def get(self, address: str, name: str) -> TestResponse:
        client = self.app.test_client()
        client.set_cookie("davgallery", self.session(name))
        return client.get(address)

    def session(self, name: str) -> str:
        """Of a browser in which somebody is signed in, the same until they sign out."""
        token = self.sessions.get(name, "")
        if not token or self.library.sessions.visit(token, address="192.0.2.1") is None:
            token = self.library.sessions.sign_in(name, PASSWORD, address="192.0.2.1", device="Firefox")
            self.sessions[name] = token
        return token

    def value(self, name: str) -> Any:
        """What stands in an address or a body under a name; what can be used up is made anew."""
        house = self.house
        known = {
            "photo": self.photo.id,
            "video": self.video.id,
            "version": self.thumb.split("/")[3],
            "rendition": "240",
            "space": "family",
            "path": "family/f",
            "file": "family/notes.txt",
            "name": "a.jpg",
            "link": MISSING,
        }
        if name in known:
            return known[name]
        self.number += 1
        new = f"new-{self.number}"
        match name:
            case "item":
                house.put(f"family/{new}.txt", b"x")
                house.delete(f"family/{new}.txt")
                return house.trashed("family")[f"{new}.txt"]
            case "gone":
                house.put(f"family/{new}.jpg", picture(day=4))
                index(house)
                house.delete(f"family/{new}.jpg")
                return house.trashed("family")[f"{new}.jpg"]
            case "transfer":
                return self.library.transfers.begin(house.alice, at(f"family/{new}.txt"), size=3).id
            case "token":
                return self.library.tokens.issue(house.alice, [Scope.READ], "Frame").id
            case "device":
                self.library.accounts.add_app_password("alice", new)
                return house.rows("SELECT max(id) FROM credential")[0][0]
            case _:
                return new

    def ask(self, key: str, who: str, *, missing: bool = False, csrf: bool = True, **headers: str) -> TestResponse:
        """Send the request of a row as somebody; with ids and names of nothing if ``missing``."""
        method, row, rule = key.partition(" ")[0], ROUTES[key], self.rules[key]
        values = _Values(self, missing=missing)
        client = self.app.test_client()
        if who in SESSIONS:
            session = self.session(SESSIONS[who])
            client.set_cookie("davgallery", session)
            if csrf and method != "GET":
                headers["X-CSRF-Token"] = hmac.new(session.encode(), b"csrf", hashlib.sha256).hexdigest()
        elif who != "nobody":
            wanted = self.scopes.get(key)
            every = [one for one in Scope if one is not Scope.ADMIN]
            given = [wanted or Scope.READ] if who == "token" else [one for one in every if one is not wanted]
            issued = self.library.tokens.issue(self.house.alice, given, "program")
            headers["Authorization"] = f"Bearer {issued.access}"
        called = row.other or {}
        parts = {name: values[called.get(name, name)] for name in rule.arguments}
        address = self.app.url_map.bind("localhost").build(rule.endpoint, parts, method)
        body = None if row.body is None else {name: _filled(value, values) for name, value in row.body.items()}
        return client.open(
            f"{address}?{row.query.format_map(values)}",
            method=method,
            headers=headers,
            json=body,
            data=row.data if row.form is None else {name: _filled(value, values) for name, value in row.form.items()},
        )


class _Values(dict[str, Any]):
    """The values of a request, each made when it is needed."""

    def __init__(self, stage: Stage, *, missing: bool = False) -> None:
        self._stage, self._missing = stage, missing

    def __missing__(self, name: str) -> Any:
        value = self._stage.value(name)
        self[name] = _nothing(value) if self._missing else value
        return self[name]


def _filled(value: Any, values: _Values) -> Any:
    return value.format_map(values) if isinstance(value, str) else value


def _nothing(value: Any) -> Any:
    if isinstance(value, int):
        return MISSING
    return str(value).replace("family", "nowhere")


@pytest.fixture(scope="module")
def stage(
    _furnished_sqlite: tuple[Path, dict[str, Principal]], packages: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    file, people = _furnished_sqlite
    folder = tmp_path_factory.mktemp("stage")
    shutil.copy(file, folder / "catalogue.sqlite3")
    with (
        closing(Catalogue(make_url(f"sqlite:///{folder}/catalogue.sqlite3"))) as catalogue,
        closing(LocalStore(folder / "objects")) as store,
    ):
        yield Stage(House.over(catalogue, store, dict(people)), packages)


def test_every_route_is_in_the_table(stage: Stage) -> None:
    assert sorted(stage.rules.keys() ^ ROUTES.keys()) == []


@pytest.mark.parametrize("key", ROUTES)
def test_everybody_hears_what_they_should(stage: Stage, key: str) -> None:
    heard = {who: stage.ask(key, who).status_code for who in PEOPLE}
    assert heard == dict(zip(PEOPLE, map(int, ROUTES[key].statuses.split()), strict=True))


@pytest.mark.parametrize("key", [key for key, row in ROUTES.items() if row.statuses.split()[3] == "404"])
def test_what_people_may_not_see_is_as_what_was_never_there(stage: Stage, key: str) -> None:
    hidden, missing = stage.ask(key, "stranger"), stage.ask(key, "stranger", missing=True)
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.text.replace("family", "nowhere") == missing.text
    assert set(hidden.headers.keys()) == set(missing.headers.keys())


@pytest.mark.parametrize("key", [key for key in ROUTES if not key.startswith("GET") and key != "POST /sign-in"])
def test_no_other_site_can_have_a_browser_change_anything(stage: Stage, key: str) -> None:
    """Neither without the page's token, nor with it from elsewhere."""
    assert stage.ask(key, "manager", csrf=False).status_code == 403
    assert stage.ask(key, "manager", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("key", [key for key in ROUTES if key.startswith("GET")])
def test_head_is_get_without_its_body(stage: Stage, key: str) -> None:
    """RFC 9110 §9.3.2."""
    rule, values = stage.rules[key], _Values(stage)
    called = ROUTES[key].other or {}
    parts = {name: values[called.get(name, name)] for name in rule.arguments}
    address = stage.app.url_map.bind("localhost").build(rule.endpoint, parts, "GET")
    address = f"{address}?{ROUTES[key].query.format_map(values)}"
    client = stage.app.test_client()
    client.set_cookie("davgallery", stage.session("alice"))
    get, head = client.get(address), client.head(address)
    assert (head.status_code, head.data) == (get.status_code, b"")
    assert set(head.headers.keys()) == set(get.headers.keys())


@pytest.mark.parametrize(
    ("key", "status"),
    {
        "GET /admin/people": 200,
        "POST /admin/people/invite": 200,
        "POST /admin/people/links/<id:link>/revoke": 404,
        "POST /admin/people/reset": 200,
        "GET /api/v1/photos/<id:photo>": 404,
        "GET /original/<int(max=9223372036854775807):photo>/<name>": 404,
        "GET /folders/<path:path>": 404,
    }.items(),
)
def test_administrators_manage_people_and_see_nothing_of_theirs(stage: Stage, key: str, status: int) -> None:
    assert stage.ask(key, "administrator").status_code == status
