"""Whether the parts that this server needs answer: the WSGI app at /healthz."""

from __future__ import annotations

import json
import logging
import threading
import time
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

_log = logging.getLogger("davgallery.health")


class Health:
    """Asks each part at most once in ``keep`` seconds, all at the same time, and waits ``limit`` seconds at most.

    A part that hangs is asked again only after its last question came back: however many people ask about the
    health of the server, one thread a part waits.
    """

    def __init__(self, parts: Mapping[str, Callable[[], object]], *, limit: float = 3.0, keep: float = 1.0) -> None:
        """``parts``: name to a function that returns when the part answers and raises when it does not."""
        self._parts = parts
        self._limit = limit
        self._keep = keep
        self._lock = threading.Lock()
        self._asked: dict[str, Future[object]] = {}
        self._answers: dict[str, bool] = {}
        self._known_until = 0.0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer 200 when every part does, else 503; both say in JSON which part does."""
        answers = self.answers()
        state = {name: "ok" if fine else "unavailable" for name, fine in answers.items()}
        everything = all(answers.values())
        body = json.dumps({"status": "ok" if everything else "unavailable", **state}).encode() + b"\n"
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response("200 OK" if everything else "503 Service Unavailable", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def answers(self) -> Mapping[str, bool]:
        """Return for each part whether it answers."""
        with self._lock:  # those who come meanwhile wait for the same answers
            if time.monotonic() >= self._known_until:
                self._ask()
                self._known_until = time.monotonic() + self._keep
            return self._answers

    def _ask(self) -> None:
        for name, ask in self._parts.items():
            if name not in self._asked:
                self._asked[name] = _in_background(name, ask)
        wait(self._asked.values(), self._limit)
        answers = {}
        for name in self._parts:
            failure: object = f"no answer within {self._limit:g} s"
            if self._asked[name].done():
                failure = self._asked.pop(name).exception()
            answers[name] = failure is None
            if answers[name] != self._answers.get(name, True):
                _log.warning("%s %s", name, "answers again" if answers[name] else f"does not answer: {failure}")
        self._answers = answers


def _in_background(name: str, work: Callable[[], object]) -> Future[object]:
    future: Future[object] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - whatever it is, the part does not answer
            future.set_exception(error)

    # A daemon: a part that hangs must not keep a stopping process.
    threading.Thread(target=run, name=f"health-{name}", daemon=True).start()
    return future
