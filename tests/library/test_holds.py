"""What an upload reserves: named by its key, settled by what is true then, given back whatever happens."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import Forbidden, HoldLost, NotFound, QuotaExceeded, StoreUnavailable
from gateway.library import hold as holds
from gateway.library import record
from gateway.library.hold import Hold
from tests.library.house import MB, House, Sums, at, noise, together

if TYPE_CHECKING:
    from gateway.library.values import Change


class Killed(BaseException):
    """The process ends here: nothing after it runs."""


@pytest.fixture
def killable(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A killed process gives nothing back."""
    _make_killable(monkeypatch)
    return house


def _make_killable(patch: pytest.MonkeyPatch) -> None:
    def abandon(_: Hold) -> None:
        raise Killed

    patch.setattr(Hold, "abandon", abandon)


def test_growth_is_decided_when_the_upload_settles(house: House) -> None:
    """A overwrites 90 with 95 and holds 5; the 90 are deleted and 95 others land meanwhile: A has no room any more."""
    house.library.accounts.set_quota("alice", 100)
    house.put("alice/p", noise(90))

    def body() -> Any:
        house.delete("alice/p")
        house.put("alice/q", noise(95))
        yield noise(95, 1)

    with pytest.raises(QuotaExceeded):
        house.library.uploads.put(house.alice, at("alice/p"), body(), size=95)
    assert house.names("alice") == ["q"]
    assert house.sums().live == 95
    house.assert_sound()


def test_an_upload_settles_as_an_overwrite_when_another_landed_first(house: House) -> None:
    house.library.accounts.set_quota("alice", 180)

    def body() -> Any:
        house.put("alice/p", noise(90))
        yield noise(90, 1)

    put = house.library.uploads.put(house.alice, at("alice/p"), body(), size=90)
    assert put.created is False
    assert house.sums() == Sums(live=90, held=0, trash=90, entries=4)
    house.assert_sound()


def test_holds_are_named_by_their_key_and_keys_are_never_used_twice(house: House) -> None:
    seen = []

    def body() -> Any:
        seen.extend(row[0] for row in house.rows("SELECT key FROM hold"))
        yield b"x"

    for _ in range(20):
        house.library.uploads.put(house.alice, at("alice/IMG_1.jpg"), body(), size=1)
    assert len(set(seen)) == 20
    assert set(seen) == house.blobs()


def test_an_upload_whose_hold_expired_fails_and_nothing_is_visible(house: House) -> None:
    house.put("alice/p", b"old")

    def body() -> Any:
        assert house.expire_holds() == 1
        assert house.sums().held == 0
        yield noise(1000)

    with pytest.raises(HoldLost):
        house.library.uploads.put(house.alice, at("alice/p"), body(), size=1000)
    assert house.read("alice/p") == b"old"
    house.assert_sound()
    house.collect_garbage()
    assert house.objects() == house.blobs()


def test_an_expired_hold_never_ends_another_upload(house: House) -> None:
    def first() -> Any:
        house.expire_holds()
        house.library.uploads.put(house.alice, at("alice/b"), second(), size=50)
        yield noise(100)

    def second() -> Any:
        held = house.sums().held
        yield noise(50)
        assert house.sums().held == held == 50

    with pytest.raises(HoldLost):
        house.library.uploads.put(house.alice, at("alice/a"), first(), size=100)
    assert house.names("alice") == ["b"]
    house.assert_sound()


def test_what_an_expired_upload_still_stores_after_its_garbage_was_collected_is_deleted_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = house.store.put

    def slow(key: str, chunks: Any, size: int | None) -> None:
        house.expire_holds()
        house.collect_garbage()
        assert house.garbage() == set()
        put(key, chunks, size)

    monkeypatch.setattr(house.store, "put", slow)
    with pytest.raises(HoldLost):
        house.put("alice/a", noise(100))
    house.assert_sound()
    house.collect_garbage()
    assert house.objects() == set()


def test_a_hold_is_renewed_while_bytes_arrive(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "RENEWAL", -1.0)
    seen = []

    def body() -> Any:
        for number in range(3):
            house.execute("UPDATE hold SET expires = expires - 300000000")
            yield noise(100, number)
            seen.append(house.rows("SELECT expires FROM hold")[0][0])

    house.library.uploads.put(house.alice, at("alice/a"), body(), size=300)
    assert seen == sorted(seen)


def test_an_expired_hold_cannot_be_renewed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "RENEWAL", -1.0)

    def body() -> Any:
        house.execute("UPDATE hold SET expires = 0")
        yield noise(300)

    with pytest.raises(HoldLost):
        house.library.uploads.put(house.alice, at("alice/a"), body(), size=300)
    house.assert_sound()


def test_a_renewed_hold_is_not_ended_as_expired(house: House) -> None:
    def body() -> Any:
        assert house.library.upkeep.end_expired_holds() == 0
        yield noise(300)

    house.library.uploads.put(house.alice, at("alice/a"), body(), size=300)


@pytest.mark.parametrize("size", [300_000, None], ids=["announced", "chunked"])
@pytest.mark.parametrize("old", [None, b"old"], ids=["new", "overwriting"])
def test_a_process_killed_while_bytes_arrive_leaves_a_hold_that_names_the_key(
    killable: House, size: int | None, old: bytes | None
) -> None:
    house = killable
    if old is not None:
        house.put("alice/a", old)
    before = house.sums()
    length = size or 6 * MB

    def body() -> Any:
        yield noise(length - 1)
        raise Killed

    with pytest.raises(Killed):
        house.library.uploads.put(house.alice, at("alice/a"), body(), size=size)
    house.assert_sound(idle=False)
    house.library.upkeep.end_holds_of("two")  # that is not us: nothing
    assert house.sums().held > 0 or size is None
    house.library.upkeep.end_holds_of("one")
    assert house.sums() == before
    house.assert_sound()
    house.collect_garbage()
    assert house.objects() == house.blobs()


def _stored_and_killed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave what a dump of the database leaves too that is older than the end of an upload."""
    put = house.store.put

    def stores(key: str, chunks: Any, size: int | None) -> None:
        put(key, chunks, size)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(house.store, "put", stores)
        with pytest.raises(Killed):
            house.put("alice/a.jpg", noise(1000))
    assert len(house.objects()) == 1
    assert house.sums() == Sums(live=0, held=1000, trash=0, entries=2)
    house.assert_sound(idle=False)


def _is_found(house: House) -> None:
    (item,) = house.library.trash.items(house.alice, "alice")
    assert (item.name, item.path, item.size) == ("a.jpg", "found", 1000)
    assert house.sums() == Sums(live=0, held=0, trash=1000, entries=3)
    house.collect_garbage()
    house.assert_sound()
    path = house.library.trash.restore(house.alice, "alice", item.id)
    assert house.read("/".join(path)) == noise(1000)


def test_what_the_store_has_of_an_upload_that_nobody_ended_goes_into_the_trash(
    killable: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stored_and_killed(killable, monkeypatch)
    assert killable.expire_holds() == 1
    _is_found(killable)


def test_what_minio_has_of_an_upload_of_the_server_before_goes_into_the_trash(
    house_over_minio: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        _make_killable(patch)
        _stored_and_killed(house_over_minio, monkeypatch)
    assert house_over_minio.library.upkeep.end_holds_of("one") == 1
    _is_found(house_over_minio)


def test_an_upload_that_settles_while_its_expired_hold_is_being_ended_has_happened(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process was frozen for ten minutes, and wakes up while housekeeping reads what it has stored."""
    put, stored, settled = house.store.put, threading.Event(), threading.Event()

    def freezes(key: str, chunks: Any, size: int | None) -> None:
        put(key, chunks, size)
        stored.set()
        assert reading.wait(10)

    read, reading = house.store.read, threading.Event()

    def waits(*arguments: Any) -> Any:
        yield from read(*arguments)
        reading.set()
        assert settled.wait(10)

    monkeypatch.setattr(house.store, "put", freezes)
    monkeypatch.setattr(house.store, "read", waits)

    def upload() -> None:
        house.put("alice/a", noise(1000))
        settled.set()

    def housekeeping() -> None:
        assert stored.wait(10)
        house.expire_holds()

    assert together([upload, housekeeping]) == [None, None]
    monkeypatch.undo()
    assert house.read("alice/a") == noise(1000)
    assert house.trashed() == {}
    house.assert_sound()


def test_an_object_that_a_full_trash_cannot_take_stays_in_the_store(
    killable: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = killable
    _stored_and_killed(house, monkeypatch)
    monkeypatch.setattr(record, "MAX_ENTRIES", 2)
    house.expire_holds()
    assert house.sums() == Sums(live=0, held=0, trash=0, entries=2)
    house.collect_garbage()
    assert len(house.objects()) == 1
    assert [finding.kind for finding in house.library.checker.check()] == ["stray"]


def test_a_refused_upload_that_the_store_has_is_deleted(house: House) -> None:
    def guard(_: Change) -> None:
        raise Forbidden("no")

    with pytest.raises(Forbidden):
        house.with_options(guards=[guard]).put("alice/a", noise(1000))
    assert house.garbage() == house.objects() != set()
    house.collect_garbage()
    assert house.objects() == set()
    assert house.trashed() == {}


def test_a_process_killed_inside_the_settling_transaction_leaves_a_hold_that_names_the_key(killable: House) -> None:
    def guard(_: Change) -> None:
        raise Killed

    house = killable.with_options(guards=[guard])
    killable.put("alice/a", b"old")
    with pytest.raises(Killed):
        house.put("alice/a", noise(1000))
    assert house.read("alice/a") == b"old"
    assert house.sums() == Sums(live=3, held=997, trash=0, entries=3)
    house.assert_sound(idle=False)
    house.expire_holds()
    house.collect_garbage()
    assert house.objects() == house.blobs()
    assert house.sums() == Sums(live=3, held=0, trash=1000, entries=4)
    assert house.read("alice/a") == b"old"
    house.assert_sound()


def test_an_upload_killed_after_its_commit_has_happened(house: House) -> None:
    def listener(_: Change) -> None:
        raise Killed

    with pytest.raises(Killed):
        house.with_options(listeners=[listener]).put("alice/a", b"new")
    assert house.read("alice/a") == b"new"
    house.assert_sound()


def test_an_upload_that_settled_although_its_commit_seemed_to_fail_keeps_its_bytes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = house.catalogue.write
    answers = {"lost": False}

    def loses_the_answer(work: Any, *spaces: int, durable: bool = True) -> Any:
        result = write(work, *spaces, durable=durable)
        if durable and not answers["lost"]:
            answers["lost"] = True
            raise StoreUnavailable("the answer was lost")
        return result

    monkeypatch.setattr(house.catalogue, "write", loses_the_answer)
    with pytest.raises(StoreUnavailable):
        house.put("alice/a", noise(1000))
    house.collect_garbage()
    assert house.read("alice/a") == noise(1000)
    house.assert_sound()


def test_garbage_is_not_collected_before_its_quarter_of_an_hour(house: House) -> None:
    house.put("alice/a", b"x")
    house.delete("alice/a")
    house.library.trash.purge(house.alice, "alice", house.trashed()["a"])
    assert house.library.upkeep.collect_garbage() == 0
    house.execute("UPDATE garbage SET not_before = not_before - 14 * 60 * 1000000")
    assert house.library.upkeep.collect_garbage() == 0
    house.execute("UPDATE garbage SET not_before = not_before - 61 * 1000000")
    assert house.library.upkeep.collect_garbage() == 1
    assert house.objects() == set()


def test_garbage_that_a_file_refers_to_is_never_deleted(house: House) -> None:
    house.put("alice/a", b"x")
    house.execute("INSERT INTO garbage (key, not_before) SELECT key, 0 FROM blob")
    house.library.upkeep.collect_garbage()
    assert house.read("alice/a") == b"x"
    assert house.garbage() == set()


def test_garbage_stays_on_record_while_the_store_is_down(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.put("alice/a", b"x")
    house.delete("alice/a")
    house.library.trash.purge(house.alice, "alice", house.trashed()["a"])

    def down(_: Any) -> None:
        raise StoreUnavailable("down")

    with monkeypatch.context() as patch:
        patch.setattr(house.store, "delete", down)
        with pytest.raises(StoreUnavailable):
            house.collect_garbage()
    assert house.garbage() == house.objects() != set()
    house.collect_garbage()
    assert house.objects() == set()


def test_a_space_purged_while_a_file_is_on_its_way_leaves_nothing(house: House) -> None:
    def body() -> Any:
        house.library.spaces.remove("family")
        house.library.upkeep.purge_space(house.space("family").id)
        yield noise(1000)

    with pytest.raises((HoldLost, NotFound)):
        house.library.uploads.put(house.alice, at("family/a"), body(), size=1000)
    house.assert_sound()
    house.collect_garbage()
    assert house.objects() == set()
