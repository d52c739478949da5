"""Real files of many makers: what comes out of each is what ``golden.toml`` says."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from indexer.extract.extract import extract
from tests.components.kits import kit

ROWS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("golden.toml").read_text())["file"]
PLAIN = (
    "kind format video_codec audio_codec make model lens exposure_time aperture iso focal_length focal_length_35mm "
    "flash latitude longitude altitude title description rating content_id projection"
).split()


def test_the_table_is_large_and_varied() -> None:
    assert len(ROWS) >= 100
    assert {row["format"] for row in ROWS} >= set(
        "jpeg heic avif png webp tiff psd dng cr2 cr3 nef arw mov mp4".split()
    )
    assert len({row.get("make", "").split(" ")[0].lower() for row in ROWS}) > 20


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['kit']}:{row['path'].rpartition('/')[2]}")
def test_a_real_file_tells_what_exiftool_reads_in_it(row: dict[str, Any]) -> None:
    path = kit(row["kit"]) / row["path"]
    with path.open("rb") as file:
        extraction = extract(file, path.stat().st_size, zone="America/New_York", budget=256 << 20)
    found = extraction.extracted
    told: dict[str, Any] = {name: getattr(found, name) for name in PLAIN}
    told["tags"] = list(found.tags) or None
    told["place"] = f"{found.place.town}, {found.place.country_code}" if found.place else None
    if found.date:
        told["taken"] = datetime(1970, 1, 1) + timedelta(microseconds=found.date.wall)
        told["rule"], told["zone"], told["offset_rule"] = found.date.rule, found.date.zone, found.date.offset_rule
        told["offset"] = clock(found.date.offset)
    for name in (*PLAIN, "tags", "place", "taken", "rule", "offset", "offset_rule", "zone"):
        wanted = row.get(name)
        is_number = isinstance(wanted, float | int) and not isinstance(wanted, bool)
        assert told.get(name) == (pytest.approx(wanted) if is_number else wanted), name
    assert (extraction.error is not None) == row.get("undecodable", False)
    assert bool(extraction.renditions) == (row["kind"] in {"image", "raw", "video"} and not extraction.error)
    if "size" in row:
        margins = 0.01 if row["kind"] == "raw" else 0
        assert [found.width, found.height] == [pytest.approx(length, rel=margins) for length in row["size"]]
    if "duration" in row:
        assert (found.duration or 0) / 1000 == pytest.approx(row["duration"], abs=0.05)


def clock(minutes: int | None) -> str | None:
    """``+02:00``."""
    if minutes is None:
        return None
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
