"""Names that clients and people make up, there and back."""

import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.clients.conftest import rclone_in
from tests.clients.wire import Wire, basic
from tests.components.gateway import Gateway
from tests.dav.harness import Client
from tests.support import rclone as program

pytestmark = pytest.mark.xdist_group("clients")  # one gateway serves them all

NAMES = [
    "a?b;c.jpg",
    "#1 %20 %2F 100%.jpg",
    "a & b + c = d.jpg",
    'it\'s "quoted", (really) [yes] {no}.jpg',
    "<tag> & co|pipe*star:colon.jpg",
    "back\\slash^caret`tick~.jpg",
    " leading and trailing .jpg ",
    "dot.",
    "...",
    "-rf",
    "🏝️ Urlaub 👩‍👩‍👧.heic",
    "日本語 العربية ไทย.jpg",
    "\u2028line\u00a0space\u200b.jpg",
    "é" * 127 + "x",
    "n" * 255,
    "IMG_0001.JPG",
    "img_0001.jpg",
]


def test_every_name_goes_through_http_and_back(home: Client) -> None:
    for name in NAMES:
        assert home("PUT", quote(name, safe=""), name.encode()).status == 201, name
    listed = home("PROPFIND", "", Depth="1")
    assert len(listed.hrefs) == len(NAMES) + 1
    shown = {one.text for one in listed.xml.iter("{DAV:}displayname")}
    assert set(NAMES) <= shown
    for href in listed.hrefs:
        if href != home.base:  # as it was given, which is what clients do
            assert home("GET", href).status == 200


def test_every_name_goes_through_rclone_and_back(gateway: Gateway, home: Client, tmp_path: Path) -> None:
    rclone = rclone_in(gateway, home)
    source = tmp_path / "source"
    for name in NAMES:
        folder = source / "folder" / name
        folder.mkdir(parents=True)
        (folder / name).write_bytes(name.encode())
    rclone.run("copy", str(source), rclone.remote("x"))
    rclone.run("check", str(source), rclone.remote("x"))
    rclone.run("move", rclone.remote("x"), rclone.remote("y"))
    rclone.run("copy", rclone.remote("y"), str(tmp_path / "back"))
    back = {path.relative_to(tmp_path / "back").as_posix() for path in (tmp_path / "back").rglob("*") if path.is_file()}
    assert back == {f"folder/{name}/{name}" for name in NAMES}


def test_rclone_finds_that_spellings_and_streams_work(gateway: Gateway, home: Client, tmp_path: Path) -> None:
    rclone = rclone_in(gateway, home)
    configuration = tmp_path / "rclone.conf"
    login = ["user = admin", f"pass = {program.run('obscure', rclone.password).stdout}"]
    there = ["[there]", "type = webdav", "vendor = owncloud", "pacer_min_sleep = 0", f"url = {rclone.url}", *login]
    configuration.write_text("\n".join(there))
    words = ["test", "info", "--check-normalization", "--check-streaming", "there:x"]
    done = program.run("--config", str(configuration), *words)
    assert done.returncode == 0, done.stderr
    said = {" ".join(line.split()) for line in done.stdout.splitlines()}
    assert {"canWriteUnnormalized = true", "canReadRenormalized = true", "canStream = true"} <= said


def test_moving_what_looks_like_a_query(home: Client) -> None:
    assert home("PUT", "a%3Fb%3Bc.jpg", b"photo").status == 201
    for source, target in (("a%3Fb%3Bc.jpg", "d%3Fe%23f.jpg"), ("d%3Fe%23f.jpg", "g;h,i=j.jpg")):
        assert home("MOVE", source, Destination=home.base + target).status == 201
        assert home("HEAD", source).status == 404
    assert home("GET", "g%3Bh%2Ci%3Dj.jpg").body == b"photo"
    assert home("MOVE", "g;h,i=j.jpg", Destination=home.base + "cut?off").status == 400


def test_two_spellings_of_one_name_are_one_file(home: Client) -> None:
    composed, decomposed = (quote(unicodedata.normalize(form, "Köln é.jpg")) for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert home("PUT", decomposed, b"one").status == 201
    assert home("PUT", composed, b"two").status == 204
    assert home("GET", decomposed).body == b"two"
    assert home("PROPFIND", "", Depth="1").hrefs == [home.base, home.base + decomposed]  # as it was first written
    assert home("MOVE", composed, Destination=home.base + "other.jpg").status == 201
    assert home("GET", decomposed).status == 404


def test_large_and_small_letters_are_different_files(home: Client) -> None:
    assert home("PUT", "A.jpg", b"A").status == 201
    assert home("PUT", "a.jpg", b"a").status == 201
    assert home("GET", "A.jpg").body == b"A"


def test_a_path_of_a_thousand_bytes(gateway: Gateway, home: Client, tmp_path: Path) -> None:
    names = ["ü" * 60 + str(number) for number in range(8)]
    path = ""
    for name in names:
        path += quote(name) + "/"
        assert home("MKCOL", path).status == 201
    assert home("PUT", path + "a.jpg", b"photo").status == 201
    assert home("MOVE", path + "a.jpg", Destination=home.base + path + "b.jpg").status == 201
    rclone = rclone_in(gateway, home)
    rclone.run("copy", rclone.remote(), str(tmp_path / "back"))
    there = tmp_path.joinpath("back", *names, "b.jpg")
    assert len(str(there.relative_to(tmp_path / "back")).encode()) > 950
    assert there.read_bytes() == b"photo"


@pytest.mark.parametrize(
    "name",
    ["a%2Fb.jpg", "..%2Fb.jpg", "%2E%2E", "%2e", "a%00b", "a%0Ab", "a%7Fb", "%C3", "%FF%FE", "%ED%A0%80", "n" * 256],
)
def test_a_name_that_cannot_be_is_refused(home: Client, name: str) -> None:
    assert home("PUT", "there.jpg", b"photo").status == 201
    assert home("PUT", name, b"x").status == 400
    assert home("MKCOL", name).status == 400
    for method in ("COPY", "MOVE"):
        assert home(method, "there.jpg", Destination=home.base + name).status == 400
    assert home("PROPFIND", "", Depth="1").hrefs == [home.base, home.base + "there.jpg"]


def test_letters_that_were_not_percent_encoded_are_read_as_utf_8(home: Client) -> None:
    raw = "Köln.jpg".encode().decode("latin-1")
    with Wire(home.port) as wire:
        login = basic(home.user, home.password)
        assert wire(f"PUT {home.base}{raw}", "Host: x", login, "Content-Length: 1", body=b"x").status == 201
        to = f"Destination: {home.base}neu-{raw}"
        assert wire(f"MOVE {home.base}{raw}", "Host: x", login, to).status == 201
    assert home("GET", "neu-K%C3%B6ln.jpg").body == b"x"
