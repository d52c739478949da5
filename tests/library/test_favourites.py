"""Hearts: each person's own, on the entry, whatever happens to it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from gateway.errors import NotFound
from gateway.library.query import Query
from gateway.library.stacks import Flag
from tests.library.house import at
from tests.library.pictures import index, picture

if TYPE_CHECKING:
    from gateway.library.values import Principal
    from tests.library.house import House

YES, NO = Query.parse({"favourite": ["yes"]}), Query.parse({"favourite": ["no"]})


def hearts(house: House, who: Principal | None = None, query: Query = YES) -> list[int]:
    """The photos that the view of favourites shows, which must be as many as it counts."""
    timeline, who = house.library.timeline, who or house.alice
    segments = timeline.segments(who, query)
    found = [tile.id for tile in timeline.columns(who, query, "9999-01-01", None)]
    assert len(found) == segments.total
    return found


def marked(house: House, who: Principal | None = None) -> list[int]:
    """The photos that have a heart where all are shown."""
    tiles = house.library.timeline.columns(who or house.alice, Query(), "9999-01-01", None)
    return [tile.id for tile in tiles if tile.flags & Flag.FAVOURITE]


@pytest.fixture
def photos(house: House) -> dict[str, int]:
    """Ids by name: three photos of Alice and one of the family, the newest first."""
    house.folder("alice/f")
    paths = ("alice/a.jpg", "alice/b.jpg", "alice/f/c.jpg", "family/d.jpg")
    ids = {path: house.put(path, picture(day=100 - n)).entry.id for n, path in enumerate(paths)}
    index(house)
    return {path.rpartition("/")[2]: number for path, number in ids.items()}


@pytest.fixture(autouse=True)
def _sound(house: House) -> object:
    yield
    house.assert_sound()


def test_a_heart_is_given_and_taken_back_and_giving_it_twice_is_giving_it_once(
    house: House, photos: dict[str, int]
) -> None:
    favourites = house.library.favourites
    for name in ("b.jpg", "d.jpg", "b.jpg"):
        favourites.add(house.alice, photos[name])
    assert hearts(house) == marked(house) == [photos["b.jpg"], photos["d.jpg"]]
    assert hearts(house, query=NO) == [photos["a.jpg"], photos["c.jpg"]]
    for _ in range(2):
        favourites.remove(house.alice, photos["b.jpg"])
    assert hearts(house) == [photos["d.jpg"]]


def test_hearts_are_each_persons_own(house: House, photos: dict[str, int]) -> None:
    house.library.favourites.add(house.carol, photos["d.jpg"])  # who may only look
    assert hearts(house, house.carol) == marked(house, house.carol) == [photos["d.jpg"]]
    assert hearts(house) == hearts(house, house.bob) == marked(house) == []


def test_hearts_are_for_those_who_see_the_photo(house: House, photos: dict[str, int]) -> None:
    favourites = house.library.favourites
    for act in (favourites.add, favourites.remove):
        for photo in (photos["d.jpg"], photos["a.jpg"], 987654):
            with pytest.raises(NotFound, match="There is no such photo"):
                act(house.dave, photo)
    favourites.add(house.bob, photos["d.jpg"])
    house.library.spaces.revoke("family", "bob")
    assert hearts(house, house.bob) == []
    house.library.spaces.grant("family", "bob", 1)
    assert hearts(house, house.bob) == [photos["d.jpg"]]


def test_a_heart_follows_its_photo(house: House, photos: dict[str, int]) -> None:
    house.library.favourites.add(house.alice, photos["c.jpg"])
    kept = [photos["c.jpg"]]
    house.move("alice/f/c.jpg", "alice/f/renamed.jpg")
    assert hearts(house) == kept
    house.move("alice/f", "alice/g")
    assert hearts(house) == kept
    house.move("alice/g", "family/g")
    house.library.photos.follow_folders()
    assert hearts(house) == kept
    house.put("family/g/renamed.jpg", picture(day=5))
    index(house)
    assert hearts(house) == kept
    house.with_options(index_version=2).library.jobs.renew()
    index(house)
    assert hearts(house) == kept


def test_a_copy_has_no_heart(house: House, photos: dict[str, int]) -> None:
    house.library.favourites.add(house.alice, photos["a.jpg"])
    house.copy("alice/a.jpg", "alice/copy.jpg")
    assert hearts(house) == [photos["a.jpg"]]


def test_in_the_trash_a_heart_waits_and_is_gone_with_the_photo(house: House, photos: dict[str, int]) -> None:
    for name in ("a.jpg", "c.jpg"):
        house.library.favourites.add(house.alice, photos[name])
    house.delete("alice/a.jpg")
    house.delete("alice/f")
    house.library.photos.follow_folders()
    assert hearts(house) == []
    with pytest.raises(NotFound):
        house.library.favourites.add(house.alice, photos["a.jpg"])
    trashed = house.trashed()
    house.library.trash.restore(house.alice, "alice", trashed["a.jpg"])
    assert hearts(house) == [photos["a.jpg"]]
    house.library.trash.purge(house.alice, "alice", trashed["f"])
    assert house.rows("SELECT entry_id FROM favourite") == [(photos["a.jpg"],)]


def test_a_stack_has_one_heart_whichever_of_its_files_it_was_given_to(house: House) -> None:
    favourites = house.library.favourites
    raw = house.put("alice/s.nef", picture("raw", "nef", day=3)).entry.id
    index(house)
    favourites.add(house.alice, raw)
    assert hearts(house) == [raw]
    still = house.put("alice/s.jpg", picture(day=3)).entry.id
    index(house)
    assert hearts(house) == marked(house) == [still]
    favourites.remove(house.alice, raw)
    assert hearts(house) == []
    favourites.add(house.alice, still)
    house.delete("alice/s.jpg")
    assert hearts(house) == [raw]


def test_hearts_are_what_a_plain_set_says_after_anything(house: House) -> None:
    random, wanted = Random(7), set[int]()
    ids = [house.put(f"alice/{number}.jpg", picture(day=number)).entry.id for number in range(12)]
    index(house)
    for _ in range(60):
        photo = random.choice(ids)
        if random.random() < 0.5:
            house.library.favourites.add(house.alice, photo)
            wanted.add(photo)
        else:
            house.library.favourites.remove(house.alice, photo)
            wanted.discard(photo)
        assert set(hearts(house)) == wanted
        assert set(hearts(house, query=NO)) == set(ids) - wanted


def test_a_folder_alone_or_with_all_below_it(house: House, photos: dict[str, int]) -> None:
    below = Query.parse({"folder": ["alice"]})
    only = Query.parse({"folder.only": ["alice"]})
    assert hearts(house, query=below) == [photos["a.jpg"], photos["b.jpg"], photos["c.jpg"]]
    assert hearts(house, query=only) == [photos["a.jpg"], photos["b.jpg"]]
    assert hearts(house, query=Query.parse({"folder.only": ["alice", "alice/f"]})) == hearts(house, query=below)
    assert only.address == "folder.only=alice"
    with pytest.raises(NotFound):
        house.library.timeline.segments(house.dave, Query.parse({"folder.only": ["family"]}))
    assert house.library.files.stat(house.alice, at("alice/f")).entry.is_folder
