"""``davgallery worker``: indexing in other processes than the server's, told by a broker or looking by themselves."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.components.gateway import Gateway
from tests.components.minio import Minio
from tests.components.postgres import Postgres
from tests.components.rabbitmq import RabbitMq
from tests.components.redis import Redis
from tests.components.worker import IndexWorker
from tests.support.photographs import photograph
from tests.support.ports import free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("workers")


@pytest.fixture
def broker() -> Iterator[Redis]:
    """A Redis that a test may kill."""
    with Redis() as server:
        yield server


@pytest.fixture
def start_workers() -> Iterator[Callable[..., list[IndexWorker]]]:
    """Start workers of a gateway; each is ended after the test."""
    with ExitStack() as started:

        def start(gateway: Gateway, count: int = 1) -> list[IndexWorker]:
            workers = [IndexWorker(gateway) for _ in range(count)]
            for worker in workers:
                worker.launch()
            for worker in workers:
                started.callback(worker.close)
            for worker in workers:
                wait_until(worker.is_ready, seconds=60)
            return workers

        yield start


def put(gateway: Gateway, number: int) -> None:
    """Upload one photograph."""
    auth = ("admin", gateway.admin_password)
    answer = requests.put(gateway.dav(f"admin/{number}.jpg"), data=photograph(number), auth=auth, timeout=20)
    assert answer.status_code == 201


def figure(gateway: Gateway, name: str) -> int:
    """One of the server's own metrics."""
    text = requests.get(f"{gateway.url}/metrics", timeout=10).text
    return int(float(re.findall(rf"^davgallery_{name} (\S+)$", text, re.MULTILINE)[0]))


def running(gateway: Gateway) -> int:
    """How many files are being indexed."""
    return figure(gateway, "jobs_running")


def photos(gateway: Gateway) -> int:
    """How many photos there are."""
    return figure(gateway, "photos")


def is_done(gateway: Gateway) -> bool:
    """Whether nothing waits any more; nothing may have failed."""
    assert figure(gateway, "jobs_failed") == 0
    return figure(gateway, "jobs_waiting") == 0


def with_broker(url: str) -> dict[str, str]:
    """The environment of a server that has one."""
    return {"DAVGALLERY_BROKER_URL": url}


def test_without_a_broker_nothing_of_it_is_loaded() -> None:
    script = """
import sys
from config import indexer, worker, wiring, serve
from config.settings import load
with wiring.bell(load({})) as bell:
    assert bell is None
sys.exit(any(name in sys.modules for name in ("celery", "kombu", "redis")))
"""
    subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT), "PATH": "", "PROMETHEUS_MULTIPROC_DIR": "/nowhere"},
        check=True,
        timeout=60,
    )


def test_a_worker_beside_the_server_looks_for_work_by_itself(
    start_gateway: Callable[..., Gateway], start_workers: Callable[..., list[IndexWorker]]
) -> None:
    gateway = start_gateway(workers=1)
    for number in range(3):
        put(gateway, number)
    (worker,) = start_workers(gateway)
    wait_until(lambda: is_done(gateway), seconds=30)
    assert photos(gateway) == 3
    assert worker.stop() == 0


def test_two_workers_on_other_machines_index_everything_once(
    start_gateway: Callable[..., Gateway],
    start_workers: Callable[..., list[IndexWorker]],
    minio: Minio,
    postgres: Postgres,
    broker: Redis,
) -> None:
    gateway = start_gateway(
        store=minio, database_url=postgres.fresh_database(), workers=1, environment=with_broker(broker.url)
    )
    workers = start_workers(gateway, 2)
    for number in range(30):
        put(gateway, number)
    wait_until(lambda: is_done(gateway), seconds=60)
    assert photos(gateway) == 30
    kept = [
        one.object_name for one in minio.client.list_objects(gateway.bucket, "_davgallery/renditions/", recursive=True)
    ]
    assert len(kept) == 30, "each was decoded by one of them"
    assert [worker.stop() for worker in workers] == [0, 0]
    assert "Traceback" not in gateway.log + workers[0].log + workers[1].log


def test_rabbitmq_tells_workers_as_well(
    start_gateway: Callable[..., Gateway], start_workers: Callable[..., list[IndexWorker]]
) -> None:
    with RabbitMq() as rabbit:
        gateway = start_gateway(workers=1, environment=with_broker(rabbit.url))
        (worker,) = start_workers(gateway)
        for number in range(5):
            put(gateway, number)
        wait_until(lambda: is_done(gateway), seconds=60)
        assert photos(gateway) == 5
        assert worker.stop() == 0
        assert "The broker cannot be reached" not in gateway.log


def test_a_killed_workers_file_is_done_by_the_next(
    start_gateway: Callable[..., Gateway], start_workers: Callable[..., list[IndexWorker]], broker: Redis
) -> None:
    gateway = start_gateway(workers=1, environment=with_broker(broker.url))
    (worker,) = start_workers(gateway)
    for number in range(20):
        put(gateway, number)
    wait_until(lambda: running(gateway), seconds=20, every=0)
    worker.kill()
    held = running(gateway)
    start_workers(gateway)
    wait_until(lambda: is_done(gateway), seconds=60)
    assert photos(gateway) == 20
    assert held == 1


def test_a_worker_that_is_told_to_stop_finishes_its_file(
    start_gateway: Callable[..., Gateway], start_workers: Callable[..., list[IndexWorker]], broker: Redis
) -> None:
    gateway = start_gateway(workers=1, environment=with_broker(broker.url))
    (worker,) = start_workers(gateway)
    for number in range(20):
        put(gateway, number)
    wait_until(lambda: running(gateway), seconds=20, every=0)
    assert worker.stop() == 0
    assert running(gateway) == 0


def test_what_the_broker_forgot_is_found(
    start_gateway: Callable[..., Gateway], start_workers: Callable[..., list[IndexWorker]], broker: Redis
) -> None:
    gateway = start_gateway(workers=1, environment=with_broker(broker.url))
    for number in range(5):
        put(gateway, number)
    broker.kill()
    for number in range(5, 10):
        put(gateway, number)
    broker.start()
    (worker,) = start_workers(gateway)
    wait_until(lambda: is_done(gateway), seconds=60)
    broker.kill()
    broker.start()
    put(gateway, 10)
    wait_until(lambda: is_done(gateway), seconds=60)
    assert photos(gateway) == 11
    assert worker.stop() == 0


@pytest.mark.parametrize("state", ["down", "silent"])
def test_a_broker_in_trouble_delays_no_upload(start_gateway: Callable[..., Gateway], broker: Redis, state: str) -> None:
    gateway = start_gateway(workers=1, environment=with_broker(broker.url))
    put(gateway, 0)
    if state == "down":
        broker.kill()
    with ExitStack() as trouble:
        if state == "silent":
            trouble.enter_context(broker.frozen())
        begun = time.monotonic()
        for number in range(1, 21):
            put(gateway, number)
        assert time.monotonic() - begun < 5
        wait_until(lambda: "The broker cannot be reached" in gateway.log, seconds=20)
        put(gateway, 21)
    assert gateway.log.count("The broker cannot be reached") <= 3


def test_folders_are_followed_by_workers_too(
    start_gateway: Callable[..., Gateway], start_workers: Callable[..., list[IndexWorker]], broker: Redis
) -> None:
    gateway = start_gateway(workers=1, environment=with_broker(broker.url))
    start_workers(gateway)
    auth = ("admin", gateway.admin_password)
    requests.request("MKCOL", gateway.dav("admin/f"), auth=auth, timeout=20).raise_for_status()
    data = photograph(1)
    requests.put(gateway.dav("admin/f/a.jpg"), data=data, auth=auth, timeout=20).raise_for_status()
    wait_until(lambda: photos(gateway) == 1, seconds=20)
    requests.delete(gateway.dav("admin/f"), auth=auth, timeout=20).raise_for_status()
    wait_until(lambda: photos(gateway) == 0, seconds=20)


def test_the_brokers_password_is_in_no_log(start_gateway: Callable[..., Gateway]) -> None:
    secret = "open-sesame"
    url = f"redis://:{secret}@127.0.0.1:{free_port()}/0"
    gateway = start_gateway(workers=1, environment=with_broker(url))
    put(gateway, 1)
    wait_until(lambda: "The broker cannot be reached" in gateway.log, seconds=20)
    assert secret not in gateway.log + gateway.run("settings").stdout
