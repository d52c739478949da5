"""What a file is, by its first bytes."""

from __future__ import annotations

import pytest

from gateway.library import media
from indexer.extract.sniff import HEAD, kind_of, sniff
from tests.components.kits import kit

EXIFTOOL = {
    "Canon.jpg": "jpeg",
    "ExifTool.jps": "jpeg",
    "PNG.png": "png",
    "GIF.gif": "gif",
    "RIFF.webp": "webp",
    "ExifTool.tif": "tiff",
    "GeoTiff.tif": "tiff",
    "BigTIFF.btf": "tiff",
    "BMP.bmp": "bmp",
    "QuickTime.heic": "heic",
    "JXL.jxl": "jxl",
    "Jpeg2000.jp2": "jp2",
    "Photoshop.psd": "psd",
    "DNG.dng": "dng",
    "CanonRaw.cr2": "cr2",
    "CanonRaw.cr3": "cr3",
    "CanonRaw.crw": "crw",
    "Nikon.nef": "nef",
    "FujiFilm.raf": "raf",
    "Panasonic.rw2": "rw2",
    "PhaseOne.iiq": "iiq",
    "Minolta.mrw": "mrw",
    "Sigma.x3f": "x3f",
    "QuickTime.mov": "mov",
    "RIFF.avi": "avi",
    "Matroska.mkv": "mkv",
    "M2TS.mts": "mts",
    "ASF.wmv": "wmv",
    "MXF.mxf": "mxf",
    "XMP.xmp": "xmp",
    "XMP2.xmp": "xmp",
    "PLUS.xmp": "xmp",
}
OTHERS = {
    ("hachoir", "tests/files/breakdance.flv"): "flv",
    ("hachoir", "tests/files/pentax_320x240.mov"): "mov",  # as old as QuickTime without a type
    ("hachoir", "tests/files/sample.ts"): "mts",
    ("imagemeta", "testdata/images/bep/jølstravatnet.pef"): "pef",
    ("imagemeta", "testdata/images/bep/sunrise.avif"): "avif",
    ("imagemeta", "testdata/images/bep/sunrise.tif"): "tiff",
    ("imagemeta", "testdata/images/sample.arw"): "arw",
    ("imagemeta", "testdata/images/sony.heif"): "heic",
    ("pillow", "Tests/images/sugarshack.mpo"): "jpeg",
    ("pillow", "Tests/images/iss634.apng"): "png",
    ("pillow-heif", "tests/images/heif_other/cat.hif"): "heic",
    ("pymediainfo", "tests/data/sample.mp4"): "mp4",
}
NOTHING = ["AIFF.aif", "PDF.pdf", "ZIP.zip", "OOXML.docx", "PostScript.eps", "MP3.mp3", "QuickTime.m4a", "RIFF.wav"]
NOTHING += ["FLAC.ogg", "HTML.html", "XMP.svg", "PLIST.aae", "VCard.vcf", "Text1.txt", "KyoceraRaw.raw"]


def head(name: str, path: str) -> bytes:
    with (kit(name) / path).open("rb") as file:
        return file.read(HEAD)


@pytest.mark.parametrize(("path", "form"), EXIFTOOL.items(), ids=EXIFTOOL)
def test_a_format_is_known_by_its_content(path: str, form: str) -> None:
    assert sniff(head("exiftool", f"t/images/{path}")) == form


@pytest.mark.parametrize(("place", "form"), OTHERS.items(), ids=str)
def test_files_of_cameras_and_programs_are_known(place: tuple[str, str], form: str) -> None:
    assert sniff(head(*place)) == form


@pytest.mark.parametrize("path", NOTHING)
def test_what_a_gallery_does_not_show_is_nothing(path: str) -> None:
    found = sniff(head("exiftool", f"t/images/{path}"))
    assert kind_of(found) == "other"


def test_a_file_that_was_renamed_stays_what_it_is() -> None:
    assert sniff(head("piexif", "tests/images/noexif.jpg")) == "jpeg"
    assert sniff(head("piexif", "tests/images/notjpeg.jpg")) is None
    assert sniff(b"") is None


def test_every_format_has_a_kind() -> None:
    kinds = {form: kind_of(form) for form in [*EXIFTOOL.values(), *OTHERS.values()]}
    assert {kinds[form] for form in ("jpeg", "heic", "avif", "psd")} == {"image"}
    assert {kinds[form] for form in ("dng", "cr2", "cr3", "nef", "arw", "raf", "pef")} == {"raw"}
    assert {kinds[form] for form in ("mov", "mp4", "mkv", "mts")} == {"video"}
    assert kinds["xmp"] == "sidecar"
    assert "other" not in kinds.values()


def test_everything_that_a_gallery_shows_is_given_to_the_indexer_when_it_arrives() -> None:
    heads = {path: head("exiftool", f"t/images/{path}") for path in EXIFTOOL}
    heads |= {path: head(name, path) for name, path in OTHERS}
    assert [path for path, begin in heads.items() if not media.is_indexed(begin)] == []
    for words in (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>",
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'>",
    ):
        assert media.is_indexed(words.encode())
        assert media.is_indexed(words.encode("utf-16"))


def test_a_sidecar_may_be_utf_16_and_begin_with_a_comment() -> None:
    words = "<?xml version='1.0'?>\n<!-- darktable -->\n<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    assert sniff(words.encode()) == "xmp"
    assert sniff(words.encode("utf-16")) == "xmp"
    assert sniff(b"<?a?>" * 800) is None


def test_compatible_brands_tell_the_codec_of_a_heif() -> None:
    def box(*brands: bytes) -> bytes:
        return (8 + 4 * len(brands) + 4).to_bytes(4, "big") + b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])

    assert sniff(box(b"mif1", b"mif1", b"avif", b"miaf")) == "avif"
    assert sniff(box(b"mif1", b"mif1", b"heic")) == "heic"
    assert sniff(box(b"3gp4", b"isom")) == "3gp"
    assert sniff(box(b"qt  ", b"qt  ")) == "mov"


def test_a_webm_is_a_matroska_that_says_so() -> None:
    start = bytes.fromhex("1a45dfa39f4286810142f7810142f2810442f38108")
    assert sniff(start + b"\x42\x82\x84webm") == "webm"
    assert sniff(start + b"\x42\x82\x88matroska") == "mkv"
