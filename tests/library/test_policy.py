"""What a space takes, whichever way a file comes."""

import pytest

from gateway.errors import TooLarge, UnsupportedType
from tests.library.house import House, noise

JPEG = b"\xff\xd8\xff\xe0" + noise(500)
TEXT = b"not a photograph at all"


@pytest.fixture
def picky(house: House) -> House:
    """The space family takes media of up to 1,000 bytes."""
    house.library.spaces.set_policy("family", media_only=True, max_file_size=1000)
    return house


@pytest.mark.parametrize("way", ["copy", "move"])
def test_a_file_that_is_no_photograph_does_not_come_from_another_space(picky: House, way: str) -> None:
    picky.put("alice/letter.jpg", TEXT)
    with pytest.raises(UnsupportedType):
        getattr(picky, way)("alice/letter.jpg", "family/letter.jpg")
    assert picky.names("alice") == ["letter.jpg"]


@pytest.mark.parametrize("way", ["copy", "move"])
def test_a_folder_that_holds_something_else_does_not_come_from_another_space(picky: House, way: str) -> None:
    picky.folder("alice/trip")
    picky.put("alice/trip/a.jpg", JPEG)
    picky.put("alice/trip/tickets.pdf", TEXT)
    with pytest.raises(UnsupportedType):
        getattr(picky, way)("alice/trip", "family/trip")


@pytest.mark.parametrize("way", ["copy", "move"])
def test_a_file_over_the_limit_does_not_come_from_another_space(picky: House, way: str) -> None:
    picky.put("alice/large.jpg", JPEG + noise(600))
    with pytest.raises(TooLarge):
        getattr(picky, way)("alice/large.jpg", "family/large.jpg")


@pytest.mark.parametrize("way", ["copy", "move"])
def test_photographs_with_their_sidecars_come_from_another_space(picky: House, way: str) -> None:
    picky.folder("alice/trip")
    picky.put("alice/trip/a.jpg", JPEG)
    picky.put("alice/trip/a.xmp", TEXT)
    assert getattr(picky, way)("alice/trip", "family/trip")
    assert picky.names("family/trip") == ["a.jpg", "a.xmp"]


def test_a_photograph_is_not_renamed_to_something_else(picky: House) -> None:
    picky.put("family/a.jpg", JPEG)
    with pytest.raises(UnsupportedType):
        picky.move("family/a.jpg", "family/a.exe")
    assert picky.move("family/a.jpg", "family/b.jpeg")


def test_a_sidecar_is_not_renamed_to_a_photograph(picky: House) -> None:
    picky.put("family/a.xmp", TEXT)
    with pytest.raises(UnsupportedType):
        picky.move("family/a.xmp", "family/a.jpg")


def test_what_was_there_before_the_policy_can_be_moved_about_and_restored(house: House) -> None:
    house.folder("family/old")
    house.put("family/old/letter.txt", TEXT)
    house.put("family/large.jpg", JPEG + noise(600))
    house.library.spaces.set_policy("family", media_only=True, max_file_size=1000)
    assert house.move("family/old", "family/older")
    assert house.move("family/large.jpg", "family/older/large.jpg")
    house.delete("family/older")
    [item] = house.library.trash.items(house.alice, "family")
    house.library.trash.restore(house.alice, "family", item.id)
    assert house.names("family/older") == ["large.jpg", "letter.txt"]
