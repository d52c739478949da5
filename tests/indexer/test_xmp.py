"""What programs write about a picture, inside it or beside it."""

from __future__ import annotations

import io
import shutil
import struct
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from indexer.extract import rdf, xmp
from indexer.extract.sniff import HEAD, sniff
from indexer.extract.xmp import Item, Xmp
from tests.components.kits import kit
from tests.indexer.clips import exiftool, stamp

if TYPE_CHECKING:
    from pathlib import Path

NAMESPACES = """
    xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:exifEX="http://cipa.jp/exif/1.0/"
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" xmlns:Camera="http://ns.google.com/photos/1.0/camera/"
    xmlns:Container="http://ns.google.com/photos/1.0/container/"
    xmlns:Item="http://ns.google.com/photos/1.0/container/item/"
"""


def packet(elements: str = "", **attributes: str) -> bytes:
    """An XMP document; ``exif_GPSLatitude="…"`` is an attribute ``exif:GPSLatitude``."""
    words = " ".join(f'{name.replace("_", ":", 1)}="{value}"' for name, value in attributes.items())
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
        <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description rdf:about="" {NAMESPACES} {words}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>
        <?xpacket end="w"?>""".encode()


def said(elements: str = "", **attributes: str) -> Xmp:
    return xmp.parse(packet(elements, **attributes))


def bag(name: str, *items: str) -> str:
    return f"<{name}><rdf:Bag>{''.join(f'<rdf:li>{item}</rdf:li>' for item in items)}</rdf:Bag></{name}>"


def read(path: Path) -> Xmp:
    with path.open("rb") as file:
        form = sniff(file.read(HEAD))
        assert form is not None
        return xmp.read(file, form)


# Forms


def test_a_property_is_an_attribute_or_an_element() -> None:
    properties = {
        "exif:DateTimeOriginal": "2023-08-05T14:03:11+02:00",
        "exif:FNumber": "28/10",
        "tiff:Make": "Canon",
        "tiff:Model": "Canon EOS 350D",
        "xmp:Rating": "4",
        "xmp:Label": "Red",
        "photoshop:DateCreated": "2023-08-05",
    }
    attributes = said(**{name.replace(":", "_"): value for name, value in properties.items()})
    elements = said("".join(f"<{name}>{value}</{name}>" for name, value in properties.items()))
    assert attributes == elements
    assert attributes == Xmp(
        original="2023-08-05T14:03:11+02:00",
        aperture=2.8,
        make="Canon",
        model="EOS 350D",
        rating=4,
        label="Red",
        created="2023-08-05",
    )


def test_of_several_languages_the_default_one_is_taken() -> None:
    languages = '<rdf:li xml:lang="de">Sonne</rdf:li><rdf:li xml:lang="x-default">Sun</rdf:li>'
    assert said(f"<dc:title><rdf:Alt>{languages}</rdf:Alt></dc:title>").title == "Sun"
    assert said('<dc:title><rdf:Alt><rdf:li xml:lang="de">Sonne</rdf:li></rdf:Alt></dc:title>').title == "Sonne"
    assert said(dc_title="Sun").title == "Sun"


def test_several_descriptions_are_one() -> None:
    document = packet(xmp_Rating="2").replace(b"</rdf:RDF>", b"").replace(b"</x:xmpmeta>", b"")
    second = packet(tiff_Make="Canon").partition(b"<rdf:Description")[2]
    found = xmp.parse(document.partition(b"<?xpacket end")[0] + b"<rdf:Description" + second)
    assert (found.rating, found.make) == (2, "Canon")


def test_a_sidecar_of_photoshop_is_read_as_exiftool_reads_it() -> None:
    path = kit("exiftool") / "t/images/XMP.xmp"
    told = exiftool(path)
    found = read(path)
    assert found.original == "2005-06-09T20:09:27+02:00"
    assert found.digitized == "2005-06-09T20:09:27+02:00"
    assert found.modified == "2005-11-21T17:07:14+01:00"
    assert (found.make, found.model) == ("Canon", "DIGITAL IXUS 40")
    assert found.exposure_time == told["XMP-exif:ExposureTime"]
    assert found.aperture == told["XMP-exif:FNumber"]
    assert found.focal_length == told["XMP-exif:FocalLength"]
    assert found.rating == told["XMP-xmp:Rating"]
    assert found.orientation == told["XMP-tiff:Orientation"]
    assert list(found.tags) == told["XMP-dc:Subject"]
    assert found.flash is told["XMP-exif:FlashFired"]


# Values


def test_tags_of_hierarchies_are_their_leaves_and_each_comes_once() -> None:
    found = said(
        bag("dc:subject", "Paris", "holiday")
        + bag("lr:hierarchicalSubject", "Places|France|Paris", "People|Ann")
        + bag("digiKam:TagsList", "Places/France/Paris", "Food")
    )
    assert found.tags == ("Paris", "holiday", "Ann", "Food")


def test_a_position_is_in_degrees_and_minutes() -> None:
    def position(latitude: str, longitude: str) -> tuple[float | None, float | None]:
        found = said(exif_GPSLatitude=latitude, exif_GPSLongitude=longitude)
        return found.latitude, found.longitude

    assert position("52,30.6N", "13,24E") == pytest.approx((52.51, 13.4))
    assert position("52,30,36S", "13,24,0W") == pytest.approx((-52.51, -13.4))
    assert position("52.51", "-13.4") == pytest.approx((52.51, -13.4))
    assert position("0,0.0N", "0,0.0E") == (None, None)
    assert position("0,0.0N", "13,24E") == pytest.approx((0, 13.4))
    for latitude in ("91,0N", "north", "", "nan", "52,30.6"):
        assert position(latitude, "13,24E") == (None, None), latitude


def test_an_altitude_may_be_below_the_sea() -> None:
    assert said(exif_GPSAltitude="305/10", exif_GPSAltitudeRef="1").altitude == -30.5
    assert said(exif_GPSAltitude="305/0").altitude is None


@pytest.mark.parametrize(
    ("written", "rating"), [("5", 5), ("-1", -1), ("0", 0), ("4.0", 4), ("6", None), ("good", None)]
)
def test_a_rating_is_of_five_stars_or_rejected(written: str, rating: int | None) -> None:
    assert said(xmp_Rating=written).rating == rating


def test_an_offset_that_is_kept_apart_belongs_to_the_date() -> None:
    assert said(exif_DateTimeOriginal="2023-08-05T14:03:11.5", exifEX_OffsetTimeOriginal="+02:00").original == (
        "2023-08-05T14:03:11.5+02:00"
    )
    assert said(exif_DateTimeOriginal="2023-08-05T14:03:11Z", exifEX_OffsetTimeOriginal="+02:00").original == (
        "2023-08-05T14:03:11Z"
    )


def test_a_whole_sphere_is_told() -> None:
    assert said(GPano_ProjectionType="equirectangular").projection == "equirectangular"
    assert said("<GPano:ProjectionType>Equirectangular</GPano:ProjectionType>").projection == "equirectangular"


def test_the_first_form_of_motion_photos_counts_from_the_end() -> None:
    found = said(Camera_MicroVideo="1", Camera_MicroVideoVersion="1", Camera_MicroVideoOffset="4022143")
    assert (found.motion, found.motion_from_end) == (True, 4022143)
    assert said(Camera_MicroVideo="0", Camera_MicroVideoOffset="oops") == Xmp()


def test_the_second_form_of_motion_photos_lists_its_parts() -> None:
    # the example of the specification, developer.android.com/media/platform/motion-photo-format
    directory = """<Container:Directory><rdf:Seq>
        <rdf:li rdf:parseType="Resource">
          <Container:Item Item:Mime="image/jpeg" Item:Semantic="Primary" Item:Length="0" Item:Padding="0"/></rdf:li>
        <rdf:li rdf:parseType="Resource">
          <Container:Item Item:Mime="video/mp4" Item:Semantic="MotionPhoto" Item:Length="24576"/></rdf:li>
        </rdf:Seq></Container:Directory>"""
    found = said(directory, Camera_MotionPhoto="1", Camera_MotionPhotoVersion="1")
    assert found.motion
    assert found.items == (Item("image/jpeg", "Primary"), Item("video/mp4", "MotionPhoto", 24576))


def test_the_parts_of_a_real_ultra_hdr_picture_are_listed() -> None:
    found = read(kit("pillow") / "Tests/images/ultrahdr.jpg")
    assert [(item.semantic, item.mime) for item in found.items] == [
        ("Primary", "image/jpeg"),
        ("GainMap", "image/jpeg"),
    ]
    assert not found.motion


# Where it lies

PLACES = {
    "jpeg": ("pillow-heif", "tests/images/non_heif/xmp.jpeg"),
    "png": ("pillow-heif", "tests/images/non_heif/xmp.png"),
    "tiff": ("pillow-heif", "tests/images/non_heif/xmp.tiff"),
    "webp": ("pillow-heif", "tests/images/non_heif/xmp.webp"),
    "heif": ("pillow-heif", "tests/images/heif/L_xmp.heif"),
    "avif": ("imagemeta", "testdata/images/bep/sunrise.avif"),
    "psd": ("pillow", "Tests/images/negative_top_left_layer.psd"),
    "png of ImageMagick": ("imagemeta", "testdata/images/metadata-extractor/issue-590.png"),
    "dng": ("exiftool", "t/images/DNG.dng"),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_every_container_is_read(place: tuple[str, str]) -> None:
    path = kit(place[0]) / place[1]
    told = exiftool(path, "-XMP:all")
    found = read(path)
    assert found != Xmp()
    assert found.title == _text(told.get("XMP-dc:Title") or told.get("XMP-photoshop:Headline"))
    assert found.rating == told.get("XMP-xmp:Rating")
    assert found.make == told.get("XMP-tiff:Make")
    assert found.orientation == told.get("XMP-tiff:Orientation")
    digitized = told.get("XMP-exif:DateTimeDigitized") or told.get("XMP-xmp:CreateDate")
    assert (found.digitized or "").replace("T", " ").replace("-", ":")[:19] == (digitized or "")[:19]


@pytest.mark.parametrize("name", ["Jpeg2000.jp2", "CanonRaw.cr3", "QuickTime.heic", "FujiFilm.raf", "PhaseOne.iiq"])
def test_what_exiftool_writes_into_a_file_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copy(kit("exiftool") / "t/images" / name, path)
    stamp(path, "-XMP-dc:Title=A title", "-XMP-xmp:Rating=3")
    assert (read(path).title, read(path).rating) == ("A title", 3)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def test_a_packet_that_continues_in_more_segments_of_a_jpeg_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.jpg"
    shutil.copy(kit("exiftool") / "t/images/Canon.jpg", path)
    words = tmp_path / "words"
    words.write_text("many words " * 9000)
    stamp(path, f"-XMP-dc:Description<={words}", "-XMP-xmp:Rating=3", "-XMP-dc:Title=Short")
    assert len(exiftool(path)["XMP-dc:Description"]) > 90_000
    found = read(path)
    assert (found.rating, found.title) == (3, "Short")
    assert (found.description or "").startswith("many words many words")


def test_the_segments_of_a_long_packet_may_come_in_any_order() -> None:
    def segment(start: bytes, data: bytes) -> bytes:
        return b"\xff\xe1" + struct.pack(">H", len(start + data) + 2) + start + data

    long, name = packet(dc_title="A title"), b"0123456789ABCDEF0123456789ABCDEF"
    main = packet(xmpNote_HasExtendedXMP=name.decode()).replace(
        b"<rdf:Description", b'<rdf:Description xmlns:xmpNote="http://ns.adobe.com/xmp/note/"'
    )
    more = [
        segment(b"http://ns.adobe.com/xmp/extension/\0" + name, struct.pack(">II", len(long), at) + long[at : at + 400])
        for at in range(0, len(long), 400)
    ]
    other = segment(b"http://ns.adobe.com/xmp/extension/\0" + b"F" * 32, struct.pack(">II", 4, 0) + b"<a/>")
    segments = [segment(b"http://ns.adobe.com/xap/1.0/\0", main), other, *reversed(more)]
    assert xmp.read(io.BytesIO(b"\xff\xd8" + b"".join(segments) + b"\xff\xda"), "jpeg").title == "A title"


# What is broken or hostile


def test_latin_1_that_says_it_is_utf_8_is_read() -> None:
    found = read(kit("pillow-heif") / "tests/images/heif_other/L_xmp_latin1.heic")
    assert "Jules Adolphe Aimé Louis Breton" in (found.description or "")


def test_control_characters_do_no_harm() -> None:
    assert xmp.parse(packet(dc_title="a\x01b")).title == "ab"
    assert said(dc_title="a&#x202e;b\n c").title == "a b c"


def test_an_unfinished_document_says_nothing() -> None:
    whole = packet(bag("dc:subject", "a", "b"), xmp_Rating="3")
    for length in range(0, len(whole.partition(b"</x:xmpmeta>")[0]), 11):
        assert xmp.parse(whole[:length]) == Xmp()


def test_entities_are_not_expanded() -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'
    assert xmp.parse(bomb + packet(dc_title="&c;").partition(b"?>")[2]) == Xmp()
    file = b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    assert xmp.parse(file + packet(dc_title="&f;").partition(b"?>")[2]) == Xmp()


def test_a_packet_that_is_too_long_says_nothing() -> None:
    assert said("<dc:a>" + "x" * 1000 + "</dc:a>", xmp_Rating="3").rating == 3
    assert said("<dc:a>" + "x" * rdf.LARGEST + "</dc:a>", xmp_Rating="3") == Xmp()


@pytest.mark.parametrize(
    "elements", ["<dc:a>" * 100_000 + "</dc:a>" * 100_000, "<dc:a/>" * 200_000], ids=["deep", "many"]
)
def test_a_strange_document_ends_quickly(elements: str) -> None:
    before = time.process_time()
    assert said(elements, xmp_Rating="3").rating == 3
    assert time.process_time() - before < 2


def test_long_lists_and_texts_are_cut() -> None:
    found = said(bag("dc:subject", *map(str, range(5000))), dc_title="t" * 1000, dc_description="d" * 50_000)
    assert len(found.tags) == 500
    assert len(found.title or "") == 300
    assert len(found.description or "") == 10_000


def test_a_png_whose_text_unpacks_to_gigabytes_is_bounded() -> None:
    packed = zlib.compress(bytes(100_000_000), 9)
    texts = [(b"XML:com.adobe.xmp\0\1\0\0\0", b"iTXt"), *[(b"Comment\0\0", b"zTXt")] * 50]
    contents = [(start + packed, name) for start, name in texts]
    chunks = (struct.pack(">I", len(content)) + name + content + bytes(4) for content, name in contents)
    file = io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    tracemalloc.start()
    assert xmp.read(file, "png") == Xmp()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30_000_000


def test_every_file_of_the_kits_is_read_or_not() -> None:
    for name, folder in (("exiftool", "t/images"), ("pillow", "Tests/images"), ("libheif", "fuzzing/corpus")):
        for path in sorted((kit(name) / folder).iterdir()):
            if path.is_file():
                with path.open("rb") as file:
                    form = sniff(file.read(HEAD))
                    xmp.read(file, form or "")
