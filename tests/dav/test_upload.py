import base64
import hashlib
import http.client
import socket
import time

import pytest

from tests.dav.harness import PASSWORD, Client, World, propfind

PHOTO = b"a photograph"
SHA1 = hashlib.sha1(PHOTO).hexdigest()


def test_upload_is_created_and_then_replaced(client: Client) -> None:
    created = client("PUT", "a.jpg", PHOTO)
    replaced = client("PUT", "a.jpg", b"another")
    assert (created.status, replaced.status) == (201, 204)
    assert client("GET", "a.jpg").body == b"another"


def test_upload_answers_with_the_tag_that_everything_else_gives(client: Client) -> None:
    put = client("PUT", "a.jpg", PHOTO)
    head = client("HEAD", "a.jpg")
    listed = client("PROPFIND", "a.jpg", propfind("getetag", "getlastmodified"), Depth="0")
    properties = listed.properties(client.base + "a.jpg")
    assert put.headers["etag"] == head.headers["etag"] == properties["{DAV:}getetag"].text == put.headers["oc-etag"]
    assert put.headers["etag"].startswith('"')
    assert put.headers["last-modified"] == head.headers["last-modified"] == properties["{DAV:}getlastmodified"].text
    assert put.headers["oc-fileid"]


@pytest.mark.parametrize("mtime", ["1600000000", "1600000000.75"])
def test_upload_keeps_the_clients_time(client: Client, mtime: str) -> None:
    put = client("PUT", "a.jpg", PHOTO, X_OC_Mtime=mtime)
    assert put.headers["x-oc-mtime"] == "accepted"
    assert put.headers["last-modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"


def test_wrong_time_is_refused_before_the_body(client: Client) -> None:
    assert client("PUT", "a.jpg", PHOTO, X_OC_Mtime="soon").status == 400
    assert client("HEAD", "a.jpg").status == 404


def test_checksum_is_verified(client: Client) -> None:
    assert client("PUT", "a.jpg", PHOTO, OC_Checksum=f"SHA1:{SHA1}").status == 201
    assert client("PUT", "a.jpg", b"other bytes", OC_Checksum=f"SHA1:{SHA1}").status == 400
    assert client("GET", "a.jpg").body == PHOTO


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"Content_Range": "bytes 0-3/9"}, 400),
        ({"Content_Encoding": "gzip"}, 415),
        ({"If_Match": '"x"'}, 412),
        ({"If_Match": "*"}, 412),
        ({"If_Match": "x"}, 400),
        ({"If": "(<urn:uuid:1>)"}, 412),
    ],
)
def test_upload_is_refused(client: Client, fields: dict[str, str], status: int) -> None:
    assert client("PUT", "a.jpg", PHOTO, **fields).status == status
    assert client("HEAD", "a.jpg").status == 404


def test_upload_only_where_nothing_is(client: Client) -> None:
    assert client("PUT", "a.jpg", PHOTO, If_None_Match="*").status == 201
    assert client("PUT", "a.jpg", b"other", If_None_Match="*").status == 412
    assert client("GET", "a.jpg").body == PHOTO


def test_upload_only_over_what_was_read(client: Client) -> None:
    tag = client("PUT", "a.jpg", PHOTO).headers["etag"]
    assert client("PUT", "a.jpg", b"second", If_Match=tag).status == 204
    assert client("PUT", "a.jpg", b"third", If_Match=tag).status == 412


def test_folder_cannot_be_uploaded(client: Client) -> None:
    client("MKCOL", "folder")
    assert client("PUT", "folder", PHOTO).status == 405
    assert client("PUT", "folder/", PHOTO).status == 405
    assert client("PUT", "new/", PHOTO).status == 405


def test_upload_needs_its_folder(client: Client) -> None:
    assert client("PUT", "missing/a.jpg", PHOTO).status == 409


@pytest.mark.parametrize("path", ["/dav/a.jpg", "/dav/anna", "/dav/", "/dav"])
def test_nothing_is_written_beside_the_spaces(anna: Client, path: str) -> None:
    assert anna("PUT", path, PHOTO).status in {403, 405}
    assert anna("DELETE", path).status == 403


@pytest.mark.parametrize("name", ["%2E%2E", "%00", "a%2Fb", "x" * 256, "%0A", "%ff"])
def test_impossible_names_are_refused(client: Client, name: str) -> None:
    assert client("PUT", name, PHOTO).status == 400


@pytest.mark.parametrize("name", ["a%3Fb%3Bc%23%25.jpg", "%F0%9F%92%9A", "a%26b%2B%27.jpg", "x" * 255, "%3C%3E%7C%2A"])
def test_odd_names_are_listed_as_they_were_sent(client: Client, name: str) -> None:
    assert client("PUT", name, PHOTO).status == 201
    (_, href) = client("PROPFIND", Depth="1").hrefs
    assert client("GET", href).body == PHOTO
    assert client("DELETE", href).status == 204


def chunked(client: Client, path: str, chunks: list[bytes], **fields: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    headers["Authorization"] = basic(client)
    connection.request("PUT", client.base + path, body=iter(chunks), headers=headers, encode_chunked=True)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def basic(client: Client) -> str:
    return "Basic " + base64.b64encode(f"{client.user}:{PASSWORD}".encode()).decode()


def test_chunked_upload(client: Client) -> None:
    assert chunked(client, "a.jpg", [b"a ", b"photograph"]).status == 201
    assert client("GET", "a.jpg").body == PHOTO


def test_finder_says_the_length_of_a_chunked_upload(client: Client) -> None:
    assert chunked(client, "a.jpg", [PHOTO], X_Expected_Entity_Length=str(len(PHOTO))).status == 201
    assert chunked(client, "b.jpg", [PHOTO], X_Expected_Entity_Length="99").status == 400
    assert client("HEAD", "b.jpg").status == 404


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_cut_upload_leaves_the_old_file(client: Client, framing: str) -> None:
    client("PUT", "a.jpg", PHOTO)
    with socket.create_connection(("127.0.0.1", client.port)) as raw:
        head = f"PUT {client.base}a.jpg HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(client)}\r\n{framing}\r\n\r\n"
        raw.sendall(head.encode() + b"3e8\r\nhalf of it")
        raw.shutdown(socket.SHUT_WR)
        answer = raw.recv(65536)
    assert answer[:13] in {b"", b"HTTP/1.1 400 "}
    assert client("GET", "a.jpg").body == PHOTO


def test_full_space_is_told_before_the_body(dav: World) -> None:
    small = dav.client("small", quota=1000)
    with socket.create_connection(("127.0.0.1", small.port)) as raw:
        head = f"PUT {small.base}a.jpg HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(small)}\r\n"
        raw.sendall((head + "Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n").encode())
        answer = raw.recv(65536)
    assert answer.startswith(b"HTTP/1.1 507 ")
    assert b"quota-not-exceeded" in answer
    assert small("PUT", "b.jpg", b"x" * 1000).status == 201


def test_continue_is_sent_when_the_body_is_wanted(client: Client) -> None:
    with socket.create_connection(("127.0.0.1", client.port)) as raw:
        head = f"PUT {client.base}a.jpg HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(client)}\r\n"
        raw.sendall((head + "Content-Length: 12\r\nExpect: 100-continue\r\n\r\n").encode())
        assert raw.recv(65536).startswith(b"HTTP/1.1 100 ")
        raw.sendall(PHOTO)
        assert raw.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_folders_are_made(client: Client) -> None:
    made = client("MKCOL", "one")
    assert made.status == 201
    assert made.headers["oc-fileid"]
    assert client("MKCOL", "two/").status == 201
    assert client("MKCOL", "one/").status == 405
    assert client("MKCOL", "missing/three").status == 409
    assert client("MKCOL", "four", b"x").status == 415
    assert client("MKCOL", "five", Content_Type="application/xml").status == 201


def test_folder_keeps_the_clients_time(client: Client) -> None:
    assert client("MKCOL", "one", X_OC_Mtime="1600000000").headers["x-oc-mtime"] == "accepted"
    listed = client("PROPFIND", "one", propfind("getlastmodified"), Depth="0")
    found = listed.properties(client.base + "one/")["{DAV:}getlastmodified"]
    assert found.text == "Sun, 13 Sep 2020 12:26:40 GMT"


@pytest.mark.parametrize(("path", "status"), [("/dav/", 405), ("/dav/anna", 405), ("/dav/anna/", 405), ("/dav/x", 403)])
def test_apps_that_make_every_level_find_spaces_there(anna: Client, path: str, status: int) -> None:
    assert anna("MKCOL", path).status == status


def test_delete(client: Client) -> None:
    client("MKCOL", "folder")
    client("PUT", "folder/a.jpg", PHOTO)
    assert client("DELETE", "folder", Depth="0").status == 400
    assert client("DELETE", "folder/a.jpg", Depth="0").status == 204
    assert client("DELETE", "folder/").status == 204
    assert client("DELETE", "folder").status == 404


@pytest.mark.parametrize("method", ["POST", "PATCH", "REPORT", "TRACE", "get", "OPTIO"])
def test_other_methods_are_not_allowed(client: Client, method: str) -> None:
    answer = client(method, "a.jpg")
    assert answer.status == 405
    assert "PUT" in answer.headers["allow"]


def test_unexpected_error_has_a_reference_and_no_traceback(
    client: Client, dav: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(type(dav.library.files), "stat", broken)
    answer = client("PROPFIND", Depth="0")
    assert answer.status == 500
    assert b"secret" not in answer.body
    reference = answer.body.decode().split()[-1]
    assert any(reference in record.getMessage() for record in caplog.records)


def test_times_are_not_lost_when_a_file_is_replaced_by_an_older_one(client: Client) -> None:
    new = client("PUT", "a.jpg", b"new", X_OC_Mtime=str(int(time.time())))
    client("PUT", "a.jpg", b"old", X_OC_Mtime="1600000000")
    assert client("GET", "a.jpg", If_Modified_Since=new.headers["last-modified"]).body == b"old"
