"""Two gigabytes from a browser, through a proxy that takes 100 MB at once, while everything in between goes away."""

from __future__ import annotations

import base64
import hashlib
import threading
from contextlib import contextmanager
from http.client import HTTPConnection
from random import Random
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.sync_api import expect

from tests.components.gateway import Gateway, Options
from tests.components.nginx import Nginx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Page

    from tests.components.minio import Minio
    from tests.components.postgres import Postgres

GIGABYTE = 1_000_000_000
SIZE = 2 * GIGABYTE
MEGABYTE = 1_000_000
PROXY = """
server {
    listen 127.0.0.1:{port};
    client_max_body_size 100m;
    location / {
        proxy_pass http://127.0.0.1:%d;
        proxy_set_header Host $http_host;
    }
}
"""
PROGRESS = "() => { const { value, max } = document.querySelector('.uploads > progress'); return value / max }"
PASSWORD = "correct horse battery"


def _large(path: Path) -> str:
    """A file that takes little room on the disk, every part of it different; its SHA-256."""
    random = Random(1)
    with path.open("wb") as file:
        file.truncate(SIZE)
        for place in range(0, SIZE, 16 * 1024 * 1024):
            file.seek(place)
            file.write(random.randbytes(64))
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _memory(gateway: Gateway) -> int:
    return max((psutil.Process(pid).memory_info().rss for pid in gateway.pids()), default=0)


@contextmanager
def _most_memory(gateway: Gateway) -> Iterator[list[int]]:
    """The most that one process of the server has meanwhile, as the only member of the list."""
    over, most = threading.Event(), [0]

    def watch() -> None:
        while not over.wait(0.2):
            try:
                most[0] = max(most[0], _memory(gateway))
            except (psutil.Error, AssertionError):
                continue  # it is being killed

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield most
    finally:
        over.set()
        watcher.join()


def _upload(page: Page, file: Path) -> None:
    page.keyboard.press("u")
    page.locator("input[type=file]").first.set_input_files(file)


def _reach(page: Page, share: float) -> float:
    page.wait_for_selector(".uploads > progress:not([hidden])", state="attached", timeout=120_000)
    page.wait_for_function(f"() => ({PROGRESS})() >= {share}", timeout=300_000, polling=100)
    return float(page.evaluate(PROGRESS))


def _digest(gateway: Gateway, path: str) -> str:
    secret = base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Basic {secret}"})
    response = connection.getresponse()
    assert response.status == 200
    found = hashlib.sha256()
    while chunk := response.read(1 << 20):
        found.update(chunk)
    connection.close()
    return found.hexdigest()


@pytest.mark.timeout(600)
def test_two_gigabytes_through_a_proxy_with_a_limit_survive_three_interruptions_and_a_reload(
    browser: Browser,
    minio: Minio,
    postgres: Postgres,
    tmp_path: Path,
    packages: Path,
    record_property: Callable[[str, object], None],
) -> None:
    assert packages
    file = tmp_path / "holiday.mov"
    wanted = _large(file)
    gateway = Gateway(tmp_path, Options(postgres.fresh_database(), minio, workers=2))
    with gateway, Nginx(PROXY % gateway.port) as nginx:
        gateway.add_account("anna", "--quota", "3GB", password=PASSWORD)
        before = _memory(gateway)
        with _most_memory(gateway) as most, browser.new_context(base_url=nginx.url) as context:
            page = context.new_page()
            asked: list[str] = []

            def agree(dialog: Dialog) -> None:
                asked.append(dialog.type)
                dialog.accept()

            page.on("dialog", agree)
            page.goto("/sign-in?next=/")
            page.get_by_label("Name").fill("anna")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_selector("#upload")
            _upload(page, file)
            _reach(page, 0.1)
            gateway.destroy()  # all of its processes, in the middle of a part
            gateway.start()
            _reach(page, 0.3)
            nginx.kill()
            nginx.start()
            reached = _reach(page, 0.5)
            page.reload()
            assert asked == ["beforeunload"], "leaving the page asks"
            page.wait_for_selector("#upload")
            _upload(page, file)
            expect(page.locator(".uploads .rows")).to_contain_text("holiday.mov")
            resumed = _reach(page, 0)
            assert resumed >= reached - 0.1, "it goes on where it stopped"
            expect(page.locator("#uploads-title")).to_have_text("1 file uploaded", timeout=300_000)
        assert _digest(gateway, "/dav/anna/holiday.mov") == wanted
        growth = (most[0] - before) // MEGABYTE
        record_property("memory that a process grew by, MB", growth)
        assert growth < 120
        refused = [line for line in (nginx.folder / "access.log").read_text().splitlines() if '" 413 ' in line]
        assert refused == []
