"""Folders and favourites for programs, and the downloads of files that are no photos."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from gateway.library import folders as folders_module
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


class Browser:
    """Somebody who is signed in."""

    def __init__(self, house: House, packages: Path, name: str) -> None:
        """Sign in."""
        token = house.library.sessions.sign_in(name, PASSWORD, address="192.0.2.1", device="tests")
        self.client: FlaskClient = create_app(house.library, packages).test_client()
        self.client.set_cookie("davgallery", token)
        page = self.get("/folders").text
        self.headers = {"X-CSRF-Token": page.partition('data-csrf="')[2].partition('"')[0]}

    def get(self, address: str, **headers: str) -> TestResponse:
        return self.client.get(address, headers=headers)

    def json(self, address: str) -> dict[str, Any]:
        answer = self.get(f"/api/v1/{address}")
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        return dict(answer.json)

    def send(self, method: str, address: str, body: object = None) -> TestResponse:
        options = {} if body is None else {"json": body}
        return self.client.open(f"/api/v1/{address}", method=method, headers=self.headers, **options)  # type: ignore[arg-type]


@pytest.fixture
def alice(house: House, packages: Path) -> Browser:
    return Browser(house, packages, "alice")


@pytest.fixture
def carol(house: House, packages: Path) -> Browser:
    """Who may look at the family's space."""
    return Browser(house, packages, "carol")


@pytest.fixture
def photos(house: House) -> dict[str, int]:
    """Two photos, and files beside them."""
    house.folder("family/2019")
    ids = {
        "a.jpg": house.put("family/a.jpg", picture(day=3)).entry.id,
        "b.jpg": house.put("family/2019/b.jpg", picture(day=4)).entry.id,
    }
    house.put("family/report.pdf", b"%PDF-1.4", modified=1_000_000)
    house.put("family/x.html", b"<script>alert(1)</script>")
    index(house)
    return ids


# --- folders ----------------------------------------------------------------------------------------------------------


def test_spaces_are_where_folders_begin(alice: Browser, carol: Browser) -> None:
    spaces = {one["name"]: one for one in alice.json("folders")["spaces"]}
    assert {name: one["role"] for name, one in spaces.items()} == {"alice": 3, "family": 3}
    assert spaces["family"]["folder"] == "/api/v1/folders/family"
    assert [one["role"] for one in carol.json("folders")["spaces"]] == [3, 1]


def test_a_folder_tells_what_is_in_it_and_where_its_photos_are(alice: Browser, photos: dict[str, int]) -> None:
    found = alice.json("folders/family")
    assert (found["path"], found["photos"], found["count_folders"], found["count_files"]) == ("family", 1, 1, 2)
    (folder,) = found["folders"]
    assert (folder["name"], folder["photos"], folder["cover"]["id"]) == ("2019", 1, photos["b.jpg"])
    assert alice.get(folder["cover"]["thumb"]).mimetype == "image/webp"
    assert alice.json(folder["address"].removeprefix("/api/v1/"))["path"] == "family/2019"
    assert [(file["name"], file["state"]) for file in found["files"]] == [("report.pdf", "other"), ("x.html", "other")]
    assert found["files"][0]["modified"] == "1970-01-01T00:00:01Z"
    assert [one["id"] for one in alice.json(found["view"].removeprefix("/api/v1/"))["photos"]] == [photos["a.jpg"]]


def test_a_folder_is_read_page_by_page(alice: Browser, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders_module, "PAGE", 2)
    for number in range(5):
        house.folder(f"alice/f{number}")
        house.put(f"alice/{number} & more.txt", b"x" * number)
    for sort in ("name", "-name", "-size"):
        first = alice.json(f"folders/alice?sort={sort}")
        for kind in ("folders", "files"):
            names, following = [one["name"] for one in first[kind]], first[f"next_{kind}"]
            while following is not None:
                page = alice.json(following.removeprefix("/api/v1/"))
                assert page["files" if kind == "folders" else "folders"] == []
                names += [one["name"] for one in page[kind]]
                following = page[f"next_{kind}"]
            assert len(names) == len(set(names)) == 5
            if kind == "files" or sort != "-size":
                assert names == sorted(names, reverse=sort.startswith("-"))


def test_names_of_any_kind_are_found_by_their_addresses(alice: Browser, house: House) -> None:
    decomposed = unicodedata.normalize("NFD", "é ü")
    for name in (decomposed, "50% & more?#", " leading", "trailing ", "a+b", "שלום"):
        house.folder(f"alice/{name}")
        house.put(f"alice/{name}/p.jpg", picture(day=len(name)))
        house.put(f"alice/{name}/{name}", b"text")
    index(house)
    for folder in alice.json("folders/alice")["folders"]:
        found = alice.json(folder["address"].removeprefix("/api/v1/"))
        assert found["path"] == f"alice/{folder['name']}"
        assert (found["photos"], [file["name"] for file in found["files"]]) == (1, [folder["name"]])
        assert len(alice.json(found["view"].removeprefix("/api/v1/"))["photos"]) == 1
        assert alice.get(found["files"][0]["download"]).data == b"text"
        page = alice.get(f"/folders/alice/{quote(folder['name'], safe='')}")
        assert page.status_code == 200
        assert "p.jpg" not in page.text
        assert '"count": [1]' in page.text


@pytest.mark.usefixtures("photos")
def test_what_is_not_there_or_no_folder_is_said(alice: Browser) -> None:
    for address, status in (
        ("folders/nobody", 404),
        ("folders/bob", 404),
        ("folders/family/nowhere", 404),
        ("folders/family/report.pdf", 409),
        ("folders/family?sort=colour", 400),
        ("folders/family?files_after=x&sort=size", 400),
        ("folders/family?files_after=x&folders_after=y", 400),
        ("folders/family/a%00b", 400),
    ):
        answer = alice.get(f"/api/v1/{address}")
        assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), address


def test_editors_make_folders_and_viewers_do_not(alice: Browser, carol: Browser, house: House) -> None:
    made = alice.send("POST", "folders/family", {"name": "New & shiny"})
    assert made.status_code == 201
    assert made.json is not None
    assert (made.json["path"], made.json["address"]) == ("family/New & shiny", "/folders/family/New%20&%20shiny")
    assert house.exists("family/New & shiny")
    for name, status in (("New & shiny", 409), ("a/b", 400), ("..", 400), ("", 400), ("x" * 256, 400)):
        assert alice.send("POST", "folders/family", {"name": name}).status_code == status, name
    assert alice.send("POST", "folders/family/nowhere", {"name": "x"}).status_code == 409
    assert carol.send("POST", "folders/family", {"name": "x"}).status_code == 403
    assert carol.send("POST", "folders/alice", {"name": "x"}).status_code == 404


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("photos")
def test_only_who_may_change_a_folder_is_offered_a_new_one(alice: Browser, carol: Browser) -> None:
    assert 'id="new-folder"' in alice.get("/folders/family").text
    assert "new-folder" not in carol.get("/folders/family").text
    assert carol.get("/folders/alice").status_code == carol.get("/folders/nobody").status_code == 404


def test_scripts_in_names_are_text(alice: Browser, house: House) -> None:
    house.folder("alice/<script>alert(1)<script>")
    house.put('alice/"><img src=x onerror=alert(1)>', b"x")
    for path in ("alice", quote("alice/<script>alert(1)<script>")):
        page = alice.get(f"/folders/{path}").text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_the_address_of_a_file_leads_to_its_folder(alice: Browser, house: House, photos: dict[str, int]) -> None:
    assert alice.get("/folders/family/2019/b.jpg").location == f"/folders/family/2019?photo={photos['b.jpg']}"
    entry = house.library.files.stat(house.alice, ("family", "report.pdf")).entry.id
    assert alice.get("/folders/family/report.pdf").location == f"/folders/family#file-{entry}"


def test_lists_of_a_page_go_on(alice: Browser, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders_module, "PAGE", 2)
    for number in range(3):
        house.folder(f"alice/f{number}")
        house.put(f"alice/{number}.txt", b"x")
    page = alice.get("/folders/alice?sort=-name").text
    assert [f">{name}<" in page for name in ("f2", "f1", "f0", "2.txt", "1.txt", "0.txt")] == [True, True, False] * 2
    for name, last in (("folders", "f0"), ("files", "0.txt")):
        address = page.partition(f"&amp;{name}_after=")[2].partition('"')[0]
        rest = alice.get(f"/folders/alice?sort=-name&{name}_after={address}").text
        assert "<html" not in rest
        assert (rest.count("<li"), f">{last}<" in rest) == (1, True)


def test_strangers_sign_in_first(house: House, packages: Path) -> None:
    client = create_app(house.library, packages).test_client()
    for address in ("/folders", "/folders/alice/x?sort=size", "/favourites"):
        answer = client.get(address)
        assert answer.status_code == 302
        assert answer.location.startswith("/sign-in?next=/f")
    for address in ("folders", "folders/alice"):
        assert client.get(f"/api/v1/{address}").status_code == 401
    assert client.get("/download/alice/x").status_code == 401


# --- downloads --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("photos")
def test_files_are_only_ever_sent_as_downloads(carol: Browser) -> None:
    for name in ("x.html", "report.pdf", "a.jpg"):
        answer = carol.get(f"/download/family/{name}")
        assert answer.mimetype == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert carol.get("/download/family/2019").status_code == 409
    assert carol.get("/download/alice/x").status_code == 404
    part = carol.get("/download/family/report.pdf", Range="bytes=1-3")
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, b"PDF", "bytes 1-3/8")


# --- favourites -------------------------------------------------------------------------------------------------------


def test_hearts_by_their_addresses(alice: Browser, carol: Browser, photos: dict[str, int]) -> None:
    heart = f"photos/{photos['a.jpg']}/favourite"
    assert [alice.send("PUT", heart).status_code for _ in range(2)] == [204, 204]
    assert alice.json("photos/segments?favourite=yes")["total"] == 1
    assert alice.json("photos/columns?from=1970-01-04&favourite=yes")["flags"] == [32]
    assert carol.json("photos/segments?favourite=yes")["total"] == 0
    assert "No favourites yet" in carol.get("/favourites").text
    assert "No favourites yet" not in alice.get("/favourites").text
    assert alice.send("DELETE", heart).status_code == 204
    assert alice.json("photos/segments?favourite=yes")["total"] == 0
    assert alice.send("PUT", "photos/999999/favourite").status_code == 404
    assert alice.client.put(f"/api/v1/{heart}").status_code == 403  # without the token against forgery
