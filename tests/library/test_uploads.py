"""A file arrives whole or not at all, and what it replaces is kept."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import (
    BadRequest,
    ChecksumMismatch,
    Conflict,
    Exists,
    NotFound,
    QuotaExceeded,
    StoreFull,
    StoreUnavailable,
    TooLarge,
    Truncated,
    UnsupportedType,
)
from tests.library.house import MB, House, Sums, at, cut_after, noise, pieces, untouchable

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.library.values import Change

JPEG = b"\xff\xd8\xff\xe0" + noise(996)


def test_an_upload_can_be_read_back(house: House) -> None:
    content = noise(3 * MB)
    house.put("alice/a.jpg", content)
    assert house.read("alice/a.jpg") == content


def test_an_upload_can_be_read_back_from_minio(house_over_minio: House) -> None:
    content = noise(6 * MB)
    house_over_minio.put("alice/a.jpg", content, size=None)
    assert house_over_minio.read("alice/a.jpg") == content
    house_over_minio.assert_sound()


def test_a_range_can_be_read(house: House) -> None:
    house.put("alice/a.jpg", noise(1000))
    content = house.library.files.open(house.alice, at("alice/a.jpg"))
    assert b"".join(content.read(10, 20)) == noise(1000)[10:30]


def test_a_first_upload_is_created_and_a_second_replaces(house: House) -> None:
    assert house.put("alice/a.jpg", b"one").created is True
    assert house.put("alice/a.jpg", b"two").created is False


@pytest.mark.parametrize("content", [b"", b"some bytes"], ids=["empty", "full"])
def test_put_stat_and_listing_tell_the_same(house: House, content: bytes) -> None:
    put = house.put("alice/a.jpg", content, modified=1_234_567_890)
    listing = house.library.files.children(house.alice, at("alice"))
    assert house.library.files.stat(house.alice, at("alice/a.jpg")).entry == put.entry
    assert [entry for page in listing.pages for entry in page.entries] == [put.entry]


@pytest.mark.parametrize("content", [b"", b"some bytes"], ids=["empty", "full"])
def test_the_etag_changes_with_the_bytes_and_only_then(house: House, content: bytes) -> None:
    first = house.put("alice/a.jpg", content).entry.etag
    assert house.put("alice/a.jpg", content).entry.etag == first
    assert house.put("alice/a.jpg", content + b"!").entry.etag != first


def test_checksums_of_what_arrived_are_kept(house: House) -> None:
    entry = house.put("alice/a.jpg", b"abc").entry
    assert entry.sha1 == hashlib.sha1(b"abc").hexdigest()
    assert entry.etag == hashlib.sha256(b"abc").hexdigest()[:32]
    assert house.put("alice/b.jpg", b"").entry.sha1 == hashlib.sha1(b"").hexdigest()


def test_the_clients_own_time_is_kept(house: House) -> None:
    assert house.put("alice/a.jpg", b"x", modified=42_000_000).entry.modified == 42_000_000


def test_an_overwrite_keeps_the_entry_and_when_it_was_created(house: House) -> None:
    first = house.put("alice/a.jpg", b"one").entry
    second = house.put("alice/a.jpg", b"three").entry
    assert (second.id, second.created) == (first.id, first.created)
    assert house.library.files.stat(house.alice, at("alice/a.jpg")).entry == second


def test_an_overwrite_keeps_the_old_version_in_the_trash(house: House) -> None:
    house.put("alice/a.jpg", b"one")
    house.put("alice/a.jpg", b"three")
    path = house.library.trash.restore(house.alice, "alice", house.trashed()["a.jpg"])
    assert path == ("alice", "a (restored).jpg")
    assert house.read("/".join(path)) == b"one"
    assert house.read("alice/a.jpg") == b"three"
    house.assert_sound()


def test_every_version_is_kept_even_when_they_follow_each_other_at_once(house: House) -> None:
    """An iPhone sends a photo and its edited duplicate under one name within seconds (nextcloud/ios#2728)."""
    for number in range(4):
        house.put("alice/IMG_1.jpg", noise(100 + number))
    assert sorted(item.size for item in house.library.trash.items(house.alice, "alice")) == [100, 101, 102]
    house.assert_sound()


def test_an_overwritten_empty_file_leaves_no_version(house: House) -> None:
    """Finder and Windows put an empty file first, then its content."""
    house.put("alice/a.jpg", b"")
    house.put("alice/a.jpg", b"content")
    assert house.trashed() == {}
    assert house.sums() == Sums(live=7, held=0, trash=0, entries=3)


def test_an_empty_file_has_no_object(house: House) -> None:
    house.put("alice/a.jpg", b"")
    assert house.objects() == house.blobs() == set()
    assert house.read("alice/a.jpg") == b""


def test_a_file_can_be_emptied(house: House) -> None:
    house.put("alice/a.jpg", b"content")
    house.put("alice/a.jpg", b"")
    assert house.read("alice/a.jpg") == b""
    assert house.sums() == Sums(live=0, held=0, trash=7, entries=4)
    house.assert_sound()


@pytest.mark.parametrize("old", [None, b"the old photograph" * 1000], ids=["new", "overwriting"])
@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
@pytest.mark.parametrize("kept", ["nothing", "one byte", "half", "all but one", "all"])
@pytest.mark.parametrize("length", [300_000, 6 * MB], ids=["small", "large"])
def test_a_cut_upload_leaves_everything_as_it_was(
    house: House,
    old: bytes | None,
    announced: bool,  # noqa: FBT001
    kept: str,
    length: int,
) -> None:
    if old is not None:
        house.put("alice/a.jpg", old)
    before, listed = house.sums(), house.rows("SELECT * FROM entry")
    content = noise(length)
    count = {"nothing": 0, "one byte": 1, "half": length // 2, "all but one": length - 1, "all": length}[kept]
    body = cut_after(content, count, ConnectionError("the client went away"))
    with pytest.raises(ConnectionError, match="the client went away"):
        house.library.uploads.put(house.alice, at("alice/a.jpg"), body, size=length if announced else None)
    assert house.sums() == before
    assert house.rows("SELECT * FROM entry") == listed
    if old is None:
        assert house.names("alice") == []
    else:
        assert house.read("alice/a.jpg") == old
    house.assert_sound()
    house.collect_garbage()
    assert house.objects() == house.blobs()


@pytest.mark.parametrize("length", [10, 300_000])
def test_fewer_bytes_than_announced_are_refused(house: House, length: int) -> None:
    with pytest.raises(Truncated):
        house.put("alice/a.jpg", noise(length), size=length + 1)
    assert house.names("alice") == []
    house.assert_sound()


@pytest.mark.parametrize("announced", [0, 10, 299_999])
def test_more_bytes_than_announced_are_refused(house: House, announced: int) -> None:
    with pytest.raises(Truncated):
        house.put("alice/a.jpg", noise(300_000), size=announced)
    assert house.names("alice") == []
    house.collect_garbage()
    assert house.objects() == set()


def test_a_cut_upload_leaves_no_object_in_minio(house_over_minio: House) -> None:
    house = house_over_minio
    house.put("alice/a.jpg", b"old")
    for size in (None, 6 * MB):
        body = cut_after(noise(6 * MB), 6 * MB - 1, ConnectionError("the client went away"))
        with pytest.raises(ConnectionError):
            house.library.uploads.put(house.alice, at("alice/a.jpg"), body, size=size)
    assert house.read("alice/a.jpg") == b"old"
    house.collect_garbage()
    assert house.objects() == house.blobs()
    house.assert_sound()


@pytest.mark.parametrize("algorithm", ["SHA1", "MD5", "SHA256", "sha1"])
@pytest.mark.parametrize("content", [b"", b"some bytes"], ids=["empty", "full"])
def test_a_wrong_checksum_leaves_everything_as_it_was(house: House, algorithm: str, content: bytes) -> None:
    house.put("alice/a.jpg", b"old")
    wrong = hashlib.new(algorithm, b"other").hexdigest()
    for size in (len(content), None):
        with pytest.raises(ChecksumMismatch):
            house.put("alice/a.jpg", content, size=size, checksum=(algorithm, wrong))
    assert house.read("alice/a.jpg") == b"old"
    assert house.objects() == house.blobs()
    house.assert_sound()


@pytest.mark.parametrize("algorithm", ["SHA1", "MD5", "SHA256", "sha1"])
@pytest.mark.parametrize("content", [b"", b"some bytes"], ids=["empty", "full"])
def test_a_right_checksum_is_accepted_in_either_case(house: House, algorithm: str, content: bytes) -> None:
    right = hashlib.new(algorithm, content).hexdigest()
    house.put("alice/a.jpg", content, checksum=(algorithm, right.upper()))
    assert house.read("alice/a.jpg") == content


def test_an_unknown_checksum_is_refused_before_the_body_is_read(house: House) -> None:
    with pytest.raises(BadRequest):
        house.library.uploads.put(house.alice, at("alice/a.jpg"), untouchable(), size=3, checksum=("ADLER32", "0" * 8))


def test_what_needs_no_bytes_is_refused_before_the_body_is_read(house: House) -> None:
    house.put("alice/file", b"x")
    house.folder("alice/folder")
    house.library.spaces.set_policy("family", media_only=True, max_file_size=100)
    refusals: list[tuple[str, type[Exception], int | None]] = [
        ("alice/file/a.jpg", Conflict, 1),
        ("alice/missing/a.jpg", Conflict, 1),
        ("alice/folder", Exists, 1),
        ("nowhere/a.jpg", NotFound, 1),
        ("family/a.exe", UnsupportedType, 1),
        ("family/a.exe", UnsupportedType, None),
        ("family/a.jpg", TooLarge, 101),
        ("alice/a.jpg", QuotaExceeded, 10**9),
    ]
    for path, error, size in refusals:
        with pytest.raises(error):
            house.library.uploads.put(house.alice, at(path), untouchable(), size=size)
    house.assert_sound()


def test_a_media_only_space_judges_by_content(house: House) -> None:
    house.library.spaces.set_policy("family", media_only=True, max_file_size=None)
    house.put("family/a.jpg", JPEG)
    for size in (1000, None):
        with pytest.raises(UnsupportedType):
            house.put("family/b.jpg", noise(1000), size=size)
    assert house.names("family") == ["a.jpg"]
    house.assert_sound()


@pytest.mark.parametrize("name", ["._a.jpg", ".DS_Store", "desktop.ini", "Thumbs.db", "a.jpg.xmp", "A.XMP"])
def test_a_media_only_space_takes_what_systems_put_beside_photographs(house: House, name: str) -> None:
    house.library.spaces.set_policy("family", media_only=True, max_file_size=None)
    house.put(f"family/{name}", b"no media")
    assert house.sums("family").live == 8


def test_a_media_only_space_takes_empty_files(house: House) -> None:
    house.library.spaces.set_policy("family", media_only=True, max_file_size=None)
    house.put("family/a.txt", b"")
    assert house.names("family") == ["a.txt"]


def test_a_chunked_body_over_the_largest_size_is_refused(house: House) -> None:
    house.library.spaces.set_policy("family", media_only=False, max_file_size=1000)
    house.put("family/a.jpg", noise(1000), size=None)
    with pytest.raises(TooLarge):
        house.put("family/b.jpg", noise(1001), size=None)
    assert house.names("family") == ["a.jpg"]


@pytest.mark.parametrize("error", [StoreUnavailable("down"), StoreFull("full"), KeyboardInterrupt()])
def test_a_failing_store_leaves_everything_as_it_was(
    house: House, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    house.put("alice/a.jpg", b"old")

    def put(key: str, chunks: Any, size: int | None) -> None:
        next(iter(chunks), None)
        raise error

    monkeypatch.setattr(house.store, "put", put)
    with pytest.raises(type(error)):
        house.put("alice/a.jpg", noise(300_000))
    assert house.read("alice/a.jpg") == b"old"
    house.assert_sound()


def test_an_upload_that_the_store_keeps_although_it_failed_is_deleted_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer of the store was lost: the object is there, and only the garbage row names it."""
    put = house.store.put

    def stores_and_fails(key: str, chunks: Any, size: int | None) -> None:
        put(key, chunks, size)
        raise StoreUnavailable("no answer")

    monkeypatch.setattr(house.store, "put", stores_and_fails)
    with pytest.raises(StoreUnavailable):
        house.put("alice/a.jpg", noise(1000))
    assert house.objects() == house.garbage() != set()
    house.collect_garbage()
    assert house.objects() == house.garbage() == set()


def test_a_guard_can_refuse_an_upload_and_nothing_is_left(house: House) -> None:
    def guard(change: Change) -> None:
        assert change.kind == "replaced"
        raise Conflict("not today")

    house.put("alice/a.jpg", b"old")
    guarded = house.with_options(guards=[guard])
    with pytest.raises(Conflict, match="not today"):
        guarded.put("alice/a.jpg", b"new")
    assert house.read("alice/a.jpg") == b"old"
    house.assert_sound()


def test_listeners_hear_of_an_upload_after_it_is_visible(house: House) -> None:
    heard = []

    def listener(change: Change) -> None:
        heard.append((change.kind, change.path, house.read("/".join(change.path))))
        raise RuntimeError("a listener may fail")

    listening = house.with_options(listeners=[listener])
    listening.put("alice/a.jpg", b"one")
    listening.put("alice/a.jpg", b"two")
    assert heard == [("created", at("alice/a.jpg"), b"one"), ("replaced", at("alice/a.jpg"), b"two")]


def test_readers_of_a_file_being_replaced_see_the_old_or_the_new_bytes(house: House) -> None:
    versions = [noise(200_000, number) for number in range(6)]
    house.put("alice/a.jpg", versions[0])
    known = {hashlib.sha256(version).hexdigest() for version in versions}
    stop, wrong, read = threading.Event(), [], []

    def reader() -> None:
        while not stop.is_set():
            content = house.library.files.open(house.alice, at("alice/a.jpg"))
            entry = content.resource.entry
            digest = hashlib.sha256(b"".join(content.read(0, entry.size))).hexdigest()
            if digest not in known or digest[:32] != entry.etag:
                wrong.append(digest)
            read.append(digest)

    threads = [threading.Thread(target=reader, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for version in versions[1:] * 3:
        house.put("alice/a.jpg", version)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(set(read)) > 1


def test_a_file_that_is_open_stays_readable_when_it_is_replaced_and_purged(house: House) -> None:
    house.put("alice/a.jpg", noise(1000))
    content = house.library.files.open(house.alice, at("alice/a.jpg"))
    house.put("alice/a.jpg", b"new")
    house.library.trash.purge(house.alice, "alice", house.trashed()["a.jpg"])
    house.library.upkeep.collect_garbage()
    assert b"".join(content.read(0, 1000)) == noise(1000)


def test_a_file_purged_while_it_is_being_opened_is_read_as_it_was(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway.library import tree

    house.put("alice/a.jpg", b"old")
    plain: Callable[..., Any] = tree.walk

    def walk(*arguments: Any) -> Any:
        found = plain(*arguments)
        monkeypatch.undo()
        house.put("alice/a.jpg", b"new")
        house.library.trash.purge(house.alice, "alice", house.trashed()["a.jpg"])
        return found

    monkeypatch.setattr(tree, "walk", walk)
    assert house.read("alice/a.jpg") == b"old"
    assert house.read("alice/a.jpg") == b"new"


def test_an_upload_into_a_folder_that_is_deleted_meanwhile_is_refused(house: House) -> None:
    house.folder("alice/f")

    def body() -> Any:
        yield noise(10)
        house.delete("alice/f")

    with pytest.raises(Conflict):
        house.library.uploads.put(house.alice, at("alice/f/a.jpg"), body(), size=10)
    house.assert_sound()
    house.collect_garbage()
    assert house.objects() == set()


def test_a_refused_upload_is_remembered_until_the_file_arrives(house: House) -> None:
    house.library.accounts.set_quota("alice", 10)
    for _ in range(2):
        with pytest.raises(QuotaExceeded):
            house.put("alice/a.jpg", noise(100))
    rows = house.rows("SELECT path, reason, size FROM refusal")
    assert rows == [("alice/a.jpg", "QuotaExceeded", 100)]
    house.library.accounts.set_quota("alice", 1000)
    house.put("alice/a.jpg", noise(100))
    assert house.rows("SELECT path FROM refusal") == []


def test_a_refusal_at_a_very_long_path_is_answered_like_any_other(house: House) -> None:
    path = "alice"
    for number in range(14):
        path += f"/{noise(120, number).hex()}"
        house.folder(path)
    house.library.accounts.set_quota("alice", 10)
    with pytest.raises(QuotaExceeded):
        house.put(f"{path}/a.jpg", noise(100))


def test_a_body_in_small_pieces_is_read_once_and_in_order(house: House) -> None:
    seen = []

    def body() -> Any:
        for piece in pieces(noise(200_000), 1000):
            seen.append(len(piece))
            yield piece

    house.library.uploads.put(house.alice, at("alice/a.jpg"), body(), size=None)
    assert sum(seen) == 200_000
    assert house.read("alice/a.jpg") == noise(200_000)
