import io
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.errors import Unreadable
from indexer.extract.video import Video, probe
from indexer.remote_file import remote
from tests.components.kits import kit
from tests.indexer.clips import (
    BLUE,
    CORNERS,
    GREEN,
    INTERLACED,
    RED,
    WHITE,
    black_before,
    clip,
    comb,
    exiftool,
    noise,
    song,
    stamp,
    stretched,
)

BUDGET = 256 * 1024 * 1024
MEGABYTE = 1024 * 1024


def look(path: Path, budget: int = BUDGET) -> Video:
    with path.open("rb") as file:
        return probe(file, path.stat().st_size, budget=budget)


def corners(image: Image.Image | None) -> list[tuple[int, int, int]]:
    """The nearest of the four colours at each corner of a picture."""
    assert image is not None
    places = [(0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)]
    found = [image.getpixel((int(x * image.width), int(y * image.height))) for x, y in places]
    return [min(CORNERS, key=lambda colour: sum(abs(a - b) for a, b in zip(colour, one, strict=True))) for one in found]


# What real cameras and programs write


def real(name: str) -> Path:
    kits = {"sample.mp4": "pymediainfo", "M2TS.mts": "exiftool", "RIFF.avi": "exiftool", "Pentax.avi": "exiftool"}
    (found,) = kit(kits.get(name, "hachoir")).rglob(name)
    return found


@pytest.mark.parametrize(
    "name",
    "sample.mp4 quicktime.mp4 pentax_320x240.mov flashmob.mkv 10min.mkv matrix_ping_pong.wmv smallville.s03e02.avi "
    "M2TS.mts RIFF.avi Pentax.avi".split(),
)
def test_size_is_what_exiftool_says(name: str) -> None:
    width, height = map(int, exiftool(real(name))["Composite:ImageSize"].split())
    found = look(real(name))
    assert (found.width, found.height) == (width, height)


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("sample.mp4", "QuickTime:Duration"),
        ("quicktime.mp4", "QuickTime:Duration"),
        ("pentax_320x240.mov", "QuickTime:Duration"),
        ("flashmob.mkv", "Matroska:Duration"),
        ("10min.mkv", "Matroska:Duration"),
    ],
)
def test_duration_is_what_exiftool_says(name: str, tag: str) -> None:
    assert look(real(name)).duration == pytest.approx(1000 * exiftool(real(name))[tag], abs=2)


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("sample.mp4", "QuickTime:CreateDate"),
        ("quicktime.mp4", "QuickTime:CreateDate"),
        ("pentax_320x240.mov", "QuickTime:CreateDate"),
        ("flashmob.mkv", "Matroska:DateTimeOriginal"),
        ("matrix_ping_pong.wmv", "ASF:CreationDate"),
    ],
)
def test_creation_time_of_the_container_is_utc(name: str, tag: str) -> None:
    date, time = exiftool(real(name))[tag].removesuffix("Z").split()
    created = look(real(name)).creation_time
    assert created is not None
    assert created.endswith("Z")
    assert created.startswith(f"{date.replace(':', '-')}T{time}")


@pytest.mark.parametrize("name", ["RIFF.avi", "Pentax.avi"])
def test_date_of_an_avi_is_the_clock_of_the_camera(name: str) -> None:
    found = look(real(name))
    date, time = exiftool(real(name))["RIFF:DateTimeOriginal"].split()
    assert found.original is not None
    assert found.original.startswith(f"{date.replace(':', '-')} {time[:5]}")
    assert found.creation_time is None


def test_avchd_tells_the_clock_of_the_camera_with_its_offset() -> None:
    told = exiftool(real("M2TS.mts"))
    found = look(real("M2TS.mts"))
    date, time = told["H264:DateTimeOriginal"].split()
    assert found.original == f"{date.replace(':', '-')} {time}"
    assert found.make == "Canon"
    assert told["H264:Make"] == 0x1011  # exiftool's name of it is Canon


def test_an_offset_of_zero_in_avchd_says_nothing() -> None:
    """A camera from Europe, in July, that nobody told where it is."""
    assert look(real("Panasonic_AG_HMC_151.MTS")).original == "2009-07-09 14:33:35"


def test_codecs_rates_and_titles_are_known() -> None:
    found = look(real("sample.mp4"))
    assert (found.video_codec, found.audio_codec) == ("h264", "aac")
    assert found.frame_rate == pytest.approx(exiftool(real("sample.mp4"))["Track1:VideoFrameRate"], abs=0.01)
    assert found.bit_rate == pytest.approx(real("sample.mp4").stat().st_size * 8 / 0.98, rel=0.1)
    assert look(real("flashmob.mkv")).title == "flash-mob FNAC Montparnasse du 9 juin à Paris (extraits)"


def test_colours_of_a_real_video_are_right() -> None:
    """The deer of sample.mp4 stands before green leaves, on sand."""
    poster = look(real("sample.mp4")).poster
    assert poster is not None
    red, green, blue = poster.resize((1, 1), Image.Resampling.BOX, box=(200, 300, 600, 700)).getpixel((0, 0))
    assert green > red > blue


# Tags


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clip(tmp_path_factory.mktemp("short") / "short.mov", frames=5)


@pytest.fixture
def copy(short: Path, tmp_path: Path) -> Path:
    made = tmp_path / "copy.mov"
    made.write_bytes(short.read_bytes())
    return made


def test_what_an_iphone_writes_is_read(copy: Path) -> None:
    stamp(
        copy,
        "-Keys:CreationDate=2023:08:05 14:03:11+02:00",
        "-Keys:GPSCoordinates=44.85, 34.98, 12.5",
        "-Keys:Make=Apple",
        "-Keys:Model=iPhone 13",
        "-Keys:Software=16.1",
        "-Keys:Title=Sea",
        "-Keys:Description=Waves",
        "-Keys:Keywords=beach, sun",
    )
    found = look(copy)
    assert found.creation_date == "2023-08-05T14:03:11+0200"
    assert (found.latitude, found.longitude, found.altitude) == pytest.approx((44.85, 34.98, 12.5))
    assert (found.make, found.model, found.software) == ("Apple", "iPhone 13", "16.1")
    assert (found.title, found.description, found.tags) == ("Sea", "Waves", ("beach", "sun"))


def test_content_identifier_of_a_live_photo_is_read(tmp_path: Path) -> None:
    name = "com.apple.quicktime.content.identifier"
    made = clip(tmp_path / "live.mov", frames=5, tags={name: "2D1A-77"}, container={"movflags": "use_metadata_tags"})
    assert exiftool(made)["Keys:ContentIdentifier"] == "2D1A-77"
    assert look(made).content_id == "2D1A-77"


def test_what_android_writes_is_read(tmp_path: Path) -> None:
    tags = {
        "com.android.manufacturer": "Google",
        "com.android.model": "Pixel 7",
        "com.samsung.android.utc_offset": "+0200",
    }
    made = clip(tmp_path / "a.mp4", frames=5, tags=tags, container={"movflags": "use_metadata_tags"})
    found = look(stamp(made, "-QuickTime:CreateDate=2023:08:05 12:03:11"))
    assert (found.make, found.model, found.offset) == ("Google", "Pixel 7", "+0200")
    assert found.creation_time == "2023-08-05T12:03:11.000000Z"


def test_position_in_user_data_is_read(copy: Path) -> None:
    stamp(copy, "-UserData:GPSCoordinates=-33.8568, -151.2153, -4")
    found = look(copy)
    assert (found.latitude, found.longitude, found.altitude) == pytest.approx((-33.8568, -151.2153, -4))


def test_position_of_a_3gp_is_read(tmp_path: Path) -> None:
    made = clip(tmp_path / "a.3gp", frames=5, tags={"location": "+44.8500+034.9800/"})
    told = dict(word.split("=") for word in exiftool(made)["UserData:LocationInformation"].split() if "=" in word)
    found = look(made)
    assert (found.latitude, found.longitude) == pytest.approx((float(told["Lat"]), float(told["Lon"])), abs=0.0001)
    assert found.latitude == pytest.approx(44.85, abs=0.0001)


def test_no_position_is_none(copy: Path) -> None:
    stamp(copy, "-Keys:GPSCoordinates=0, 0")
    assert look(copy).latitude is None


def test_what_a_sony_camera_writes_is_read(tmp_path: Path) -> None:
    xml = (
        b'<?xml version="1.0" encoding="UTF-8"?>'
        b'<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00">'
        b'<CreationDate value="2021-05-06T10:20:30+02:00"/><Device manufacturer="Sony" modelName="ILCE-7M3"/>'
        b"</NonRealTimeMeta>"
    )
    handler = box(b"hdlr", bytes(8) + b"nrtm" + bytes(13))
    meta = box(b"meta", bytes(4) + handler + box(b"xml ", bytes(4) + xml))
    made = clip(tmp_path / "a.mp4", frames=5)
    made.write_bytes(made.read_bytes().replace(b"ftypisom", b"ftypXAVC", 1) + meta)
    told = exiftool(made)
    assert told["XML:CreationDateValue"] == "2021:05:06 10:20:30+02:00"
    found = look(made)
    assert found.original == "2021-05-06T10:20:30+02:00"
    assert (found.make, found.model) == (told["XML:DeviceManufacturer"], told["XML:DeviceModelName"])
    assert corners(found.poster) == list(CORNERS)


def box(name: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + name + content


def test_xmp_packet_is_handed_on(copy: Path) -> None:
    stamp(copy, "-XMP:Title=hello")
    packet = look(copy).xmp
    assert packet is not None
    assert b"hello" in packet


def test_broken_characters_in_tags_do_no_harm(copy: Path) -> None:
    stamp(copy, "-Keys:Title=abcdefgh")
    copy.write_bytes(copy.read_bytes().replace(b"abcdefgh", b"a\xff\xfe\xc3(\x80ha"))
    title = look(copy).title
    assert title is not None
    assert title.startswith("a")


# As it is shown


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotated_videos_stand_upright(tmp_path: Path, degrees: int) -> None:
    made = clip(tmp_path / "a.mp4", frames=3, turn={"degrees": -degrees})
    clockwise = exiftool(made)["Composite:Rotation"]
    assert clockwise == degrees
    found = look(made)
    upper_left, upper_right, lower_left, lower_right = CORNERS
    turned = {
        0: [upper_left, upper_right, lower_left, lower_right],
        90: [lower_left, upper_left, lower_right, upper_right],
        180: [lower_right, lower_left, upper_right, upper_left],
        270: [upper_right, lower_right, upper_left, lower_left],
    }
    assert corners(found.poster) == turned[clockwise]
    assert (found.width, found.height) == ((320, 180) if degrees % 180 == 0 else (180, 320))
    assert found.poster is not None
    assert found.poster.size == (found.width, found.height)


@pytest.mark.parametrize(
    ("turn", "shown"),
    [
        ({"degrees": 0, "hflip": True}, [GREEN, RED, WHITE, BLUE]),
        ({"degrees": 0, "vflip": True}, [BLUE, WHITE, RED, GREEN]),
        # a quarter turn with the clock, then mirrored left to right and upside down
        ({"degrees": -90, "hflip": True}, [RED, BLUE, GREEN, WHITE]),
        ({"degrees": -90, "vflip": True}, [WHITE, GREEN, BLUE, RED]),
    ],
)
def test_mirrored_videos_are_mirrored(tmp_path: Path, turn: dict, shown: list) -> None:
    assert corners(look(clip(tmp_path / "a.mov", frames=3, turn=turn)).poster) == shown


@pytest.mark.parametrize(
    ("ratio", "size"),
    [(Fraction(4, 3), (427, 180)), (Fraction(3, 4), (320, 240)), (Fraction(1), (320, 180))],
)
def test_pixels_that_are_not_square_are_stretched(tmp_path: Path, ratio: Fraction, size: tuple[int, int]) -> None:
    found = look(clip(tmp_path / "a.mp4", frames=3, ratio=ratio))
    assert (found.width, found.height) == size
    assert found.poster is not None
    assert found.poster.size == size


def test_large_pictures_are_made_smaller(tmp_path: Path) -> None:
    found = look(clip(tmp_path / "a.mp4", frames=2, size=(3840, 2160)))
    assert (found.width, found.height) == (3840, 2160)
    assert found.poster is not None
    assert found.poster.size == (2048, 1152)
    assert corners(found.poster) == list(CORNERS)


@pytest.mark.parametrize(
    ("suffix", "codec", "pixels"),
    [
        ("mp4", "libx264", "yuv420p"),
        ("m4v", "mpeg4", "yuv420p"),
        ("mp4", "libx265", "yuv420p10le"),
        ("mp4", "libsvtav1", "yuv420p10le"),
        ("mov", "prores_ks", "yuv422p10le"),
        ("mov", "mjpeg", "yuvj422p"),
        ("webm", "libvpx-vp9", "yuv420p"),
        ("mkv", "libx264", "yuv444p"),
        ("avi", "mpeg4", "yuv420p"),
        ("avi", "mjpeg", "yuvj420p"),
        ("mts", "libx264", "yuv420p"),
        ("mpg", "mpeg2video", "yuv420p"),
        ("wmv", "wmv2", "yuv420p"),
        ("3gp", "mpeg4", "yuv420p"),
        ("flv", "flv1", "yuv420p"),
    ],
)
def test_every_kind_of_video_has_a_poster(tmp_path: Path, suffix: str, codec: str, pixels: str) -> None:
    found = look(clip(tmp_path / f"a.{suffix}", codec=codec, pixels=pixels))
    assert (found.width, found.height) == (320, 180)
    assert found.duration == pytest.approx(1000, abs=450 if suffix == "mpg" else 100)  # FFmpeg guesses it of an MPG
    assert corners(found.poster) == list(CORNERS)


# The poster


@pytest.mark.parametrize("gop", [30, 1000])
def test_a_black_beginning_is_not_the_poster(tmp_path: Path, gop: int) -> None:
    made = clip(tmp_path / "a.mp4", frames=90, gop=gop, picture=black_before(1.5))
    assert corners(look(made).poster) == list(CORNERS)


def test_a_video_that_is_black_throughout_has_a_black_poster(tmp_path: Path) -> None:
    poster = look(clip(tmp_path / "a.mp4", frames=40, picture=black_before(9))).poster
    assert poster is not None
    assert poster.convert("L").getextrema()[1] < 20


@pytest.mark.parametrize("transfer", [16, 18], ids=["pq", "hlg"])
def test_hdr_looks_like_what_it_was_made_of(tmp_path: Path, transfer: int) -> None:
    """swscale makes the HDR picture from an ordinary one; shown on an ordinary screen it is that one again."""
    import av

    grey = np.tile(np.linspace(20, 235, 320).astype(np.uint8)[None, :, None], (180, 1, 3))
    ordinary = av.VideoFrame.from_ndarray(grey, "rgb24")
    ordinary.color_trc, ordinary.color_primaries = 13, 1
    bright = ordinary.reformat(format="rgb48le", dst_color_trc=transfer, dst_color_primaries=9, threads=1)
    signal = (bright.to_ndarray() // 257).astype(np.uint8)
    made = clip(
        tmp_path / "a.mp4",
        frames=2,
        codec="libx265",
        pixels="yuv420p10le",
        colours=(transfer, 9, 9),
        picture=lambda *_: signal,
    )
    poster = look(made).poster
    assert poster is not None
    shown = np.asarray(poster.convert("L"), np.int16)[90]
    assert np.all(np.diff(shown[::20]) > 0)
    assert shown[16] < 40
    assert shown[-16] > 200
    assert np.abs(shown - grey[90, :, 0]).max() < 32
    assert np.abs(signal[90, :, 0].astype(np.int16) - grey[90, :, 0]).max() > 45  # which it is not without the tone map


def test_interlaced_pictures_have_no_combs(tmp_path: Path) -> None:
    poster = look(clip(tmp_path / "a.mts", frames=20, picture=comb, options=INTERLACED)).poster
    assert poster is not None
    lines = np.asarray(poster.convert("L"), np.int16)
    assert np.abs(np.diff(comb(0, 320, 180)[..., 0].astype(np.int16), axis=0)).mean() > 30
    assert np.abs(np.diff(lines, axis=0)).mean() < 3


# Few reads


class Requests:
    """A file that is somewhere else, and what was asked of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.lengths: list[int] = []

    def _fetch(self, start: int, length: int) -> Iterator[bytes]:
        self.lengths.append(length)
        with self.path.open("rb") as file:
            file.seek(start)
            yield file.read(length)

    def probe(self) -> Video:
        return probe(remote(self._fetch, self.size), self.size, budget=BUDGET)


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_video_of_2_gb_is_not_downloaded(tmp_path: Path, place: str) -> None:
    made = clip(
        tmp_path / "a.mp4",
        frames=300,
        picture=lambda number, *size: noise(number % 8, *size) * np.uint8(number >= 90),
        sound="aac",
        container={"movflags": "faststart"} if place == "first" else {},
    )
    if place == "first":
        stretched(made, 2_000_000_000)
    else:
        data = made.read_bytes()
        index = data.rindex(b"moov") - 4
        with made.open("wb") as file:
            file.write(data[:index] + (2_000_000_000).to_bytes(4, "big") + b"free")
            file.seek(index + 2_000_000_000)
            file.write(data[index:])
    far = Requests(made)
    assert far.size > 2_000_000_000
    found = far.probe()
    assert found.poster is not None
    assert found.poster.convert("L").getextrema()[1] > 200
    assert found.duration == pytest.approx(10_000, abs=50)
    assert len(far.lengths) <= 6
    assert sum(far.lengths) <= 6 * MEGABYTE


@pytest.mark.parametrize("suffix", ["mkv", "mts", "avi", "mpg"])
def test_other_containers_are_not_downloaded_either(tmp_path: Path, suffix: str) -> None:
    codec = {"avi": "mjpeg", "mpg": "mpeg2video"}.get(suffix, "libx264")
    pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    picture = [noise(number, 640, 360) for number in range(8)]
    made = clip(
        tmp_path / f"a.{suffix}",
        frames=800,
        size=(640, 360),
        codec=codec,
        pixels=pixels,
        picture=lambda number, *_: picture[number % 8],
    )
    far = Requests(made)
    assert far.size > 24 * MEGABYTE
    assert far.probe().poster is not None
    assert len(far.lengths) <= 9


# Memory


def test_8k_in_10_bits_stays_inside_the_budget(tmp_path: Path) -> None:
    made = clip(tmp_path / "a.mp4", frames=2, size=(7680, 4320), codec="libx265", pixels="yuv420p10le")
    program = f"""
        import resource, pathlib
        from indexer.extract.video import probe
        used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        before = used()
        with open({str(made)!r}, "rb") as file:
            found = probe(file, {made.stat().st_size}, budget={BUDGET})
        assert found.poster.size == (2048, 1152), found
        print(used() - before)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, check=True)
    assert int(done.stdout) < BUDGET


def test_pictures_beyond_the_budget_are_not_decoded(tmp_path: Path) -> None:
    found = look(clip(tmp_path / "a.mp4", frames=2, size=(1920, 1080)), budget=5 * MEGABYTE)
    assert (found.width, found.height, found.duration) == (1920, 1080, 67)
    assert found.poster is None
    assert found.error == "Its pictures are too large to decode: 1920 × 1080 pixels."


def test_pictures_that_are_larger_than_their_container_says_are_not_decoded(tmp_path: Path) -> None:
    made = clip(tmp_path / "a.avi", frames=3, codec="mjpeg", pixels="yuvj420p")
    data = made.read_bytes()
    frame = b"\xff\xc0\x00\x11\x08" + (180).to_bytes(2, "big") + (320).to_bytes(2, "big")
    assert data.count(frame) == 3
    made.write_bytes(data.replace(frame, b"\xff\xc0\x00\x11\x08" + (65_000).to_bytes(2, "big") * 2))
    found = look(made)
    assert found.poster is None
    assert found.error == "None of its pictures can be decoded."


# What is no video, or broken


def test_sound_is_no_video(tmp_path: Path) -> None:
    found = look(song(tmp_path / "a.m4a"))
    assert (found.video_codec, found.audio_codec, found.width, found.poster) == (None, "aac", 0, None)


def test_the_cover_of_a_song_is_no_video(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64), RED).save(tmp_path / "cover.jpg")
    made = stamp(song(tmp_path / "a.m4a"), f"-ItemList:CoverArt<={tmp_path / 'cover.jpg'}")
    found = look(made)
    assert (found.video_codec, found.audio_codec, found.poster) == (None, "aac", None)


@pytest.mark.parametrize("data", [b"", b"\0" * 5000, b"\xff" * 5000, b"hello" * 500, b"\0\0\0\x18ftypmp42"])
def test_what_is_no_video_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        probe(io.BytesIO(data), len(data), budget=BUDGET)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{}'\n",
    ],
)
def test_play_lists_open_no_other_files(tmp_path: Path, text: str) -> None:
    data = text.format(clip(tmp_path / "a.mp4", frames=3)).encode()
    with pytest.raises(Unreadable):
        probe(io.BytesIO(data), len(data), budget=BUDGET)


@pytest.mark.parametrize("name", ["sample.mp4", "quicktime.mp4", "flashmob.mkv", "matrix_ping_pong.wmv"])
def test_cut_files_end_as_what_could_be_read(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = real(name).read_bytes()
    for part in range(1, 20):
        cut = data[: len(data) * part // 20]
        try:
            found = probe(io.BytesIO(cut), len(cut), budget=BUDGET)
        except Unreadable:
            continue
        assert (found.poster is None) == (found.error is not None)
    assert capfd.readouterr() == ("", "")  # FFmpeg says nothing


def test_a_cut_file_with_its_index_first_keeps_its_poster(tmp_path: Path) -> None:
    made = clip(
        tmp_path / "a.mp4", frames=120, gop=10, sound="aac", container={"movflags": "faststart"}, tags={"title": "Sea"}
    )
    data = made.read_bytes()[: made.stat().st_size // 3]
    found = probe(io.BytesIO(data), len(data), budget=BUDGET)
    assert (found.title, found.width) == ("Sea", 320)
    assert corners(found.poster) == list(CORNERS)


@pytest.mark.parametrize("seed", range(8))
def test_damaged_files_do_no_harm(seed: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    chance = np.random.default_rng(seed)
    suffix, codec = [("mp4", "libx264"), ("mkv", "libx264"), ("mts", "libx264"), ("avi", "mpeg4")][seed % 4]
    data = np.frombuffer(clip(tmp_path / f"a.{suffix}", codec=codec, sound="aac").read_bytes(), np.uint8)
    for _ in range(25):
        damaged = data.copy()
        places = chance.integers(0, len(data), 30)
        damaged[places] = chance.integers(0, 256, 30)
        try:
            found = probe(io.BytesIO(damaged.tobytes()), len(data), budget=BUDGET)
        except Unreadable:
            continue
        assert (found.poster is None) == (found.error is not None or found.video_codec is None)
    assert capfd.readouterr() == ("", "")


class Endless(io.RawIOBase):
    """A file that says the same for ever."""

    def __init__(self, head: bytes, again: bytes) -> None:
        self.head, self.again, self.position, self.fetched = head, again, 0, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self.position = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        self.fetched += size
        start = self.position
        self.position += size
        head = self.head[start : start + size]
        at = max(0, start - len(self.head)) % len(self.again)
        count = (size - len(head)) // len(self.again) + 2
        return head + (self.again * count)[at : at + size - len(head)]


@pytest.mark.parametrize("suffix", ["mts", "mkv", "mp4"])
def test_an_endless_file_comes_to_an_end(tmp_path: Path, suffix: str) -> None:
    fragments = {"movflags": "frag_keyframe+empty_moov"} if suffix == "mp4" else {}
    data = clip(tmp_path / f"a.{suffix}", gop=10, container=fragments).read_bytes()
    begin = {"mts": 0, "mkv": data.find(b"\x1f\x43\xb6\x75"), "mp4": data.find(b"moof") - 4}[suffix]
    file = Endless(data[:begin], data[begin:])
    probe(file, 1 << 50, budget=BUDGET)
    assert file.fetched <= 257 * MEGABYTE


def test_a_file_that_is_shorter_than_said_is_read_to_its_end(short: Path) -> None:
    data = short.read_bytes()
    assert probe(io.BytesIO(data), len(data) * 10, budget=BUDGET).poster is not None


def test_the_failure_of_a_far_file_is_not_taken_for_its_end(tmp_path: Path) -> None:
    made = clip(tmp_path / "a.mp4", frames=300, picture=noise, container={"movflags": "faststart"})

    class Failing(io.FileIO):
        reads = 0

        def read(self, size: int | None = -1) -> bytes:
            self.reads += 1
            if self.reads > 1:
                raise ConnectionResetError("gone")
            return super().read(size)

    with Failing(made) as far, pytest.raises(ConnectionResetError):
        probe(far, made.stat().st_size, budget=BUDGET)
