"""litmus and rclone against the door in this process."""

import json
import os
from pathlib import Path

import pytest

from tests.dav.harness import GIGABYTE, PASSWORD, Client
from tests.support.litmus import GROUPS, litmus
from tests.support.rclone import Rclone, Vendor

WHOLE = "--webdav-nextcloud-chunk-size=0"
"""Chunks need Nextcloud's own addresses."""


def test_litmus_passes_without_a_warning(client: Client, tmp_path: Path) -> None:
    found = litmus(f"http://127.0.0.1:{client.port}{client.base}", client.user, PASSWORD, tmp_path)
    assert [name for name, group in found.items() if not group.clean] == [], found
    assert set(found) == set(GROUPS)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with names and times that have gone wrong elsewhere."""
    folder = tmp_path / "photos"
    for number, name in enumerate(["plain.jpg", "a?b;c#d%e.jpg", "é & 'ü'+.jpg", "2023/💚 holiday.mov", "empty.txt"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"" if name == "empty.txt" else f"content of {name}".encode())
        os.utime(folder / name, (1_600_000_000 + number, 1_600_000_000 + number))
    os.utime(folder / "plain.jpg", (-86_400, -86_400))
    return folder


@pytest.mark.parametrize("vendor", ["owncloud", "nextcloud"])
def test_second_rclone_sync_has_nothing_to_do(client: Client, photos: Path, vendor: Vendor) -> None:
    rclone = Rclone(f"http://127.0.0.1:{client.port}{client.base}", client.user, PASSWORD, vendor)
    rclone.run("sync", WHOLE, str(photos), rclone.remote(""))
    again = rclone.run("sync", WHOLE, "-vv", "--dump", "headers", str(photos), rclone.remote(""))
    assert "DEBUG : PROPPATCH " not in again.stderr
    assert "DEBUG : PUT " not in again.stderr
    rclone.run("check", WHOLE, str(photos), rclone.remote(""))


def test_rclone_renames_a_name_full_of_reserved_characters(client: Client, photos: Path) -> None:
    rclone = Rclone(f"http://127.0.0.1:{client.port}{client.base}", client.user, PASSWORD)
    rclone.run("sync", str(photos), rclone.remote(""))
    rclone.run("moveto", rclone.remote("a?b;c#d%e.jpg"), rclone.remote("2023/x?;#%.jpg"))
    (photos / "a?b;c#d%e.jpg").rename(photos / "2023" / "x?;#%.jpg")
    rclone.run("check", str(photos), rclone.remote(""))


def test_rclone_changes_a_time_without_sending_the_file_again(client: Client, photos: Path) -> None:
    # As "owncloud" rclone would compare MD5 sums, which are not kept.
    rclone = Rclone(f"http://127.0.0.1:{client.port}{client.base}", client.user, PASSWORD, "nextcloud")
    rclone.run("sync", WHOLE, str(photos), rclone.remote(""))
    os.utime(photos / "plain.jpg", (1_500_000_000, 1_500_000_000))
    again = rclone.run("sync", WHOLE, "-vv", "--dump", "headers", str(photos), rclone.remote(""))
    assert "DEBUG : PROPPATCH " in again.stderr
    assert "DEBUG : PUT " not in again.stderr
    assert client("HEAD", "plain.jpg").headers["last-modified"] == "Fri, 14 Jul 2017 02:40:00 GMT"


def test_rclone_about_shows_the_quota(client: Client) -> None:
    rclone = Rclone(f"http://127.0.0.1:{client.port}{client.base}", client.user, PASSWORD)
    about = json.loads(rclone.run("about", "--json", rclone.remote("")).stdout)
    assert about["free"] + about["used"] == GIGABYTE


def test_rclone_moves_a_folder_with_one_request(client: Client, photos: Path) -> None:
    rclone = Rclone(f"http://127.0.0.1:{client.port}{client.base}", client.user, PASSWORD)
    rclone.run("copy", str(photos), rclone.remote("one"))
    moved = rclone.run("moveto", "-vv", "--dump", "headers", rclone.remote("one"), rclone.remote("two"))
    assert moved.stderr.count("DEBUG : MOVE ") == 1
    rclone.run("check", str(photos), rclone.remote("two"))
