"""What Prometheus reads at /metrics: requests of all worker processes, and the figures of the catalogue.

Workers count into files in a folder of their own (prometheus_client's multiprocess mode), whose name the environment
must give as PROMETHEUS_MULTIPROC_DIR before this module is imported.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
import re
import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gateway.errors import GatewayError
from gateway.serving.forwarded import PROXIED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from prometheus_client.metrics_core import Metric

_log = logging.getLogger("davgallery.metrics")

COUNTS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_METHODS = frozenset(
    {"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"}
    | {"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH"}
)
"""Each is a label; what a client invents is not."""
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_COUNTED = "davgallery.in_flight"
_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in it is made by us or not used


class RequestMetrics:
    """Counts what this process answers."""

    def __init__(self) -> None:
        """Make the counters; once a process."""
        self._requests = Histogram(
            "davgallery_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            ("method", "status"),
            buckets=_SECONDS,
            registry=None,
        )
        self._by_kind: dict[tuple[str, int], Histogram] = {}
        self._sent = Counter("davgallery_sent_bytes", "Bytes of response bodies.", registry=None)
        self._received = Counter("davgallery_received_bytes", "Bytes of request bodies.", registry=None)
        self._running = Gauge(
            "davgallery_requests_in_flight", "Requests being answered.", multiprocess_mode="livesum", registry=None
        )

    def in_flight(self, app: WSGIApplication) -> WSGIApplication:
        """Return ``app`` with every request counted while it runs; ``count`` ends it."""

        def counted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            self._running.inc()
            environ[_COUNTED] = True
            return app(environ, start_response)

        return counted

    def count(self, environ: Mapping[str, Any], status: int, sent: int, seconds: float) -> None:
        """Count one answered request."""
        method = environ.get("REQUEST_METHOD", "")
        kind = (method if method in _METHODS else "other", status // 100)
        requests = self._by_kind.get(kind)
        if requests is None:
            requests = self._by_kind[kind] = self._requests.labels(kind[0], f"{kind[1]}xx")
        requests.observe(seconds)
        if sent:
            self._sent.inc(sent)
        if received := getattr(environ.get("wsgi.input"), "received", 0):
            self._received.inc(received)
        if environ.get(_COUNTED):
            self._running.dec()


class IndexMetrics:
    """Counts what this process indexes."""

    def __init__(self) -> None:
        """Make the counters; once a process."""
        self._files = Histogram(
            "davgallery_index_seconds",
            "Seconds from the claim of a file to its record, by what came of it.",
            ("outcome",),
            buckets=_SECONDS,
            registry=None,
        )

    def count(self, outcome: str, seconds: float) -> None:
        """Count one file."""
        self._files.labels(outcome).observe(seconds)


def metrics_app(folder: Path, figures: Callable[[], Mapping[str, int]], token: str | None) -> WSGIApplication:
    """Return the app that answers with what all processes counted, and with ``figures`` as they are now.

    With a ``token`` only who sends it may read (``Authorization: Bearer``). Without one it is this machine alone,
    asking for this machine: what a proxy here passes on says so, or has the host that people ask for. A private
    address proves nothing, since Docker shows every stranger under one.
    """
    one_at_a_time = threading.Lock()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not _may_read(environ, token):
            text = b"Metrics are not for everybody: see metrics_token in the settings.\n"
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text)))]
            if token is not None:
                headers.append(("WWW-Authenticate", 'Bearer realm="davgallery metrics"'))
            start_response("403 Forbidden" if token is None else "401 Unauthorized", headers)
            return [text]
        with one_at_a_time:
            _forget_the_dead(folder)
            registry = CollectorRegistry()
            MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
            registry.register(_Figures(figures))
            text = generate_latest(registry)
        start_response(
            "200 OK",
            [
                ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),
                ("Content-Length", str(len(text))),
                ("Cache-Control", "no-store"),
            ],
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [text]

    return app


def make_counts_folder(data: Path) -> Path:
    """Make the folder where the workers of the server on this data folder count; in memory where that can be.

    The files are mapped, and a process that writes to a mapped page of a full disk is killed by the system.
    """
    if _MEMORY.is_dir():
        with suppress(OSError):
            folder = _MEMORY / f"davgallery-{hashlib.sha256(bytes(data)).hexdigest()[:16]}"
            empty(folder)
            return folder
    folder = data / "run" / "metrics"
    empty(folder)
    return folder


def empty(folder: Path) -> None:
    """Make the folder for the counts of workers that are about to start, without those of an earlier run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def _forget_the_dead(folder: Path) -> None:
    """What a process that has ended was doing is not being done any more; what it did still counts."""
    for file in folder.glob("gauge_live*.db"):
        if not Path(f"/proc/{file.stem.rpartition('_')[2]}").exists():
            file.unlink(missing_ok=True)


class _Figures(Collector):
    """The catalogue's figures, read at the moment of the scrape."""

    def __init__(self, figures: Callable[[], Mapping[str, int]]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        try:
            figures = self._figures()
        except GatewayError as error:
            _log.warning("No figures for the metrics: %s", error)
            figures = {}
        yield GaugeMetricFamily("davgallery_catalogue_up", "Whether the catalogue answers.", float(bool(figures)))
        for name, value in figures.items():
            yield GaugeMetricFamily(f"davgallery_{name}", f"{name.replace('_', ' ').capitalize()}, now.", value)


def _may_read(environ: WSGIEnvironment, token: str | None) -> bool:
    if token is not None:
        given = environ.get("HTTP_AUTHORIZATION", "")
        return hmac.compare_digest(given.encode("latin-1"), f"Bearer {token}".encode())
    if PROXIED in environ:
        return False
    host = re.sub(r":[0-9]*$", "", environ.get("HTTP_HOST", "")).strip("[]").lower()
    return _is_loopback(environ.get("REMOTE_ADDR", "")) and (host == "localhost" or _is_loopback(host))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
