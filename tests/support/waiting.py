"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(what: Callable[[], T], *, seconds: float = 10, every: float = 0.05, message: str = "") -> T:
    """Call ``what`` until it gives something true, and return that. AssertionError after ``seconds``."""
    end = time.monotonic() + seconds
    while not (value := what()):
        if time.monotonic() > end:
            raise AssertionError(message or f"not within {seconds} s: {what!r}")
        time.sleep(every)
    return value
