import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from indexer.extract import xmp
from indexer.extract.motion import locate, may_be_half
from indexer.extract.video import probe
from tests.components.kits import kit
from tests.indexer.clips import clip, exiftool, stamp

GOOGLE = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Camera="http://ns.google.com/photos/1.0/camera/"
 xmlns:Container="http://ns.google.com/photos/1.0/container/"
 xmlns:Item="http://ns.google.com/photos/1.0/container/item/"
 Camera:MotionPhoto="1" Camera:MotionPhotoVersion="1"><Container:Directory><rdf:Seq>
{items}</rdf:Seq></Container:Directory></rdf:Description></rdf:RDF></x:xmpmeta>"""
ITEM = """<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="{mime}" Item:Semantic="{semantic}"
 Item:Length="{length}" Item:Padding="{padding}"/></rdf:li>"""
"""As in https://developer.android.com/media/platform/motion-photo-format."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return clip(tmp_path_factory.mktemp("film") / "a.mp4", frames=10).read_bytes()


@pytest.fixture
def still(tmp_path: Path) -> Path:
    path = tmp_path / "still.jpg"
    Image.new("RGB", (64, 48), "teal").save(path)
    return path


def found(path: Path) -> bytes | None:
    """The bytes that are located in a picture."""
    with path.open("rb") as file:
        told = xmp.read(file, "jpeg" if path.suffix == ".jpg" else "heic")
        place = locate(file, path.stat().st_size, told)
        if place is None:
            return None
        file.seek(place[0])
        return file.read(place[1])


def google(still: Path, film: bytes, *items: tuple[str, str, int, int]) -> Path:
    items = (("image/jpeg", "Primary", 0, 0), *items)
    said = [
        ITEM.format(mime=mime, semantic=semantic, length=length, padding=pad) for mime, semantic, length, pad in items
    ]
    packet = still.with_suffix(".xmp")
    packet.write_text(GOOGLE.format(items="\n".join(said)))
    stamp(still, f"-XMP<={packet}")
    return still


def append(path: Path, data: bytes) -> Path:
    with path.open("ab") as file:
        file.write(data)
    return path


def samsung(*blocks: tuple[int, bytes, bytes]) -> bytes:
    """The trailer that exiftool's Samsung.pm describes."""
    bodies = [struct.pack("<HHI", 0, kind, len(name)) + name + data for kind, name, data in blocks]
    entries, back = b"", sum(map(len, bodies))
    for (kind, _, _), body in zip(blocks, bodies, strict=True):
        entries += struct.pack("<HHII", 0, kind, back, len(body))
        back -= len(body)
    directory = struct.pack("<4sII", b"SEFH", 107, len(blocks)) + entries
    return b"".join(bodies) + directory + struct.pack("<I4s", len(directory), b"SEFT")


def test_video_of_a_google_motion_photo_is_found(still: Path, film: bytes) -> None:
    append(google(still, film, ("video/mp4", "MotionPhoto", len(film), 0)), film)
    assert found(still) == film
    directory = exiftool(still, "-struct")["XMP-Container:Directory"]
    assert [one["Item"]["Semantic"] for one in directory] == ["Primary", "MotionPhoto"]


def test_other_parts_of_a_motion_photo_are_stepped_over(still: Path, film: bytes) -> None:
    items = [
        ("image/jpeg", "GainMap", 500, 12),
        ("video/mp4", "MotionPhoto", len(film), 4),
        ("image/jpeg", "Depth", 300, 0),
    ]
    append(google(still, film, *items), b"g" * 512 + film + b"\0" * 4 + b"d" * 300)
    assert found(still) == film


def test_the_older_micro_video_is_found(still: Path, film: bytes) -> None:
    stamp(still, "-XMP-GCamera:MicroVideo=1", f"-XMP-GCamera:MicroVideoOffset={len(film)}")
    assert found(append(still, film)) == film


def test_video_in_a_samsung_trailer_is_found(still: Path, film: bytes, tmp_path: Path) -> None:
    trailer = samsung(
        (0x0A01, b"Image_UTC_Data", b"1691244191000"),
        (0x0A30, b"MotionPhoto_Data", film),
        (0x0A31, b"MotionPhoto_Version", b"mpv2"),
    )
    append(still, trailer)
    told = exiftool(still, "-b", "-EmbeddedVideoFile", "-EmbeddedVideoType")
    assert told["Samsung:EmbeddedVideoType"] == "MotionPhoto_Data"
    assert found(still) == film


def heic() -> Path:
    (path,) = kit("pillow-heif").rglob("arrow.heic")
    return path


def test_video_in_a_heic_is_found(film: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.heic"
    path.write_bytes(heic().read_bytes())
    append(path, struct.pack(">I4s", len(film) + 8, b"mpvd") + film)
    assert f"{len(film)} bytes" in exiftool(path)["QuickTime:MotionPhotoVideo"]
    assert found(path) == film


def test_a_heic_of_samsung_has_box_and_trailer(film: bytes, tmp_path: Path) -> None:
    """Its trailer only says where the box is."""
    path = tmp_path / "a.heic"
    trailer = samsung((0x0A30, b"MotionPhoto_Data", b"mpv2\0\0\0\0\0\0\0\0"))
    path.write_bytes(heic().read_bytes())
    append(path, struct.pack(">I4s", len(film) + 8, b"mpvd") + film)
    append(path, struct.pack(">I4s", len(trailer) + 8, b"sefd") + trailer)
    assert found(path) == film


def test_what_is_located_is_a_video(still: Path, film: bytes) -> None:
    part = found(append(still, samsung((0x0A30, b"MotionPhoto_Data", film))))
    assert part is not None
    assert probe(io.BytesIO(part), len(part), budget=1 << 28).width == 320


@pytest.mark.parametrize("name", ["200MP.heic", "aux_YCbCr.heic", "arrow.heic", "xiaomi.heic"])
def test_stills_of_phones_have_no_video(name: str) -> None:
    """The first two are Samsung's and have its trailer, without a video."""
    (path,) = kit("pillow-heif").rglob(name)
    assert "QuickTime:MotionPhotoVideo" not in exiftool(path)
    assert found(path) is None


def test_a_still_whose_video_was_cut_off_has_none(still: Path, film: bytes) -> None:
    google(still, film, ("video/mp4", "MotionPhoto", len(film), 0))
    assert found(still) is None
    stamp(still, "-XMP-GCamera:MicroVideo=1", f"-XMP-GCamera:MicroVideoOffset={len(film)}")
    assert found(still) is None


def test_a_video_that_is_not_where_it_should_be_is_none(still: Path, film: bytes) -> None:
    google(still, film, ("video/mp4", "MotionPhoto", len(film) + 1, 0))
    assert found(append(still, film)) is None


@pytest.mark.parametrize(
    "trailer",
    [
        b"SEFT",
        b"\xff\xff\xff\xffSEFT",
        b"\x0c\0\0\0SEFT",
        b"SEFH\0\0\0\0\xff\xff\xff\xff\x0c\0\0\0SEFT",
        samsung((0x0A30, b"MotionPhoto_Data", b"")),
        samsung((0x0A30, b"", b"MotionPhoto_Data")),
        b"SEFH\0\0\0\0\1\0\0\0\0\0\x30\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x18\0\0\0SEFT",
    ],
)
def test_malformed_trailers_do_no_harm(still: Path, trailer: bytes) -> None:
    assert found(append(still, trailer)) is None
    assert locate(io.BytesIO(trailer), len(trailer), None) is None


@pytest.mark.parametrize(
    ("duration", "own", "still", "may"),
    [
        (2900, None, None, True),
        (3100, None, None, True),
        (3101, None, None, False),
        (None, None, None, False),
        (60_000, "A", "A", True),
        (2000, "A", "B", False),
        (2000, "A", None, True),
        (9000, None, "B", False),
    ],
)
def test_the_moving_half_is_short_or_has_the_same_identifier(
    duration: int | None, own: str | None, still: str | None, *, may: bool
) -> None:
    assert may_be_half(duration, own, still) is may
