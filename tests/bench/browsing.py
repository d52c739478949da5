"""The gallery with a million photographs in Chromium, its processor slowed down four times: what a person waits for.

Pictures are one and the same, so that neither store nor decoder of the server is measured; catalogue, library, pages,
scripts and browser are the real ones.
"""

from __future__ import annotations

import io
import multiprocessing
import random
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from cheroot.wsgi import Server
from PIL import Image
from playwright.sync_api import sync_playwright
from sqlalchemy import make_url

from gateway.catalogue import Catalogue
from gateway.library import library
from gateway.store.local import LocalStore
from tests.bench.figures import Figure
from tests.bench.million import fill
from tests.support.tools import tool
from viewer.app import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page

    from tests.bench.stage import Stage

SLOWER = 4
_JUMPS_OF_AN_HOUR = 600
PASSWORD = "correct horse battery"
_FLAGS = ("--no-sandbox", "--disable-gpu", "--enable-precise-memory-info", "--js-flags=--expose-gc")
_WATCH = """
window.watched = { tasks: [], most: 0 };
new PerformanceObserver(list => list.getEntries().forEach(one => watched.tasks.push([one.startTime, one.duration])))
  .observe({ type: 'longtask', buffered: true });
"""
# From the hand on the scrubber to the picture of every photo that is in view.
_SEEN = """
() => new Promise(done => {
  const began = performance.now();
  const look = () => {
    const images = document.images.length;
    watched.most = Math.max(watched.most, images);
    const isIn = e => { const box = e.getBoundingClientRect(); return box.bottom > 56 && box.top < innerHeight; };
    const tiles = [...document.querySelectorAll('.tile')].filter(isIn);
    const known = tiles.length && ![...document.querySelectorAll('.unknown')].some(isIn);
    if (known && tiles.every(tile => tile.matches('.loaded, .bare'))) done(performance.now() - began);
    else if (performance.now() - began > 20000) done(20000);
    else setTimeout(look, 100);
  };
  look();
})
"""
_GO = """
at => {
  const slider = document.querySelector('.scrubber');
  const box = slider.querySelector('.scale').getBoundingClientRect();
  const event = (type, buttons) => slider.dispatchEvent(new PointerEvent(type, {
    bubbles: true, pointerId: 1, pointerType: 'mouse', button: 0, buttons,
    clientX: box.left + 20, clientY: box.top + at * box.height,
  }));
  slider.setPointerCapture = () => {};
  event('pointerdown', 1);
  event('pointerup', 0);
}
"""


def browsing(stage: Stage) -> Iterator[Figure]:
    """First paint, jumps, scrolling, memory."""
    with TemporaryDirectory() as folder:
        fill(Path(folder), stage.plan.photographs).catalogue.close()
        yield from measure(Path(folder), stage.plan.rounds, stage.plan.photographs)


def measure(folder: Path, rounds: int, photographs: int) -> Iterator[Figure]:
    """Measure a catalogue that :func:`tests.bench.million.fill` has made."""
    of = f"of {photographs:,}, processor slowed {SLOWER} times"
    figures = {
        name: Figure(f"{name}, {of}", unit)
        for name, unit in (
            ("first paint", "ms"), ("every picture of the first screen", "ms"), ("longest task of the start", "ms"),
            ("to any date: every picture in view", "ms"), ("longest task of the jumps", "ms"),
            ("longest task of scrolling", "ms"), ("images in the page at most", "images"),
            ("heap after all of it", "MB"), ("nine of ten dates", "ms"),
        )
    }  # fmt: skip
    with _served(folder) as url, _page(url) as page:
        for _ in range(rounds):
            chance = random.Random(1)
            page.goto(url)
            page.evaluate(_SEEN)
            paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            figures["first paint"].ours.append(page.evaluate(paint))
            figures["every picture of the first screen"].ours.append(page.evaluate("performance.now()"))
            page.wait_for_selector("#grid[data-ready]")
            page.wait_for_timeout(3000)
            figures["longest task of the start"].ours.append(_longest(page))
            for _ in range(25):
                page.evaluate(_GO, chance.random())
                figures["to any date: every picture in view"].ours.append(page.evaluate(_SEEN))
                page.wait_for_timeout(50)
            figures["longest task of the jumps"].ours.append(_longest(page))
            page.mouse.move(600, 500)
            for _ in range(60):
                page.mouse.wheel(0, chance.choice((300, 900, 2500, -700)))
                page.wait_for_timeout(16)
            page.evaluate(_SEEN)
            figures["longest task of scrolling"].ours.append(_longest(page))
        for _ in range(_JUMPS_OF_AN_HOUR):
            page.evaluate(_GO, chance.random())
            page.wait_for_timeout(chance.choice((20, 60, 250)))
        page.evaluate(_SEEN)
        page.keyboard.press("End")
        page.evaluate(_SEEN)
        last = page.locator(".tile").last.get_attribute("data-id")
        oldest = page.request.get(f"{url}/api/v1/photos?sort=taken").json()["photos"][0]["id"]
        if last != str(oldest):
            raise AssertionError(f"the oldest photo is not at the end, but {last}")
        figures["images in the page at most"].ours.append(page.evaluate("watched.most"))
        page.evaluate("gc()")
        figures["heap after all of it"].ours.append(page.evaluate("performance.memory.usedJSHeapSize / 1e6"))
    jumps = sorted(figures["to any date: every picture in view"].ours)
    figures["nine of ten dates"].ours.append(jumps[len(jumps) * 9 // 10])
    yield from figures.values()


def _longest(page: Page) -> float:
    """The longest task since this was asked last."""
    return float(page.evaluate("Math.max(0, ...watched.tasks.splice(0).map(task => task[1]))"))


@contextmanager
def _page(url: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tool("chromium", package="chromium"), args=[*_FLAGS])
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.add_init_script(_WATCH)
        page.goto(f"{url}/sign-in")
        page.get_by_label("Name").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_selector("#grid[data-ready]")
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        yield page
        browser.close()


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The gallery over a catalogue, in a process of its own; its address."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(str(folder), theirs), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        server.terminate()
        server.join()


def _serve(folder: str, told: Any) -> None:
    catalogue = Catalogue(make_url(f"sqlite:///{folder}/catalogue.sqlite3"))
    made = library.build(catalogue, LocalStore(Path(folder) / "objects"), instance="bench", default_quota=1 << 50)
    app = create_app(made, Path(sys.prefix) / "vendor")
    picture = io.BytesIO()
    Image.effect_noise((360, 240), 60).convert("RGB").save(picture, "WEBP", quality=70)
    content = picture.getvalue()

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"].startswith("/thumb/"):
            start_response("200 OK", [("Content-Type", "image/webp"), ("Content-Length", str(len(content)))])
            return [content]
        return app(environ, start_response)

    server = Server(("127.0.0.1", 0), answer, numthreads=16)
    server.prepare()
    told.send(server.bind_addr[1])
    server.serve()


if __name__ == "__main__":
    began = time.time()
    for figure in measure(Path(sys.argv[1]), int(sys.argv[2]), 1_000_000):
        sys.stdout.write("\n".join(figure.lines()) + "\n")
        sys.stdout.write(f"   {[round(one) for one in sorted(figure.ours)[-12:]]}\n")
    sys.stdout.write(f"{time.time() - began:.0f} s\n")
