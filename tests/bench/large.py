"""One large file in and out, and what it costs in memory."""

import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.figures import Figure
from tests.bench.load import Side
from tests.bench.stage import Stage
from tests.support.tools import tool

_MIB = 1 << 20


def large(stage: Stage) -> Iterator[Figure]:
    """1 GiB by curl, up and down, and how much larger a worker of ours became meanwhile."""
    size = f"{stage.plan.large // _MIB} MiB"
    up, down = Figure(f"PUT {size}", "s"), Figure(f"GET {size}", "s")
    memory = Figure(f"memory that a worker grew by during PUT and GET of {size}", "MiB")
    with tempfile.NamedTemporaryFile(prefix="davgallery-bench-") as source:
        source.truncate(stage.plan.large)
        folder = stage.folder()
        for side in (stage.ours, stage.peer):
            side.ask("MKCOL", folder)
            side.ask("PUT", f"{folder}small.bin", b"x" * 100_000)
        with _growth(stage, memory.ours):
            for number in range(min(3, stage.plan.rounds)):
                path = f"{folder}{number}.bin"
                for side, ups, downs in ((stage.ours, up.ours, down.ours), (stage.peer, up.peer, down.peer)):
                    ups.append(_curl(side, path, "--upload-file", source.name))
                    downs.append(_curl(side, path))
    yield from (up, down, memory)


def _curl(side: Side, path: str, *options: str) -> float:
    login = [word for name, value in side.login.items() for word in ("--header", f"{name}: {value}")]
    words = [tool("curl", package="curl"), "--silent", "--show-error", "--fail", "--output", "/dev/null", *login]
    began = time.perf_counter()
    subprocess.run([*words, *options, side.url + path], check=True)
    return time.perf_counter() - began


@contextmanager
def _growth(stage: Stage, found: list[float]) -> Iterator[None]:
    """Look every 50 ms, and note by how much the worker that grew most had grown."""
    before, ended = stage.served.resident(), threading.Event()
    peak = dict(before)

    def watch() -> None:
        while not ended.wait(0.05):
            for pid, now in stage.served.resident().items():
                peak[pid] = max(peak[pid], now)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
    found.append(max(peak[pid] - before[pid] for pid in before) / _MIB)
