"""What is in a folder, as people look at it: the same that WebDAV lists, each file in one place."""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import BadRequest, Conflict, GatewayError, NotFound
from gateway.library import folders as folders_module
from gateway.library.folders import State
from gateway.library.query import Query, Sort
from tests.library.house import at
from tests.library.pictures import DAY, found_in, index, picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.library.folders import Card, File, Folder
    from gateway.library.values import Principal
    from tests.library.house import House


def opened(house: House, path: str = "alice", sort: Sort = Sort.NAME, who: Principal | None = None) -> Folder:
    return house.library.folders.open(who or house.alice, at(path), sort)


def all_files(house: House, path: str = "alice", sort: Sort = Sort.NAME) -> list[File]:
    """The other files of a folder, page by page."""
    folder = opened(house, path, sort)
    found, more = folder.files, folder.more_files
    while more is not None:
        further, more = house.library.folders.files(house.alice, at(path), more, sort)
        found += further
    return found


def all_folders(house: House, path: str = "alice", sort: Sort = Sort.NAME) -> list[Card]:
    folder = opened(house, path, sort)
    found, more = folder.folders, folder.more_folders
    while more is not None:
        further, more = house.library.folders.folders(house.alice, at(path), more, sort)
        found += further
    return found


def shown(house: House, path: str) -> Iterator[str]:
    """The names of all files that a folder's page shows, those behind photos included."""
    for sort in (Sort.NAME, Sort.NEWEST):
        query = Query.parse({"folder.only": [path], "sort": [sort.value]})
        tiles = house.library.timeline.columns(house.alice, query, "9999-01-01" if sort.is_dated else "1", None)
        photos = [house.library.details.photo(house.alice, tile.id) for tile in tiles]
        files = [one.name for photo in photos for one in photo.stack or (photo,)]
        assert len(tiles) == house.library.timeline.segments(house.alice, query).total
        assert all("/".join(photo.path) == path for photo in photos)
    yield from files
    yield from (file.name for file in all_files(house, path))


def assert_like_webdav(house: House, path: str) -> None:
    """A folder and everything below it are shown as WebDAV lists them."""
    pages = house.library.files.children(house.alice, at(path)).pages
    listed = [(entry.is_folder, entry.name) for page in pages for entry in page.entries]
    cards = all_folders(house, path)
    assert sorted(listed) == sorted(
        [(True, card.name) for card in cards] + [(False, name) for name in shown(house, path)]
    )
    members = opened(house, path).members
    assert (members.folders, members.files) == (len(cards), len(all_files(house, path)))
    for card in cards:
        assert_like_webdav(house, f"{path}/{card.name}")
        inside = opened(house, f"{path}/{card.name}")
        below = all_folders(house, f"{path}/{card.name}")
        assert card.photos == inside.members.photos + sum(one.photos for one in below)
        assert card.files == inside.members.files + sum(one.files for one in below)
        assert card.folders == inside.members.folders + sum(one.folders for one in below)


# --- what is there ----------------------------------------------------------------------------------------------------


def test_folders_photos_and_other_files_each_have_their_place(house: House) -> None:
    house.folder("alice/2019")
    house.put("alice/2019/a.jpg", picture(day=3))
    house.put("alice/b.jpg", picture(day=4))
    house.put("alice/report.pdf", b"%PDF-1.4", modified=7)
    house.put("alice/empty.txt", b"")
    index(house)
    folder = opened(house)
    assert (folder.path, folder.members) == (("alice",), folders_module.Members(1, 1, 2))
    assert [(card.name, card.photos, card.files, card.is_more) for card in folder.folders] == [("2019", 1, 0, False)]
    assert [(file.name, file.size, file.state) for file in folder.files] == [
        ("empty.txt", 0, State.OTHER),
        ("report.pdf", 8, State.OTHER),
    ]
    assert folder.files[1].modified == 7
    assert folder.files[1].added > 7


def test_a_photo_that_is_not_ready_is_being_prepared_and_one_that_cannot_be_shown_says_why(house: House) -> None:
    house.put("alice/new.jpg", picture(day=1))
    house.put("alice/new.jpg.xmp", picture("sidecar", "xmp"))
    assert [(file.name, file.state) for file in opened(house).files] == [
        ("new.jpg", State.PREPARING),
        ("new.jpg.xmp", State.OTHER),
    ]
    house.put("alice/sound.m4a", picture("audio", "m4a"))
    index(house)
    assert [(file.name, file.state) for file in opened(house).files] == [
        ("new.jpg.xmp", State.OTHER),
        ("sound.m4a", State.OTHER),
    ]
    house.put("alice/bad.jpg", picture("unknown", "unknown"))
    job = house.library.jobs.claim("tests/")
    assert job is not None
    house.library.jobs.finish(job, found_in(picture("unknown", "unknown")), error="It is cut off.")
    failed = opened(house).files[0]
    assert (failed.state, failed.error) == (State.FAILED, "It is cut off.")
    assert_like_webdav(house, "alice")


def test_a_stack_is_one_photo_and_its_files_are_no_other_files(house: House) -> None:
    house.put("alice/s.nef", picture("raw", "nef", day=3))
    house.put("alice/s.jpg", picture(day=3))
    index(house)
    assert opened(house).members == folders_module.Members(0, 1, 0)
    assert_like_webdav(house, "alice")


def test_the_newest_photo_that_has_a_picture_covers_a_folder_else_one_below_it(house: House) -> None:
    for path in ("alice/trips", "alice/trips/rome", "alice/trips/rome/night", "alice/empty"):
        house.folder(path)
    deep = house.put("alice/trips/rome/night/x.jpg", picture(day=9)).entry.id
    index(house)
    assert {card.name: card.cover and card.cover.photo_id for card in opened(house).folders} == {
        "empty": None,
        "trips": deep,
    }
    house.put("alice/trips/old.jpg", picture(day=1))
    newest = house.put("alice/trips/new.jpg", picture(day=2)).entry.id
    index(house)
    trips = opened(house).folders[1]
    assert trips.cover is not None
    assert trips.cover.photo_id == newest
    assert house.library.pictures.rendition(house.alice, newest, "480").version == trips.cover.version
    assert (trips.folders, trips.photos) == (2, 3)


def test_names_are_shown_as_they_were_given(house: House) -> None:
    given = [
        unicodedata.normalize("NFD", "ü.pdf"),
        "<script>alert(1)<script>.html",
        "\u202egpj.exe",
        "x" * 251 + ".txt",
    ]
    for name in given:
        house.put(f"alice/{name}", b"x")
    assert sorted(file.name for file in all_files(house)) == sorted(given)
    house.folder("alice/" + unicodedata.normalize("NFD", "Köln"))
    assert opened(house, "ALICE/Köln").path == ("alice", unicodedata.normalize("NFD", "Köln"))


def test_what_is_no_folder_is_said(house: House) -> None:
    house.put("alice/a.txt", b"x")
    with pytest.raises(Conflict, match="file"):
        opened(house, "alice/a.txt")
    for path in ("alice/nowhere", "nobody", "bob"):
        with pytest.raises(NotFound):
            opened(house, path)


def test_everybody_sees_a_picture_of_their_own_spaces(house: House) -> None:
    photo = house.put("family/a.jpg", picture(day=3)).entry.id
    house.put("bob/b.jpg", picture(day=4), house.bob)
    index(house)
    family = house.space("family").id
    for who, spaces in ((house.alice, {family}), (house.dave, set()), (house.bob, {family, house.space("bob").id})):
        covers = house.library.folders.covers(who)
        assert covers.keys() == spaces
        assert who is house.dave or covers[family].photo_id == photo


# --- order and pages --------------------------------------------------------------------------------------------------


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders_module, "PAGE", 3)


@pytest.mark.usefixtures("small_pages")
def test_files_come_in_every_order_page_by_page(house: House) -> None:
    for number in range(10):
        house.put(f"alice/{number * 7 % 10}.txt", b"x" * (number // 2), modified=1000 - number // 3)
    for sort, key in (
        (Sort.NAME, lambda file: file.name),
        (Sort.OLDEST, lambda file: (file.modified, file.id)),
        (Sort.FIRST_ADDED, lambda file: (file.added, file.id)),
        (Sort.SMALLEST, lambda file: (file.size, file.id)),
    ):
        plain = sorted(all_files(house), key=key)  # type: ignore[no-any-return]
        assert all_files(house, sort=sort) == plain
        assert all_files(house, sort=Sort(f"-{sort.value}")) == plain[::-1]
        assert len({file.id for file in plain}) == 10


@pytest.mark.usefixtures("small_pages")
def test_folders_come_by_name_page_by_page(house: House) -> None:
    names = [f"f{number * 7 % 10}" for number in range(10)]
    for name in names:
        house.folder(f"alice/{name}")
    assert [card.name for card in all_folders(house)] == sorted(names)
    assert [card.name for card in all_folders(house, sort=Sort.LARGEST)] == sorted(names)
    assert [card.name for card in all_folders(house, sort=Sort.NAME_DOWN)] == sorted(names, reverse=True)


@pytest.mark.usefixtures("small_pages")
def test_a_page_goes_on_where_the_last_one_ended_whatever_came_between(house: House) -> None:
    for name in "bdfh":
        house.put(f"alice/{name}", b"x")
    folder = opened(house)
    house.put("alice/a", b"x")
    house.put("alice/g", b"x")
    house.delete("alice/f")
    assert folder.more_files is not None
    found, more = house.library.folders.files(house.alice, at("alice"), folder.more_files)
    assert ([file.name for file in found], more) == (["g", "h"], None)


@pytest.mark.parametrize("mark", ["", "x", "1", "1.x", "9" * 30 + ".1", "1.2.3"])
def test_what_is_no_place_in_an_order_is_refused(house: House, mark: str) -> None:
    with pytest.raises(BadRequest):
        house.library.folders.files(house.alice, at("alice"), mark, Sort.LARGEST)


def test_what_no_name_can_be_is_refused(house: House) -> None:
    with pytest.raises(BadRequest):
        house.library.folders.files(house.alice, at("alice"), "a\0b")


def test_files_far_apart_among_photos_are_found_stretch_by_stretch(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders_module, "_STRETCH", 3)
    for number in range(10):
        house.put(f"alice/{number}.jpg", picture(day=number))
    for name in ("0.txt", "8.txt", "z.txt"):
        house.put(f"alice/{name}", b"x")
    index(house)
    for sort, names in ((Sort.NAME, ["0.txt", "8.txt", "z.txt"]), (Sort.NAME_DOWN, ["z.txt", "8.txt", "0.txt"])):
        folder = opened(house, sort=sort)
        assert len(folder.files) <= 2
        assert folder.more_files is not None
        assert [file.name for file in all_files(house, sort=sort)] == names


def test_a_card_counts_up_to_a_bound_and_says_when_there_are_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders_module, "_MOST_OF_FEW", 5)
    house.folder("alice/f")
    for number in range(4):
        house.put(f"alice/f/{number}.jpg", picture(day=number))
    index(house)
    assert [(card.photos, card.files, card.is_more) for card in opened(house).folders] == [(4, 0, False)]
    for number in range(3):
        house.put(f"alice/f/{number}.txt", b"x")
    (card,) = opened(house).folders
    assert (card.photos + card.files <= 5, card.is_more) == (True, True)


def test_cards_look_into_so_many_folders_below_them(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders_module, "_MOST_FOLDERS", 3)
    for path in ("alice/f", "alice/f/a", "alice/f/a/b"):
        house.folder(path)
    assert [(card.folders, card.is_more) for card in opened(house).folders] == [(2, False)]
    house.folder("alice/f/a/b/c")
    assert opened(house).folders[0].is_more


# --- equal to the tree ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("seed", range(3))
def test_after_anything_a_folder_shows_exactly_what_webdav_lists(house: House, seed: int) -> None:
    random = Random(seed)
    names = ["a", "b.jpg", "b.nef", "c.jpg", "c.jpg.xmp", "d.txt", "ü.jpg", "e.mov"]
    contents: list[bytes] = [
        b"", b"text", picture(day=3), picture(day=9), picture("raw", "nef", day=3),
        picture("sidecar", "xmp", rating=3), picture("video", "mov", day=4, duration=2000),
    ]  # fmt: skip

    def place() -> str:
        return "/".join([random.choice(["alice", "family"]), *random.choices("fgh", k=random.randrange(3))])

    def anything() -> str:
        return f"{place()}/{random.choice([*names, *'fgh'])}"

    acts: list[Any] = [
        lambda: house.folder(place() + "/" + random.choice("fgh")),
        lambda: house.put(f"{place()}/{random.choice(names)}", random.choice(contents), modified=DAY),
        lambda: house.move(anything(), anything()),
        lambda: house.copy(anything(), anything()),
        lambda: house.delete(anything()),
        lambda: house.library.trash.restore(house.alice, "alice", random.choice(list(house.trashed().values()) or [0])),
        lambda: index(house),
    ]  # fmt: skip
    for turn in range(120):
        with suppress(GatewayError):
            random.choices(acts, weights=[3, 8, 3, 2, 1, 1, 2])[0]()
        if turn % 12 == 0:
            for space in ("alice", "family"):
                assert_like_webdav(house, space)
    index(house)
    for space in ("alice", "family"):
        assert_like_webdav(house, space)
    house.assert_sound()
