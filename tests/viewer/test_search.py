"""Searching, as the server answers it: chips and addresses, facets, wrong filters, files."""

from __future__ import annotations

import re
from contextlib import contextmanager
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from flask import Flask
from hypothesis import given

from gateway.library.extracted import Place
from gateway.library.query import Query
from tests.library.conftest import _cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house
from tests.library.pictures import index, picture
from tests.library.test_query import addresses
from tests.viewer.test_api import client
from viewer import languages
from viewer.chips import chips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

    from tests.library.house import House

__all__ = ["_cheap_passwords", "_furnished_postgres", "_furnished_sqlite", "catalogue", "client", "house"]

BERLIN = Place(1, "Berlin", "Land Berlin", "Germany", "DE")
ZURICH = Place(2, "Zürich", "Zürich", "Switzerland", "CH")


@pytest.fixture
def furnished(house: House) -> None:
    for number in range(3):
        house.put(
            f"alice/berlin {number}.jpg",
            picture(day=365 + number, place=BERLIN, latitude=52.5, longitude=13.4, make="Canon", model="Canon EOS 5D",
                    tags=["wall"] if number else []),
        )  # fmt: skip
    house.put("family/z.jpg", picture(day=1, place=ZURICH, latitude=47.4, longitude=8.5, make="SONY", model="ILCE-7M3"))
    house.put("family/v.mp4", picture("video", "mp4", day=2, duration=5))
    house.put("alice/berlin guide.pdf", b"%PDF-1.7")
    index(house)


@contextmanager
def english() -> Iterator[None]:
    """A request of somebody who reads English."""
    app = Flask(__name__)
    languages.install(app)
    with app.test_request_context():
        yield


def _text(client: FlaskClient, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.text
    return response.text


def _chips(page: str) -> list[tuple[str, str]]:
    """The text of each chip, and where it leads."""
    found = re.findall(r'<a class="chip" href="([^"]*)"[^>]*><span>(.*?)</span>', page)
    return [(unescape(text), unescape(address)) for address, text in found]


@pytest.mark.usefixtures("furnished")
def test_a_search_tells_what_is_asked_and_how_many_there_are(client: FlaskClient) -> None:
    page = _text(client, "/gallery?town=Berlin&after=1971-01-01&before=1971-01-02&camera.not=SONY")
    assert _chips(page) == [
        ("1 – 2 January 1971", "/gallery?town=Berlin&camera.not=SONY"),
        ("Berlin", "/gallery?after=1971-01-01&before=1971-01-02&camera.not=SONY"),
        ("not SONY", "/gallery?after=1971-01-01&before=1971-01-02&town=Berlin"),
    ]
    assert "2 photos" in page


@pytest.mark.usefixtures("furnished")
def test_an_address_without_filters_is_everything(client: FlaskClient) -> None:
    for address in ("/gallery", "/gallery?town=&q=+"):
        assert client.get(address).location == "/"
    assert client.get("/gallery?town=&q=wall&after=&at=1971-01-02").location == "/gallery?q=wall&at=1971-01-02"


@pytest.mark.usefixtures("furnished")
def test_a_wrong_filter_is_named_and_the_others_are_kept(client: FlaskClient) -> None:
    page = unescape(_text(client, "/gallery?town=Berlin&after=yesterday&colour=red&space=Mars&folder=alice/nowhere"))
    assert [text for text, _ in _chips(page)] == ["Berlin"]
    assert re.findall(r'<p class="alert" role="alert">(.*?)[.:]', page) == [
        "“after=yesterday” cannot be understood",
        "There is no filter “colour”",
        "There is no space “Mars”",
        "There is no folder “alice/nowhere”",
    ]
    assert "3 photos" in page


@pytest.mark.usefixtures("furnished")
def test_where_nothing_is_found_each_chip_says_what_would_be_without_it(client: FlaskClient) -> None:
    page = unescape(_text(client, "/gallery?town=Berlin&camera=SONY"))
    assert "Nothing matches" in page
    assert "Without “Berlin”: 1 photo<" in page
    assert "Without “SONY”: 3 photos" in page


@pytest.mark.usefixtures("furnished")
def test_files_that_are_no_pictures_come_last(client: FlaskClient, house: House) -> None:
    page = _text(client, "/gallery?q=BERLIN")
    assert page.index('id="grid"') < page.index("berlin guide.pdf")
    assert "berlin guide.pdf" not in _text(client, "/gallery?q=berlin&camera=Canon")
    assert "berlin guide.pdf" not in _text(client, "/gallery?q=berlin&space=family")
    assert "berlin guide.pdf" not in _text(client, "/gallery?q=-guide")
    house.delete("alice/berlin guide.pdf")
    assert "berlin guide.pdf" not in _text(client, "/gallery?q=berlin")


@pytest.mark.usefixtures("furnished")
def test_files_of_others_are_not_found(house: House) -> None:
    query = Query.parse({"q": ["guide"]})
    assert [one.path for one in house.library.overview.files(house.alice, query)] == [("alice", "berlin guide.pdf")]
    assert house.library.overview.files(house.bob, query) == []


def _facets(client: FlaskClient, address: str) -> dict[str, list[tuple[str, int, str]]]:
    """Of each facet its entries: text, count, where it leads."""
    found = {}
    for name, part in re.findall(
        r'data-name="(\w+)".*?</summary>(.*?)(?=data-name|\Z)', _text(client, address), re.DOTALL
    ):
        entries = re.findall(r'class="one" href="([^"]*)".*?class="name"[^>]*>(.*?)</span>.*?number">(.*?)<', part)
        found[name] = [(unescape(text), int(count), unescape(address)) for address, text, count in entries]
    return found


@pytest.mark.usefixtures("furnished")
def test_facets_say_how_many_there_are_and_lead_to_them(client: FlaskClient) -> None:
    facets = _facets(client, "/gallery/facets?kind=photo")
    assert facets["camera"][0] == ("Canon EOS 5D", 3, "/gallery?camera=Canon+EOS+5D&kind=photo")
    assert facets["tag"] == [("wall", 2, "/gallery?kind=photo&tag=wall")]


@pytest.mark.usefixtures("furnished")
def test_a_chosen_facet_is_taken_away_and_others_are_still_offered(client: FlaskClient) -> None:
    facets = _facets(client, "/gallery/facets?town=Berlin&kind=photo")
    assert facets["town"] == [
        ("Berlin", 3, "/gallery?kind=photo"),
        ("Zürich", 1, "/gallery?town=Berlin&town=Z%C3%BCrich&kind=photo"),
    ]


@pytest.mark.usefixtures("furnished")
def test_every_facet_leads_to_as_many_as_it_says(client: FlaskClient) -> None:
    for entries in _facets(client, "/gallery/facets").values():
        for text, count, address in entries:
            page = _text(client, address)
            assert re.search(rf">{count} photos?<", page), (text, count, address)


def test_who_is_not_signed_in_signs_in_first(client: FlaskClient) -> None:
    client.delete_cookie("davgallery")
    for page in ("/gallery?q=x", "/search"):
        assert client.get(page).location.startswith("/sign-in?next=")
    assert client.get("/gallery/facets").status_code == 401


# --- chips and addresses ----------------------------------------------------------------------------------------------


@given(addresses())
def test_taking_every_chip_away_leaves_everything(texts: dict[str, list[str]]) -> None:
    query = Query.parse(texts)
    with english():
        while asked := chips(query):
            assert all(chip.text for chip in asked)
            assert len({chip.without for chip in asked}) == len(asked)
            assert all(len(chips(chip.without)) == len(asked) - 1 or chip.without != query for chip in asked)
            query = asked[-1].without
            assert Query.parse(query.texts) == query
    assert query.filters == ()


@pytest.mark.parametrize(
    ("address", "texts"),
    [
        ("after=2023-08-01&before=2023-08-15", ["1 – 15 August 2023"]),
        ("after=2023-08&before=2023-08", ["August 2023"]),
        ("after=2022&before=2023", ["2022 – 2023"]),
        ("after=2023-08-01&before=2023-09-15", ["1 August 2023 – 15 September 2023"]),
        ("after=2023-08", ["From 1 August 2023"]),
        ("before=2023", ["Until 31 December 2023"]),
        ("added_after=2023-08-01&added_before=2023-08-15", ["Added 1 – 15 August 2023"]),
        ("date=2023-08-15&date=2021", ["2021", "15 August 2023"]),
        ("camera.not=Canon", ["not Canon"]),
        ("town=Rome&town=Berlin", ["Berlin", "Rome"]),
        ("iso=100-800&aperture=2.8&focal=-35", ["ISO 100 – 800", "f/2.8", "at most 35 mm"]),
        ("rating=4-&kind=video&gps=no&type=jpg", ["Has no place", "Videos", "JPEG", "★★★★ and more"]),
        ('q=beach -dog "old town" tag:wall', ["beach", "not dog", "“old town”", "Tag: wall"]),
        ("q=cat OR dog", ["cat or dog"]),
        ("near=52.52,13.4,5", ["Within 5 km of 52.52, 13.4"]),
        ("folder=family/2023&space=family", ["In family/2023", "Space: family"]),
    ],
)
def test_filters_are_said_in_words(address: str, texts: list[str]) -> None:
    with english():
        assert [chip.text for chip in chips(Query.parse(parse_qs(address)))] == texts
