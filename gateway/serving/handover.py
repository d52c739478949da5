"""How connections reach the threads."""

import threading
from collections import deque
from typing import Any


class Handover:
    """A queue that wakes the thread that has waited for the shortest time.

    cheroot's queue wakes the one that has waited longest, so every request would touch the stack and the memory of
    another of hundreds of threads. This way a server with four requests at a time uses four threads.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._work: deque[Any] = deque()
        self._waiting: list[_Waiter] = []

    def put(self, work: object, block: bool = True, timeout: float | None = None) -> None:  # noqa: ARG002, FBT001, FBT002 - queue.Queue's signature
        """Hand work over, at once."""
        with self._lock:
            if not self._waiting:
                self._work.append(work)
                return
            waiter = self._waiting.pop()
        waiter.work = work
        waiter.woken.release()

    def get(self) -> Any:
        """Return work, as soon as there is some."""
        with self._lock:
            if self._work:
                return self._work.popleft()
            waiter = _Waiter()
            self._waiting.append(waiter)
        waiter.woken.acquire()
        return waiter.work

    def qsize(self) -> int:
        """Return how much work waits for a thread."""
        return len(self._work)


class _Waiter:
    __slots__ = ("woken", "work")

    def __init__(self) -> None:
        self.woken = threading.Lock()
        self.woken.acquire()
        self.work: Any = None
