"""Who waits for what: connections without work for a thread wait here, each with the time at which it is given up."""

import contextlib
import errno
import logging
import selectors
import socket
import threading
import time
from typing import TYPE_CHECKING

from gateway.serving.connection import Connection

if TYPE_CHECKING:
    from gateway.serving.server import Server

_SWEEP_SECONDS = 0.25
_DRAIN_SECONDS = 0.02
_DEFERENCE = 0.001
_MOST_DEFERENCE = 5
_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
_log = logging.getLogger("davgallery.serving")


class Connections:
    """Accepts connections and watches those that wait, all in one thread that never blocks on a client.

    Takes the place of cheroot's ConnectionManager, which gives every new connection a thread before it has said a word,
    and shakes hands in its accept loop.
    """

    def __init__(self, server: "Server", listener: socket.socket) -> None:
        """Watch a listening, non-blocking socket."""
        self._server = server
        self._listener: socket.socket | None = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._woken, self._waker = socket.socketpair()
        self._woken.settimeout(0)
        self._waker.settimeout(0)
        self._selector.register(self._woken, selectors.EVENT_READ, self._woken)
        self._lock = threading.Lock()
        self._accept_at = 0.0  # when to look at the listener again, while it is left to other processes
        self._stopped = False
        self.open: set[Connection] = set()

    def run(self, expiration_interval: float = _SWEEP_SECONDS) -> None:
        """Hand connections that have work to the threads, until stopped or drained."""
        swept = time.monotonic()
        while not self._stopped:
            for key, _ in self._selector.select(self._pause(expiration_interval)):
                if isinstance(key.data, Connection):
                    if key.data not in self.open:
                        continue  # closed a moment ago, to make room for another one
                    self._unwatch(key.data)
                    self._server.process_conn(key.data)
                elif key.data is self._woken:
                    self._woken.recv(64)
                else:
                    self._accept_or_defer()
            now = time.monotonic()
            if 0 < self._accept_at <= now:
                self._accept_at = 0.0
                self._accept_share()
                self._watch_listener()
            if now - swept >= expiration_interval or self._server.draining:
                swept = now
                self._give_up(now)
            if self._server.draining and self._drained(now):
                return

    def put(self, connection: Connection) -> None:
        """Watch a connection again. Called by the threads."""
        if connection.has_work():
            self._server.process_conn(connection)
            return
        with self._lock:
            self._selector.register(connection.wire.socket, selectors.EVENT_READ, connection)

    def forget(self, connection: Connection) -> None:
        """Count a connection as closed. Called by the threads."""
        self.open.discard(connection)

    def wake(self) -> None:
        """Let `run` look at once whether it shall end. Safe to call from a signal handler."""
        with contextlib.suppress(OSError):
            self._waker.send(b"w")

    def stop(self) -> None:
        """End `run`."""
        self._stopped = True
        self.wake()

    def close(self) -> None:
        """Close everything that still waits."""
        for connection in self._watched():
            self._unwatch(connection)
            connection.close()
        self._ignore_listener()
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _pause(self, usual: float) -> float:
        if self._server.draining:
            usual = _DRAIN_SECONDS
        return min(usual, max(0.0, self._accept_at - time.monotonic())) if self._accept_at else usual

    def _accept_or_defer(self) -> None:
        """Leave a new connection to a process that has fewer, for some milliseconds.

        Processes that share a listener and all take what they can end up with very different numbers: of two busy
        connections, both came to one process four times in ten, and the other core was idle.
        """
        if self._server.shared and self.open and not self._server.draining:
            self._accept_at = time.monotonic() + _DEFERENCE * min(len(self.open), _MOST_DEFERENCE)
            with self._lock:
                assert self._listener is not None  # noqa: S101 - its event is why we are here
                self._selector.unregister(self._listener)  # or it would stay readable and this loop would spin
        else:
            self._accept()

    def _accept_share(self) -> None:
        """Accept what waits, up to a quarter more than there are, so that a crowd does not wait in single file."""
        for _ in range(max(1, len(self.open) // 4)):
            before = len(self.open)
            self._accept()
            if len(self.open) <= before:
                return

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            accepted, address = self._listener.accept()
        except BlockingIOError:
            return  # another process was quicker
        except OSError as error:
            if error.errno in _OUT_OF_FILES:
                _log.warning("no more connections: %s", error.strerror)
                self._make_room()
                time.sleep(0.05)  # the listener stays readable; this loop must not spin on it
            return
        if len(self.open) >= self._server.most_connections and not self._make_room():
            with contextlib.suppress(OSError), accepted:
                accepted.settimeout(0)
                accepted.send(_BUSY)
            return
        with contextlib.suppress(OSError):  # it may be gone already
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(self._server, accepted, address)
        self.open.add(connection)
        self.put(connection)

    def _make_room(self) -> bool:
        """Close the connection that has been idle for the longest time, if there is one."""
        idle = [connection for connection in self._watched() if connection.idle]
        if not idle:
            return False
        oldest = min(idle, key=lambda connection: connection.deadline)
        self._unwatch(oldest)
        oldest.close()
        return True

    def _give_up(self, now: float) -> None:
        for connection in self._watched():
            if connection.deadline <= now:
                self._unwatch(connection)
                connection.give_up()

    def _drained(self, now: float) -> bool:
        """Go on with stopping. True when nothing is left to wait for, or no more time."""
        began, limits = self._server.drain_began, self._server.limits
        while self._listener is not None:
            waiting = len(self.open)
            self._accept()  # what already waits was promised an answer
            if len(self.open) == waiting:
                self._ignore_listener()
        for connection in self._watched():
            if connection.idle:
                connection.deadline = min(connection.deadline, began + limits.drain_idle)
        return not self.open or now >= began + limits.drain

    def _watched(self) -> list[Connection]:
        with self._lock:
            keys = (self._selector.get_map() or {}).values()
            return [key.data for key in keys if isinstance(key.data, Connection)]

    def _unwatch(self, connection: Connection) -> None:
        with self._lock:
            self._selector.unregister(connection.wire.socket)

    def _watch_listener(self) -> None:
        if self._listener is not None:
            with self._lock:
                self._selector.register(self._listener, selectors.EVENT_READ)

    def _ignore_listener(self) -> None:
        if self._listener is not None:
            with self._lock:
                if not self._accept_at:
                    self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
