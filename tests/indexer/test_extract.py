"""What is known of a file is joined from its parts, and a part that fails costs only itself."""

from __future__ import annotations

import io
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from gateway.library.extracted import Extracted
from indexer.extract.extract import extract
from indexer.extract.extraction import Extraction
from tests.components.kits import kit
from tests.indexer.clips import song, stamp

if TYPE_CHECKING:
    from pathlib import Path

BUDGET = 256 << 20


def of(file: bytes | io.BytesIO) -> Extraction:
    file = io.BytesIO(file) if isinstance(file, bytes) else file
    return extract(file, len(file.getbuffer()), zone="Europe/Berlin", budget=BUDGET)


def stamped(tmp_path: Path, *tags: str) -> Extracted:
    path = tmp_path / "a.jpg"
    shutil.copy(kit("exif-orientation-examples") / "Landscape_1.jpg", path)
    return of(stamp(path, *tags).read_bytes()).extracted


def test_what_no_gallery_shows_is_other() -> None:
    assert of(b"") == Extraction(Extracted("other", ""))
    assert of(b"%PDF-1.4") == Extraction(Extracted("other", ""))
    assert of((kit("exiftool") / "t/images/QuickTime.m4a").read_bytes()).extracted.kind == "other"
    assert of((kit("pymediainfo") / "tests/data/aac_he_v2.aac").read_bytes()).extracted.kind == "other"


def test_a_video_container_with_sound_only_is_other(tmp_path: Path) -> None:
    for name in ("song.mp4", "song.mkv", "song.mov"):
        assert of(song(tmp_path / name).read_bytes()).extracted.kind == "other"


def test_of_texts_xmp_is_asked_first_then_iptc_then_exif(tmp_path: Path) -> None:
    exif, iptc, xmp = "-IFD0:ImageDescription=exif", "-IPTC:Caption-Abstract=iptc", "-XMP-dc:Description=xmp"
    assert stamped(tmp_path, exif, iptc, xmp).description == "xmp"
    assert stamped(tmp_path, exif, iptc).description == "iptc"
    assert stamped(tmp_path, exif).description == "exif"


def test_of_cameras_and_positions_exif_is_asked_first(tmp_path: Path) -> None:
    xmp = "-XMP-tiff:Make=Xmp", "-XMP-exif:GPSLatitude=10", "-XMP-exif:GPSLongitude=20", "-XMP-exif:GPSAltitude=30"
    exif = "-IFD0:Make=Exif", "-GPSLatitude=50", "-GPSLatitudeRef=N", "-GPSLongitude=8", "-GPSLongitudeRef=E"
    found = stamped(tmp_path, *exif, *xmp)
    assert (found.make, found.latitude, found.longitude) == ("Exif", 50, 8)
    assert found.altitude is None  # that of another position
    assert found.place
    assert found.place.country_code == "DE"
    found = stamped(tmp_path, *xmp)
    assert (found.make, found.latitude, found.longitude, found.altitude) == ("Xmp", 10, 20, 30)


def test_a_tag_that_is_written_everywhere_comes_once(tmp_path: Path) -> None:
    found = stamped(tmp_path, "-XMP-dc:Subject=sun", "-IPTC:Keywords=sun", "-IPTC:Keywords=sea", "-XPKeywords=sea;sky")
    assert found.tags == ("sun", "sea", "sky")


def test_an_orientation_in_xmp_counts_where_exif_is_silent(tmp_path: Path) -> None:
    lying = "-XMP-tiff:Orientation#=6"
    assert (stamped(tmp_path, "-IFD0:Orientation=", lying).width, stamped(tmp_path, lying).width) == (1200, 1800)


def test_the_video_of_a_motion_photo_is_found_by_its_xmp(tmp_path: Path) -> None:
    video = (kit("pymediainfo") / "tests/data/sample.mp4").read_bytes()
    path = tmp_path / "a.jpg"
    shutil.copy(kit("exif-orientation-examples") / "Landscape_1.jpg", path)
    stamp(path, "-XMP-GCamera:MicroVideo=1", f"-XMP-GCamera:MicroVideoOffset={len(video)}")
    still = path.read_bytes()
    assert of(still + video).extracted.motion == (len(still), len(video))
    assert of(still).extracted.motion is None


def test_a_sidecar_tells_and_shows_nothing() -> None:
    extraction = of((kit("exiftool") / "t/images/XMP.xmp").read_bytes())
    assert extraction.extracted.kind == "sidecar"
    assert (extraction.extracted.rating, extraction.error, extraction.renditions) == (1, None, ())


class Failing(io.BytesIO):
    """A file whose bytes behind the first 40 KB cannot be read."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0 or self.tell() + size > 40_000:
            raise OSError(5, "Input/output error")
        return super().read(size)


def test_metadata_is_kept_when_the_pixels_cannot_be_read() -> None:
    path = kit("goexif") / "exif/sample1.jpg"
    whole, cut = of(path.read_bytes()), of(Failing(path.read_bytes()))
    assert whole.error is None
    assert cut.error
    assert cut.renditions == ()
    lost = {"width": 0, "height": 0, "thumbhash": None, "phash": None}
    assert cut.extracted == whole.extracted._replace(**lost)


SMALL = [
    ("exiftool", "t/images/Canon.jpg"),
    ("imagemeta", "testdata/images/sample.nef"),
    ("exiftool", "t/images/CanonRaw.cr3"),
    ("imagemeta", "testdata/images/bep/sunset.avif"),
    ("pillow-heif", "tests/images/heif_other/L_exif_xmp_iptc.heic"),
    ("pillow-heif", "tests/images/non_heif/xmp.png"),
    ("pillow-heif", "tests/images/non_heif/xmp.webp"),
    ("pillow-heif", "tests/images/non_heif/xmp.tiff"),
    ("hachoir", "tests/files/pentax_320x240.mov"),
]


@pytest.mark.parametrize("place", SMALL, ids=lambda place: place[1].rpartition("/")[2])
def test_whatever_is_changed_in_a_file_nothing_is_raised(place: tuple[str, str]) -> None:
    whole = (kit(place[0]) / place[1]).read_bytes()
    dice = random.Random(place[1])
    for _ in range(25):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 8, 64))):
            data[dice.randrange(min(len(data), 5000))] = dice.choice((0, 255, dice.randrange(256)))
        found = of(bytes(data))
        assert isinstance(found.extracted.kind, str)
        assert all(text.isprintable() for text in (found.extracted.make, found.extracted.model) if text)
