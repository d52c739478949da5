"""Housekeeping: done by one process at a time, and again after a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.errors import StoreUnavailable
from tests.library.house import House, together
from tests.library.pictures import found_in, index, picture, renditions

if TYPE_CHECKING:
    import pytest


def test_every_chore_is_done_on_the_first_day_and_then_waits(house: House) -> None:
    assert house.library.upkeep.run_due() == 8
    assert house.library.upkeep.run_due() == 0


def test_a_chore_is_done_again_when_it_is_due(house: House) -> None:
    house.library.upkeep.run_due()
    house.execute("UPDATE chore SET due = 0 WHERE name = 'trash'")
    assert house.library.upkeep.run_due() == 1


def test_two_processes_share_the_chores(house: House) -> None:
    house.library.upkeep.run_due()
    house.execute("UPDATE chore SET due = 0")
    results = together([house.library.upkeep.run_due for _ in range(4)])
    assert sum(results) == 8


def test_a_chore_whose_process_died_is_taken_over_when_its_lease_ends(house: House) -> None:
    house.library.upkeep.run_due()
    house.execute("UPDATE chore SET due = 0, lease = lease + 9000000000000000 WHERE name = 'trash'")
    assert house.library.upkeep.run_due() == 0
    house.execute("UPDATE chore SET lease = 1 WHERE name = 'trash'")
    assert house.library.upkeep.run_due() == 1


def test_a_chore_that_fails_does_not_stop_the_others_and_is_tried_again_soon(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any) -> None:
        raise StoreUnavailable("down")

    house.put("alice/a", b"x")
    house.delete("alice/a")
    house.library.trash.purge(house.alice, "alice", house.trashed()["a"])
    house.execute("UPDATE garbage SET not_before = 0")
    with monkeypatch.context() as patch:
        patch.setattr(house.store, "delete", down)
        assert house.library.upkeep.run_due() == 8
    house.execute("UPDATE chore SET due = due - 61000000")
    house.library.upkeep.run_due()
    assert house.objects() - {key for key in house.objects() if key.startswith("_")} == set()


def test_figures_add_up_all_spaces(house: House) -> None:
    house.put("alice/a", b"12345")
    house.put("family/b", b"123")
    house.delete("family/b")
    house.lock("alice/l")
    figures = house.library.upkeep.figures()
    assert (figures["live_bytes"], figures["trash_bytes"], figures["held_bytes"]) == (5, 3, 0)
    assert (figures["spaces"], figures["accounts"], figures["locks"], figures["entries"]) == (5, 4, 1, 13)


def test_figures_tell_how_the_indexer_stands(house: House) -> None:
    photos = [picture(day=number) for number in range(4)]
    for number, content in enumerate(photos):
        house.put(f"alice/{number}.jpg", content)
    index(house)
    house.library.upkeep.measure()
    broken, later = picture(day=5), picture(day=6)
    house.put("alice/broken.jpg", broken)
    job = house.library.jobs.claim("w/")
    assert job is not None
    house.library.jobs.finish(job, found_in(broken), error="It is cut off.")
    house.put("alice/later.jpg", later)
    house.put("alice/last.jpg", picture(day=7))
    house.execute("UPDATE blob SET created = created - 90000000 WHERE due IS NOT NULL")
    house.library.jobs.claim("w/")
    figures = house.library.upkeep.figures()
    assert figures["photos"] == 5
    assert figures["rendition_bytes"] == sum(len(one.data) for content in photos for one in renditions(content))
    assert (figures["jobs_waiting"], figures["jobs_running"], figures["jobs_failed"]) == (2, 1, 1)
    assert 90 <= figures["jobs_oldest_seconds"] < 120


def test_changes_are_forgotten_when_they_are_old(house: House) -> None:
    for name in ("a", "b", "c"):
        house.put(f"alice/{name}", b"")
    house.library.upkeep.forget()
    assert len(house.rows("SELECT id FROM change")) == 3
    house.execute("UPDATE change SET at = 0 WHERE path <> 'alice/c'")
    house.library.upkeep.forget()
    assert [row[0] for row in house.rows("SELECT path FROM change")] == ["alice/c"]
    house.execute("UPDATE change SET at = 0")
    house.library.upkeep.forget()
    assert house.rows("SELECT id FROM change") == []
