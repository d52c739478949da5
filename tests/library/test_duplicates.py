"""Duplicates: of equal bytes, and alike; of what somebody may see, and of nothing else."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from gateway.library.duplicates import NEAR
from tests.library.pictures import index, picture

if TYPE_CHECKING:
    from gateway.library.values import Principal
    from tests.library.house import House

LOOK = 0x1234_5678_9ABC_DEF0
OTHER = 0x0F1E_2D3C_4B5A_6978


def put(house: House, path: str, phash: int, **found: object) -> None:
    house.put(path, picture(day=1, phash=phash, pad=path, **found))


def exact(house: House, who: Principal, limit: int = 50) -> list[set[str]]:
    groups, after = [], None
    while True:
        page = house.library.duplicates.exact(who, after, limit)
        groups += [{photo.name for photo in group.photos} for group in page.groups]
        after = page.after
        if after is None:
            return groups


def near(house: House, who: Principal) -> list[set[str]]:
    groups, after = [], None
    while True:
        page = house.library.duplicates.near(who, after)
        groups += [{photo.name for photo in group} for group in page.groups]
        after = page.after
        if after is None:
            return groups


def test_equal_bytes_are_found_the_most_wasteful_first(house: House) -> None:
    small, large = picture(day=1), picture(day=2, title="x" * 5000)
    for path in ("alice/a.jpg", "alice/b.jpg", "family/c.jpg"):
        house.put(path, small)
    for path in ("alice/d.jpg", "family/e.jpg"):
        house.put(path, large)
    house.put("alice/alone.jpg", picture(day=3))
    index(house)
    assert exact(house, house.alice) == [{"d.jpg", "e.jpg"}, {"a.jpg", "b.jpg", "c.jpg"}]
    assert exact(house, house.alice, limit=1) == exact(house, house.alice)
    group = house.library.duplicates.exact(house.alice).groups[1]
    assert group.waste == 2 * len(small)
    assert [photo.name for photo in group.photos] == ["a.jpg", "b.jpg", "c.jpg"]


def test_copies_that_share_a_blob_are_duplicates_too(house: House) -> None:
    house.put("alice/a.jpg", picture(day=1))
    index(house)
    house.copy("alice/a.jpg", "family/b.jpg")
    assert exact(house, house.alice) == [{"a.jpg", "b.jpg"}]


def test_what_is_in_the_trash_is_no_duplicate(house: House) -> None:
    house.folder("alice/f")
    for path in ("alice/a.jpg", "alice/f/b.jpg", "alice/c.jpg"):
        house.put(path, picture(day=1))
    index(house)
    house.delete("alice/f")
    assert exact(house, house.alice) == [{"a.jpg", "c.jpg"}]
    house.delete("alice/c.jpg")
    assert exact(house, house.alice) == []


def test_nobody_learns_of_duplicates_in_spaces_of_others(house: House) -> None:
    for path in ("alice/a.jpg", "family/b.jpg", "family/c.jpg"):
        house.put(path, picture(day=1))
    put(house, "alice/d.jpg", LOOK)
    put(house, "family/e.jpg", LOOK ^ 3)
    put(house, "family/f.jpg", LOOK ^ 5)
    index(house)
    assert exact(house, house.carol) == [{"b.jpg", "c.jpg"}]
    assert near(house, house.carol) == [{"e.jpg", "f.jpg"}]
    assert near(house, house.alice) == [{"d.jpg", "e.jpg", "f.jpg"}]
    assert exact(house, house.dave) == near(house, house.dave) == []
    house.library.spaces.revoke("family", "carol")
    assert exact(house, house.carol) == near(house, house.carol) == []


@pytest.mark.parametrize(("bits", "alike"), [(2, True), (NEAR, True), (NEAR + 2, False)])
def test_photos_alike_differ_in_few_bits(house: House, bits: int, *, alike: bool) -> None:
    put(house, "alice/a.jpg", LOOK)
    put(house, "alice/b.jpg", LOOK ^ ((1 << bits) - 1))
    put(house, "alice/c.jpg", OTHER)
    index(house)
    assert near(house, house.alice) == ([{"a.jpg", "b.jpg"}] if alike else [])


def test_a_hash_with_its_highest_bit_set_is_compared_like_any_other(house: House) -> None:
    put(house, "alice/a.jpg", -(1 << 63) | 0xABCD)
    put(house, "alice/b.jpg", 0xABCD)
    index(house)
    assert near(house, house.alice) == [{"a.jpg", "b.jpg"}]


def test_alikes_hang_together_and_are_told_once(house: House) -> None:
    for number, bits in enumerate((0, 0b1111, 0b1111_1111, 0b1111_1111_1111)):
        put(house, f"alice/{number}.jpg", LOOK ^ bits)
    index(house)
    assert near(house, house.alice) == [{"0.jpg", "1.jpg", "2.jpg", "3.jpg"}]


def test_equal_bytes_alone_are_no_suggestion(house: House) -> None:
    for path in ("alice/a.jpg", "family/b.jpg"):
        house.put(path, picture(day=1, phash=LOOK))
    index(house)
    assert near(house, house.alice) == []


def test_files_of_a_stack_are_no_duplicates_of_each_other(house: House) -> None:
    put(house, "alice/a.jpg", LOOK)
    put(house, "alice/a.dng", LOOK ^ 3, kind="raw", form="dng")
    put(house, "alice/b.jpg", OTHER)
    index(house)
    assert near(house, house.alice) == []
    put(house, "family/c.jpg", LOOK ^ 5)
    index(house)
    assert near(house, house.alice) == [{"a.jpg", "c.jpg"}]


def test_plain_pictures_are_no_suggestions(house: House) -> None:
    for number in range(3):
        put(house, f"alice/{number}.jpg", 0)
    index(house)
    assert near(house, house.alice) == []


def test_pages_of_alikes_tell_each_group_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.library.duplicates._LOOKED_AT", 7)
    chance = random.Random(3)
    looks = [chance.getrandbits(63) for _ in range(12)]
    spaces = enumerate(("alice", "family"))
    paths = [(f"{space}/{number}.{part}.jpg", number, part) for part, space in spaces for number in range(12)]
    chance.shuffle(paths)
    for path, number, part in paths:
        put(house, path, looks[number] ^ part * 3)
    index(house)
    groups = near(house, house.alice)
    assert len(groups) == 12
    assert {frozenset(group) for group in groups} == {frozenset({f"{n}.0.jpg", f"{n}.1.jpg"}) for n in range(12)}
