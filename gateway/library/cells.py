"""Where a position lies on the map: one number whose first bits name the map tiles around it.

The tiles are those of the Web Mercator projection (EPSG:3857), halved ``BITS`` times in each direction; the bits of
column and row alternate (a Z-order curve), so the photos of a tile at any zoom are one range of numbers.
"""

from __future__ import annotations

import math

BITS = 24
_SIDE = 1 << BITS
_MOST_NORTH = math.degrees(math.atan(math.sinh(math.pi)))  # where the projection ends


def cell(latitude: float, longitude: float) -> int:
    """The number of the smallest tile around a position in degrees; 48 bits."""
    latitude = max(-_MOST_NORTH, min(_MOST_NORTH, latitude))
    column = (longitude + 180) / 360 % 1
    row = (1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2
    return _spread(min(_SIDE - 1, int(column * _SIDE))) << 1 | _spread(min(_SIDE - 1, max(0, int(row * _SIDE))))


def _spread(number: int) -> int:
    """The bits of a number with a zero before each."""
    number = (number | number << 16) & 0x0000FFFF0000FFFF
    number = (number | number << 8) & 0x00FF00FF00FF00FF
    number = (number | number << 4) & 0x0F0F0F0F0F0F0F0F
    number = (number | number << 2) & 0x3333333333333333
    return (number | number << 1) & 0x5555555555555555
