"""What a camera wrote into a picture, read from every container; and what hostile EXIF cannot do."""

from __future__ import annotations

import io
import re
import shutil
import struct
import time
from typing import TYPE_CHECKING

import pytest

from indexer.extract import camera, exif
from indexer.extract.exif import Exif
from indexer.extract.sniff import HEAD, sniff
from tests.components.kits import kit
from tests.indexer import tiffs
from tests.indexer.clips import exiftool
from tests.indexer.tiffs import Tag, fractions, short, text

if TYPE_CHECKING:
    from pathlib import Path

IMAGEMETA = "testdata/images"
DATED = re.compile(r"(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-sep-")


def read(path: Path) -> Exif:
    with path.open("rb") as file:
        form = sniff(file.read(HEAD))
        assert form is not None
        return exif.read(file, form)


def of_jpeg(*blocks: bytes) -> Exif:
    return exif.read(tiffs.jpeg(*blocks), "jpeg")


# What is read


def test_the_date_of_old_cameras_is_the_one_in_the_name_of_the_sample() -> None:
    named = {path: found for path in (kit("goexif") / "exif/samples").iterdir() if (found := DATED.match(path.name))}
    assert len(named) > 40
    for path, found in named.items():
        year, month, day, hour, minute, second = found.groups()
        assert read(path).original == f"{year}:{month}:{day} {hour}:{minute}:{second}", path


TAGS = {
    "make": "IFD0:Make",
    "lens": "ExifIFD:LensModel",
    "exposure_time": "ExifIFD:ExposureTime",
    "aperture": "ExifIFD:FNumber",
    "iso": "ExifIFD:ISO",
    "focal_length": "ExifIFD:FocalLength",
    "focal_length_35mm": "ExifIFD:FocalLengthIn35mmFormat",
    "orientation": "IFD0:Orientation",
    "original": "ExifIFD:DateTimeOriginal",
    "original_subsec": "ExifIFD:SubSecTimeOriginal",
    "original_offset": "ExifIFD:OffsetTimeOriginal",
    "digitized": "ExifIFD:CreateDate",
    "modified": "IFD0:ModifyDate",
    "modified_offset": "ExifIFD:OffsetTime",
    "latitude": "Composite:GPSLatitude",
    "longitude": "Composite:GPSLongitude",
    "altitude": "Composite:GPSAltitude",
    "gps_date": "GPS:GPSDateStamp",
    "content_id": "Apple:MediaGroupUUID",
}
CONTAINERS = {
    "jpeg": ("imagemeta", f"{IMAGEMETA}/bep/sunrise.jpg"),
    "tiff": ("imagemeta", f"{IMAGEMETA}/bep/sunrise.tif"),
    "png": ("imagemeta", f"{IMAGEMETA}/bep/sunrise.png"),
    "webp": ("imagemeta", f"{IMAGEMETA}/bep/sunrise.webp"),
    "avif": ("imagemeta", f"{IMAGEMETA}/bep/sunset.avif"),
    "heic": ("imagemeta", f"{IMAGEMETA}/iphone.heic"),
    "heic of a Sony": ("imagemeta", f"{IMAGEMETA}/sony.heif"),
    "cr2": ("hachoir", "tests/files/canon.raw.cr2"),
    "cr3": ("exiftool", "t/images/CanonRaw.cr3"),
    "nef": ("exiftool", "t/images/Nikon.nef"),
    "arw": ("imagemeta", f"{IMAGEMETA}/sample.arw"),
    "pef": ("imagemeta", f"{IMAGEMETA}/bep/jølstravatnet.pef"),
    "dng": ("exiftool", "t/images/DNG.dng"),
    "raf": ("exiftool", "t/images/FujiFilm.raf"),
    "mrw": ("exiftool", "t/images/Minolta.mrw"),
    "iiq": ("exiftool", "t/images/PhaseOne.iiq"),
    "psd": ("pillow", "Tests/images/hopper.psd"),
    "png of ImageMagick": ("pillow", "Tests/images/exif_imagemagick_orientation.png"),
    "multi-picture": ("pillow", "Tests/images/sugarshack.mpo"),
}


@pytest.mark.parametrize("place", CONTAINERS.values(), ids=CONTAINERS)
def test_every_container_is_read_as_exiftool_reads_it(place: tuple[str, str]) -> None:
    path = kit(place[0]) / place[1]
    told = exiftool(path)
    found = read(path)._asdict()
    wanted = {name: told.get(tag) for name, tag in TAGS.items()}
    assert any(wanted.values())
    for name, value in wanted.items():
        assert is_same(found[name], value), (name, found[name], value)


def is_same(found: object, told: object) -> bool:
    """exiftool makes numbers of what looks like one."""
    if isinstance(found, str):
        return found == str(told)
    return found is None if told in (None, "", "undef") else found == pytest.approx(float(str(told)))


def test_exif_of_a_jpeg_xl_is_read() -> None:
    block = tiffs.block(text(0x10F, "Maker"))
    boxes = [
        (b"JXL ", b"\r\n\x87\n"),
        (b"ftyp", b"jxl \0\0\0\0jxl "),
        (b"Exif", bytes(4) + block),
        (b"jxlc", b"\xff\n"),
    ]
    data = b"".join(struct.pack(">I", len(content) + 8) + name + content for name, content in boxes)
    assert sniff(data) == "jxl"
    assert exif.read(io.BytesIO(data), "jxl").make == "Maker"


def test_a_prefix_in_a_webp_does_no_harm(tmp_path: Path) -> None:
    block = tiffs.block(text(0x10F, "Maker"))
    for content in (block, b"Exif\0\0" + block):
        chunk = b"EXIF" + struct.pack("<I", len(content)) + content
        path = tmp_path / "a.webp"
        path.write_bytes(b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk)
        assert read(path).make == "Maker"


def test_an_odd_chunk_of_a_webp_is_padded(tmp_path: Path) -> None:
    block = tiffs.block(text(0x10F, "Maker"))
    chunks = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in ((b"VP8X", b"odd"), (b"EXIF", block))
    )
    path = tmp_path / "a.webp"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks)
    assert read(path).make == "Maker"


def test_tags_of_the_shot_may_be_in_the_main_directory() -> None:
    # TIFF/EP, ISO 12234-2
    found = of_jpeg(tiffs.block(fractions(0x829A, (1, 125)), text(0x9003, "2023:08:05 14:03:11")))
    assert (found.exposure_time, found.original) == (1 / 125, "2023:08:05 14:03:11")


def test_a_live_photo_has_the_identifier_that_its_video_has() -> None:
    # exiftool -Apple:MediaGroupUUID; no other maker's note is looked into for it
    assert read(kit("imagemeta") / IMAGEMETA / "iphone.heic").content_id == "F61FDA97-19FB-4D2E-9173-3B6128AD0FD4"
    assert read(kit("exiftool") / "t/images/Canon.jpg").content_id is None


def test_exif_that_needs_two_segments_is_joined() -> None:
    whole = tiffs.block(text(0x10F, "A maker"), text(0x10E, "words " * 20))
    parts = whole[:60], whole[60:]
    assert of_jpeg(*parts) == of_jpeg(whole)
    assert of_jpeg(whole).description == "words " * 19 + "words"


def test_a_second_exif_in_a_jpeg_is_not_looked_at() -> None:
    first, second = tiffs.block(text(0x10F, "First")), tiffs.block(text(0x10F, "Second"), text(0x110, "Model"))
    assert (of_jpeg(first, second).make, of_jpeg(first, second).model) == ("First", None)


# The clock

OFFSETS = {
    ("hachoir", "tests/files/canon.raw.cr2"): -3 * 60,  # Canon, São Paulo
    ("piexif", "tests/images/r_canon.jpg"): None,  # Canon: +09:00, of a city that is not set
    ("imagemeta", f"{IMAGEMETA}/issue-xmp-iptc-misalignment.jpg"): 2 * 60,  # Nikon: +01:00 and daylight saving
    ("imagemeta", f"{IMAGEMETA}/smoke/hugo-issue-10738/nikon_nef_fraction_2.jpg"): 8 * 60,  # Nikon: no daylight saving
    ("exiftool", "t/images/Canon.jpg"): None,
    ("exiftool", "t/images/Nikon.jpg"): None,
}


@pytest.mark.parametrize(("place", "minutes"), OFFSETS.items(), ids=str)
def test_the_time_zone_of_a_canon_or_nikon_is_known(place: tuple[str, str], minutes: int | None) -> None:
    assert read(kit(place[0]) / place[1]).maker_offset == minutes


def test_a_canon_whose_time_zone_was_never_set_tells_none() -> None:
    data = (kit("piexif") / "tests/images/r_canon.jpg").read_bytes()
    written = struct.pack("<4i", 16, 540, 0x7FFE, 0)
    assert data.count(written) == 1

    def offset(minutes: int, city: int) -> int | None:
        changed = data.replace(written, struct.pack("<4i", 16, minutes, city, 0))
        return exif.read(io.BytesIO(changed), "jpeg").maker_offset

    assert offset(540, 6) == 540  # Tokyo
    assert offset(0, 20) == 0  # London
    assert offset(-210, 0) == -210  # a PowerShot, which knows no cities
    assert offset(0, 0) is None


def test_the_time_zone_tag_is_in_hours() -> None:
    tag = Tag(0x882A, 8, 1, struct.pack("<h", -5))
    assert of_jpeg(tiffs.block(shot=(tag,))).maker_offset == -300


def test_the_gps_clock_keeps_its_fractions() -> None:
    clock = fractions(7, (14, 1), (58, 1), (2425, 100))
    assert of_jpeg(tiffs.block(gps=(clock,))).gps_time == "14:58:24.250"
    broken = fractions(7, (14, 1), (58, 1), (0, 0))
    assert of_jpeg(tiffs.block(gps=(broken,))).gps_time is None


# The position

NORTH, EAST = (fractions(2, (52, 1), (30, 1), (36, 1))), fractions(4, (13, 1), (24, 1), (0, 1))
HALVES = text(1, "N"), text(3, "E")
NAN, HUGE = (0, 0), (2**32 - 1, 1)


def position(latitude: Tag, longitude: Tag, halves: tuple[Tag, ...] = HALVES) -> tuple[float | None, float | None]:
    found = of_jpeg(tiffs.block(gps=(*halves, latitude, longitude)))
    return found.latitude, found.longitude


def test_a_position_is_in_degrees_and_has_a_half_of_the_world() -> None:
    assert position(NORTH, EAST) == pytest.approx((52.51, 13.4))
    assert position(NORTH, EAST, (text(1, "S"), text(3, "W"))) == pytest.approx((-52.51, -13.4))
    assert position(NORTH, EAST, (text(1, "N"),)) == (None, None)
    assert position(NORTH, EAST, (text(1, "?"), text(3, "E"))) == (None, None)


def test_null_island_is_no_position_but_the_equator_and_greenwich_are() -> None:
    zero = (0, 1), (0, 1), (0, 1)
    assert position(fractions(2, *zero), fractions(4, *zero)) == (None, None)
    assert position(fractions(2, *zero), EAST) == pytest.approx((0, 13.4))
    assert position(NORTH, fractions(4, *zero)) == pytest.approx((52.51, 0))


@pytest.mark.parametrize("degrees", [NAN, HUGE, (91, 1), (180, 1)])
def test_what_is_not_on_the_globe_is_no_position(degrees: tuple[int, int]) -> None:
    assert position(fractions(2, degrees, (0, 1), (0, 1)), EAST) == (None, None)


def test_seconds_that_a_camera_does_not_use_do_not_cost_the_position() -> None:
    assert position(fractions(2, (52, 1), (3060, 100), NAN), EAST) == pytest.approx((52.51, 13.4))


def test_degrees_as_text_with_decimal_commas_are_read() -> None:
    # the sample's own test: 52,00000,50,00000,34,01180 is 52° 50' 34.0118"
    found = read(kit("goexif") / "exif/samples/geodegrees_as_string.jpg")
    assert (found.latitude, found.longitude) == pytest.approx(
        (52 + 50 / 60 + 34.01180 / 3600, 11 + 10 / 60 + 58.2836 / 3600)
    )


def test_below_the_sea_is_negative() -> None:
    def altitude(reference: int) -> float | None:
        return of_jpeg(tiffs.block(gps=(Tag(5, 1, 1, bytes([reference])), fractions(6, (305, 10))))).altitude

    assert (altitude(0), altitude(1)) == (30.5, -30.5)
    assert of_jpeg(tiffs.block(gps=(fractions(6, NAN),))).altitude is None


# The exposure


def test_zero_and_infinity_are_no_exposure() -> None:
    found = of_jpeg(tiffs.block(shot=(fractions(0x829A, NAN), fractions(0x829D, (0, 1)), fractions(0x920A, (5, 0)))))
    assert (found.exposure_time, found.aperture, found.focal_length) == (None, None, None)


def test_apex_values_stand_in_for_what_is_missing() -> None:
    apex = Tag(0x9201, 10, 1, struct.pack("<ii", 6, 1)), fractions(0x9202, (4, 1))  # 1/64 s, f/4
    found = of_jpeg(tiffs.block(shot=apex))
    assert (found.exposure_time, found.aperture) == pytest.approx((1 / 64, 4))


def test_a_sensitivity_too_large_for_its_tag_is_in_another_one() -> None:
    recommended = Tag(0x8832, tiffs.LONG, 1, struct.pack("<I", 102400))
    assert of_jpeg(tiffs.block(shot=(short(0x8827, 65535), recommended))).iso == 102400


def test_flash_is_whether_it_fired() -> None:
    def fired(value: int) -> bool | None:
        return of_jpeg(tiffs.block(shot=(short(0x9209, value),))).flash

    assert (fired(0x19), fired(0x10), fired(0x20)) == (True, False, False)
    assert of_jpeg(tiffs.block(text(0x10F, "Maker"))).flash is None


# Names

NAMES = {
    ("Canon", "Canon EOS 350D DIGITAL"): "EOS 350D DIGITAL",
    ("Canon", "Canon Canon EOS 5D"): "EOS 5D",
    ("NIKON CORPORATION", "NIKON D70"): "D70",
    ("PENTAX Corporation", "PENTAX Optio S"): "Optio S",
    ("EASTMAN KODAK COMPANY", "KODAK DX4530 ZOOM DIGITAL CAMERA"): "DX4530 ZOOM DIGITAL CAMERA",
    ("RICOH IMAGING COMPANY, LTD.", "PENTAX K-1"): "PENTAX K-1",
    ("Apple", "iPhone 13 Pro"): "iPhone 13 Pro",
    ("HP", "HP"): "HP",
    ("Canon", "  Canon\tEOS  5D \0\0"): "EOS 5D",
    (None, "Canon EOS 5D"): "Canon EOS 5D",
    ("Canon", " \0"): None,
}


@pytest.mark.parametrize(("written", "name"), NAMES.items(), ids=str)
def test_a_model_does_not_repeat_its_maker(written: tuple[str | None, str], name: str | None) -> None:
    make, model = written
    assert camera.model_name(model, make) == name


@pytest.mark.parametrize("name", ["----", "0.0 mm f/0.0", "Unknown (-1)", "   ", "", "n/a"])
def test_an_unknown_lens_has_no_name(name: str) -> None:
    assert camera.lens_name(name) is None
    assert camera.lens_name("EF-S18-55mm f/3.5-5.6 IS II") == "EF-S18-55mm f/3.5-5.6 IS II"


def test_what_a_camera_says_of_itself_is_no_description() -> None:
    assert read(kit("exiftool") / "t/images/Olympus.jpg").description is None  # OLYMPUS DIGITAL CAMERA
    assert of_jpeg(tiffs.block(text(0x10E, "Olympus temple, with my digital camera"))).description is not None


def test_texts_of_windows_are_read() -> None:
    found = read(kit("imagemeta") / IMAGEMETA / "metadata-extractor/windowsXpFields.jpg")
    told = exiftool(kit("imagemeta") / IMAGEMETA / "metadata-extractor/windowsXpFields.jpg")
    assert found.title == told["IFD0:XPTitle"]
    assert found.tags == tuple(told["IFD0:XPKeywords"].split(";"))


def test_old_text_may_be_latin_1_and_any_text_may_have_rubbish_behind_it() -> None:
    assert of_jpeg(tiffs.block(text(0x10F, "Köln".encode("latin-1")))).make == "Köln"
    assert of_jpeg(tiffs.block(text(0x10F, "Köln"))).make == "Köln"
    assert of_jpeg(tiffs.block(text(0x10F, b"Canon\0\xff\xfe  rubbish"))).make == "Canon"
    assert of_jpeg(tiffs.block(text(0x10E, "a\x07 b\u202eevil\r\nsecond \n"))).description == "a bevil\nsecond"


def test_text_without_an_end_is_cut() -> None:
    found = of_jpeg(tiffs.block(text(0x10E, "word " * 8000), text(0x10F, "M" * 1000)))
    assert len(found.description or "") == 10_000
    assert len(found.make or "") == 300


# The thumbnail


def test_tags_of_the_thumbnail_are_not_those_of_the_picture() -> None:
    thumbnail = short(0x112, 6), text(0x10F, "Thumb"), text(0x132, "2001:01:01 00:00:00")
    assert of_jpeg(tiffs.block(text(0x110, "Model"), thumbnail=thumbnail)) == Exif(model="Model")


def test_an_orientation_is_one_of_eight() -> None:
    for value in range(10):
        wanted = value if 1 <= value <= 8 else None
        assert of_jpeg(tiffs.block(short(0x112, value))).orientation == wanted


# Hostile files


def cpu_seconds_of(data: bytes | io.BytesIO) -> tuple[float, Exif]:
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    before = time.process_time()
    found = exif.read(file, "jpeg")
    return time.process_time() - before, found


@pytest.mark.parametrize("name", ["huge_tag_exif.jpg", "max_uint32_exif.jpg", "infinite_loop_exif.jpg"])
def test_hostile_exif_ends_at_once(name: str) -> None:
    seconds, found = cpu_seconds_of((kit("goexif") / "exif/corrupt" / name).read_bytes())
    assert seconds < 0.2
    if name != "infinite_loop_exif.jpg":
        assert found.make == "HTC"
        assert found.gps_date == "2012:07:21"


def test_the_largest_directory_ends_at_once() -> None:
    # exifread reads 999 fractions for each of these and is busy for minutes
    entry = struct.pack("<HHII", 0x829A, tiffs.FRACTION, 999, 8)
    block = b"II*\0" + struct.pack("<IH", 8, 5000) + entry * 5000
    seconds, _ = cpu_seconds_of(tiffs.jpeg(block))
    assert seconds < 0.2


def test_directories_that_point_to_themselves_end_at_once() -> None:
    entries = [(0x8769, 8), (0x8825, 8), (0x927C, 8)]
    block = b"II*\0" + struct.pack("<IH", 8, len(entries))
    block += b"".join(struct.pack("<HHII", tag, tiffs.LONG, 1, value) for tag, value in entries) + struct.pack("<I", 8)
    seconds, found = cpu_seconds_of(tiffs.jpeg(block))
    assert seconds < 0.1
    assert found.latitude is None


def test_a_jpeg_of_nothing_but_fill_bytes_ends_at_once() -> None:
    seconds, found = cpu_seconds_of(b"\xff\xd8" + b"\xff" * 3_000_000)
    assert seconds < 0.2
    assert found == Exif()


def test_endless_segments_of_exif_end_soon() -> None:
    block = tiffs.block(text(0x10F, "Maker"))
    seconds, found = cpu_seconds_of(tiffs.jpeg(block, *[b"x" * 65_000] * 990))
    assert found.make == "Maker"
    assert seconds < 0.3


def test_a_file_may_end_anywhere() -> None:
    whole = (kit("exiftool") / "t/images/Canon.jpg").read_bytes()
    block = tiffs.block(
        text(0x10F, "Canon"), short(0x112, 6), shot=(text(0x9003, "2004:02:26 09:35:00"),), gps=(NORTH, EAST)
    )
    for data in (whole[:3000], tiffs.jpeg(block).getvalue()):
        for length in range(0, len(data), 7):
            exif.read(io.BytesIO(data[:length]), "jpeg")
    for place in (CONTAINERS["heic"], CONTAINERS["cr3"], CONTAINERS["png"], CONTAINERS["webp"], CONTAINERS["raf"]):
        data = (kit(place[0]) / place[1]).read_bytes()
        form = sniff(data[:HEAD])
        assert form is not None
        for length in (*range(16, 4000, 97), *range(4000, len(data), max(1, len(data) // 40))):
            exif.read(io.BytesIO(data[:length]), form)


def test_every_broken_file_of_the_kits_is_read_or_not_and_ends_at_once() -> None:
    folders = [kit("libheif") / "fuzzing/corpus", kit("pillow-heif") / "tests/images", kit("pillow") / "Tests/images"]
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(paths) > 500
    for path in paths:
        with path.open("rb") as file:
            form = sniff(file.read(HEAD))
            before = time.process_time()
            exif.read(file, form or "")
            assert time.process_time() - before < 0.2, path


# Cost


class Far(io.FileIO):
    """A file that counts the bytes that are read of it, and how often."""

    bytes = 0
    reads = 0

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        length = super().readinto(buffer)
        self.bytes += length or 0
        self.reads += 1
        return length


def test_a_large_file_is_read_at_its_beginning_only(tmp_path: Path) -> None:
    for place in (CONTAINERS["jpeg"], CONTAINERS["cr2"], CONTAINERS["webp"], CONTAINERS["heic of a Sony"]):
        path = tmp_path / "large"
        shutil.copy(kit(place[0]) / place[1], path)
        with path.open("ab") as file:
            file.truncate(50_000_000)
        far = Far(path)
        with io.BufferedReader(far, 64 * 1024) as file:
            found = exif.read(file, sniff(file.read(HEAD)) or "")
        assert found.make
        assert 0 < far.bytes < 500_000
        assert far.reads < 10


def test_a_tag_that_claims_to_be_long_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.write_bytes(tiffs.block(text(0x10F, "Maker"), Tag(0x10E, tiffs.ASCII, 40_000_000, b"words")))
    with path.open("ab") as file:
        file.truncate(50_000_000)
    far = Far(path)
    with io.BufferedReader(far, 64 * 1024) as file:
        assert exif.read(file, "tiff") == Exif(make="Maker")
    assert 0 < far.bytes < 500_000
