"""Sizes as people write them: "15 GB" is 15,000,000,000 bytes, "15 GiB" is 16,106,127,360."""

import re
from decimal import Decimal

LARGEST = 2**63 - 1
"""What a database column holds."""

_FACTORS = {"": 1, "b": 1}
for _power, _letter in enumerate("kmgtp", start=1):
    _FACTORS |= {_letter: 1000**_power, f"{_letter}b": 1000**_power, f"{_letter}i": 1024**_power}
    _FACTORS[f"{_letter}ib"] = 1024**_power

_SIZE = re.compile(r"([0-9]{1,19}(?:\.[0-9]{1,9})?) ?([a-z]*)", re.IGNORECASE)


def parse_size(text: object) -> int:
    """Return the bytes that ``text`` means; ValueError says in words what a size looks like.

    Decimal units (kB, MB, GB, TB, PB) are powers of 1,000, binary ones (KiB … PiB) of 1,024, in any case, with or
    without the B. A plain number is bytes.
    """
    found = _SIZE.fullmatch(str(text).strip())
    factor = _FACTORS.get(found[2].lower()) if found else None
    size = int(Decimal(found[1]) * factor) if found and factor else LARGEST + 1
    if size > LARGEST:
        raise ValueError("must be a size such as 500MB, 15GB or 1.5TiB")
    return size


def format_size(size: int) -> str:
    """Return ``size`` bytes in the largest decimal unit that leaves at least 1, to three digits: "15 GB", "1.23 MB"."""
    value = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(value) < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.4g} PB"
