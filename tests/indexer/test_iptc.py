"""IPTC records: what agencies and older programs write."""

from __future__ import annotations

import io
import shutil
import struct
import time
from typing import TYPE_CHECKING

import pytest

from indexer.extract import iptc
from indexer.extract.iptc import Iptc
from indexer.extract.sniff import HEAD, sniff
from tests.components.kits import kit
from tests.indexer.clips import stamp

if TYPE_CHECKING:
    from pathlib import Path


def read(path: Path) -> Iptc:
    with path.open("rb") as file:
        form = sniff(file.read(HEAD))
        assert form is not None
        return iptc.read(file, form)


def record(number: int, data: bytes, *, part: int = 2) -> bytes:
    return struct.pack(">BBBH", 0x1C, part, number, len(data)) + data


def jpeg(*blocks: bytes) -> io.BytesIO:
    """A JPEG with resources of Photoshop, one segment for each of ``blocks``."""
    segments = (b"\xff\xed" + struct.pack(">H", len(each) + 16) + b"Photoshop 3.0\0" + each for each in blocks)
    return io.BytesIO(b"\xff\xd8" + b"".join(segments) + b"\xff\xda")


def resource(data: bytes, number: int = 1028) -> bytes:
    return b"8BIM" + struct.pack(">HxxI", number, len(data)) + data + b"\0" * (len(data) % 2)


def of(*records: bytes) -> Iptc:
    return iptc.read(jpeg(resource(b"".join(records))), "jpeg")


def test_the_reference_picture_of_the_iptc_is_read() -> None:
    # iptc.org/std/photometadata/examples: each property holds its own name
    assert read(kit("imagemeta") / "testdata/images/IPTC-PhotometadataRef-Std2021.1.jpg") == Iptc(
        date="20211020",
        time="210101+0000",
        title="The Title (ref2021.1)",
        caption="The description aka caption (ref2021.1)",
        keywords=("Keyword1ref2021.1", "Keyword2ref2021.1", "Keyword3ref2021.1"),
    )


def test_it_is_read_from_tiff_photoshop_and_raw_files() -> None:
    images = kit("exiftool") / "t/images"
    # exiftool -IPTC:all
    assert read(images / "ExifTool.tif") == Iptc(
        "20040220", None, "This is the title", "The picture caption", ("exiftool", "test", "picture")
    )
    assert read(images / "Photoshop.psd").title == "Test Picture"
    assert read(images / "Nikon.nef").caption == "A caption"
    assert read(kit("imagemeta") / "testdata/images/bep/sunrise.png").keywords == ("Malaga", "Torremolinos")


def test_records_in_several_segments_are_one() -> None:
    whole = resource(record(5, b"A title") + record(25, b"a") + record(25, b"b"))
    assert iptc.read(jpeg(whole[:20], whole[20:]), "jpeg") == Iptc(title="A title", keywords=("a", "b"))


@pytest.mark.parametrize("characters", ["UTF8", "Latin", ""])
def test_the_character_set_is_the_declared_one_and_latin_1_otherwise(tmp_path: Path, characters: str) -> None:
    path = tmp_path / "a.jpg"
    shutil.copy(kit("exiftool") / "t/images/Canon.jpg", path)
    declared = ["-IPTC:CodedCharacterSet=UTF8"] if characters == "UTF8" else []
    stamp(path, *declared, "-IPTC:ObjectName=Köln", "-IPTC:Keywords=Süß")
    assert (b"\x1b%G" in path.read_bytes()) == bool(declared)
    assert (b"K\xf6ln" in path.read_bytes()) != bool(declared)
    assert read(path) == Iptc(title="Köln", keywords=("Süß",))


def test_utf_8_that_nobody_declared_is_seen() -> None:
    assert of(record(5, "Köln".encode())).title == "Köln"
    assert of(record(90, b"\x1b%G", part=1), record(5, b"K\xf6ln")).title == "K\ufffdln"


def test_a_headline_stands_in_for_a_title() -> None:
    assert of(record(105, b"Headline")).title == "Headline"
    assert of(record(105, b"Headline"), record(5, b"Title")).title == "Title"


def test_other_resources_are_passed_over() -> None:
    data = resource(b"abc", 1000) + resource(record(5, b"Title"))
    assert iptc.read(jpeg(data), "jpeg").title == "Title"
    named = b"8BIM" + struct.pack(">H", 1000) + b"\x04name\0" + struct.pack(">I", 3) + b"abc\0"
    assert iptc.read(jpeg(named + resource(record(5, b"Title"))), "jpeg").title == "Title"


def test_text_is_cut_and_cleaned() -> None:
    found = of(record(5, b"T" * 2000), record(120, b"one\rtwo\x07"), *(record(25, b"%d" % n) for n in range(900)))
    assert len(found.title or "") == 300
    assert found.caption == "one\ntwo"
    assert len(found.keywords) == 500


def test_lengths_that_lie_end_the_reading() -> None:
    good = record(5, b"Title")
    assert of(good, struct.pack(">BBBH", 0x1C, 2, 25, 0x7FFF) + b"ab") == Iptc(title="Title", keywords=("ab",))
    assert of(good, struct.pack(">BBBHI", 0x1C, 2, 25, 0x8004, 2**32 - 1) + b"ab") == Iptc(title="Title")
    lying = b"8BIM" + struct.pack(">HxxI", 1000, 2**32 - 1) + good
    assert iptc.read(jpeg(lying), "jpeg") == Iptc()
    whole = jpeg(resource(good)).getvalue()
    for length in range(len(whole)):
        iptc.read(io.BytesIO(whole[:length]), "jpeg")


def test_endless_empty_records_end_at_once() -> None:
    before = time.process_time()
    blocks = [resource(record(25, b"") * 13_000) for _ in range(20)]
    assert iptc.read(jpeg(*blocks), "jpeg") == Iptc()
    assert time.process_time() - before < 0.5
