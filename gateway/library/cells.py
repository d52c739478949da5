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
    return number_of(min(_SIDE - 1, int(column * _SIDE)), min(_SIDE - 1, max(0, int(row * _SIDE))))


def tile(latitude: float, longitude: float) -> tuple[int, int]:
    """Column and row of the smallest tile around a position in degrees; from the west, and from the north."""
    return tile_of(cell(latitude, longitude))


def tile_of(number: int) -> tuple[int, int]:
    """Column and row of a tile by its number, whatever its size."""
    return _gathered(number >> 1), _gathered(number)


def number_of(column: int, row: int) -> int:
    """The number of a tile by its column and row, whatever its size."""
    return _spread(column) << 1 | _spread(row)


def position(column: float, row: float) -> tuple[float, float]:
    """Latitude and longitude in degrees of a point, in smallest tiles from the west and from the north."""
    latitude = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / _SIDE))))
    return latitude, column / _SIDE * 360 - 180


def _gathered(number: int) -> int:
    """Every second bit of a number, from the lowest on."""
    number &= 0x5555555555555555
    number = (number | number >> 1) & 0x3333333333333333
    number = (number | number >> 2) & 0x0F0F0F0F0F0F0F0F
    number = (number | number >> 4) & 0x00FF00FF00FF00FF
    number = (number | number >> 8) & 0x0000FFFF0000FFFF
    return (number | number >> 16) & 0x00000000FFFFFFFF


def _spread(number: int) -> int:
    """The bits of a number with a zero before each."""
    number = (number | number << 16) & 0x0000FFFF0000FFFF
    number = (number | number << 8) & 0x00FF00FF00FF00FF
    number = (number | number << 4) & 0x0F0F0F0F0F0F0F0F
    number = (number | number << 2) & 0x3333333333333333
    return (number | number << 1) & 0x5555555555555555
