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

from indexer.sandbox import Sandbox
from tests.components.kits import kit
from tests.indexer import bad_files as bad
from tests.indexer.clips import clip
from tests.indexer.talking import of
from tests.repository.source import ROOT

if TYPE_CHECKING:
    from PIL.Image import Image

GIB = 1 << 30
MADE = {
    "12.avif": ("AVIF", (4000, 3000), {"speed": 10}),
    "12.jpg": ("JPEG", (4000, 3000), {}),
    "100.jpg": ("JPEG", (12_240, 8_160), {}),
    "150.jpg": ("JPEG", (30_000, 5_000), {}),
    "24 progressive.jpg": ("JPEG", (6000, 4000), {"progressive": True}),
    "30.png": ("PNG", (6000, 5000), {"compress_level": 1}),
    "20.tif": ("TIFF", (5000, 4000), {}),
    "12.jp2": ("JPEG2000", (4000, 3000), {}),
    "15.webp": ("WEBP", (4500, 3300), {"method": 0}),
    "12.gif": ("GIF", (4000, 3000), {}),
}
"""Megapixels and format: Pillow's name of it, size, options."""


def large(width: int, height: int) -> Image:
    """A picture like a photograph, made in the time that one takes to enlarge."""
    return bad.scene(width // 8, height // 8).resize((width, height))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The largest first."""
    folder = tmp_path_factory.mktemp("load")
    for name, (form, size, options) in MADE.items():
        (folder / name).write_bytes(bad.encoded(form, large(*size), **options))
    clip(folder / "4k.mp4", size=(3840, 2160), frames=10)
    clip(folder / "8k.mov", size=(7680, 4320), frames=3)
    kits = [
        kit("pillow-heif") / "tests/images",  # of phones, among them one of 200 megapixels
        kit("imagemeta") / "testdata/images",  # RAW of four makers
        kit("pymediainfo") / "tests/data",
    ]
    found = [path for each in [folder, *kits] for path in each.rglob("*") if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_size, reverse=True)[:40]


def proportional(process: psutil.Process) -> int:
    """Bytes of memory of a process; what several share counts in parts (PSS)."""
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


@pytest.mark.timeout(900)
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
    assert [name for name, _, made, _ in outcomes if not made and name in MADE] == []
    assert peak < GIB


def test_too_little_memory_is_not_called_damage(files: list[Path]) -> None:
    """Libraries say “broken” when an allocation fails."""
    reasons = {}
    with Sandbox(memory=130 << 20) as sandbox:
        for path in files:
            if path.name in MADE or path.suffix in {".mp4", ".mov"}:
                data = path.read_bytes()
                reasons[path.name] = sandbox.extract(of(data), len(data)).error or "large: not even for so little"
    assert {name: reason for name, reason in reasons.items() if "large" not in reason} == {}
    assert len([reason for reason in reasons.values() if "130 MB" in reason]) > 5
