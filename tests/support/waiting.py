"""Waiting for what another process does."""

import time
from collections.abc import Callable
from typing import TypeVar

import psutil

T = TypeVar("T")


def wait_until(what: Callable[[], T], *, seconds: float = 10, every: float = 0.05, message: str = "") -> T:
    """Call ``what`` until it gives something true, and return that. AssertionError after ``seconds``."""
    end = time.monotonic() + seconds
    while not (value := what()):
        if time.monotonic() > end:
            raise AssertionError(message or f"not within {seconds} s: {what!r}")
        time.sleep(every)
    return value


def have_ended(processes: list[psutil.Process]) -> bool:
    """Whether none of the processes runs any more, be they taken note of by their parent or not."""
    for process in processes:
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                return False
        except psutil.NoSuchProcess:
            continue
    return True
