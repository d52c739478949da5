"""The same work as Celery tasks, for workers on any number of machines.

A message says no more than “there is work”: the catalogue is the queue. So one that is lost delays a job until the next
sweep, one that comes twice finds nothing to do, and when the broker counts it as done makes no difference: whose job it
is, and whether it was done, the lease in its row decides.
"""

from __future__ import annotations

import logging
import os
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from celery import Celery, signals
from celery.worker import state

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.library.jobs import Jobs
    from gateway.library.values import Change
    from indexer.worker import Worker

_log = logging.getLogger("davgallery.indexer")
_NAME = "davgallery"
_TASK = f"{_NAME}.turn"
_MOST_MESSAGES = 10_000
"""Messages that wait in the broker at once. More files than that are found by sweeps, and cost it no memory."""
_OVERDUE = 10.0
"""Seconds after which nobody seems to have been told of a job."""
_QUIET = 10.0
"""Seconds without a try after the broker failed."""
_TIMEOUT = 2.0
# What leaves a job, or photos that have to follow their folder.
_KINDS = frozenset({"created", "replaced", "copied", "moved", "deleted", "restored"})


def _app(broker_url: str, **options: Any) -> Any:
    """A Celery with one queue and no results. Nothing of the broker is asked yet."""
    app = Celery(_NAME, broker=broker_url, set_as_current=False)
    app.conf.update(
        task_default_queue=_NAME,
        task_ignore_result=True,
        accept_content=["json"],
        worker_enable_remote_control=False,
        **options,
    )
    # Celery checks no certificate unless told to.
    parts = urlsplit(broker_url)
    if parts.scheme == "rediss":
        app.conf.broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    elif parts.scheme == "amqps":
        app.conf.broker_use_ssl = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": parts.hostname}
    return app


class Bell:
    """Tells workers elsewhere that there is work, in a thread of its own: no upload waits for the broker."""

    def __init__(self, broker_url: str) -> None:
        """Start the thread; the broker is met with the first message."""
        timeouts = {"socket_connect_timeout": _TIMEOUT, "socket_timeout": _TIMEOUT}
        if broker_url.startswith("amqp"):
            timeouts = {"read_timeout": _TIMEOUT, "write_timeout": _TIMEOUT}
        self._app = _app(broker_url, broker_connection_timeout=_TIMEOUT, broker_transport_options=timeouts)
        self._heard = threading.Semaphore(0)
        self._quiet_until = 0.0
        threading.Thread(target=self._run, name="bell", daemon=True).start()

    def heard(self, change: Change) -> None:
        """Take note of a change; a listener of the library."""
        if change.kind in _KINDS:
            self._heard.release()

    def sweep(self, jobs: Jobs) -> None:
        """Send what was lost: a message for each job that nobody has taken for ten seconds.

        And one at least, for what workers do when there are no jobs.
        """
        wanted = max(1, jobs.overdue(_OVERDUE, _MOST_MESSAGES))
        self._send(wanted, wanted)

    def close(self) -> None:
        """Leave the broker. What was not sent yet is found by a sweep."""
        self._app.close()

    def _run(self) -> None:
        while True:
            self._heard.acquire()
            count = 1
            while self._heard.acquire(blocking=False):
                count += 1
            self._send(count, _MOST_MESSAGES)

    def _send(self, count: int, most: int) -> None:
        """Send so many messages, but no more than that ``most`` of them wait; none soon after the broker failed."""
        if time.monotonic() < self._quiet_until:
            return
        try:
            with self._app.producer_pool.acquire(block=True) as producer:
                waiting = producer.channel.queue_declare(_NAME, durable=True, auto_delete=False).message_count
                for _ in range(min(count, most - waiting)):
                    self._app.send_task(_TASK, producer=producer, retry=False)
        except Exception as error:  # noqa: BLE001 - each broker's client has its own errors
            self._quiet_until = time.monotonic() + _QUIET
            _log.warning("The broker cannot be reached, new files may wait a little: %s", error)


def _is_stopping() -> bool:
    """Whether this Celery worker has been told to end: it finishes its task first."""
    return state.should_stop is not None or state.should_terminate is not None


def work_when_told(broker_url: str, worker: Worker, ready: Callable[[], None]) -> None:
    """Be a Celery worker until SIGTERM or SIGINT; a job that has begun is finished.

    The pool is ``solo``: this process does one job after the other, beside the one decoder that it has. More at once
    are more such processes.
    """
    app = _app(
        broker_url,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=0,  # nobody answers them while a job is done, which may take minutes
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
    )

    def turn() -> None:
        worker.turn(time.sleep, _is_stopping)

    def is_ready(**_: object) -> None:
        ready()

    def keep_logs(**_: object) -> None:
        """Logs are set up already."""

    app.task(name=_TASK)(turn)
    signals.setup_logging.connect(keep_logs)
    signals.worker_ready.connect(is_ready)
    logging.getLogger("celery").setLevel(logging.WARNING)  # else two lines a message
    app.Worker(
        hostname=f"{_NAME}@{socket.gethostname()}.{os.getpid()}",
        pool="solo",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    ).start()
