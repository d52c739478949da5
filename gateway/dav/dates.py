"""Times as the protocols write them. Inside they are integer microseconds UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

MICROSECONDS = 1_000_000
EARLIEST = -62_135_596_800
LATEST = 253_402_300_799
"""Seconds: the years 1 to 9999, all that any of these formats can write."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTES = tuple(f"{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1440))
_SECONDS = tuple(f"{second:02d}" for second in range(60))
_EPOCH_DAY = date(1970, 1, 1).toordinal()

_NUMBER = re.compile(r"\s*(-?)(\d{1,20})(?:\.(\d*))?\s*", re.ASCII)


@lru_cache(4096)
def _http_day(days: int) -> str:
    day = date.fromordinal(_EPOCH_DAY + days)
    return f"{_DAYS[day.weekday()]}, {day.day:02d} {_MONTHS[day.month - 1]} {day.year:04d} "


@lru_cache(4096)
def _iso_day(days: int) -> str:
    return date.fromordinal(_EPOCH_DAY + days).isoformat() + "T"


def seconds(micros: int) -> int:
    """Whole seconds, rounded down, within the years that can be written."""
    return min(max(micros // MICROSECONDS, EARLIEST), LATEST)


def http_date(micros: int) -> str:
    """RFC 9110 §5.6.7, e.g. ``Fri, 20 Nov 2026 19:31:37 GMT``. Built from tables: a listing writes thousands."""
    days, rest = divmod(seconds(micros), 86400)
    minute, second = divmod(rest, 60)
    return f"{_http_day(days)}{_MINUTES[minute]}{_SECONDS[second]} GMT"


def iso_date(micros: int) -> str:
    """RFC 3339 in UTC, as ``creationdate`` wants it (RFC 4918 §15.1)."""
    days, rest = divmod(seconds(micros), 86400)
    minute, second = divmod(rest, 60)
    return f"{_iso_day(days)}{_MINUTES[minute]}{_SECONDS[second]}Z"


def parse_http_date(text: str) -> int | None:
    """Seconds since the epoch of any of the three HTTP date formats; None when it is no date."""
    try:
        moment = parsedate_to_datetime(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def parse_epoch(text: str) -> int | None:
    """Microseconds of Unix seconds: whole, fractional (Nextcloud for iOS) or before 1970. ValueError when no number.

    None is a number that no calendar holds; some phones send milliseconds. Such a time is not kept.
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ValueError("not a number of seconds")
    sign, whole, fraction = found.groups()
    micros = int(whole) * MICROSECONDS + int(f"{fraction or '0':0<6.6}")
    micros = -micros if sign else micros
    return micros if EARLIEST <= micros // MICROSECONDS <= LATEST else None


def parse_any(text: str) -> int | None:
    """Microseconds of Unix seconds, an HTTP date or an RFC 3339 time, whatever a client puts into a property."""
    try:
        return parse_epoch(text)
    except ValueError:
        pass
    whole = parse_http_date(text)
    if whole is not None:
        return whole * MICROSECONDS
    try:
        moment = datetime.fromisoformat(text.strip())
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return (since.days * 86400 + since.seconds) * MICROSECONDS + since.microseconds
