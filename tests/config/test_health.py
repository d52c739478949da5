"""/healthz: what it asks, how often, and how long it waits."""

import json
import threading
import time
from typing import Any
from wsgiref.util import setup_testing_defaults

from config.health import Health


def ask(health: Health, method: str = "GET") -> tuple[str, Any]:
    """Return the status line's text and the answer."""
    environ: dict[str, Any] = {"REQUEST_METHOD": method}
    setup_testing_defaults(environ)
    said: list[str] = []
    body = b"".join(health(environ, lambda status, _headers, *_: said.append(status)))  # type: ignore[arg-type]
    return said[0], json.loads(body) if body else None


def broken() -> None:
    raise ConnectionError("secret-host refused")


def test_all_is_well_when_every_part_answers() -> None:
    health = Health({"database": lambda: None, "store": lambda: 1})

    assert ask(health) == ("200 OK", {"status": "ok", "database": "ok", "store": "ok"})
    assert ask(health, "HEAD") == ("200 OK", None)


def test_part_that_fails_is_named_and_its_reason_is_not() -> None:
    health = Health({"database": lambda: None, "store": broken})

    status, answer = ask(health)

    assert status == "503 Service Unavailable"
    assert answer == {"status": "unavailable", "database": "ok", "store": "unavailable"}


def test_parts_are_asked_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=5)

    assert ask(Health({"database": together.wait, "store": together.wait}))[0] == "200 OK"


def test_part_that_hangs_is_waited_for_once_and_asked_by_one_thread() -> None:
    asked: list[int] = []
    answer = threading.Event()

    def hang() -> None:
        asked.append(1)
        answer.wait(10)

    health = Health({"store": hang}, limit=0.05, keep=0)

    began = time.monotonic()
    assert [ask(health)[0] for _ in range(3)] == ["503 Service Unavailable"] * 3
    assert time.monotonic() - began < 2
    assert len(asked) == 1

    answer.set()
    time.sleep(0.05)
    assert ask(health)[0] == "200 OK"


def test_many_questions_at_once_are_one_question_to_the_parts() -> None:
    asked: list[int] = []

    def slow() -> None:
        asked.append(1)
        time.sleep(0.05)

    health = Health({"store": slow}, keep=5)
    askers = [threading.Thread(target=ask, args=(health,)) for _ in range(20)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()

    assert len(asked) == 1


def test_answer_is_forgotten_after_a_moment() -> None:
    asked: list[int] = []
    health = Health({"store": lambda: asked.append(1)}, keep=0.01)

    ask(health)
    time.sleep(0.02)
    ask(health)

    assert len(asked) == 2
