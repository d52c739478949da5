"""What stands between the socket and the apps: cheroot's threads and life cycle, our reading and writing."""

import logging
import resource
import socket
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cheroot import wsgi

from gateway.serving.connections import Connections
from gateway.serving.forwarded import Network
from gateway.serving.handover import Handover

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from gateway.serving.connection import Connection

BACKLOG = 1024
_FILES_FOR_THE_APP = 512
_log = logging.getLogger("davgallery.serving")

OnResponse = Callable[[dict[str, Any], int, int, float], None]


@dataclass(frozen=True)
class Limits:
    """How long and how much a client may take. Seconds and bytes."""

    head: float = 30  # from the first byte of a request to the end of its headers; also a TLS handshake
    head_bytes: int = 32768
    small_body: int = 16384  # a body of this size does not get a thread before it is there
    silence: float = 60  # without progress in a body or a response
    idle: float = 75  # between two requests
    next_request: float = 0.02  # how long a thread waits for the next request of its connection
    linger: float = 10  # reading on after the last response
    linger_silence: float = 2
    drain: float = 30  # for running requests, when the server stops
    drain_idle: float = 1  # for connections without a request, then
    cut: float = 5  # for what was cut to end, after that


DEFAULT_LIMITS = Limits()


class Server(wsgi.Server):
    """Serves a WSGI application on a listening socket. `prepare()`, then `serve()`, which returns after `drain()`.

    Of cheroot come the pool of threads, its interrupts and its start. `busy` are the connections that a thread works
    on. `on_response` is called after each response with environ, status, bytes of content that were sent, and seconds.
    """

    _connections: Any

    def __init__(
        self,
        app: "WSGIApplication",
        listener: socket.socket,
        *,
        tls: ssl.SSLContext | None = None,
        trusted: Sequence[Network] = (),
        on_response: OnResponse | None = None,
        threads: int = 256,
        shared: bool = False,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Prepare to serve. The server closes the socket in the end. `shared`: other processes accept from it too."""
        super().__init__(
            listener.getsockname()[:2], app, numthreads=threads, server_name="davgallery", request_queue_size=BACKLOG
        )
        self.requests._queue = handover = Handover()  # noqa: SLF001 - cheroot has no other way
        self.requests.get = handover.get
        self.listener = listener
        self.tls = tls
        self.trusted = trusted
        self.limits = limits
        self.shared = shared
        self.draining = False
        self.drain_began = 0.0
        self.busy: set[Connection] = set()
        self.most_connections = _most_connections()
        self.connections = Connections(self, listener)
        self._on_response = on_response
        host, port = self.bind_addr
        self.base_environ: dict[str, Any] = {
            "SCRIPT_NAME": "",
            "PATH_INFO": "",
            "QUERY_STRING": "",
            "REQUEST_METHOD": "",
            "REQUEST_URI": "",
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "SERVER_SOFTWARE": self.server_name,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.input_terminated": True,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }

    def bind(self, family: int, type: int, proto: int = 0) -> socket.socket:  # noqa: A002, ARG002 - cheroot's names
        """Use the socket that was inherited instead of opening one."""
        self.socket = self.listener
        return self.listener

    def prepare(self) -> None:
        """Start the threads."""
        super().prepare()
        self.listener.settimeout(0)  # a process that loses the race for a connection must not wait in accept
        self._connections.close()
        self._connections = self.connections

    def serve(self) -> None:
        """Serve until drained or stopped."""
        self.connections.run()
        self.stop()

    def drain(self) -> None:
        """Accept no more, let running requests end. Safe to call from a signal handler, at any time."""
        if not self.draining:
            self.drain_began = time.monotonic()
            self.draining = True
            self.connections.wake()

    def stop(self) -> None:
        """Cut what still runs, and end the threads. `busy` then holds those that cannot be ended."""
        if not self.ready:
            return
        self.connections.stop()
        self._cut(socket.SHUT_RD)
        self._cut(socket.SHUT_RDWR)
        self.socket = None  # or cheroot connects to it, to wake a loop that is not there
        if self.busy:
            _log.error("%d requests could not be ended", len(self.busy))
            self.ready = False
            self.connections.close()
        else:
            super().stop()

    def report(self, environ: dict[str, Any], status: int, sent: int, seconds: float) -> None:
        """Tell whoever wants to know about a response."""
        if self._on_response is not None:
            try:
                self._on_response(environ, status, sent, seconds)
            except Exception:  # noqa: BLE001 - a log that fails must not cost the client its connection
                _log.exception("the response could not be logged")

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:  # noqa: FBT001, FBT002 - cheroot's signature
        """Log what cheroot has to say."""
        _log.log(level, "%s", msg, exc_info=traceback)

    def _cut(self, how: int) -> None:
        for connection in list(self.busy):
            connection.wire.cut(how)
        until = time.monotonic() + self.limits.cut / 2
        while self.busy and time.monotonic() < until:
            time.sleep(0.02)


def _most_connections() -> int:
    """Raise the limit of open files as far as it goes, and leave the application its share."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else hard
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(64, soft - _FILES_FOR_THE_APP)
