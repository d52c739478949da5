"""Kits are what their hashes say, whole, and fetched once."""

import hashlib
import io
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.components import kits
from tests.components.kits import Kit

FILE = io.BytesIO()
with zipfile.ZipFile(FILE, "w") as archive:
    archive.writestr("outer/inner@v1/a.txt", "a")
    archive.writestr("outer/inner@v1/folder/b.txt", "b")


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was fetched; ``good`` and ``bad`` are kits made of ``FILE``."""
    calls = []

    def fetch(kit: Kit, folder: Path) -> Path:
        calls.append(kit.package)
        time.sleep(0.1)  # so that the others come to wait
        (folder / "archive").write_bytes(FILE.getvalue())
        return folder / "archive"

    digest = hashlib.sha256(FILE.getvalue()).hexdigest()
    monkeypatch.setattr(kits, "KITS_CACHE", tmp_path / "kits")
    monkeypatch.setattr(
        kits, "KITS", {"good": Kit(fetch, "good", "1", digest), "bad": Kit(fetch, "bad", "1", digest[::-1])}
    )
    return calls


def test_a_kit_is_the_folder_that_holds_its_files(fetched: list[str]) -> None:
    folder = kits.kit.__wrapped__("good")
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "folder"]
    assert kits.kit.__wrapped__("good") == folder
    assert fetched == ["good"]


def test_an_archive_with_another_hash_is_refused_and_leaves_nothing(fetched: list[str]) -> None:
    with pytest.raises(RuntimeError, match="SHA-256"):
        kits.kit.__wrapped__("bad")
    assert [path for path in kits.KITS_CACHE.iterdir() if path.is_dir()] == []


def test_many_who_ask_at_once_fetch_once(fetched: list[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        folders = set(pool.map(kits.kit.__wrapped__, ["good"] * 8))
    assert len(folders) == 1
    assert fetched == ["good"]
