"""The pictures of photos: only for those who may see them, and only of what is there now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import NotFound
from tests.library.pictures import index, picture, renditions
from tests.library.test_photos import photos

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
    version = photos(house, "family")["a.jpg"].blob_id
    for made in renditions(content):
        found = pictures.rendition(house.carol, photo, version, made.name)
        assert (found.width, found.height, found.size) == (made.width, made.height, len(made.data))
        assert b"".join(found.read()) == made.data
    with pytest.raises(NotFound):
        pictures.rendition(house.carol, photo, version, "9999")


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
    version = photos(house, "family")["a.jpg"].blob_id
    with pytest.raises(NotFound):
        pictures.rendition(house.dave, photo, version, "240")
    with pytest.raises(NotFound):
        pictures.original(house.dave, photo)
    house.library.spaces.remove("family")
    for ask in (
        lambda: pictures.rendition(house.carol, photo, version, "240"),
        lambda: pictures.original(house.carol, photo),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_version_that_was_replaced_has_no_picture_any_more(house: House, pictures: Pictures) -> None:
    photo = house.put("alice/a.jpg", picture(day=1)).entry.id
    index(house)
    old = photos(house)["a.jpg"].blob_id
    house.put("alice/a.jpg", picture(day=2))
    assert pictures.rendition(house.alice, photo, old, "240").size
    index(house)
    with pytest.raises(NotFound):
        pictures.rendition(house.alice, photo, old, "240")


def test_pictures_of_what_was_just_deleted_are_gone_at_once(house: House, pictures: Pictures) -> None:
    house.folder("alice/f")
    photo = house.put("alice/f/a.jpg", picture(day=1)).entry.id
    single = house.put("alice/b.jpg", picture(day=2)).entry.id
    index(house)
    shown = photos(house)
    house.delete("alice/f")
    house.delete("alice/b.jpg")
    for entry, name in ((photo, "a.jpg"), (single, "b.jpg")):
        with pytest.raises(NotFound):
            pictures.rendition(house.alice, entry, shown[name].blob_id, "240")
        with pytest.raises(NotFound):
            pictures.original(house.alice, entry)
