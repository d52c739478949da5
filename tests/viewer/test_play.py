"""Videos in the browser: asked for, and played by ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.library.conftest import _cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house
from tests.library.house import PASSWORD
from tests.library.pictures import picture
from tests.library.test_playables import COPY, claim, finish, put, video
from viewer import security
from viewer.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.library.house import House

_FIXTURES = (_cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house)


@pytest.fixture
def sign_in(house: House, packages: Path) -> Callable[[str], tuple[FlaskClient, str]]:
    """A browser that somebody has signed in with, and its token against forgery."""
    app = create_app(house.library, packages)

    def sign_in(name: str) -> tuple[FlaskClient, str]:
        token = house.library.sessions.sign_in(name, PASSWORD, address="127.0.0.1", device="browser")
        client = app.test_client()
        with app.test_request_context(headers={"Cookie": f"davgallery={token}"}):
            security.judge()
            csrf = security.csrf()
        client.set_cookie("davgallery", token)
        return client, csrf

    return sign_in


def test_a_viewer_asks_for_a_copy_and_plays_it_by_ranges(
    house: House, sign_in: Callable[[str], tuple[FlaskClient, str]]
) -> None:
    photo = put(house)
    browser, csrf = sign_in("carol")
    address = f"/api/v1/photos/{photo}/playable"
    assert browser.get(address).json == {"state": "none", "progress": 0, "size": 0, "error": None}
    assert browser.get(f"/play/{photo}").data == video(), "Safari plays it as it is"
    assert browser.post(address).status_code == 403, "another site could have made the browser send it"
    asked = browser.post(address, headers={"X-CSRF-Token": csrf})
    assert (asked.status_code, asked.json["state"]) == (202, "waiting")  # type: ignore[index]
    finish(house, claim(house))
    assert browser.get(address).json == {"state": "ready", "progress": 100, "size": len(COPY), "error": None}
    whole = browser.get(f"/play/{photo}")
    assert (whole.status_code, whole.mimetype, whole.data) == (200, "video/mp4", COPY)
    part = browser.get(f"/play/{photo}", headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, b"ftyp", f"bytes 4-7/{len(COPY)}")
    assert browser.get(f"/play/{photo}", headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


def test_an_original_that_browsers_play_needs_no_copy(
    house: House, sign_in: Callable[[str], tuple[FlaskClient, str]]
) -> None:
    bytes_ = video(codec="h264")
    photo = put(house, content=bytes_)
    answer = sign_in("carol")[0].get(f"/play/{photo}")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "video/mp4", bytes_)


def test_videos_are_not_played_to_those_outside_the_space(
    house: House, sign_in: Callable[[str], tuple[FlaskClient, str]]
) -> None:
    photo = put(house)
    browser, csrf = sign_in("dave")
    assert browser.get(f"/play/{photo}").status_code == 404
    assert browser.get(f"/api/v1/photos/{photo}/playable").status_code == 404
    assert browser.post(f"/api/v1/photos/{photo}/playable", headers={"X-CSRF-Token": csrf}).status_code == 404


def test_a_range_beyond_the_end_tells_how_long_the_file_is(
    house: House, sign_in: Callable[[str], tuple[FlaskClient, str]]
) -> None:
    photo, size = put(house), len(video())
    browser, _ = sign_in("carol")
    for kind in ("play", "original"):
        address = f"/{kind}/{photo}" + ("/a.mov" if kind == "original" else "")
        answer = browser.get(address, headers={"Range": f"bytes={size}-"})
        assert (answer.status_code, answer.headers["Content-Range"], answer.data) == (416, f"bytes */{size}", b"")
        assert browser.get(address, headers={"Range": f"bytes={size - 3}-{size + 9}"}).data == video()[-3:]
        assert browser.get(address, headers={"Range": "bytes=-3"}).data == video()[-3:]


@pytest.mark.parametrize(
    ("validator", "status"),
    [("{etag}", 206), ("W/{etag}", 200), ('"other"', 200), ("Sat, 21 Nov 2026 00:00:00 GMT", 200)],
)
def test_a_range_is_only_sent_of_the_very_bytes_that_are_known(
    house: House, sign_in: Callable[[str], tuple[FlaskClient, str]], validator: str, status: int
) -> None:
    photo = put(house)
    browser, _ = sign_in("carol")
    etag = browser.get(f"/play/{photo}").headers["ETag"]
    headers = {"Range": "bytes=0-3", "If-Range": validator.format(etag=etag)}
    assert browser.get(f"/play/{photo}", headers=headers).status_code == status


def test_a_picture_is_kept_for_ever_under_its_own_version_alone(
    house: House, sign_in: Callable[[str], tuple[FlaskClient, str]]
) -> None:
    photo = put(house, "family/a.jpg", picture(day=1))
    version = house.library.details.photo(house.carol, photo).version
    browser, _ = sign_in("carol")
    kept = browser.get(f"/thumb/{photo}/{version}/240.webp")
    assert (kept.status_code, "immutable" in kept.headers["Cache-Control"]) == (200, True)
    other = browser.get(f"/thumb/{photo}/0/240.webp")
    assert (other.data, other.headers["Cache-Control"]) == (kept.data, "private, no-store")
    assert browser.get(f"/thumb/{photo}/{version}/241.webp").status_code == 404
    assert sign_in("dave")[0].get(f"/thumb/{photo}/{version}/240.webp").status_code == 404
