"""The timeline: everything a person may see, by day, in parts that can be asked for one by one."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from gateway.errors import BadRequest, NotFound
from gateway.library.extracted import Place
from gateway.library.query import EVERYTHING, Query, Sort
from gateway.library.values import Role
from tests.library.pictures import DAY, index, picture

if TYPE_CHECKING:
    from gateway.library.timeline import Tile
    from gateway.library.values import Principal
    from tests.library.house import House


def fill(house: House, space: str, counts: dict[int, int]) -> None:
    """Rows of photos as the indexer would have made them: so many on each of these days."""
    for day, count in counts.items():
        for number in range(count):
            name = f"{day}-{number}.jpg"
            house.put(f"{space}/{name}", picture(date=["original", day * DAY + number * 1000], width=300 + number))
    index(house)


def asked(address: str) -> Query:
    return Query.parse(parse_qs(address))


def shown(house: House, who: Principal, first: str, beyond: str | None = None, address: str = "") -> list[Tile]:
    return house.library.timeline.columns(who, asked(address), first, beyond)


def test_days_come_newest_first_with_their_mean_ratio(house: House) -> None:
    fill(house, "alice", {10: 2, 12: 1})
    fill(house, "family", {10: 1, 9: 1})
    segments = house.library.timeline.segments(house.alice)
    assert (segments.days, segments.counts, segments.total) == ([12, 10, 9], [1, 3, 1], 5)
    assert segments.ratios == [100, 100, 100]


def test_everybody_sees_the_spaces_they_are_in_and_no_others(house: House) -> None:
    fill(house, "alice", {1: 1})
    fill(house, "family", {2: 1})
    assert house.library.timeline.segments(house.bob).days == [2]
    assert house.library.timeline.segments(house.dave).days == []
    assert [tile.day for tile in shown(house, house.bob, "1970-01-09")] == [2]
    assert shown(house, house.dave, "1970-01-09") == []
    photo = shown(house, house.alice, "1970-01-02", address="space=alice")[0].id
    timeline, family = house.library.timeline, asked("space=family")
    with pytest.raises(NotFound):
        timeline.segments(house.dave, family)
    with pytest.raises(NotFound):
        timeline.columns(house.dave, family, "1970-01-09", None)
    with pytest.raises(NotFound):
        timeline.position(house.dave, family, photo)
    for address in ("space=nowhere", "folder=family", "folder=family/f", "folder=alice/f"):
        with pytest.raises(NotFound):
            timeline.segments(house.dave, asked(address))


def test_one_space_can_be_looked_at_alone(house: House) -> None:
    fill(house, "alice", {1: 1})
    fill(house, "family", {2: 1})
    assert house.library.timeline.segments(house.alice, asked("space=family")).days == [2]
    assert [tile.day for tile in shown(house, house.alice, "1970-01-09", address="space=alice")] == [1]


def test_a_range_holds_the_photos_of_its_days_newest_first(house: House) -> None:
    fill(house, "alice", {1: 2, 2: 2, 3: 1})
    fill(house, "family", {2: 1})
    tiles = shown(house, house.alice, "1970-01-04", "1970-01-02")
    assert [tile.day for tile in tiles] == [3, 2, 2, 2]
    assert tiles == sorted(tiles, key=lambda tile: (tile.day, tile.taken, tile.id), reverse=True)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of three photos: what holds for parts holds whatever their size."""
    monkeypatch.setattr("gateway.library.timeline.PART", 3)


@pytest.mark.usefixtures("small_parts")
def test_a_large_day_comes_in_parts_and_every_range_of_parts_is_what_it_says(house: House) -> None:
    fill(house, "alice", {5: 7, 6: 2, 8: 4})
    fill(house, "family", {5: 3, 8: 1})
    segments = house.library.timeline.segments(house.alice)
    assert list(zip(segments.days, segments.counts, strict=True)) == [
        (8, 3), (8, 2), (6, 2), (5, 3), (5, 3), (5, 3), (5, 1),
    ]  # fmt: skip
    keys = segments.keys
    assert keys == [
        "1970-01-09",
        "1970-01-09.2",
        "1970-01-07",
        "1970-01-06",
        *(f"1970-01-06.{part}" for part in (2, 3, 4)),
    ]
    assert_ranges(house, "", keys)


def assert_ranges(house: House, address: str, keys: list[str]) -> None:
    """Every range of these segments holds what they promise, and every photo is where it says it is."""
    timeline, query = house.library.timeline, asked(address)
    segments = timeline.segments(house.alice, query)
    everything = shown(house, house.alice, keys[0], address=address)
    assert len(everything) == segments.total == len({tile.id for tile in everything}) > 0
    starts = [sum(segments.counts[:number]) for number in range(len(keys))] + [segments.total]
    for first in range(len(keys)):
        for beyond in range(first + 1, len(keys) + 1):
            tiles = shown(house, house.alice, keys[first], keys[beyond] if beyond < len(keys) else None, address)
            assert tiles == everything[starts[first] : starts[beyond]], (address, first, beyond)
    for number, tile in enumerate(everything):
        key, place = timeline.position(house.alice, query, tile.id)
        assert starts[keys.index(key)] + place == number


@pytest.mark.usefixtures("small_parts")
def test_every_order_with_and_without_filters_is_cut_in_the_same_way(house: House) -> None:
    chance = random.Random(5)
    for number in range(24):
        folder = chance.choice(("alice", "family"))
        day, rating = chance.randrange(4), chance.randrange(1, 3)
        house.put(f"{folder}/{number % 5}-{number}.jpg", picture(day=day, rating=rating, pad="x" * (number % 4)))
    index(house)
    for number in range(1, 24):
        house.execute("UPDATE photo SET added = :at WHERE added % 24 = :number", at=number % 3 * DAY, number=number)
    by_name = sorted(house.names("alice") + house.names("family"))
    for sort in Sort:
        for filters in ("", "rating=2", "rating=2&space=alice", "town.not=Berlin&rating.not=1"):
            address = f"sort={sort}&{filters}"
            assert_ranges(house, address, house.library.timeline.segments(house.alice, asked(address)).keys)
    paths = dict(house.rows("SELECT id, name FROM entry"))
    assert [paths[tile.id] for tile in shown(house, house.alice, "1", address="sort=name")] == by_name
    assert [paths[tile.id] for tile in shown(house, house.alice, "1", address="sort=-name")] == by_name[::-1]


def test_a_photo_of_a_folder_that_was_just_deleted_is_not_shown(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a.jpg", picture(day=1))
    index(house)
    house.delete("alice/f")
    assert shown(house, house.alice, "1970-01-02") == []


def test_stacked_photos_are_found_where_their_stack_is(house: House) -> None:
    top = house.put("alice/x.jpg", picture(day=1)).entry.id
    raw = house.put("alice/x.nef", picture("raw", "nef", day=1)).entry.id
    index(house)
    assert [tile.id for tile in shown(house, house.alice, "1970-01-02")] == [top]
    assert house.library.timeline.position(house.alice, EVERYTHING, raw) == ("1970-01-02", 0)


def test_wrong_keys_are_refused(house: House) -> None:
    for key in ("", "1970", "1970-13-01", "1970-01-01.0", "1970-01-01.x", "x.1", "1970-01-01.99999999999"):
        with pytest.raises(BadRequest):
            shown(house, house.alice, key)
    for key in ("", "0", "x", "1970-01-01", "1.2"):
        with pytest.raises(BadRequest):
            shown(house, house.alice, key, address="sort=name")


def test_a_photo_that_is_not_in_the_view_has_no_position(house: House) -> None:
    photo = house.put("alice/a.jpg", picture(day=1)).entry.id
    index(house)
    for who, which, address in (
        (house.dave, photo, ""),
        (house.alice, photo, "space=family"),
        (house.alice, photo, "rating=5"),
        (house.alice, photo, "space.not=alice&space.not=family"),
        (house.alice, 10**9, ""),
    ):
        with pytest.raises(NotFound):
            house.library.timeline.position(who, asked(address), which)


def test_the_number_of_the_last_change_grows_with_every_change(house: House) -> None:
    seqs = [house.library.timeline.segments(house.alice).seq]
    chance = random.Random(3)
    for number in range(4):
        house.put(f"alice/{number}.jpg", picture(day=chance.randrange(3)))
        index(house)
        seqs.append(house.library.timeline.segments(house.alice).seq)
    house.delete("alice/0.jpg")
    seqs.append(house.library.timeline.segments(house.alice).seq)
    assert seqs == sorted(set(seqs))


# --- filters ---------------------------------------------------------------------------------------------------------

BERLIN = Place(2950159, "Berlin", "Land Berlin", "Germany", "DE")
ZURICH = Place(2657896, "Zürich", "Zürich", "Switzerland", "CH")
FILES: dict[str, dict[str, Any]] = {
    "alice/canon.jpg": {"day": 10, "make": "Canon", "model": "Canon EOS 5D", "lens": "EF24-70mm f/2.8L", "iso": 100,
                        "aperture": 2.7999, "focal_length": 24.0, "rating": 5, "title": "The 100% _wall_",
                        "tags": ["beach", "blue sky"]},
    "alice/sony.jpg": {"day": 11, "make": "SONY", "model": "ILCE-7M3", "iso": 800, "aperture": 5.6,
                       "focal_length": 85.0, "rating": 3, "tags": ["Strand"], "description": "Бабушка в саду"},
    "alice/trip/berlin.heic": {"day": 365, "form": "heic", "latitude": 52.52, "longitude": 13.4, "place": BERLIN},
    "alice/trip/deep/zurich.jpg": {"day": 366, "latitude": 47.37, "longitude": 8.54, "place": ZURICH, "rating": 4},
    "alice/trip/fiji.jpg": {"day": 400, "latitude": -17.7, "longitude": 179.99},
    "family/clip.mp4": {"day": 400, "kind": "video", "form": "mp4", "duration": 60_000},
    "family/raw.nef": {"day": 12, "kind": "raw", "form": "nef", "make": "NIKON CORPORATION", "model": "NIKON D750"},
    "family/wide.jpg": {"day": 12, "width": 9000, "height": 1000},
    "family/moves.gif": {"day": 13, "form": "gif", "frames": 9},
    "family/live.jpg": {"day": 14, "motion": [1, 2]},
}  # fmt: skip
ALL = {path.rpartition("/")[2].split(".")[0] for path in FILES}
FOUND = {
    "": ALL,
    "after=1971": {"zurich", "berlin", "fiji", "clip"},
    "before=1970-01-13": {"canon", "sony", "raw", "wide"},
    "after=1970-01-12&before=1970-01-12": {"sony"},
    "date=1970-01&date=1971-02": {"canon", "sony", "raw", "wide", "moves", "live", "fiji", "clip"},
    "date.not=1970-01": {"berlin", "zurich", "fiji", "clip"},
    "added_before=2000": set(),
    "added_after=2000&kind=raw": {"raw"},
    "town=berlin": {"berlin"},
    "town=BERLIN&town=zürich": {"berlin", "zurich"},
    "town=ZÜRICH": {"zurich"},
    "town=Ber": set(),
    "town.not=Berlin": ALL - {"berlin"},
    "town.all=Berlin&town.all=Zürich": set(),
    "region=Land Berlin": {"berlin"},
    "country=de": {"berlin"},
    "country=Switzerland": {"zurich"},
    "near=52.5,13.4,10": {"berlin"},
    "near=52.5,13.4,1": set(),
    "near=-17.7,-179.99,5": {"fiji"},
    "near=50,11,500": {"berlin", "zurich"},
    "box=13,52,14,53": {"berlin"},
    "box=179,-20,-179,-10": {"fiji"},
    "box=-179,-20,179,-10": set(),
    "gps=yes": {"berlin", "zurich", "fiji"},
    "gps=no&date=1971-02": {"clip"},
    "camera=canon": {"canon"},
    "camera=Canon EOS 5D": {"canon"},
    "camera=sony ilce-7m3&camera=NIKON D750": {"sony", "raw"},
    "camera.not=SONY&camera.not=Canon&rating=1-": {"zurich"},
    "lens=ef24-70mm f/2.8l": {"canon"},
    "iso=100-800": {"canon", "sony"},
    "iso=101-": {"sony"},
    "iso=-100": {"canon"},
    "aperture=2.8": {"canon"},
    "aperture=1.4-2.8": {"canon"},
    "focal=50-100": {"sony"},
    "kind=video": {"clip"},
    "kind=raw&kind=live": {"raw", "live"},
    "kind=panorama": {"wide"},
    "kind=animated": {"moves"},
    "kind.not=photo": {"clip"},
    "type=nef&type=mp4": {"raw", "clip"},
    "rating=4-5": {"canon", "zurich"},
    "rating=3": {"sony"},
    "rating.not=3-5&space=alice": {"berlin", "fiji"},
    "space=family": {"clip", "raw", "wide", "moves", "live"},
    "space.not=FAMILY&rating=3-": {"canon", "sony", "zurich"},
    "space=alice&space=family&iso=100": {"canon"},
    "space.all=alice&space.all=family": set(),
    "folder=alice/trip": {"berlin", "zurich", "fiji"},
    "folder=alice/trip/deep&folder=family": {"zurich", "clip", "raw", "wide", "moves", "live"},
    "folder.not=alice/trip&space=alice": {"canon", "sony"},
    "q=berlin": {"berlin"},
    "q=zürich OR canon": {"zurich", "canon"},
    "q=5d beach": {"canon"},
    "q=5d -beach": set(),
    "q=-(canon OR sony) jpg": {"zurich", "fiji", "wide", "live"},
    "q=100%25": {"canon"},
    "q=_wall_": {"canon"},
    "q=БАБУШКА": {"sony"},
    'q="в саду"': {"sony"},
    "q=tag:beach": {"canon"},
    'q=tag:"blue sky"': {"canon"},
    "q=tag:blue": set(),
    "q=-tag:beach nikon": {"raw"},
    "q=germany": {"berlin"},
    "q=beach&q=strand": {"canon", "sony"},
    "q.all=ilce&q.all=strand": {"sony"},
    "q.not=jpg&after=1971": {"berlin", "clip"},
}


def test_what_filters_find(house: House) -> None:
    for folder in ("alice/trip", "alice/trip/deep"):
        house.folder(folder)
    for path, found in FILES.items():
        house.put(path, picture(**found))
    index(house)
    names = {row[0]: row[1].split(".")[0] for row in house.rows("SELECT id, name FROM entry")}
    for address, expected in FOUND.items():
        query = Query.parse(parse_qs(address))
        total = house.library.timeline.segments(house.alice, query).total
        tiles = house.library.timeline.columns(house.alice, query, "1980-01-01", None)
        assert ({names[tile.id] for tile in tiles}, total) == (expected, len(expected)), address


def test_statements_with_filters_are_not_kept(house: House) -> None:
    fill(house, "alice", {1: 1})
    house.library.timeline.segments(house.alice, asked("town=Berlin"))
    kept = len(house.catalogue._compiled)
    for number in range(5):
        query = asked(f"town=Town{number}&rating={number}")
        house.library.timeline.segments(house.alice, query)
        house.library.timeline.columns(house.alice, query, "1970-01-02", None)
    assert len(house.catalogue._compiled) - kept <= 1


# --- changes ---------------------------------------------------------------------------------------------------------


def test_what_changed_is_told_by_day_and_nothing_when_nothing_did(house: House) -> None:
    fill(house, "alice", {1: 1, 2: 1, 3: 1})
    timeline = house.library.timeline
    seq = timeline.segments(house.alice).seq
    assert timeline.changes(house.alice, seq) is None
    house.put("alice/new.jpg", picture(day=2))
    house.delete("alice/1-0.jpg")
    index(house)
    changes = timeline.changes(house.alice, seq)
    assert changes is not None
    assert (changes.segments.days, changes.segments.counts) == ([2, 1], [2, 0])
    assert not changes.is_everything
    assert timeline.changes(house.alice, changes.segments.seq) is None


def test_a_space_that_is_joined_is_a_change_of_all_of_its_days(house: House) -> None:
    fill(house, "family", {1: 1, 2: 2})
    house.put("dave/a.jpg", picture(day=2), house.dave)
    index(house)
    timeline = house.library.timeline
    seq = timeline.segments(house.dave).seq
    house.library.spaces.grant("family", "dave", Role.VIEWER)
    changes = timeline.changes(house.dave, seq)
    assert changes is not None
    assert dict(zip(changes.segments.days, changes.segments.counts, strict=True)) == {1: 1, 2: 3}
    house.library.spaces.revoke("family", "dave")
    changes = timeline.changes(house.dave, changes.segments.seq)
    assert changes is not None
    assert (changes.is_everything, changes.segments.days) == (True, [2])


def test_folders_of_others_have_no_path(house: House) -> None:
    folder = house.folder("alice/f")
    family = house.space("family").root_id
    timeline = house.library.timeline
    assert timeline.paths(house.alice, [folder, family, 987_654]) == {folder: ("alice", "f"), family: ("family",)}
    assert timeline.paths(house.bob, [folder, family]) == {family: ("family",)}
    house.delete("alice/f")
    assert timeline.paths(house.alice, [folder]) == {}


def test_a_photo_tells_what_it_was_uploaded_with_wherever_it_goes(house: House) -> None:
    house.put("family/a.jpg", picture(day=3), house.bob)
    index(house)
    house.copy("family/a.jpg", "alice/b.jpg")
    query = Query.parse({"sort": ["-added"]})
    tiles = house.library.timeline.columns(house.alice, query, "9999-01-01", None)
    assert [tile.device for tile in tiles] == ["bob’s laptop"] * 2
    assert house.library.details.photo(house.alice, tiles[0].id).device == "bob’s laptop"


def _put_on(house: House, *days: date, space: str = "alice") -> None:
    for number, day in enumerate(days):
        house.put(f"{space}/{day}.{number}.jpg", picture(day=(day - date(1970, 1, 1)).days, title=f"{space} {number}"))
    index(house)


def test_this_day_of_earlier_years_has_its_count_and_a_photo_of_each(house: House) -> None:
    _put_on(house, date(2020, 11, 21), date(2020, 11, 21), date(2024, 11, 21), date(2024, 11, 20), date(2026, 11, 21))
    found = house.library.timeline.on_this_day(house.alice, date(2026, 11, 21))
    assert [(one.day, one.count) for one in found] == [(date(2024, 11, 21), 1), (date(2020, 11, 21), 2)]
    assert all(date(1970, 1, 1) + timedelta(days=one.tile.day) == one.day for one in found)


def test_the_29_february_looks_back_at_leap_years_alone(house: House) -> None:
    _put_on(house, date(2023, 2, 28), date(2020, 2, 29), date(2019, 3, 1))
    found = house.library.timeline.on_this_day(house.alice, date(2024, 2, 29))
    assert [one.day for one in found] == [date(2020, 2, 29)]


def test_this_day_of_earlier_years_is_only_what_one_may_see(house: House) -> None:
    _put_on(house, date(2020, 11, 21))
    _put_on(house, date(2021, 11, 21), space="family")
    years = {
        one.name: [found.day.year for found in house.library.timeline.on_this_day(one, date(2026, 11, 21))]
        for one in (house.alice, house.carol, house.dave)
    }
    assert years == {"alice": [2021, 2020], "carol": [2021], "dave": []}


def test_there_are_at_most_twelve_such_days(house: House) -> None:
    _put_on(house, *(date(year, 11, 21) for year in range(2000, 2020)))
    found = house.library.timeline.on_this_day(house.alice, date(2026, 11, 21))
    assert [one.day.year for one in found] == list(range(2019, 2007, -1))
