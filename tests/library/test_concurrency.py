"""Many people at once: nobody is starved, nothing is torn, and no database error comes out."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from gateway.catalogue import Catalogue
from gateway.errors import Conflict, NotFound
from gateway.library.values import Put
from tests.library.house import House, failures, noise, together


def test_eight_uploaders_at_once_all_get_on(house: House) -> None:
    house.folder("alice/f")
    rounds = 25

    def upload(number: int) -> list[float]:
        times = []
        for turn in range(rounds):
            start = time.monotonic()
            house.put(f"alice/f/{number}-{turn}.jpg", noise(1000, (number, turn)))
            times.append(time.monotonic() - start)
        return times

    results = together([lambda n=n: upload(n) for n in range(8)])
    assert failures(results) == []
    assert len(house.names("alice/f")) == 8 * rounds
    house.assert_sound()
    spent = [sum(times) for times in results]
    assert max(spent) < 3 * min(spent), "somebody waited for all the others"


def test_uploads_of_one_name_at_once_leave_one_file_and_every_version(house: House) -> None:
    results = together([lambda n=n: house.put("alice/a.jpg", noise(500, n)) for n in range(16)])
    assert failures(results) == []
    assert sum(one.created for one in results) == 1
    assert len(house.library.trash.items(house.alice, "alice")) == 15
    assert house.read("alice/a.jpg") in {noise(500, n) for n in range(16)}
    house.assert_sound()


def test_one_folder_is_made_once(house: House) -> None:
    from gateway.errors import Exists

    results = together([lambda: house.folder("alice/f") for _ in range(16)])
    assert failures(results, Exists) == []
    assert sum(isinstance(one, int) for one in results) == 1


@pytest.mark.parametrize("away", ["move", "delete"])
def test_uploads_into_a_folder_that_goes_away_land_whole_or_are_refused(house: House, away: str) -> None:
    house.folder("alice/f")
    rounds = 200 if away == "move" and not house.catalogue.is_sqlite else 40
    stop = threading.Event()

    def upload(number: int) -> list[Any]:
        outcomes: list[Any] = []
        while not stop.is_set():
            try:
                outcomes.append(house.put(f"alice/f/{number}.jpg", noise(100, number)))
            except (NotFound, Conflict) as refused:
                outcomes.append(refused)
        return outcomes

    def go() -> None:
        try:
            for number in range(rounds // 2):
                if away == "move":
                    house.move("alice/f", "alice/g")
                    house.move("alice/g", "alice/f")
                else:
                    house.delete("alice/f")
                    house.folder("alice/f") if number % 2 else house.library.trash.restore(
                        house.alice, "alice", house.trashed()["f"]
                    )
        finally:
            stop.set()

    results = together([go, *(lambda n=n: upload(n) for n in range(3))])
    assert failures(results) == []
    assert any(isinstance(one, Put) for one in results[1] + results[2] + results[3])
    house.assert_sound()


def test_moves_between_two_spaces_in_both_directions_do_not_deadlock(house: House) -> None:
    house.put("alice/a", noise(100, 1))
    house.put("family/b", noise(100, 2))

    def back_and_forth(source: str, destination: str) -> None:
        for _ in range(30):
            house.move(source, destination)
            house.move(destination, source)

    results = together(
        [
            lambda: back_and_forth("alice/a", "family/a"),
            lambda: back_and_forth("family/b", "alice/b"),
            lambda: [house.put("alice/c", noise(100, n)) for n in range(30)],
            lambda: [house.put("family/d", noise(100, n)) for n in range(30)],
        ]
    )
    assert failures(results) == []
    house.assert_sound()


def test_two_folders_moved_into_each_other_at_once_make_no_ring(house: House) -> None:
    for turn in range(10):
        house.folder(f"alice/a{turn}")
        house.folder(f"alice/b{turn}")
        results = together(
            [
                lambda turn=turn: house.move(f"alice/a{turn}", f"alice/b{turn}/a"),
                lambda turn=turn: house.move(f"alice/b{turn}", f"alice/a{turn}/b"),
            ]
        )
        assert failures(results, NotFound, Conflict) == []
        assert results.count(True) == 1
    house.assert_sound()


def test_housekeeping_beside_uploads_disturbs_nobody(house: House) -> None:
    house.library.accounts.set_quota("alice", 20_000)
    stop = threading.Event()

    def keep_house() -> None:
        while not stop.is_set():
            house.library.upkeep.purge_trash()
            house.library.upkeep.end_expired_holds()
            house.collect_garbage()

    def work(number: int) -> None:
        for turn in range(20):
            house.put(f"alice/{number}", noise(1000, (number, turn)))
            if turn % 3 == 0:
                house.delete(f"alice/{number}")

    keeper = threading.Thread(target=keep_house, daemon=True)
    keeper.start()
    results = together([lambda n=n: work(n) for n in range(4)])
    stop.set()
    keeper.join(30)
    assert failures(results) == []
    for number in range(4):
        assert house.read(f"alice/{number}") == noise(1000, (number, 19))
    house.assert_sound()


def test_two_gateways_on_one_catalogue_hold_one_quota(house: House) -> None:
    """As two processes have it: each with its own connections and its own queue of writers."""
    other = Catalogue(house.catalogue.url)
    try:
        second = House(other, house.store, house.people).with_options(instance="two")
        house.library.accounts.set_quota("alice", 10_000)
        jobs = [lambda n=n, h=h: h.put(f"alice/{n}", noise(1000, n)) for n, h in enumerate([house, second] * 10)]
        results = together(jobs)
        assert sum(isinstance(one, Put) for one in results) == 10
        assert {type(one).__name__ for one in results} == {"Put", "QuotaExceeded"}
        house.assert_sound()
    finally:
        other.close()


def test_more_readers_than_connections_all_get_their_answer(house: House) -> None:
    house.put("alice/a", noise(1000))
    results = together([lambda: house.read("alice/a") for _ in range(40)])
    assert results == [noise(1000)] * 40
