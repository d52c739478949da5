"""Upload apps on phones: PhotoSync, FolderSync, the Nextcloud apps' way of writing, and what they get wrong."""

import pytest

from tests.dav.harness import Client, lockinfo

pytestmark = pytest.mark.xdist_group("clients")  # one gateway serves them all

PHOTO = b"\xff\xd8\xff" + bytes(5000)


@pytest.fixture
def phone(home: Client) -> Client:
    home.headers["User-Agent"] = "PhotoSync/5.0 (iPhone; iOS 18.1)"
    return home


def test_the_base_address_is_a_folder_with_and_without_a_slash(phone: Client) -> None:
    for path in (phone.base, phone.base.rstrip("/"), "/dav", "/dav/", "/dav/admin", "/dav/admin/"):
        assert phone("OPTIONS", path).status == 200
        for depth in ("0", "1"):
            assert phone("PROPFIND", path, Depth=depth).status == 207, path


@pytest.mark.parametrize("slash", ["", "/"])
def test_folders_are_made_level_by_level(phone: Client, slash: str) -> None:
    assert phone("MKCOL", f"iPhone/2024{slash}").status == 409
    for level in ("iPhone", "iPhone/2024", "iPhone/2024/Juli"):
        assert phone("MKCOL", level + slash, Content_Type="application/xml", Content_Length="0").status == 201
        for again in ("", "/"):
            assert phone("MKCOL", level + again).status == 405
            assert phone("PROPFIND", level + again, Depth="0").status == 207
    assert phone("PUT", "iPhone/2024/Juli/IMG_0001.HEIC", PHOTO).status == 201
    assert phone("GET", "iPhone/2024/Juli/IMG_0001.HEIC").body == PHOTO


def test_folders_that_are_there_already_are_said_to_be_there(phone: Client) -> None:
    for path in ("/dav", "/dav/", "/dav/admin", "/dav/admin/", phone.base):
        assert phone("MKCOL", path).status == 405


def test_a_missing_folder_is_a_conflict(phone: Client) -> None:
    assert phone("PUT", "no/IMG_0001.HEIC", PHOTO).status == 409
    assert phone("MKCOL", "no/such").status == 409
    assert phone("PUT", "a.jpg", PHOTO).status == 201
    assert phone("MKCOL", "a.jpg").status == 405
    assert phone("PUT", "a.jpg/b.jpg", PHOTO).status == 409


@pytest.mark.parametrize("method", ["PUT", "MKCOL", "DELETE", "MOVE", "COPY", "LOCK", "PROPPATCH"])
@pytest.mark.parametrize("path", ["/", "/photos", "/IMG_1.jpg", "/remote.php/dav/files/admin/IMG_1.jpg", "/davx/a.jpg"])
def test_nothing_is_taken_outside_of_the_webdav_folder(phone: Client, method: str, path: str) -> None:
    answer = phone(method, path, PHOTO if method == "PUT" else b"", Destination=phone.base + "b.jpg")
    assert answer.status in {404, 405}


def test_nobody_else_s_space_is_reached(phone: Client, thrifty: Client) -> None:
    assert thrifty("PUT", "mine.jpg", PHOTO).status == 201
    bodies = {
        "PUT": PHOTO,
        "LOCK": lockinfo().encode(),
        "PROPPATCH": b"<propertyupdate xmlns='DAV:'><set><prop><x/></prop></set></propertyupdate>",
    }
    for method in ("GET", "PUT", "MKCOL", "DELETE", "PROPFIND", "LOCK", "PROPPATCH"):
        assert phone(method, "/dav/thrifty/mine.jpg", bodies.get(method, b"")).status in {403, 404}, method
    for method in ("COPY", "MOVE"):
        assert phone(method, "/dav/thrifty/mine.jpg", Destination=phone.base + "stolen.jpg").status in {403, 404}
        assert phone(method, phone.base, Destination="/dav/thrifty/planted").status in {403, 404, 409}
    assert thrifty("DELETE", "mine.jpg").status == 204


@pytest.mark.parametrize("mtime", ["1600000000.123456", "1600000000"])
def test_nextcloud_on_a_phone_gets_what_it_reads(phone: Client, mtime: str) -> None:
    phone.headers["User-Agent"] = "Mozilla/5.0 (iOS) Nextcloud-iOS/5.5.0"
    put = phone("PUT", "a.jpg", PHOTO, X_OC_MTime=mtime, X_OC_CTime=mtime, OC_Total_Length=str(len(PHOTO)))
    assert put.status == 201
    assert put.headers["x-oc-mtime"] == "accepted"
    assert put.headers["oc-etag"] == put.headers["etag"]
    assert put.headers["oc-fileid"]
    moved = phone("MOVE", "a.jpg", Destination=phone.base + "b.jpg", Overwrite="true")
    assert moved.status == 201
    assert phone("HEAD", "b.jpg").headers["last-modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"


def test_an_edited_photo_of_the_same_name_does_not_destroy_the_first(phone: Client) -> None:
    first = phone("PUT", "IMG_1.jpg", PHOTO).headers["etag"]
    assert phone("PUT", "IMG_1.jpg", PHOTO + b"edited", If_None_Match="*").status == 412
    assert phone("PUT", "IMG_1.jpg", PHOTO + b"edited", If_Match=first).status == 204
    assert phone("PUT", "IMG_1.jpg", PHOTO, If_Match=first).status == 412
    assert phone("GET", "IMG_1.jpg").body == PHOTO + b"edited"
