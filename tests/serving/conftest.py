"""Servers for the tests: in this process, to look inside, and as processes of their own."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from gateway.serving import Limits, Server, listen
from tests.serving.client import Client
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

ROOT = Path(__file__).parents[2]
QUICK = Limits(head=1, silence=1, idle=1, linger=2, linger_silence=0.5, drain=2, drain_idle=0.2, cut=1)


@dataclass
class Running:
    """A server in this process."""

    server: Server
    responses: list[tuple[str, int, int]]
    tls: bool

    def client(self) -> Client:
        host, port = self.server.bind_addr
        return Client((host, port), tls=self.tls)


@pytest.fixture
def serve() -> Iterator[Callable[..., Running]]:
    """Serve an application; `responses` collects method, status and bytes of what was answered."""
    with ExitStack() as stack:

        def start(app: "WSGIApplication", *, limits: Limits = QUICK, threads: int = 8, **options: Any) -> Running:
            responses: list[tuple[str, int, int]] = []

            def note(environ: dict[str, Any], status: int, sent: int, _seconds: float) -> None:
                responses.append((environ["REQUEST_METHOD"], status, sent))

            server = Server(app, listen("127.0.0.1", 0), limits=limits, threads=threads, on_response=note, **options)
            server.prepare()
            thread = threading.Thread(target=server.serve)
            thread.start()
            stack.callback(thread.join, 20)
            stack.callback(server.drain)
            return Running(server, responses, options.get("tls") is not None)

        yield start


@dataclass
class Service:
    """A supervisor with its workers, as processes."""

    process: subprocess.Popen[str]
    log: Path
    address: tuple[str, int]
    url: str
    seen: set[psutil.Process] = field(default_factory=set)

    def client(self) -> Client:
        return Client(self.address)

    def workers(self) -> list[psutil.Process]:
        workers = psutil.Process(self.process.pid).children()
        self.seen.update(workers)
        return workers

    def rss(self) -> int:
        return sum(worker.memory_info().rss for worker in self.workers())


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Start `tests.serving.apps` with more words, and wait until it is ready."""
    services: list[Service] = []

    def start(*words: str) -> Service:
        log = tmp_path / f"service{len(services)}.log"
        with log.open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.serving.apps", *words],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                cwd=ROOT,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready "), log.read_text()
        url = line.split()[1]
        host, _, port = url.removeprefix("http://").rstrip("/").rpartition(":")
        services.append(Service(process, log, (host.strip("[]"), int(port)), url))
        return services[-1]

    yield start
    for service in services:
        if service.process.poll() is None:
            service.workers()
            service.process.terminate()
            service.process.wait(20)
        assert service.process.stdout is not None
        service.process.stdout.close()
        wait_until(lambda service=service: not any(worker.is_running() for worker in service.seen), seconds=15)  # type: ignore[misc]
