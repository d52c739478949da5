from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dav.dates import http_date, iso_date, parse_any, parse_http_date

SECONDS = st.integers(-62_135_596_800, 253_402_300_799)


@given(SECONDS, st.integers(0, 999_999))
def test_dates_are_written_as_the_standard_library_writes_them(seconds: int, micros: int) -> None:
    moment = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)
    moment = datetime.min.replace(tzinfo=UTC) if seconds == -62_135_596_800 else _at(seconds)
    whole = seconds * 1_000_000 + micros
    assert iso_date(whole) == moment.strftime("%Y").rjust(4, "0") + moment.strftime("-%m-%dT%H:%M:%SZ")
    assert http_date(whole) == format_datetime(moment, usegmt=True)


def _at(seconds: int) -> datetime:
    days, rest = divmod(seconds, 86400)
    day = datetime.fromordinal(datetime(1970, 1, 1).toordinal() + days)
    return day.replace(hour=rest // 3600, minute=rest // 60 % 60, second=rest % 60, tzinfo=UTC)


def test_times_beyond_the_calendar_are_written_as_its_end() -> None:
    assert http_date(10**30) == "Fri, 31 Dec 9999 23:59:59 GMT"
    assert iso_date(-(10**30)) == "0001-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "text",
    ["Tue, 14 Nov 2023 22:13:20 GMT", "Tuesday, 14-Nov-23 22:13:20 GMT", "Tue Nov 14 22:13:20 2023"],
)
def test_all_three_http_dates_are_read(text: str) -> None:
    assert parse_http_date(text) == 1_700_000_000


@pytest.mark.parametrize("text", ["", "x", "Tue, 99 Nov 2023 22:13:20 GMT", "1700000000", "2023-11-14T22:13:20Z"])
def test_other_texts_are_no_http_dates(text: str) -> None:
    assert parse_http_date(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "1700000000",
        "1700000000.0",
        "Tue, 14 Nov 2023 22:13:20 GMT",
        "2023-11-14T22:13:20Z",
        "2023-11-14T23:13:20+01:00",
    ],
)
def test_properties_hold_times_in_any_form(text: str) -> None:
    assert parse_any(text) == 1_700_000_000_000_000


def test_what_is_no_time_is_none() -> None:
    assert parse_any("tomorrow") is None
