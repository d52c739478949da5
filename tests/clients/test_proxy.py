"""Behind nginx: TLS, a path prefix, other names and ports, and transfers that nginx takes over."""

import http.client
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.clients.access import LOG, TRUST, lines_of
from tests.clients.wire import basic
from tests.components.gateway import Gateway, Options
from tests.components.minio import Minio
from tests.components.nginx import Nginx
from tests.dav.harness import Answer, Client, lockinfo
from tests.repository.source import ROOT
from tests.support.certificate import self_signed
from tests.support.litmus import litmus
from tests.support.pages import connect_page
from tests.support.ports import free_port
from tests.support.rclone import Rclone
from tests.support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("clients")  # one gateway serves them all

PHOTO = bytes(range(256)) * 2048
SHIPPED = (ROOT / "docker" / "nginx.conf").read_text()


def shipped(gateway: Gateway, store: str, *more: tuple[str, str]) -> str:
    """docker/nginx.conf with our addresses in place of those of compose.yaml."""
    text = SHIPPED
    for old, new in (
        ("server davgallery:8080;", f"server 127.0.0.1:{gateway.port};"),
        ("minio:9000", store),
        *(more or [("listen 80;", "listen 127.0.0.1:{port};")]),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def handing(large: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway over the data of ``large`` that lets nginx send the files."""
    environment = LOG | TRUST | {"DAVGALLERY_ACCEL": "/_store/"}
    options = Options(large.options.database_url, large.options.store, large.bucket, 1, environment=environment)
    with Gateway(tmp_path_factory.mktemp("handing"), options) as started:
        yield started


@pytest.fixture(scope="module")
def nginx(handing: Gateway, minio: Minio) -> Iterator[Nginx]:
    """The shipped configuration in front of ``handing``."""
    server = Nginx(shipped(handing, minio.address))
    server.check()
    with server:
        yield server


@pytest.fixture(scope="module")
def both(large: Gateway, nginx: Nginx) -> tuple[Client, Client]:
    """The administrator without nginx, and through it; with some files."""
    root = Client(large.port, "admin", large.admin_password, "/dav/admin/")
    assert root("MKCOL", "photos").status == 201
    direct, through = (
        Client(port, "admin", large.admin_password, "/dav/admin/photos/") for port in (large.port, nginx.port)
    )
    assert direct("MKCOL", "f").status == 201
    for name in ("photo.jpg", "f/a%3Fb%20%C3%A9%2B%25.mov", "page.html"):
        assert direct("PUT", name, PHOTO, X_OC_Mtime="1600000000").status == 201
    assert direct("PUT", "empty.jpg").status == 201
    return direct, through


@pytest.fixture(scope="module")
def poor(large: Gateway, nginx: Nginx) -> Client:
    """Somebody with a quota of 1,000,000 bytes, through nginx."""
    return Client(nginx.port, "poor", large.add_account("poor", "--quota", "1MB"), "/dav/poor/")


def comparable(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """Everything but what names the server and the moment."""
    own = {"date", "server", "connection", "keep-alive"}
    return answer.status, {name: value for name, value in answer.headers.items() if name not in own}, answer.body


SAME: list[dict[str, str]] = [
    {},
    {"Range": "bytes=0-0"},
    {"Range": "bytes=1000-1999"},
    {"Range": "bytes=-5"},
    {"Range": "bytes=524280-"},
    {"Range": "bytes=0-99999999"},
    {"Range": "bytes=524288-"},
    {"Range": "bytes=9-1"},
    {"Range": "lines=1-2"},
    {"If_Modified_Since": "Sun, 13 Sep 2020 12:26:40 GMT"},
    {"If_Modified_Since": "Sun, 13 Sep 2020 12:26:39 GMT"},
    {"If_Unmodified_Since": "Sun, 13 Sep 2020 12:26:39 GMT"},
    {"If_None_Match": '"x"'},
    {"If_None_Match": "*"},
    {"If_Match": '"x"'},
    {"Range": "bytes=0-9", "If_Range": "Sun, 13 Sep 2020 12:26:40 GMT"},
    {"Range": "bytes=0-9", "If_Range": "Sun, 13 Sep 2020 12:26:41 GMT"},
    {"Range": "bytes=0-9", "If_Range": '"x"'},
    {"Accept_Encoding": "gzip, br", "Cookie": "a=b", "X_Amz_Date": "nonsense", "X_Store_Range": "bytes=1-2"},
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name", ["photo.jpg", "f/a%3Fb%20%C3%A9%2B%25.mov", "page.html", "empty.jpg", "missing.jpg"])
def test_a_handed_over_answer_is_the_same_to_the_last_header(
    both: tuple[Client, Client], method: str, name: str
) -> None:
    direct, through = both
    for fields in SAME:
        assert comparable(through(method, name, **fields)) == comparable(direct(method, name, **fields)), fields


def test_the_tag_and_several_ranges_are_judged_here(both: tuple[Client, Client]) -> None:
    direct, through = both
    tag = through("HEAD", "photo.jpg").headers["etag"]
    for fields in ({"If_None_Match": tag}, {"Range": "bytes=0-9", "If_Range": tag}, {"If_Match": tag}):
        assert comparable(through("GET", "photo.jpg", **fields)) == comparable(direct("GET", "photo.jpg", **fields))
    several = through("GET", "photo.jpg", Range="bytes=0-9,20-29,-5")
    assert several.status == 206
    boundary = several.headers["content-type"].partition("boundary=")[2].encode()
    parts = [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in several.body.split(b"--" + boundary)]
    assert parts[1:-1] == [PHOTO[:10], PHOTO[20:30], PHOTO[-5:]]


def test_the_store_stays_out_of_sight(both: tuple[Client, Client], large: Gateway, minio: Minio) -> None:
    _, through = both
    headers = through("GET", "photo.jpg").headers
    assert not [name for name in headers if name.startswith(("x-amz", "x-accel", "x-store", "x-minio", "x-ratelimit"))]
    objects = minio.client.list_objects(large.bucket, "admin", recursive=True)
    key = next(str(found.object_name) for found in objects if "/photo~" in str(found.object_name))
    signed = urlsplit(minio.client.presigned_get_object(large.bucket, key))
    assert requests.get(signed.geturl(), timeout=10).content == PHOTO
    for path in ("/_store/", f"/_store{signed.path}?{signed.query}", f"/x/../_store{signed.path}?{signed.query}"):
        assert through("GET", path).status == 404


def test_the_gateway_sends_no_byte_of_a_handed_over_file(both: tuple[Client, Client], handing: Gateway) -> None:
    assert both[1]("GET", "photo.jpg", User_Agent="where-from").body == PHOTO
    (line,) = wait_until(lambda: lines_of(handing, "where-from"))
    assert (line["status"], line["bytes"], line["remote"]) == (200, 0, "127.0.0.1")


def test_a_store_that_is_gone_is_503(both: tuple[Client, Client], minio: Minio) -> None:
    minio.stop()
    try:
        answer = both[1]("GET", "photo.jpg")
    finally:
        minio.start()
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert both[1]("GET", "photo.jpg").body == PHOTO


def test_rclone_checks_what_nginx_sends(nginx: Nginx, large: Gateway, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for number in range(60):
        (source / f"{number}.jpg").write_bytes(PHOTO[: number * 5000])
    (source / "video.mov").write_bytes(PHOTO * 40)
    rclone = Rclone(f"{nginx.url}/dav/admin", "admin", large.admin_password)
    rclone.run("copy", "--transfers", "16", str(source), rclone.remote("many"))
    rclone.run("check", "--download", "--checkers", "16", str(source), rclone.remote("many"))
    rclone.run("check", str(source), rclone.remote("many"))


def test_litmus_through_the_nginx_that_sends_the_files(nginx: Nginx, large: Gateway, tmp_path: Path) -> None:
    found = litmus(f"{nginx.url}/dav/admin/", "admin", large.admin_password, tmp_path)
    assert {name: group.complaints for name, group in found.items() if not group.clean} == {}


@pytest.mark.parametrize("form", ["length", "chunked", "expect"])
@pytest.mark.parametrize(("path", "status"), [("big.mov", 507), ("/dav/admin/big.mov", 404), ("no/big.mov", 409)])
def test_an_early_refusal_reaches_the_client_through_nginx(
    nginx: Nginx, poor: Client, form: str, path: str, status: int
) -> None:
    """nginx is still sending when the gateway has answered; the client must not see a 502."""
    piece, pieces = bytes(100_000), 80
    target = path if path.startswith("/") else poor.base + path
    headers = {
        "length": {"Content-Length": str(len(piece) * pieces)},
        "chunked": {"Transfer-Encoding": "chunked", "X-Expected-Entity-Length": str(len(piece) * pieces)},
        "expect": {"Content-Length": str(len(piece) * pieces), "Expect": "100-continue"},
    }[form]
    name, _, value = basic(poor.user, poor.password).partition(": ")
    for _ in range(8):
        connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=30)
        with closing(connection):
            connection.putrequest("PUT", target)
            for header in ({name: value} | headers).items():
                connection.putheader(*header)
            connection.endheaders()
            with suppress(BrokenPipeError, ConnectionResetError):
                for _ in range(pieces):
                    connection.send(b"%x\r\n%s\r\n" % (len(piece), piece) if form == "chunked" else piece)
            assert connection.getresponse().status == status


def works_at(url: str, password: str, folder: Path, *words: str) -> None:
    """Let rclone upload, list, move, copy and check in the folder with the address ``url``."""
    rclone = Rclone(url.rstrip("/"), "admin", password)
    source = folder / "source"
    (source / "Köln & mehr").mkdir(parents=True)
    (source / "Köln & mehr/a?b;c.jpg").write_bytes(PHOTO)
    rclone.run("copy", str(source), rclone.remote("x"), *words)
    assert rclone.run("lsf", "-R", rclone.remote("x"), *words).stdout == "Köln & mehr/\nKöln & mehr/a?b;c.jpg\n"
    rclone.run("moveto", rclone.remote("x/Köln & mehr"), rclone.remote("y/Ä % b"), *words)
    rclone.run("copyto", rclone.remote("y/Ä % b/a?b;c.jpg"), rclone.remote("z.jpg"), *words)
    rclone.run("check", "--download", str(source / "Köln & mehr"), rclone.remote("y/Ä % b"), *words)
    rclone.run("purge", rclone.remote("y"), *words)
    assert rclone.run("lsf", rclone.remote(), *words).stdout.split() == ["x/", "z.jpg"]


def test_tls_ends_at_the_shipped_nginx(gateway: Gateway, home: Client, tmp_path: Path) -> None:
    """As the file says: its TLS lines in place of ``listen 80``."""
    certificate, key = self_signed(tmp_path)
    text = shipped(
        gateway,
        "127.0.0.1:9",
        ("    listen 80;", ""),
        ("# listen 443", "listen 127.0.0.1:{port}"),
        ("# ssl_certificate /etc/letsencrypt/live/photos.example.org/fullchain.pem", f"ssl_certificate {certificate}"),
        ("# ssl_certificate_key /etc/letsencrypt/live/photos.example.org/privkey.pem", f"ssl_certificate_key {key}"),
        ("# ssl_", "ssl_"),
        ("# add_header", "add_header"),
    )
    with Nginx(text) as nginx:
        outside = f"https://localhost:{nginx.port}"
        works_at(outside + home.base, gateway.admin_password, tmp_path, "--no-check-certificate")
        page = requests.get(f"{outside}/sign-in", verify=str(certificate), timeout=10)
        told = connect_page(outside, "admin", gateway.admin_password, certificate)
    assert f"{outside}/dav/" in told
    assert "max-age" in page.headers["Strict-Transport-Security"]


PREFIXED = """
    server {{
        listen 127.0.0.1:{{port}};
        client_max_body_size 0;
        location /photos/ {{
            proxy_pass http://127.0.0.1:{port}{cut};
            proxy_http_version 1.1;
            proxy_request_buffering off;
            {headers}
        }}
    }}
"""


def works_below_a_prefix(front: Nginx, password: str, path: str, folder: Path) -> None:
    """``path``: of a folder of the administrator as nginx's clients see it."""
    with front:
        works_at(front.url + path, password, folder)
        client = Client(front.port, "admin", password, path)
        assert client("PROPFIND", "", Depth="1").hrefs == [path, f"{path}x/", f"{path}z.jpg"]
        assert f'href="{path}z.jpg"' in client("GET", "").body.decode()
        locked = client("LOCK", "z.jpg", lockinfo())
        assert f"<d:lockroot><d:href>{path}z.jpg</d:href>".encode() in locked.body
        token = locked.headers["lock-token"]
        assert client("PUT", "z.jpg", b"x", If=f"<{front.url}{path}z.jpg> ({token})").status == 204
        assert client("UNLOCK", "z.jpg", Lock_Token=token).status == 204
        assert f"{front.url}/photos/dav/" in connect_page(f"{front.url}/photos", "admin", password)


def test_a_prefix_that_the_proxy_names_and_cuts_off(gateway: Gateway, home: Client, tmp_path: Path) -> None:
    headers = "proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Prefix /photos;"
    front = Nginx(PREFIXED.format(port=gateway.port, cut="/", headers=headers))
    works_below_a_prefix(front, gateway.admin_password, f"/photos{home.base}", tmp_path)


def test_a_prefix_that_the_setting_names(tmp_path: Path) -> None:
    """The proxy says nothing of it, nor of the name outside, and cuts it off or not."""
    port = free_port()
    with Gateway(
        options=Options(workers=1, environment=LOG | {"DAVGALLERY_PUBLIC_URL": f"http://127.0.0.1:{port}/photos"})
    ) as gateway:
        for cut, name in (("/", "cut"), ("", "kept")):
            assert Client(gateway.port, "admin", gateway.admin_password)("MKCOL", f"/dav/admin/{name}").status == 201
            headers = "proxy_set_header Host internal.example:81;"
            front = Nginx(PREFIXED.format(port=gateway.port, cut=cut, headers=headers), port=port)
            works_below_a_prefix(front, gateway.admin_password, f"/photos/dav/admin/{name}/", tmp_path / name)


@pytest.mark.parametrize("header", ["X-Forwarded-Host", "Host"])
def test_another_name_and_port_outside(gateway: Gateway, home: Client, header: str) -> None:
    inner = f"proxy_pass http://127.0.0.1:{gateway.port}; proxy_set_header {header} $http_host;"
    more = "proxy_set_header X-Forwarded-Proto https;"
    outside = {"Host": "photos.example.org:8443"}
    with Nginx(f"server {{ listen 127.0.0.1:{{port}}; location / {{ {inner} {more} }} }}") as nginx:
        client = Client(nginx.port, home.user, home.password, home.base)
        assert client("PUT", "a.jpg", PHOTO, **outside).status == 201
        for method, source, target in (("COPY", "a.jpg", "b.jpg"), ("MOVE", "b.jpg", "c%3Fd.jpg")):
            to = f"https://photos.example.org:8443{home.base}{target}"
            assert client(method, source, Destination=to, **outside).status == 201, method
        assert client("GET", "c%3Fd.jpg", **outside).body == PHOTO
        names = ["", "a.jpg", "c%3Fd.jpg"]
        assert client("PROPFIND", "", Depth="1", **outside).hrefs == [home.base + name for name in names]
        elsewhere = f"https://other.example.org{home.base}e.jpg"
        assert client("MOVE", "a.jpg", Destination=elsewhere, **outside).status == 502
        assert client("HEAD", "a.jpg", **outside).status == 200
