"""What was worked out of photos, for as long as none of them changes.

A space counts the changes of its photos (``Space.seq``), so an answer that is kept by that count, the spaces and the
filters is true until one of them is another. Each process keeps its own; none needs another's.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")

_MOST = 200
"""Answers that are kept. The largest, the days of a view, has some thousand numbers."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Answers by what they depend on; those that nobody asked for lately go first."""

    _answers: OrderedDict[Hashable, object] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, state: Hashable | None, work_out: Callable[[], T]) -> T:
        """The answer for a state, worked out if need be; always where the state is not known (None)."""
        if state is None:
            return work_out()
        with self._lock:
            if state in self._answers:
                self._answers.move_to_end(state)
                return cast("T", self._answers[state])
        answer = work_out()
        with self._lock:
            self._answers[state] = answer
            while len(self._answers) > _MOST:
                self._answers.popitem(last=False)
        return answer
