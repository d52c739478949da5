"""Everything about one photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import NotFound
from gateway.library.extracted import Place
from gateway.library.values import Role
from tests.library.house import counted
from tests.library.pictures import DAY, index, picture

if TYPE_CHECKING:
    from tests.library.house import House


def test_the_panel_says_all_that_is_known(house: House) -> None:
    content = picture(
        date=["original", 3 * DAY + 5, 120, "Europe/Berlin", "position"], latitude=52.5, longitude=13.4, altitude=34.0,
        place=Place(2950159, "Berlin", "Land Berlin", "Germany", "DE"), make="Canon", model="Canon EOS 5D",
        lens="EF24-70mm", exposure_time=0.004, aperture=2.8, iso=100, focal_length=24.0, flash=False, title="Wall",
        description="A wall", tags=["a", "b"], rating=4,
    )  # fmt: skip
    house.folder("family/f")
    photo = house.put("family/f/wall.jpg", content).entry.id
    index(house)
    found = house.library.details.photo(house.carol, photo)
    assert (found.id, found.name, found.path, found.space, found.role) == (
        photo, "wall.jpg", ("family", "f"), "family", Role.VIEWER,
    )  # fmt: skip
    assert (found.size, found.format, found.kind, found.width, found.height) == (
        len(content), "jpeg", "image", 400, 300,
    )  # fmt: skip
    assert (found.day, found.taken, found.utc_offset, found.zone) == (3, 3 * DAY + 5, 120, "Europe/Berlin")
    assert (found.date_rule, found.offset_rule) == ("original", "position")
    assert (found.town, found.region, found.country, found.altitude) == ("Berlin", "Land Berlin", "Germany", 34)
    assert (found.make, found.model, found.lens) == ("Canon", "Canon EOS 5D", "EF24-70mm")
    assert (found.exposure_time, found.aperture, found.iso, found.focal_length) == (0.004, 2.8, 100, 24)
    assert (found.flash, found.title, found.description, found.tags, found.rating) == (
        False, "Wall", "A wall", ("a", "b"), 4,
    )  # fmt: skip
    assert (found.stack, found.copies, found.error) == ((), (), None)
    assert [(seer.name, seer.role) for seer in found.seen_by] == [("alice", 3), ("bob", 2), ("carol", 1)]


def test_a_photo_is_nothing_to_those_outside_its_space(house: House) -> None:
    photo = house.put("family/a.jpg", picture()).entry.id
    index(house)
    for who, which in ((house.dave, photo), (house.alice, 10**9)):
        with pytest.raises(NotFound, match="There is no such photo"):
            house.library.details.photo(who, which)


def test_a_photo_of_a_folder_that_was_just_deleted_is_gone(house: House) -> None:
    house.folder("alice/f")
    photo = house.put("alice/f/a.jpg", picture()).entry.id
    index(house)
    house.delete("alice/f")
    with pytest.raises(NotFound):
        house.library.details.photo(house.alice, photo)


def test_copies_are_told_where_the_principal_sees_them(house: House) -> None:
    content = picture(title="twice")
    house.folder("family/f")
    first = house.put("alice/a.jpg", content).entry.id
    second = house.put("family/f/b.jpg", content).entry.id
    index(house)
    assert [(one.id, one.path) for one in house.library.details.photo(house.alice, first).copies] == [
        (second, ("family", "f", "b.jpg"))
    ]
    assert house.library.details.photo(house.bob, second).copies == ()
    house.delete("family/f")
    assert house.library.details.photo(house.alice, first).copies == ()


def test_every_file_of_a_stack_knows_the_others(house: House) -> None:
    top = house.put("alice/x.heic", picture(form="heic", content_id="c")).entry.id
    raw = house.put("alice/x.nef", picture("raw", "nef")).entry.id
    video = house.put("alice/y.mov", picture("video", "mov", content_id="c", duration=2000)).entry.id
    house.put("alice/x2.jpg", picture())
    index(house)
    for photo in (top, raw, video):
        stack = house.library.details.photo(house.alice, photo).stack
        assert [(one.id, one.name, one.kind) for one in stack] == [
            (top, "x.heic", "image"), (raw, "x.nef", "raw"), (video, "y.mov", "video"),
        ]  # fmt: skip


def test_a_photo_in_deep_folders_takes_few_statements(house: House) -> None:
    path = "alice"
    for _ in range(20):
        path += "/f"
        house.folder(path)
    photo = house.put(f"{path}/a.jpg", picture()).entry.id
    index(house)
    with counted() as statements:
        found = house.library.details.photo(house.alice, photo)
    assert len(found.path) == 21
    assert len(statements) <= 4
