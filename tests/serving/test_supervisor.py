"""Processes: they start, they are replaced, and they end, without a client noticing more than it must."""

import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

import psutil
import pytest

from gateway.serving import StartFailed, listen
from tests.serving.client import Client
from tests.serving.conftest import ROOT, Service
from tests.support.ports import free_port
from tests.support.waiting import wait_until

Start = Callable[..., Service]


class Load:
    """Clients that ask over and over, each on its own connection while that lasts."""

    def __init__(self, service: Service, clients: int = 16) -> None:
        self.answered = itertools.count()
        self.failures: list[str] = []
        self.pids: set[bytes] = set()
        self._service = service
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(20)

    def _ask(self) -> None:
        client = None
        while not self._stop.is_set():
            try:
                client = client or self._service.client()
                answer = client.get("/pid")
                self.pids.add(answer.body)
                next(self.answered)
                if answer.headers.get("connection") == "close":
                    client.socket.close()
                    client = None
            except OSError as error:
                self.failures.append(repr(error))
                return
        if client is not None:
            client.socket.close()


def start_failing(*words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.serving.apps", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=30, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_the_real_port_is_announced_when_workers_answer(start_service: Start) -> None:
    service = start_service("--workers", "2", "--helpers", "1")
    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9][0-9]+/", service.url)
    assert len(service.workers()) == 3
    with service.client() as client:
        assert client.get().status == 200


@pytest.mark.parametrize("host", ["::1", "::"])
def test_ipv6_is_served(start_service: Start, host: str) -> None:
    service = start_service("--host", host)
    assert service.url == f"http://[{host}]:{service.address[1]}/"
    for address in ["::1", "127.0.0.1"] if host == "::" else ["::1"]:
        with Client((address, service.address[1])) as client:
            assert f'"REMOTE_ADDR": "{address}"'.encode() in client.get("/environ").body


def test_a_port_in_use_is_one_clear_sentence() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        status, said = start_failing("--port", str(port))
    assert (status, said) == (2, f"Cannot listen on 127.0.0.1:{port}: address already in use.\n")


def test_a_host_that_is_not_known_is_one_clear_sentence() -> None:
    with pytest.raises(StartFailed, match=r"The host no\.such\.host\.invalid is not known here\."):
        listen("no.such.host.invalid", 0)


def test_a_worker_that_never_is_ready_ends_the_start() -> None:
    status, said = start_failing("--fault", "mute")
    assert status == 1
    assert re.fullmatch(r"The web process [0-9]+ was not ready within 5 seconds\.\n", said)


def test_a_worker_that_crashes_again_and_again_ends_the_start() -> None:
    status, said = start_failing("--fault", "crash")
    assert status == 1
    assert re.search(r"The web process [0-9]+ stopped with status 7\.\n$", said)


def test_a_worker_that_was_used_wrongly_ends_the_start_at_once() -> None:
    status, said = start_failing("--fault", "wrong")
    assert status == 2
    assert "again" not in said


def test_sigterm_ends_everything_with_0(start_service: Start) -> None:
    service = start_service("--workers", "2", "--helpers", "1")
    workers = service.workers()
    service.process.terminate()
    assert service.process.wait(5) == 0
    assert not any(worker.is_running() for worker in workers)
    with pytest.raises(ConnectionRefusedError):
        service.client()


def test_running_requests_may_end_when_the_service_stops(start_service: Start) -> None:
    service = start_service()
    with service.client() as client:
        client.request("GET", "/slow?1")
        time.sleep(0.2)
        service.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        with pytest.raises(ConnectionRefusedError):
            service.client()
        answer = client.answer()
        assert (answer.body, answer.headers["connection"]) == (b"hello", "close")
    assert service.process.wait(5) == 0


def test_an_upload_that_does_not_end_in_time_is_cut(start_service: Start) -> None:
    service = start_service()
    with service.client() as client:
        client.request("PUT", "/x", "Content-Length: 1000000")
        client.send("some of it")
        time.sleep(0.2)
        service.process.terminate()
        began = time.monotonic()
        answer = client.answer()
        assert (answer.status, answer.body) == (400, b"The client went away in the middle of its upload.")
        assert 2.5 < time.monotonic() - began < 5
    assert service.process.wait(5) == 0


def test_a_request_that_never_ends_does_not_keep_the_service_alive(start_service: Start) -> None:
    service = start_service()
    with service.client() as client:
        client.request("GET", "/slow?60")
        time.sleep(0.2)
        service.process.terminate()
        assert service.process.wait(8) == 0


def test_a_second_sigterm_ends_everything_at_once(start_service: Start) -> None:
    service = start_service()
    with service.client() as client:
        client.request("GET", "/slow?60")
        time.sleep(0.2)
        service.process.terminate()
        time.sleep(0.3)
        service.process.terminate()
        assert service.process.wait(1) == 0


def test_a_worker_that_is_killed_is_replaced(start_service: Start) -> None:
    service = start_service("--workers", "2")
    workers = service.workers()
    workers[0].kill()
    wait_until(lambda: len(service.workers()) == 2 and workers[0] not in service.workers())
    assert workers[1] in service.workers()
    assert "stopped with signal SIGKILL" in service.log.read_text()


def test_a_worker_that_stops_under_load_resets_nobody(start_service: Start) -> None:
    service = start_service("--workers", "2")
    with Load(service) as load:
        for _ in range(3):
            old = service.workers()
            old[0].terminate()
            wait_until(lambda old=old: len(service.workers()) == 2 and old[0] not in service.workers())  # type: ignore[misc]
            time.sleep(0.3)
    assert load.failures == []
    assert next(load.answered) > 500


def test_a_rolling_restart_under_load_loses_nothing(start_service: Start) -> None:
    service = start_service("--workers", "2")
    with Load(service) as load:
        for _ in range(3):
            old = service.workers()
            service.process.send_signal(signal.SIGHUP)
            wait_until(lambda old=old: not set(old) & set(service.workers()), seconds=20)  # type: ignore[misc]
        with service.client() as client:
            assert client.get("/pid").body.decode() in {str(worker.pid) for worker in service.workers()}
    assert load.failures == []
    assert len(load.pids) >= 6


def test_a_slow_request_survives_a_rolling_restart(start_service: Start) -> None:
    service = start_service()
    with service.client() as client:
        client.request("GET", "/slow?2")
        time.sleep(0.2)
        service.process.send_signal(signal.SIGHUP)
        assert client.answer().body == b"hello"


def test_workers_end_when_their_supervisor_is_killed(start_service: Start) -> None:
    service = start_service("--workers", "2", "--helpers", "1")
    workers = service.workers()
    service.process.kill()
    service.process.wait()
    wait_until(lambda: not any(worker.is_running() for worker in workers), seconds=5)
    with listen(*service.address):
        pass  # the port is free again


def test_workers_that_are_still_starting_end_when_their_supervisor_is_killed() -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.serving.apps", "--port", str(port), "--workers", "2", "--fault", "mute"]
    with subprocess.Popen(command, cwd=ROOT) as supervisor:
        process = psutil.Process(supervisor.pid)
        wait_until(lambda: len(process.children()) == 2, seconds=20)
        workers = process.children()
        supervisor.kill()
    wait_until(lambda: not any(worker.is_running() for worker in workers), seconds=2)
    with listen("127.0.0.1", port):
        pass  # the port is free again


def test_connections_are_spread_over_the_workers(start_service: Start) -> None:
    service = start_service("--workers", "2")
    uneven = 0
    for _ in range(10):
        clients = [service.client() for _ in range(8)]
        answers = [client.get("/pid").body for client in clients]
        uneven += max(answers.count(pid) for pid in answers) > 5
        for client in clients:
            client.socket.close()
        time.sleep(0.05)
    assert uneven < 3


def test_a_crowd_of_connections_is_accepted_quickly(start_service: Start) -> None:
    service = start_service("--workers", "2")
    began = time.monotonic()
    clients = [service.client() for _ in range(400)]
    for client in clients:
        client.request("GET", "/")
    for client in clients:
        assert client.answer().status == 200
        client.socket.close()
    assert time.monotonic() - began < 2


@contextmanager
def frozen(workers: list[psutil.Process]) -> Iterator[None]:
    for worker in workers:
        worker.suspend()
    try:
        yield
    finally:
        for worker in workers:
            worker.resume()


def test_connections_wait_while_every_worker_is_busy(start_service: Start) -> None:
    service = start_service()
    with frozen(service.workers()):
        waiting = [service.client() for _ in range(300)]
        for client in waiting:
            client.request("GET", "/")
    for client in waiting:
        assert client.answer().status == 200
        client.socket.close()


def test_a_service_starts_again_on_its_port_at_once(start_service: Start) -> None:
    port = free_port()
    for _ in range(3):
        service = start_service("--port", str(port))
        with service.client() as client:
            assert client.get().status == 200
            service.process.terminate()
            assert service.process.wait(10) == 0


def test_children_do_not_inherit_what_is_not_theirs(start_service: Start) -> None:
    service = start_service("--workers", "2", "--helpers", "1")
    for worker in service.workers():
        sockets = [file for file in os.listdir(f"/proc/{worker.pid}/fd") if "socket" in _target(worker.pid, file)]  # noqa: PTH208
        helper = "helper" in worker.cmdline()
        assert len(sockets) == (1 if helper else 4)  # lifeline; listener, and a pair that wakes the selector
        assert any("LISTEN" in connection.status for connection in worker.net_connections()) is not helper


def _target(pid: int, name: str) -> str:
    return os.readlink(f"/proc/{pid}/fd/{name}")  # noqa: PTH115
