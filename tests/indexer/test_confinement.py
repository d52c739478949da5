"""What a decoder can use and reach, and that none is left behind."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from indexer.errors import NoDecoder, TooLarge, Unreadable
from indexer.sandbox import Sandbox
from indexer.template import tell_what_is_refused
from tests.indexer import hostile
from tests.indexer.talking import of, template_of, told, works
from tests.repository.source import ROOT

MIB = 1 << 20


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(program=hostile.PROGRAM) as one:
        yield one


def peak_memory(template: psutil.Process, work: Callable[[], object]) -> int:
    """Bytes that the template's children had resident at most while ``work`` was done."""
    peak = 0
    with ThreadPoolExecutor() as pool:
        done = pool.submit(work)
        while not done.done():
            for child in template.children():
                with suppress(psutil.NoSuchProcess):
                    peak = max(peak, child.memory_info().rss)
        done.result()
    return peak


def test_memory_stays_under_the_ceiling_seen_from_outside() -> None:
    ceiling = 200 * MIB

    def take(sandbox: Sandbox, action: str) -> None:
        with pytest.raises(TooLarge, match="200 MB"):
            told(sandbox, action)

    with Sandbox(program=hostile.PROGRAM, memory=ceiling) as sandbox:
        template = template_of(sandbox)
        for action in ("memory", "shared_memory"):
            # The parent looks every 20 ms.
            assert 100 * MIB < peak_memory(template, partial(take, sandbox, action)) < 1.5 * ceiling


def test_secrets_of_the_environment_do_not_reach_the_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAVGALLERY_S3_SECRET_KEY", "hunter2")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    with Sandbox(program=hostile.PROGRAM) as sandbox:
        environment = json.loads(told(sandbox, "environment") or "")
        block = Path(f"/proc/{template_of(sandbox).pid}/environ").read_bytes()
    assert "PATH" in environment
    assert not [name for name in environment if "DAVGALLERY" in name or "SECRET" in name]
    assert b"hunter2" not in block


@contextmanager
def reachable(folder: Path) -> Iterator[dict[str, object]]:
    """Where there is something to reach: a port, a socket in the file system, a process of the same account."""
    path = str(folder / "socket")
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_server(path, family=socket.AF_UNIX),
        subprocess.Popen(["sleep", "60"]) as bystander,
    ):
        yield {"port": server.getsockname()[1], "socket": path, "pid": bystander.pid}
        bystander.kill()


def test_a_decoder_that_was_taken_over_reaches_nothing_outside(sandbox: Sandbox, tmp_path: Path) -> None:
    original = tmp_path / "photo.jpg"
    original.write_bytes(b"somebody's")
    with reachable(tmp_path) as wanted:
        wanted["path"] = str(original)
        assert told(sandbox, "reach", json.dumps(wanted).encode()) == "nothing"
    assert original.read_bytes() == b"somebody's"


def test_without_these_walls_all_of_it_would_be_in_reach(tmp_path: Path) -> None:
    """The attempts of the test above are real ones."""
    original = tmp_path / "photo.jpg"
    original.write_bytes(b"somebody's")
    script = "import io, sys; from tests.indexer import hostile; print(hostile.attempts_of(sys.argv[1]))"
    with reachable(tmp_path) as wanted:
        wanted["path"] = str(original)
        done = subprocess.run(
            [sys.executable, "-c", script, json.dumps(wanted)], cwd=ROOT, capture_output=True, text=True, check=True
        )
    everything = "read, list, write, connect, socket, signal, limit, slow down, trace, fork, remove, execute"
    # Some systems let nobody trace but their own children.
    assert {*done.stdout.strip().split(", "), "trace"} == {*everything.split(", ")}


def test_uploads_go_first(sandbox: Sandbox) -> None:
    template = template_of(sandbox)
    assert template.nice() == psutil.Process().nice() + 10
    assert Path(f"/proc/{template.pid}/oom_score_adj").read_text() == "1000\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_decoder_killed_between_two_files_delays_one_by_a_start(number: int) -> None:
    with Sandbox(program=hostile.PROGRAM) as sandbox:
        template = template_of(sandbox)
        template.send_signal(number)
        template.wait(10)
        assert works(sandbox)


def test_a_file_cannot_kill_the_process_that_all_decoders_come_from(sandbox: Sandbox) -> None:
    template = template_of(sandbox)
    with pytest.raises(Unreadable, match="cannot be decoded"):
        told(sandbox, "kill_template")
    assert template.is_running()
    assert works(sandbox)


def test_what_this_system_refuses_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tell_what_is_refused()
    assert caplog.messages == [], "tests need a system that refuses nothing"
    # Calls that do not exist are refused as containers and old kernels do it.
    script = (
        "from indexer import calls, confine;"
        "confine._CLONE_NEWNET = confine._CREATE_RULESET = calls._PR_SET_SECCOMP = -1;"
        "print(*confine.shut_in(), *confine.shut_in_child(), sep=chr(10))"
    )
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{script}'\n")
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    tell_what_is_refused()
    assert "refuses a network namespace, Landlock, seccomp." in caplog.text


def test_no_decoder_is_no_fault_of_the_file() -> None:
    with Sandbox(program="tests.indexer.nothing") as sandbox:
        for _ in range(2):
            with pytest.raises(NoDecoder):
                sandbox.extract(of(b"x"), 1)


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all of them end within ten seconds; zombies, which nobody reaps in a container, have ended."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes):
            return True
        time.sleep(0.02)
    return False


def test_nothing_is_left_when_the_sandbox_is_left() -> None:
    with Sandbox(program=hostile.PROGRAM) as sandbox:
        processes = [template_of(sandbox)]
        assert told(sandbox, "linger") == "here I am"
        processes += processes[0].children()
    assert gone(processes)


def test_nothing_is_left_when_the_worker_is_killed() -> None:
    script = f"""
from indexer.sandbox import Sandbox
from indexer.template import tell_what_is_refused
with Sandbox(program={hostile.PROGRAM!r}) as sandbox:
    sandbox.extract(lambda start, length: iter([b"hang\\n"]), 5)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) as popen:
        worker = psutil.Process(popen.pid)
        try:
            while len(processes := worker.children(recursive=True)) < 2:
                assert popen.poll() is None
                time.sleep(0.01)
        finally:
            popen.kill()
    assert gone(processes)
