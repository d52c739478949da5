"""The worker's side of the supervisor: what it inherits, how it says that it is ready, and when it stops."""

import contextlib
import logging
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gateway.serving.forwarded import Network
from gateway.serving.server import DEFAULT_LIMITS, Limits, OnResponse, Server

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

SOCKET_VARIABLE = "GATEWAY_LISTENER_FD"
SHARED_VARIABLE = "GATEWAY_LISTENER_SHARED"
PIPE_VARIABLE = "GATEWAY_LIFELINE_FD"
READY = b"ready\n"
_log = logging.getLogger("davgallery.serving")


class Lifeline:
    """A child's connection to its supervisor: it says "ready" once, and an end of it means that the supervisor died."""

    def __init__(self, pipe_fd: int) -> None:
        """Take over the inherited end of the pipe."""
        self._pipe = socket.socket(fileno=pipe_fd)
        self._pipe.set_inheritable(False)

    @classmethod
    def inherited(cls) -> "Lifeline":
        """Return the lifeline of this process. KeyError when no supervisor started it."""
        return cls(int(os.environ.pop(PIPE_VARIABLE)))

    def ready(self) -> None:
        """Tell the supervisor that this process does its work from now on. One that is gone is noticed elsewhere."""
        with contextlib.suppress(ConnectionError):
            self._pipe.sendall(READY)

    def when_lost(self, action: Callable[[], None]) -> None:
        """Call `action` in a thread of its own when the supervisor is gone."""

        def watch() -> None:
            try:
                while self._pipe.recv(1):
                    pass
            except OSError:
                pass
            action()

        threading.Thread(target=watch, name="lifeline", daemon=True).start()


def inherited_socket() -> socket.socket:
    """Return the listening socket that the supervisor opened. KeyError when there is none."""
    listener = socket.socket(fileno=int(os.environ.pop(SOCKET_VARIABLE)))
    listener.set_inheritable(False)
    return listener


def run_worker(
    app: "WSGIApplication",
    *,
    tls: ssl.SSLContext | None = None,
    trusted: Sequence[Network] = (),
    on_response: OnResponse | None = None,
    threads: int = 256,
    limits: Limits = DEFAULT_LIMITS,
) -> None:
    """Serve the application on the supervisor's socket until SIGTERM, or until the supervisor is gone.

    Call it from the main thread. It returns when every request has ended. Requests that cannot even be ended by cutting
    their connections would keep the process alive for ever; then it exits here, with 0.
    """
    lifeline = Lifeline.inherited()
    server = Server(
        app,
        inherited_socket(),
        tls=tls,
        trusted=trusted,
        on_response=on_response,
        threads=threads,
        shared=os.environ.pop(SHARED_VARIABLE, "") == "1",
        limits=limits,
    )
    signal.signal(signal.SIGTERM, lambda _number, _frame: server.drain())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    lifeline.when_lost(server.drain)
    try:
        server.prepare()
        lifeline.ready()
        server.serve()
    except BaseException:  # noqa: BLE001 - the threads would keep a process alive that serves nobody
        _log.exception("this worker cannot go on")
        _exit_without_threads(1)
    if server.busy:
        _exit_without_threads(0)


def _exit_without_threads(status: int) -> None:
    """End the process although threads of it, which Python would wait for, still run."""
    logging.shutdown()
    os._exit(status)
