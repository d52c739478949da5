"""/metrics: what is counted, over all processes, and who may read it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from config import metrics
from gateway.errors import CatalogueUnavailable
from gateway.serving import forwarded
from tests.components.gateway import Gateway
from tests.support.photographs import photograph
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
WORKER = """
from config.metrics import RequestMetrics
counts = RequestMetrics()
app = counts.in_flight(lambda environ, start_response: [])
for method, status in (("PUT", 201), ("PUT", 507), ("GET", 200), ("BREW", 405)):
    environ = {"REQUEST_METHOD": method}
    app(environ, None)
    counts.count(environ, status, 1000, 0.02)
counts.count({"REQUEST_METHOD": "GET"}, 400, 0, 0.0)
app({}, None)
"""


def scrape(folder: Path, token: str | None = None, **environ: str) -> tuple[str, str]:
    """Return the status line's text and the body."""
    values: dict[str, Any] = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost", **environ}
    setup_testing_defaults(values)
    said: list[str] = []
    app = metrics.metrics_app(folder, lambda: {"entries": 7, "live_bytes": 10**15}, token)
    body = b"".join(app(values, lambda status, _headers, *_: said.append(status)))  # type: ignore[arg-type]
    return said[0], body.decode()


def count_in_another_process(folder: Path) -> None:
    """Let a worker count a few requests, one of which never ends."""
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", WORKER], env=environ, check=True, timeout=60)


def values_of(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(value for name, value in sorted(sample.labels.items()) if name != "le")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def now(gateway: Gateway) -> dict[tuple[str, ...], float]:
    """What a running server tells."""
    return values_of(requests.get(f"{gateway.url}/metrics", timeout=10).text)


def test_requests_of_all_processes_are_summed(tmp_path: Path) -> None:
    metrics.empty(tmp_path / "metrics")
    for _ in range(2):
        count_in_another_process(tmp_path / "metrics")

    values = values_of(scrape(tmp_path / "metrics")[1])

    assert values["davgallery_request_seconds_count", "PUT", "2xx"] == 2
    assert values["davgallery_request_seconds_count", "PUT", "5xx"] == 2
    assert values["davgallery_request_seconds_count", "other", "4xx"] == 2
    assert values["davgallery_sent_bytes_total",] == 8000


def test_request_in_flight_is_one_until_it_is_answered_or_its_process_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKER + "print(flush=True); input()"]
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.read(1)
        assert values_of(scrape(tmp_path)[1])["davgallery_requests_in_flight",] == 1
        process.kill()

    values = values_of(scrape(tmp_path)[1])
    assert ("davgallery_requests_in_flight",) not in values
    assert values["davgallery_request_seconds_count", "PUT", "2xx"] == 1


def test_counts_of_an_earlier_run_are_gone(tmp_path: Path) -> None:
    metrics.empty(tmp_path)
    count_in_another_process(tmp_path)

    metrics.empty(tmp_path)

    assert "davgallery_request_seconds" not in scrape(tmp_path)[1]


def test_files_that_were_indexed_are_counted_by_what_came_of_them(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(workers=1, indexers=1)
    auth = ("admin", gateway.admin_password)
    photo, other = photograph(1), photograph(2)
    for name, content in (("a", photo), ("b", photo), ("c", other[: len(other) // 2])):
        requests.put(gateway.dav(f"admin/{name}.jpg"), data=content, auth=auth, timeout=20).raise_for_status()
        wait_until(lambda: not now(gateway)["davgallery_jobs_waiting",], seconds=60)

    values = now(gateway)

    outcomes = {key[1]: count for key, count in values.items() if key[0] == "davgallery_index_seconds_count"}
    assert outcomes == {"indexed": 1, "known": 1, "failed": 1}
    assert values["davgallery_index_seconds_sum", "indexed"] > values["davgallery_index_seconds_sum", "known"] > 0
    assert (values["davgallery_photos",], values["davgallery_jobs_failed",]) == (3, 1)


def test_figures_of_the_catalogue_are_read_at_the_scrape(tmp_path: Path) -> None:
    values = values_of(scrape(tmp_path)[1])

    assert values["davgallery_entries",] == 7
    assert values["davgallery_live_bytes",] == 10**15
    assert values["davgallery_catalogue_up",] == 1


def test_metrics_go_on_when_the_catalogue_is_down(tmp_path: Path) -> None:
    def down() -> dict[str, int]:
        raise CatalogueUnavailable("The database cannot be reached.")

    environ: dict[str, Any] = {"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8080"}
    setup_testing_defaults(environ)
    body = b"".join(metrics.metrics_app(tmp_path, down, None)(environ, lambda *_: lambda _: None))

    assert values_of(body.decode())["davgallery_catalogue_up",] == 0


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.5.5.5", "::1"])
@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:8080"])
def test_this_machine_may_read(peer: str, host: str, tmp_path: Path) -> None:
    assert scrape(tmp_path, REMOTE_ADDR=peer, HTTP_HOST=host)[0] == "200 OK"


@pytest.mark.parametrize("peer", ["8.8.8.8", "2a00::1", "192.168.1.5", "172.17.0.1", "fd00::1", ""])
def test_others_may_not(peer: str, tmp_path: Path) -> None:
    status, body = scrape(tmp_path, REMOTE_ADDR=peer)

    assert status == "403 Forbidden"
    assert "entries" not in body


@pytest.mark.parametrize("host", ["photos.example.org", "localhost.example.org", "192.168.1.5:8080", "", "["])
def test_what_a_proxy_on_this_machine_passes_on_may_not(host: str, tmp_path: Path) -> None:
    assert scrape(tmp_path, HTTP_HOST=host)[0] == "403 Forbidden"


def test_what_a_proxy_passes_on_under_our_own_name_may_not(tmp_path: Path) -> None:
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}

    assert scrape(tmp_path, **forwarded(environ, []))[0] == "403 Forbidden"


def test_token_opens_the_metrics_from_anywhere(tmp_path: Path) -> None:
    header = {"HTTP_AUTHORIZATION": "Bearer let me count the ways"}

    assert scrape(tmp_path, "let me count the ways", REMOTE_ADDR="8.8.8.8", **header)[0] == "200 OK"


@pytest.mark.parametrize("given", ["", "Bearer wrong", "Bearer ", "let me count the ways"])
def test_with_a_token_nobody_reads_without_it(given: str, tmp_path: Path) -> None:
    assert scrape(tmp_path, "let me count the ways", HTTP_AUTHORIZATION=given)[0] == "401 Unauthorized"
