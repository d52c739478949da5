"""The timeline: everything a person may see, by day, in parts that can be asked for one by one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from gateway.errors import BadRequest, NotFound
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


def shown(house: House, who: Principal, first: str, beyond: str | None = None, space: str | None = None) -> list[Tile]:
    return house.library.timeline.columns(who, first, beyond, space)


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
    for ask in (house.library.timeline.segments, lambda who, space: shown(house, who, "1970-01-09", None, space)):
        with pytest.raises(NotFound):
            ask(house.dave, "family")


def test_one_space_can_be_looked_at_alone(house: House) -> None:
    fill(house, "alice", {1: 1})
    fill(house, "family", {2: 1})
    assert house.library.timeline.segments(house.alice, "family").days == [2]
    assert [tile.day for tile in shown(house, house.alice, "1970-01-09", space="alice")] == [1]


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
    keys = ["1970-01-09", "1970-01-09.2", "1970-01-07", "1970-01-06", *(f"1970-01-06.{part}" for part in (2, 3, 4))]
    everything = shown(house, house.alice, keys[0])
    assert len(everything) == segments.total
    starts = [sum(segments.counts[:number]) for number in range(len(keys))] + [segments.total]
    for first in range(len(keys)):
        for beyond in range(first + 1, len(keys) + 1):
            tiles = shown(house, house.alice, keys[first], keys[beyond] if beyond < len(keys) else None)
            assert tiles == everything[starts[first] : starts[beyond]], (first, beyond)
    for number, tile in enumerate(everything):
        key, place = house.library.timeline.position(house.alice, tile.id)
        assert starts[keys.index(key)] + place == number


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
    assert house.library.timeline.position(house.alice, raw) == ("1970-01-02", 0)


def test_wrong_keys_are_refused(house: House) -> None:
    for key in ("", "1970", "1970-13-01", "1970-01-01.0", "1970-01-01.x", "x.1", "1970-01-01.99999999999"):
        with pytest.raises(BadRequest):
            shown(house, house.alice, key)


def test_a_photo_that_is_not_in_the_view_has_no_position(house: House) -> None:
    photo = house.put("alice/a.jpg", picture(day=1)).entry.id
    index(house)
    for who, which, space in ((house.dave, photo, None), (house.alice, photo, "family"), (house.alice, 10**9, None)):
        with pytest.raises(NotFound):
            house.library.timeline.position(who, which, space)


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
