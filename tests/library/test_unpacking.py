"""ZIP archives that are unpacked where they were brought, whatever is in them."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import StoreUnavailable
from gateway.library.transfers import Transfer
from gateway.library.unpacking import Archive
from tests.library.house import MB, QUOTA, House, at, noise, pieces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PART = 1 << 20


def packed(members: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2019, 7, 14, 14, 32, 10)), content, method)
    return file.getvalue()


def bring(house: House, content: bytes, folder: str = "alice", **options: Any) -> Transfer:
    """Upload an archive in parts and unpack it."""
    library = house.library.transfers
    begun = library.begin(house.alice, at(f"{folder}/all.zip"), size=len(content), unpack=True, **options)
    assert isinstance(begun, Transfer)
    for start in range(0, max(1, len(content)), PART):
        part = content[start : start + PART]
        library.receive(house.alice, begun.id, start, pieces(part), len(part))
    library.work()
    return library.find(house.alice, begun.id)


def test_an_archive_is_unpacked_with_its_folders_and_times(house: House) -> None:
    photos = {f"2019/Summer/{number}.jpg": noise(300_000, number) for number in range(8)}
    done = bring(house, packed({"2019/Winter/": b"", **photos, "readme.txt": b"hello"}, zipfile.ZIP_DEFLATED))
    assert (done.state, done.progress, done.total, done.report) == ("done", 10, 10, [])
    assert sorted(house.names("alice")) == ["2019", "readme.txt"]
    assert sorted(house.names("alice/2019")) == ["Summer", "Winter"]
    assert house.read("alice/2019/Summer/3.jpg") == photos["2019/Summer/3.jpg"]
    assert house.library.files.stat(house.alice, at("alice/readme.txt")).entry.modified == 1_563_114_730_000_000
    house.assert_sound()
    assert not [key for key in house.objects() if key.startswith("_")]


def test_over_a_bucket_too(house_over_minio: House) -> None:
    photos = {f"{number}.jpg": noise(700_000, number) for number in range(4)}
    assert bring(house_over_minio, packed(photos)).state == "done"
    assert all(house_over_minio.read(f"alice/{name}") == content for name, content in photos.items())


def test_names_that_lead_elsewhere_stay_out(house: House) -> None:
    members = ["../up.jpg", "/top.jpg", "C:\\windows.jpg", "a/../../b.jpg", "ok/./fine.jpg", "x" * 300]
    done = bring(house, packed(dict.fromkeys(members, b"x")))
    assert done.report == [
        ("../up.jpg", "outside"),
        ("/top.jpg", "outside"),
        ("C:\\windows.jpg", "outside"),
        ("a/../../b.jpg", "outside"),
        ("x" * 300, "name"),
    ]
    assert house.names("alice") == ["ok"]
    assert house.names("alice/ok") == ["fine.jpg"]


def test_what_systems_leave_behind_is_not_worth_a_word(house: House) -> None:
    done = bring(house, packed({"__MACOSX/._a.jpg": b"x", ".DS_Store": b"x", "f/Thumbs.db": b"x", "a.jpg": b"x"}))
    assert (done.report, house.names("alice")) == ([], ["a.jpg"])


@pytest.mark.parametrize(
    ("name", "codec", "shown"),
    [
        ("Отпуск/море.jpg", "cp866", "Отпуск"),
        ("Отпуск/море.jpg", "utf-8", "Отпуск"),
        ("Año/niño.jpg", "cp437", "Año"),
        ("été/plage.jpg", "utf-8", "été"),
    ],
)
def test_names_in_old_encodings_can_be_read(house: House, name: str, codec: str, shown: str) -> None:
    stand_in = "".join("~" if ord(character) > 127 else character for character in name)
    raw = name.encode(codec)
    stand_in = stand_in.encode().ljust(len(raw), b"~").decode()
    content = packed({stand_in: b"x"}).replace(stand_in.encode(), raw)
    assert bring(house, content).report == []
    assert house.names("alice") == [shown]


def test_backslashes_of_windows_are_folders(house: House) -> None:
    info = zipfile.ZipInfo("2019#a.jpg")
    info.create_system = 0
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(info, b"x")
    bring(house, file.getvalue().replace(b"2019#a", b"2019\\a"))
    assert house.names("alice/2019") == ["a.jpg"]


def test_secrets_links_and_unknown_methods_are_named(house: House) -> None:
    link = zipfile.ZipInfo("link.jpg")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(link, b"/etc/passwd")
        archive.writestr("lzma.jpg", b"x" * 1000, zipfile.ZIP_LZMA)
        archive.writestr("fine.jpg", b"x")
    assert bring(house, file.getvalue()).report == [("link.jpg", "link"), ("lzma.jpg", "method")]
    secret = bytearray(packed({"secret.jpg": b"x"}))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        secret[secret.index(mark) + flags] |= 1
    assert bring(house, bytes(secret)).report == [("secret.jpg", "password")]


def test_a_bomb_does_not_go_off(house: House) -> None:
    house.library.spaces.set_quota("alice", 10**12)
    bomb = packed({"bomb.jpg": b"\0" * (80 << 20)}, zipfile.ZIP_DEFLATED)
    assert bring(house, bomb).report == [("bomb.jpg", "bomb")]
    # One that lies about its size gets no more than it says.
    content = packed({"liar.jpg": b"\0" * MB}, zipfile.ZIP_DEFLATED)
    small = content.replace(struct.pack("<I", MB), struct.pack("<I", 1000))
    assert bring(house, small).report == [("liar.jpg", "damaged")]
    assert house.names("alice") == []
    house.assert_sound()


def test_each_file_is_judged_like_any_upload(house: House) -> None:
    house.library.spaces.set_policy("alice", media_only=True, max_file_size=MB)
    jpeg = b"\xff\xd8\xff\xe0" + noise(1000)
    done = bring(house, packed({"a.jpg": jpeg, "b.pdf": b"%PDF", "c.jpg": b"no photo", "d.jpg": jpeg + noise(MB)}))
    assert done.report == [("b.pdf", "type"), ("c.jpg", "type"), ("d.jpg", "size")]
    assert house.names("alice") == ["a.jpg"]


def test_an_archive_that_fills_the_space_is_unpacked_without_room_for_both(house: House) -> None:
    photos = {f"{number}.jpg": noise(2 * MB, number) for number in range(9)}
    content = packed(photos)
    assert 2 * len(content) > QUOTA
    done = bring(house, content)
    assert (done.state, done.report) == ("done", [])
    assert house.sums().live == 18 * MB
    house.assert_sound()


def test_what_does_not_fit_is_left_out(house: House) -> None:
    done = bring(house, packed({"a.jpg": b"\1" * (12 * MB), "b.jpg": b"\2" * (12 * MB)}, zipfile.ZIP_DEFLATED))
    assert done.report == [("b.jpg", "full")]
    assert house.names("alice") == ["a.jpg"]
    house.assert_sound()


@pytest.mark.parametrize(
    ("if_taken", "names", "report"),
    [
        ("refuse", ["a.jpg"], [("a.jpg", "taken")]),
        ("both", ["a (2).jpg", "a.jpg"], []),
        ("replace", ["a.jpg"], []),
    ],
)
def test_a_name_that_is_taken(house: House, if_taken: str, names: list[str], report: list[tuple[str, str]]) -> None:
    house.put("alice/a.jpg", b"other")
    assert bring(house, packed({"a.jpg": b"new"}), if_taken=if_taken).report == report
    assert house.names("alice") == names


@pytest.mark.parametrize("damage", ["no zip at all", "cut", "empty", "member"])
def test_what_is_damaged_says_so(house: House, damage: str) -> None:
    whole = packed({"a.jpg": noise(5000), "b.jpg": b"fine"})
    if damage == "member":
        content = whole[:1000] + b"\0" + whole[1001:]
        done = bring(house, content)
        assert (done.state, done.report) == ("done", [("a.jpg", "damaged")])
        assert house.names("alice") == ["b.jpg"]
    else:
        content = {"no zip at all": noise(5000), "cut": whole[:4000], "empty": b""}[damage]
        done = bring(house, content)
        assert (done.state, done.reason) == ("refused", "damaged")
    house.assert_sound()


def test_whoever_goes_on_does_not_begin_anew(house: House) -> None:
    photos = {f"{number}.jpg": noise(1000, number) for number in range(6)}
    count = 0

    def away_in_the_middle(_change: object) -> None:
        nonlocal count
        count += 1
        if count == 4:
            raise StoreUnavailable("The storage is not available at the moment.")

    waiting = bring(house.with_options(guards=[away_in_the_middle]), packed(photos), if_taken="both")
    assert (waiting.state, waiting.reason, waiting.progress) == ("whole", "busy", 3)
    house.execute("UPDATE transfer SET due = 0")
    house.library.transfers.work()
    done = house.library.transfers.find(house.alice, waiting.id)
    assert (done.state, done.progress, done.report) == ("done", 6, [])
    assert house.names("alice") == sorted(photos)
    house.assert_sound()


def test_an_upload_that_is_ended_stops_the_unpacking(house: House) -> None:
    ended: list[Transfer] = []

    def end(_change: object) -> None:
        ended.extend(house.library.transfers.mine(house.alice))
        house.library.transfers.abort(house.alice, ended[0].id)

    content = packed({f"{number}.jpg": noise(1000, number) for number in range(6)})
    ending = house.with_options(listeners=[end])
    library = ending.library.transfers
    begun = library.begin(house.alice, at("alice/all.zip"), size=len(content), unpack=True)
    assert isinstance(begun, Transfer)
    library.receive(house.alice, begun.id, 0, pieces(content), len(content))
    library.work()
    assert house.names("alice") == ["0.jpg"]
    house.assert_sound()


def test_many_members_and_a_list_that_is_too_long(house: House, tmp_path: Path) -> None:
    content = packed({f"{number % 7}/{number}.txt": b"" for number in range(500)})
    done = bring(house, content)
    assert (done.state, done.total, done.report) == ("done", 500, [])
    assert len(house.names("alice/3")) == 71
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, 40 << 20, 0, 0)
    (tmp_path / "long.zip").write_bytes(b"\0" * (40 << 20) + end)
    house.store.put("alice-long/x~aaaaaaaaaaaa.zip", iter([(tmp_path / "long.zip").read_bytes()]), None)
    with pytest.raises(Exception, match="too many members"):
        Archive(house.store, [("alice-long/x~aaaaaaaaaaaa.zip", (40 << 20) + len(end))])


def test_what_nobody_has_thought_of_ends_after_three_tries(house: House) -> None:
    def breaks(_change: object) -> None:
        raise RuntimeError("a defect")

    broken = house.with_options(guards=[breaks])
    content = packed({"a.jpg": b"x"})
    begun = house.library.transfers.begin(house.alice, at("alice/all.zip"), size=len(content), unpack=True)
    assert isinstance(begun, Transfer)
    house.library.transfers.receive(house.alice, begun.id, 0, pieces(content), len(content))
    for _ in range(2):
        with pytest.raises(RuntimeError):
            broken.library.transfers.work()
        house.execute("UPDATE transfer SET due = 0")
    broken.library.transfers.work()
    ended = house.library.transfers.find(house.alice, begun.id)
    assert (ended.state, ended.reason) == ("refused", "other")
    house.assert_sound()


def test_an_archive_of_nothing_is_unpacked_to_nothing(house: House) -> None:
    done = bring(house, packed({}))
    assert (done.state, done.total, done.report) == ("done", 0, [])
