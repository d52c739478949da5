"""The connections that requests share."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Pool(Generic[T]):
    """At most ``size`` of what ``make`` makes, for as many threads as ask. What was given back last is taken first.

    SQLAlchemy's own pool costs as much as the statements that are run on its connections.
    """

    def __init__(self, make: Callable[[], T], size: int, wait: float) -> None:
        """Make nothing yet; ``wait`` is how many seconds :meth:`take` waits for a place."""
        self._make = make
        self._wait = wait
        self._places = threading.BoundedSemaphore(size)
        self._idle: deque[T] = deque()

    def take(self) -> T:
        """Take one, or make it. TimeoutError when all are in use for too long, and whatever making raises."""
        if not self._places.acquire(timeout=self._wait):
            raise TimeoutError("all connections are in use")
        try:
            return self._idle.pop()
        except IndexError:
            pass
        try:
            return self._make()
        except BaseException:
            self._places.release()
            raise

    def give(self, one: T) -> None:
        """Give one back that is as good as it was."""
        self._idle.append(one)
        self._places.release()

    def drop(self) -> None:
        """One that was taken does not come back."""
        self._places.release()

    def emptied(self) -> list[T]:
        """Everything that is idle, which is no longer kept."""
        idle = []
        while True:
            try:
                idle.append(self._idle.pop())
            except IndexError:
                return idle
