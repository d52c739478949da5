"""Folders, renames and copies: operations of the catalogue that move no bytes."""

from __future__ import annotations

import time

import pytest

from gateway.catalogue.catalogue import POOL_SIZE
from gateway.errors import BadName, Conflict, Exists, Forbidden, GatewayError, NotFound, PreconditionFailed, TooLarge
from gateway.library import files
from gateway.library.values import Path, PropertyChange
from tests.library.house import House, Sums, at, counted, noise

RED = PropertyChange(("urn:x", "colour"), "<x:colour xmlns:x='urn:x'>red</x:colour>")


@pytest.fixture
def family_tree(house: House) -> House:
    """alice/f with a file, an empty file and a folder with a file."""
    house.folder("alice/f")
    house.put("alice/f/a.jpg", noise(100, 1))
    house.put("alice/f/empty", b"")
    house.folder("alice/f/g")
    house.put("alice/f/g/b.jpg", noise(200, 2))
    return house


def ids(house: House, *paths: str) -> list[int]:
    return [house.library.files.stat(house.alice, at(path)).entry.id for path in paths]


def fill(house: House, parent: int, count: int) -> None:
    """Many files at once: uploading them is another test's subject."""
    house.execute(
        "INSERT INTO blob (key, size, sha256, sha1, media, created) VALUES ('k/many', 10, 'aa', 'bb', false, 1)"
    )
    house.execute(
        "INSERT INTO entry (parent_id, name, name_key, is_folder, blob_id, created, modified)"
        " WITH RECURSIVE n(i, name) AS (SELECT 0, '000000.jpg' UNION ALL"
        " SELECT i + 1, substr(CAST(1000001 + i AS TEXT), 2) || '.jpg' FROM n WHERE i < :last)"
        " SELECT :parent, name, name, false, (SELECT id FROM blob WHERE key = 'k/many'), 1, 1 FROM n",
        parent=parent,
        last=count - 1,
    )
    house.execute(
        "UPDATE space SET entries = entries + :c, live = live + :s WHERE name = 'alice'", c=count, s=10 * count
    )


def test_a_folder_is_made_once(house: House) -> None:
    made = house.library.files.make_folder(house.alice, at("alice/f"), modified=42)
    assert made.entry == house.library.files.stat(house.alice, at("alice/f")).entry
    assert made.entry.modified == 42
    with pytest.raises(Exists):
        house.folder("alice/f")
    with pytest.raises(Exists):
        house.folder("alice")


def test_a_file_is_not_a_folder(house: House) -> None:
    house.put("alice/a", b"x")
    with pytest.raises(Exists):
        house.folder("alice/a")
    with pytest.raises(Conflict):
        house.library.files.children(house.alice, at("alice/a"))


def test_a_folder_cannot_be_opened(house: House) -> None:
    house.folder("alice/f")
    for path in ("alice/f", "alice"):
        with pytest.raises(Conflict):
            house.library.files.open(house.alice, at(path))


def test_a_space_cannot_be_deleted_moved_or_overwritten(house: House) -> None:
    house.put("alice/a", b"x")
    for refused in (
        lambda: house.delete("alice"),
        lambda: house.move("alice", "family/x"),
        lambda: house.move("alice/a", "family"),
        lambda: house.copy("alice/a", "family"),
        lambda: house.put("alice", b"x"),
        lambda: house.move("alice/a", "new"),
    ):
        with pytest.raises((Forbidden, NotFound)):
            refused()


@pytest.mark.parametrize("path", [(), ("alice",)])
def test_the_root_holds_nothing_but_spaces(house: House, path: Path) -> None:
    with pytest.raises(Forbidden):
        house.library.uploads.put(house.alice, path, iter([b"x"]), size=1)
    with pytest.raises(Forbidden):
        house.library.files.delete(house.alice, path)


def test_a_move_keeps_the_ids_of_everything(family_tree: House) -> None:
    house = family_tree
    before = ids(house, "alice/f", "alice/f/a.jpg", "alice/f/g/b.jpg")
    objects = house.objects()
    assert house.move("alice/f", "alice/h") is True
    assert ids(house, "alice/h", "alice/h/a.jpg", "alice/h/g/b.jpg") == before
    assert house.objects() == objects
    assert house.read("alice/h/g/b.jpg") == noise(200, 2)
    assert house.names("alice") == ["h"]
    house.assert_sound()


def test_a_move_into_another_space_keeps_the_ids_of_everything(family_tree: House) -> None:
    house = family_tree
    before = ids(house, "alice/f", "alice/f/a.jpg", "alice/f/g/b.jpg")
    house.move("alice/f", "family/h")
    assert ids(house, "family/h", "family/h/a.jpg", "family/h/g/b.jpg") == before
    assert house.sums() == Sums(0, 0, 0, 2)
    assert house.sums("family") == Sums(live=300, held=0, trash=0, entries=7)
    house.assert_sound()


def test_a_move_keeps_times_unless_told_otherwise(house: House) -> None:
    before = house.put("alice/a", b"x", modified=42).entry
    house.move("alice/a", "alice/b")
    after = house.library.files.stat(house.alice, at("alice/b")).entry
    assert after == before._replace(name="b")
    house.move("alice/b", "alice/c", modified=43)
    assert house.library.files.stat(house.alice, at("alice/c")).entry.modified == 43


def test_a_move_keeps_dead_properties(house: House) -> None:
    house.put("alice/a", b"x")
    house.library.files.set_properties(house.alice, at("alice/a"), [RED])
    house.move("alice/a", "family/b")
    assert house.library.files.properties(house.alice, at("family/b")) == {RED.name: RED.value}


def test_a_move_onto_something_puts_that_into_the_trash(family_tree: House) -> None:
    house = family_tree
    house.put("alice/h", b"standing")
    with pytest.raises(PreconditionFailed):
        house.move("alice/f", "alice/h", overwrite=False)
    assert house.move("alice/f", "alice/h") is False
    assert house.read("alice/h/a.jpg") == noise(100, 1)
    house.library.trash.restore(house.alice, "alice", house.trashed()["h"])
    assert house.read("alice/h (restored)") == b"standing"
    house.assert_sound()


@pytest.mark.parametrize("change", ["move", "copy"])
def test_a_folder_cannot_go_into_itself(family_tree: House, change: str) -> None:
    house = family_tree
    rows = house.rows("SELECT * FROM entry")
    for destination in ("alice/f/x", "alice/f/g", "alice/f/g/x", "alice/f/a.jpg"):
        with pytest.raises(Conflict):
            getattr(house, change)("alice/f", destination)
    with pytest.raises(Forbidden):
        getattr(house, change)("alice/f", "alice/f")
    assert house.rows("SELECT * FROM entry") == rows


@pytest.mark.parametrize("change", ["move", "copy"])
def test_a_folder_cannot_be_replaced_by_what_is_inside_it(family_tree: House, change: str) -> None:
    house = family_tree
    rows = house.rows("SELECT * FROM entry")
    for source in ("alice/f/a.jpg", "alice/f/g", "alice/f/g/b.jpg"):
        with pytest.raises(Conflict):
            getattr(house, change)(source, "alice/f")
    assert house.rows("SELECT * FROM entry") == rows


@pytest.mark.parametrize("change", ["move", "copy"])
def test_a_missing_parent_of_the_destination_is_a_conflict(family_tree: House, change: str) -> None:
    house = family_tree
    for destination in ("alice/missing/x", "alice/f/a.jpg/x"):
        with pytest.raises(Conflict):
            getattr(house, change)("alice/f/g", destination)
    with pytest.raises(NotFound):
        getattr(house, change)("alice/missing", "alice/x")
    with pytest.raises(NotFound):
        getattr(house, change)("alice/f/g", "nowhere/x")


def _deep(house: House, start: str, levels: int, name: str = "d") -> str:
    path = start
    for _ in range(levels):
        path += f"/{name}"
        house.folder(path)
    return path


@pytest.mark.parametrize("change", ["move", "copy"])
def test_nothing_ends_up_deeper_than_64_levels(house: House, change: str) -> None:
    deep = _deep(house, "alice", 62)
    house.folder("alice/empty")
    house.folder("alice/file")
    house.put("alice/file/a", b"x")
    house.folder("alice/folder")
    house.folder("alice/folder/b")
    house.put("alice/folder/b/c", b"x")
    getattr(house, change)("alice/empty", f"{deep}/empty")
    getattr(house, change)("alice/file", f"{deep}/file")
    assert house.read(f"{deep}/file/a") == b"x"
    with pytest.raises(BadName):
        getattr(house, change)("alice/folder", f"{deep}/folder")
    with pytest.raises(BadName):
        getattr(house, change)("alice/folder/b", f"{deep}/file/b")
    house.copy("alice/folder", f"{deep}/shallow", recursive=False)


@pytest.mark.parametrize("change", ["move", "copy"])
def test_nothing_ends_up_at_a_path_over_4096_bytes(house: House, change: str) -> None:
    deep = _deep(house, "alice", 10, "n" * 255)
    long = _deep(house, "alice/l" if house.folder("alice/l") else "", 6, "m" * 255)
    house.put(f"{long}/a", b"x")
    with pytest.raises(BadName):
        getattr(house, change)("alice/l", f"{deep}/l")
    getattr(house, change)("alice/l", "alice/k")
    for path in ("alice/k" + long.removeprefix("alice/l") + "/a",):
        assert house.read(path) == b"x"


def test_a_rename_that_makes_no_path_longer_is_always_allowed(house: House) -> None:
    deep = _deep(house, "alice/a" if house.folder("alice/a") else "", 15, "n" * 255)
    house.put(f"{deep}/{'f' * 250}", b"x")
    house.move("alice/a", "alice/b")
    assert house.read(f"{deep.replace('alice/a', 'alice/b')}/{'f' * 250}") == b"x"


def test_a_copy_shares_its_bytes(family_tree: House) -> None:
    house = family_tree
    objects = house.objects()
    assert house.copy("alice/f", "alice/h") is True
    assert house.objects() == objects
    assert house.read("alice/h/g/b.jpg") == noise(200, 2)
    assert house.names("alice/h") == ["a.jpg", "empty", "g"]
    assert ids(house, "alice/h/a.jpg") != ids(house, "alice/f/a.jpg")
    assert house.sums() == Sums(live=600, held=0, trash=0, entries=12)
    house.assert_sound()


@pytest.mark.parametrize("deleted", ["alice/f", "alice/h"])
def test_deleting_one_copy_for_good_never_breaks_the_other(family_tree: House, deleted: str) -> None:
    house = family_tree
    house.copy("alice/f", "alice/h")
    kept = "alice/h" if deleted == "alice/f" else "alice/f"
    house.delete(deleted)
    house.library.trash.purge(house.alice, "alice", house.trashed()[deleted[-1]])
    assert house.garbage() == set()
    assert house.collect_garbage() == 0
    assert house.read(f"{kept}/a.jpg") == noise(100, 1)
    assert house.read(f"{kept}/g/b.jpg") == noise(200, 2)
    house.assert_sound()


def test_overwriting_one_copy_leaves_the_other(house: House) -> None:
    house.put("alice/a", b"one")
    house.copy("alice/a", "alice/b")
    house.put("alice/a", b"two")
    assert house.read("alice/b") == b"one"
    house.assert_sound()


def test_a_copy_without_members_is_an_empty_folder(family_tree: House) -> None:
    house = family_tree
    house.copy("alice/f", "alice/h", recursive=False)
    assert house.names("alice/h") == []
    assert house.sums().live == 300
    house.assert_sound()


def test_a_copy_carries_dead_properties_and_times(family_tree: House) -> None:
    house = family_tree
    for path in ("alice/f", "alice/f/a.jpg", "alice/f/g/b.jpg", "alice/f/g"):
        house.library.files.set_properties(house.alice, at(path), [RED], modified=42)
    house.copy("alice/f", "family/h")
    for path in ("family/h", "family/h/a.jpg", "family/h/g/b.jpg", "family/h/g"):
        assert house.library.files.properties(house.alice, at(path)) == {RED.name: RED.value}
        assert house.library.files.stat(house.alice, at(path)).entry.modified == 42
    assert house.library.files.properties(house.alice, at("family/h/empty")) == {}


def test_a_copy_onto_something_puts_that_into_the_trash(family_tree: House) -> None:
    house = family_tree
    house.put("alice/h", b"standing")
    with pytest.raises(PreconditionFailed):
        house.copy("alice/f", "alice/h", overwrite=False)
    assert house.copy("alice/f", "alice/h") is False
    assert house.trashed().keys() == {"h"}
    house.assert_sound()


def test_a_whole_space_can_be_copied_into_a_folder_of_another(family_tree: House) -> None:
    house = family_tree
    house.copy("alice", "family/all")
    assert house.read("family/all/f/g/b.jpg") == noise(200, 2)
    house.assert_sound()


def test_properties_are_set_and_removed_in_order(house: House) -> None:
    house.put("alice/a", b"x")
    blue = PropertyChange(RED.name, "<blue/>")
    gone = PropertyChange(RED.name, None)
    for changes, left in (
        ([RED, blue], {RED.name: "<blue/>"}),
        ([gone], {}),
        ([gone, RED, gone, blue], {RED.name: "<blue/>"}),
    ):
        house.library.files.set_properties(house.alice, at("alice/a"), changes)
        assert house.library.files.properties(house.alice, at("alice/a")) == left


def test_too_many_or_too_large_properties_change_nothing(house: House) -> None:
    house.put("alice/a", b"x")
    for changes in (
        [PropertyChange(("urn:x", f"p{number}"), "x") for number in range(201)],
        [PropertyChange(("urn:x", "large"), "x" * (257 << 10))],
        [PropertyChange(("urn:x", noise(2000).hex()), "x")],
        [PropertyChange((noise(2000).hex(), "x"), "x")],
    ):
        with pytest.raises(TooLarge):
            house.library.files.set_properties(house.alice, at("alice/a"), [RED, *changes], modified=42)
        assert house.library.files.properties(house.alice, at("alice/a")) == {}
        assert house.library.files.stat(house.alice, at("alice/a")).entry.modified != 42


def test_times_can_be_set_without_properties(house: House) -> None:
    before = house.put("alice/a", b"x").entry
    house.library.files.set_properties(house.alice, at("alice/a"), [], modified=42)
    assert house.library.files.stat(house.alice, at("alice/a")).entry == before._replace(modified=42)
    house.library.files.set_properties(house.alice, at("alice/a"), [], created=41)
    assert house.library.files.stat(house.alice, at("alice/a")).entry == before._replace(modified=42, created=41)


def test_a_folder_of_five_thousand_is_listed_over_page_borders_with_locks_and_properties(house: House) -> None:
    fill(house, house.folder("alice/f"), 5000)
    marked = ["000000.jpg", "001999.jpg", "002000.jpg", "003999.jpg", "004000.jpg", "004999.jpg"]
    for name in marked:
        house.library.files.set_properties(house.alice, at(f"alice/f/{name}"), [RED])
        house.lock(f"alice/f/{name}")
    with counted() as statements:
        pages = list(house.library.files.children(house.alice, at("alice/f")).pages)
    assert len(statements) <= 3 + 3 * 3
    assert [len(page.entries) for page in pages] == [2000, 2000, 1000]
    assert [entry.name for page in pages for entry in page.entries] == [f"{n:06}.jpg" for n in range(5000)]
    names = {entry.id: entry.name for page in pages for entry in page.entries}
    assert sorted(names[entry] for page in pages for entry in page.locks) == marked
    assert sorted(names[entry] for page in pages for entry in page.properties) == marked
    for page in pages:
        assert page.locks.keys() == page.properties.keys() <= {entry.id for entry in page.entries}


@pytest.mark.parametrize("count", [0, 1, 3, 6, 7])
def test_a_listing_is_complete_whatever_its_length(house: House, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(files, "_PAGE", 3)
    for number in range(count):
        house.put(f"alice/{number}", b"")
    assert house.names("alice") == [str(number) for number in range(count)]


def test_a_listing_holds_no_connection_between_its_pages(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_PAGE", 1)
    house.put("alice/a", b"")
    house.put("alice/b", b"")
    listings = [house.library.files.children(house.alice, at("alice")).pages for _ in range(20)]
    assert [next(pages).entries[0].name for pages in listings] == ["a"] * 20
    pool = house.catalogue._pool
    for free in [pool.take() for _ in range(POOL_SIZE)]:
        pool.give(free)


def test_a_stat_takes_one_statement_at_any_depth(house: House) -> None:
    deep = _deep(house, "alice", 8)
    for path in ("alice", "alice/d", deep):
        with counted() as statements:
            house.library.files.stat(house.alice, at(path))
        assert len(statements) == 1


def test_renames_and_copies_of_ten_thousand_files_take_a_fixed_number_of_statements(house: House) -> None:
    house.library.accounts.set_quota("alice", 10**9)
    house.library.spaces.set_quota("family", 10**9)
    fill(house, house.folder("alice/many"), 10_000)
    house.folder("alice/few")
    house.put("alice/few/a", b"x")
    counts: dict[str, list[int]] = {}
    for name in ("few", "many"):
        for what, change in (
            ("move", lambda name=name: house.move(f"alice/{name}", f"alice/{name}2")),
            ("copy", lambda name=name: house.copy(f"alice/{name}2", f"alice/{name}3")),
            ("move across", lambda name=name: house.move(f"alice/{name}2", f"family/{name}")),
            ("delete", lambda name=name: house.delete(f"alice/{name}3")),
        ):
            start = time.perf_counter()
            with counted() as statements:
                change()
            print(f"{house.catalogue.url.get_backend_name()} {what} {name}: {time.perf_counter() - start:.3f} s")  # noqa: T201
            counts.setdefault(what, []).append(len(statements))
    for what, (few, many) in counts.items():
        assert few == many <= 30, what
    assert house.sums() == house.recount()
    assert house.sums("family") == house.recount("family")


def test_a_folder_that_would_keep_everybody_waiting_is_not_copied(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_COPIED", 20)
    house.folder("alice/f")
    fill(house, house.folder("alice/f/g"), 18)
    house.copy("alice/f", "alice/whole")
    house.put("alice/f/one-more", b"")
    before = house.sums()
    with pytest.raises(Forbidden, match="more than 20 entries"):
        house.copy("alice/f", "alice/refused")
    house.copy("alice/f", "alice/alone", recursive=False)
    house.copy("alice/f/g", "alice/part")
    assert "refused" not in house.names("alice")
    assert house.sums().entries == before.entries + 1 + 19
    assert house.sums() == house.recount()


def test_every_change_is_recorded_in_order(house: House) -> None:
    start = house.rows("SELECT coalesce(max(id), 0) FROM change")[0][0]
    house.folder("alice/f")
    house.put("alice/a", b"x")
    house.put("alice/a", b"y")
    house.copy("alice/a", "alice/b")
    house.move("alice/b", "family/b")
    house.library.files.set_properties(house.alice, at("alice/a"), [RED])
    house.delete("alice/f")
    house.library.trash.restore(house.alice, "alice", house.trashed()["f"])
    rows = house.rows("SELECT kind, path, source, device FROM change WHERE id > :s ORDER BY id", s=start)
    assert [tuple(row[:3]) for row in rows] == [
        ("folder", "alice/f", None),
        ("created", "alice/a", None),
        ("replaced", "alice/a", None),
        ("copied", "alice/b", "alice/a"),
        ("moved", "family/b", "alice/b"),
        ("properties", "alice/a", None),
        ("deleted", "alice/f", None),
        ("restored", "alice/f", None),
    ]
    assert {row[3] for row in rows} == {"alice’s laptop"}


def test_a_refused_change_is_not_recorded(house: House) -> None:
    house.put("alice/a", b"x")
    count = house.rows("SELECT count(*) FROM change")
    for refused in (
        lambda: house.folder("alice/a"),
        lambda: house.move("alice/a", "alice/x/y"),
        lambda: house.put("alice/b", b"x", size=2),
    ):
        with pytest.raises(GatewayError):
            refused()
    assert house.rows("SELECT count(*) FROM change") == count


def test_guards_are_asked_before_and_listeners_told_after_every_change(house: House) -> None:
    asked, told = [], []
    watched = house.with_options(guards=[lambda c: asked.append(c.kind)], listeners=[lambda c: told.append(c.kind)])
    watched.folder("alice/f")
    watched.put("alice/f/a", b"x")
    watched.copy("alice/f", "alice/g")
    watched.move("alice/g", "alice/h")
    watched.library.files.set_properties(watched.alice, at("alice/h"), [RED])
    watched.lock("alice/new")
    watched.delete("alice/h")
    watched.library.trash.restore(watched.alice, "alice", watched.trashed()["h"])
    assert asked == told == ["folder", "created", "copied", "moved", "properties", "created", "deleted", "restored"]
