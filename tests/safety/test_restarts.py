"""Restarting, replacing and stopping the server while people use it."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from tests.dav.harness import Client
from tests.safety.cutting import Upload
from tests.safety.house import House, content, etag
from tests.support.rclone import BINARY, Rclone
from tests.support.waiting import have_ended, wait_until


def copy_slowly(house: House, client: Client, folder: Path, *words: str) -> "subprocess.Popen[str]":
    """Start ``rclone copy`` of a folder, slow enough that something can happen meanwhile."""
    remote = Rclone(house.gateway.dav(client.user), client.user, client.password).remote("copied")
    options = ["--transfers=4", "--bwlimit=12M", "--stats=0", *words]
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
    made = photographs(tmp_path / "photographs")
    # One try only: a request that fails, fails the copy.
    copying = copy_slowly(house, client, tmp_path / "photographs", "--retries=1", "--low-level-retries=1")
    old = [psutil.Process(pid) for pid in house.gateway.pids()]
    os.kill(house.gateway.pid, signal.SIGHUP)
    wait_until(lambda: have_ended(old), seconds=60)
    assert copying.poll() is None, "it was over before the restart was"

    assert_copied(house, client, copying, made)
    assert " 500 " not in house.gateway.log
    assert house.findings() == []


def test_killed_worker_under_rclone_is_a_retry(start_house: Callable[..., House], tmp_path: Path) -> None:
    house = start_house()
    client = house.account()
    made = photographs(tmp_path / "photographs")
    copying = copy_slowly(house, client, tmp_path / "photographs")
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


class Dripping:
    """An upload that is under way until it is told to go on."""

    def __init__(self, client: Client, path: str, body: bytes) -> None:
        self.body = body
        upload = Upload(path, body, "length")
        self.connection = socket.create_connection(("127.0.0.1", client.port), 60)
        self.connection.sendall(upload.head(client) + body[:1_000_000])

    def finish(self) -> int:
        self.connection.sendall(self.body[1_000_000:])
        return self.answer()

    def answer(self) -> int:
        seen = b""
        try:
            while b"\r\n" not in seen and (data := self.connection.recv(65536)):
                seen += data
        except ConnectionResetError:
            pass
        self.connection.close()
        return int(seen.split(b" ", 2)[1]) if seen else 0


def test_stop_lets_uploads_finish_and_cuts_those_that_do_not(start_house: Callable[..., House]) -> None:
    house = start_house()
    client = house.account()
    body = content(3_000_000, "stop")
    client("PUT", "stuck.jpg", b"old")
    client("GET", "stuck.jpg")
    finishing, stuck = Dripping(client, "finishing.jpg", body), Dripping(client, "stuck.jpg", body)
    wait_until(lambda: house.count("hold") == 2)
    processes = [psutil.Process(pid) for pid in house.gateway.pids()]

    with ThreadPoolExecutor(2) as pool:
        began = time.monotonic()
        stopping = pool.submit(house.gateway.stop, seconds=60)
        time.sleep(1.5)
        assert not stopping.done()
        assert finishing.finish() == 201
        assert stuck.answer() in {0, 400}
        assert stopping.result() == 0
    assert 25 < time.monotonic() - began < 45
    assert have_ended(processes)

    assert house.sums(client.user) == (len(body) + 3, 0, 0)
    assert house.temporary() == []
    house.gateway.start()
    assert client("GET", "finishing.jpg").body == body
    assert client("GET", "stuck.jpg").body == b"old"
    house.tidy()
    assert house.findings() == []
    assert house.strays() == set()
