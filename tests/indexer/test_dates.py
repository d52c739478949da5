"""The date that a file tells of itself, as a table, and what holds for every file."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import pytest
import tzfpy
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.library import dating
from indexer.extract import dates, exif
from indexer.extract.exif import Exif
from indexer.extract.iptc import Iptc
from indexer.extract.video import Video
from indexer.extract.xmp import Xmp
from tests.components.kits import kit

if TYPE_CHECKING:
    from gateway.library.extracted import Moment

SERVER = "America/New_York"
BERLIN = (52.52, 13.40)
KATHMANDU = (27.71, 85.32)
LOS_ANGELES = (34.05, -118.24)
ATLANTIC = (30.0, -40.0)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class File(NamedTuple):
    """What was written in a file, and where it was taken."""

    exif: Exif = Exif()
    xmp: Xmp = Xmp()
    iptc: Iptc = Iptc()
    video: Video = Video()
    position: tuple[float, float] | None = None

    def date(self) -> Moment | None:
        return dates.choose(self.exif, self.xmp, self.iptc, self.video, self.position, SERVER)


def told(moment: Moment | None) -> str:
    """A moment as one line: the wall clock, its offset, its zone, the rules."""
    if moment is None:
        return "none"
    clock = (_EPOCH + timedelta(microseconds=moment.wall)).replace(tzinfo=None).isoformat(" ")
    sign, minutes = ("-" if (moment.offset or 0) < 0 else "+"), abs(moment.offset or 0)
    offset = "" if moment.offset is None else f" {sign}{minutes // 60:02}:{minutes % 60:02}"
    zone = "" if moment.zone is None else f" {moment.zone}"
    rules = moment.rule if moment.offset_rule is None else f"{moment.rule}/{moment.offset_rule}"
    return f"{clock}{offset}{zone} {rules}"


def photo(at: tuple[float, float] | None = None, **exif: Any) -> File:
    return File(exif=Exif(**exif), position=at)


def film(at: tuple[float, float] | None = None, **video: Any) -> File:
    return File(video=Video(**video), position=at)


SHOT = "2023:08:05 14:03:11"
SHOT_IN_WINTER = "2023:01:05 14:03:11"
TOMORROW = (datetime.now(UTC) + timedelta(hours=14)).strftime("%Y:%m:%d %H:%M:%S")
LATER = (datetime.now(UTC) + timedelta(hours=26)).strftime("%Y:%m:%d %H:%M:%S")

TABLE: dict[str, tuple[File, str]] = {
    # offsets
    "no offset is not UTC": (photo(original=SHOT), "2023-08-05 14:03:11 original"),
    "an offset of its own": (
        photo(original=SHOT, original_offset="+02:00"),
        "2023-08-05 14:03:11 +02:00 original/original",
    ),
    "OffsetTime belongs to the last change, which was in winter": (
        photo(original=SHOT, original_offset="+02:00", modified="2023:12:24 10:00:00", modified_offset="+01:00"),
        "2023-08-05 14:03:11 +02:00 original/original",
    ),
    "OffsetTime where nothing else tells": (
        photo(original=SHOT, modified="2023:08:06 10:00:00", modified_offset="+02:00"),
        "2023-08-05 14:03:11 +02:00 original/modified",
    ),
    "OffsetTime of a change before the shot": (
        photo(original=SHOT, modified="2003:01:01 00:00:00", modified_offset="+02:00"),
        "2023-08-05 14:03:11 original",
    ),
    "OffsetTime without a change": (photo(original=SHOT, modified_offset="+02:00"), "2023-08-05 14:03:11 original"),
    "the position is better than OffsetTime": (
        photo(BERLIN, original=SHOT, modified="2024:01:01 10:00:00", modified_offset="+01:00"),
        "2023-08-05 14:03:11 +02:00 Europe/Berlin original/position",
    ),
    "the offset of the digitization": (
        photo(original=SHOT, digitized_offset="-03:30"),
        "2023-08-05 14:03:11 -03:30 original/digitized",
    ),
    "a digitized date has its own offset": (
        photo(digitized=SHOT, digitized_offset="+01:00", original_offset="+02:00"),
        "2023-08-05 14:03:11 +01:00 digitized/digitized",
    ),
    "a maker's time zone": (photo(original=SHOT, maker_offset=-300), "2023-08-05 14:03:11 -05:00 original/maker"),
    "a maker's time zone that is none": (photo(original=SHOT, maker_offset=1440), "2023-08-05 14:03:11 original"),
    "the zone at the position, in summer": (
        photo(BERLIN, original=SHOT),
        "2023-08-05 14:03:11 +02:00 Europe/Berlin original/position",
    ),
    "the zone at the position, in winter": (
        photo(BERLIN, original=SHOT_IN_WINTER),
        "2023-01-05 14:03:11 +01:00 Europe/Berlin original/position",
    ),
    "the zone at the position, a quarter of an hour": (
        photo(KATHMANDU, original=SHOT),
        "2023-08-05 14:03:11 +05:45 Asia/Kathmandu original/position",
    ),
    "a camera left on the time of home": (
        photo(KATHMANDU, original=SHOT, original_offset="+02:00"),
        "2023-08-05 14:03:11 +02:00 original/original",
    ),
    "an offset that the position confirms": (
        photo(BERLIN, original=SHOT, original_offset="+02:00"),
        "2023-08-05 14:03:11 +02:00 Europe/Berlin original/original",
    ),
    "an hour that comes twice": (
        photo(BERLIN, original="2023:10:29 02:30:00"),
        "2023-10-29 02:30:00 +02:00 Europe/Berlin original/position",
    ),
    "an hour that does not come": (
        photo(BERLIN, original="2023:03:26 02:30:00"),
        "2023-03-26 02:30:00 +01:00 Europe/Berlin original/position",
    ),
    "ships choose their time": (photo(ATLANTIC, original=SHOT), "2023-08-05 14:03:11 original"),
    "the difference to the GPS clock": (
        photo(original=SHOT, gps_date="2023:08:05", gps_time="12:03:05"),
        "2023-08-05 14:03:11 +02:00 original/gps",
    ),
    "the difference to the GPS clock, rounded": (
        photo(original="2023:08:05 17:32:53", gps_date="2023:08:05", gps_time="12:03:05"),
        "2023-08-05 17:32:53 +05:30 original/gps",
    ),
    "the difference to the GPS clock over midnight": (
        photo(original="2023:08:06 01:03:11", gps_date="2023:08:05", gps_time="11:03:05.25"),
        "2023-08-06 01:03:11 +14:00 original/gps",
    ),
    "a GPS stamp from 21 minutes ago": (
        photo(original=SHOT, gps_date="2023:08:05", gps_time="11:42:05"),
        "2023-08-05 14:03:11 +02:00 original/gps",
    ),
    "a GPS stamp of another day is no date and tells no offset": (
        photo(original=SHOT, gps_date="2023:08:02", gps_time="12:03:05"),
        "2023-08-05 14:03:11 original",
    ),
    "an offset that no clock shows": (photo(original=SHOT, original_offset="+15:00"), "2023-08-05 14:03:11 original"),
    "an empty offset": (photo(original=SHOT, original_offset="   :  "), "2023-08-05 14:03:11 original"),
    "offsets in other spellings": (
        photo(original=SHOT, original_offset="-0930"),
        "2023-08-05 14:03:11 -09:30 original/original",
    ),
    "an offset in the date itself": (
        File(exif=Exif(original_offset="+01:00"), xmp=Xmp(original="2023-08-05T14:03:11.25+02:00")),
        "2023-08-05 14:03:11.250000 +02:00 original/stamp",
    ),
    "the same date written with an offset": (
        File(exif=Exif(original=SHOT), xmp=Xmp(created="2023-08-05T14:03:12+02:00")),
        "2023-08-05 14:03:11 +02:00 original/twin",
    ),
    "another date written with an offset": (
        File(exif=Exif(original=SHOT), xmp=Xmp(created="2023-08-05T15:03:12+02:00")),
        "2023-08-05 14:03:11 original",
    ),
    # which date
    "the shutter before the scanner": (
        photo(original="1989:11:09 23:00:00", digitized=SHOT, modified=SHOT),
        "1989-11-09 23:00:00 original",
    ),
    "the scanner before the last change": (
        photo(digitized=SHOT, modified="2024:01:01 00:00:00"),
        "2023-08-05 14:03:11 digitized",
    ),
    "the last change if there is nothing else": (
        photo(modified=SHOT, modified_offset="+02:00", original_offset="+09:00"),
        "2023-08-05 14:03:11 +02:00 modified/modified",
    ),
    "EXIF before XMP": (
        File(exif=Exif(original=SHOT), xmp=Xmp(original="2020-01-01T00:00:00")),
        "2023-08-05 14:03:11 original",
    ),
    "XMP's shutter before EXIF's scanner": (
        File(exif=Exif(digitized=SHOT), xmp=Xmp(original="1989-11-09T23:00:00")),
        "1989-11-09 23:00:00 original",
    ),
    "IPTC": (
        File(iptc=Iptc(date="20230805", time="140311+0200")),
        "2023-08-05 14:03:11 +02:00 created/stamp",
    ),
    "IPTC without a time": (File(iptc=Iptc(date="20230805")), "2023-08-05 00:00:00 created"),
    "IPTC without a time, Photoshop with one": (
        File(iptc=Iptc(date="20230805"), xmp=Xmp(created="2023-08-05T14:03:11")),
        "2023-08-05 14:03:11 created",
    ),
    "IPTC without a time, Photoshop on another day": (
        File(iptc=Iptc(date="20230805"), xmp=Xmp(created="2020-01-01T14:03:11")),
        "2023-08-05 00:00:00 created",
    ),
    "a year only": (File(xmp=Xmp(created="1953")), "1953-01-01 00:00:00 created"),
    "a month only": (File(xmp=Xmp(created="1953-07")), "1953-07-01 00:00:00 created"),
    "a day only, and a change on that day": (
        File(xmp=Xmp(created="2023-08-05"), exif=Exif(modified=SHOT)),
        "2023-08-05 00:00:00 created",
    ),
    "GPS before the last change": (
        photo(BERLIN, gps_date="2023:08:05", gps_time="12:03:05", modified="2024:01:01 00:00:00"),
        "2023-08-05 14:03:05 +02:00 Europe/Berlin gps/position",
    ),
    "GPS without a position": (
        photo(gps_date="2023:08:05", gps_time="12:03:05"),
        "2023-08-05 08:03:05 -04:00 gps/assumed",
    ),
    "a GPS day without its time": (photo(gps_date="2023:08:05"), "none"),
    "GPS before there was GPS": (photo(gps_date="1980:01:05", gps_time="12:03:05"), "none"),
    # videos
    "an iPhone's video tells its offset": (
        film(creation_date="2023-08-05T14:03:11+0200", creation_time="2023-08-05T12:03:12.000000Z"),
        "2023-08-05 14:03:11 +02:00 quicktime/stamp",
    ),
    "a container's time is UTC": (
        film(creation_time="2023-08-05T12:03:11.000000Z"),
        "2023-08-05 08:03:11 -04:00 container/assumed",
    ),
    "a container's time at a position": (
        film(LOS_ANGELES, creation_time="2023-08-05T02:03:11.000000Z"),
        "2023-08-04 19:03:11 -07:00 America/Los_Angeles container/position",
    ),
    "a container's time with Samsung's note of the offset": (
        film(creation_time="2023-08-05T12:03:11.000000Z", offset="+0200"),
        "2023-08-05 14:03:11 +02:00 container/maker",
    ),
    "a container's time by a camera without time zones": (
        film(creation_time="2023-08-05T14:03:11.000000Z", make="NIKON CORPORATION"),
        "2023-08-05 14:03:11 container",
    ),
    "a container's time by such a camera at a position": (
        film(BERLIN, creation_time="2023-08-05T14:03:11.000000Z", make="GoPro"),
        "2023-08-05 14:03:11 +02:00 Europe/Berlin container/position",
    ),
    "the camera's own clock before the container's": (
        film(original="2023-08-05 14:03:11", creation_time="2023-08-05T14:03:11.000000Z"),
        "2023-08-05 14:03:11 original",
    ),
    "a year that somebody wrote, within which the container falls": (
        film(day="2023", creation_time="2023-08-05T12:03:11.000000Z"),
        "2023-08-05 08:03:11 -04:00 container/assumed",
    ),
    "a day that somebody wrote, long before the container": (
        film(day="1998-12-24", creation_time="2023-08-05T12:03:11.000000Z"),
        "1998-12-24 00:00:00 created",
    ),
    "the zero of QuickTime": (film(creation_time="1904-01-01T00:00:00.000000Z"), "none"),
    "the zero of Unix": (film(creation_time="1970-01-01T00:00:00.000000Z"), "none"),
    "the zero of Unix, seen from Los Angeles": (photo(original="1969:12:31 16:00:00"), "none"),
    "New Year's Eve of 1969": (photo(original="1969:12:31 23:58:21"), "1969-12-31 23:58:21 original"),
    # what is no date
    "zeros": (photo(original="0000:00:00 00:00:00", digitized=SHOT), "2023-08-05 14:03:11 digitized"),
    "blanks": (photo(original="    :  :     :  :  ", digitized=SHOT), "2023-08-05 14:03:11 digitized"),
    "nothing": (photo(original=""), "none"),
    "before photography": (photo(original="1799:12:31 23:59:59"), "none"),
    "Outlook's no date": (photo(original="4501:01:01 00:00:00"), "none"),
    "the day after tomorrow": (photo(original=LATER, modified=SHOT), "2023-08-05 14:03:11 modified"),
    "tomorrow east of here": (photo(original=TOMORROW), f"{TOMORROW[:10].replace(':', '-')}{TOMORROW[10:]} original"),
    "no such day": (photo(original="2023:02:30 10:00:00", digitized=SHOT), "2023-08-05 14:03:11 digitized"),
    "no such time": (photo(original="2023:08:05 25:61:00", digitized=SHOT), "2023-08-05 14:03:11 digitized"),
    "words": (photo(original="last summer"), "none"),
    # how it is written
    "fractions of a second": (
        photo(original=SHOT, original_subsec="5"),
        "2023-08-05 14:03:11.500000 original",
    ),
    "fractions with blanks": (photo(original=SHOT, original_subsec="042  "), "2023-08-05 14:03:11.042000 original"),
    "fractions beyond microseconds": (
        photo(original=SHOT, original_subsec="123456789"),
        "2023-08-05 14:03:11.123456 original",
    ),
    "fractions that are none": (photo(original=SHOT, original_subsec="-1"), "2023-08-05 14:03:11 original"),
    "24 o'clock": (photo(original="2023:12:31 24:00:00"), "2024-01-01 00:00:00 original"),
    "a leap second": (photo(original="2016:12:31 23:59:60"), "2017-01-01 00:00:00 original"),
    "dashes": (photo(original="2023-08-05 14-03-11"), "2023-08-05 14:03:11 original"),
    "slashes": (photo(original="2023/08/05 14:03:11"), "2023-08-05 14:03:11 original"),
    "dots": (photo(original="2023.08.05 14.03.11"), "2023-08-05 14:03:11 original"),
    "single digits": (photo(original="2023: 8: 5 14: 3:11"), "2023-08-05 14:03:11 original"),
    "without seconds": (File(xmp=Xmp(original="2023-08-05T14:03-05:00")), "2023-08-05 14:03:00 -05:00 original/stamp"),
    "a zero at the end": (photo(original=f"{SHOT}\0"), "2023-08-05 14:03:11 original"),
    "Zulu": (File(xmp=Xmp(original="2023-08-05T14:03:11Z")), "2023-08-05 14:03:11 +00:00 original/stamp"),
}


@pytest.mark.parametrize(("file", "expected"), TABLE.values(), ids=TABLE.keys())
def test_the_date_of_a_file(file: File, expected: str) -> None:
    assert told(file.date()) == expected


STAMPS = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.text(alphabet="0123456789:-/. TZ+", max_size=30),
    st.datetimes().map(str),
    st.datetimes(max_value=datetime(2024, 1, 1)).map(lambda moment: moment.strftime("%Y:%m:%d %H:%M:%S")),
)
POSITIONS = st.one_of(st.none(), st.tuples(st.floats(-90, 90), st.floats(-180, 180)))


@st.composite
def files(draw: st.DrawFn) -> File:
    """Files with anything in them."""
    words = st.one_of(st.none(), st.text(alphabet="0123456789:+-Z ", max_size=8))
    return File(
        Exif(
            original=draw(STAMPS),
            original_subsec=draw(words),
            original_offset=draw(words),
            digitized=draw(STAMPS),
            digitized_offset=draw(words),
            modified=draw(STAMPS),
            modified_offset=draw(words),
            gps_date=draw(STAMPS),
            gps_time=draw(words),
            maker_offset=draw(st.one_of(st.none(), st.integers())),
        ),
        Xmp(original=draw(STAMPS), digitized=draw(STAMPS), created=draw(STAMPS), modified=draw(STAMPS)),
        Iptc(date=draw(STAMPS), time=draw(words)),
        Video(
            creation_date=draw(STAMPS),
            creation_time=draw(STAMPS),
            original=draw(STAMPS),
            offset=draw(words),
            day=draw(STAMPS),
            make=draw(st.sampled_from([None, "Apple", "Canon"])),
        ),
        draw(POSITIONS),
    )


@given(files())
@example(photo(original="²023:08:05"))
@example(photo(original="9999:12:31 24:00:00"))
@example(photo(original=SHOT, original_subsec="²"))
def test_whatever_is_in_a_file_its_date_is_a_date(file: File) -> None:
    moment = file.date()
    if moment is None:
        return
    assert moment.rule in dating.DATE_RULES
    assert (moment.offset is None) == (moment.offset_rule is None)
    assert moment.offset_rule in (None, *dating.OFFSET_RULES)
    assert moment.offset is None or moment.offset in dating.OFFSETS
    clock = _EPOCH + timedelta(microseconds=moment.wall)
    assert clock.year >= 1799
    if moment.zone is not None:  # its clocks show this, before or after the hour that comes twice
        shown = [clock.replace(tzinfo=ZoneInfo(moment.zone), fold=fold).utcoffset() for fold in (0, 1)]
        assert moment.offset in [round(offset / timedelta(minutes=1)) for offset in shown]


@given(
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2024, 1, 1)),
    st.sampled_from(["original", "digitized", "modified"]),
    POSITIONS,
    st.sampled_from([None, "+02:00", "-11:00", "+5"]),
)
def test_nothing_beside_it_changes_a_wall_clock(
    moment: datetime, tag: str, position: tuple[float, float] | None, offset: str | None
) -> None:
    written = {tag: moment.strftime("%Y:%m:%d %H:%M:%S"), f"{tag}_offset": offset}
    found = photo(position, **written, gps_date="2001:01:01", gps_time="00:00:00").date()
    if tag == "modified":  # a GPS date is better
        found = photo(position, **written).date()
    assert found is not None
    assert datetime(1970, 1, 1) + timedelta(microseconds=found.wall) == moment.replace(microsecond=0)


@pytest.mark.parametrize("latitude", range(-90, 91, 15))
def test_a_location_added_later_leaves_the_wall_clock(latitude: int) -> None:
    before = photo(original=SHOT).date()
    after = photo((latitude, 20.0), original=SHOT).date()
    assert before is not None
    assert after is not None
    assert before.wall == after.wall


def test_every_zone_of_the_polygons_is_in_the_time_zone_database() -> None:
    assert set(tzfpy.timezonenames()) <= available_timezones()


def samples() -> list[tuple[str, bytes]]:
    """Small pictures of old cameras; their names tell the dates that other programs read from them."""
    return [(path.name, path.read_bytes()) for path in sorted(kit("goexif").glob("exif/samples/2*.jpg"))]


def date_of(picture: bytes) -> Moment | None:
    return File(exif=exif.read(io.BytesIO(picture), "jpeg")).date()


def test_the_dates_of_real_cameras() -> None:
    pictures = [(name, data) for name, data in samples() if name < "2099"]
    assert len(pictures) == 44
    for name, data in pictures:
        day, clock = name[:10], name[11:19].replace("-", ":")
        assert told(date_of(data)).startswith(f"{day} {clock}"), name


def test_cameras_whose_clock_was_wrong_by_a_century_tell_no_date() -> None:
    pictures = [data for name, data in samples() if name >= "2099"]
    assert [told(date_of(data)) for data in pictures] == ["none", "none"]
