"""The best date that a file tells of itself, from what was written in it.

The wall clock is what the file says; an offset, a position or a GPS clock may explain it, and never changes it.
"""

from __future__ import annotations

import calendar
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from gateway.library import dating
from gateway.library.dating import DAY, MINUTE, SECOND
from gateway.library.extracted import Moment
from indexer.extract import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.extract.exif import Exif
    from indexer.extract.iptc import Iptc
    from indexer.extract.video import Video
    from indexer.extract.xmp import Xmp


class Stamp(NamedTuple):
    """A date as it was written."""

    wall: int
    """Microseconds since 1970-01-01 on the wall clock that wrote it."""
    offset: int | None = None
    """Minutes east of UTC."""
    span: int = 0
    """How many microseconds it may mean: a day, a month or a year where it tells no more; else 0."""


_DATE = re.compile(r"\s*(\d{4})(?:[-:/.\s]?\s?(\d{1,2})(?:[-:/.\s]?\s?(\d{1,2}))?)?", re.ASCII)
_TIMES = (
    re.compile(r"[T\s]*(\d{1,2})([-:.\s])\s?(\d{1,2})\2\s?(\d{1,2})", re.ASCII),  # 14:03:11, and what else was seen
    re.compile(r"[T\s]*(\d\d)()(\d\d)(\d\d)(?!\d)", re.ASCII),  # 140311
    re.compile(r"[T\s]*(\d{1,2})(:)(\d\d)()(?!\d)", re.ASCII),  # 14:03
)
_FRACTION = re.compile(r"[.,](\d+)", re.ASCII)
_OFFSET = re.compile(r"\s*(?:(Z|(?:UTC|GMT)(?![-+]))|(?:UTC|GMT)?([-+])(\d{1,2})(?::?(\d\d))?)(?!\d)", re.ASCII)


def parse(text: str | None, subsec: str | None = None) -> Stamp | None:
    """A date of EXIF (``2023:08:05 14:03:11``), ISO 8601 or IPTC (``20230805``), with whatever separators; None if it
    is none. ``subsec`` are digits after the decimal point, written elsewhere."""
    if text is None or (date := _DATE.match(text)) is None:
        return None
    year, month, day = (int(part or 0) for part in date.groups())
    rest = text[date.end() :]
    clock = next((found for pattern in _TIMES if (found := pattern.match(rest))), None)
    if clock is None or not month or not day:
        start = dating.wall_clock(year, month or 1, day or 1)
        return None if start is None else Stamp(start, span=DAY * _days(year, month, day))
    wall = dating.wall_clock(year, month, day, int(clock[1]), int(clock[3]), int(clock[4] or 0))
    if wall is None:
        return None
    rest = rest[clock.end() :]
    fraction = _FRACTION.match(rest)
    digits = fraction[1] if fraction else (subsec or "").strip()
    if digits.isascii() and digits.isdigit():
        wall += int(digits[:6].ljust(6, "0"))
    return Stamp(wall, parse_offset(rest[fraction.end() :] if fraction else rest))


def _days(year: int, month: int, day: int) -> int:
    if day:
        return 1
    return calendar.monthrange(year, month)[1] if month else 365 + calendar.isleap(year)


def parse_offset(text: str | None) -> int | None:
    """Minutes east of UTC that ``text`` begins with (``+02:00``, ``-0330``, ``+2``, ``Z``); None if there are none."""
    if text is None or (found := _OFFSET.match(text)) is None:
        return None
    if found[1]:
        return 0
    minutes = int(found[3]) * 60 + int(found[4] or 0)
    offset = -minutes if found[2] == "-" else minutes
    return offset if offset in dating.OFFSETS and int(found[4] or 0) < 60 else None


_OWN_CLOCKS = ("canon", "casio", "fujifilm", "gopro", "kodak", "nikon", "olympus", "om digital", "pentax", "ricoh")
"""Makers whose cameras know no time zone, so that the container's time is the camera's wall clock. Phones write UTC as
the standard says. (ExifTool on QuickTimeUTC: "many digital cameras store local time instead"; Lychee#675.)"""


def _written(exif: Exif, xmp: Xmp, iptc: Iptc, video: Video) -> Iterator[tuple[str, Stamp | None]]:
    """Every date in the file with its rule, the best first."""
    yield "original", parse(exif.original, exif.original_subsec)
    yield "original", parse(video.original)
    yield "original", parse(xmp.original)
    yield "digitized", parse(exif.digitized, exif.digitized_subsec)
    yield "digitized", parse(xmp.digitized)
    yield "created", parse(f"{iptc.date} {iptc.time or ''}" if iptc.date else None)
    yield "created", parse(xmp.created)
    yield "quicktime", parse(video.creation_date)
    yield "created", parse(video.day)
    yield "container", parse(video.creation_time)
    yield "gps", _gps(exif)
    yield "modified", parse(exif.modified, exif.modified_subsec)
    yield "modified", parse(xmp.modified)


_GPS_BEGAN = dating.wall_clock(1980, 1, 6) or 0


def _gps(exif: Exif) -> Stamp | None:
    stamp = parse(f"{exif.gps_date} {exif.gps_time}") if exif.gps_date and exif.gps_time else None
    return stamp if stamp and not stamp.span and stamp.wall > _GPS_BEGAN else None


def choose(
    exif: Exif, xmp: Xmp, iptc: Iptc, video: Video, position: tuple[float, float] | None, zone: str
) -> Moment | None:
    """The best date that the file tells, by :data:`gateway.library.dating.DATE_RULES`; None if it tells none.

    ``position`` is latitude and longitude in degrees; ``zone`` the IANA name of the server's own time zone, for
    instants that tell none.
    """
    now = time.time_ns() // 1000
    written = [
        (rule, stamp)
        for rule, stamp in _written(exif, xmp, iptc, video)
        if stamp is not None and dating.is_plausible(stamp.wall, now)
    ]
    if not written:
        return None
    rule, stamp = _finer(written)
    there = place.zone_at(*position) if position else None
    if rule == "gps" or (rule == "container" and not _has_own_clock(video)):
        instant = stamp.wall - (stamp.offset or 0) * MINUTE
        noted = parse_offset(video.offset) if rule == "container" else None
        if noted is not None:
            return _moment(rule, instant + noted * MINUTE, noted, there, "maker")
        return dating.from_instant(rule, instant, there or zone, "position" if there else "assumed")
    if rule == "container":
        stamp = stamp._replace(offset=None)
    twins = [twin for name, twin in written if name != "container" and abs(twin.wall - stamp.wall) <= _TWINS]
    for offset_rule, offset in _offsets(rule, stamp, exif, there, twins):
        if offset is not None:
            return _moment(rule, stamp.wall, offset, there, offset_rule)
    return Moment(rule, stamp.wall)


def _moment(rule: str, wall: int, offset: int, there: str | None, offset_rule: str) -> Moment:
    is_there = there is not None and dating.offset_at(wall, there) == offset  # else the clock was of another zone
    return Moment(rule, wall, offset, there if is_there else None, offset_rule)


def _finer(written: list[tuple[str, Stamp]]) -> tuple[str, Stamp]:
    """The best date; where it tells no time of day, the best of those within it that do."""
    best = written[0]
    start, end = best[1].wall, best[1].wall + best[1].span
    if start == end:
        return best
    return next(
        (other for other in written if other[0] != "modified" and not other[1].span and start <= other[1].wall < end),
        best,
    )


def _has_own_clock(video: Video) -> bool:
    return (video.make or "").strip().lower().startswith(_OWN_CLOCKS)


_TWINS = 30 * SECOND  # apart at most, as PiGallery2 has it
_STALE = 30 * MINUTE  # the age of a GPS stamp at most, as exiftool-vendored has it


def _offsets(
    rule: str, stamp: Stamp, exif: Exif, there: str | None, twins: list[Stamp]
) -> Iterator[tuple[str, int | None]]:
    """What may tell the offset of a wall clock, the best first."""
    yield "stamp", stamp.offset
    original = ("original", parse_offset(exif.original_offset))
    digitized = ("digitized", parse_offset(exif.digitized_offset))
    modified = ("modified", parse_offset(exif.modified_offset))
    if rule == "modified":
        yield modified
    yield from (digitized, original) if rule == "digitized" else (original, digitized)
    yield "maker", exif.maker_offset if exif.maker_offset in dating.OFFSETS else None
    if there is not None:
        yield "position", dating.offset_at(stamp.wall, there)
    if stamp.span:
        return
    yield "twin", next((twin.offset for twin in twins if twin.offset is not None), None)
    if gps := _gps(exif):
        yield "gps", dating.offset_between(stamp.wall, gps.wall, drift=_STALE)
    # OffsetTime tells where the picture was changed last, perhaps in another season; better than nothing where that
    # happened after the shot.
    changed = parse(exif.modified)
    if changed and changed.wall >= stamp.wall - DAY:
        yield modified
