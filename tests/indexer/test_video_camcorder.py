from datetime import UTC, datetime

import pytest

from indexer.extract.camcorder import Record, asf_created, avchd

MARK = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
DATE = b"\x18\x02\x20\x08\x12"
TIME = b"\x19\x31\x23\x16\x24"
CANON = b"\xe0\x10\x11\x30\x00"
"""Entries of a real one: exiftool's M2TS.mts, which it dates 2008:12:31 23:16:24+01:00."""


def test_record_of_a_camcorder_is_read() -> None:
    found = avchd(b"\0\0\1\6" + MARK + b"\3" + DATE + TIME + CANON + b"\x80")
    assert found == Record("2008-12-31 23:16:24+01:00", "Canon")


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        # by exiftool: 0x20 is the sign, 0x1e the hours, 0x01 half an hour, 0x40 summer time, 0x80 not used
        (0x02, "+01:00"),
        (0x2A, "-05:00"),
        (0x0B, "+05:30"),
        (0x27, "-03:30"),
        (0x44, "+02:00"),
        (0xFF, ""),
        (0x00, ""),
    ],
)
def test_offset_is_read(zone: int, offset: str) -> None:
    date = bytes([DATE[0], zone]) + DATE[2:]
    assert avchd(MARK + b"\2" + date + TIME).date == f"2008-12-31 23:16:24{offset}"


def test_bytes_that_h264_puts_between_are_no_part_of_it() -> None:
    midnight = b"\x18\x02\x20\x09\x01" + b"\x19\x01\x00\x00\x03\x00"  # 2009-01-01 00:00:00
    assert avchd(MARK + b"\2" + midnight).date == "2009-01-01 00:00:00+01:00"


def test_cut_records_do_no_harm() -> None:
    packet = MARK + b"\3" + DATE + TIME + CANON
    assert [avchd(packet[:length]) for length in range(len(packet) - 10)] == [Record()] * (len(packet) - 10)
    assert avchd(MARK + b"\xff" + DATE) == Record()
    assert avchd(MARK + b"\1" + CANON) == Record(None, "Canon")


def test_creation_time_of_windows_media_counts_from_1601() -> None:
    properties = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
    ticks = (
        int((datetime(2003, 6, 16, 7, 57, 23, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
    )
    head = bytes(30) + properties + bytes(32)
    assert asf_created(head + ticks.to_bytes(8, "little")) == "2003-06-16T07:57:23.000000Z"
    assert asf_created(head + bytes(8)) is None
    assert asf_created(head + b"\xff" * 8) is None
    assert asf_created(head) is None
    assert asf_created(b"") is None
