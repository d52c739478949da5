"""A decoder that was taken over says values that none would: they reach nothing that is stored, sorted or shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gateway.library.extracted import Extracted, Moment, Place
from indexer import answers, wire
from indexer.errors import Unreadable
from indexer.extract.extract import extract
from indexer.extract.extraction import Extraction
from indexer.sandbox import Sandbox
from tests.components.kits import kit
from tests.indexer import hostile
from tests.indexer.talking import told
from tests.indexer.test_golden import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 1000
BERLIN = Place(2950159, "Berlin", "State of Berlin", "Germany", "DE")
GOOD = Extracted(
    "image",
    "jpeg",
    400,
    300,
    date=Moment("original", 1_500_000_000_000_000, 120, "Europe/Berlin", "position"),
    latitude=52.5,
    longitude=13.4,
    altitude=34.0,
    place=BERLIN,
    make="Fujifilm",
    exposure_time=0.01,
    iso=200,
    title="Beach",
    description="By the sea.\nIn summer.",
    rating=5,
    tags=("beach", "sea"),
    motion=(900, 100),
    thumbhash=bytes(25),
    phash=-1,
)
HOSTILE: dict[str, dict[str, Any]] = {
    "a kind of its own": {"kind": "<b>"},
    "a format of its own": {"format": "jpeg; rm"},
    "a long format": {"format": "a" * 21},
    "a width below nothing": {"width": -1},
    "a height beyond all": {"height": 1 << 40},
    "a duration below nothing": {"duration": -1},
    "a duration beyond all": {"duration": 1 << 60},
    "no frames": {"frames": 0},
    "a codec of markup": {"video_codec": "<i>"},
    "a long codec": {"audio_codec": "a" * 41},
    "the date of a person": {"date": Moment("manual", 0)},
    "the date of a sidecar": {"date": Moment("sidecar", 0)},
    "an unknown rule": {"date": Moment("oracle", 0)},
    "the year 0": {"date": Moment("original", -62_135_596_800_000_001)},
    "the year 10000": {"date": Moment("original", 253_402_300_800_000_000)},
    "the end of time": {"date": Moment("original", (1 << 63) - 1)},
    "15 hours east": {"date": Moment("original", 0, 15 * 60, None, "stamp")},
    "13 hours west": {"date": Moment("original", 0, -13 * 60, None, "stamp")},
    "an offset from nowhere": {"date": Moment("original", 0, 60)},
    "an unknown rule of an offset": {"date": Moment("original", 0, 60, None, "oracle")},
    "the offset of a name": {"date": Moment("original", 0, 60, None, "name")},
    "a rule without its offset": {"date": Moment("original", 0, None, None, "stamp")},
    "a zone without an offset": {"date": Moment("original", 0, None, "Europe/Berlin")},
    "no zone of the world": {"date": Moment("original", 0, 60, "Mars/Olympus", "position")},
    "a zone that is a file": {"date": Moment("original", 0, 60, "../../etc/passwd", "position")},
    "a zone that is a folder": {"date": Moment("original", 0, 60, "Europe", "position")},
    "a zone that is a novel": {"date": Moment("original", 0, 60, "a" * 5000, "position")},
    "beyond the pole": {"latitude": 90.1},
    "beyond the date line": {"longitude": -180.1},
    "half a position": {"longitude": None},
    "a height of nowhere": {"latitude": None, "longitude": None, "place": None},
    "above the air": {"altitude": 1e6},
    "a place without a position": {"latitude": None, "longitude": None, "altitude": None},
    "Berlin called otherwise": {"place": BERLIN._replace(town="Hacked")},
    "Berlin elsewhere": {"place": BERLIN._replace(region="Bavaria")},
    "Berlin in another country": {"place": BERLIN._replace(country="France", country_code="FR")},
    "Berlin with another id": {"place": BERLIN._replace(id=2950158)},
    "Berlin without an id": {"place": BERLIN._replace(id=-1)},
    "a country called otherwise": {"place": Place(2921044, "", "", "Hacked", "DE")},
    "no country": {"place": BERLIN._replace(country_code="XX")},
    "an exposure of nothing": {"exposure_time": 0.0},
    "an aperture below nothing": {"aperture": -2.8},
    "an ISO of nothing": {"iso": 0},
    "six stars": {"rating": 6},
    "two lines": {"make": "Fuji\nfilm"},
    "a direction turned": {"model": "X\u202e100"},
    "a line that is a novel": {"title": "a" * 301},
    "spaces around": {"lens": " 35 mm "},
    "a description that is a library": {"description": "a" * 10_001},
    "a bell": {"description": "ding\a"},
    "too many tags": {"tags": tuple(map(str, range(501)))},
    "a tag twice": {"tags": ("beach", "beach")},
    "an empty tag": {"tags": ("",)},
    "a tag that is a novel": {"tags": ("a" * 101,)},
    "a motion before the file": {"motion": (-1, 10)},
    "a motion of nothing": {"motion": (0, 0)},
    "a motion beyond the file": {"motion": (900, 101)},
    "a projection of markup": {"projection": "<i>\n"},
    "a thumbhash that is a picture": {"thumbhash": bytes(33)},
}


def judged(found: Extracted, error: str | None = None) -> wire.Found:
    return answers.found(wire.found(Extraction(found, error=error))[wire.HEAD.size :], SIZE)


def test_what_ours_says_is_believed() -> None:
    assert judged(GOOD).extracted == GOOD
    far = GOOD._replace(place=Place(2921044, "", "", "Germany", "DE"))
    assert judged(far).extracted == far
    assert judged(Extracted("other", "")).extracted == Extracted("other", "")


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_what_ours_would_not_say_is_nonsense(change: dict[str, Any]) -> None:
    with pytest.raises(answers.Nonsense):
        judged(GOOD._replace(**change))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['kit']}:{row['path'].rpartition('/')[2]}")
def test_what_ours_says_of_real_files_is_believed(row: dict[str, Any]) -> None:
    path = kit(row["kit"]) / row["path"]
    size = path.stat().st_size
    with path.open("rb") as file:
        extraction = extract(file, size, zone="America/New_York", budget=256 << 20)
    body = wire.found(extraction)[wire.HEAD.size :]
    assert answers.found(body, size).extracted == extraction.extracted


def test_the_reason_for_no_picture_is_one_short_line() -> None:
    assert judged(GOOD, "so\nmany\twords\u202e " * 1000).error == ("so many words " * 20)[:199].rstrip() + "…"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(program=hostile.PROGRAM, seconds=2) as one:
        yield one


def test_a_file_that_lies_is_a_failed_decode_with_a_plain_reason(sandbox: Sandbox) -> None:
    body = wire.found(Extraction(GOOD._replace(date=Moment("manual", 0), motion=None)))
    with pytest.raises(Unreadable, match="The file took its decoder over"):
        told(sandbox, "nonsense", body)
    assert json.loads(body[wire.HEAD.size :])
