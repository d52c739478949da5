"""The pictures of photos: only for those who may see them, and only of what is there now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import NotFound
from gateway.library.query import EVERYTHING
from tests.library.house import at
from tests.library.pictures import index, picture, renditions

if TYPE_CHECKING:
    from gateway.library.pictures import Pictures
    from tests.library.house import House


@pytest.fixture
def pictures(house: House) -> Pictures:
    return house.library.pictures


def test_each_rendition_is_read_by_its_name(house: House, pictures: Pictures) -> None:
    content = picture(day=1)
    photo = house.put("family/a.jpg", content).entry.id
    index(house)
    for made in renditions(content):
        found = pictures.rendition(house.carol, photo, made.name)
        assert (found.width, found.height, found.size) == (made.width, made.height, len(made.data))
        assert b"".join(found.read()) == made.data
    with pytest.raises(NotFound):
        pictures.rendition(house.carol, photo, "9999")


def test_the_original_is_the_file_byte_for_byte(house: House, pictures: Pictures) -> None:
    content = picture(day=1)
    photo = house.put("family/a.jpg", content).entry.id
    index(house)
    original = pictures.original(house.carol, photo)
    assert (original.name, original.size, original.format) == ("a.jpg", len(content), "jpeg")
    assert b"".join(original.read(0, original.size)) == content
    assert b"".join(original.read(2, 5)) == content[2:7]


def test_pictures_are_not_for_those_outside_the_space(house: House, pictures: Pictures) -> None:
    photo = house.put("family/a.jpg", picture(day=1)).entry.id
    index(house)
    with pytest.raises(NotFound):
        pictures.rendition(house.dave, photo, "240")
    with pytest.raises(NotFound):
        pictures.original(house.dave, photo)
    house.library.spaces.remove("family")
    for ask in (
        lambda: pictures.rendition(house.carol, photo, "240"),
        lambda: pictures.original(house.carol, photo),
    ):
        with pytest.raises(NotFound):
            ask()


def test_another_file_in_its_place_has_another_version(house: House, pictures: Pictures) -> None:
    photo = house.put("alice/a.jpg", picture(day=1)).entry.id
    index(house)
    old = pictures.rendition(house.alice, photo, "240")
    shown = b"".join(old.read())
    house.put("alice/a.jpg", picture(day=2, title="another one"))
    assert pictures.rendition(house.alice, photo, "240").version == old.version
    index(house)
    new = pictures.rendition(house.alice, photo, "240")
    assert new.version != old.version
    assert b"".join(new.read()) != shown


def test_renditions_that_are_made_anew_have_another_version(house: House, pictures: Pictures) -> None:
    photo = house.put("alice/a.jpg", picture(day=1)).entry.id
    twin = house.put("alice/b.jpg", picture(day=1)).entry.id
    index(house)
    old = {each: pictures.rendition(house.alice, each, "240").version for each in (photo, twin)}
    assert house.library.jobs.again(at("alice")) == 2
    index(house)
    new = {each: pictures.rendition(house.alice, each, "240").version for each in (photo, twin)}
    assert len({*old.values(), *new.values(), "0"}) == 5
    tiles = house.library.timeline.columns(house.alice, EVERYTHING, "1970-01-02", None)
    detail = house.library.details.photo(house.alice, photo)
    (group,) = house.library.duplicates.exact(house.alice).groups
    assert {one.id: one.version for one in (*tiles, *group.photos)} == new
    assert detail.version == new[photo]


def test_nobody_learns_from_versions_that_another_has_the_same_file(house: House, pictures: Pictures) -> None:
    house.put("alice/a.jpg", picture(day=1))
    index(house)

    def version() -> str:
        photo = house.put("dave/b.jpg", picture(day=1), house.dave).entry.id
        index(house)
        found = pictures.rendition(house.dave, photo, "240").version
        house.delete("dave/b.jpg", house.dave)
        house.library.trash.purge(house.dave, "dave", house.trashed("dave", house.dave)["b.jpg"])
        return found

    assert version() != version()


def test_what_has_no_renditions_has_version_0(house: House) -> None:
    house.put("alice/a.jpg", picture(day=1))
    index(house)
    house.execute("DELETE FROM rendition_set")
    (tile,) = house.library.timeline.columns(house.alice, EVERYTHING, "1970-01-02", None)
    assert tile.version == "0"


def test_pictures_of_what_was_just_deleted_are_gone_at_once(house: House, pictures: Pictures) -> None:
    house.folder("alice/f")
    photo = house.put("alice/f/a.jpg", picture(day=1)).entry.id
    single = house.put("alice/b.jpg", picture(day=2)).entry.id
    index(house)
    house.delete("alice/f")
    house.delete("alice/b.jpg")
    for entry in (photo, single):
        with pytest.raises(NotFound):
            pictures.rendition(house.alice, entry, "240")
        with pytest.raises(NotFound):
            pictures.original(house.alice, entry)
