"""The JSON API: the library's answers, as programs take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.library.extracted import Place
from tests.library.conftest import _cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house
from tests.library.house import PASSWORD
from tests.library.pictures import index, picture
from viewer.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.library.house import House

    Get = Callable[[str], TestResponse]

__all__ = ["_cheap_passwords", "_furnished_postgres", "_furnished_sqlite", "catalogue", "house"]

BERLIN = Place(1, "Berlin", "Land Berlin", "Germany", "DE")


@pytest.fixture
def client(house: House, packages: Path) -> FlaskClient:
    """A browser in which Alice is signed in."""
    token = house.library.sessions.sign_in("alice", PASSWORD, address="192.0.2.1", device="tests")
    client = create_app(house.library, packages).test_client()
    client.set_cookie("davgallery", token)
    return client


@pytest.fixture
def get(client: FlaskClient) -> Get:
    return lambda address: client.get(f"/api/v1/{address}")


@pytest.fixture
def photos(house: House) -> dict[str, int]:
    """Ids by name."""
    files: dict[str, dict[str, Any]] = {
        "alice/berlin.jpg": {"day": 400, "place": BERLIN, "latitude": 52.5, "longitude": 13.4, "model": "X100"},
        "alice/late.jpg": {"date": ["original", 401 * 86_400_000_000 - 1_000_000, 120]},
        "family/clip.mp4": {"kind": "video", "form": "mp4", "day": 10, "duration": 3000},
    }
    ids = {path.split("/")[1]: house.put(path, picture(**found)).entry.id for path, found in files.items()}
    index(house)
    return ids


def test_a_photo_tells_everything(get: Get, photos: dict[str, int]) -> None:
    answer = get(f"photos/{photos['late.jpg']}").json
    assert answer is not None
    assert (answer["name"], answer["path"], answer["taken"]) == ("late.jpg", "alice", "1971-02-05T23:59:59+02:00")
    assert answer["seen_by"] == [{"name": "alice", "role": 3}]


def test_a_photo_stands_somewhere_in_a_view(get: Get, photos: dict[str, int]) -> None:
    berlin = photos["berlin.jpg"]
    assert get(f"photos/{berlin}/position").json == {"key": "1971-02-05", "index": 1}
    assert get(f"photos/{berlin}/position?sort=name").json == {"key": "1", "index": 0}
    assert get(f"photos/{berlin}/position?kind=video").status_code == 404


def test_scripts_go_through_all_photos_as_objects(get: Get, photos: dict[str, int]) -> None:
    seen, address = [], "photos"
    while address is not None:
        answer = get(address).json
        assert answer is not None
        seen += answer["photos"]
        address = answer["next"] and answer["next"].removeprefix("/api/v1/")
    assert [one["id"] for one in seen] == [photos[name] for name in ("late.jpg", "berlin.jpg", "clip.mp4")]
    assert seen[2]["taken"] == "1970-01-11T00:00:00.000001"
    answer = get("photos?camera=X100&sort=name").json
    assert answer is not None
    assert ([one["town"] for one in answer["photos"]], answer["next"]) == (["Berlin"], None)
    assert get("photos?town=Nowhere").json == {"photos": [], "next": None}
    assert get("photos?from=2001-01-01").status_code == 400


@pytest.mark.usefixtures("photos")
def test_views_without_days_have_none(get: Get) -> None:
    segments, columns = get("photos/segments?sort=name").json, get("photos/columns?sort=name&from=1").json
    assert segments is not None
    assert columns is not None
    assert ("day" in segments, segments["count"], "day" in columns) == (False, [3], False)
    assert "day" in (get("photos/segments?town=Nowhere").json or ())


@pytest.mark.usefixtures("photos")
def test_changes_are_told_and_nothing_when_there_are_none(get: Get, house: House) -> None:
    segments = get("photos/segments").json
    assert segments is not None
    assert get(f"changes?since={segments['seq']}").status_code == 204
    house.put("alice/new.jpg", picture(day=10))
    index(house)
    answer = get(f"changes?since={segments['seq']}").json
    assert answer is not None
    assert (answer["day"], answer["count"], answer["all"]) == ([10], [2], False)


@pytest.mark.usefixtures("photos")
def test_facets_suggestions_and_the_map(get: Get, photos: dict[str, int]) -> None:
    facets = get("facets?town=Berlin").json
    assert facets is not None
    assert (facets["total"], facets["towns"], facets["cameras"]) == (1, [["Berlin", 1]], [["X100", 1]])
    assert get("suggest?q=be").json == [
        {"name": "town", "text": "Berlin", "count": 1},
    ]
    clusters = get("map?box=13,52,14,53&zoom=9").json
    assert clusters is not None
    assert (clusters["count"], clusters["photo"]) == ([1], [photos["berlin.jpg"]])
    assert get("map?box=13,52,14,53&zoom=9&kind=video").json == {
        "lat": [],
        "lon": [],
        "count": [],
        "photo": [],
        "v": [],
    }


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("photos/segments?colour=red", "colour"),
        ("photos/columns?iso=many&from=2020-01-01", "iso=many"),
        ("photos/columns", "from"),
        ("changes", "since"),
        ("map?zoom=3", "box"),
        ("map?box=1,2,3&zoom=3", "box=1,2,3"),
        ("map?box=1,2,3,4&zoom=99", "zoom"),
    ],
)
def test_what_is_wrong_is_said_as_problem_details(get: Get, address: str, said: str) -> None:
    answer = get(address)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json is not None
    assert said in answer.json["detail"]
    assert (answer.json["title"], answer.json["status"]) == ("Bad Request", 400)


def test_nobody_hears_anything_without_signing_in(house: House, packages: Path) -> None:
    client = create_app(house.library, packages).test_client()
    for address in ("photos", "photos/1", "photos/1/position", "photos/segments", "photos/columns?from=2020-01-01",
                    "changes?since=0", "facets", "suggest?q=a", "map?box=1,2,3,4&zoom=3"):  # fmt: skip
        assert client.get(f"/api/v1/{address}").status_code == 401, address
