"""What takes the room of a space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.library import usage
from gateway.library.usage import File, Folder, Share
from tests.library.house import at, noise
from tests.library.pictures import index, picture

if TYPE_CHECKING:
    import pytest

    from gateway.library.usage import Report
    from tests.library.house import House

DAY_2019, DAY_2021 = 18_000, 18_700


def report(house: House, space: str = "family") -> Report:
    return house.library.usages.report(house.alice, space)


def _furnish(house: House) -> dict[str, int]:
    """Photos, a video and another file; the size of each."""
    for folder in ("family/a", "family/a/b", "family/c"):
        house.folder(folder)
    contents = {
        "family/a/one.jpg": picture(day=DAY_2019),
        "family/a/b/two.jpg": picture(day=DAY_2021, pad="x" * 1000),
        "family/c/clip.mp4": picture("video", "mp4", day=DAY_2021, pad="x" * 5000),
        "family/letter.pdf": noise(300),
    }
    for path, content in contents.items():
        house.put(path, content)
    index(house)
    return {path: len(content) for path, content in contents.items()}


def test_a_space_is_counted_by_kind_year_and_folder(house: House) -> None:
    sizes = _furnish(house)
    one, two, clip, letter = sizes.values()
    found = report(house)
    assert (found.photos, found.videos, found.others) == (
        Share("photo", 2, one + two),
        Share("video", 1, clip),
        letter,
    )
    assert found.years == [Share("2021", 2, two + clip), Share("2019", 1, one)]
    assert found.folders == [Folder("c", clip), Folder("a", one + two)]
    assert found.largest == [File(at(path), size) for path, size in sorted(sizes.items(), key=lambda item: -item[1])]
    assert found.counted is not None
    assert not found.is_counting


def test_an_empty_space_takes_no_room(house: House) -> None:
    found = report(house)
    assert (found.photos.size, found.videos.size, found.others) == (0, 0, 0)
    assert (found.years, found.folders, found.largest) == ([], [], [])


def test_what_is_in_the_trash_is_not_counted(house: House) -> None:
    house.put("family/a", noise(100))
    house.delete("family/a")
    assert report(house).largest == []


def test_what_was_counted_is_kept_until_it_is_old_and_wrong(house: House) -> None:
    first = report(house)
    house.put("family/a", noise(100))
    assert report(house) == first
    house.execute("UPDATE usage SET counted = counted - 61000000")
    assert [file.size for file in report(house).largest] == [100]
    house.execute("UPDATE usage SET counted = 1")
    assert report(house).counted == 1


def test_a_large_space_is_counted_by_housekeeping(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "SMALL", 0)
    house.put("family/a", noise(100))
    found = report(house)
    assert (found.counted, found.is_counting, found.largest) == (None, True, [])
    assert report(house) == found
    assert usage.count_wanted(house.catalogue) == 1
    assert usage.count_wanted(house.catalogue) == 0
    found = report(house)
    assert ([file.size for file in found.largest], found.is_counting) == ([100], False)
    # What was counted last is shown while it is counted again.
    house.put("family/b", noise(200))
    house.execute("UPDATE usage SET counted = counted - 61000000")
    found = report(house)
    assert ([file.size for file in found.largest], found.is_counting) == ([100], True)
    house.library.upkeep.run_due()
    assert [file.size for file in report(house).largest] == [200, 100]


def test_a_larger_space_is_counted_less_often(house: House) -> None:
    first = report(house)
    house.put("family/a", noise(100))
    house.execute("UPDATE usage SET counted = counted - 61000000")
    house.execute("UPDATE space SET entries = 1000000 WHERE name = 'family'")
    assert report(house)[1:] == first[1:]
    house.execute("UPDATE usage SET counted = counted - 600000000")
    assert report(house).is_counting


def test_only_the_largest_are_named(house: House) -> None:
    for number in range(25):
        house.folder(f"family/{number}")
        house.put(f"family/{number}/a", noise(100 + number))
    found = report(house)
    assert [file.size for file in found.largest] == list(range(124, 104, -1))
    assert [share.size for share in found.folders] == list(range(124, 104, -1))
