"""The front end's packages as they are installed, with npm and without."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from viewer.packages import HERE, MARK, install

SMALL = ("thumbhash", ["package.json", "*.js"])


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """One small package of ours, pinned as ours is."""
    name, files = SMALL
    folder = tmp_path / "manifest"
    folder.mkdir()
    version = json.loads((HERE / "package.json").read_text())["dependencies"][name]
    _write(folder / "package.json", {"dependencies": {name: version}, "vendor": {name: files}})
    locked = json.loads((HERE / "package-lock.json").read_text())
    kept = {"": {"dependencies": {name: version}}, f"node_modules/{name}": locked["packages"][f"node_modules/{name}"]}
    _write(folder / "package-lock.json", locked | {"packages": kept})
    return folder


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value))


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_exactly_the_listed_files_are_there_and_nothing_is_left_beside_them(tmp_path: Path, manifest: Path) -> None:
    vendor = tmp_path / "venv/vendor"
    assert install(vendor, manifest)
    found = sorted(path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file())
    assert found == [MARK, "thumbhash/package.json", "thumbhash/thumbhash.js"]
    assert [path.name for path in vendor.parent.iterdir()] == ["vendor"]


def test_what_is_up_to_date_is_left_alone_and_what_changed_is_made_anew(tmp_path: Path, manifest: Path) -> None:
    vendor = tmp_path / "vendor"
    install(vendor, manifest)
    assert not install(vendor, manifest)
    _change(manifest / "package.json", "*.js", "*.d.ts")
    assert install(vendor, manifest)
    assert sorted(path.name for path in (vendor / "thumbhash").iterdir()) == ["package.json", "thumbhash.d.ts"]


def test_an_installation_that_fails_leaves_what_was_there(tmp_path: Path, manifest: Path) -> None:
    vendor = tmp_path / "vendor"
    install(vendor, manifest)
    _change(manifest / "package.json", "*.js", "*.gone")
    with pytest.raises(FileNotFoundError, match=r"thumbhash has no file \*.gone"):
        install(vendor, manifest)
    assert (vendor / "thumbhash/thumbhash.js").exists()
    _change(manifest / "package.json", "*.gone", "*.js")
    _change(manifest / "package-lock.json", "sha512-k", "sha512-A")
    with pytest.raises(OSError, match="EINTEGRITY"):
        install(vendor, manifest)
    assert not install(vendor, _restored(manifest))


def _restored(manifest: Path) -> Path:
    _change(manifest / "package-lock.json", "sha512-A", "sha512-k")
    return manifest


def test_a_machine_without_node_fetches_it_for_the_installation_only(tmp_path: Path, manifest: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    before = set((tmp_path / "venv").rglob("*"))
    command = [tmp_path / "venv/bin/python", "-m", "viewer.packages", tmp_path / "vendor", "--manifest", manifest]
    bare = os.environ | {"PATH": "/nonexistent", "PYTHONPATH": str(HERE.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, env=bare, check=True)
    assert (tmp_path / "vendor/thumbhash/thumbhash.js").exists()
    new = set((tmp_path / "venv").rglob("*")) - before
    assert [path for path in new if path.suffix != ".pyc" and path.name != "__pycache__"] == []
