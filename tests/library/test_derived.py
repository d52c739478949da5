"""A check of what is derived from files: it finds what is wrong, and makes it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.library.pictures import index, picture
from tests.library.test_photos import days, photos

if TYPE_CHECKING:
    from tests.library.house import House


def kinds(house: House, *, repair: bool = False) -> list[tuple[str, bool]]:
    return [(finding.kind, finding.repaired) for finding in house.library.checker.check(repair=repair)]


def furnish(house: House) -> None:
    house.folder("alice/f")
    for number in range(3):
        house.put(f"alice/f/{number}.jpg", picture(day=number))
    index(house)


def test_nothing_is_found_where_all_is_well(house: House) -> None:
    furnish(house)
    house.delete("alice/f/0.jpg")
    house.copy("alice/f", "family/g")
    index(house)
    assert kinds(house) == []


def test_a_folder_that_still_has_to_be_followed_is_no_finding(house: House) -> None:
    furnish(house)
    house.move("alice/f", "family/f")
    assert kinds(house) == []
    assert len(photos(house, "family")) == 3


def test_days_that_count_wrongly_are_counted_again(house: House) -> None:
    furnish(house)
    house.execute("UPDATE day_count SET n = n + 5 WHERE day = 1")
    house.execute("DELETE FROM day_count WHERE day = 2")
    house.execute(
        "INSERT INTO day_count (space_id, day, n, ratio_sum, seq) VALUES (:s, 9, 1, 1, 0)", s=house.space().id
    )
    assert kinds(house) == [("days", False)]
    assert kinds(house, repair=True) == [("days", True)]
    assert kinds(house) == []
    assert days(house) == {0: (1, 133), 1: (1, 133), 2: (1, 133)}


def test_files_that_are_not_shown_are_shown_again(house: House) -> None:
    furnish(house)
    house.execute("DELETE FROM photo WHERE day = 1")
    assert ("photos", False) in kinds(house)
    kinds(house, repair=True)
    assert kinds(house) == []
    assert len(photos(house)) == 3


def test_photos_of_files_that_are_not_there_are_forgotten(house: House) -> None:
    furnish(house)
    house.execute("UPDATE photo SET space_id = :s WHERE day = 1", s=house.space("family").id)
    assert kinds(house).count(("photos", False)) == 1
    kinds(house, repair=True)
    kinds(house, repair=True)
    assert kinds(house) == []
    assert (len(photos(house)), len(photos(house, "family"))) == (3, 0)


def test_renditions_whose_object_is_lost_are_made_again(house: House) -> None:
    furnish(house)
    key = house.rows("SELECT key FROM rendition_set")[0][0]
    house.store.delete([key])
    assert kinds(house) == [("renditions", False)]
    assert kinds(house, repair=True) == [("renditions", True)]
    assert index(house) == 1
    assert kinds(house) == []
    assert house.rows("SELECT count(*) FROM rendition_set")[0][0] == 3


def test_renditions_that_no_row_names_are_deleted_later(house: House) -> None:
    furnish(house)
    house.store.put("_davgallery/renditions/ab/ab~aaaaaaaaaaaa.webps", [b"x"], 1)
    assert kinds(house) == [("renditions", False)]
    assert kinds(house, repair=True) == [("renditions", True)]
    assert kinds(house) == []
    house.collect_garbage()
    assert "_davgallery/renditions/ab/ab~aaaaaaaaaaaa.webps" not in house.objects()
