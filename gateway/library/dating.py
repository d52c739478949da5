"""When a photograph was taken: the rules, which of them wins, and what a file's name tells.

A wall clock counts microseconds since 1970-01-01 00:00 on that same clock; an instant counts them since 1970-01-01 UTC.
A wall clock whose offset nobody knows stays as it is: no offset is not UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.library.extracted import Moment

DATE_RULES = (
    "manual",  # a person said so
    "sidecar",  # an XMP file beside it
    "original",  # DateTimeOriginal: the shutter
    "digitized",  # DateTimeDigitized
    "created",  # IPTC, Photoshop and XMP: DateCreated
    "quicktime",  # com.apple.quicktime.creationdate, with its offset
    "container",  # the video container's creation time: UTC, or the camera's own clock where its maker writes that
    "gps",  # GPSDateStamp and GPSTimeStamp, UTC
    "name",  # the file's name
    "modified",  # EXIF DateTime: the last change inside the file
    "client",  # the file's time, as the client gave it
    "upload",  # the time of the upload
)
"""From the most to the least trusted."""

OFFSET_RULES = (
    "stamp",  # written in the date itself
    "original",  # OffsetTimeOriginal
    "digitized",  # OffsetTimeDigitized
    "maker",  # a maker's time zone tag
    "position",  # the time zone at its GPS position
    "twin",  # the same date written a second time, with an offset
    "gps",  # the difference to the GPS clock, rounded to an offset in use
    "modified",  # OffsetTime, which belongs to the last change
    "name",  # the difference between the wall clock in the file's name and an instant
    "assumed",  # the server's own zone; the instant is known, the wall clock is not
)
"""From the most to the least trusted."""

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE

OFFSETS = range(-12 * 60, 14 * 60 + 1)
"""Minutes east of UTC that a clock can show."""

_EPOCH = datetime(1970, 1, 1)
_UNUSUAL = (-570, -270, -210, -150, 210, 270, 330, 345, 390, 510, 525, 570, 630, 765, 825)
_IN_USE = sorted(chain(range(-12 * 60, 14 * 60 + 1, 60), _UNUSUAL))  # by countries since cameras are digital


def wall_clock(year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0, second: int = 0) -> int | None:
    """That time on a wall clock, None if there is none. 24:00:00 and leap seconds belong to the next minute."""
    if not (0 <= hour <= 24 and 0 <= minute <= 59 and 0 <= second <= 60 and hour * 60 + minute <= 24 * 60):
        return None
    try:
        return _midnight(year, month, day) + ((hour * 60 + minute) * 60 + second) * SECOND
    except ValueError:
        return None


def _midnight(year: int, month: int = 1, day: int = 1) -> int:
    return (datetime(year, month, day) - _EPOCH) // timedelta(microseconds=1)


_FIRST = _midnight(1800)
_ZEROS = (_midnight(1904), _midnight(1970))  # of QuickTime and of Unix


def is_plausible(time: int, now: int) -> bool:
    """Whether a photograph can be from ``time``, a wall clock or an instant; ``now`` is an instant.

    No date is told by zeros (those of QuickTime and Unix may be seen from any time zone), by years before 1800, and by
    the future, such as Outlook's 4501. A day of grace covers clocks ahead of UTC.
    """
    if not _FIRST <= time <= now + DAY:
        return False
    return not any((time - zero) % (15 * MINUTE) == 0 and (time - zero) // MINUTE in OFFSETS for zero in _ZEROS)


def utc(moment: Moment) -> int | None:
    """The instant; None when the offset is unknown."""
    return None if moment.offset is None else moment.wall - moment.offset * MINUTE


def day(wall: int) -> int:
    """The days since 1970-01-01 on that wall clock."""
    return wall // DAY


def offset_at(wall: int, zone: str) -> int | None:
    """The offset in minutes of the IANA time zone when its clocks show ``wall``; the earlier one of an hour that comes
    twice. None for local mean times beyond every offset in use."""
    return _minutes((_EPOCH + timedelta(microseconds=wall)).replace(tzinfo=ZoneInfo(zone)))


def from_instant(rule: str, instant: int, zone: str, offset_rule: str) -> Moment:
    """What the clocks of the IANA time zone showed at an instant."""
    offset = _minutes((_EPOCH + timedelta(microseconds=instant)).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))) or 0
    place = zone if offset_rule == "position" else None
    return Moment(rule, instant + offset * MINUTE, offset, place, offset_rule)


def _minutes(moment: datetime) -> int | None:
    offset = round((moment.utcoffset() or timedelta()) / timedelta(minutes=1))
    return offset if offset in OFFSETS else None


def offset_between(wall: int, instant: int, *, drift: int) -> int | None:
    """The offset in use that explains a wall clock and an instant of about the same moment.

    None where the two clocks would differ by more than ``drift`` microseconds. Only offsets in use come into question,
    not every quarter of an hour: a GPS stamp may be as old as the last reception (the rule of exiftool-vendored).
    """
    offset = min(_IN_USE, key=lambda minutes: abs(wall - instant - minutes * MINUTE))
    return offset if abs(wall - instant - offset * MINUTE) <= drift else None


class _Pattern(NamedTuple):
    regex: re.Pattern[str]
    is_utc: bool = False


_DATE = r"(?P<year>(?:18|19|20)\d\d)(?P<sep>[-._]?)(?P<month>\d\d)(?P=sep)(?P<day>\d\d)"
_DASHED = r"(?P<year>(?:18|19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)"
_TIME = r"(?P<hour>\d\d)(?P<dot>[-._ :]?)(?P<minute>\d\d)(?P=dot)(?P<second>\d\d)"
_START, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"

_PATTERNS = (
    # WhatsApp's day; the number keeps its order within the day
    _Pattern(re.compile(rf"^(?:IMG|VID)-{_DATE}-WA(?P<number>\d{{4,6}}){_END}", re.ASCII)),
    # Google's Pixel, OneDrive's upload from iOS
    _Pattern(re.compile(rf"^PXL_{_DATE}_{_TIME}(?P<fraction>\d{{3}}){_END}", re.ASCII), is_utc=True),
    _Pattern(re.compile(rf"^{_DATE}_{_TIME}(?P<fraction>\d{{3}})_iOS{_END}", re.ASCII), is_utc=True),
    # macOS and WhatsApp on a desktop: 2023-04-27 at 14.51.16, also 2.51.16 PM
    _Pattern(
        re.compile(
            rf"{_START}{_DASHED} at (?P<hour>\d\d?)\.(?P<minute>\d\d)\.(?P<second>\d\d)"
            rf"(?:\s?(?P<half>[AP])M)?{_END}",
        )
    ),
    # IMG_, VID_, MVIMG_20190714_143205, Screenshot_20181227-152914, signal-2023-04-27-14-51-16-123, DJI_20230427145116,
    # Dropbox's 2019-07-14 14.32.05, Samsung's plain 20190714_143205, …BURST20190714143205123_COVER
    _Pattern(
        re.compile(
            rf"(?:{_START}|(?<=BURST)){_DATE}(?:[-_. T]|_-_)?{_TIME}(?:[-_.]?(?P<fraction>\d{{3}}))?{_END}", re.ASCII
        )
    ),
    # a day that a person wrote; eight digits without dashes may be anything
    _Pattern(re.compile(rf"{_START}(?<!\d-){_DASHED}{_END}", re.ASCII)),
)


def from_name(name: str, zone: str, *, now: int) -> Moment | None:
    """The date in a file's name, None if there is none that is plausible ``now`` (an instant).

    Most names show the wall clock without its offset; those that show UTC are told by the clocks of ``zone``.
    A day without a time is its midnight.
    """
    for pattern in _PATTERNS:
        if found := pattern.regex.search(name):
            moment = _named(found.groupdict())
            if moment is None or not is_plausible(moment, now):
                continue
            return from_instant("name", moment, zone, "assumed") if pattern.is_utc else Moment("name", moment)
    return None


def _named(parts: dict[str, str | None]) -> int | None:
    def number(part: str) -> int:
        return int(parts.get(part) or 0)

    hour = number("hour")
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half == "P" else 0)
    found = wall_clock(number("year"), number("month"), number("day"), hour, number("minute"), number("second"))
    return None if found is None else found + number("fraction") * 1000 + number("number")


_SAME = 2 * SECOND  # clients and file systems round the times of files
_RECORDING = 10 * MINUTE  # a name tells the start of a video, its container often the end


def choose(
    embedded: Moment | None, sidecar: Moment | None, name: str, *, modified: int, created: int, zone: str
) -> Moment:
    """The date of a photograph: the best by :data:`DATE_RULES` of what is known.

    ``embedded`` is the best date inside the file, ``sidecar`` that of the XMP file beside it, ``modified`` the file's
    time as the client gave it and ``created`` the time of the upload, both instants; ``zone`` is the server's own.
    """
    if sidecar is not None and sidecar.rule != "modified":  # when the sidecar was saved says nothing of the photograph
        return _completed(sidecar, embedded)._replace(rule="sidecar")
    named = from_name(name, zone, now=created)
    known = [moment for moment in (embedded, named) if moment is not None]
    if known:
        return _on_the_wall(min(known, key=lambda moment: DATE_RULES.index(moment.rule)), named)
    if abs(modified - created) > _SAME and is_plausible(modified, created):
        return from_instant("client", modified, zone, "assumed")
    return from_instant("upload", created, zone, "assumed")


def _completed(sidecar: Moment, embedded: Moment | None) -> Moment:
    """The sidecar's date, with what the file itself tells of its offset where the sidecar is silent."""
    if embedded is None or sidecar.offset is not None:
        return sidecar
    if sidecar.wall // SECOND == embedded.wall // SECOND:
        return embedded
    if embedded.zone is not None:
        offset = offset_at(sidecar.wall, embedded.zone)
        return sidecar._replace(offset=offset, zone=embedded.zone, offset_rule="position")
    return sidecar


def _on_the_wall(moment: Moment, named: Moment | None) -> Moment:
    """An instant whose wall clock is only assumed, with the one that the file's name shows.

    Phones write the time of a video as UTC in its container and as wall clock in its name.
    """
    instant = utc(moment)
    if moment.offset_rule != "assumed" or instant is None or named is None or named.offset is not None:
        return moment
    offset = offset_between(named.wall, instant, drift=_RECORDING)
    if offset is None or named.wall % DAY < SECOND:  # midnight is the mark of a day without a time
        return moment
    return moment._replace(wall=instant + offset * MINUTE, offset=offset, offset_rule="name")
