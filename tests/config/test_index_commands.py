"""The commands ``index`` and ``status``, on a server that indexes meanwhile. ``worker`` has a file of its own."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

from tests.components.gateway import Gateway, Options
from tests.config.test_commands import InThisProcess, _restored
from tests.support.photographs import photograph
from tests.support.waiting import wait_until

__all__ = ["_restored"]
BROKEN = photograph(1000)[:-300]


@pytest.fixture
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A server with one indexer."""
    options = Options(workers=1, indexers=1)
    with InThisProcess(tmp_path_factory.mktemp("index"), options) as server:
        yield server


@pytest.fixture
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A server where nobody indexes."""
    options = Options(workers=1)
    with InThisProcess(tmp_path_factory.mktemp("idle"), options) as server:
        yield server


def put(gateway: Gateway, path: str, content: bytes) -> None:
    """Upload as the administrator."""
    auth = ("admin", gateway.admin_password)
    requests.put(gateway.dav(f"admin/{path}"), data=content, auth=auth, timeout=20).raise_for_status()


def folder(gateway: Gateway, path: str) -> None:
    """Make a folder as the administrator."""
    auth = ("admin", gateway.admin_password)
    requests.request("MKCOL", gateway.dav(f"admin/{path}"), auth=auth, timeout=20).raise_for_status()


def rows(gateway: Gateway, statement: str) -> list[tuple[object, ...]]:
    """What the catalogue says."""
    with closing(sqlite3.connect(gateway.data / "catalogue.sqlite3")) as database:
        return database.execute(statement).fetchall()


def test_waiting_ends_when_everything_is_indexed(gateway: Gateway) -> None:
    for number in range(5):
        put(gateway, f"{number}.jpg", photograph(number))

    done = gateway.run("index", "--wait")

    assert done.stdout == ""
    assert "Indexing" in done.stderr
    assert rows(gateway, "SELECT count(*), sum(version > 0) FROM blob") == [(5, 5)]
    assert gateway.run("index", "--wait").returncode == 0, "there is nothing to wait for"
    assert gateway.run("status").stdout == "waiting  0\nrunning  0\nfailed   0\n"


def test_a_file_without_a_picture_is_told_with_its_reason(gateway: Gateway) -> None:
    put(gateway, "good.jpg", photograph(1))
    put(gateway, "bad.jpg", BROKEN)

    done = gateway.run("index", "--wait", check=False)

    assert done.returncode == 1
    assert done.stdout == "1 file has no picture; “davgallery status” tells why.\n"
    shown = gateway.run("status")
    assert shown.returncode == 0
    assert shown.stdout.splitlines()[2] == "failed   1"
    told = json.loads(gateway.run("status", "--json").stdout)[0]
    (failure,) = told["failures"]
    assert (told["waiting"], told["running"], told["failed"]) == (0, 0, 1)
    assert (failure["path"], failure["size"]) == ("admin/bad.jpg", len(BROKEN))
    assert shown.stdout.splitlines()[-1].split("  ", 1)[0] == "admin/bad.jpg"
    assert failure["reason"]
    assert failure["reason"] in shown.stdout


def test_what_failed_is_tried_again_on_demand(gateway: Gateway) -> None:
    for name in ("a", "b"):
        put(gateway, f"{name}.jpg", BROKEN + name.encode())
    gateway.run("index", "--wait", check=False)

    done = gateway.run("index", "--retry", "--wait", check=False)

    assert done.stdout.splitlines() == [
        "2 files will be tried again.",
        "2 files have no picture; “davgallery status” tells why.",
    ]
    assert done.returncode == 1


def test_a_file_a_folder_or_a_space_is_indexed_again(idle: Gateway) -> None:
    folder(idle, "Rome")
    put(idle, "Rome/a.jpg", photograph(1))
    put(idle, "Rome/b.jpg", photograph(2))
    put(idle, "c.jpg", photograph(3))

    def again(path: str) -> list[str]:
        return idle.run("index", "--again", path).stdout.splitlines()

    assert again("admin/Rome/a.jpg") == ["1 file will be indexed anew.", "3 files wait to be indexed."]
    assert again("admin/Rome/")[0] == "2 files will be indexed anew."
    assert again("/admin")[0] == "3 files will be indexed anew."


def test_a_folder_that_is_indexed_again_has_the_same_photos(gateway: Gateway) -> None:
    put(gateway, "a.jpg", photograph(1))
    gateway.run("index", "--wait")
    everything = "SELECT * FROM photo", "SELECT sha256, size, pictures FROM rendition_set"
    before = [rows(gateway, one) for one in everything]

    done = gateway.run("index", "--again", "admin", "--wait")

    assert done.stdout == "1 file will be indexed anew.\n"
    wait_until(lambda: rows(gateway, "SELECT count(*) FROM blob WHERE due IS NOT NULL") == [(0,)])
    assert [rows(gateway, one) for one in everything] == before


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("admin/nothing.jpg", "There is no “admin/nothing.jpg”."),
        ("admin/c.jpg/d", "There is no “admin/c.jpg/d”."),
        ("nobody/a.jpg", "There is no space “nobody”."),
        ("/", "Choose a space first."),
    ],
)
def test_a_wrong_path_is_one_sentence(idle: Gateway, path: str, sentence: str) -> None:
    put(idle, "c.jpg", photograph(3))

    done = idle.run("index", "--again", path, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"davgallery: {sentence}\n")


def test_one_file_that_waits_is_one_file(idle: Gateway) -> None:
    put(idle, "a.jpg", photograph(1))

    assert idle.run("index").stdout == "1 file waits to be indexed.\n"
    assert idle.run("status").stdout.startswith("waiting  1 (the oldest for ")


@pytest.mark.parametrize("command", ["index", "status", "worker"])
def test_without_a_catalogue_the_commands_say_so(idle: Gateway, command: str) -> None:
    nowhere = idle.folder / "nowhere"

    done = idle.run(command, "--data", str(nowhere), check=False)

    assert done.returncode == 2
    assert done.stderr.startswith(f"davgallery: There is no catalogue in {nowhere} yet")
    assert not nowhere.exists()
