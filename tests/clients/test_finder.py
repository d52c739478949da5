"""The macOS Finder (webdavfs), as its source and recordings show it."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.clients.wire import Wire, basic, chunked
from tests.components.gateway import Gateway
from tests.dav.harness import Answer, Client

pytestmark = pytest.mark.xdist_group("clients")  # one gateway serves them all

AGENT = "User-Agent: WebDAVFS/3.0.0 (03008000) Darwin/24.4.0 (arm64)"
XML = 'Content-Type: text/xml; charset="utf-8"'
D = "{DAV:}"
PHOTO = bytes(range(256)) * 300

LISTING = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<D:propfind xmlns:D="DAV:">\n<D:prop>\n<D:getlastmodified/>\n'
    b"<D:getcontentlength/>\n<D:creationdate/>\n<D:resourcetype/>\n</D:prop>\n</D:propfind>\n"
)
DOUBLE = LISTING.replace(
    b"</D:prop>",
    b'<D:getetag/>\n<appledoubleheader xmlns="http://www.apple.com/webdav_fs/props/"/>\n</D:prop>',
)
ROOM = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<D:propfind xmlns:D="DAV:">\n<D:prop>\n<D:quota-available-bytes/>\n'
    b"<D:quota-used-bytes/>\n<D:quota/>\n<D:quotaused/>\n</D:prop>\n</D:propfind>\n"
)
LOCK = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<D:lockinfo xmlns:D="DAV:">\n<D:lockscope><D:exclusive/></D:lockscope>\n'
    b"<D:locktype><D:write/></D:locktype>\n<D:owner>\n<D:href>http://www.apple.com/webdav_fs/</D:href>\n</D:owner>\n"
    b"</D:lockinfo>\n"
)


class Finder:
    """One connection of webdavfs into a folder."""

    def __init__(self, wire: Wire, home: Client) -> None:
        self.wire = wire
        self.home = home
        self._login = basic(home.user, home.password)

    def __call__(self, method: str, path: str, *headers: str, body: bytes = b"") -> Answer:
        framing = [] if any("chunked" in one for one in headers) else [f"Content-Length: {len(body)}"]
        framing = framing if body or method in {"PUT", "MKCOL"} else []
        common = [f"Host: 127.0.0.1:{self.wire.port}", "Accept: */*", *headers, *framing, self._login, AGENT]
        return self.wire(f"{method} {self.home.base}{path}", *common, "Connection: keep-alive", body=body)

    def look(self, path: str, body: bytes = LISTING, depth: int = 0) -> Answer:
        return self("PROPFIND", path, "Content-Type: text/xml", f"Depth: {depth}", body=body)

    def lock(self, path: str) -> str:
        answer = self("LOCK", path, "Depth: 0", "Timeout: Second-600", XML, body=LOCK)
        assert answer.status == 200
        (seconds,) = re.findall(rb"Second-(\d+)<", answer.body)
        assert 590 <= int(seconds) <= 600
        assert b"http://www.apple.com/webdav_fs/" in answer.body
        (token,) = re.findall(rb"<d:locktoken><d:href>([^<]+)<", answer.body)
        assert answer.headers["lock-token"] == f"<{token.decode()}>"
        return token.decode()

    def put(self, path: str, token: str, content: bytes) -> Answer:
        pieces = [content[at : at + 65536] for at in range(0, len(content), 65536)]
        headers = ["Transfer-Encoding: chunked", f"X-Expected-Entity-Length: {len(content)}", f"If: (<{token}>)"]
        return self("PUT", path, *headers, body=chunked(*pieces))


@pytest.fixture
def finder(home: Client) -> Iterator[Finder]:
    with Wire(home.port) as wire:
        yield Finder(wire, home)


def copied(finder: Finder, path: str, content: bytes) -> Answer:
    """What the Finder does for a new file; the answer to the upload."""
    assert finder.look(path).status == 404
    assert finder("PUT", path).status == 201
    token = finder.lock(path)
    put = finder.put(path, token, content)
    assert finder("UNLOCK", path, f"Lock-Token: <{token}>").status == 204
    return put


def test_mounting_asks_before_it_has_a_name(gateway: Gateway) -> None:
    with Wire(gateway.port) as wire:
        common = [f"Host: 127.0.0.1:{gateway.port}", "Accept: */*"]
        options = wire("OPTIONS /dav/", *common, "User-Agent: WebDAVLib/1.3")
        assert options.status == 200
        assert "2" in options.headers["dav"].replace(" ", "").split(",")
        look = [
            "PROPFIND /dav/",
            *common,
            "Depth: 0",
            "Content-Type: text/xml",
            f"Content-Length: {len(LISTING)}",
            AGENT,
        ]
        asked = wire(*look, body=LISTING)
        assert asked.status == 401
        assert asked.headers["www-authenticate"].startswith("Basic realm=")
        seen = wire(*look, basic("admin", gateway.admin_password), body=LISTING)
        assert (seen.status, seen.hrefs) == (207, ["/dav/"])


def test_a_copied_file_is_whole_and_needs_no_second_look(finder: Finder, home: Client) -> None:
    put = copied(finder, "IMG_1.jpg", PHOTO)
    assert put.status == 204
    assert {"etag", "last-modified", "date"} <= set(put.headers)  # else webdavfs asks again
    assert home("GET", "IMG_1.jpg").body == PHOTO
    listed = finder.look("", depth=1).properties(home.base + "IMG_1.jpg")
    assert listed[D + "getcontentlength"].text == str(len(PHOTO))
    assert (
        finder.look("IMG_1.jpg", DOUBLE).properties(home.base + "IMG_1.jpg")[D + "getetag"].text == put.headers["etag"]
    )


def test_a_property_of_apple_is_missing_and_no_error(finder: Finder, home: Client) -> None:
    found = finder.look("", DOUBLE).by_status(home.base)
    assert set(found) == {200, 404}
    assert "{http://www.apple.com/webdav_fs/props/}appledoubleheader" in found[404]


def test_companions_are_stored_like_files(finder: Finder, home: Client) -> None:
    for name in ("._IMG_1.jpg", ".DS_Store"):
        assert copied(finder, name, b"\0\5\x16\7" * 20).status == 204
        assert home("GET", name).body == b"\0\5\x16\7" * 20
        assert finder("DELETE", name).status == 204
    for name in (".metadata_never_index", ".Spotlight-V100", "Backups.backupdb", ".ql_disablethumbnails", ".hidden"):
        assert finder.look(name).status == 404


def test_a_lock_is_renewed_while_the_file_is_open(finder: Finder) -> None:
    finder("PUT", "a.jpg")
    token = finder.lock("a.jpg")
    renewed = finder("LOCK", "a.jpg", "Depth: 0", "Timeout: Second-600", f"If: (<{token}>)")
    assert renewed.status == 200
    assert token.encode() in renewed.body
    assert finder("PUT", "a.jpg", body=b"no token").status == 423


def test_a_file_that_ends_early_or_late_keeps_the_old_one(finder: Finder, home: Client) -> None:
    copied(finder, "a.jpg", PHOTO)
    for sent, said in ((PHOTO[:-1], len(PHOTO)), (PHOTO + b"x", len(PHOTO))):
        headers = ["Transfer-Encoding: chunked", f"X-Expected-Entity-Length: {said}"]
        with Wire(home.port) as wire:
            refused = Finder(wire, home)("PUT", "a.jpg", *headers, body=chunked(sent))
        assert 400 <= refused.status < 500
        assert home("GET", "a.jpg").body == PHOTO


def test_free_space_is_told_in_todays_words_only(finder: Finder, home: Client) -> None:
    found = finder.look("", ROOM).by_status(home.base)
    assert set(found[200]) == {D + "quota-available-bytes", D + "quota-used-bytes"}
    assert set(found[404]) == {D + "quota", D + "quotaused"}
    assert sum(int(one.text or "") for one in found[200].values()) == 15_000_000_000


def test_a_cached_file_is_asked_for_once(finder: Finder) -> None:
    copied(finder, "a.jpg", PHOTO)
    first = finder("GET", "a.jpg")
    assert (first.status, first.body) == (200, PHOTO)
    modified, tag = first.headers["last-modified"], first.headers["etag"]
    again = finder("GET", "a.jpg", f"If-Modified-Since: {modified}")
    assert (again.status, again.body) == (304, b"")
    assert finder("GET", "a.jpg", f"If-None-Match: {tag}").status == 304


@pytest.mark.parametrize("by", ["etag", "last-modified"])
def test_a_cut_download_goes_on(finder: Finder, by: str) -> None:
    copied(finder, "a.jpg", PHOTO)
    validator = finder("HEAD", "a.jpg").headers[by]
    rest = finder("GET", "a.jpg", "Range: bytes=1000-", f"If-Range: {validator}")
    assert (rest.status, rest.body) == (206, PHOTO[1000:])
    assert rest.headers["content-range"] == f"bytes 1000-{len(PHOTO) - 1}/{len(PHOTO)}"
    changed = '"other"' if by == "etag" else "Mon, 01 Jan 2001 00:00:00 GMT"
    whole = finder("GET", "a.jpg", "Range: bytes=1000-", f"If-Range: {changed}")
    assert (whole.status, whole.body) == (200, PHOTO)


def test_folders_are_made_renamed_and_removed(finder: Finder, home: Client) -> None:
    assert finder("MKCOL", "untitled%20folder/").status == 201
    to = f"Destination: http://127.0.0.1:{home.port}{home.base}Sommer%20u%CC%88ber%20Ko%CC%88ln/"
    assert finder("MOVE", "untitled%20folder/", to, "Overwrite: F").status == 201
    # The Finder writes names decomposed; a composed one is the same.
    assert home("PROPFIND", "Sommer%20%C3%BCber%20K%C3%B6ln").status == 207
    assert finder("DELETE", "Sommer%20u%CC%88ber%20Ko%CC%88ln/").status == 204


def test_the_list_of_spaces_takes_no_files(finder: Finder) -> None:
    root = Finder(finder.wire, replace(finder.home, base="/dav/"))
    assert root.look("", ROOM).status == 207
    assert root.look("._.").status == 404
    assert root.look(".DS_Store").status == 404
    assert root("PUT", ".DS_Store").status == 403  # "not permitted"
    assert root("MKCOL", "untitled%20folder/").status == 403


def test_a_full_space_is_507_and_nothing_else(gateway: Gateway, thrifty: Client) -> None:
    with Wire(gateway.port) as wire:
        finder = Finder(wire, thrifty)
        assert finder("PUT", "big.mov").status == 201
        token = finder.lock("big.mov")
        length, condition = "X-Expected-Entity-Length: 2000000", f"If: (<{token}>)"
        refused = finder("PUT", "big.mov", "Transfer-Encoding: chunked", length, condition, body=chunked(bytes(10)))
        assert refused.status == 507
    assert thrifty("HEAD", "big.mov").headers["content-length"] == "0"
    assert thrifty("UNLOCK", "big.mov", Lock_Token=f"<{token}>").status == 204
    assert thrifty("DELETE", "big.mov").status == 204
