"""Positions as files write them, and which of them are none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def degrees(parts: Sequence[float], sphere: str) -> float | None:
    """One number from degrees, minutes and seconds; None unless ``sphere`` tells the half of the world: N, S, E or W.

    Minutes and seconds that are no numbers count as zero: some cameras write 0/0 for what they do not use.
    """
    side = sphere[:1].upper()
    if not parts or not math.isfinite(parts[0]) or side not in {"N", "S", "E", "W"}:
        return None
    whole, minutes, seconds = (part if math.isfinite(part) else 0.0 for part in (*parts[:3], 0.0, 0.0)[:3])
    value = whole + minutes / 60 + seconds / 3600
    return -value if side in {"S", "W"} else value


def checked(latitude: float | None, longitude: float | None) -> tuple[float, float] | tuple[None, None]:
    """The position, if it is one. (0, 0) is what devices write that know none; one zero alone is the equator."""
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None, None
    return (None, None) if latitude == 0 == longitude else (latitude, longitude)


def height(value: float | None, *, below: bool) -> float | None:
    """Metres above the sea, if this is the height of a place that people or planes reach."""
    if value is None or not 0 <= abs(value) < 100_000:
        return None
    return -abs(value) if below else value
