import errno
import io
import subprocess
import sys
import textwrap
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from indexer.errors import Unreadable
from indexer.extract.playable import encode, encoder
from tests.components.kits import kit
from tests.indexer.clips import (
    BLUE,
    CORNERS,
    GREEN,
    INTERLACED,
    RED,
    WHITE,
    clip,
    comb,
    exiftool,
    noise,
    song,
    stamp,
)

MEGABYTE = 1024 * 1024
BUDGET = 256 * MEGABYTE


def copy(source: Path, **options) -> Path:
    target = source.parent / "copy.mp4"
    with source.open("rb") as file, target.open("w+b") as made:
        encode(file, source.stat().st_size, made, budget=BUDGET, **options)
    return target


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def corners(picture: np.ndarray) -> list[tuple[int, int, int]]:
    height, width, _ = picture.shape
    places = [(0.2, 0.2), (0.8, 0.2), (0.2, 0.8), (0.8, 0.8)]
    found = [picture[int(y * height), int(x * width)].astype(int) for x, y in places]
    return [min(CORNERS, key=lambda colour: int(np.abs(one - colour).sum())) for one in found]


def test_there_is_an_encoder() -> None:
    assert encoder() == "libx264"


def test_copy_is_what_browsers_play(tmp_path: Path) -> None:
    made = copy(clip(tmp_path / "a.mkv", codec="libx265", pixels="yuv420p10le", sound="libopus"))
    with av.open(str(made)) as container:
        (video,), (audio,) = container.streams.video, container.streams.audio
        assert (video.codec_context.codec.canonical_name, video.profile, video.pix_fmt) == ("h264", "High", "yuv420p")
        assert (audio.codec_context.codec.canonical_name, audio.profile) == ("aac", "LC")
    data = made.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert exiftool(made)["File:MIMEType"] == "video/mp4"


@pytest.mark.parametrize(
    ("size", "height", "copied"),
    [
        ((1920, 1080), 720, (1280, 720)),
        ((1080, 1920), 720, (720, 1280)),
        ((1920, 1080), 480, (854, 480)),
        ((640, 360), 720, (640, 360)),
        ((642, 358), 720, (642, 358)),
    ],
)
def test_the_shorter_edge_is_720_at_most(tmp_path: Path, size: tuple, height: int, copied: tuple) -> None:
    told = exiftool(copy(clip(tmp_path / "a.mp4", frames=3, size=size), height=height))
    assert told["Composite:ImageSize"] == "{} {}".format(*copied)


def test_odd_sizes_become_even(tmp_path: Path) -> None:
    made = copy(clip(tmp_path / "a.mkv", frames=3, size=(101, 75), codec="ffv1", pixels="yuv444p"))
    assert pictures(made)[0].shape == (76, 100, 3)


def test_pixels_become_square(tmp_path: Path) -> None:
    made = copy(clip(tmp_path / "a.mp4", frames=3, size=(720, 576), ratio=Fraction(16, 11)))
    assert pictures(made)[0].shape == (576, 1048, 3)
    with av.open(str(made)) as container:
        assert container.streams.video[0].sample_aspect_ratio in {None, 1}


@pytest.mark.parametrize(
    ("turn", "shown"),
    [
        ({"degrees": -90}, [BLUE, RED, WHITE, GREEN]),
        ({"degrees": 180}, [WHITE, BLUE, GREEN, RED]),
        ({"degrees": 90}, [GREEN, WHITE, RED, BLUE]),
        ({"degrees": 0, "hflip": True}, [GREEN, RED, WHITE, BLUE]),
        ({"degrees": 0, "vflip": True}, [BLUE, WHITE, RED, GREEN]),
        ({"degrees": -90, "hflip": True}, [RED, BLUE, GREEN, WHITE]),
        ({"degrees": -90, "vflip": True}, [WHITE, GREEN, BLUE, RED]),
    ],
)
def test_copy_stands_upright_by_its_pixels(tmp_path: Path, turn: dict, shown: list) -> None:
    made = copy(clip(tmp_path / "a.mov", frames=3, turn=turn))
    assert exiftool(made)["Composite:Rotation"] == 0
    assert [corners(one) for one in pictures(made)] == [shown] * 3


@pytest.mark.parametrize(
    ("rate", "copied"), [(24, 24), (25, 25), (30, 30), (32, 32), (50, 25), (60, 30), (120, 30), (240, 30), (10, 10)]
)
def test_about_30_pictures_a_second_are_kept(tmp_path: Path, rate: int, copied: int) -> None:
    made = copy(clip(tmp_path / "a.mp4", frames=2 * rate, rate=rate))
    assert len(pictures(made)) == pytest.approx(2 * copied, abs=1)
    assert exiftool(made)["QuickTime:Duration"] == pytest.approx(2, abs=0.05)


def test_pictures_stay_where_they_were_in_time(tmp_path: Path) -> None:
    brightness = lambda number, width, height: np.full((height, width, 3), 4 * number, np.uint8)  # noqa: E731
    made = copy(clip(tmp_path / "a.mts", frames=60, picture=brightness))
    with av.open(str(made)) as container:
        shown = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    assert [round(30 * moment) for moment, _ in shown] == list(range(60))
    assert [grey for _, grey in shown] == pytest.approx([4 * number for number in range(60)], abs=4)


def test_sound_stays_with_its_pictures(tmp_path: Path) -> None:
    """An MPEG transport stream begins at 1.4 seconds, its sound a little before or after its pictures."""
    source = clip(tmp_path / "a.mts", frames=60, sound="aac")
    made = copy(source)
    apart = []
    for path in (source, made):
        with av.open(str(path)) as container:
            video, audio = next(container.decode(video=0)), None
        with av.open(str(path)) as container:
            audio = next(container.decode(audio=0))
        apart.append(audio.time - video.time)
    assert apart[1] == pytest.approx(apart[0], abs=0.03)
    assert exiftool(made)["QuickTime:Duration"] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    ("suffix", "codec", "sound"),
    [
        ("avi", "mpeg4", "pcm_s16le"),
        ("avi", "mjpeg", "libmp3lame"),
        ("webm", "libvpx-vp9", "libopus"),
        ("mov", "prores_ks", "pcm_s16le"),
        ("mpg", "mpeg2video", "mp2"),
        ("wmv", "wmv2", None),
        ("mp4", "libx264", "aac"),
        ("mp4", "libsvtav1", None),
    ],
)
def test_every_kind_of_video_is_copied(tmp_path: Path, suffix: str, codec: str, sound: str | None) -> None:
    pixels = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le"}.get(codec, "yuv420p")
    made = copy(clip(tmp_path / f"a.{suffix}", codec=codec, pixels=pixels, sound=sound))
    shown = pictures(made)
    assert len(shown) == pytest.approx(30, abs=1)
    assert corners(shown[15]) == list(CORNERS)
    with av.open(str(made)) as container:
        assert len(container.streams.audio) == (sound is not None)
        if sound:
            samples = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
            assert samples.shape[1] == pytest.approx(48_000, abs=5000)
            assert 0.1 < np.abs(samples[:, 10_000:30_000]).max() < 0.5  # the tone has 8000 of 32768


def test_a_real_video_looks_the_same(tmp_path: Path) -> None:
    (real,) = kit("pymediainfo").rglob("sample.mp4")
    source = tmp_path / "sample.mp4"
    source.write_bytes(real.read_bytes())
    made = pictures(copy(source))
    with av.open(str(source)) as container:
        originals = [frame.to_ndarray(width=1280, height=720, format="rgb24") for frame in container.decode(video=0)]
    assert len(made) == len(originals)
    for one, other in zip(made, originals, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 6


def test_sound_that_tells_no_times_is_kept(tmp_path: Path) -> None:
    (real,) = kit("hachoir").rglob("matrix_ping_pong.wmv")
    source = tmp_path / "a.wmv"
    source.write_bytes(real.read_bytes())
    with av.open(str(copy(source))) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    with av.open(str(source)) as container:
        frames = list(container.decode(audio=0))
    assert frames[1].pts is None
    assert samples / 48_000 == pytest.approx(sum(frame.samples / frame.sample_rate for frame in frames), abs=0.1)


@pytest.mark.parametrize("transfer", [16, 18], ids=["pq", "hlg"])
def test_hdr_becomes_an_ordinary_picture(tmp_path: Path, transfer: int) -> None:
    grey = np.tile(np.linspace(20, 235, 320).astype(np.uint8)[None, :, None], (180, 1, 3))
    ordinary = av.VideoFrame.from_ndarray(grey, "rgb24")
    ordinary.color_trc, ordinary.color_primaries = 13, 1
    bright = ordinary.reformat(format="rgb48le", dst_color_trc=transfer, dst_color_primaries=9, threads=1)
    signal = (bright.to_ndarray() // 257).astype(np.uint8)
    made = copy(
        clip(
            tmp_path / "a.mp4",
            frames=3,
            codec="libx265",
            pixels="yuv420p10le",
            colours=(transfer, 9, 9),
            picture=lambda *_: signal,
        )
    )
    with av.open(str(made)) as container:
        frame = next(container.decode(video=0))
        assert (frame.color_trc, frame.color_primaries, frame.colorspace) == (1, 1, 1)
        shown = frame.to_ndarray(format="rgb24").mean(axis=2)[90]
    assert np.abs(shown - grey[90, :, 0]).max() < 32
    assert np.abs(signal[90, :, 0].astype(int) - grey[90, :, 0]).max() > 45


def test_interlaced_pictures_have_no_combs(tmp_path: Path) -> None:
    source = clip(tmp_path / "a.mts", frames=20, picture=comb, options=INTERLACED)
    combs = [
        np.abs(np.diff(picture.mean(axis=2), axis=0)).mean()
        for picture in (pictures(source)[10], pictures(copy(source))[10])
    ]
    assert combs[1] < combs[0] / 4


def test_a_video_that_changes_its_size_goes_on(tmp_path: Path) -> None:
    first = clip(tmp_path / "first.ts", frames=15)
    second = clip(tmp_path / "second.ts", frames=15, size=(180, 320), container={"output_ts_offset": "0.5"})
    source = tmp_path / "a.ts"
    source.write_bytes(first.read_bytes() + second.read_bytes())
    shown = pictures(copy(source))
    assert len(shown) == pytest.approx(30, abs=1)
    assert {picture.shape for picture in shown} == {(180, 320, 3)}


def test_copy_tells_nothing_about_who_and_where(tmp_path: Path) -> None:
    source = stamp(
        clip(tmp_path / "a.mov", frames=3),
        "-Keys:GPSCoordinates=44.85, 34.98, 12.5",
        "-Keys:Make=Apple",
        "-Keys:CreationDate=2023:08:05 14:03:11+02:00",
        "-Keys:Title=Sea",
    )
    made = copy(source).read_bytes()
    assert not [word for word in (b"44.85", b"Apple", b"2023", b"Sea") if word in made]


def test_progress_is_heard(tmp_path: Path) -> None:
    heard: list[float] = []
    copy(clip(tmp_path / "a.mp4", frames=130), progress=heard.append)
    assert heard == pytest.approx([1 / 4.33, 2 / 4.33, 3 / 4.33, 4 / 4.33], abs=0.02)


def test_an_error_of_the_listener_ends_it(tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    def cancel(_done: float) -> None:
        raise Cancelled

    source = clip(tmp_path / "a.mp4", frames=60, sound="aac")
    with pytest.raises(Cancelled):
        copy(source, progress=cancel)


@pytest.mark.parametrize("data", [b"", b"hello" * 1000])
def test_what_is_no_video_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable):
        encode(io.BytesIO(data), len(data), io.BytesIO(), budget=BUDGET)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    source = song(tmp_path / "a.m4a")
    with pytest.raises(Unreadable):
        copy(source)


def test_a_cut_video_is_copied_as_far_as_it_goes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = clip(tmp_path / "a.mp4", frames=120, picture=noise, sound="aac", container={"movflags": "faststart"})
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    assert 40 < len(pictures(copy(source))) < 80
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("seed", range(4))
def test_damaged_videos_do_no_harm(tmp_path: Path, seed: int, capfd: pytest.CaptureFixture[str]) -> None:
    chance = np.random.default_rng(seed)
    suffix, codec = [("mp4", "libx264"), ("mkv", "libx264"), ("mts", "libx264"), ("avi", "mpeg4")][seed]
    data = np.frombuffer(clip(tmp_path / f"a.{suffix}", codec=codec, sound="aac").read_bytes(), np.uint8)
    for _ in range(10):
        damaged = data.copy()
        places = chance.integers(0, len(data), 30)
        damaged[places] = chance.integers(0, 256, 30)
        try:
            with (tmp_path / "copy.mp4").open("w+b") as made:
                encode(io.BytesIO(damaged.tobytes()), len(data), made, budget=BUDGET)
        except Unreadable:
            continue
        assert pictures(tmp_path / "copy.mp4")
    assert capfd.readouterr() == ("", "")


def test_pictures_beyond_the_budget_are_refused(tmp_path: Path) -> None:
    source = clip(tmp_path / "a.mp4", frames=2, size=(1920, 1080))
    with source.open("rb") as file, pytest.raises(Unreadable, match="too large"):
        encode(file, source.stat().st_size, io.BytesIO(), budget=10 * MEGABYTE)


def test_4k_in_10_bits_needs_little_memory(tmp_path: Path) -> None:
    picture = [noise(number, 240, 135).repeat(16, axis=0).repeat(16, axis=1) for number in range(3)]
    source = clip(
        tmp_path / "a.mp4",
        frames=24,
        size=(3840, 2160),
        codec="libx265",
        pixels="yuv420p10le",
        picture=lambda number, *_: picture[number % 3],
        options={"x265-params": "log-level=none:bframes=4:ref=4"},
    )
    program = f"""
        import resource
        from indexer.extract.playable import encode
        used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        before = used()
        with open({str(source)!r}, "rb") as file, open({str(tmp_path / "copy.mp4")!r}, "w+b") as made:
            encode(file, {source.stat().st_size}, made, budget={BUDGET})
        print(used() - before)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, check=True)
    assert int(done.stdout) < BUDGET + 100 * MEGABYTE


def test_the_failure_of_a_far_file_comes_out(tmp_path: Path) -> None:
    source = clip(tmp_path / "a.mp4", frames=120, picture=noise, container={"movflags": "faststart"})

    class Failing(io.FileIO):
        count = 0

        def read(self, size: int | None = -1) -> bytes:
            self.count += 1
            if self.count > 2:
                raise ConnectionResetError("gone")
            return super().read(size)

    with Failing(source) as far, pytest.raises(ConnectionResetError):
        encode(far, source.stat().st_size, io.BytesIO(), budget=BUDGET)


@pytest.mark.parametrize("written", [0, 1000])
def test_a_target_that_cannot_be_written_is_an_error_of_the_system(tmp_path: Path, written: int) -> None:
    source = clip(tmp_path / "a.mp4", frames=60, picture=noise)

    class Full(io.BytesIO):
        def write(self, data) -> int:
            if self.tell() > written:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data)

    with source.open("rb") as file, pytest.raises(OSError, match="No space"):
        encode(file, source.stat().st_size, Full(), budget=BUDGET)
