"""Uploads in parts: begun, gone on with, finished, abandoned, whatever happens in between."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from gateway.catalogue import Catalogue
from gateway.errors import (
    BadName,
    BadRequest,
    CatalogueUnavailable,
    ChecksumMismatch,
    Exists,
    Forbidden,
    Locked,
    NotFound,
    QuotaExceeded,
    StoreFull,
    StoreUnavailable,
    TooLarge,
    Truncated,
    UnsupportedType,
    WrongOffset,
)
from gateway.library.intake import Wanted
from gateway.library.transfers import Here, Transfer
from tests.library.house import MB, QUOTA, House, at, cut_after, noise, pieces, together

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.library.values import Principal

PART = 1 << 20
FILE = noise(3 * PART + 12_345)
THEN = 1_500_000_000_000_000


def begin(house: House, path: str, content: bytes, who: Principal | None = None, **options: Any) -> Transfer:
    begun = house.library.transfers.begin(who or house.alice, at(path), size=len(content), **options)
    assert isinstance(begun, Transfer)
    return begun


def send(house: House, begun: Transfer, content: bytes, *, start: int = 0, end: int | None = None) -> Transfer:
    """Send the parts from ``start`` on, each of a megabyte, up to ``end``."""
    end = len(content) if end is None else end
    while start < end or not content:
        stop = min(start + PART, end)
        begun = house.library.transfers.receive(
            begun.principal, begun.id, start, pieces(content[start:stop]), stop - start
        )
        start = stop
        if not content:
            break
    return begun


def upload(house: House, path: str, content: bytes, **options: Any) -> Transfer:
    return send(house, begin(house, path, content, **options), content)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_in_parts_becomes_one_file_with_its_own_time(house: House) -> None:
    done = upload(house, "alice/holiday.mov", FILE, modified=THEN)
    assert (done.state, done.arrived) == ("done", len(FILE))
    found = house.library.files.stat(house.alice, at("alice/holiday.mov"))
    assert (found.entry.id, found.entry.modified) == (done.entry_id, THEN)
    assert house.read("alice/holiday.mov") == FILE
    house.assert_sound()
    assert not [key for key in house.objects() if key.startswith("_")]


def test_over_a_bucket_too(house_over_minio: House) -> None:
    house = house_over_minio
    assert upload(house, "alice/holiday.mov", FILE, sha256=digest(FILE)).state == "done"
    assert house.read("alice/holiday.mov") == FILE
    house.assert_sound()


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_a_small_file_comes_in_one_part_and_is_never_put_down_in_between(house: House, size: int) -> None:
    content = noise(size)
    assert upload(house, "alice/a.jpg", content).state == "done"
    assert house.read("alice/a.jpg") == content
    assert house.garbage() == set()
    house.assert_sound()


# --- resuming ---------------------------------------------------------------------------------------------------------


def test_whoever_picks_the_same_file_again_goes_on_where_it_stopped(house: House) -> None:
    first = send(house, begin(house, "alice/a.mov", FILE, modified=THEN), FILE, end=2 * PART)
    again = begin(house, "alice/a.mov", FILE, modified=THEN, sha256=digest(FILE))
    assert (again.id, again.arrived) == (first.id, 2 * PART)
    verdict = house.library.transfers.check(house.alice, at("alice"), [Wanted(("a.mov",), len(FILE), THEN)]).files[0]
    assert (verdict.answer, verdict.transfer, verdict.offset) == ("go", first.id, 2 * PART)
    assert send(house, again, FILE, start=2 * PART).state == "done"
    assert house.read("alice/a.mov") == FILE
    house.assert_sound()


@pytest.mark.parametrize("other", [{"modified": THEN + 1}, {"modified": THEN, "sha256": digest(b"other")}])
def test_another_file_of_that_name_begins_anew(house: House, other: dict[str, Any]) -> None:
    first = begin(house, "alice/a.mov", FILE, modified=THEN, sha256=digest(FILE))
    assert begin(house, "alice/a.mov", FILE, **other).id != first.id


def test_parts_may_come_again_and_overlap_and_have_any_size(house: House) -> None:
    begun = begin(house, "alice/a.mov", FILE)
    receive = house.library.transfers.receive
    for start, stop in ((0, PART), (0, PART), (PART - 1, PART + 100_000), (100, 300_000), (PART, 3 * PART)):
        now = receive(house.alice, begun.id, start, pieces(FILE[start:stop], 1000), stop - start)
    assert now.arrived == 3 * PART
    done = receive(house.alice, begun.id, 3 * PART, pieces(FILE[3 * PART :]), None)
    assert done.state == "done"
    # The answer was lost, and the last part comes again.
    again = receive(house.alice, begun.id, 3 * PART, pieces(FILE[3 * PART :]), len(FILE) - 3 * PART)
    assert (again.state, again.entry_id) == ("done", done.entry_id)
    assert house.read("alice/a.mov") == FILE
    house.collect_garbage()
    house.assert_sound()


def test_a_part_at_a_wrong_place_is_told_the_right_one(house: House) -> None:
    begun = send(house, begin(house, "alice/a.mov", FILE), FILE, end=PART)
    with pytest.raises(WrongOffset) as refused:
        house.library.transfers.receive(house.alice, begun.id, 2 * PART, pieces(b"x" * PART), PART)
    assert refused.value.offset == PART
    with pytest.raises(BadRequest):
        house.library.transfers.receive(house.alice, begun.id, PART, pieces(b"x"), len(FILE))
    with pytest.raises(BadRequest):  # or a file of a terabyte could become as many rows
        house.library.transfers.receive(house.alice, begun.id, PART, pieces(b"x"), 1)
    assert house.library.transfers.find(house.alice, begun.id).arrived == PART


def test_a_part_that_is_cut_leaves_nothing_and_comes_again(house: House) -> None:
    begun = send(house, begin(house, "alice/a.mov", FILE), FILE, end=PART)
    body = cut_after(FILE[PART : 2 * PART], 300_000, Truncated("cut"))
    with pytest.raises(Truncated):
        house.library.transfers.receive(house.alice, begun.id, PART, body, PART)
    assert len(house.objects()) == 1
    assert send(house, begun, FILE, start=PART).state == "done"
    assert house.read("alice/a.mov") == FILE


def test_a_part_that_is_not_what_its_digest_says_does_not_count(house: House) -> None:
    begun = begin(house, "alice/a.mov", FILE)
    receive = house.library.transfers.receive
    with pytest.raises(ChecksumMismatch):
        receive(house.alice, begun.id, 0, pieces(b"\0" * PART), PART, digest(FILE[:PART]))
    assert receive(house.alice, begun.id, 0, pieces(FILE[:PART]), PART, digest(FILE[:PART])).arrived == PART


def test_two_who_send_the_same_parts_at_once_make_one_file(house: House) -> None:
    begun = begin(house, "alice/a.mov", FILE)

    def all_parts() -> None:
        at_ = 0
        while at_ < len(FILE):
            stop = min(at_ + PART, len(FILE))
            try:
                now = house.library.transfers.receive(house.alice, begun.id, at_, pieces(FILE[at_:stop]), stop - at_)
            except WrongOffset as wrong:
                at_ = wrong.offset
            else:
                at_ = max(stop, now.arrived) if now.state == "open" else len(FILE)

    assert together([all_parts, all_parts, all_parts]) == [None] * 3
    house.library.transfers.work()
    assert house.library.transfers.find(house.alice, begun.id).state == "done"
    assert house.read("alice/a.mov") == FILE
    assert house.names("alice") == ["a.mov"]
    house.collect_garbage()
    house.assert_sound()


def test_another_process_goes_on_where_one_died_while_it_put_a_file_together(house: House) -> None:
    begun = send(house, begin(house, "alice/a.mov", FILE), FILE, end=3 * PART)

    def dies(_change: object) -> None:
        raise KeyboardInterrupt

    dying = house.with_options(guards=[dies])
    with pytest.raises(KeyboardInterrupt):
        send(dying, begun, FILE, start=3 * PART)
    assert house.library.transfers.find(house.alice, begun.id).state == "whole"
    assert house.library.transfers.work() == 0, "the lease of the one that died is not over"
    house.execute("UPDATE transfer SET due = 0")
    assert house.library.transfers.work() == 1
    assert house.library.transfers.find(house.alice, begun.id).state == "done"
    assert house.read("alice/a.mov") == FILE
    house.collect_garbage()
    house.assert_sound()


def test_a_store_that_goes_away_is_waited_for(house: House) -> None:
    begun = send(house, begin(house, "alice/a.mov", FILE), FILE, end=3 * PART)

    def away(_change: object) -> None:
        raise StoreUnavailable("The storage is not available at the moment.")

    waiting = send(house.with_options(guards=[away]), begun, FILE, start=3 * PART)
    assert (waiting.state, waiting.reason) == ("whole", "busy")
    house.execute("UPDATE transfer SET due = 0")
    assert house.library.transfers.work() == 1
    assert house.read("alice/a.mov") == FILE


# --- room -------------------------------------------------------------------------------------------------------------


def test_what_is_on_its_way_counts_from_the_beginning(house: House) -> None:
    content = noise(QUOTA - MB)
    begun = begin(house, "alice/large.mov", content)
    assert house.sums().held == len(content)
    with pytest.raises(QuotaExceeded):
        house.put("alice/b.jpg", noise(2 * MB))
    with pytest.raises(QuotaExceeded):
        begin(house, "alice/c.mov", noise(2 * MB))
    assert send(house, begun, content).state == "done"
    assert house.sums().held == 0
    house.assert_sound()


def test_a_file_that_replaces_another_holds_what_it_adds(house: House) -> None:
    house.put("alice/a.mov", noise(MB))
    begun = begin(house, "alice/a.mov", FILE, if_taken="replace")
    assert house.sums().held == len(FILE) - MB
    assert send(house, begun, FILE).state == "done"
    assert house.read("alice/a.mov") == FILE
    assert "a.mov" in house.trashed()
    house.assert_sound()


def test_a_restarted_server_keeps_what_has_arrived(house: House) -> None:
    begun = send(house, begin(house, "alice/a.mov", FILE), FILE, end=2 * PART)
    next_run = house.with_options(instance="two")
    next_run.library.upkeep.end_holds_of("one")
    next_run.library.upkeep.end_expired_holds()
    assert next_run.sums().held == len(FILE)
    assert send(next_run, begun, FILE, start=2 * PART).state == "done"
    next_run.assert_sound()


def test_what_nobody_goes_on_with_for_seven_days_gives_everything_back(house: House) -> None:
    begun = send(house, begin(house, "alice/a.mov", FILE), FILE, end=2 * PART)
    assert house.library.transfers.tidy() == 0
    house.execute("UPDATE transfer SET expires = 0")
    assert house.library.transfers.tidy() == 1
    with pytest.raises(NotFound):
        house.library.transfers.receive(house.alice, begun.id, 2 * PART, pieces(FILE), None)
    assert house.objects() == set()
    house.assert_sound()


def test_ending_an_upload_gives_everything_back_at_once(house: House) -> None:
    begun = send(house, begin(house, "alice/a.mov", FILE), FILE, end=2 * PART)
    house.library.transfers.abort(house.alice, begun.id)
    assert house.objects() == set()
    assert house.library.transfers.mine(house.alice) == []
    house.assert_sound()


def test_an_upload_whose_space_is_purged_leaves_no_parts(house: House) -> None:
    send(house, begin(house, "family/a.mov", FILE), FILE, end=2 * PART)
    house.library.spaces.remove("family")
    house.library.upkeep.purge_space(house.rows("SELECT id FROM space WHERE name_key = 'family'")[0][0])
    house.library.transfers.tidy()
    house.collect_garbage()
    assert house.objects() == set()


def test_a_catalogue_that_was_brought_back_forgets_uploads_under_way(house: House) -> None:
    begun = send(house, begin(house, "alice/a.mov", FILE), FILE, end=2 * PART)
    house.library.upkeep.forget_holds()
    house.library.transfers.tidy()
    with pytest.raises(NotFound):
        house.library.transfers.find(house.alice, begun.id)
    house.assert_sound()


# --- rules ------------------------------------------------------------------------------------------------------------


def test_nobody_touches_the_transfers_of_others(house: House) -> None:
    begun = send(house, begin(house, "family/a.mov", FILE), FILE, end=PART)
    transfers = house.library.transfers
    for who in (house.bob, house.dave):
        assert transfers.mine(who) == []
        with pytest.raises(NotFound):
            transfers.find(who, begun.id)
        with pytest.raises(NotFound):
            transfers.receive(who, begun.id, PART, pieces(FILE[PART:]), None)
        with pytest.raises(NotFound):
            transfers.abort(who, begun.id)
    assert [one.id for one in transfers.mine(house.alice)] == [begun.id]


def test_a_role_that_ends_ends_the_upload(house: House) -> None:
    begun = send(house, begin(house, "family/a.mov", FILE, house.bob), FILE, end=PART)
    house.library.spaces.revoke("family", "bob")
    with pytest.raises(NotFound):
        house.library.transfers.receive(house.bob, begun.id, PART, pieces(FILE[PART:]), None)


def test_a_name_that_is_taken_is_refused_numbered_or_replaced(house: House) -> None:
    house.put("alice/a.jpg", b"other")
    with pytest.raises(Exists):
        begin(house, "alice/a.jpg", b"new")
    assert upload(house, "alice/a.jpg", b"new", if_taken="both").path == at("alice/a (2).jpg")
    assert upload(house, "alice/a.jpg", b"newer", if_taken="both").path == at("alice/a (3).jpg")
    upload(house, "alice/a.jpg", b"newest", if_taken="replace")
    assert house.read("alice/a.jpg") == b"newest"


@pytest.mark.parametrize("if_taken", ["refuse", "both"])
def test_a_name_that_is_taken_on_the_way_costs_nobody_the_file(house: House, if_taken: str) -> None:
    begun = begin(house, "alice/a.mov", FILE, if_taken=if_taken)
    house.put("alice/a.mov", b"other")
    done = send(house, begun, FILE)
    assert (done.state, done.path) == ("done", at("alice/a (2).mov"))
    assert house.read("alice/a (2).mov") == FILE
    assert house.read("alice/a.mov") == b"other"
    house.assert_sound()


def test_missing_folders_are_made_also_when_they_go_meanwhile(house: House) -> None:
    begun = send(house, begin(house, "alice/2024/Summer/a.mov", FILE), FILE, end=2 * PART)
    house.delete("alice/2024")
    assert send(house, begun, FILE, start=2 * PART).state == "done"
    assert house.read("alice/2024/Summer/a.mov") == FILE


def test_bytes_that_are_in_the_space_need_not_come_again(house: House) -> None:
    there = house.put("alice/old.jpg", FILE).entry.id
    house.put("family/theirs.jpg", noise(MB))
    begin_ = house.library.transfers.begin
    assert begin_(house.alice, at("alice/new.jpg"), size=len(FILE), sha256=digest(FILE)) == Here(
        there, at("alice/old.jpg")
    )
    assert isinstance(
        begin_(house.alice, at("alice/new.jpg"), size=len(FILE), sha256=digest(FILE), again=True), Transfer
    )
    assert isinstance(begin_(house.alice, at("alice/x.jpg"), size=MB, sha256=digest(noise(MB))), Transfer)
    house.delete("alice/old.jpg")
    assert isinstance(begin_(house.alice, at("alice/y.jpg"), size=len(FILE), sha256=digest(FILE)), Transfer)


def test_wrong_bytes_are_never_stored(house: House) -> None:
    done = upload(house, "alice/a.mov", FILE, sha256=digest(b"what was meant"))
    assert (done.state, done.reason) == ("refused", "damaged")
    assert house.names("alice") == []
    house.assert_sound()


def test_a_lock_is_waited_for(house: House) -> None:
    house.put("family/a.mov", b"other")
    begun = begin(house, "family/a.mov", FILE, house.bob, if_taken="replace")
    token = house.lock("family/a.mov")
    with pytest.raises(Locked):
        begin(house, "family/a.mov", b"else", house.bob, if_taken="replace")
    waiting = send(house, begun, FILE)
    assert (waiting.state, waiting.reason) == ("whole", "locked")
    house.library.locks.release(house.alice, at("family/a.mov"), token)
    house.execute("UPDATE transfer SET due = 0")
    assert house.library.transfers.work() == 1
    assert house.library.transfers.find(house.bob, begun.id).state == "done"
    assert house.read("family/a.mov") == FILE


def test_what_a_space_does_not_take_is_refused_before_it_comes(house: House) -> None:
    house.library.spaces.set_policy("alice", media_only=True, max_file_size=2 * MB)
    with pytest.raises(UnsupportedType):
        begin(house, "alice/a.pdf", b"%PDF")
    with pytest.raises(TooLarge):
        begin(house, "alice/a.mov", FILE)
    begun = begin(house, "alice/a.jpg", noise(MB + 1))
    with pytest.raises(UnsupportedType):
        house.library.transfers.receive(house.alice, begun.id, 0, pieces(noise(MB)), MB)
    with pytest.raises(Forbidden):
        house.library.transfers.begin(house.alice, ("alice",), size=1)
    with pytest.raises(BadName):
        begin(house, "alice/../b", b"x")


def test_a_list_is_judged_at_once(house: House) -> None:
    there = house.put("alice/Trip/same.jpg", FILE[:1000], modified=THEN) if house.folder("alice/Trip") else None
    assert there is not None
    house.put("alice/Trip/other.jpg", b"other")
    house.folder("alice/Trip/folder.jpg")
    files = [
        Wanted(("Trip", "new.jpg"), 10),
        Wanted(("Trip", "same.jpg"), 1000, THEN),
        Wanted(("Trip", "same.jpg"), 1000, THEN + 10_000_000),
        Wanted(("Trip", "same.jpg"), 1000, THEN + 999_000),
        Wanted(("Trip", "same.jpg"), 1000, None, digest(FILE[:1000])),
        Wanted(("elsewhere.jpg",), 1000, None, digest(FILE[:1000])),
        Wanted(("Trip", "other.jpg"), 1000),
        Wanted(("Trip", "folder.jpg"), 1000),
        Wanted(("Trip", "other.jpg", "below.jpg"), 1000),
        Wanted(("a\x00b",), 1000),
        Wanted(("deep", "er", "new.jpg"), QUOTA),
        Wanted(("last.jpg",), 20),
    ]
    found = house.library.transfers.check(house.alice, at("alice"), files)
    answers = [one.answer for one in found.files]
    assert answers == ["go", "here", "taken", "here", "here", "here", "taken", "folder", "folder", "name", "go", "go"]
    assert found.files[5].entry_id == there.entry.id
    assert [found.files[number].path for number in (1, 5)] == [at("alice/Trip/same.jpg")] * 2
    assert [one.fits for one in found.files] == [True] * 10 + [False, True]
    assert found.available == QUOTA - house.sums().live
    assert found.missing == found.growth - found.available
    assert house.library.transfers.mine(house.alice) == []


def test_parts_that_no_upload_knows_are_found_and_deleted(house: House) -> None:
    send(house, begin(house, "alice/a.mov", FILE), FILE, end=PART)
    stray = "_davgallery/uploads/gone/000000000000000~aaaaaaaaaaaa"
    house.store.put(stray, iter([b"x"]), 1)
    check = house.library.checker.check
    assert [(found.kind, stray in found.text) for found in check()] == [("part", True)]
    assert [found.repaired for found in check(repair=True)] == [True]
    assert list(check()) == []
    house.collect_garbage()
    assert stray not in house.objects()
    assert len(house.objects()) == 1


def test_a_full_disk_leaves_nothing_of_a_part(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = send(house, begin(house, "alice/a.mov", FILE), FILE, end=PART)
    monkeypatch.setattr(house.store, "_reserve", 1 << 60)
    with pytest.raises(StoreFull):
        send(house, begun, FILE, start=PART)
    monkeypatch.undo()
    assert house.library.transfers.find(house.alice, begun.id).arrived == PART
    assert send(house, begun, FILE, start=PART).state == "done"
    house.collect_garbage()
    house.assert_sound()


def test_a_disk_that_is_full_when_a_file_is_put_together_is_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = send(house, begin(house, "alice/a.mov", FILE), FILE, end=3 * PART)
    real = house.store.put

    def full(key: str, chunks: Iterable[bytes], size: int | None) -> None:
        if not key.startswith("_"):
            raise StoreFull("The storage is full.")
        real(key, chunks, size)

    monkeypatch.setattr(house.store, "put", full)
    waiting = send(house, begun, FILE, start=3 * PART)
    assert (waiting.state, waiting.reason) == ("whole", "disk")
    monkeypatch.undo()
    house.execute("UPDATE transfer SET due = 0")
    house.library.transfers.work()
    assert house.read("alice/a.mov") == FILE


def test_a_part_that_counts_stays_though_the_database_lost_its_answer(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin(house, "alice/a.mov", FILE)
    real = Catalogue.write

    def lost(catalogue: Catalogue, work: Any, *spaces: int, durable: bool = True) -> Any:
        result = real(catalogue, work, *spaces, durable=durable)
        if not durable:  # the commit that counts a part
            raise CatalogueUnavailable("The database went away.")
        return result

    monkeypatch.setattr(Catalogue, "write", lost)
    with pytest.raises(CatalogueUnavailable):
        send(house, begun, FILE, end=PART)
    monkeypatch.undo()
    assert house.library.transfers.find(house.alice, begun.id).arrived == PART
    assert send(house, begun, FILE, start=PART).state == "done"
    assert house.read("alice/a.mov") == FILE
