"""Network drives on Linux: davfs2, GNOME's files and rclone mount, alone and against each other; and cadaver."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.access import requests_of
from tests.clients.conftest import rclone_in
from tests.clients.mounts import Davfs, Gvfs, RcloneDrive
from tests.components.gateway import Gateway
from tests.dav.harness import Client
from tests.support.rclone import Rclone
from tests.support.tools import tool
from tests.support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("clients")  # one gateway serves them all

PHOTO = bytes(range(256)) * 400


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with folders in it."""
    root = tmp_path / "tree"
    for name in ("a.jpg", "b/c.jpg", "b/d/e f.jpg", "b/empty.txt"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"" if "empty" in name else PHOTO + name.encode())
    return root


@pytest.fixture
def davfs(url: str, gateway: Gateway) -> Iterator[Path]:
    with Davfs(url, "admin", gateway.admin_password) as drive:
        yield drive.path


@pytest.fixture
def gio(url: str, gateway: Gateway) -> Iterator[Gvfs]:
    with Gvfs(url, "admin", gateway.admin_password) as drive:
        yield drive


def holds(home: Client, path: str, content: bytes) -> None:
    """Wait until the file is as it should be: a drive uploads after a program has closed its file."""
    wait_until(lambda: home("GET", path).body == content, message=f"{path} did not become {content[-20:]!r}")


def answers(gateway: Gateway, path: str) -> list[tuple[str, int]]:
    """What davfs2 was answered about a path."""
    return [(method, status) for method, where, status in requests_of(gateway, "davfs2/") if where == path]


def test_davfs2_writes_appends_replaces_and_renames(davfs: Path, home: Client) -> None:
    (davfs / "a.jpg").write_bytes(PHOTO)
    holds(home, "a.jpg", PHOTO)
    with (davfs / "a.jpg").open("ab") as file:
        file.write(b"more")
    holds(home, "a.jpg", PHOTO + b"more")
    (davfs / "a.jpg").write_bytes(b"short")
    holds(home, "a.jpg", b"short")
    (davfs / "a.jpg").rename(davfs / "b;c?.jpg")
    assert (davfs / "b;c?.jpg").read_bytes() == b"short"
    holds(home, "b%3Bc%3F.jpg", b"short")
    assert home("HEAD", "a.jpg").status == 404


def test_davfs2_locks_while_it_writes_and_leaves_no_lock(davfs: Path, home: Client, gateway: Gateway) -> None:
    with (davfs / "a.jpg").open("wb") as file:
        file.write(b"one")
        assert home("PUT", "a.jpg", b"another").status == 423
    wait_until(lambda: answers(gateway, home.base + "a.jpg")[-1:] == [("UNLOCK", 204)])
    asked = answers(gateway, home.base + "a.jpg")
    assert asked[0] == ("LOCK", 201)
    assert ("PUT", 204) in asked
    assert home("PUT", "a.jpg", b"another").status == 204


def test_davfs2_takes_a_tree_and_deletes_it(davfs: Path, home: Client, tree: Path) -> None:
    shutil.copytree(tree, davfs / "x", copy_function=shutil.copyfile)
    for file in tree.rglob("*.*"):
        name = str(file.relative_to(tree))
        holds(home, f"x/{name}".replace(" ", "%20"), file.read_bytes())
        (davfs / "x" / name).unlink()
    for folder in ("x/b/d", "x/b", "x"):
        (davfs / folder).rmdir()
    assert home("PROPFIND", "x").status == 404


def test_davfs2_waits_for_the_lock_of_another(url: str, gateway: Gateway, home: Client) -> None:
    home("PUT", "notes.txt", b"one\n")
    # davfs2 takes over a lock of its own user, so the same account has to look like two.
    one, other = (Davfs(url, name, gateway.admin_password) for name in ("admin", "Admin"))
    with one, other:
        with (one.path / "notes.txt").open("a") as first:
            first.write("two\n")
            with pytest.raises(OSError, match=r"notes\.txt") as refused, (other.path / "notes.txt").open("a"):
                pass
        assert refused.value.errno in {errno.EACCES, errno.EBUSY}
        holds(home, "notes.txt", b"one\ntwo\n")
        wait_until(lambda: answers(gateway, home.base + "notes.txt")[-1] == ("UNLOCK", 204))
        with (other.path / "notes.txt").open("a") as second:
            second.write("three\n")
        holds(home, "notes.txt", b"one\ntwo\nthree\n")


def test_two_davfs2_under_one_lock_lose_no_update(url: str, gateway: Gateway, home: Client) -> None:
    """The second takes over the lock of the first, as davfs2 does for its own user; the entity tag has to save us."""
    home("PUT", "notes.txt", b"one\n")
    one, other = (Davfs(url, "admin", gateway.admin_password) for _ in range(2))
    with one, other:
        with (one.path / "notes.txt").open("a") as first, (other.path / "notes.txt").open("a") as second:
            second.write("three\n")
            second.flush()
            first.write("two\n")
            first.close()
            holds(home, "notes.txt", b"one\ntwo\n")
        wait_until(lambda: ("PUT", 412) in answers(gateway, home.base + "notes.txt"))
        assert home("GET", "notes.txt").body == b"one\ntwo\n"


def test_gnome_writes_replaces_renames_and_tells_the_room(gio: Gvfs, home: Client, tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    for content in (PHOTO, b"short"):
        file.write_bytes(content)
        gio("copy", "--preserve", str(file), gio.at("a.jpg"))
        assert home("GET", "a.jpg").body == content
    gio("save", gio.at("a.jpg"), text="saved")
    assert home("GET", "a.jpg").body == b"saved"
    gio("rename", gio.at("a.jpg"), "b;c? #1.jpg")
    assert gio("cat", gio.at("b%3Bc%3F%20%231.jpg")).stdout == "saved"
    assert home("HEAD", "a.jpg").status == 404
    assert "filesystem::free:" in gio("info", "--filesystem", gio.at()).stdout


def test_gnome_takes_a_tree_copies_and_deletes_it(gio: Gvfs, home: Client, tree: Path) -> None:
    paths = sorted(tree.rglob("*"))
    gio("mkdir", gio.at("x"))
    for path in paths:
        there = gio.at(f"x/{path.relative_to(tree)}".replace(" ", "%20"))
        gio(*(["mkdir", there] if path.is_dir() else ["copy", str(path), there]))
    assert gio("list", gio.at("x/b")).stdout.split() == ["c.jpg", "d", "empty.txt"]
    gio("copy", gio.at("x/b/c.jpg"), gio.at("x/copy.jpg"))
    gio("move", gio.at("x/b"), gio.at("x/y"))
    assert home("GET", "x/copy.jpg").body == (tree / "b/c.jpg").read_bytes()
    assert home("GET", "x/y/d/e%20f.jpg").body == (tree / "b/d/e f.jpg").read_bytes()
    gio(
        "remove",
        *(gio.at(f"x/{name}") for name in ("y/d/e%20f.jpg", "y/d", "y/c.jpg", "y/empty.txt", "y", "a.jpg", "copy.jpg")),
    )
    gio("remove", gio.at("x"))
    assert home("PROPFIND", "x").status == 404


def test_gnome_does_not_overwrite_what_changed_meanwhile(gio: Gvfs, home: Client) -> None:
    seen = home("PUT", "a.txt", b"old").headers["etag"]
    home("PUT", "a.txt", b"changed elsewhere")
    late = gio("save", "--etag", seen, gio.at("a.txt"), text="late", check=False)
    assert late.returncode
    assert "externally modified" in late.stderr
    assert home("GET", "a.txt").body == b"changed elsewhere"
    gio("save", "--etag", home("HEAD", "a.txt").headers["etag"], gio.at("a.txt"), text="in time")
    assert home("GET", "a.txt").body == b"in time"


def test_gnome_meets_the_lock_of_davfs2(davfs: Path, gio: Gvfs, home: Client) -> None:
    with (davfs / "a.txt").open("w") as file:
        file.write("davfs2")
        assert gio("save", gio.at("a.txt"), text="gnome", check=False).returncode
    wait_until(lambda: home("GET", "a.txt").body == b"davfs2")


def test_the_list_of_spaces_is_a_drive_too(gateway: Gateway, home: Client) -> None:
    """What people mount who only know the address of the server."""
    inside = home.base.removeprefix("/dav/")
    login = ("admin", gateway.admin_password)
    with Davfs(gateway.dav(), *login) as davfs, Gvfs(gateway.dav(), *login) as gnome:
        (davfs.path / inside / "a.jpg").write_bytes(PHOTO)
        holds(home, "a.jpg", PHOTO)
        assert gnome("list", gnome.at()).stdout == "admin\n"
        assert gnome("list", gnome.at(inside)).stdout == "a.jpg\n"
        with pytest.raises(OSError, match="new"):
            (davfs.path / "new").mkdir()
        assert gnome("mkdir", gnome.at("new"), check=False).returncode
    rclone = Rclone(gateway.dav().rstrip("/"), *login)
    assert rclone.run("lsf", rclone.remote()).stdout == "admin/\n"
    assert rclone.run("lsf", rclone.remote(inside)).stdout == "a.jpg\n"


def test_rclone_mount_is_a_drive(gateway: Gateway, home: Client, tree: Path) -> None:
    with RcloneDrive(rclone_in(gateway, home)) as drive:
        root = drive.path
        shutil.copytree(tree, root / "x")
        assert sorted(file.name for file in (root / "x/b").iterdir()) == ["c.jpg", "d", "empty.txt"]
        wait_until(lambda: home("GET", "x/b/d/e%20f.jpg").body == (tree / "b/d/e f.jpg").read_bytes())
        with (root / "x/a.jpg").open("ab") as file:
            file.write(b"more")
        wait_until(lambda: home("GET", "x/a.jpg").body == (tree / "a.jpg").read_bytes() + b"more")
        with (root / "x/a.jpg").open("r+b") as file:
            file.seek(1000)
            file.write(b"!")
        whole = (tree / "a.jpg").read_bytes() + b"more"
        wait_until(lambda: home("GET", "x/a.jpg").body == whole[:1000] + b"!" + whole[1001:])
        os.utime(root / "x/b/c.jpg", (1_500_000_000, 1_500_000_000))
        wait_until(lambda: home("HEAD", "x/b/c.jpg").headers["last-modified"] == "Fri, 14 Jul 2017 02:40:00 GMT")
        (root / "x/b").rename(root / "x/y")
        assert home("GET", "x/y/c.jpg").body == (tree / "b/c.jpg").read_bytes()
        shutil.rmtree(root / "x")
        assert home("PROPFIND", "x").status == 404
        assert shutil.disk_usage(root).total // 4096 == 15_000_000_000 // 4096


def test_rclone_mount_reads_parts_of_a_file(gateway: Gateway, home: Client) -> None:
    content = PHOTO * 40
    assert home("PUT", "video.mov", content).status == 201
    with RcloneDrive(rclone_in(gateway, home)) as drive, (drive.path / "video.mov").open("rb") as file:
        for at in (3_000_000, 10, len(content) - 5):
            file.seek(at)
            assert file.read(100) == content[at : at + 100]


def test_kde_lists_a_folder_and_asks_for_the_room(home: Client) -> None:
    """As kio-webdav writes it; without the quota it believes that the disk is full."""
    home("PUT", "a.jpg", PHOTO)
    names = "creationdate getcontentlength displayname source getcontentlanguage getcontenttype getlastmodified getetag"
    asked = "".join(f"<D:{name}/>" for name in f"{names} supportedlock lockdiscovery resourcetype".split())
    head = '<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop>'
    listed = home("PROPFIND", "", f"{head}{asked}</D:prop></D:propfind>", Depth="1", User_Agent="Mozilla/5.0 KIO/5.103")
    found = listed.by_status(home.base + "a.jpg")
    assert set(found[404]) == {"{DAV:}source", "{DAV:}getcontentlanguage"}
    assert len(list(found[200]["{DAV:}supportedlock"])) == 2
    room = home(
        "PROPFIND", "", f"{head}<D:quota-available-bytes/><D:quota-used-bytes/></D:prop></D:propfind>", Depth="0"
    )
    assert int(room.properties(home.base)["{DAV:}quota-available-bytes"].text or "") > 10_000_000_000


def test_cadaver_session(url: str, gateway: Gateway, home: Client, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login admin password {gateway.admin_password}\n")
    (tmp_path / ".netrc").chmod(0o600)
    (tmp_path / "a b.jpg").write_bytes(PHOTO)
    script = """
        mkcol f
        put "a b.jpg" f/a.jpg
        copy f g
        move g/a.jpg h.jpg
        lock h.jpg
        discover h.jpg
        put "a b.jpg" h.jpg
        unlock h.jpg
        set namespace http://example.org/
        propset h.jpg colour blue
        propget h.jpg colour
        get h.jpg back.jpg
        rmcol g
        delete f/a.jpg
        ls
        quit
    """
    done = subprocess.run(
        [tool("cadaver", package="cadaver"), url],
        input="\n".join(line.strip() for line in script.strip().splitlines()) + "\n",
        env=os.environ | {"HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = done.stdout
    assert "failed" not in said, said
    assert "colour = blue" in said or "blue" in said, said
    assert (tmp_path / "back.jpg").read_bytes() == PHOTO
    assert home("GET", "h.jpg").body == PHOTO
    assert home("PROPFIND", "g").status == 404
    assert home("PROPFIND", "f").status == 207
    assert home("HEAD", "f/a.jpg").status == 404
