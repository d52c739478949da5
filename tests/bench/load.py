"""Load, and what it cost: wrk for many requests, a raw connection for one, CPU time by process."""

import base64
import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

import psutil

from tests.support.tools import tool

CONNECTIONS = 8
SMALL = 100_000
"""Bytes of a small file."""

Processes = Callable[[], Mapping[str, list[int]]]
"""The process ids of each part that works for one side."""


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: a WebDAV folder, whose address ends in a slash, and who works behind it."""

    name: str
    url: str
    user: str
    password: str
    processes: Processes

    @property
    def path(self) -> str:
        """The address without the host."""
        return urlsplit(self.url).path

    @property
    def login(self) -> dict[str, str]:
        """The header."""
        return {"Authorization": "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()}

    def ask(self, method: str, path: str = "", body: bytes = b"", **fields: str) -> "Answer":
        """Send one request on a connection of its own, and read the answer to its end.

        RuntimeError for any status but 2xx. Underscores in the names of ``fields`` are hyphens.
        """
        headers = self.login | {name.replace("_", "-"): value for name, value in fields.items()}
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=600)
        connection.connect()
        began = time.perf_counter()
        connection.request(method, self.path + path, body or None, headers)
        response = connection.getresponse()
        first = response.read(1)
        first_byte = time.perf_counter() - began
        size = len(first) + sum(map(len, iter(lambda: response.read(1 << 20), b"")))
        seconds = time.perf_counter() - began
        connection.close()
        if response.status >= 300:
            raise RuntimeError(f"{self.name}: {method} {path}: {response.status}")
        return Answer(seconds, first_byte, size)


@dataclass(frozen=True)
class Answer:
    """How long one answer took, in seconds, and how many bytes its body had."""

    seconds: float
    first_byte: float
    size: int


@dataclass
class Cost:
    """CPU seconds by part, filled when the block that it was measured in has ended."""

    seconds: dict[str, float] = field(default_factory=dict)

    def each(self, requests: int) -> dict[str, float]:
        """Milliseconds for each request."""
        return {part: used * 1000 / max(requests, 1) for part, used in self.seconds.items()}


@contextmanager
def cost(processes: Processes) -> Iterator[Cost]:
    """Measure the CPU time of a side's processes, and of the programs that the block runs as ``load``."""
    measured = Cost()
    before, load = _used(processes()), _children()
    yield measured
    after = _used(processes())
    measured.seconds = {part: after[part] - before[part] for part in before} | {"load": _children() - load}


def _used(processes: Mapping[str, list[int]]) -> dict[str, float]:
    used = {}
    for part, pids in processes.items():
        times = [psutil.Process(pid).cpu_times() for pid in pids]
        used[part] = sum(one.user + one.system for one in times)
    return used


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True)
class Rate:
    """What a run of wrk achieved. Only 2xx count: under load rclone refuses some uploads, and quickly."""

    good: int
    bad: int
    seconds: float
    cpu: dict[str, float]
    """Milliseconds for each good request, by part."""

    @property
    def each_second(self) -> float:
        """Good answers a second."""
        return self.good / self.seconds


_PUT = """
local body, count = string.rep("x", $size), 0
request = function()
  count = count + 1
  return wrk.format("PUT", "$path" .. count .. ".jpg", $headers, body)
end
"""
_GET = """
local requests, count = {}, 0
init = function()
  for n = 1, $files do requests[n] = wrk.format("GET", "$path" .. n .. ".jpg", $headers) end
end
request = function()
  count = count % $files + 1
  return requests[count]
end
"""
_DONE = """
done = function(summary)
  local bad = summary.errors.status
  local seconds = string.format("%.6f", summary.duration / 1e6)
  io.write('\\n{"good": ' .. summary.requests - bad .. ', "bad": ' .. bad .. ', "seconds": ' .. seconds .. '}\\n')
end
"""


def put(side: Side, folder: str, seconds: float) -> Rate:
    """Upload small files, each under a new name, into the new folder ``folder``, which ends in a slash."""
    side.ask("MKCOL", folder)
    return _wrk(side, seconds, _PUT, path=side.path + folder, size=SMALL)


def get(side: Side, folder: str, files: int, seconds: float) -> Rate:
    """Download the files ``1.jpg`` to ``<files>.jpg`` of a folder in turn."""
    return _wrk(side, seconds, _GET, path=side.path + folder, files=files)


def _wrk(side: Side, seconds: float, script: str, **values: object) -> Rate:
    headers = ", ".join(f'["{name}"] = "{value}"' for name, value in side.login.items())
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        Path(file.name).write_text(Template(script).substitute(values, headers=f"{{{headers}}}") + _DONE)
        words = [tool("wrk", package="wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}", "--timeout", "30"]
        with cost(side.processes) as spent:
            done = subprocess.run([*words, "-s", file.name, side.url], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    if not said["good"]:
        raise RuntimeError(f"{side.name}: no request succeeded\n{done.stdout}")
    return Rate(**said, cpu=spent.each(said["good"]))
