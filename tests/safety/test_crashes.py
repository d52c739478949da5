"""``kill -9`` of any process at any moment: what was answered is there, the rest is absent or whole."""

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from tests.components.minio import Minio
from tests.components.postgres import Postgres
from tests.dav.harness import Client
from tests.safety.cutting import Upload
from tests.safety.house import House, content, restart
from tests.support.waiting import wait_until

SIZES = [1, 1_000, 90_000, 400_000, 6_000_000, 9_000_000]


class Uploader(threading.Thread):
    """A client that uploads and replaces files, and knows what each path may hold."""

    def __init__(self, client: Client, number: int, over: threading.Event) -> None:
        super().__init__()
        self.client, self.number, self.over = client, number, over
        self.dice = random.Random(number)
        self.may_be: dict[str, set[str]] = {}
        """Path to the digests it may have; "" is no file."""
        self.answered = self.failures = 0
        self.problem = ""

    def run(self) -> None:
        attempt = 0
        while not self.over.is_set():
            attempt += 1
            known = list(self.may_be)
            path = self.dice.choice(known) if known and self.dice.random() < 0.3 else f"{self.number}-{attempt}.jpg"
            body = content(self.dice.choice(SIZES), (self.number, attempt))
            digest = hashlib.sha256(body).hexdigest()
            before = self.may_be.get(path, {""})
            upload = Upload(path, body, self.dice.choice(("length", "length", "chunked")))  # type: ignore[arg-type]
            try:
                status = upload.send(self.client, None)
            except OSError:
                status = 0
            if status in {201, 204}:
                self.may_be[path] = {digest}
                self.answered += 1
                continue
            self.may_be[path] = before | {digest}
            self.failures += 1
            if status not in {0, 503}:
                self.problem = f"{path} was answered with {status}"
            time.sleep(0.05)


@contextmanager
def load(client: Client) -> Iterator[list[Uploader]]:
    """Six clients that upload meanwhile."""
    over = threading.Event()
    uploaders = [Uploader(client, number, over) for number in range(6)]
    for uploader in uploaders:
        uploader.start()
    try:
        yield uploaders
    finally:
        over.set()
        for uploader in uploaders:
            uploader.join(60)


def uploads_go_on(uploaders: list[Uploader]) -> None:
    """Wait until every client has got an answer that it likes."""
    before = [uploader.answered for uploader in uploaders]
    wait_until(lambda: sum(u.answered > b for u, b in zip(uploaders, before, strict=True)) >= 4, seconds=60)


def kill_a_worker(house: House) -> None:
    psutil.Process(house.gateway.pids()[-1]).kill()


def kill_the_supervisor(house: House) -> None:
    house.gateway.kill()
    restart(house.gateway)


def kill_everything(house: House) -> None:
    house.gateway.destroy()
    restart(house.gateway)


def assert_nothing_was_lost(house: House, client: Client, uploaders: list[Uploader]) -> None:
    """After the last start: what the catalogue, the store and the clients say fits together."""
    assert [uploader.problem for uploader in uploaders if uploader.problem] == []
    assert house.findings() == []
    house.change("UPDATE hold SET expires = 0", "UPDATE garbage SET not_before = 0")
    with house.opened() as library:
        library.upkeep.end_expired_holds()
    house.tidy()
    assert house.findings() == []
    assert house.strays() == set()
    assert house.sums(client.user)[1] == 0
    assert not house.gateway.options.store or house.count("garbage") == 0
    acknowledged = 0
    for uploader in uploaders:
        for path, digests in uploader.may_be.items():
            answer = client("GET", path)
            found = hashlib.sha256(answer.body).hexdigest() if answer.status == 200 else ""
            assert answer.status in {200, 404}
            assert found in digests, (path, found, digests)
            acknowledged += "" not in digests
    assert acknowledged >= 20
    assert sum(uploader.failures for uploader in uploaders) >= 5


def test_killed_processes_lose_nothing_on_sqlite_and_a_folder(start_house: Callable[..., House]) -> None:
    house = start_house()
    client = house.account(quota=100 * 10**9)
    dice = random.Random(1)
    moments = [kill_a_worker] * 8 + [kill_the_supervisor] + [kill_everything] * 2
    dice.shuffle(moments)

    with load(client) as uploaders:
        for kill in moments:
            uploads_go_on(uploaders)
            time.sleep(dice.uniform(0, 0.4))
            kill(house)
        uploads_go_on(uploaders)
    house.gateway.destroy()
    restart(house.gateway)

    assert house.temporary() == []
    assert_nothing_was_lost(house, client, uploaders)


def test_killed_processes_lose_nothing_on_postgresql_and_minio(
    start_house: Callable[..., House], own_minio: Minio, own_postgres: Postgres
) -> None:
    house = start_house(store=own_minio, database_url=own_postgres.fresh_database())
    client = house.account(quota=100 * 10**9)
    dice = random.Random(2)

    def kill_minio(_: House) -> None:
        own_minio.kill()
        time.sleep(dice.uniform(0, 0.3))
        restart(own_minio)

    def kill_postgres(_: House) -> None:
        own_postgres.destroy()
        time.sleep(dice.uniform(0, 0.3))
        restart(own_postgres)
        # A crashed database may have forgotten a hold; until the next upload only the gateway knows its key.
        time.sleep(1.5)

    moments = [kill_a_worker] * 4 + [kill_everything] + [kill_minio] * 5 + [kill_postgres] * 5
    dice.shuffle(moments)

    with load(client) as uploaders:
        for kill in moments:
            uploads_go_on(uploaders)
            time.sleep(dice.uniform(0, 0.4))
            kill(house)
    house.gateway.destroy()
    restart(house.gateway)

    assert_nothing_was_lost(house, client, uploaders)
