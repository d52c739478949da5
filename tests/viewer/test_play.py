"""Videos in the browser: asked for, and played by ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.library.conftest import _cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house
from tests.library.house import PASSWORD
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
    assert browser.get(f"/play/{photo}").status_code == 409
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
