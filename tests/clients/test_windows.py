"""Windows Explorer (the WebClient service), as recordings show it."""

import re
from collections.abc import Iterator

import pytest

from tests.clients.wire import Wire, basic
from tests.components.gateway import Gateway
from tests.dav.harness import Answer, Client

pytestmark = pytest.mark.xdist_group("clients")  # one gateway serves them all

AGENT = "User-Agent: Microsoft-WebDAV-MiniRedir/10.0.19045"
PHOTO = bytes(range(256)) * 100
LOCK = (
    b'<?xml version="1.0" encoding="utf-8" ?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
    b"<D:locktype><D:write/></D:locktype><D:owner><D:href>DESKTOP\\admin</D:href></D:owner></D:lockinfo>"
)
MODIFIED = "Tue, 06 Mar 2018 05:00:01 GMT"
CREATED = "Mon, 05 Mar 2018 04:00:00 GMT"
XML = 'Content-Type: text/xml; charset="utf-8"'
MICROSOFT = "{urn:schemas-microsoft-com:}"


def patch(**values: str) -> bytes:
    """A PROPPATCH of the Win32 properties."""
    inner = "".join(f"<Z:{name}>{value}</Z:{name}>" for name, value in values.items())
    return (
        '<?xml version="1.0" encoding="utf-8" ?><D:propertyupdate xmlns:D="DAV:" '
        f'xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop>{inner}</D:prop></D:set></D:propertyupdate>'
    ).encode()


class Explorer:
    """One connection of the WebClient."""

    def __init__(self, wire: Wire, home: Client, domain: str = "") -> None:
        self._wire = wire
        self._base = home.base
        self._login = basic(f"{domain}{home.user}", home.password)

    def __call__(self, method: str, path: str, *headers: str, body: bytes = b"") -> Answer:
        target = path if path.startswith("/") else self._base + path
        framing = [] if method in {"OPTIONS", "HEAD", "GET"} else [f"Content-Length: {len(body)}"]
        common = ["Connection: Keep-Alive", AGENT, *headers, "translate: f", *framing]
        return self._wire(f"{method} {target}", *common, f"Host: 127.0.0.1:{self._wire.port}", self._login, body=body)


@pytest.fixture
def explorer(home: Client) -> Iterator[Explorer]:
    with Wire(home.port) as wire:
        yield Explorer(wire, home)


@pytest.mark.parametrize("refresh", [False, True])
def test_a_copied_file_has_its_bytes_and_its_times(explorer: Explorer, home: Client, *, refresh: bool) -> None:
    path = home.base + "Neues%20Bild.jpg"
    assert explorer("PROPFIND", path, "Depth: 0").status == 404
    assert explorer("PUT", path).status == 201
    locked = explorer("LOCK", path, XML, "Timeout: Second-3600", body=LOCK)
    assert locked.status == 200
    assert b"DESKTOP\\admin" in locked.body
    (token,) = re.findall(rb"<d:locktoken><d:href>([^<]+)<", locked.body)
    condition = f"If: (<{token.decode()}>)"
    times = {"Win32CreationTime": CREATED, "Win32LastAccessTime": MODIFIED, "Win32LastModifiedTime": MODIFIED}
    attributes = patch(**times, Win32FileAttributes="00000000")
    first = explorer("PROPPATCH", path, condition, XML, body=attributes)
    assert list(first.by_status(path)) == [200]
    assert set(first.properties(path)) == {MICROSOFT + name for name in (*times, "Win32FileAttributes")}
    assert explorer("HEAD", path).headers["content-length"] == "0"
    if refresh:
        assert explorer("LOCK", path, "Timeout: Second-3600", condition).status == 200
    assert explorer("PUT", path, condition, body=PHOTO).status == 204
    attributes = patch(Win32LastModifiedTime=MODIFIED, Win32FileAttributes="00000020")
    second = explorer("PROPPATCH", path, condition, XML, body=attributes)
    assert list(second.by_status(path)) == [200]
    assert explorer("UNLOCK", path, f"Lock-Token: <{token.decode()}>").status == 204

    head = home("HEAD", path)
    assert (head.headers["content-length"], head.headers["last-modified"]) == (str(len(PHOTO)), MODIFIED)
    assert home("GET", path).body == PHOTO
    seen = explorer("PROPFIND", path, "Depth: 0").properties(path)
    assert seen["{DAV:}creationdate"].text == "2018-03-05T04:00:00Z"
    assert seen["{DAV:}getlastmodified"].text == MODIFIED
    assert seen[MICROSOFT + "Win32FileAttributes"].text == "00000020"
    assert seen["{DAV:}lockdiscovery"].text is None


def test_the_drive_is_looked_for_from_the_root(explorer: Explorer, home: Client, gateway: Gateway) -> None:
    with Wire(home.port) as wire:
        first = wire("OPTIONS /", "Connection: Keep-Alive", AGENT, "translate: f", f"Host: 127.0.0.1:{gateway.port}")
        assert first.status == 200
        assert first.headers["ms-author-via"] == "DAV"
    for path in ("/", "/dav", "/dav/", "/dav/admin", home.base, home.base.rstrip("/")):
        answer = explorer("PROPFIND", path, "Depth: 0")
        assert answer.status == 207, path
        kind = next(answer.xml.iter("{DAV:}resourcetype"))
        assert [one.tag for one in kind] == ["{DAV:}collection"], path


def test_what_windows_looks_for_on_every_drive_is_not_there(explorer: Explorer) -> None:
    for name in ("desktop.ini", "Desktop.ini", "AutoRun.inf", "Thumbs.db", "folder.jpg"):
        assert explorer("PROPFIND", name, "Depth: 0").status == 404


@pytest.mark.parametrize("domain", ["DESKTOP-1\\", "photos.example.org\\", ".\\"])
def test_a_domain_before_the_name_is_ignored(home: Client, domain: str) -> None:
    with Wire(home.port) as wire:
        assert Explorer(wire, home, domain)("PROPFIND", "", "Depth: 0").status == 207


@pytest.mark.parametrize("form", ["<{}>", "{}"])
def test_a_lock_token_without_brackets_will_do(explorer: Explorer, form: str) -> None:
    explorer("PUT", "a.jpg")
    token = explorer("LOCK", "a.jpg", "Timeout: Second-3600", body=LOCK).headers["lock-token"]
    assert explorer("UNLOCK", "a.jpg", f"Lock-Token: {form.format(token.strip('<>'))}").status == 204


def test_a_thousand_files_fit_into_what_windows_reads(explorer: Explorer, home: Client) -> None:
    assert home("PUT", "IMG_20230815_123456789.jpg", b"x").status == 201
    one = len(explorer("PROPFIND", "", "Depth: 1").body) - len(explorer("PROPFIND", "", "Depth: 0").body)
    assert one <= 600  # Windows gives up a folder at 1,000,000 bytes


def test_renaming_and_deleting(explorer: Explorer, home: Client) -> None:
    explorer("MKCOL", "Neuer%20Ordner")
    target = f"Destination: http://127.0.0.1:{home.port}{home.base}Urlaub%20%26%20mehr"
    assert explorer("MOVE", "Neuer%20Ordner", target, "Overwrite: F").status == 201
    assert explorer("MOVE", "Neuer%20Ordner", target, "Overwrite: F").status == 404
    assert explorer("DELETE", "Urlaub%20%26%20mehr").status == 204
