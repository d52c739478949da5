"""Which names a space takes, and that both databases find and sort them alike."""

from __future__ import annotations

import random
import unicodedata

import pytest

from gateway.errors import BadName, Conflict, Exists, NotFound
from tests.library.house import House, at

NFC, NFD = unicodedata.normalize("NFC", "é.jpg"), unicodedata.normalize("NFD", "é.jpg")


def test_a_name_is_found_composed_or_decomposed(house: House) -> None:
    """Finder sends NFD, everybody else NFC."""
    house.put(f"alice/{NFD}", b"x")
    assert house.read(f"alice/{NFC}") == b"x"
    assert house.names("alice") == [NFD]


def test_twins_composed_and_decomposed_are_one_file(house: House) -> None:
    first = house.put(f"alice/{NFD}", b"x").entry
    second = house.put(f"alice/{NFC}", b"y")
    assert second.created is False
    assert (second.entry.id, second.entry.name) == (first.id, NFD)
    assert house.names("alice") == [NFD]
    with pytest.raises(Exists):
        house.folder(f"alice/{NFC}")


def test_case_tells_files_apart(house: House) -> None:
    house.put("alice/a.jpg", b"small")
    house.put("alice/A.jpg", b"large")
    assert house.names("alice") == ["A.jpg", "a.jpg"]
    assert house.read("alice/a.jpg") == b"small"


def test_a_rename_may_change_only_the_case(house: House) -> None:
    house.put("alice/a.jpg", b"x")
    house.move("alice/a.jpg", "alice/A.JPG")
    assert house.names("alice") == ["A.JPG"]


def test_the_name_of_a_space_has_no_case(house: House) -> None:
    house.put("ALICE/a.jpg", b"x")
    assert house.read("Alice/a.jpg") == b"x"


@pytest.mark.parametrize(
    "name", ["a" * 255, "é" * 127, "😀" * 63, "a b", " a", "a ", "a.", "?;#%&+',", '<>:"|*\\~', "✓"]
)
def test_a_name_is_kept_as_it_was_sent(house: House, name: str) -> None:
    house.put(f"alice/{name}", b"x")
    assert house.names("alice") == [name]
    assert house.read(f"alice/{name}") == b"x"


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "a" * 256, "é" * 128, "a\0b", "a\nb", "a\x1f", "a\x7f", "a\x85", "a\ud800", "\udcff", "a/b"],
)
def test_a_name_that_no_space_takes_is_refused_by_every_operation(house: House, name: str) -> None:
    house.put("alice/x", b"x")
    path = ("alice", name)
    files = house.library.files
    for operation in (
        lambda: files.stat(house.alice, path),
        lambda: files.make_folder(house.alice, path),
        lambda: files.delete(house.alice, path),
        lambda: files.copy(house.alice, at("alice/x"), path),
        lambda: files.move(house.alice, at("alice/x"), path),
        lambda: files.move(house.alice, path, at("alice/y")),
        lambda: house.library.uploads.put(house.alice, path, iter(()), size=0),
        lambda: house.library.locks.acquire(house.alice, path, exclusive=True, infinite=False, owner="", seconds=60),
    ):
        with pytest.raises(BadName):
            operation()
    assert house.names("alice") == ["x"]


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b", "a\ud800", "a" * 5000, "é", "%", "_"])
def test_a_space_of_any_unknown_name_is_not_found(house: House, name: str) -> None:
    with pytest.raises(NotFound):
        house.library.files.stat(house.alice, (name,))
    with pytest.raises(NotFound):
        house.library.files.stat(house.alice, (name, "a"))
    with pytest.raises(NotFound):
        house.library.trash.items(house.alice, name)


def test_a_bad_name_in_somebody_elses_space_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        house.library.files.stat(house.dave, ("alice", ".."))


def test_folders_can_be_64_levels_deep(house: House) -> None:
    path = "alice"
    for _ in range(63):
        path += "/d"
        house.folder(path)
    house.put(f"{path}/a", b"x")
    assert house.read(f"{path}/a") == b"x"
    house.folder(f"{path}/d")
    with pytest.raises(BadName):
        house.put(f"{path}/d/a", b"x")
    with pytest.raises(BadName):
        house.folder(f"{path}/d/d")


def test_a_path_can_be_4096_bytes_long(house: House) -> None:
    path = ["alice"]
    for number in range(15):
        path.append(f"{number:0255}")
        house.library.files.make_folder(house.alice, tuple(path))
    last = "a" * 255
    house.put("/".join([*path, last]), b"x")
    house.library.files.make_folder(house.alice, (*path, "b" * 255))
    with pytest.raises(BadName):
        house.put("/".join([*path, "b" * 255, "c"]), b"x")


def test_a_missing_folder_on_the_way_is_a_conflict_and_a_missing_target_is_not_found(house: House) -> None:
    with pytest.raises(Conflict):
        house.put("alice/missing/a")
    with pytest.raises(Conflict):
        house.folder("alice/missing/a")
    with pytest.raises(NotFound):
        house.delete("alice/missing/a")
    with pytest.raises(NotFound):
        house.library.files.stat(house.alice, at("alice/missing/a"))
    with pytest.raises(Conflict):
        house.lock("alice/missing/a")


def test_a_file_in_the_middle_of_a_path_is_a_conflict_for_writers_and_not_found_for_readers(house: House) -> None:
    house.put("alice/file", b"x")
    for operation in (house.put, house.folder, house.lock):
        with pytest.raises(Conflict):
            operation("alice/file/a")
    for deep in ("alice/file/a", "alice/file/a/b"):
        with pytest.raises(NotFound):
            house.library.files.stat(house.alice, at(deep))
    with pytest.raises(Conflict):
        house.copy("alice/file", "alice/file/a")


def test_a_listing_is_in_the_order_of_bytes(house: House) -> None:
    chance = random.Random(3)
    letters = "aAbBzZ09-_. éÉöß✓😀Ω\uffee\U00010000"
    names = {"".join(chance.choice(letters) for _ in range(chance.randrange(1, 6))) for _ in range(300)}
    names = {unicodedata.normalize("NFC", name) for name in names} - {".", ".."}
    for name in sorted(names, key=lambda _: chance.random()):
        house.library.files.make_folder(house.alice, ("alice", name))
    assert house.names("alice") == sorted(names, key=str.encode)


def test_a_listing_by_pages_is_in_the_order_of_bytes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.library import files

    monkeypatch.setattr(files, "_PAGE", 3)
    names = ["-", "A", "B", "a", "b", "ä", "Ω", "✓", "\uffee", "😀"]
    for name in reversed(names):
        house.put(f"alice/{name}", b"")
    assert house.names("alice") == names
