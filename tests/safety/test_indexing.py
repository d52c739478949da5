"""Every photograph that was acknowledged is indexed once, whatever is killed meanwhile."""

import hashlib
import random
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.components.gateway import Options
from tests.components.minio import Minio
from tests.components.postgres import Postgres
from tests.safety.conftest import BACKENDS, serve
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


@pytest.fixture(scope="module", params=BACKENDS)
def indexing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway that indexes, once on each backend: every test takes an account of its own."""
    options = Options(workers=1, indexers=1)
    if request.param == "minio-postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.fresh_database()
        options = replace(options, store=request.getfixturevalue("minio"), database_url=url)
    yield from serve(tmp_path_factory.mktemp("indexing"), options)


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


def test_a_photograph_is_shown_soon_after_its_upload(indexing: House) -> None:
    client = indexing.account()
    assert client("PUT", "now.jpg", photograph(123_456)).status == 201
    digest = hashlib.sha256(photograph(123_456)).hexdigest()
    shown = "SELECT taken FROM photo WHERE blob_id = (SELECT id FROM blob WHERE sha256 = :digest)"
    wait_until(lambda: indexing.rows(shown, digest=digest) == [(microseconds_of(123_456),)], seconds=30)
    assert indexing.rows("SELECT size > 0 FROM rendition_set WHERE sha256 = :digest", digest=digest) == [(True,)]


def bomb() -> bytes:
    """A PNG of a few kilobytes that announces ten gigabytes of pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = 50_000
    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(2_000_000)))


def test_a_hostile_file_ends_as_one_row_and_the_next_is_not_delayed(indexing: House) -> None:
    client = indexing.account()
    known = indexing.rows("SELECT count(*) FROM blob WHERE error IS NOT NULL")[0][0]
    evil = [bomb() + bytes([number]) for number in range(4)]
    for number, data in enumerate(evil):
        assert client("PUT", f"{number}.png", data).status == 201
    assert client("PUT", "good.jpg", photograph(654_321)).status == 201
    begun = time.monotonic()
    digest = hashlib.sha256(photograph(654_321)).hexdigest()
    wait_until(lambda: indexing.rows("SELECT 1 FROM rendition_set WHERE sha256 = :digest", digest=digest), seconds=30)
    assert time.monotonic() - begun < 20

    def failed() -> list[tuple[object, ...]]:
        return indexing.rows("SELECT sha256, error, due FROM blob WHERE error IS NOT NULL")

    wait_until(lambda: len(failed()) == known + len(evil), seconds=60)
    found = {row[0]: row for row in failed()}
    for data in evil:
        _, reason, due = found[hashlib.sha256(data).hexdigest()]
        assert "too large" in str(reason)
        assert due is None
    shown = indexing.rows(
        "SELECT count(*) FROM photo WHERE space_id = (SELECT id FROM space WHERE name = :name)", name=client.user
    )
    assert shown == [(5,)], "without a picture it is shown all the same"


def test_no_process_of_the_server_decodes_pictures(indexing: House) -> None:
    client = indexing.account()
    assert client("PUT", "a.jpg", photograph(111)).status == 201
    wait_until(lambda: indexing.rows("SELECT count(*) FROM blob WHERE due IS NOT NULL") == [(0,)], seconds=30)

    def loaded(module: str) -> list[bool]:
        maps = [Path(f"/proc/{one.pid}/maps").read_text() for one in processes(indexing, module)]
        return [any(name in text for name in ("PIL/_imaging", "libavcodec", "rawpy", "pillow_heif")) for text in maps]

    assert set(loaded("config.worker")) == {False}
    assert set(loaded("config.indexer")) == {False}
    assert True in loaded("indexer.decoder"), "this is how one looks that can"


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
