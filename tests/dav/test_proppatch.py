import hashlib
from xml.etree import ElementTree as ET

import pytest

from tests.dav.harness import Answer, Client, lockinfo, propfind

D = "{DAV:}"
MS = "urn:schemas-microsoft-com:"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@pytest.fixture
def photo(client: Client) -> str:
    """The href of a file."""
    client("PUT", "a.jpg", b"x")
    return client.base + "a.jpg"


def update(*parts: str) -> str:
    return f'<d:propertyupdate xmlns:d="DAV:" xmlns:x="urn:x">{"".join(parts)}</d:propertyupdate>'


def setting(inner: str) -> str:
    return f"<d:set><d:prop>{inner}</d:prop></d:set>"


def removing(inner: str) -> str:
    return f"<d:remove><d:prop>{inner}</d:prop></d:remove>"


def statuses(answer: Answer, href: str) -> dict[int, set[str]]:
    assert answer.status == 207
    return {status: set(found) for status, found in answer.by_status(href).items()}


def stored(client: Client, href: str) -> dict[str, ET.Element]:
    return client("PROPFIND", href, Depth="0").properties(href)


def test_dead_property_is_kept_and_removed(client: Client, photo: str) -> None:
    answer = client("PROPPATCH", photo, update(setting("<x:one>1</x:one>")))
    assert statuses(answer, photo) == {200: {"{urn:x}one"}}
    assert stored(client, photo)["{urn:x}one"].text == "1"
    client("PROPPATCH", photo, update(removing("<x:one/>")))
    assert "{urn:x}one" not in stored(client, photo)


def test_value_keeps_its_elements_and_language(client: Client, photo: str) -> None:
    value = '<x:one xmlns:y="urn:y" y:k="1">a<y:b>&lt;</y:b> é<c xmlns=""/></x:one>'
    client("PROPPATCH", photo, update(f'<d:set xml:lang="de"><d:prop>{value}</d:prop></d:set>'))
    one = stored(client, photo)["{urn:x}one"]
    assert one.attrib == {"{urn:y}k": "1", LANG: "de"}
    assert ["".join(one.itertext()), one[0].tag, one[1].tag] == ["a< é", "{urn:y}b", "c"]


def test_instructions_are_carried_out_in_their_order(client: Client, photo: str) -> None:
    body = update(setting("<x:one>1</x:one>"), removing("<x:one/>"), setting("<x:one>2</x:one>"), removing("<x:two/>"))
    client("PROPPATCH", photo, body)
    assert stored(client, photo)["{urn:x}one"].text == "2"


@pytest.mark.parametrize(
    "name", ["getetag", "getcontentlength", "resourcetype", "lockdiscovery", "quota-used-bytes", "displayname"]
)
def test_one_protected_property_fails_all(client: Client, photo: str, name: str) -> None:
    answer = client("PROPPATCH", photo, update(setting("<x:one>1</x:one>"), setting(f"<d:{name}>x</d:{name}>")))
    assert statuses(answer, photo) == {424: {"{urn:x}one"}, 403: {D + name}}
    assert next(answer.xml.iter(D + "cannot-modify-protected-property")) is not None
    assert "{urn:x}one" not in stored(client, photo)


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ('<lastmodified xmlns="DAV:">{}</lastmodified>', "1600000000"),
        ("<d:getlastmodified>{}</d:getlastmodified>", "Sun, 13 Sep 2020 12:26:40 GMT"),
        (f'<w:Win32LastModifiedTime xmlns:w="{MS}">{{}}</w:Win32LastModifiedTime>', "Sun, 13 Sep 2020 12:26:40 GMT"),
    ],
)
def test_every_way_to_set_the_time(client: Client, photo: str, element: str, value: str) -> None:
    answer = client("PROPPATCH", photo, update(setting(element.format(value))))
    assert set(statuses(answer, photo)) == {200}
    assert client("HEAD", photo).headers["last-modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"


def test_no_time_is_a_conflict(client: Client, photo: str) -> None:
    answer = client("PROPPATCH", photo, update(setting("<d:lastmodified>soon</d:lastmodified>")))
    assert statuses(answer, photo) == {409: {D + "lastmodified"}}


def test_windows_times_and_attributes(client: Client, photo: str) -> None:
    date = "Sun, 13 Sep 2020 12:26:40 GMT"
    names = ("Win32CreationTime", "Win32LastAccessTime", "Win32LastModifiedTime")
    inner = "".join(f'<Z:{name} xmlns:Z="{MS}">{date}</Z:{name}>' for name in names)
    inner += f'<Z:Win32FileAttributes xmlns:Z="{MS}">00000020</Z:Win32FileAttributes>'
    answer = client("PROPPATCH", photo, update(setting(inner)))
    everything = {f"{{{MS}}}{name}" for name in (*names, "Win32FileAttributes")}
    assert statuses(answer, photo) == {200: everything}
    asked = "".join(f'<{name} xmlns="{MS}"/>' for name in (*names, "Win32FileAttributes"))
    found = client("PROPFIND", photo, propfind(inner=f"<prop>{asked}</prop>"), Depth="0").properties(photo)
    assert {name: element.text for name, element in found.items()} == {
        **{f"{{{MS}}}{name}": date for name in names},
        f"{{{MS}}}Win32FileAttributes": "00000020",
    }
    assert stored(client, photo)[D + "creationdate"].text == "2020-09-13T12:26:40Z"


@pytest.mark.parametrize(("content", "status"), [(b"x", 200), (b"y", 409)])
def test_rclone_repeats_the_checksum_with_a_new_time(client: Client, photo: str, content: bytes, status: int) -> None:
    sha1 = hashlib.sha1(content).hexdigest()
    checksums = f'<oc:checksums xmlns:oc="http://owncloud.org/ns"><oc:checksum>SHA1:{sha1}</oc:checksum></oc:checksums>'
    body = update(setting('<lastmodified xmlns="DAV:">1600000000</lastmodified>' + checksums))
    assert status in statuses(client("PROPPATCH", photo, body), photo)


def test_locked_file_needs_its_token(client: Client, photo: str) -> None:
    token = client("LOCK", photo, lockinfo()).headers["lock-token"]
    body = update(setting("<x:one>1</x:one>"))
    assert client("PROPPATCH", photo, body).status == 423
    assert client("PROPPATCH", photo, body, If=f"({token})").status == 207


@pytest.mark.parametrize("body", ["", "<x/>", update(), update(setting(""))])
def test_a_proppatch_that_changes_nothing_is_refused(client: Client, photo: str, body: str) -> None:
    assert client("PROPPATCH", photo, body).status == 400


def test_nothing_is_described_where_nothing_is(client: Client) -> None:
    assert client("PROPPATCH", "missing", update(setting("<x:one/>"))).status == 404
    assert client("PROPPATCH", "/dav/", update(setting("<x:one/>"))).status == 403


def test_properties_go_with_a_copy_and_a_move(client: Client, photo: str) -> None:
    client("PROPPATCH", photo, update(setting("<x:one>1</x:one>")))
    client("COPY", photo, Destination=client.base + "b.jpg")
    client("MOVE", photo, Destination=client.base + "c.jpg")
    for name in ("b.jpg", "c.jpg"):
        assert stored(client, client.base + name)["{urn:x}one"].text == "1"
