"""The folder store: durable, private, and never led astray by what somebody put into its folder."""

import errno
import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import NotFound, StoreFull, StoreUnavailable
from gateway.store.local import LocalStore
from tests.store.bodies import MIB, broken_after, chunked, content, keys_of, read_all


@pytest.fixture
def root(tmp_path: Path, local_store: LocalStore) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "none", folder], check=True)  # needs root
    yield folder
    subprocess.run(["umount", folder], check=True)


class Journal:
    """What the store asked of the disk, in order: renames, and syncs by the path of what was synced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[str] = []
        real_sync, real_rename = os.fsync, os.rename

        def sync(file: int) -> None:
            self.events.append(f"sync {self._path(file)}")
            real_sync(file)

        def rename(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
            self.events.append(f"rename to {self._path(dst_dir_fd)}/{target}")
            real_rename(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

        monkeypatch.setattr(os, "fsync", sync)
        monkeypatch.setattr(os, "rename", rename)

    @staticmethod
    def _path(file: int) -> str:
        path = Path(f"/proc/self/fd/{file}").readlink()
        return "temporary" if path.parent.name == ".tmp" else str(path)


def test_object_is_synced_before_it_is_renamed_and_every_new_folder_after(
    local_store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(monkeypatch)
    local_store.put("space/2024/06/a", [b"x"], 1)
    assert journal.events[:2] == ["sync temporary", f"rename to {root}/space/2024/06/a"]
    assert set(journal.events[2:]) == {
        f"sync {root}/space/2024/06",
        f"sync {root}/space/2024",
        f"sync {root}/space",
        f"sync {root}",
    }


def test_folder_that_was_there_costs_one_sync(
    local_store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_store.put("space/2024/a", [b"x"], 1)
    journal = Journal(monkeypatch)
    local_store.put("space/2024/b", [b"x"], 1)
    assert journal.events == ["sync temporary", f"rename to {root}/space/2024/b", f"sync {root}/space/2024"]


def test_folder_that_another_process_made_is_not_trusted_to_be_durable(
    local_store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "space").mkdir()
    journal = Journal(monkeypatch)
    local_store.put("space/a", [b"x"], 1)
    assert f"sync {root}" in journal.events


def test_folder_that_was_emptied_and_made_again_is_synced_again(
    local_store: LocalStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_store.put("space/2024/a", [b"x"], 1)
    local_store.delete(["space/2024/a"])
    journal = Journal(monkeypatch)
    local_store.put("space/2024/b", [b"x"], 1)
    assert f"sync {root}" in journal.events
    assert f"sync {root}/space" in journal.events


def test_files_and_folders_are_private(local_store: LocalStore, root: Path) -> None:
    before = os.umask(0)
    try:
        local_store.put("space/folder/a", [b"x"], 1)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [root, *root.rglob("*")]}
    assert modes == {"objects": 0o700, ".tmp": 0o700, "space": 0o700, "folder": 0o700, "a": 0o600}


def test_root_and_its_parents_are_made(tmp_path: Path) -> None:
    with closing(LocalStore(tmp_path / "a/b/c")) as store:
        store.put("space/a", [b"x"], 1)
    assert (tmp_path / "a/b/c/space/a").read_bytes() == b"x"


def test_root_may_be_a_link_that_the_administrator_made(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    with closing(LocalStore(tmp_path / "link")) as store:
        store.put("space/a", [b"x"], 1)
    assert (tmp_path / "disk/space/a").read_bytes() == b"x"


def test_planted_folder_link_is_never_followed(local_store: LocalStore, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    local_store.put("space/a", [b"x"], 1)
    (root / "space/link").symlink_to(outside)
    (root / "toplink").symlink_to(outside)
    for folder in ("space/link", "toplink"):
        with pytest.raises(NotFound):
            local_store.read(f"{folder}/secret", 0, 6)
        with pytest.raises(StoreUnavailable):
            local_store.put(f"{folder}/new", [b"x"], 1)
        local_store.delete([f"{folder}/secret"])
        assert list(local_store.list(f"{folder}/")) == []
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert keys_of(local_store) == ["space/a"]
    assert list((root / ".tmp").iterdir()) == []


def test_planted_file_link_is_never_followed(local_store: LocalStore, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_bytes(b"secret")
    local_store.put("space/a", [b"x"], 1)
    (root / "space/link").symlink_to(outside)
    with pytest.raises(NotFound):
        local_store.read("space/link", 0, 6)
    assert keys_of(local_store) == ["space/a"]
    local_store.put("space/link", [b"photo"], 5)
    assert read_all(local_store, "space/link", 5) == b"photo"
    assert outside.read_bytes() == b"secret"


def test_temporary_folder_that_is_a_link_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".tmp").symlink_to("elsewhere")
    with pytest.raises(StoreUnavailable):
        LocalStore(tmp_path)


@pytest.mark.timeout(20)
def test_pipe_in_the_place_of_an_object_blocks_nobody(local_store: LocalStore, root: Path) -> None:
    local_store.put("space/a", [b"x"], 1)
    os.mkfifo(root / "space/pipe")
    with pytest.raises(NotFound):
        local_store.read("space/pipe", 0, 1)
    assert keys_of(local_store) == ["space/a"]


@pytest.mark.parametrize("key", [".tmp/a", "lost+found/a"])
def test_folders_that_are_not_for_objects_hold_none(local_store: LocalStore, root: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        local_store.put(key, [b"x"], 1)
    (root / "lost+found").mkdir()
    (root / "lost+found/a").touch()
    (root / ".tmp/a").touch()
    assert keys_of(local_store) == []
    assert list(local_store.list(key)) == []


def test_name_that_is_no_utf8_is_no_object(local_store: LocalStore, root: Path) -> None:
    local_store.put("space/a", [b"x"], 1)
    (Path(os.fsdecode(os.fsencode(root) + b"/space/\xff"))).touch()
    assert keys_of(local_store) == ["space/a"]


def test_two_listings_at_once_see_everything(local_store: LocalStore) -> None:
    for number in range(300):
        local_store.put(f"space-{number:03}/a", [b"x"], 1)
    with ThreadPoolExecutor(8) as threads:
        counts = set(threads.map(lambda _: len(keys_of(local_store)), range(40)))
    assert counts == {300}


def test_delete_removes_the_folders_that_became_empty(local_store: LocalStore, root: Path) -> None:
    local_store.put("space/2024/06/a", [b"x"], 1)
    local_store.put("space/2023/b", [b"x"], 1)
    local_store.delete(["space/2024/06/a"])
    assert sorted(path.name for path in (root / "space").iterdir()) == ["2023"]
    local_store.delete(["space/2023/b"])
    assert [path.name for path in root.iterdir()] == [".tmp"]


def test_put_into_a_folder_that_is_being_removed_succeeds(local_store: LocalStore) -> None:
    """Two threads fill and empty one folder at the same time; each put lands."""
    stop = threading.Event()

    def churn(worker: int) -> int:
        turns = 0
        while not stop.is_set():
            key = f"space/shared/deep/{worker}"
            local_store.put(key, [b"x"], 1)
            assert read_all(local_store, key, 1) == b"x"
            local_store.delete([key])
            turns += 1
        return turns

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(churn, worker) for worker in range(4)]
        threading.Timer(2, stop.set).start()
        assert all(future.result() > 10 for future in running)
    assert keys_of(local_store) == []


def test_full_disk_is_store_full_and_leaves_nothing(small_disk: Path) -> None:
    with closing(LocalStore(small_disk / "objects")) as store:
        store.put("space/fits", chunked(content(MIB)), MIB)
        with pytest.raises(StoreFull):
            store.put("space/announced", broken_after(0, AssertionError("it was read")), 30 * MIB)
        with pytest.raises(StoreFull):
            store.put("space/unannounced", chunked(content(30 * MIB)), None)
        assert keys_of(store) == ["space/fits"]
        assert list((small_disk / "objects/.tmp").iterdir()) == []
        store.put("space/fits-too", chunked(content(MIB)), MIB)


def test_disk_that_fills_up_while_bytes_arrive_is_store_full(small_disk: Path) -> None:
    with closing(LocalStore(small_disk / "objects")) as store:

        def arriving() -> Iterator[bytes]:
            yield content(MIB)
            (small_disk / "other").write_bytes(bytes(14 * MIB))
            yield from chunked(content(9 * MIB))

        with pytest.raises(StoreFull):
            store.put("space/a", arriving(), 10 * MIB)
        assert keys_of(store) == []
        (small_disk / "other").unlink()
        store.put("space/a", chunked(content(10 * MIB)), 10 * MIB)


def test_uploads_leave_the_reserve_alone(small_disk: Path) -> None:
    with closing(LocalStore(small_disk / "objects", reserve=12 * MIB)) as store:
        store.put("space/a", [content(3 * MIB)], 3 * MIB)
        with pytest.raises(StoreFull):
            store.put("space/b", [content(2 * MIB)], 2 * MIB)
        assert keys_of(store) == ["space/a"]


@pytest.mark.parametrize(
    ("number", "raised"), [(errno.ENOSPC, StoreFull), (errno.EDQUOT, StoreFull), (errno.EIO, StoreUnavailable)]
)
@pytest.mark.parametrize("call", ["open", "write", "fsync", "rename"])
def test_disk_errors_are_translated_and_nothing_is_visible(
    local_store: LocalStore,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    raised: type[Exception],
) -> None:
    def failing(*_: object, **__: object) -> int:
        raise OSError(number, "no")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, failing)
        with pytest.raises(raised):
            local_store.put("space/a", [b"x"], 1)
    assert keys_of(local_store) == []
    assert list((root / ".tmp").iterdir()) == []


def test_object_whose_folder_could_not_be_synced_is_taken_back(
    local_store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def failing_for_folders(file: int) -> None:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(errno.EIO, "no")
        real(file)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing_for_folders)
        with pytest.raises(StoreUnavailable):
            local_store.put("space/a", [b"x"], 1)
    assert keys_of(local_store) == []


def test_what_a_killed_upload_left_is_swept_at_the_next_start(local_store: LocalStore, root: Path) -> None:
    local_store.put("space/a", [b"x"], 1)
    (root / ".tmp/left").write_bytes(b"half a photo")
    local_store.sweep_temporary()
    assert list((root / ".tmp").iterdir()) == []
    assert keys_of(local_store) == ["space/a"]


def test_disk_that_went_away_fails_the_check(local_store: LocalStore, root: Path) -> None:
    (root / ".tmp").rmdir()
    with pytest.raises(StoreUnavailable):
        local_store.check()


def test_folder_has_no_address(local_store: LocalStore) -> None:
    assert local_store.url("space/a", 60) is None


def test_messages_hold_no_path(local_store: LocalStore, root: Path) -> None:
    (root / "space").symlink_to("elsewhere")
    with pytest.raises(StoreUnavailable) as caught:
        local_store.put("space/a", [b"x"], 1)
    assert "space" not in str(caught.value)
    assert str(root) not in str(caught.value)
