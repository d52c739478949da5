"""rclone, as each of the servers that it may take us for."""

import hashlib
import json
import os
import time
from pathlib import Path

import pytest

from tests.clients.access import methods, watched
from tests.clients.conftest import rclone_in
from tests.components.gateway import Gateway
from tests.dav.harness import Client
from tests.support import rclone as program
from tests.support.rclone import Vendor

pytestmark = pytest.mark.xdist_group("clients")  # one gateway serves them all

VENDORS: list[Vendor] = ["owncloud", "nextcloud", "other"]
TIMES = {"a.jpg": 1_600_000_000, "2023/Berlin/b.heic": 1_234_567_890, "2023/old.jpg": -86_400, "2023/empty.txt": 1}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A small tree with times of its own."""
    folder = tmp_path / "photos"
    for number, (name, moment) in enumerate(TIMES.items()):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"" if "empty" in name else f"photo {number} ".encode() * 10_000)
        os.utime(file, (moment, moment))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_tree_comes_back_as_it_went(
    gateway: Gateway, home: Client, photos: Path, tmp_path: Path, vendor: Vendor
) -> None:
    rclone = rclone_in(gateway, home, vendor)
    rclone.run("copy", str(photos), rclone.remote("x"))
    rclone.run("copy", rclone.remote("x"), str(tmp_path / "back"))
    assert contents(tmp_path / "back") == contents(photos)


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_second_sync_only_looks(gateway: Gateway, home: Client, photos: Path, vendor: Vendor) -> None:
    rclone = rclone_in(gateway, home, vendor)
    assert "PUT" in methods(watched(gateway, rclone, "sync", str(photos), rclone.remote("x")))
    assert methods(watched(gateway, rclone, "sync", str(photos), rclone.remote("x"))) == {"PROPFIND"}


@pytest.mark.parametrize("vendor", ["owncloud", "nextcloud"])
def test_times_are_exact_to_the_second(gateway: Gateway, home: Client, photos: Path, vendor: Vendor) -> None:
    rclone = rclone_in(gateway, home, vendor)
    answered = watched(gateway, rclone, "copy", str(photos), rclone.remote("x"))
    assert "PROPPATCH" not in methods(answered)  # the uploads' own header was enough
    listed = rclone.run("lsf", "-R", "--files-only", "--format", "tp", "--time-format", "unix", rclone.remote("x"))
    found = dict(reversed(line.split(";")) for line in listed.stdout.splitlines())
    assert {name: int(moment) for name, moment in found.items()} == TIMES


@pytest.mark.parametrize("vendor", ["owncloud", "nextcloud"])
def test_check_compares_checksums_without_downloading(
    gateway: Gateway, home: Client, photos: Path, vendor: Vendor
) -> None:
    rclone = rclone_in(gateway, home, vendor)
    rclone.run("copy", str(photos), rclone.remote("x"))
    assert "hashes could not be checked" not in rclone.run("check", str(photos), rclone.remote("x")).stderr
    assert methods(watched(gateway, rclone, "check", str(photos), rclone.remote("x"))) == {"PROPFIND"}
    file = photos / "a.jpg"
    moment = file.stat().st_mtime
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    os.utime(file, (moment, moment))
    differs = rclone.run("check", str(photos), rclone.remote("x"), check=False)
    assert (differs.returncode, differs.stderr.count("a.jpg: ")) == (1, 1), differs.stderr


def test_check_knows_the_checksums_of_what_another_client_put(gateway: Gateway, home: Client, photos: Path) -> None:
    rclone = rclone_in(gateway, home, "nextcloud")
    for name, content in contents(photos / "2023").items():
        home("MKCOL", "Berlin")
        assert home("PUT", name, content).status == 201
    checked = rclone.run("check", str(photos / "2023"), rclone.remote()).stderr
    assert "3 matching files" in checked
    assert "could not be checked" not in checked


@pytest.mark.parametrize(("vendor", "kind"), [("owncloud", "md5"), ("owncloud", "sha1"), ("nextcloud", "sha1")])
def test_checksums_are_told(gateway: Gateway, home: Client, photos: Path, vendor: Vendor, kind: str) -> None:
    rclone = rclone_in(gateway, home, vendor)
    rclone.run("copy", str(photos / "a.jpg"), rclone.remote())
    told = rclone.run("hashsum", kind, rclone.remote("a.jpg")).stdout.split()[0]
    assert told == hashlib.new(kind, (photos / "a.jpg").read_bytes()).hexdigest()


def test_a_new_time_alone_is_set_without_an_upload(gateway: Gateway, home: Client, photos: Path) -> None:
    rclone = rclone_in(gateway, home)
    rclone.run("copy", str(photos), rclone.remote("x"))
    os.utime(photos / "a.jpg", (1_500_000_000, 1_500_000_000))
    assert methods(watched(gateway, rclone, "sync", str(photos), rclone.remote("x"))) == {"PROPFIND", "PROPPATCH"}
    assert methods(watched(gateway, rclone, "sync", str(photos), rclone.remote("x"))) == {"PROPFIND"}


def test_sync_deletes_and_replaces(gateway: Gateway, home: Client, photos: Path) -> None:
    rclone = rclone_in(gateway, home)
    rclone.run("sync", str(photos), rclone.remote("x"))
    (photos / "2023/old.jpg").unlink()
    (photos / "a.jpg").write_bytes(b"another")
    rclone.run("sync", str(photos), rclone.remote("x"))
    listed = rclone.run("lsf", "-R", "--files-only", rclone.remote("x")).stdout.split()
    assert sorted(listed) == sorted(contents(photos))
    assert rclone.run("cat", rclone.remote("x/a.jpg")).stdout == "another"


def test_bisync_carries_changes_both_ways(gateway: Gateway, home: Client, photos: Path, tmp_path: Path) -> None:
    rclone = rclone_in(gateway, home)
    both = ["bisync", str(photos), rclone.remote("x"), "--workdir", str(tmp_path / "state")]
    rclone.run("mkdir", rclone.remote("x"))
    rclone.run(*both, "--resync")
    (photos / "new.jpg").write_bytes(b"from here")
    (photos / "a.jpg").unlink()
    assert home("PUT", "x/2023/there.jpg", b"from there").status == 201
    assert home("DELETE", "x/2023/old.jpg").status == 204
    rclone.run(*both)
    here = contents(photos)
    assert set(here) == {"new.jpg", "2023/there.jpg", "2023/empty.txt", "2023/Berlin/b.heic"}
    assert here["2023/there.jpg"] == b"from there"
    assert home("GET", "x/new.jpg").body == b"from here"
    assert home("HEAD", "x/a.jpg").status == 404


def test_a_folder_moves_in_one_request(gateway: Gateway, home: Client, photos: Path) -> None:
    rclone = rclone_in(gateway, home)
    rclone.run("copy", str(photos), rclone.remote("x"))
    answered = watched(gateway, rclone, "moveto", rclone.remote("x/2023"), rclone.remote("y"))
    assert [status for method, _, status in answered if method == "MOVE"] == [201]
    assert methods(answered) <= {"PROPFIND", "MKCOL", "MOVE"}
    assert rclone.run("lsf", "-R", "--files-only", rclone.remote("y")).stdout.split() == [
        "empty.txt",
        "old.jpg",
        "Berlin/b.heic",
    ]


def test_a_copy_on_the_server_keeps_the_time(gateway: Gateway, home: Client, photos: Path) -> None:
    rclone = rclone_in(gateway, home)
    rclone.run("copy", str(photos), rclone.remote("x"))
    answered = watched(gateway, rclone, "copyto", rclone.remote("x/a.jpg"), rclone.remote("b.jpg"))
    assert {"COPY"} <= methods(answered) <= {"PROPFIND", "MKCOL", "COPY"}
    assert home("HEAD", "b.jpg").headers["last-modified"] == home("HEAD", "x/a.jpg").headers["last-modified"]


def test_purge_is_one_request(gateway: Gateway, home: Client, photos: Path) -> None:
    rclone = rclone_in(gateway, home)
    rclone.run("copy", str(photos), rclone.remote("x"))
    answered = watched(gateway, rclone, "purge", rclone.remote("x"))
    assert [method for method, _, _ in answered if method == "DELETE"] == ["DELETE"]
    assert home("PROPFIND", "x").status == 404


def test_about_tells_the_quota_and_what_is_larger_is_refused(gateway: Gateway, thrifty: Client, tmp_path: Path) -> None:
    rclone = gateway.rclone("thrifty", thrifty.password)
    assert thrifty("PUT", "a.jpg", bytes(300_000)).status == 201
    about = json.loads(rclone.run("about", rclone.remote(), "--json").stdout)
    assert about == {"used": 300_000, "free": 700_000, "total": 1_000_000}
    (tmp_path / "big.jpg").write_bytes(bytes(700_001))
    refused = rclone.run("copy", str(tmp_path / "big.jpg"), rclone.remote(), "--retries", "1", check=False)
    assert refused.returncode != 0
    assert "507" in refused.stderr
    assert rclone.run("lsf", rclone.remote()).stdout == "a.jpg\n"
    assert thrifty("DELETE", "a.jpg").status == 204


def test_sixteen_at_a_time(gateway: Gateway, home: Client, tmp_path: Path) -> None:
    rclone = rclone_in(gateway, home)
    source = tmp_path / "source"
    for number in range(150):
        (source / str(number % 3)).mkdir(parents=True, exist_ok=True)
        (source / str(number % 3) / f"{number}.jpg").write_bytes(bytes(number * 100))
    answered = watched(
        gateway, rclone, "copy", "--transfers", "16", "--checkers", "16", str(source), rclone.remote("x")
    )
    assert [status for method, _, status in answered if method == "PUT"] == [201] * 150
    rclone.run("check", "--checkers", "16", str(source), rclone.remote("x"))


def test_a_pipe_uploads_without_a_known_length(gateway: Gateway, home: Client) -> None:
    rclone = rclone_in(gateway, home)
    text = "0123456789" * 50_000
    done = program.run("rcat", rclone.remote("x/pipe.txt"), text=text)
    assert done.returncode == 0, done.stderr
    assert home("GET", "x/pipe.txt").body == text.encode()


def test_nextcloud_without_chunks_sends_a_large_file_at_once(gateway: Gateway, home: Client, tmp_path: Path) -> None:
    rclone = rclone_in(gateway, home, "nextcloud")
    (tmp_path / "video.mov").write_bytes(bytes(12_000_000))
    answered = watched(gateway, rclone, "copy", str(tmp_path / "video.mov"), rclone.remote())
    assert [status for method, _, status in answered if method == "PUT"] == [201]
    assert home("HEAD", "video.mov").headers["content-length"] == "12000000"


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("1600000000", 1_600_000_000),
        ("1600000000.75", 1_600_000_000),
        ("-86400", -86_400),
        ("-0.5", -1),
        ("0", 0),
    ],
)
def test_an_upload_names_its_time(home: Client, sent: str, seconds: int) -> None:
    for method, path, headers in (
        ("PUT", "a.jpg", {}),
        ("MKCOL", "f", {}),
        ("COPY", "a.jpg", {"Destination": home.base + "b.jpg"}),
        ("MOVE", "b.jpg", {"Destination": home.base + "c.jpg"}),
    ):
        answer = home(method, path, b"x" if method == "PUT" else b"", X_OC_Mtime=sent, **headers)
        assert (answer.status, answer.headers.get("x-oc-mtime")) == (201, "accepted"), method
    when = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))
    for path in ("a.jpg", "c.jpg"):
        assert home("HEAD", path).headers["last-modified"] == when


@pytest.mark.parametrize(
    "checksum",
    ["SHA1:" + "0" * 40, "MD5:" + "0" * 32, "SHA256:" + "0" * 64, f"SHA1:{hashlib.sha1(b'photo').hexdigest()[:-1]}"],
)
def test_a_wrong_checksum_stores_nothing(home: Client, checksum: str) -> None:
    assert home("PUT", "old.jpg", b"old").status == 201
    for name in ("new.jpg", "old.jpg"):
        assert home("PUT", name, b"photo", OC_Checksum=checksum).status == 400
    assert home("HEAD", "new.jpg").status == 404
    assert home("GET", "old.jpg").body == b"old"
