"""Restarting, replacing and stopping the server while people use it."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.dav.harness import Client
from tests.safety.conftest import BACKENDS
from tests.safety.cutting import Dripping
from tests.safety.house import House, content, etag
from tests.support.rclone import BINARY, Rclone
from tests.support.waiting import have_ended, wait_until


def copy(house: House, client: Client, folder: Path, *words: str) -> "subprocess.Popen[str]":
    """Start ``rclone copy`` of a folder, slow enough that something can happen meanwhile."""
    remote = Rclone(house.gateway.dav(client.user), client.user, client.password).remote("copied")
    options = ["--transfers=4", "--bwlimit=12M", "--stats=0", "--ignore-times", *words]
    return subprocess.Popen(
        [BINARY, "--config=", "copy", str(folder), remote, *options], stderr=subprocess.PIPE, text=True
    )


def photographs(folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    dice = random.Random(3)
    made = {f"{n}.jpg": content(dice.choice([20_000, 300_000, 3_000_000]), n) for n in range(40)}
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return made


def assert_copied(house: House, client: Client, copying: "subprocess.Popen[str]", made: dict[str, bytes]) -> None:
    _, complaints = copying.communicate(timeout=120)
    assert copying.returncode == 0, complaints
    for name, data in made.items():
        answer = client("HEAD", f"copied/{name}")
        assert answer.headers["etag"] == etag(data)


def test_rolling_restart_under_rclone_fails_no_request(start_house: Callable[..., House], tmp_path: Path) -> None:
    house = start_house()
    client = house.account()
    folder = tmp_path / "photographs"
    made = photographs(folder)
    once = ["--retries=1", "--low-level-retries=1"]  # a request that fails, fails the copy
    copying = copy(house, client, folder, *once)
    wait_until(lambda: house.count("hold"), seconds=20, every=0.01)
    old = [psutil.Process(pid) for pid in house.gateway.pids()]
    os.kill(house.gateway.pid, signal.SIGHUP)
    while not have_ended(old):
        if copying.poll() is not None:
            assert_copied(house, client, copying, made)
            copying = copy(house, client, folder, *once)
        time.sleep(0.05)

    assert_copied(house, client, copying, made)
    assert " 500 " not in house.gateway.log
    assert house.findings() == []


def test_killed_worker_under_rclone_is_a_retry(start_house: Callable[..., House], tmp_path: Path) -> None:
    house = start_house()
    client = house.account()
    made = photographs(tmp_path / "photographs")
    copying = copy(house, client, tmp_path / "photographs")
    for _ in range(3):
        wait_until(lambda: house.count("hold"), seconds=20, every=0.01)
        psutil.Process(random.Random(1).choice(house.gateway.pids())).kill()
        time.sleep(0.5)

    assert_copied(house, client, copying, made)
    house.change("UPDATE hold SET expires = 0")
    with house.opened() as library:
        library.upkeep.end_expired_holds()
    house.tidy()
    assert house.strays() == set()
    assert house.findings() == []


def test_stop_waits_for_uploads_and_a_second_one_does_not(start_house: Callable[..., House]) -> None:
    house = start_house()
    client = house.account()
    body = content(3_000_000, "stop")
    client("PUT", "stuck.jpg", b"old")
    finishing, stuck = Dripping(client, "finishing.jpg", body), Dripping(client, "stuck.jpg", body)
    wait_until(lambda: house.count("hold") == 2)
    processes = [psutil.Process(pid) for pid in house.gateway.pids()]

    os.kill(house.gateway.pid, signal.SIGTERM)
    time.sleep(1)
    assert finishing.finish() == 201
    assert house.gateway.running
    assert house.gateway.stop() == 0
    assert stuck.answer() in {0, 400}
    assert have_ended(processes)

    house.gateway.start()
    assert house.sums(client.user) == (len(body) + 3, 0, 0)
    assert house.temporary() == []
    assert client("GET", "finishing.jpg").body == body
    assert client("GET", "stuck.jpg").body == b"old"
    house.tidy()
    assert house.findings() == []
    assert house.strays() == set()


@pytest.mark.parametrize("backend", BACKENDS)
def test_upload_that_is_not_done_when_the_time_to_stop_is_over_leaves_nothing(
    start_house: Callable[..., House], backend: str, request: pytest.FixtureRequest
) -> None:
    options: dict[str, object] = {"arguments": ["--stop-seconds", "3"]}
    if backend == "minio-postgres":
        options["store"] = request.getfixturevalue("minio")
        options["database_url"] = request.getfixturevalue("postgres").fresh_database()
    house = start_house(**options)
    client = house.account()
    body = content(9_000_000, "limit")
    client("PUT", "stuck.jpg", b"old")
    finishing, stuck = Dripping(client, "finishing.jpg", body), Dripping(client, "stuck.jpg", body)
    wait_until(lambda: house.count("hold") == 2)

    began = time.monotonic()
    os.kill(house.gateway.pid, signal.SIGTERM)
    time.sleep(1)
    assert finishing.finish() == 201
    assert stuck.answer() in {0, 400}
    assert 2.5 < time.monotonic() - began < 12
    wait_until(lambda: not house.gateway.running, seconds=20)
    assert house.gateway.stop() == 0

    house.gateway.start()
    assert house.sums(client.user) == (len(body) + 3, 0, 0)
    assert house.temporary() == []
    assert client("GET", "finishing.jpg").body == body
    assert client("GET", "stuck.jpg").body == b"old"
    house.tidy()
    assert house.findings() == []
    assert house.strays() == set()


def test_killed_supervisor_leaves_its_port_and_what_is_under_way_ends_well_or_not_at_all(
    start_house: Callable[..., House],
) -> None:
    house = start_house()
    client = house.account()
    body = content(3_000_000, "orphan")
    finishing, late = Dripping(client, "finishing.jpg", body), Dripping(client, "late.jpg", body)
    wait_until(lambda: house.count("hold") == 2)
    orphans = [psutil.Process(pid) for pid in house.gateway.pids()]

    house.gateway.kill()
    assert finishing.finish() == 201
    wait_until(lambda: not listens(house.gateway.port), seconds=10)
    house.gateway.start()
    assert late.finish() in {0, 503}  # the new server has ended what the old one had begun
    assert client("PUT", "new.jpg", body).status == 201

    wait_until(lambda: have_ended(orphans), seconds=40)
    assert client("GET", "finishing.jpg").body == body
    assert client("GET", "late.jpg").status == 404
    house.tidy()
    assert house.findings() == []
    assert house.strays() == set()
    assert house.sums(client.user) == (2 * len(body), 0, 0)


def test_supervisor_that_is_killed_while_its_workers_start_leaves_its_port(start_house: Callable[..., House]) -> None:
    house = start_house()
    house.gateway.stop()
    for _ in range(3):
        house.gateway.launch()
        wait_until(lambda: listens(house.gateway.port), seconds=20, every=0.01)
        house.gateway.kill()
        wait_until(lambda: not listens(house.gateway.port), seconds=1, every=0.02)
    house.gateway.start()


def listens(port: int) -> bool:
    """Whether any process has the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError:
            return True
    return False
