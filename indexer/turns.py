"""Whose files are next: nobody's keep everybody else's waiting, however many they are and however long each takes.

The newest file comes first, until its space has had the worker for a turn. Then, as long as there are files of others,
these have as much time before its next turn begins.
"""

from __future__ import annotations

TURN = 5.0
"""Seconds."""


class Turns:
    """What each space has used of one worker's time, beyond what the others had since."""

    def __init__(self) -> None:
        """Nobody has used any."""
        self._used: dict[str, float] = {}

    def use(self, space: str, seconds: float) -> None:
        """Note what a file of the space took."""
        self._used[space] = self._used.get(space, 0.0) + seconds

    def over(self) -> list[str]:
        """The spaces that have had their turn."""
        return [space for space, seconds in self._used.items() if seconds >= TURN]

    def go_on(self) -> bool:
        """Nobody else has files: let those go on who have used least; False if everybody may already."""
        over = self.over()
        if not over:
            return False
        least = min(self._used[space] for space in over)
        self._used = {space: seconds - least for space, seconds in self._used.items() if seconds > least}
        return True
