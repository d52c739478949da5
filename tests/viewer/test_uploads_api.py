"""Uploads as programs and the gallery's pages send them."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.library.conftest import _cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house
from tests.library.house import noise
from tests.viewer.test_api import client

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.library.house import House

__all__ = ["_cheap_passwords", "_furnished_postgres", "_furnished_sqlite", "catalogue", "client", "house"]

FILE = noise(3_000_000)
THEN = 1_500_000_000_000


class Uploader:
    """A page that uploads."""

    def __init__(self, client: FlaskClient, csrf: str) -> None:
        self.client, self.headers = client, {"X-CSRF-Token": csrf}

    def check(self, *files: dict[str, Any], folder: str = "alice") -> TestResponse:
        return self.client.post(
            "/api/v1/uploads/check", json={"folder": folder, "files": list(files)}, headers=self.headers
        )

    def begin(self, name: str, content: bytes, **more: Any) -> TestResponse:
        body = {"folder": "alice", "name": name, "size": len(content), **more}
        return self.client.post("/api/v1/uploads", json=body, headers=self.headers)

    def put(self, upload: str, offset: int, content: bytes, **headers: str) -> TestResponse:
        address = f"/api/v1/uploads/{upload}?offset={offset}"
        return self.client.put(address, data=content, headers=self.headers | headers)


@pytest.fixture
def uploader(client: FlaskClient) -> Uploader:
    page = client.get("/").text
    return Uploader(client, page.partition('data-csrf="')[2].partition('"')[0])


def test_a_file_is_begun_and_sent_in_parts(uploader: Uploader, house: House) -> None:
    begun = uploader.begin("Trip/a.mov", FILE, modified=THEN)
    assert begun.status_code == 201
    upload = begun.json
    assert upload is not None
    assert (upload["path"], upload["offset"], upload["state"]) == ("alice/Trip/a.mov", 0, "open")
    digest = base64.b64encode(hashlib.sha256(FILE[:1_000_000]).digest()).decode()
    part = uploader.put(upload["id"], 0, FILE[:1_000_000], **{"Content-Digest": f"sha-256=:{digest}:"})
    assert (part.status_code, part.json["offset"]) == (200, 1_000_000)  # type: ignore[index]
    wrong = uploader.put(upload["id"], 2_000_000, FILE[2_000_000:])
    assert (wrong.status_code, wrong.json["offset"]) == (409, 1_000_000)  # type: ignore[index]
    done = uploader.put(upload["id"], 1_000_000, FILE[1_000_000:]).json
    assert done is not None
    assert done["state"] == "done"
    assert house.read("alice/Trip/a.mov") == FILE
    found = house.library.files.stat(house.alice, ("alice", "Trip", "a.mov"))
    assert (found.entry.id, found.entry.modified) == (done["file"], THEN * 1000)


def test_a_part_that_is_not_what_its_digest_says_is_refused(uploader: Uploader) -> None:
    upload = uploader.begin("a.mov", FILE).json
    assert upload is not None
    digest = base64.b64encode(hashlib.sha256(b"else").digest()).decode()
    for header, status in ((f"sha-256=:{digest}:", 400), ("sha-256=:?:", 400)):
        answer = uploader.put(upload["id"], 0, FILE[:500_000], **{"Content-Digest": header})
        assert answer.status_code == status
    assert uploader.client.get(f"/api/v1/uploads/{upload['id']}").json["offset"] == 0  # type: ignore[index]


def test_a_list_is_checked(uploader: Uploader, house: House) -> None:
    there = house.put("alice/a.jpg", b"here").entry
    sha256 = hashlib.sha256(b"here").hexdigest()
    answer = uploader.check(
        {"name": "a.jpg", "size": 4, "sha256": sha256},
        {"name": "b/c.jpg", "size": 4, "sha256": sha256},
        {"name": "a.jpg", "size": 5},
        {"name": "new/b.jpg", "size": 5},
        {"name": "../b.jpg", "size": 5},
    ).json
    assert answer is not None
    assert [one["answer"] for one in answer["files"]] == ["here", "here", "taken", "go", "name"]
    assert [one["file"] for one in answer["files"]] == [there.id] * 3 + [None] * 2
    assert (answer["growth"], answer["missing"]) == (10, 0)


def test_bytes_that_are_there_are_told_before_they_are_sent(uploader: Uploader, house: House) -> None:
    there = house.put("alice/old.jpg", FILE).entry
    answer = uploader.begin("new.jpg", FILE, sha256=hashlib.sha256(FILE).hexdigest())
    assert (answer.status_code, answer.json) == (200, {"file": there.id, "path": "alice/old.jpg"})


def test_uploads_are_listed_and_ended(uploader: Uploader) -> None:
    upload = uploader.begin("a.mov", FILE).json
    assert upload is not None
    listed = uploader.client.get("/api/v1/uploads").json
    assert listed is not None
    assert [one["id"] for one in listed["uploads"]] == [upload["id"]]
    address = f"/api/v1/uploads/{upload['id']}"
    assert uploader.client.delete(address, headers=uploader.headers).status_code == 204
    assert uploader.client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "size", "status"), [("a.jpg", 10**9, 507), ("../a.jpg", 1, 400), ("taken.jpg", 7, 409), ("f/x/y", 1, 409)]
)
def test_what_cannot_be_taken_is_refused_at_once(
    uploader: Uploader, house: House, name: str, size: int, status: int
) -> None:
    house.put("alice/taken.jpg", b"taken")
    house.put("alice/f", b"file")
    body = {"folder": "alice", "name": name, "size": size}
    answer = uploader.client.post("/api/v1/uploads", json=body, headers=uploader.headers)
    assert answer.status_code == status


def test_a_stranger_and_another_site_upload_nothing(uploader: Uploader) -> None:
    body = {"folder": "alice", "name": "a.jpg", "size": 1}
    assert uploader.client.post("/api/v1/uploads", json=body).status_code == 403
    assert uploader.client.application.test_client().post("/api/v1/uploads", json=body).status_code == 401
