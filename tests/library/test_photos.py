"""Photos: what the timeline shows is always what lies in the folders."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.library import photos as photos_module
from gateway.library import stacks
from gateway.library.photos import _Elsewhere, _Hold
from gateway.library.stacks import Flag
from tests.library.house import House, at, counted
from tests.library.pictures import DAY, index, picture

_SHOWN = "SELECT name, photo.* FROM photo JOIN entry ON entry.id = entry_id"


def photos(house: House, space: str = "alice") -> dict[str, Any]:
    """The photos of a space by the name of their file."""
    return {row.name: row for row in house.rows(f"{_SHOWN} WHERE space_id = :s", s=house.space(space).id)}


def days(house: House, space: str = "alice") -> dict[int, tuple[int, int]]:
    """The days that have photos: how many, and the sum of their ratios."""
    rows = house.rows("SELECT day, n, ratio_sum FROM day_count WHERE space_id = :s AND n <> 0", s=house.space(space).id)
    return {row[0]: (row[1], row[2]) for row in rows}


def counted_anew(house: House, space: str = "alice") -> dict[int, tuple[int, int]]:
    counts: dict[int, tuple[int, int]] = {}
    for photo in photos(house, space).values():
        if photo.stack_id is None:
            n, ratios = counts.get(photo.day, (0, 0))
            counts[photo.day] = n + 1, ratios + photo.ratio
    return counts


def test_an_upload_is_a_photo_when_it_is_indexed(house: House) -> None:
    house.put("alice/a.jpg", picture(day=10))
    assert photos(house) == {}
    assert index(house) == 1
    photo = photos(house)["a.jpg"]
    assert (photo.day, photo.taken, photo.ratio, photo.kind, photo.date_rule) == (
        10,
        10 * DAY + 1,
        133,
        "image",
        "original",
    )
    assert days(house) == {10: (1, 133)}


def test_a_file_that_is_no_picture_has_no_job(house: House) -> None:
    house.put("alice/a.txt", b"words")
    house.put("alice/b.txt", b"")
    assert house.library.jobs.queue().waiting == 0
    assert index(house) == 0
    assert photos(house) == {}


def test_renaming_and_moving_keep_a_photo(house: House) -> None:
    house.folder("alice/f")
    first = house.put("alice/a.jpg", picture(day=10)).entry.id
    index(house)
    house.move("alice/a.jpg", "alice/f/b.jpg")
    assert {name: row.entry_id for name, row in photos(house).items()} == {"b.jpg": first}
    house.move("alice/f", "alice/g")
    assert house.library.jobs.queue().waiting == 0
    assert photos(house)["b.jpg"].day == 10
    assert days(house) == {10: (1, 133)}


def test_a_deleted_photo_is_gone_and_a_restored_one_is_back(house: House) -> None:
    house.put("alice/a.jpg", picture(day=10))
    index(house)
    house.delete("alice/a.jpg")
    assert (photos(house), days(house)) == ({}, {})
    house.library.trash.restore(house.alice, "alice", house.trashed()["a.jpg"])
    assert photos(house)["a.jpg"].day == 10
    assert days(house) == {10: (1, 133)}


def test_photos_of_a_deleted_folder_go_and_come_back_with_it(house: House) -> None:
    house.folder("alice/f")
    house.folder("alice/f/g")
    for number in range(5):
        house.put(f"alice/f/g/{number}.jpg", picture(day=number))
    index(house)
    house.delete("alice/f")
    house.library.photos.follow_folders()
    assert (photos(house), days(house)) == ({}, {})
    house.library.trash.restore(house.alice, "alice", house.trashed()["f"])
    house.library.photos.follow_folders()
    assert len(photos(house)) == 5
    assert days(house) == counted_anew(house)


def test_photos_follow_a_folder_into_another_space(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a.jpg", picture(day=3))
    index(house)
    house.move("alice/f", "family/f")
    house.library.photos.follow_folders()
    assert (photos(house), days(house)) == ({}, {})
    assert photos(house, "family")["a.jpg"].day == 3
    assert days(house, "family") == {3: (1, 133)}


def test_a_copy_is_a_photo_of_its_own_without_being_indexed_again(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a.jpg", picture(day=3))
    index(house)
    house.copy("alice/f/a.jpg", "family/b.jpg")
    house.copy("alice/f", "alice/g")
    assert index(house) == 0
    assert photos(house, "family")["b.jpg"].day == 3
    assert days(house) == {3: (2, 266)}


def test_a_copy_made_before_its_original_was_indexed_is_a_photo_too(house: House) -> None:
    house.put("alice/a.jpg", picture(day=3))
    house.copy("alice/a.jpg", "family/b.jpg")
    assert index(house) == 1
    assert photos(house, "family")["b.jpg"].day == photos(house)["a.jpg"].day == 3


def test_an_overwritten_photo_stays_until_the_new_version_is_indexed(house: House) -> None:
    house.put("alice/a.jpg", picture(day=3))
    index(house)
    old = photos(house)["a.jpg"]
    house.put("alice/a.jpg", picture(day=4, width=300))
    assert photos(house)["a.jpg"] == old
    index(house)
    new = photos(house)["a.jpg"]
    assert (new.entry_id, new.day, new.ratio) == (old.entry_id, 4, 100)
    assert new.blob_id != old.blob_id
    assert days(house) == {4: (1, 100)}


def test_a_photo_overwritten_by_something_else_is_none_any_more(house: House) -> None:
    for content in (b"words", b""):
        house.put("alice/a.jpg", picture(day=3))
        index(house)
        house.put("alice/a.jpg", content)
        assert (photos(house), days(house)) == ({}, {})


def test_a_raw_file_and_its_jpeg_are_one_whichever_comes_first(house: House) -> None:
    files = {"x.jpg": picture(day=1), "x.nef": picture("raw", "nef", day=1)}
    for order in (sorted(files), sorted(files, reverse=True)):
        for name in order:
            house.put(f"alice/{name}", files[name])
            index(house)
        shown = photos(house)
        assert shown["x.nef"].stack_id == shown["x.jpg"].entry_id
        assert (shown["x.jpg"].stack_id, shown["x.jpg"].stacked, shown["x.jpg"].flags) == (None, 1, Flag.RAW)
        assert days(house) == {1: (1, 133)}
        for name in files:
            house.delete(f"alice/{name}")


def test_a_raw_file_stands_alone_when_its_jpeg_is_deleted(house: House) -> None:
    house.put("alice/x.jpg", picture(day=1))
    house.put("alice/x.nef", picture("raw", "nef", day=1, width=600))
    index(house)
    house.delete("alice/x.jpg")
    assert photos(house)["x.nef"].stack_id is None
    assert days(house) == {1: (1, 200)}


def test_a_live_photo_is_one_by_its_content_id_whatever_the_names(house: House) -> None:
    house.put("alice/still.heic", picture(form="heic", day=1, content_id="A"))
    house.put("alice/moving.mov", picture("video", "mov", day=1, content_id="A", duration=60_000))
    index(house)
    shown = photos(house)
    assert shown["moving.mov"].stack_id == shown["still.heic"].entry_id
    assert shown["still.heic"].flags == Flag.LIVE
    house.delete("alice/moving.mov")
    assert photos(house)["still.heic"].flags == 0


def test_a_short_video_of_the_same_name_is_the_moving_half(house: House) -> None:
    house.put("alice/IMG_1.jpg", picture(day=1))
    house.put("alice/IMG_1.mov", picture("video", "mov", day=1, duration=2900))
    house.put("alice/IMG_2.jpg", picture(day=1))
    house.put("alice/IMG_2.mov", picture("video", "mov", day=1, duration=9000))
    index(house)
    shown = photos(house)
    assert shown["IMG_1.mov"].stack_id == shown["IMG_1.jpg"].entry_id
    assert shown["IMG_2.mov"].stack_id is None


def test_sidecars_in_both_namings_date_their_photo_whenever_they_come(house: House) -> None:
    sidecar = picture("sidecar", "xmp", date=["sidecar", 77 * DAY], rating=4)
    for first, second in (("x.jpg", "x.jpg.xmp"), ("x.jpg", "x.xmp"), ("x.xmp", "x.jpg")):
        for name in (first, second):
            house.put(f"alice/{name}", (sidecar if name.endswith("xmp") else picture(day=1)))
            index(house)
        photo = photos(house)["x.jpg"]
        assert (photo.day, photo.date_rule, photo.rating) == (77, "sidecar", 4)
        house.delete(f"alice/{first if first.endswith('xmp') else second}")
        assert (photos(house)["x.jpg"].day, photos(house)["x.jpg"].rating) == (1, None)
        house.delete("alice/x.jpg")


def test_a_sidecar_of_one_file_says_nothing_of_its_neighbours(house: House) -> None:
    house.put("alice/x.jpg", picture(day=1))
    house.put("alice/x.png", picture(form="png", day=1))
    house.put("alice/x.png.xmp", picture("sidecar", "xmp", rating=2))
    index(house)
    assert {name: row.rating for name, row in photos(house).items()} == {"x.jpg": None, "x.png": 2}


def test_a_file_without_a_date_inside_is_dated_by_its_name(house: House) -> None:
    house.put("alice/IMG_20190714_143205.jpg", picture())
    index(house)
    photo = photos(house)["IMG_20190714_143205.jpg"]
    assert (photo.day, photo.date_rule) == (18091, "name")
    house.move("alice/IMG_20190714_143205.jpg", "alice/IMG_20190715_143205.jpg")
    assert photos(house)["IMG_20190715_143205.jpg"].day == 18092


def test_every_change_of_a_day_has_a_higher_number(house: House) -> None:
    house.put("alice/a.jpg", picture(day=1))
    index(house)
    first = house.rows("SELECT seq FROM day_count")[0][0]
    house.put("alice/b.jpg", picture(day=2))
    index(house)
    seqs = dict(house.rows("SELECT day, seq FROM day_count"))
    assert seqs[1] == first < seqs[2]


def test_purging_what_was_just_deleted_leaves_the_days_right(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a.jpg", picture(day=1))
    index(house)
    house.delete("alice/f")
    house.library.trash.purge(house.alice, "alice", house.trashed()["f"])
    house.library.photos.follow_folders()
    assert (photos(house), days(house)) == ({}, {})


@pytest.mark.parametrize("seed", [7, 101, 104])
def test_photos_are_the_same_as_if_they_were_made_anew_after_any_operations(  # noqa: C901
    house: House, seed: int
) -> None:
    chance = random.Random(seed)
    folders = ["alice", "family"]
    names = [f"{stem}.{ext}" for stem in "xyz" for ext in ("jpg", "nef", "mov", "jpg.xmp", "xmp", "txt")]

    def content(name: str) -> bytes:
        day = chance.randrange(5)
        if name.endswith("xmp"):
            return picture("sidecar", "xmp", date=["sidecar", day * DAY])
        kinds = {"jpg": ("image", "jpeg"), "nef": ("raw", "nef"), "mov": ("video", "mov")}
        kind = kinds.get(name[2:])
        return picture(*kind, day=day, duration=1000, content_id=chance.choice([None, "A"])) if kind else b"words"

    for step in range(250):
        folder, other = chance.choice(folders), chance.choice(folders)
        name, target = chance.choice(names), chance.choice(names)
        with suppress(GatewayError):
            match chance.randrange(8):
                case 0 | 1 | 2:
                    house.put(f"{folder}/{name}", content(name))
                case 3:
                    house.delete(f"{folder}/{name}")
                case 4:
                    house.move(f"{folder}/{name}", f"{other}/{target}")
                case 5:
                    house.copy(f"{folder}/{name}", f"{other}/{target}")
                case 6:
                    new = f"{other}/f{step}"
                    chance.choice([house.copy, house.move])(folder, new) if "/" in folder else house.folder(new)
                    folders.append(new)
                case 7:
                    items = house.trashed(folder.partition("/")[0])
                    if items:
                        house.library.trash.restore(
                            house.alice, folder.partition("/")[0], chance.choice([*items.values()])
                        )
                    elif "/" in folder:
                        house.delete(folder)
        folders = [one for one in folders if "/" not in one or exists(house, one)]
        if chance.random() < 0.3:
            index(house)
    index(house)
    kept = everything(house)
    assert len(kept[0]) > 5
    house.execute("DELETE FROM photo")
    house.execute("DELETE FROM day_count")
    for space in ("alice", "family"):
        house.execute("INSERT INTO pending_subtree (entry_id, due) VALUES (:r, 0)", r=house.space(space).root_id)
    house.library.photos.follow_folders()
    assert everything(house) == kept


def everything(house: House) -> tuple[dict[int, Any], dict[str, Any]]:
    rows = {row.entry_id: row for row in house.rows("SELECT * FROM photo")}
    return rows, {space: days(house, space) for space in ("alice", "family")}


def exists(house: House, path: str) -> bool:
    try:
        house.library.files.stat(house.alice, at(path))
    except GatewayError:
        return False
    return True


def test_a_time_that_is_set_after_the_upload_dates_a_photo_that_has_no_other(house: House) -> None:
    house.put("alice/a.jpg", picture())
    index(house)
    assert photos(house)["a.jpg"].date_rule == "upload"
    house.library.files.set_properties(house.alice, at("alice/a.jpg"), [], modified=18_091 * DAY)
    photo = photos(house)["a.jpg"]
    assert (photo.date_rule, photo.day) == ("client", 18_091)
    assert days(house) == {18_091: (1, 133)}


def test_stacks_stay_whole_when_all_names_of_a_large_folder_begin_with_one_word(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.library.photos._PAGE", 7)
    house.folder("alice/f")
    for number in range(20):
        house.put(f"alice/f/2019.07.14 {number:02}.jpg", picture(day=number))
        house.put(f"alice/f/2019.07.14 {number:02}.nef", picture("raw", "nef", day=number, width=500))
    index(house)
    house.copy("alice/f", "family/f")
    house.library.photos.follow_folders()
    shown = photos(house, "family").values()
    assert (len(shown), sum(photo.stack_id is None for photo in shown)) == (40, 20)
    assert days(house, "family") == days(house)


def test_a_folder_that_was_deleted_while_those_before_it_were_followed_shows_nothing(house: House) -> None:
    inner = house.folder("alice/f")
    house.put("alice/f/a.jpg", picture(day=1))
    index(house)
    house.delete("alice/f")
    house.library.photos.follow_folders()
    home = house.space().id
    with pytest.raises(_Elsewhere):
        house.library.photos._follow_members(home, {home}, inner, _Hold(house.catalogue, inner, 0))
    assert photos(house) == {}


def test_a_content_id_that_too_many_files_have_means_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (stacks, photos_module):
        monkeypatch.setattr(module, "MOST_TOGETHER", 4)
    shared = {"day": 1, "content_id": "one shot"}
    house.put("alice/a.heic", picture("image", "heic", **shared))
    house.put("alice/b.mov", picture("video", "mov", **shared))

    def shown() -> set[str]:
        index(house)
        return {name for name, photo in photos(house).items() if photo.stack_id is None}

    assert shown() == {"a.heic"}
    for number in range(3):
        house.put(f"alice/{number}.heic", picture("image", "heic", width=500 + number, **shared))
    assert shown() == {"a.heic", "b.mov", "0.heic", "1.heic", "2.heic"}
    house.delete("alice/0.heic")
    assert shown() == {"a.heic", "1.heic", "2.heic"}


def test_a_file_costs_no_more_where_thousands_share_its_content_id(house: House) -> None:
    def cost() -> int:
        with counted() as statements:
            index(house)
        return len(statements)

    for number in range(150):
        house.put(f"alice/{number}.jpg", picture(day=1, content_id="x", width=500 + number))
    index(house)
    house.put("alice/more.jpg", picture(day=1, content_id="x", width=1000))
    before = cost()
    for number in range(150, 300):
        house.put(f"alice/{number}.jpg", picture(day=1, content_id="x", width=500 + number))
    index(house)
    house.put("alice/last.jpg", picture(day=1, content_id="x", width=1001))
    assert cost() <= before + 5


def test_a_folder_that_takes_long_to_follow_is_not_followed_by_two(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos_module, "_PAGE", 2)
    monkeypatch.setattr(photos_module, "_RENEW", 0.0)
    house.folder("alice/f")
    for number in range(6):
        house.put(f"alice/f/{number}.jpg", picture(day=number))
    index(house)
    house.copy("alice/f", "alice/g")
    assert house.rows("SELECT due FROM pending_subtree") == [(0,)], "at once, whatever the clock was set to"
    library, renew, dues = house.library.photos, _Hold.renew, list[int]()

    def watched(hold: _Hold) -> None:
        renew(hold)
        dues.append(house.rows("SELECT due FROM pending_subtree")[0][0])
        assert library.follow_folders() == 0

    monkeypatch.setattr(_Hold, "renew", watched)
    assert library.follow_folders() == 1
    assert len(dues) > 2
    assert dues == sorted(dues)
    assert dues[0] < dues[-1], "the lease was renewed"
    assert house.rows("SELECT count(*) FROM photo") == [(12,)]


def test_a_folder_that_changes_while_it_is_followed_is_followed_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos_module, "_RENEW", 0.0)
    house.folder("alice/f")
    house.put("alice/f/a.jpg", picture(day=1))
    index(house)
    house.copy("alice/f", "alice/g")
    library, renew = house.library.photos, _Hold.renew

    def deleted_meanwhile(hold: _Hold) -> None:
        if house.exists("alice/g"):
            house.delete("alice/g")
        renew(hold)

    monkeypatch.setattr(_Hold, "renew", deleted_meanwhile)
    assert library.follow_folders(most=1) == 1
    library.follow_folders()
    assert set(photos(house)) == {"a.jpg"}
    assert house.rows("SELECT count(*) FROM pending_subtree") == [(0,)]
