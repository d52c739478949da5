"""What was deleted or replaced: found again, put back, and deleted for good only when it must be."""

from __future__ import annotations

import threading
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest

from gateway.errors import BadName, Conflict, Forbidden, NotFound, QuotaExceeded
from gateway.library import record, trash
from gateway.library.trash import BATCH
from gateway.library.values import Principal, Role
from tests.library.house import House, Sums, at, counted, noise, together
from tests.library.pictures import index, picture, renditions
from tests.library.test_tree import fill


def restore(house: House, name: str, space: str = "alice", who: Principal | None = None) -> str:
    return "/".join(house.library.trash.restore(who or house.alice, space, house.trashed(space)[name]))


def purge(house: House, name: str, space: str = "alice", who: Principal | None = None) -> None:
    house.library.trash.purge(who or house.alice, space, house.trashed(space)[name])


def age(house: House, days: int) -> None:
    house.execute("UPDATE trash_item SET deleted = deleted - :d", d=days * 86_400 * 1_000_000)


def test_a_deleted_file_is_in_the_trash_with_where_it_was(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a.jpg", noise(100))
    house.delete("alice/f/a.jpg")
    assert house.names("alice/f") == []
    (item,) = house.library.trash.items(house.alice, "alice")
    assert (item.name, item.path, item.size, item.account_id) == ("a.jpg", "f", 100, house.alice.account_id)
    assert item.device == "alice’s laptop"
    assert house.sums() == Sums(live=0, held=0, trash=100, entries=4)


def test_a_deleted_folder_is_one_item_with_everything_below_it(house: House) -> None:
    house.folder("alice/f")
    house.folder("alice/f/g")
    house.put("alice/f/a", noise(100))
    house.put("alice/f/g/b", noise(200))
    house.delete("alice/f")
    (item,) = house.library.trash.items(house.alice, "alice")
    assert (item.size, bool(item.is_folder)) == (300, True)
    assert restore(house, "f") == "alice/f"
    assert house.read("alice/f/g/b") == noise(200)
    assert house.sums() == Sums(live=300, held=0, trash=0, entries=6)
    house.assert_sound()


def test_two_items_of_one_name_are_kept_apart(house: House) -> None:
    for content in (b"one", b"two"):
        house.put("alice/a", content)
        house.delete("alice/a")
    items = house.library.trash.items(house.alice, "alice")
    for item, content in zip(items, (b"two", b"one"), strict=True):
        path = house.library.trash.restore(house.alice, "alice", item.id)
        assert house.read("/".join(path)) == content
    assert house.names("alice") == ["a", "a (restored)"]


def test_items_are_listed_the_latest_first_and_by_pages(house: House) -> None:
    for number in range(5):
        house.put(f"alice/{number}", b"")
        house.delete(f"alice/{number}")
    first = house.library.trash.items(house.alice, "alice", limit=3)
    second = house.library.trash.items(house.alice, "alice", limit=3, before=first[-1].id)
    assert [item.name for item in first + second] == ["4", "3", "2", "1", "0"]


def test_an_item_goes_back_into_its_folder_though_that_was_renamed(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a", b"x")
    house.delete("alice/f/a")
    house.folder("alice/outer")
    house.move("alice/f", "alice/outer/g")
    assert restore(house, "a") == "alice/outer/g/a"


def test_an_item_whose_folder_is_in_the_trash_gets_its_path_made_anew(house: House) -> None:
    house.folder("alice/f")
    house.folder("alice/f/g")
    house.put("alice/f/g/a", b"x")
    house.delete("alice/f/g/a")
    house.delete("alice/f")
    assert restore(house, "a") == "alice/f/g/a"
    assert restore(house, "f") == "alice/f (restored)"
    house.assert_sound()


def test_an_item_whose_folder_was_purged_gets_its_path_made_anew(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a", b"x")
    house.delete("alice/f/a")
    house.delete("alice/f")
    purge(house, "f")
    house.folder("alice/f")
    assert restore(house, "a") == "alice/f/a"
    house.assert_sound()


def test_an_item_whose_folder_went_to_another_space_comes_back_into_its_own(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a", b"x")
    house.delete("alice/f/a")
    house.move("alice/f", "family/f")
    assert restore(house, "a") == "alice/f/a"
    assert house.names("family/f") == []
    house.assert_sound()


def test_an_item_whose_path_leads_through_a_file_now_is_a_conflict(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a", b"x")
    house.delete("alice/f/a")
    house.delete("alice/f")
    house.put("alice/f", b"a file")
    with pytest.raises(Conflict):
        restore(house, "a")
    house.assert_sound()


@pytest.mark.parametrize(
    ("name", "restored"),
    [
        ("a.jpg", ["a (restored).jpg", "a (restored 2).jpg"]),
        ("noextension", ["noextension (restored)", "noextension (restored 2)"]),
        (".hidden", [".hidden (restored)", ".hidden (restored 2)"]),
        ("a" * 251 + ".jpg", ["a" * 240 + " (restored).jpg", "a" * 238 + " (restored 2).jpg"]),
        ("é" * 125 + ".jpg", ["é" * 120 + " (restored).jpg", "é" * 119 + " (restored 2).jpg"]),
        ("a." + "b" * 253, ["a." + "b" * 242 + " (restored)", "a." + "b" * 240 + " (restored 2)"]),
    ],
)
def test_a_taken_name_is_told_apart(house: House, name: str, restored: list[str]) -> None:
    for _ in range(3):
        house.put(f"alice/{name}", noise(10))
        house.delete(f"alice/{name}")
    house.put(f"alice/{name}", b"")
    for expected in restored:
        path = restore(house, name)
        assert path == f"alice/{expected}"
        assert house.read(path) == noise(10)


def test_an_item_is_restored_once(house: House) -> None:
    house.put("alice/a", b"x")
    house.delete("alice/a")
    item = house.trashed()["a"]
    results = together([lambda: house.library.trash.restore(house.alice, "alice", item) for _ in range(8)])
    assert results.count(("alice", "a")) == 1
    assert sum(isinstance(one, NotFound) for one in results) == 7
    house.assert_sound()


def test_a_restore_needs_room(house: House) -> None:
    house.put("alice/a", noise(100))
    house.delete("alice/a")
    house.library.accounts.set_quota("alice", 99)
    with pytest.raises(QuotaExceeded):
        restore(house, "a")
    house.library.accounts.set_quota("alice", 100)
    restore(house, "a")


def test_nothing_is_restored_deeper_than_64_levels(house: House) -> None:
    house.folder("alice/f")
    house.folder("alice/f/g")
    house.folder("alice/f/g/h")
    house.put("alice/f/g/h/a", b"x")
    house.delete("alice/f/g")
    path = "alice"
    for _ in range(60):
        path += "/d"
        house.folder(path)
    house.move("alice/f", f"{path}/f")
    assert restore(house, "g") == f"{path}/f/g"
    house.delete(f"{path}/f/g")
    house.move(f"{path}/f", "alice/f")
    house.folder(f"{path}/e")
    house.move("alice/f", f"{path}/e/f")
    with pytest.raises(BadName):
        restore(house, "g")
    house.assert_sound()


def test_a_restored_file_can_be_deleted_again(house: House) -> None:
    house.put("alice/a", noise(100))
    for _ in range(3):
        house.delete("alice/a")
        restore(house, "a")
    assert house.read("alice/a") == noise(100)
    house.assert_sound()


def test_an_editor_restores_and_purges_what_they_deleted_and_nothing_else(house: House) -> None:
    house.put("family/mine", b"x", house.bob)
    house.put("family/hers", b"x", house.alice)
    house.delete("family/mine", house.bob)
    house.delete("family/hers", house.alice)
    for change in (restore, purge):
        with pytest.raises(Forbidden):
            change(house, "hers", "family", house.bob)
    restore(house, "mine", "family", house.bob)
    house.delete("family/mine", house.bob)
    purge(house, "mine", "family", house.bob)


def test_a_manager_restores_and_purges_what_anybody_deleted(house: House) -> None:
    house.put("family/a", b"x", house.bob)
    house.delete("family/a", house.bob)
    restore(house, "a", "family")
    house.delete("family/a", house.bob)
    purge(house, "a", "family")


def test_who_became_a_viewer_restores_and_purges_nothing(house: House) -> None:
    house.put("family/a", b"x", house.bob)
    house.delete("family/a", house.bob)
    house.library.spaces.grant("family", "bob", Role.VIEWER)
    for change in (restore, purge):
        with pytest.raises(Forbidden):
            change(house, "a", "family", house.bob)


def test_an_item_is_found_only_in_its_own_space(house: House) -> None:
    house.put("alice/a", b"x")
    house.delete("alice/a")
    item = house.trashed()["a"]
    for change in (house.library.trash.restore, house.library.trash.purge):
        with pytest.raises(NotFound):
            change(house.alice, "family", item)
        with pytest.raises(NotFound):
            change(house.dave, "alice", item)
        with pytest.raises(NotFound):
            change(house.dave, "dave", item)


def test_a_purge_frees_the_bytes_and_makes_the_object_garbage(house: House) -> None:
    house.put("alice/a", noise(100))
    house.delete("alice/a")
    purge(house, "a")
    assert house.sums() == Sums(0, 0, 0, 2)
    assert house.garbage() == house.objects()
    house.assert_sound()
    house.collect_garbage()
    assert house.objects() == set()


def test_only_the_last_reference_makes_garbage(house: House) -> None:
    house.put("alice/a", noise(100))
    house.copy("alice/a", "family/b")
    house.delete("alice/a")
    purge(house, "a")
    assert house.garbage() == set()
    house.delete("family/b")
    purge(house, "b", "family")
    assert len(house.garbage()) == 1
    house.assert_sound()


def test_two_spaces_that_purge_the_last_two_references_at_once_leave_no_bytes_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.put("alice/a", noise(100))
    house.copy("alice/a", "family/b")
    house.delete("alice/a")
    house.delete("family/b")
    plain, meet = record.drop_blobs, threading.Barrier(2)

    def together_with_the_other(*arguments: Any) -> None:
        with suppress(threading.BrokenBarrierError):  # SQLite lets only one of them come this far
            meet.wait(0.2 if house.catalogue.is_sqlite else 10)
        plain(*arguments)

    monkeypatch.setattr(record, "drop_blobs", together_with_the_other)
    results = together([lambda: purge(house, "a"), lambda: purge(house, "b", "family")])
    assert results == [None, None]
    house.assert_sound()
    house.collect_garbage()
    assert house.objects() == set()


def test_a_copy_made_while_its_last_reference_is_purged_is_whole_or_not_made(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        house.put(f"alice/{number}", noise(100, number))
        house.copy(f"alice/{number}", f"family/{number}")
        house.delete(f"alice/{number}")

        def copy(number: int = number) -> object:
            return house.copy(f"family/{number}", f"family/copy{number}")

        def end(number: int = number) -> None:
            house.delete(f"family/{number}")
            purge(house, str(number), "family")

        results = together([copy, end, lambda number=number: purge(house, str(number))])
        assert results[1:] == [None, None]
        if results[0] is True:
            assert house.read(f"family/copy{number}") == noise(100, number)
        else:
            assert isinstance(results[0], NotFound)
        house.assert_sound()


def test_a_purged_item_cannot_be_restored(house: House) -> None:
    house.put("alice/a", b"x")
    house.delete("alice/a")
    item = house.trashed()["a"]
    purge(house, "a")
    for change in (house.library.trash.restore, house.library.trash.purge):
        with pytest.raises(NotFound):
            change(house.alice, "alice", item)


def test_two_thousand_entries_are_purged_in_batches(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trash, "BATCH", 50)
    for folder in ("f", "f/a", "f/a/b", "f/c"):
        house.folder(f"alice/{folder}")
        for number in range(49 if folder == "f/c" else 50):
            house.put(f"alice/{folder}/{number}", b"" if number % 10 else noise(10, (folder, number)))
    house.folder("alice/f/empty")
    house.delete("alice/f")
    entries = [house.sums().entries]
    plain = house.catalogue.write

    def write(*arguments: Any, **options: Any) -> Any:
        result = plain(*arguments, **options)
        entries.append(house.sums().entries)
        house.assert_sound()
        return result

    monkeypatch.setattr(house.catalogue, "write", write)
    purge(house, "f")
    steps = [before - after for before, after in pairwise(entries)]
    assert sum(steps) == 204
    assert max(steps) <= 50
    assert house.sums() == Sums(0, 0, 0, 2)


def test_a_folder_of_two_thousand_files_is_purged_five_hundred_at_a_time(house: House) -> None:
    fill(house, house.folder("alice/f"), 2000)
    house.delete("alice/f")
    with counted() as statements:
        purge(house, "f")
    assert BATCH == 500
    assert house.sums() == Sums(0, 0, 0, 2)
    assert house.rows("SELECT count(*) FROM garbage") == [(1,)]
    assert len(statements) < (2000 / BATCH + 2) * 20


def test_a_folder_of_two_thousand_folders_in_folders_is_purged_five_hundred_at_a_time(house: House) -> None:
    root = house.folder("alice/f")
    blob = house.put("alice/one", noise(10)).entry.blob_id
    # Seven hundred folders, in each of them one, and a file in every one of those.
    house.execute(
        "INSERT INTO entry (parent_id, name, name_key, is_folder, created, modified)"
        " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)"
        " SELECT :root, 'outer' || i, 'outer' || i, true, 1, 1 FROM n",
        root=root,
    )
    inside = "INSERT INTO entry (parent_id, name, name_key, is_folder, blob_id, created, modified)"
    house.execute(f"{inside} SELECT id, '1', '1', true, NULL, 1, 1 FROM entry WHERE parent_id = :root", root=root)
    house.execute(f"{inside} SELECT id, 'a', 'a', false, :blob, 1, 1 FROM entry WHERE name = '1'", blob=blob)
    house.execute("UPDATE space SET live = live + 7000, entries = entries + 2100 WHERE name = 'alice'")
    assert house.sums() == house.recount()
    house.delete("alice/f")
    steps = []
    plain = house.catalogue.write

    def write(*arguments: Any, **options: Any) -> Any:
        with counted() as statements:
            result = plain(*arguments, **options)
        steps.append((len(statements), house.sums().entries))
        return result

    house.catalogue.write = write  # type: ignore[method-assign]
    purge(house, "f")
    assert max(count for count, _ in steps) <= 20
    assert max(before - after for (_, before), (_, after) in pairwise(steps)) <= BATCH
    assert len(steps) <= 2100 / BATCH * 2 + 3
    assert house.sums() == Sums(10, 0, 0, 3)
    assert house.garbage() == set()
    house.assert_sound()


def test_many_items_are_purged_together(house: House) -> None:
    for number in range(60):
        if number % 3:
            house.put(f"alice/{number}", noise(10, number // 2) if number % 2 else b"")
        else:
            house.folder(f"alice/{number}")
            house.put(f"alice/{number}/a", noise(20, number))
        house.delete(f"alice/{number}")
    age(house, 31)
    with counted() as statements:
        assert house.library.upkeep.purge_trash() == 60
    assert len(statements) < 40
    assert house.sums() == Sums(0, 0, 0, 2)
    paths = house.rows("SELECT path FROM change WHERE kind = 'purged' AND account_id IS NULL")
    assert {row[0] for row in paths} == {f"alice/{number}" for number in range(60)}
    house.assert_sound()
    house.collect_garbage()
    assert house.objects() == set()


def test_an_item_of_a_folder_is_recorded_with_the_path_it_had(house: House) -> None:
    house.folder("alice/f")
    house.put("alice/f/a", b"x")
    house.delete("alice/f/a")
    purge(house, "a")
    assert house.rows("SELECT kind, path FROM change ORDER BY id DESC LIMIT 1") == [("purged", "alice/f/a")]


def test_bytes_that_copies_share_survive_a_purge_of_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trash, "BATCH", 7)
    house.folder("alice/f")
    for number in range(20):
        house.put(f"alice/f/{number}", noise(10, number))
        if number % 3 == 0:
            house.copy(f"alice/f/{number}", f"family/{number}")
    house.delete("alice/f")
    purge(house, "f")
    assert len(house.garbage()) == 13
    house.assert_sound()
    house.collect_garbage()
    for number in range(0, 20, 3):
        assert house.read(f"family/{number}") == noise(10, number)


def test_folders_that_are_copied_while_their_last_references_are_purged_are_whole_or_not_copied(house: House) -> None:
    for turn in range(4):
        for folder in ("alice/f", "family/f"):
            house.folder(folder)
        for number in range(30):
            house.put(f"alice/f/{number}", noise(100, (turn, number)))
            house.copy(f"alice/f/{number}", f"family/f/{29 - number}")
        house.delete("alice/f")

        def copy(turn: int = turn) -> object:
            return house.copy("family/f", f"family/copy{turn}")

        def end() -> None:
            house.delete("family/f")
            purge(house, "f", "family")

        results = together([copy, end, lambda: purge(house, "f")])
        assert results[1:] == [None, None]
        if results[0] is True:
            for number in range(30):
                assert house.read(f"family/copy{turn}/{29 - number}") == noise(100, (turn, number))
        else:
            assert isinstance(results[0], NotFound)
        house.assert_sound()


def test_an_interrupted_purge_is_finished_later_and_hidden_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trash, "BATCH", 2)
    house.folder("alice/f")
    for number in range(5):
        house.put(f"alice/f/{number}", noise(10, number))
    house.delete("alice/f")
    item = house.trashed()["f"]
    writes = []
    plain = house.catalogue.write

    def write(*arguments: Any, **options: Any) -> Any:
        if len(writes) == 2:
            raise KeyboardInterrupt
        writes.append(1)
        return plain(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(house.catalogue, "write", write)
        with pytest.raises(KeyboardInterrupt):
            purge(house, "f")
    assert house.sums().trash == 30
    assert house.trashed() == {}
    with pytest.raises(NotFound):
        house.library.trash.restore(house.alice, "alice", item)
    house.library.upkeep.purge_trash()
    assert house.sums() == Sums(0, 0, 0, 2)
    house.assert_sound()


def test_the_oldest_are_purged_first_while_a_space_has_not_the_room(house: House) -> None:
    for number in range(4):
        house.put(f"alice/{number}", noise(100, number))
        house.delete(f"alice/{number}")
    house.put("alice/kept", noise(100))
    house.library.accounts.set_quota("alice", 320)
    house.library.upkeep.purge_trash()
    assert house.trashed().keys() == {"2", "3"}
    assert house.sums().trash == 200
    house.assert_sound()


def test_nothing_is_purged_while_there_is_room(house: House) -> None:
    house.put("alice/a", noise(100))
    house.delete("alice/a")
    house.put("alice/b", noise(100))
    house.library.accounts.set_quota("alice", 200)
    assert house.library.upkeep.purge_trash() == 0


def test_an_upload_itself_purges_nothing(house: House) -> None:
    """A client that announces much and hangs up must not empty the trash: that is when it is needed."""
    house.put("alice/a", noise(900))
    house.delete("alice/a")
    house.library.accounts.set_quota("alice", 1000)

    def body() -> Any:
        assert house.library.upkeep.purge_trash() == 0
        raise ConnectionError
        yield b""

    with pytest.raises(ConnectionError):
        house.library.uploads.put(house.alice, at("alice/b"), body(), size=1000)
    house.put("alice/b", noise(1000))
    assert house.trashed().keys() == {"a"}
    house.library.upkeep.purge_trash()
    assert house.trashed() == {}
    assert house.read("alice/b") == noise(1000)


def test_items_are_purged_after_thirty_days(house: House) -> None:
    house.put("alice/a", b"x")
    house.delete("alice/a")
    age(house, 29)
    assert house.library.upkeep.purge_trash() == 0
    house.put("alice/b", b"x")
    house.delete("alice/b")
    age(house, 2)
    assert house.library.upkeep.purge_trash() == 1
    assert house.trashed().keys() == {"b"}


def test_the_days_can_be_set(house: House) -> None:
    house.put("alice/a", b"x")
    house.delete("alice/a")
    age(house, 2)
    assert house.with_options(trash_days=1).library.upkeep.purge_trash() == 1


def test_the_failed_overwrite_that_rclone_follows_with_a_delete_loses_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """rclone removes the target after a failed PUT (rclone#3263)."""
    house.put("alice/a", b"the only copy")

    def body() -> Any:
        yield b"n"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        house.library.uploads.put(house.alice, at("alice/a"), body(), size=3)
    house.delete("alice/a")
    assert house.read(restore(house, "a")) == b"the only copy"


def test_purging_a_space_leaves_no_row_and_no_object(house: House) -> None:
    house.folder("family/f")
    house.put("family/f/a", noise(100))
    house.put("family/b", noise(100, 1))
    house.put("family/b", noise(100, 2))
    house.copy("family/f/a", "alice/kept")
    house.lock("family/b")
    space = house.space("family").id
    house.library.spaces.remove("family")
    house.library.upkeep.purge_space(space)
    with pytest.raises(NotFound):
        house.library.spaces.find("family")
    house.assert_sound()
    house.collect_garbage()
    assert len(house.objects()) == 1
    assert house.read("alice/kept") == noise(100)
    assert house.rows("SELECT count(*) FROM lock") == [(0,)]


def test_a_purge_is_recorded(house: House) -> None:
    house.put("alice/a", b"x")
    house.delete("alice/a")
    purge(house, "a")
    assert house.rows("SELECT kind, path FROM change ORDER BY id DESC LIMIT 1") == [("purged", "alice/a")]


def test_a_manager_empties_the_trash_of_a_space(house: House) -> None:
    for name, who in (("a", house.alice), ("b", house.bob)):
        house.put(f"family/{name}", noise(100, name), who=who)
        house.delete(f"family/{name}", who=who)
    house.library.trash.empty(house.alice, "family")
    assert house.trashed("family") == {}
    house.library.upkeep.purge_trash()
    assert house.sums("family") == Sums(live=0, held=0, trash=0, entries=2)
    house.assert_sound()


def test_an_editor_empties_the_trash_of_what_they_deleted(house: House) -> None:
    for name, who in (("a", house.alice), ("b", house.bob)):
        house.put(f"family/{name}", noise(100, name), who=who)
        house.delete(f"family/{name}", who=who)
    house.library.trash.empty(house.bob, "family")
    assert list(house.trashed("family")) == ["a"]


def test_pictures_in_the_trash_are_for_those_in_the_space(house: House) -> None:
    content = picture(day=1)
    house.put("family/a.jpg", content)
    index(house)
    house.delete("family/a.jpg")
    (item,) = house.library.trash.items(house.carol, "family")
    found = house.library.pictures.trashed(house.carol, "family", item.id, "240")
    assert house.library.trash.pictures([item]) == {item.id: found.version}
    assert b"".join(found.read()) == next(one.data for one in renditions(content) if one.name == "240")
    with pytest.raises(NotFound):
        house.library.pictures.trashed(house.dave, "family", item.id, "240")
    with pytest.raises(NotFound):
        house.library.pictures.trashed(house.alice, "alice", item.id, "240")
