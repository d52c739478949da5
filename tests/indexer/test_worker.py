"""A worker with a real decoder, and files that hold it up."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from indexer.encoding import Encoder
from indexer.sandbox import Sandbox
from indexer.turns import TURN
from indexer.worker import Worker
from tests.indexer import hostile
from tests.library.conftest import _cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.library.house import House

_FIXTURES = (_cheap_passwords, _furnished_postgres, _furnished_sqlite, catalogue, house)
_MARK = "\nadobe:ns:meta/ "
"""What makes a file the indexer's; the line before tells the decoder what to do."""


def put(house: House, path: str, action: str = "count", number: int = 0) -> int:
    """Upload a file with which the decoder does this; its blob."""
    content = f"{action}{_MARK}{number}".encode()
    who = house.people.get(path.partition("/")[0], house.alice)
    blob = house.put(path, content, who).entry.blob_id
    assert blob is not None
    return blob


def worker_of(
    house: House, sandbox: Sandbox, folder: Path, count: Callable[[str, float], None] | None = None
) -> Worker:
    return Worker(house.library, sandbox, Encoder(house.library.encodings, folder, "here/1/"), "here/1/", count)


def waits(house: House, blob: int) -> bool:
    return house.rows("SELECT due FROM blob WHERE id = :blob", blob=blob) != [(None,)]


def shorten(house: House, blob: int) -> None:
    """Damage the object of a blob."""
    key = house.rows("SELECT key FROM blob WHERE id = :blob", blob=blob)[0][0]
    house.store.delete([str(key)])
    house.store.put(str(key), [b"x"], 1)


def make_due(house: House) -> None:
    """Let the time pass that files have to wait."""
    house.execute("UPDATE blob SET due = 0 WHERE due IS NOT NULL AND worker IS NULL")


def test_a_damaged_object_keeps_no_other_file_waiting_and_is_given_up(house: House, tmp_path: Path) -> None:
    good = put(house, "alice/good.xmp")
    bad = put(house, "alice/bad.xmp", number=1)
    shorten(house, bad)
    outcomes: list[str] = []
    paused: list[float] = []
    with Sandbox(program=hostile.PROGRAM) as sandbox:
        worker = worker_of(house, sandbox, tmp_path, lambda outcome, _: outcomes.append(outcome))
        while worker.turn(paused.append, lambda: False):
            pass
        assert not waits(house, good)
        assert waits(house, bad)
        for _ in range(2):
            make_due(house)
            worker.turn(paused.append, lambda: False)
    assert outcomes == ["delayed", "indexed", "delayed", "failed"]
    assert paused == []
    reasons = house.rows("SELECT error FROM blob WHERE id = :blob", blob=bad)
    assert reasons == [("Its bytes cannot be read. The stored file is shorter than it should be.",)]


def test_a_store_that_is_away_is_no_files_fault(house: House, tmp_path: Path) -> None:
    blob = put(house, "alice/a.xmp")
    shorten(house, blob)
    paused: list[float] = []
    (temporary,) = tmp_path.rglob(".tmp")  # without it, the store cannot be used
    temporary.rename(temporary.with_name("gone"))
    with Sandbox(program=hostile.PROGRAM) as sandbox:
        worker = worker_of(house, sandbox, tmp_path)
        for _ in range(5):
            make_due(house)
            worker.turn(paused.append, lambda: False)
    assert len(paused) == 5
    assert house.rows("SELECT tries, error FROM blob WHERE id = :blob", blob=blob) == [(0, None)]


def test_slow_files_of_one_keep_nobody_elses_waiting(house: House, tmp_path: Path) -> None:
    for number in range(3):
        put(house, f"alice/before{number}.xmp", "hang", number)
    mine = [put(house, f"dave/{number}.xmp", number=10 + number) for number in range(3)]
    for number in range(3, 6):
        put(house, f"alice/after{number}.xmp", "hang", number)
    begun = time.monotonic()
    with Sandbox(program=hostile.PROGRAM, seconds=TURN) as sandbox:
        worker = worker_of(house, sandbox, tmp_path)
        for _ in range(4):
            worker.turn(lambda _: None, lambda: False)
    assert time.monotonic() - begun < 3 * TURN
    assert not [blob for blob in mine if waits(house, blob)]
    assert house.library.jobs.queue().waiting == 5
