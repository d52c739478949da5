"""Two workers over large and small files of every kind stay under a gibibyte together."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.components.kits import kit
from tests.indexer import bad_files as bad
from tests.indexer.clips import clip
from tests.repository.source import ROOT

if TYPE_CHECKING:
    from PIL.Image import Image

GIB = 1 << 30


def large(width: int, height: int) -> Image:
    """A picture like a photograph, made in the time that one takes to enlarge."""
    return bad.scene(width // 8, height // 8).resize((width, height))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The largest first."""
    folder = tmp_path_factory.mktemp("load")
    made = {
        "12.avif": bad.encoded("AVIF", large(4000, 3000), speed=10),
        "12.jpg": bad.encoded("JPEG", large(4000, 3000)),
        "100.jpg": bad.encoded("JPEG", large(12_240, 8_160)),
        "panorama.jpg": bad.encoded("JPEG", large(30_000, 5_000)),
        "progressive 48.jpg": bad.encoded("JPEG", large(8000, 6000), progressive=True),
        "12.png": bad.encoded("PNG", large(4000, 3000), compress_level=1),
        "60.png": bad.encoded("PNG", large(10_000, 6000), compress_level=1),
        "24.tif": bad.encoded("TIFF", large(6000, 4000)),
        "16.webp": bad.encoded("WEBP", large(4800, 3400), method=0),
        "12.gif": bad.encoded("GIF", large(4000, 3000)),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    clip(folder / "4k.mp4", size=(3840, 2160), frames=10)
    clip(folder / "8k.mov", size=(7680, 4320), frames=3)
    kits = [
        kit("pillow-heif") / "tests/images",  # of phones, among them one of 200 megapixels
        kit("imagemeta") / "testdata/images",  # RAW of four makers
        kit("pymediainfo") / "tests/data",
    ]
    found = [path for each in [folder, *kits] for path in each.rglob("*") if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_size, reverse=True)[:60]


def proportional(process: psutil.Process) -> int:
    """Bytes of memory of a process; what several share counts in parts (PSS)."""
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def test_two_workers_stay_under_a_gibibyte(
    files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [sys.executable, "-m", "tests.indexer.load", *map(str, files)]
    report = tmp_path / "report"
    peak, largest = 0, 0
    with (
        report.open("wb") as lines,
        subprocess.Popen(command, cwd=ROOT, stdout=lines) as one,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as other,
    ):
        workers = [psutil.Process(one.pid), psutil.Process(other.pid)]
        while one.poll() is None or other.poll() is None:
            used = [0]
            for worker in workers:
                with suppress(psutil.NoSuchProcess):
                    used += map(proportional, [worker, *worker.children(recursive=True)])
            peak, largest = max(peak, sum(used)), max(largest, *used)
            time.sleep(0.05)
    outcomes = [json.loads(line) for line in report.read_text().splitlines()]
    with capsys.disabled():
        print(f"\n{len(files)} files, two workers: at most {peak >> 20} MiB, of one process {largest >> 20} MiB")  # noqa: T201
    assert (one.returncode, other.returncode) == (0, 0)
    assert len(outcomes) == len(files)
    assert peak < GIB
