"""How much room there is in the spaces of who is signed in, for the meter and the bars of every page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from flask import g, request

from viewer import security

if TYPE_CHECKING:
    from gateway.library.values import Space

_NEARLY = 0.9
_FULL = 0.999
"""Of its room: less than a photograph fits into what is left."""
QUIET = "quiet"
"""The cookie with the spaces whose nearly full bar was closed, by id."""


class Room(NamedTuple):
    """A space, and how full it is."""

    space: Space
    is_mine: bool
    is_nearly_full: bool
    is_full: bool

    @property
    def permille(self) -> int:
        """How much of it is in use; at most 1,000."""
        return min(1000, round(1000 * self.space.used / self.space.quota)) if self.space.quota else 1000


def rooms() -> list[Room]:
    """Those of all spaces that the person is in; read once for a page."""
    if "rooms" not in g:
        spaces = security.library().files.spaces(g.principal) if g.principal else []
        g.rooms = [_room(space) for space in spaces]
    return cast("list[Room]", g.rooms)


def mine() -> Room | None:
    """That of the person's own space."""
    return next((room for room in rooms() if room.is_mine), None)


def crowded() -> list[Room]:
    """Those that a bar tells of: the full ones, and the nearly full ones whose bar was not closed."""
    quiet = request.cookies.get(QUIET, "").split(".")
    return [room for room in rooms() if room.is_full or (room.is_nearly_full and str(room.space.id) not in quiet)]


def _room(space: Space) -> Room:
    is_full = space.used >= _FULL * space.quota
    return Room(space, space.name == g.principal.name, space.used >= _NEARLY * space.quota, is_full)
