"""What the clients that people have say, request by request."""

import base64
import http.client

import pytest

from tests.dav.harness import Client, lockinfo, propfind

D = "{DAV:}"
PHOTO = b"a photograph"
DATE = "Sun, 13 Sep 2020 12:26:40 GMT"


def test_windows_explorer_copies_a_file(client: Client) -> None:
    client.headers = {"User-Agent": "Microsoft-WebDAV-MiniRedir/10.0.19045", "Translate": "f"}
    assert client("PROPFIND", "a.jpg", Depth="0").status == 404
    assert client("PUT", "a.jpg").status == 201
    token = client("LOCK", "a.jpg", lockinfo(), Timeout="Second-3600").headers["lock-token"]
    names = ("Win32CreationTime", "Win32LastAccessTime", "Win32LastModifiedTime")
    times = "".join(f"<Z:{name}>{DATE}</Z:{name}>" for name in names)
    patch = (
        '<?xml version="1.0" encoding="utf-8" ?><D:propertyupdate xmlns:D="DAV:" '
        f'xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop>{times}'
        "<Z:Win32FileAttributes>00000000</Z:Win32FileAttributes></D:prop></D:set></D:propertyupdate>"
    )
    assert client("PROPPATCH", "a.jpg", patch, If=f"({token})").status == 207
    assert client("HEAD", "a.jpg").status == 200
    assert client("PUT", "a.jpg", PHOTO, If=f"({token})").status == 204
    patched = client("PROPPATCH", "a.jpg", patch, If=f"({token})")
    (stat,) = patched.by_status(client.base + "a.jpg").items()
    assert stat[0] == 200
    assert client("UNLOCK", "a.jpg", Lock_Token=token).status == 204
    head = client("HEAD", "a.jpg")
    assert (head.headers["content-length"], head.headers["last-modified"]) == (str(len(PHOTO)), DATE)


def test_finder_copies_a_file(client: Client) -> None:
    client.headers = {"User-Agent": "WebDAVFS/3.0.0 (03008000) Darwin/23.0.0 (arm64)"}
    assert client("PROPFIND", "._a.jpg", Depth="0").status == 404
    created = client("PUT", "a.jpg")
    assert created.status == 201
    assert {"date", "etag", "last-modified"} <= set(created.headers)
    token = client("LOCK", "a.jpg", lockinfo(), Depth="0", Timeout="Second-600").headers["lock-token"]
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    headers = {
        "Authorization": authorization(client),
        "If": f"({token})",
        "X-Expected-Entity-Length": str(len(PHOTO)),
        "Transfer-Encoding": "chunked",
    }
    connection.request("PUT", client.base + "a.jpg", iter([PHOTO[:5], PHOTO[5:]]), headers, encode_chunked=True)
    assert connection.getresponse().status == 204
    connection.close()
    assert client("PUT", "._a.jpg", b"resource fork").status == 201
    assert client("UNLOCK", "a.jpg", Lock_Token=token).status == 204
    assert client("GET", "a.jpg").body == PHOTO


def authorization(client: Client) -> str:
    return "Basic " + base64.b64encode(f"{client.user}:{client.password}".encode()).decode()


def test_finder_lists_with_a_property_of_its_own(client: Client) -> None:
    client("PUT", "a.jpg", PHOTO)
    names = "<getlastmodified/><getcontentlength/><creationdate/><resourcetype/>"
    apple = '<appledoubleheader xmlns="http://www.apple.com/webdav_fs/props/"/>'
    answer = client("PROPFIND", "", propfind(inner=f"<prop>{names}{apple}</prop>"), Depth="1")
    found = answer.by_status(client.base + "a.jpg")
    assert set(found[200]) == {D + n for n in ("getlastmodified", "getcontentlength", "creationdate", "resourcetype")}
    assert set(found[404]) == {"{http://www.apple.com/webdav_fs/props/}appledoubleheader"}


def test_finder_asks_for_free_space_in_old_and_new_words(client: Client) -> None:
    answer = client(
        "PROPFIND", "", propfind("quota-available-bytes", "quota-used-bytes", "quota", "quotaused"), Depth="0"
    )
    found = answer.by_status(client.base)
    assert set(found[200]) == {D + "quota-available-bytes", D + "quota-used-bytes"}
    assert all(int(one.text or "") >= 0 for one in found[200].values())


def test_davfs2_creates_a_file_under_a_lock(client: Client) -> None:
    created = client("LOCK", "a.jpg", lockinfo(), Depth="0", Timeout="Second-1800", If_None_Match="*")
    assert created.status == 201
    token = created.headers["lock-token"]
    tag = client("HEAD", "a.jpg").headers["etag"]
    put = client("PUT", "a.jpg", PHOTO, If=f"({token} [{tag}])")
    assert put.status == 204
    assert {"etag", "last-modified"} <= set(put.headers)
    assert client("UNLOCK", "a.jpg", Lock_Token=token).status == 204
    assert client("LOCK", "a.jpg", lockinfo(), Depth="0", If_None_Match="*").status == 412


def test_davfs2_makes_a_file_executable(client: Client) -> None:
    client("PUT", "a.sh", b"x")
    apache = "http://apache.org/dav/props/"
    body = (
        '<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop>'
        f'<x:executable xmlns:x="{apache}">T</x:executable></d:prop></d:set></d:propertyupdate>'
    )
    asked = propfind(inner=f'<prop><executable xmlns="{apache}"/></prop>')
    seen = []
    for _ in range(2):
        found = client("PROPFIND", "a.sh", asked, Depth="0").properties(client.base + "a.sh")
        seen.append(found[f"{{{apache}}}executable"].text)
        client("PROPPATCH", "a.sh", body)
    assert seen == ["F", "T"]


def test_gnome_replaces_a_file_it_has_seen(client: Client) -> None:
    client("PUT", "a.jpg", b"old")
    tag = client("HEAD", "a.jpg").headers["etag"]
    assert client("PUT", "a.jpg", PHOTO, If_Match=tag, X_OC_Mtime="1600000000").status == 204
    assert client("PUT", "a.jpg", b"late", If_Match=tag).status == 412


def test_photosync_makes_folders_and_uploads(client: Client) -> None:
    assert client("OPTIONS").status == 200
    assert client("PROPFIND", Depth="1").status == 207
    for path in ("2023", "2023/Berlin"):
        assert client("MKCOL", path).status == 201
        assert client("MKCOL", path + "/").status == 405
    assert client("PUT", "2023/Berlin/IMG_1.HEIC", PHOTO).status == 201


@pytest.mark.parametrize("mtime", ["1600000000.5", "1600000000"])
def test_nextcloud_app_uploads(client: Client, mtime: str) -> None:
    put = client("PUT", "a.jpg", PHOTO, X_OC_MTime=mtime, X_OC_CTime=mtime, OC_Total_Length=str(len(PHOTO)))
    assert put.headers["x-oc-mtime"] == "accepted"
    assert put.headers["oc-etag"] == put.headers["etag"]
    assert put.headers["oc-fileid"]
