"""The store or the database is down, slow, full, or the wrong one: people are told, and nothing is half done."""

import os
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.components.gateway import Gateway, Options
from tests.components.minio import Minio
from tests.components.postgres import Postgres
from tests.dav.harness import Answer, Client
from tests.safety.cutting import Upload
from tests.safety.house import MEGABYTE, House, content, etag
from tests.serving.client import Client as Wire
from tests.support.flaky import FlakyProxy
from tests.support.waiting import wait_until

SMALL = content(100_000, "small")
MEDIUM = content(12_000_000, "medium")
LARGE = content(200_000_000, "large")


def assert_try_again(answer: Answer, seconds: float) -> None:
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert seconds < 8


def timed(client: Client, method: str, path: str, body: bytes = b"") -> tuple[Answer, float]:
    began = time.monotonic()
    answer = client(method, path, body)
    return answer, time.monotonic() - began


def test_stopped_store_is_told_at_once_and_the_tree_stays_visible(fragile_house: tuple[House, Minio]) -> None:
    house, minio = fragile_house
    client = house.account()
    client("PUT", "a.jpg", SMALL)
    before = house.picture(client)
    minio.kill()

    assert_try_again(*timed(client, "PUT", "b.jpg", SMALL))
    assert_try_again(*timed(client, "PUT", "a.jpg", MEDIUM))
    assert Upload("c.jpg", MEDIUM, "chunked").send(client, None) == 503
    assert_try_again(*timed(client, "GET", "a.jpg"))
    assert client("PROPFIND", "", Depth="1").hrefs == [client.base, client.base + "a.jpg"]
    assert client("HEAD", "a.jpg").headers["etag"] == etag(SMALL)
    assert client("MOVE", "a.jpg", Destination=client.base + "moved.jpg").status == 201
    assert client("MOVE", "moved.jpg", Destination=client.base + "a.jpg").status == 201
    assert client("PUT", "empty.txt").status == 201
    assert client("DELETE", "empty.txt").status == 204

    minio.start()
    assert client("GET", "a.jpg").body == SMALL
    house.tidy()
    assert house.picture(client).objects == before.objects
    assert house.count("hold") == 0
    assert client("PUT", "b.jpg", MEDIUM).status == 201
    assert house.findings() == []


@pytest.mark.parametrize(("framing", "body"), [("length", LARGE), ("chunked", LARGE[:60_000_000])])
def test_store_that_dies_in_the_middle_of_an_upload(
    fragile_house: tuple[House, Minio], framing: str, body: bytes
) -> None:
    house, minio = fragile_house
    client = house.account()
    client("PUT", "a.jpg", SMALL)
    upload = Upload("a.jpg", body, framing)  # type: ignore[arg-type]

    def die() -> None:
        wait_until(lambda: house.count("hold"), every=0.01)
        time.sleep(0.15)
        minio.kill()

    with ThreadPoolExecutor(1) as pool:
        dying = pool.submit(die)
        assert upload.send(client, None) == 503
        dying.result()
    minio.start()

    assert client("GET", "a.jpg").body == SMALL
    assert house.sums(client.user) == (len(SMALL), 0, 0)
    house.tidy()
    assert house.strays() == set()
    assert client("PUT", "a.jpg", MEDIUM).status == 204


def test_download_that_the_store_breaks_off_never_looks_whole(proxied_house: tuple[House, FlakyProxy]) -> None:
    house, proxy = proxied_house
    client = house.account()
    assert client("PUT", "a.jpg", MEDIUM).status == 201
    proxy.drop_all()
    proxy.cut_down = 5_000_000

    for _ in range(2):
        with Wire(("127.0.0.1", client.port)) as wire:
            wire.send(Upload("a.jpg", b"", "length").head(client).replace(b"PUT", b"GET"))
            answer = wire.answer()
            assert (answer.status, answer.whole) == (200, False)
            assert MEDIUM.startswith(answer.body)

    proxy.cut_down = None
    assert client("GET", "a.jpg").body == MEDIUM


def test_slow_store_delays_only_who_needs_it(proxied_house: tuple[House, FlakyProxy]) -> None:
    house, proxy = proxied_house
    client = house.account()
    assert client("PUT", "a.jpg", SMALL).status == 201
    proxy.stalled.set()
    with ThreadPoolExecutor(20) as pool:
        puts = [pool.submit(client, "PUT", f"{n}.jpg", SMALL) for n in range(10)]
        gets = [pool.submit(client, "GET", "a.jpg") for _ in range(10)]
        wait_until(lambda: house.count("hold") == 10)
        for _ in range(5):
            answer, seconds = timed(client, "PROPFIND", "")
            assert (answer.status, seconds < 1) == (207, True)
        assert not any(one.done() for one in (*puts, *gets))
        proxy.stalled.clear()
        assert {put.result().status for put in puts} == {201}
        assert {get.result().body for get in gets} == {SMALL}


def assert_full_and_then_not(house: House, client: Client, free: Callable[[], None]) -> None:
    """Fill the store, see that people are told and keep what they have, make room, and go on."""
    old = content(300_000, "kept")
    assert client("PUT", "old.jpg", old).status == 201
    stored = []
    for n in range(60):
        answer = client("PUT", f"{n}.jpg", content(MEGABYTE, n))
        if answer.status != 201:
            break
        stored.append(f"{n}.jpg")
    assert answer.status == 507
    assert b"sufficient-disk-space" in answer.body
    assert client("PUT", "old.jpg", LARGE[:30_000_000]).status == 507
    assert Upload("new.jpg", LARGE[:30_000_000], "chunked").send(client, None) == 507
    assert client("GET", "old.jpg").body == old
    assert client("GET", "new.jpg").status == 404
    assert house.sums(client.user) == (300_000 + len(stored) * MEGABYTE, 0, 0)
    assert house.gateway.options.store or house.temporary() == []
    assert client("DELETE", "old.jpg").status == 204

    free()
    wait_until(lambda: client("PUT", "old.jpg", MEDIUM).status == 201, seconds=20, every=0.5)
    house.tidy()
    assert house.findings() == []
    assert house.strays() == set()
    assert client("GET", "old.jpg").body == MEDIUM


def test_full_disk_of_the_photos(
    tmp_path: Path, start_house: Callable[..., House], small_disk: Callable[[Path, int], None]
) -> None:
    photos = tmp_path / "gateway1" / "data" / "photos"
    mount = tmp_path / "disk"
    filler = mount / "_filler"
    small_disk(mount, 24)
    # The first gateway of a test has this folder: its photos are a disk of their own.
    _link(photos, mount)
    house = start_house(arguments=["--reserve", "0"], workers=1)
    filler.write_bytes(bytes(14_000_000))

    assert_full_and_then_not(house, house.account(), filler.unlink)


def test_full_disk_of_minio(start_house: Callable[..., House], small_disk: Callable[[Path, int], None]) -> None:
    server = Minio()
    small_disk(server.folder / "data", 64)
    filler = server.folder / "data" / "filler"
    with server:
        house = start_house(store=server, workers=1)
        client = house.account()
        filler.write_bytes(bytes(30_000_000))
        assert_full_and_then_not(house, client, filler.unlink)
        house.gateway.stop()


def test_full_disk_of_the_database(
    tmp_path: Path, start_house: Callable[..., House], small_disk: Callable[[Path, int], None]
) -> None:
    data = tmp_path / "gateway1" / "data"
    small_disk(data, 12)
    elsewhere = tmp_path / "photos"
    elsewhere.mkdir()
    (data / "photos").symlink_to(elsewhere)
    house = start_house(workers=1)
    client = house.account()
    client("PUT", "a.jpg", SMALL)
    filler = os.open(data / "filler", os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(filler, bytes(4096))
    os.close(filler)

    statuses = Counter(client("PUT", f"{n}.jpg", SMALL).status for n in range(80))

    assert set(statuses) <= {201, 507}
    assert statuses[507] >= 5
    assert client("PUT", "a.jpg", MEDIUM).status == 507
    assert client("GET", "a.jpg").body == SMALL
    assert client("PROPFIND", "", Depth="1").status == 207
    assert client("MKCOL", "folder").status == 507
    (data / "filler").unlink()
    assert client("PUT", "a.jpg", MEDIUM).status == 204
    house.change("UPDATE hold SET expires = 0")
    house.gateway.run("gc")
    house.tidy()
    assert house.findings() == []
    assert house.strays() == set()
    assert house.sums(client.user)[1] == 0


def test_restarted_postgresql_under_load_is_a_pause(start_house: Callable[..., House], own_postgres: Postgres) -> None:
    house = start_house(database_url=own_postgres.fresh_database())
    client = house.account()
    over = threading.Event()
    statuses: Counter[int] = Counter()
    arrived: dict[str, bytes] = {}

    def work(number: int) -> None:
        attempt = 0
        while not over.is_set():
            attempt += 1
            path, body = f"{number}-{attempt}.jpg", content(50_000, (number, attempt))
            answer = client("PUT", path, body)
            statuses[answer.status] += 1
            if answer.status == 201:
                arrived[path] = body
            else:
                assert_try_again(answer, 0)
                time.sleep(0.05)
            statuses[client("PROPFIND", "", Depth="0").status] += 1

    with ThreadPoolExecutor(8) as pool:
        working = [pool.submit(work, number) for number in range(8)]
        try:
            wait_until(lambda: len(arrived) > 20, seconds=30)
            for pause in (0.0, 1.0):
                before = len(arrived)
                own_postgres.stop()
                time.sleep(pause)
                own_postgres.start()
                wait_until(lambda before=before: len(arrived) > before + 20, seconds=30)  # type: ignore[misc]
        finally:
            over.set()
        for one in working:
            one.result(60)

    assert set(statuses) == {201, 207, 503}
    for path, body in arrived.items():
        assert client("GET", path).body == body
    wait_until(lambda: house.count("hold") == 0, seconds=20)
    house.tidy()
    assert house.findings() == []
    assert house.strays() == set()


def test_bucket_of_another_catalogue_stops_the_start_with_one_sentence(
    tmp_path: Path, minio_house: House, minio: Minio
) -> None:
    wrong = Gateway(tmp_path, Options(store=minio, database_url=minio_house.gateway.options.database_url))

    done = wrong.run("serve", "--port", str(wrong.port), check=False)

    assert done.returncode == 2
    assert done.stdout == ""
    (sentence,) = (line for line in done.stderr.splitlines() if line.startswith("davgallery: "))
    assert sentence.startswith("davgallery: The catalogue and the store do not belong together")
    assert "Traceback" not in done.stderr
    assert minio_house.account()("PUT", "a.jpg", SMALL).status == 201


def test_second_server_on_a_data_folder_changes_nothing(folder_house: House) -> None:
    client = folder_house.account()
    client("PUT", "a.jpg", SMALL)
    before = folder_house.picture(client)
    gateway = folder_house.gateway

    done = gateway.run("serve", "--port", "0", check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"Another davgallery is using {gateway.data} (process {gateway.pid})" in done.stderr
    assert folder_house.picture(client) == before


def test_start_on_a_full_disk_is_one_sentence(tmp_path: Path, small_disk: Callable[[Path, int], None]) -> None:
    disk = tmp_path / "disk"
    small_disk(disk, 1)
    filler = disk / "filler"
    gateway = Gateway(tmp_path, Options(workers=1))
    gateway.data = disk / "data"
    for room in (0, 4_096, 20_000, 80_000, 300_000):
        filler.write_bytes(bytes(1024 * 1024 - room))

        done = gateway.run("serve", "--port", "0", "--reserve", "0", check=False)

        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        assert re.fullmatch(r"davgallery: The disk of .+ is full\.\n", done.stderr)
        shutil.rmtree(gateway.data, ignore_errors=True)


def test_disk_that_was_full_at_the_start_is_no_obstacle_later(
    tmp_path: Path, small_disk: Callable[[Path, int], None]
) -> None:
    gateway = Gateway(tmp_path, Options(workers=1, arguments=["--reserve", "0"]))
    small_disk(gateway.data, 2)
    filler = gateway.data / "filler"
    filler.write_bytes(bytes(2 * 1024 * 1024 - 150_000))
    assert gateway.run("serve", "--port", "0", "--reserve", "0", check=False).returncode == 1
    filler.unlink()

    with gateway:
        client = House(gateway).account()
        assert client("PUT", "a.jpg", SMALL).status == 201


def _link(photos: Path, mount: Path) -> None:
    photos.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(photos, ignore_errors=True)
    photos.symlink_to(mount)
