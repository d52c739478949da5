"""When a photograph was taken: dates in names, and which of several wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.library import dating
from gateway.library.extracted import Moment

BERLIN = "Europe/Berlin"
UPLOAD = "2025-06-01 10:00:00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(text: str) -> int:
    """Microseconds since 1970 of a time, on whatever clock it is meant."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def told(moment: Moment | None) -> str | None:
    """A moment as one line: the wall clock, its offset, the rules."""
    if moment is None:
        return None
    clock = (_EPOCH + timedelta(microseconds=moment.wall)).replace(tzinfo=None).isoformat(" ")
    offset = "" if moment.offset is None else f" {moment.offset:+}"
    zone = "" if moment.zone is None else f" {moment.zone}"
    rules = moment.rule if moment.offset_rule is None else f"{moment.rule}/{moment.offset_rule}"
    return f"{clock}{offset}{zone} {rules}"


def from_name(name: str, zone: str = BERLIN) -> str | None:
    return told(dating.from_name(name, zone, now=at(UPLOAD)))


def choose(
    embedded: Moment | None = None,
    sidecar: Moment | None = None,
    name: str = "a.jpg",
    *,
    modified: str = UPLOAD,
    zone: str = BERLIN,
) -> str | None:
    return told(dating.choose(embedded, sidecar, name, modified=at(modified), created=at(UPLOAD), zone=zone))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("IMG_20190714_143205.jpg", "2019-07-14 14:32:05 name"),
        ("IMG_20190714_143205_HDR.jpg", "2019-07-14 14:32:05 name"),
        ("IMG_20190714_143205123.jpg", "2019-07-14 14:32:05.123000 name"),
        ("VID_20190714_143205.mp4", "2019-07-14 14:32:05 name"),
        ("MVIMG_20190714_143205.jpg", "2019-07-14 14:32:05 name"),
        ("20190714_143205.jpg", "2019-07-14 14:32:05 name"),
        ("20190714_143205(0).jpg", "2019-07-14 14:32:05 name"),
        ("20190714_143205", "2019-07-14 14:32:05 name"),
        ("00000IMG_00000_BURST20190714143205123_COVER.jpg", "2019-07-14 14:32:05.123000 name"),
        ("DJI_20230427145116_0001_D.MP4", "2023-04-27 14:51:16 name"),
        ("Screenshot_20181227-152914.png", "2018-12-27 15:29:14 name"),
        ("Screenshot_2018-12-27-15-29-14-123_com.android.chrome.png", "2018-12-27 15:29:14.123000 name"),
        ("Screenshot from 2018-12-27 15-29-14.png", "2018-12-27 15:29:14 name"),
        ("Screenshot 2023-04-27 145116.png", "2023-04-27 14:51:16 name"),
        ("Screen Shot 2018-12-27 at 15.29.14.png", "2018-12-27 15:29:14 name"),
        ("Screenshot 2018-12-27 at 3.29.14\u202fPM.png", "2018-12-27 15:29:14 name"),
        ("Screenshot 2018-12-27 at 12.29.14 AM.png", "2018-12-27 00:29:14 name"),
        ("signal-2023-04-27-14-51-16-123.jpg", "2023-04-27 14:51:16.123000 name"),
        ("signal-2023-04-27-145116.jpg", "2023-04-27 14:51:16 name"),
        ("photo_2023-04-27_14-51-16.jpg", "2023-04-27 14:51:16 name"),
        ("2019-07-14 14.32.05.jpg", "2019-07-14 14:32:05 name"),
        ("2019-07-14 14.32.05-1.jpg", "2019-07-14 14:32:05 name"),
        ("2019-07-14T14:32:05.jpg", "2019-07-14 14:32:05 name"),
        ("WhatsApp Image 2023-04-27 at 14.51.16.jpeg", "2023-04-27 14:51:16 name"),
        ("2019-07-14 Birthday.jpg", "2019-07-14 00:00:00 name"),
        ("1926-07-14 Grandmother.tif", "1926-07-14 00:00:00 name"),
    ],
)
def test_a_name_tells_the_wall_clock_without_an_offset(name: str, expected: str) -> None:
    assert from_name(name) == expected


def test_names_of_whatsapp_keep_their_order_within_the_day() -> None:
    assert from_name("IMG-20171218-WA0028.jpg") == "2017-12-18 00:00:00.000028 name"
    assert from_name("VID-20171218-WA0029.mp4") == "2017-12-18 00:00:00.000029 name"


@pytest.mark.parametrize("name", ["PXL_20230427_145116000.MP.jpg", "20230427_145116000_iOS.heic"])
def test_names_in_utc_are_shown_by_the_clocks_of_the_server(name: str) -> None:
    assert from_name(name, BERLIN) == "2023-04-27 16:51:16 +120 name/assumed"
    assert from_name(name, "America/New_York") == "2023-04-27 10:51:16 -240 name/assumed"


@pytest.mark.parametrize(
    "name",
    [
        "IMG_1234.jpg",
        "DSC_20190714.jpg",  # eight digits may be anything
        "20121011.jpg",
        "+4920190714143205.jpg",  # a telephone number
        "0049 2019-07-1432.jpg",
        "d41d8cd98f00b204e9800998ecf8427e.jpg",
        "a20190714143205f.jpg",  # a hash
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf6.jpg",
        "FB_IMG_1563114725000.jpg",
        "555-2012-11-10.jpg",
        "20191314_143205.jpg",  # no such month
        "20190230_143205.jpg",  # no such day
        "20190714_256199.jpg",  # no such time
        "IMG-20171318-WA0028.jpg",
        "wallpaper 1920x1080.png",
        "",
        ".jpg",
    ],
)
def test_digits_that_are_no_date_are_none(name: str) -> None:
    assert from_name(name) is None


@pytest.mark.parametrize(
    "name", ["IMG_20990714_143205.jpg", "20250603_100000.jpg", "19700101_000000.jpg", "19040101_010000.mp4"]
)
def test_names_of_the_future_and_of_zero_are_no_dates(name: str) -> None:
    assert from_name(name) is None


def test_a_name_of_tomorrow_is_a_date_for_somebody_east_of_here() -> None:
    assert from_name("20250602_010000.jpg") == "2025-06-02 01:00:00 name"


@given(st.text(max_size=60))
@example("IMG_99999999_999999.jpg")
@example("²019-07-14.jpg")
def test_no_name_is_an_error(name: str) -> None:
    moment = dating.from_name(name, BERLIN, now=at(UPLOAD))
    assert moment is None or dating.is_plausible(moment.wall, at(UPLOAD))


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2025, 6, 1)))
def test_a_date_written_into_a_name_is_found_again(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert from_name(moment.strftime("IMG_%Y%m%d_%H%M%S.jpg")) == f"{moment.isoformat(' ')} name"


ORIGINAL = Moment("original", at("2023-08-05 14:03:11.250000"), 120, BERLIN, "original")
CHANGED = Moment("modified", at("2024-01-01 12:00:00"))
FILM = Moment("container", at("2019-07-14 08:33:20"), -240, None, "assumed")  # 12:33:20 UTC, seen from New York


def test_what_the_file_says_wins_over_its_name_and_times() -> None:
    assert (
        choose(ORIGINAL, None, "IMG_20190714_143205.jpg", modified="2018-01-01 00:00:00")
        == "2023-08-05 14:03:11.250000 +120 Europe/Berlin original/original"
    )


def test_a_sidecar_replaces_what_the_file_says() -> None:
    assert choose(ORIGINAL, Moment("created", at("1999-12-31 23:00:00"), 60, None, "stamp")) == (
        "1999-12-31 23:00:00 +60 sidecar/stamp"
    )


def test_a_sidecar_without_offset_takes_the_zone_of_the_files_position() -> None:
    assert choose(ORIGINAL, Moment("original", at("2023-01-05 14:03:11"))) == (
        "2023-01-05 14:03:11 +60 Europe/Berlin sidecar/position"
    )


def test_a_sidecar_that_repeats_the_date_takes_nothing_away_from_it() -> None:
    assert choose(ORIGINAL, Moment("original", at("2023-08-05 14:03:11"))) == (
        "2023-08-05 14:03:11.250000 +120 Europe/Berlin sidecar/original"
    )


def test_when_a_sidecar_was_saved_is_no_date() -> None:
    assert choose(None, CHANGED, "IMG_20190714_143205.jpg") == "2019-07-14 14:32:05 name"


def test_the_name_wins_over_the_last_change_inside_the_file() -> None:
    assert choose(CHANGED, None, "IMG_20190714_143205.jpg") == "2019-07-14 14:32:05 name"
    assert choose(CHANGED, None, "a.jpg") == "2024-01-01 12:00:00 modified"


def test_the_name_of_a_video_shows_the_wall_clock_of_its_time_in_utc() -> None:
    assert choose(FILM, None, "VID_20190714_143205.mp4", zone="America/New_York") == (
        "2019-07-14 14:33:20 +120 container/name"
    )


@pytest.mark.parametrize("name", ["VID-20190714-WA0001.mp4", "VID_20190714_141005.mp4", "VID_20010714_143205.mp4"])
def test_a_name_that_no_offset_explains_changes_no_instant(name: str) -> None:
    assert choose(FILM, None, name, zone="America/New_York") == "2019-07-14 08:33:20 -240 container/assumed"


def test_a_name_with_a_day_only_tells_no_wall_clock() -> None:
    evening = Moment("container", at("2019-07-13 18:03:00"), -240, None, "assumed")  # 22:03 UTC
    assert choose(evening, None, "VID-20190714-WA0001.mp4", zone="America/New_York") == (
        "2019-07-13 18:03:00 -240 container/assumed"
    )


def test_a_wall_clock_from_a_position_is_not_judged_by_the_name() -> None:
    film = FILM._replace(zone="America/New_York", offset_rule="position")
    assert choose(film, None, "VID_20190714_143205.mp4") == (
        "2019-07-14 08:33:20 -240 America/New_York container/position"
    )


def test_the_clients_time_is_better_than_the_time_of_the_upload() -> None:
    assert choose(modified="2021-12-24 17:00:00") == "2021-12-24 18:00:00 +60 client/assumed"


@pytest.mark.parametrize("modified", ["2025-06-01 10:00:02", "2025-06-04 10:00:00", "1970-01-01 00:00:00"])
def test_a_clients_time_that_tells_nothing_leaves_the_time_of_the_upload(modified: str) -> None:
    assert choose(modified=modified) == "2025-06-01 12:00:00 +120 upload/assumed"


def test_instants_are_known_where_offsets_are() -> None:
    assert dating.utc(ORIGINAL) == at("2023-08-05 12:03:11.250000")
    assert dating.utc(CHANGED) is None


def test_days_are_those_of_the_wall_clock() -> None:
    assert dating.day(at("1970-01-01 23:59:59")) == 0
    assert dating.day(at("1970-01-02 00:00:00")) == 1
    assert dating.day(at("1969-12-31 23:59:59")) == -1


@pytest.mark.parametrize(
    ("wall", "instant", "offset"),
    [
        ("2023-08-05 17:33:11", "2023-08-05 12:03:23", 330),  # 5:29:48 is India, not 5 hours and a half and 12 seconds
        ("2023-08-05 17:48:11", "2023-08-05 12:03:11", 345),
        ("2023-08-06 02:03:11", "2023-08-05 12:03:11", 840),
        ("2023-08-05 00:03:11", "2023-08-05 12:03:11", -720),
        ("2023-08-05 14:24:11", "2023-08-05 12:03:11", 120),  # a stamp of 21 minutes ago
        ("2023-08-06 02:40:11", "2023-08-05 12:03:11", None),
        ("2023-08-07 14:03:11", "2023-08-05 12:03:11", None),
    ],
)
def test_two_clocks_tell_the_offset_between_them(wall: str, instant: str, offset: int | None) -> None:
    assert dating.offset_between(at(wall), at(instant), drift=30 * dating.MINUTE) == offset


@given(
    st.integers(min_value=at("1900-01-01"), max_value=at("2100-01-01")),
    st.sampled_from([BERLIN, "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati", "Africa/Monrovia", "UTC"]),
)
def test_an_instant_is_the_same_on_every_wall(instant: int, zone: str) -> None:
    moment = dating.from_instant("client", instant, zone, "assumed")
    assert dating.utc(moment) == instant
    assert moment.offset in dating.OFFSETS
