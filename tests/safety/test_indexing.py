"""Every photograph that was acknowledged is indexed once, whatever is killed meanwhile."""

import hashlib
import random
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.components.minio import Minio
from tests.components.postgres import Postgres
from tests.safety.house import House, restart
from tests.support.photographs import MAKE, MODEL, microseconds_of, photograph
from tests.support.rclone import Rclone
from tests.support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("indexing")
_PATIENT = ["--transfers", "8", "--retries", "20", "--retries-sleep", "200ms", "--low-level-retries", "20"]
_PHOTOS = (
    "SELECT e.name, p.taken, p.utc_offset, p.date_rule, m.make, m.model, m.width, m.height FROM photo p"
    " JOIN entry e ON e.id = p.entry_id JOIN media m ON m.blob_id = p.blob_id WHERE e.blob_id = p.blob_id"
)


def write_photographs(folder: Path, count: int) -> None:
    """Make them on the disk of a person with a camera."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.jpg").write_bytes(photograph(number))


def processes(house: House, module: str) -> list[psutil.Process]:
    """The server's processes that run this module; a decoder's children among them."""
    found = []
    for process in psutil.Process(house.gateway.pid).children(recursive=True):
        try:
            if module in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def kill_one(house: House, module: str, dice: random.Random) -> None:
    """Kill one of them, as soon as there is one."""

    def kill() -> bool:
        try:
            dice.choice(processes(house, module)).kill()
        except (IndexError, psutil.NoSuchProcess):
            return False
        return True

    wait_until(kill, seconds=60, every=0.01)


def indexed(house: House) -> int:
    """How many files were done."""
    return int(house.rows("SELECT count(*) FROM blob WHERE version > 0")[0][0])


def storm(house: House, folder: Path, count: int, kills: int, seed: int) -> None:
    """Let photographs arrive while indexers, their decoders and once the whole server are killed."""
    client = house.account()
    rclone = Rclone(f"{house.gateway.url}/dav/{client.user}", client.user, client.password)
    sent: list[int] = []

    def send() -> None:
        words = ["copy", str(folder), rclone.remote(), *_PATIENT]
        sent.append(rclone.run(*words, check=False, seconds=240).returncode)

    sender = threading.Thread(target=send)
    sender.start()
    dice = random.Random(seed)
    moments = ["config.indexer", "indexer.decoder", "indexer.decoder"] * (kills // 3) + ["everything"]
    dice.shuffle(moments)
    step = count // (len(moments) + 2)
    for moment in moments:
        before = indexed(house)
        wait_until(lambda before=before: indexed(house) >= min(before + step, count - 5), seconds=120)  # type: ignore[misc]
        if moment == "everything":
            house.gateway.destroy()
            restart(house.gateway)
        else:
            kill_one(house, moment, dice)
    sender.join()
    assert sent == [0]
    wait_until(lambda: house.rows("SELECT count(*) FROM blob WHERE due IS NOT NULL") == [(0,)], seconds=120)


def assert_each_is_indexed_once(house: House, count: int) -> None:
    """Every photograph has its photo with what its file tells, its renditions, and nothing is left over."""
    rows = house.rows(_PHOTOS)
    told = (0, "original", MAKE, MODEL, 64, 48)
    expected = {(f"{number}.jpg", microseconds_of(number), *told) for number in range(count)}
    assert set(rows) == expected
    assert len(rows) == count
    assert house.rows("SELECT count(*) FROM blob WHERE worker IS NOT NULL OR error IS NOT NULL OR tries <> 0") == [(0,)]
    # A retry of rclone's may have replaced a file by itself: the version before has the same bytes.
    assert house.rows("SELECT count(DISTINCT sha256) FROM blob") == [(count,)]
    house.tidy()
    named = {row[0] for row in house.rows("SELECT key FROM rendition_set")}
    assert len(named) == count
    assert house.renditions() == named
    assert house.findings() == []


def test_a_photograph_is_shown_soon_after_its_upload(house: House) -> None:
    client = house.account()
    assert client("PUT", "now.jpg", photograph(123_456)).status == 201
    digest = hashlib.sha256(photograph(123_456)).hexdigest()
    shown = "SELECT taken FROM photo WHERE blob_id = (SELECT id FROM blob WHERE sha256 = :digest)"
    wait_until(lambda: house.rows(shown, digest=digest) == [(microseconds_of(123_456),)], seconds=30)
    assert house.rows("SELECT size > 0 FROM rendition_set WHERE sha256 = :digest", digest=digest) == [(True,)]


def test_killed_indexers_lose_nothing_on_sqlite_and_a_folder(start_house: Callable[..., House], tmp_path: Path) -> None:
    write_photographs(tmp_path / "camera", 1000)
    house = start_house(indexers=2)

    storm(house, tmp_path / "camera", 1000, kills=18, seed=1)

    assert_each_is_indexed_once(house, 1000)


def test_killed_indexers_lose_nothing_on_postgresql_and_minio(
    start_house: Callable[..., House], tmp_path: Path, minio: Minio, postgres: Postgres
) -> None:
    write_photographs(tmp_path / "camera", 300)
    house = start_house(store=minio, database_url=postgres.fresh_database(), indexers=2)

    storm(house, tmp_path / "camera", 300, kills=12, seed=2)

    assert_each_is_indexed_once(house, 300)
