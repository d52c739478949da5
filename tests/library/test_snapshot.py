"""Copies of the catalogue: what they hold, and what may be done with them."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from gateway.catalogue import Catalogue
from gateway.errors import Conflict, Exists
from gateway.library import snapshot
from gateway.library.check import take_in_all
from gateway.library.values import Role
from tests.library.house import House, at, noise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


on_sqlite = pytest.mark.parametrize("catalogue", ["sqlite"], indirect=True)


@pytest.mark.parametrize("catalogue", ["postgresql"], indirect=True)
def test_postgresql_is_left_to_its_own_dumps(house: House) -> None:
    assert house.library.upkeep.snapshot() is None
    assert snapshot.names_of(house.store) == []


@on_sqlite
def test_an_upload_that_was_under_way_when_the_snapshot_was_taken_survives_the_restore(
    house: House, tmp_path: Path
) -> None:
    photo = noise(200_000)

    def body() -> Iterator[bytes]:
        yield photo[:1000]
        house.library.upkeep.snapshot()
        yield photo[1000:]

    house.library.uploads.put(house.alice, at("alice/a.jpg"), body(), size=len(photo))
    restored = tmp_path / "restored.sqlite3"
    snapshot.fetch(house.store, restored)
    with closing(Catalogue(make_url(f"sqlite:///{restored}"))) as catalogue:
        back = House.over(catalogue, house.store, house.people)
        list(take_in_all(back.library.checker, 1000))
        list(back.library.checker.check(repair=True))
        back.library.upkeep.end_expired_holds()
        back.execute("UPDATE garbage SET not_before = 0")
        back.library.upkeep.collect_garbage()
        assert back.read("alice/a.jpg") == photo


@on_sqlite
def test_a_snapshot_is_finished_while_others_write(house: House) -> None:
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            house.folder(f"alice/{number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert house.library.upkeep.snapshot() is not None
    finally:
        done.set()
        writer.join()


@on_sqlite
@pytest.mark.parametrize("left", ["", "-wal", "-shm"])
def test_nothing_is_restored_beside_what_is_left_of_another_catalogue(house: House, tmp_path: Path, left: str) -> None:
    house.library.upkeep.snapshot()
    (tmp_path / f"restored.sqlite3{left}").write_bytes(b"old")
    with pytest.raises(Exists):
        snapshot.fetch(house.store, tmp_path / "restored.sqlite3")


@on_sqlite
def test_seven_snapshots_are_kept_and_can_be_opened(house: House, tmp_path: Path) -> None:
    keys = [house.library.upkeep.snapshot() for _ in range(9)]
    assert snapshot.names_of(house.store) == keys[2:]
    snapshot.fetch(house.store, tmp_path / "one.sqlite3", keys[3])
    with closing(sqlite3.connect(tmp_path / "one.sqlite3")) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_space_in_use_is_not_purged(house: House) -> None:
    house.put("alice/a.jpg", b"the only copy")
    with pytest.raises(Conflict):
        house.library.upkeep.purge_space(house.space("alice").id)
    assert house.read("alice/a.jpg") == b"the only copy"


@on_sqlite
def test_readers_do_not_wait_for_writers_that_queue(house: House) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(_tx: object) -> None:
        entered.set()
        assert leave.wait(20)

    threads = [threading.Thread(target=house.catalogue.write, args=(slow,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    assert entered.wait(20)
    try:
        assert house.names("alice") == []
    finally:
        leave.set()
        for thread in threads:
            thread.join()


@on_sqlite
def test_files_of_a_space_that_was_made_after_the_snapshot_come_back_in_a_space_of_its_key(
    house: House, tmp_path: Path
) -> None:
    house.library.upkeep.snapshot()
    house.move_in("erin")
    key = house.space("erin").key
    house.library.files.make_folder(house.people["erin"], at("erin/trip"))
    house.put("erin/trip/a.jpg", noise(5000), house.people["erin"])
    restored = tmp_path / "restored.sqlite3"
    snapshot.fetch(house.store, restored)
    with closing(Catalogue(make_url(f"sqlite:///{restored}"))) as catalogue:
        back = House.over(catalogue, house.store, house.people)
        list(take_in_all(back.library.checker, 1000))
        back.library.spaces.grant(key, "alice", Role.MANAGER)
        assert back.read(f"{key}/trip/a.jpg") == noise(5000)
        assert list(back.library.checker.check()) == []


def test_an_object_whose_name_would_lead_elsewhere_is_not_adopted_under_it(house: House) -> None:
    house.store.put(f"{house.space('alice').key}/..~abcdefghijkl", [b"x"], 1)
    list(house.library.checker.adopt("alice"))
    assert house.names("alice") == ["..~abcdefghijkl"]
