import email
import http.client
from collections.abc import Iterator
from email.message import Message

import pytest

from gateway.errors import StoreUnavailable
from gateway.library.values import Content
from tests.dav.harness import Client, World

BYTES = bytes(range(100))
DATE = "Sun, 13 Sep 2020 12:26:40 GMT"


@pytest.fixture
def photo(client: Client) -> str:
    """A file of 100 bytes."""
    return client("PUT", "a.jpg", BYTES, X_OC_Mtime="1600000000").headers["etag"]


def test_file_is_sent_with_its_headers(client: Client, photo: str) -> None:
    answer = client("GET", "a.jpg")
    assert (answer.status, answer.body) == (200, BYTES)
    assert answer.headers["etag"] == photo
    assert answer.headers["last-modified"] == DATE
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["content-length"] == "100"


def test_head_is_get_without_the_body(client: Client, photo: str) -> None:
    got, head = client("GET", "a.jpg"), client("HEAD", "a.jpg")
    assert head.body == b""
    assert {k: v for k, v in head.headers.items() if k != "date"} == {
        k: v for k, v in got.headers.items() if k != "date"
    }
    assert photo


def test_empty_file(client: Client) -> None:
    client("PUT", "empty.jpg")
    answer = client("GET", "empty.jpg", Range="bytes=0-")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.HEIC", "image/heic"),
        ("a.dng", "image/x-adobe-dng"),
        ("a.CR3", "image/x-canon-cr3"),
        ("a.mov", "video/quicktime"),
        ("a.insv", "video/mp4"),
        ("a.webp", "image/webp"),
        ("a.xmp", "application/rdf+xml"),
        ("a", "application/octet-stream"),
        ("jpg", "application/octet-stream"),
        ("a.nonsense", "application/octet-stream"),
    ],
)
def test_content_type_by_name(client: Client, name: str, kind: str) -> None:
    client("PUT", name, b"x")
    assert client("HEAD", name).headers["content-type"] == kind


def test_range(client: Client, photo: str) -> None:
    answer = client("GET", "a.jpg", Range="bytes=10-19")
    assert (answer.status, answer.body) == (206, BYTES[10:20])
    assert answer.headers["content-range"] == "bytes 10-19/100"
    assert answer.headers["content-length"] == "10"
    assert answer.headers["etag"] == photo


def test_several_ranges_are_parts_of_one_answer(client: Client, photo: str) -> None:
    answer = client("GET", "a.jpg", Range="bytes=50-59,0-0,-2")
    assert answer.status == 206
    assert answer.headers["etag"] == photo
    parts = multipart(answer.headers["content-type"], answer.body)
    assert [(part["Content-Range"], part.get_payload(decode=True)) for part in parts] == [
        ("bytes 50-59/100", BYTES[50:60]),
        ("bytes 0-0/100", BYTES[:1]),
        ("bytes 98-99/100", BYTES[98:]),
    ]
    assert {part["Content-Type"] for part in parts} == {"image/jpeg"}


def multipart(kind: str, body: bytes) -> list[Message]:
    whole = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    parts = whole.get_payload()
    assert isinstance(parts, list)
    return parts  # type: ignore[return-value]


@pytest.mark.usefixtures("photo")
def test_range_outside_of_the_file(client: Client) -> None:
    answer = client("GET", "a.jpg", Range="bytes=100-")
    assert answer.status == 416
    assert answer.headers["content-range"] == "bytes */100"


@pytest.mark.usefixtures("photo")
@pytest.mark.parametrize("header", ["bytes=0-50,40-60", "bytes=5-1", "lines=1-2"])
def test_ranges_that_make_no_sense_are_answered_with_everything(client: Client, header: str) -> None:
    answer = client("GET", "a.jpg", Range=header)
    assert (answer.status, answer.body) == (200, BYTES)


def test_resuming_by_tag_and_by_date(client: Client, photo: str) -> None:
    assert client("GET", "a.jpg", Range="bytes=90-", If_Range=photo).body == BYTES[90:]
    assert client("GET", "a.jpg", Range="bytes=90-", If_Range=DATE).body == BYTES[90:]
    assert client("GET", "a.jpg", Range="bytes=90-", If_Range='"x"').body == BYTES


def test_not_modified(client: Client, photo: str) -> None:
    by_tag = client("GET", "a.jpg", If_None_Match=photo)
    assert (by_tag.status, by_tag.body, by_tag.headers["etag"]) == (304, b"", photo)
    assert client("GET", "a.jpg", If_Modified_Since=DATE).status == 304
    assert client("HEAD", "a.jpg", If_Modified_Since=DATE).status == 304
    assert client("GET", "a.jpg", If_None_Match='"x"', If_Modified_Since=DATE).status == 200


def test_preconditions_of_reading(client: Client, photo: str) -> None:
    assert client("GET", "a.jpg", If_Match='"x"').status == 412
    assert client("GET", "a.jpg", If_Match=photo).status == 200


def test_missing_file(client: Client, photo: str) -> None:
    assert client("GET", "b.jpg").status == 404
    assert client("HEAD", "b.jpg").body == b""
    assert client("GET", "a.jpg/b.jpg").status == 404
    assert photo


def test_folder_is_a_page_of_links(client: Client) -> None:
    client("PUT", "%3Cb%3E%20%26%20%22x%22.jpg", b"x")
    client("MKCOL", "sub")
    answer = client("GET")
    page = answer.body.decode()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == "default-src 'none'"
    assert f'<a href="{client.base}sub/">sub/</a>' in page
    assert f'<a href="{client.base}%3Cb%3E%20%26%20%22x%22.jpg">&lt;b&gt; &amp; &quot;x&quot;.jpg</a>' in page
    assert '<a href="/dav/anna/">..</a>' in page


def test_root_is_a_page_of_spaces(anna: Client) -> None:
    assert '<a href="/dav/anna/">anna/</a>' in anna("GET", "/dav").body.decode()


def test_head_of_a_folder_has_no_length(client: Client) -> None:
    answer = client("HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert "content-length" not in answer.headers


def test_store_that_is_down_is_unavailable_and_not_half_a_file(
    client: Client, dav: World, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> object:
        raise StoreUnavailable("The store does not answer.")

    monkeypatch.setattr(type(dav.library.files.store), "read", down)
    answer = client("GET", "a.jpg")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert photo


def test_answer_that_breaks_off_does_not_look_whole(
    client: Client, dav: World, photo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = type(dav.library.files).open

    def breaking(files: object, *arguments: object) -> Content:
        def read(_start: int, _length: int) -> Iterator[bytes]:
            yield b"some"
            raise StoreUnavailable("reset")

        return original(files, *arguments)._replace(read=read)  # type: ignore[arg-type]

    monkeypatch.setattr(type(dav.library.files), "open", breaking)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        client("GET", "a.jpg")
    assert photo
