"""Opens the listening socket, starts the processes that share it, and keeps them running."""

import contextlib
import ctypes
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from gateway.serving.server import BACKLOG
from gateway.serving.worker import PIPE_VARIABLE, READY, SHARED_VARIABLE, SOCKET_VARIABLE

_TRIES_AT_START = 3
_WRONG_USE = 2
_SHORTEST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)  # loaded now: a process between fork and exec should load nothing
_HEALTHY_AFTER = 30.0
_log = logging.getLogger("davgallery.supervisor")


class StartFailed(Exception):
    """The service cannot start. The message is a sentence for people, `status` the exit status."""

    def __init__(self, message: str, status: int = 1) -> None:
        """Remember both."""
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Child:
    """A kind of process: its name in the logs, its command line, how many, and whether they share the socket."""

    name: str
    command: Sequence[str]
    count: int = 1
    needs_socket: bool = True


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket. A name is taken as IPv4 if it can be; "::" takes both. StartFailed says why not."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        raise StartFailed(f"The host {host} is not known here.", _WRONG_USE) from None
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StartFailed(f"Cannot listen on {_netloc(host, port)}: {reason.lower()}.", _WRONG_USE) from None
    listener.settimeout(0)
    return listener


def print_ready(url: str) -> None:
    """Print the line that scripts wait for."""
    sys.stdout.write(f"ready {url}\n")
    sys.stdout.flush()


def supervise(
    children: Sequence[Child],
    *,
    host: str,
    port: int,
    scheme: str = "http",
    ready: Callable[[str], None] = print_ready,
    ended: Callable[[str, int], None] = lambda _name, _pid: None,
    start_seconds: float = 60,
    drain_seconds: float = 45,
) -> int:
    """Run the children until SIGTERM or SIGINT, and return the exit status. Call it from the main thread.

    `ready` is called once with the address, when every child has said that it is ready; `ended` with the name and the
    process id of each child that has ended, in whatever way. Dead children are started again, at first after 0.1 s,
    then after pauses that double up to 10 s. SIGHUP starts a new set of children and ends the old one when all of the
    new are ready. A child that is not ready within `start_seconds` is ended. A child that does not stop within
    `drain_seconds` is killed, and so are all at a second SIGTERM.
    StartFailed is raised when the socket cannot be opened, or when a child ends before it was ever ready: three times,
    or once with status 2, which means wrong use.
    """
    with (
        listen(host, port) as listener,
        _Supervisor(children, listener, ended, start_seconds, drain_seconds) as supervisor,
    ):
        url = f"{scheme}://{_netloc(host, listener.getsockname()[1])}/"
        return supervisor.run(lambda: ready(url))


def _netloc(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(eq=False)
class _Process:
    """A started child."""

    child: Child
    popen: subprocess.Popen[bytes]
    pipe: socket.socket
    since: float
    ready: bool = False
    kill_at: float = float("inf")


@dataclass(eq=False)
class _Place:
    """Where one process of a kind should be running."""

    child: Child
    process: _Process | None = None
    pause: float = _SHORTEST_PAUSE
    start_at: float = 0.0
    failures: int = 0


@dataclass(eq=False)
class _Supervisor:
    children: Sequence[Child]
    listener: socket.socket
    ended: Callable[[str, int], None]
    start_seconds: float
    drain_seconds: float
    places: list[_Place] = field(default_factory=list)
    coming: list[_Place] = field(default_factory=list)  # the new set, while it starts
    leaving: list[_Process] = field(default_factory=list)  # told to stop
    was_ready: bool = False
    asked: set[int] = field(default_factory=set)  # signals that came

    def __enter__(self) -> Self:
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = socket.socketpair()
        self._wake.settimeout(0)
        self._waker.settimeout(0)
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._old_wakeup = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
        self._old_handlers = {number: signal.signal(number, self._on_signal) for number in numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes():
            process.popen.kill()
            process.popen.wait()
            process.pipe.close()
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_wakeup)
        self._selector.close()
        self._wake.close()
        self._waker.close()

    def run(self, ready: Callable[[], None]) -> int:
        self.places = self._new_places()
        while not self.asked & {signal.SIGTERM, signal.SIGINT}:
            self._keep_running(self.places)
            self._keep_running(self.coming)
            if not self.was_ready and _all_ready(self.places):
                self.was_ready = True
                ready()
            self._roll()
            self._wait()
        self._stop()
        return 0

    def _on_signal(self, number: int, _frame: object) -> None:
        self.asked.add(number)

    def _new_places(self) -> list[_Place]:
        return [_Place(child) for child in self.children for _ in range(child.count)]

    def _start(self, child: Child) -> _Process:
        ours, theirs = socket.socketpair()
        with theirs:
            environ = {**os.environ, PIPE_VARIABLE: str(theirs.fileno())}
            passed = [theirs.fileno()]
            if child.needs_socket:
                environ[SOCKET_VARIABLE] = str(self.listener.fileno())
                sharing = sum(other.count for other in self.children if other.needs_socket)
                environ[SHARED_VARIABLE] = "1" if sharing > 1 else ""
                passed.append(self.listener.fileno())
            popen = subprocess.Popen(  # noqa: S603 - the command is ours
                child.command,
                env=environ,
                pass_fds=passed,
                # Of its own: Ctrl-C reaches the supervisor alone, which then ends the others in order.
                process_group=0,
                preexec_fn=partial(_end_with, os.getpid()),  # noqa: PLW1509 - the supervisor has no other thread
            )
        ours.settimeout(0)
        self._selector.register(ours, selectors.EVENT_READ)
        return _Process(child, popen, ours, time.monotonic())

    def _keep_running(self, places: list[_Place]) -> None:
        now = time.monotonic()
        for place in places:
            process = place.process
            if process is None:
                if now >= place.start_at:
                    place.process = self._start(place.child)
                continue
            self._listen_to(process)
            status = process.popen.poll()
            if status is not None:
                self._forget(process)
                fatal = status == _WRONG_USE or place.failures + 1 >= _TRIES_AT_START
                self._ended(place, process, f"stopped with {_described(status)}", fatal=fatal)
            elif not process.ready and now - process.since > self.start_seconds:
                process.popen.kill()
                process.popen.wait()
                self._forget(process)
                self._ended(place, process, f"was not ready within {self.start_seconds:g} seconds", fatal=True)
            elif process.ready and now - process.since > _HEALTHY_AFTER:
                place.pause, place.failures = _SHORTEST_PAUSE, 0

    def _listen_to(self, process: _Process) -> None:
        with contextlib.suppress(OSError):
            said = process.pipe.recv(len(READY))
            process.ready = process.ready or said == READY
            if not said:
                with contextlib.suppress(KeyError):
                    self._selector.unregister(process.pipe)  # closed by a child that is about to end

    def _ended(self, place: _Place, process: _Process, how: str, *, fatal: bool) -> None:
        place.process = None
        place.failures += 1
        sentence = f"The {place.child.name} process {process.popen.pid} {how}."
        if fatal and not self.was_ready:
            raise StartFailed(sentence, _WRONG_USE if process.popen.returncode == _WRONG_USE else 1)
        _log.error("%s It is started again in %.1f seconds.", sentence, place.pause)
        place.start_at = time.monotonic() + place.pause
        place.pause = min(place.pause * 2, _LONGEST_PAUSE)

    def _roll(self) -> None:
        """Go on with replacing the processes by new ones."""
        if signal.SIGHUP in self.asked and self.was_ready and not self.coming:
            self.asked.discard(signal.SIGHUP)
            _log.info("starting new processes")
            self.coming = self._new_places()
            self._keep_running(self.coming)
        if any(place.failures >= _TRIES_AT_START for place in self.coming):
            _log.error("The new processes do not start. The old ones go on.")
            self._dismiss(self.coming)
            self.coming = []
        if self.coming and _all_ready(self.coming):
            old, self.places, self.coming = self.places, self.coming, []
            self._dismiss(old)
        self._reap()

    def _dismiss(self, places: list[_Place]) -> None:
        for place in places:
            if place.process is not None:
                place.process.popen.terminate()
                place.process.kill_at = time.monotonic() + self.drain_seconds
                self.leaving.append(place.process)

    def _reap(self) -> None:
        for process in list(self.leaving):
            self._listen_to(process)
            if time.monotonic() > process.kill_at:
                _log.error("The %s process %d did not stop and is killed.", process.child.name, process.popen.pid)
                process.popen.kill()
                process.kill_at = float("inf")
            if process.popen.poll() is not None:
                self.leaving.remove(process)
                self._forget(process)

    def _stop(self) -> None:
        """End everything: in order, or at once when asked a second time."""
        self.listener.close()
        self._dismiss(self.places)
        self._dismiss(self.coming)
        self.places = self.coming = []
        self.asked.clear()
        while self.leaving:
            self._wait()
            if self.asked & {signal.SIGTERM, signal.SIGINT}:
                for process in self.leaving:
                    process.kill_at = 0.0
            self._reap()

    def _forget(self, process: _Process) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(process.pipe)
        process.pipe.close()
        self.ended(process.child.name, process.popen.pid)

    def _processes(self) -> Iterator[_Process]:
        yield from self.leaving
        for place in (*self.places, *self.coming):
            if place.process is not None:
                yield place.process

    def _wait(self) -> None:
        now = time.monotonic()
        times = [process.kill_at for process in self.leaving]
        for place in (*self.places, *self.coming):
            if place.process is None:
                times.append(place.start_at)
            elif not place.process.ready:
                times.append(place.process.since + self.start_seconds)
        pause = max(0.0, min(times, default=float("inf")) - now)
        self._selector.select(min(pause, 1.0))
        with contextlib.suppress(BlockingIOError):
            while self._wake.recv(256):
                pass


def _end_with(supervisor: int) -> None:
    """Let this process, before it becomes a child's program, get SIGTERM when the supervisor is gone.

    A child looks at its lifeline when it has started; one that is still importing would hold the port until then.
    """
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != supervisor:
            os._exit(1)


def _all_ready(places: list[_Place]) -> bool:
    return all(place.process is not None and place.process.ready for place in places)


def _described(status: int) -> str:
    return f"status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"
