"""What there is to see: counts, suggestions, and the map."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import NotFound
from gateway.library import cells
from gateway.library.extracted import Place
from gateway.library.query import EVERYTHING, Box, Query
from gateway.library.vocabulary import camera_name, folded
from tests.library.pictures import index, picture

if TYPE_CHECKING:
    from gateway.library.values import Principal
    from tests.library.house import House

BERLIN = Place(1, "Berlin", "Land Berlin", "Germany", "DE")
ZURICH = Place(2, "Zürich", "Zürich", "Switzerland", "CH")
WORLD = Box(-180, -85, 180, 85)


def asked(address: str) -> Query:
    return Query.parse(parse_qs(address))


def furnish(house: House) -> None:
    house.folder("alice/Trip to Berlin")
    for number in range(3):
        house.put(
            f"alice/Trip to Berlin/{number}.jpg",
            picture(day=365 + number, place=BERLIN, latitude=52.5 + number / 1000, longitude=13.4, make="Canon",
                    model="Canon EOS 5D", lens="EF50mm"),
        )  # fmt: skip
    house.put("family/z.jpg", picture(day=1, place=ZURICH, latitude=47.4, longitude=8.5, make="SONY", model="ILCE-7M3"))
    house.put("family/v.mp4", picture("video", "mp4", day=2, duration=5))
    house.put("alice/x.heic", picture(form="heic", day=3))
    house.put("alice/x.nef", picture("raw", "nef", day=3))
    house.put("dave/secret.jpg", picture(day=700, place=Place(3, "Bernau", "B", "Germany", "DE"), latitude=52.6,
                                         longitude=13.5, model="Bernina"), house.dave)  # fmt: skip
    index(house)


# --- facets ----------------------------------------------------------------------------------------------------------


def test_facets_count_what_the_principal_sees(house: House) -> None:
    furnish(house)
    found = house.library.overview.facets(house.alice)
    assert (found.total, found.counted) == (6, 6)
    assert found.years == [("1971", 3), ("1970", 3)]
    assert found.kinds == [("photo", 5), ("raw", 1), ("video", 1)]
    assert found.spaces == [("alice", 4), ("family", 2)]
    assert found.towns == [("Berlin", 3), ("Zürich", 1)]
    assert found.countries == [("Germany", 3), ("Switzerland", 1)]
    assert found.cameras == [("Canon EOS 5D", 3), ("SONY ILCE-7M3", 1)]
    assert found.lenses == [("EF50mm", 3)]
    assert house.library.overview.facets(house.bob).towns == [("Zürich", 1)]


def test_facets_of_a_filtered_view_count_what_it_finds(house: House) -> None:
    furnish(house)
    found = house.library.overview.facets(house.alice, asked("camera=Canon EOS 5D&sort=name"))
    assert (found.total, found.years, found.towns) == (3, [("1971", 3)], [("Berlin", 3)])
    assert house.library.overview.facets(house.alice, asked("space.not=alice&space.not=family")).total == 0
    with pytest.raises(NotFound):
        house.library.overview.facets(house.dave, asked("space=family"))


def test_every_facet_is_a_filter_that_finds_as_many(house: House) -> None:
    furnish(house)
    found = house.library.overview.facets(house.alice)
    named = {"date": found.years, "kind": found.kinds, "space": found.spaces, "town": found.towns,
             "country": found.countries, "camera": found.cameras, "lens": found.lenses}  # fmt: skip
    for name, counts in named.items():
        for value, count in counts:
            query = Query.parse({name: [value]})
            assert house.library.timeline.segments(house.alice, query).total == count, (name, value)


def test_only_the_newest_are_looked_at_where_there_are_very_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(house)
    monkeypatch.setattr("gateway.library.overview._NEWEST", 2)
    found = house.library.overview.facets(house.alice, asked("space=alice&kind=photo"))
    assert (found.total, found.counted, found.towns) == (4, 2, [("Berlin", 2)])
    assert found.years == [("1971", 3), ("1970", 1)]
    assert house.library.overview.facets(house.alice, asked("space=alice")).towns == [("Berlin", 3)]


# --- suggestions -----------------------------------------------------------------------------------------------------


def suggested(house: House, who: Principal, text: str) -> list[tuple[str, str, int]]:
    return [(one.name, one.text, one.count) for one in house.library.overview.suggest(who, text)]


def test_suggestions_are_filters_with_what_they_would_find(house: House) -> None:
    furnish(house)
    assert suggested(house, house.alice, "ber") == [
        ("town", "Berlin", 3),
        ("folder", "alice/Trip to Berlin", 3),
    ]
    assert suggested(house, house.alice, "zur") == [("town", "Zürich", 1)]
    assert suggested(house, house.alice, "7") == []
    assert suggested(house, house.alice, "197") == [("date", "1970", 3), ("date", "1971", 3)]
    assert suggested(house, house.alice, "eos") == [("camera", "Canon EOS 5D", 3)]
    assert suggested(house, house.alice, "EF") == [("lens", "EF50mm", 3)]
    assert suggested(house, house.alice, " ") == []
    for name, text, count in suggested(house, house.alice, "ber") + suggested(house, house.alice, "s"):
        assert house.library.timeline.segments(house.alice, Query.parse({name: [text]})).total == count


def test_nobody_is_told_of_what_others_have(house: House) -> None:
    furnish(house)
    assert suggested(house, house.dave, "ber") == [("town", "Bernau", 1), ("camera", "Bernina", 1)]
    assert suggested(house, house.bob, "ber") == []
    house.library.spaces.revoke("family", "bob")
    assert suggested(house, house.bob, "zur") == []


def test_a_folder_that_was_deleted_is_not_suggested(house: House) -> None:
    furnish(house)
    assert len(suggested(house, house.alice, "trip")) == 1
    house.delete("alice/Trip to Berlin")
    assert suggested(house, house.alice, "trip") == []


def test_at_most_ten_are_suggested(house: House) -> None:
    for number in range(12):
        house.put(f"alice/{number}.jpg", picture(model=f"Model {number}"))
    index(house)
    assert len(suggested(house, house.alice, "model")) == 10


def test_words_follow_what_changes(house: House) -> None:
    furnish(house)
    assert suggested(house, house.bob, "xy") == []
    house.put("family/new.jpg", picture(model="Xylophone"))
    index(house)
    assert suggested(house, house.bob, "xy") == [("camera", "Xylophone", 1)]
    house.delete("family/new.jpg")
    assert suggested(house, house.bob, "xy") == []


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION", "NIKON D750", "NIKON D750"),
        ("SONY", "ILCE-7M3", "SONY ILCE-7M3"),
        (None, "X", "X"),
        ("Apple", None, "Apple"),
        (None, None, None),
    ],
)
def test_cameras_are_called_what_people_call_them(make: str | None, model: str | None, name: str | None) -> None:
    assert camera_name(make, model) == name


def test_folding() -> None:
    assert folded("Zürich STRASSE") == folded("zurich straße")


# --- the map ---------------------------------------------------------------------------------------------------------


def test_photos_that_lie_together_are_one_cluster(house: House) -> None:
    furnish(house)
    far = house.library.overview.clusters(house.alice, EVERYTHING, WORLD, 2)
    assert [one.count for one in far] == [4]
    near = house.library.overview.clusters(house.alice, EVERYTHING, Box(5, 45, 15, 55), 6)
    assert [one.count for one in near] == [3, 1]
    assert near[0].latitude == pytest.approx(52.501, abs=0.05)
    assert near[0].longitude == pytest.approx(13.4, abs=0.05)
    names = dict(house.rows("SELECT id, name FROM entry"))
    assert names[near[0].photo_id] == "2.jpg"
    picture_ = house.library.pictures.rendition(house.alice, near[0].photo_id, "240")
    assert picture_.size > 0


def test_the_map_shows_what_is_in_the_box_and_in_the_view(house: House) -> None:
    furnish(house)
    clusters = house.library.overview.clusters
    assert [one.count for one in clusters(house.alice, EVERYTHING, Box(13, 52, 14, 53), 10)] == [3]
    assert [one.count for one in clusters(house.alice, asked("town=Zürich"), WORLD, 3)] == [1]
    assert clusters(house.alice, EVERYTHING, Box(100, 0, 110, 10), 10) == []
    assert [one.count for one in clusters(house.bob, EVERYTHING, WORLD, 3)] == [1]
    assert clusters(house.alice, asked("space.not=alice&space.not=family"), WORLD, 3) == []
    with pytest.raises(NotFound):
        clusters(house.dave, asked("space=family"), WORLD, 3)


def test_a_box_across_the_date_line_shows_both_of_its_sides(house: House) -> None:
    for number, longitude in enumerate((179.5, -179.5, 0.0, 180.0)):
        house.put(f"alice/{number}.jpg", picture(latitude=-17.0, longitude=longitude))
    index(house)
    found = house.library.overview.clusters(house.alice, EVERYTHING, Box(179, -20, -179, -10), 8)
    assert sum(one.count for one in found) == 3


def test_photos_are_counted_once_where_a_box_across_the_date_line_is_wider_than_half_of_the_world(house: House) -> None:
    furnish(house)
    for zoom in range(5):
        found = house.library.overview.clusters(house.alice, EVERYTHING, Box(-58, -85, -174, 85), zoom)
        assert sum(one.count for one in found) == 4


def test_no_picture_on_the_map_covers_another_one(house: House) -> None:
    for number in range(40):  # along a line, through the tiles
        house.put(f"alice/{number}.jpg", picture(latitude=40 + number / 5, longitude=10 + number / 4))
    index(house)
    found = house.library.overview.clusters(house.alice, EVERYTHING, Box(0, 30, 30, 60), 6)
    assert sum(one.count for one in found) == 40
    places = [((one.longitude + 180) / 360 * 256 * 2**6, one) for one in found]
    assert all(abs(a - b) > 30 for a, one in places for b, other in places if one is not other)


@pytest.mark.parametrize("zoom", range(0, 20, 3))
def test_every_photo_in_the_box_is_counted_once_in_a_few_hundred_clusters(house: House, zoom: int) -> None:
    chance = random.Random(zoom)
    box = Box(-20, -30, 50, 60)
    positions = [(chance.uniform(-80, 80), chance.uniform(-180, 179)) for _ in range(60)]
    positions += [(chance.gauss(10, 1), chance.gauss(10, 1)) for _ in range(20)]
    for number, (latitude, longitude) in enumerate(positions):
        house.put(f"alice/{number}.jpg", picture(latitude=latitude, longitude=longitude))
    index(house)
    inside = sum(box.south <= lat <= box.north and box.west <= long <= box.east for lat, long in positions)
    found = house.library.overview.clusters(house.alice, EVERYTHING, box, zoom)
    assert inside <= sum(one.count for one in found) <= len(positions)
    assert len(found) <= 400
    everywhere = house.library.overview.clusters(house.alice, EVERYTHING, WORLD, zoom)
    assert sum(one.count for one in everywhere) == len(positions)


@given(st.floats(-85, 85), st.floats(-180, 179.99))
def test_cells_and_positions_are_each_others_inverse(latitude: float, longitude: float) -> None:
    column, row = cells.tile(latitude, longitude)
    assert cells.number_of(column, row) == cells.cell(latitude, longitude)
    assert cells.position(column + 0.5, row + 0.5) == pytest.approx((latitude, longitude), abs=3e-5)
