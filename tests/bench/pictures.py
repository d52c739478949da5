"""Pictures beside libvips: what a gallery needs of a photograph of 12 megapixels, made from the same bytes.

Both sides decode, shrink to the same three sizes and encode them as WebP with the same quality and effort, with colours
in sRGB; ours makes the placeholder and the perceptual hash, too. One core: what is compared is the time of the
processor, over all threads.
"""

from __future__ import annotations

import io
import os
import resource
import shutil
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageOps
from pillow_heif import HeifImageFile

from indexer.extract import image
from tests.bench.figures import Figure
from tests.components.kits import kit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bench.stage import Stage

BUDGET = 256 << 20
_PHOTOGRAPHS = ("heif_other/pug.heic", "heif_other/arrow.heic", "heif_other/cat.hif", "heif_special/guitar_cw90.hif")
_LARGE, _SMALL = 4000, 3000
_QUALITY, _EFFORT = 75, 2


class Sample(NamedTuple):
    """A photograph, and the sizes that we make of it."""

    data: bytes
    sizes: tuple[tuple[int, int], ...]
    """Largest first."""


def pictures(stage: Stage) -> Iterator[Figure]:
    """JPEG of 12 megapixels to three sizes; ``vipsthumbnail`` needs: apt-get install libvips-tools.

    pyvips makes the very same sizes with the same effort. ``vipsthumbnail`` is taken as it comes: its own effort, which
    is 4, and the sizes by their names, so that it decodes the whole for the 2,048 that we do not insist on.
    """
    for kind, samples in _by_colours(photographs()):
        what = f"JPEG of 12 megapixels, {kind}, {_megabytes(samples):.1f} MB on average, to three sizes"
        in_process = Figure(what, "CPU ms", peer_name="pyvips")
        commands = Figure(f"{what}; three commands", "CPU ms", peer_name="vipsthumbnail")
        with TemporaryDirectory() as folder:
            for _ in range(stage.plan.rounds):
                ours = _cpu(samples, _ours)
                in_process.ours.append(ours)
                in_process.peer.append(_cpu(samples, _pyvips))
                if shutil.which("vipsthumbnail"):
                    commands.ours.append(ours)
                    commands.peer.append(_cpu(samples, lambda sample: _vipsthumbnail(sample, Path(folder))))
        yield in_process
        if commands.ours:
            yield commands
        share = 100 * sum(map(_ours, samples)) / sum(len(sample.data) for sample in samples)
        yield Figure(f"renditions, of the originals, {kind}", "%", ours=[share])


def _by_colours(photographs: Iterator[bytes]) -> Iterator[tuple[str, list[Sample]]]:
    """Those of phones have Display P3, which has to be converted; cameras use sRGB."""
    samples = [_sample(data) for data in photographs]
    yield "sRGB", [sample for sample in samples if not _has_profile(sample.data)]
    yield "Display P3", [sample for sample in samples if _has_profile(sample.data)]


def _has_profile(data: bytes) -> bool:
    return b"ICC_PROFILE" in data


def _megabytes(samples: list[Sample]) -> float:
    return sum(len(sample.data) for sample in samples) / len(samples) / 1e6


def photographs() -> Iterator[bytes]:
    """Photographs of two phones and two cameras as JPEG of 12 megapixels and about 4 MB.

    They come as HEIF, which is smoother than what cameras write into JPEG: noise makes up for it.
    """
    random = np.random.default_rng(12)
    for name in _PHOTOGRAPHS:
        with (kit("pillow-heif") / "tests/images" / name).open("rb") as file:
            photograph = HeifImageFile(file)
            photograph.load()
        profile = photograph.info.get("icc_profile", b"")
        wide = photograph.width > photograph.height
        scaled = ImageOps.fit(photograph, (_LARGE, _SMALL) if wide else (_SMALL, _LARGE))
        pixels = np.asarray(scaled, np.float32)
        pixels = pixels + random.normal(0, 5, (*pixels.shape[:2], 1)) + random.normal(0, 2, pixels.shape)
        buffer = io.BytesIO()
        noisy = Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8))
        noisy.save(buffer, "JPEG", quality=92, icc_profile=profile)
        yield buffer.getvalue()


def _sample(data: bytes) -> Sample:
    made = image.pictures(io.BytesIO(data), "jpeg", 1, budget=BUDGET)
    return Sample(data, tuple((one.width, one.height) for one in reversed(made.renditions)))


def _cpu(samples: list[Sample], make: Callable[[Sample], int]) -> float:
    """Milliseconds for each sample, of this process and those that it starts."""
    begun = _spent()
    for sample in samples:
        make(sample)
    return (_spent() - begun) * 1000 / len(samples)


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _ours(sample: Sample) -> int:
    made = image.pictures(io.BytesIO(sample.data), "jpeg", 1, budget=BUDGET)
    return sum(len(one.data) for one in made.renditions)


def _pyvips(sample: Sample) -> int:
    """Each size from the next larger one, and no conversion to sRGB of what is sRGB: that is libvips at its fastest."""
    os.environ["VIPS_CONCURRENCY"] = "1"
    import pyvips

    pyvips.cache_set_max(0)
    (width, height), *smaller = sample.sizes
    profile = {"export_profile": "srgb"} if _has_profile(sample.data) else {}
    shown = pyvips.Image.thumbnail_buffer(sample.data, width, height=height, **profile).copy_memory()
    total = len(_webp(shown))
    for width, height in smaller:
        shown = shown.thumbnail_image(width, height=height).copy_memory()
        total += len(_webp(shown))
    return total


def _webp(shown: object) -> bytes:
    found: bytes = shown.webpsave_buffer(Q=_QUALITY, effort=_EFFORT, keep="none")  # type: ignore[attr-defined]
    return found


def _vipsthumbnail(sample: Sample, folder: Path) -> int:
    source = folder / "photograph.jpg"
    source.write_bytes(sample.data)
    for size in ("2048x2048", "x480", "x240"):
        profile = ["--export-profile", "srgb"] if _has_profile(sample.data) else []
        words = ["vipsthumbnail", source, "--size", size, *profile, "-o", folder / f"{size}.webp[strip]"]
        subprocess.run(words, env={**os.environ, "VIPS_CONCURRENCY": "1"}, check=True)
    return 0
