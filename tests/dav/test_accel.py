"""Transfers that nginx takes over, with the configuration that is shipped."""

from collections.abc import Iterator

import pytest

from gateway.dav.app import build_app
from gateway.store.minio import MinioStore
from tests.components.minio import Minio
from tests.components.nginx import Nginx
from tests.dav.harness import Answer, Client, World, serving, world
from tests.repository.source import ROOT

PHOTO = bytes(range(256)) * 1024
NAMES = ["plain.jpg", "a%3Fb%3Bc%23d%25e%2B.mov", "%C3%A9%20%F0%9F%92%9A%26.heic"]


@pytest.fixture(scope="module")
def straight(minio: Minio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The door without nginx, over MinIO."""
    store = MinioStore(minio.endpoint, minio.fresh_bucket(), minio.access_key, minio.secret_key)
    with world(tmp_path_factory.mktemp("straight"), store=store) as made:
        client = made.client("anna")
        for name in NAMES:
            assert client("PUT", name, PHOTO, X_OC_Mtime="1600000000").status == 201
        client("PUT", "empty.jpg")
        yield made
    store.close()


@pytest.fixture(scope="module")
def nginx(minio: Minio, straight: World) -> Iterator[Nginx]:
    """The shipped nginx in front of a second door over the same library."""
    with serving(build_app(straight.library, accel="/_store/")) as port:
        text = (ROOT / "docker" / "nginx.conf").read_text()
        for old, new in (
            ("davgallery:8080", f"127.0.0.1:{port}"),
            ("minio:9000", minio.address),
            ("listen 80;", "listen 127.0.0.1:{port};"),
        ):
            assert old in text
            text = text.replace(old, new)
        with Nginx(text) as server:
            yield server


@pytest.fixture
def both(straight: World, nginx: Nginx) -> tuple[Client, Client]:
    """A client without nginx, and one through it."""
    return Client(straight.port, "anna", base="/dav/anna/"), Client(nginx.port, "anna", base="/dav/anna/")


def comparable(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    drop = {"date", "server", "connection", "keep-alive"}
    return answer.status, {k: v for k, v in answer.headers.items() if k not in drop}, answer.body


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Range": "bytes=1000-1999"},
        {"Range": "bytes=-5"},
        {"Range": "bytes=262140-"},
        {"Range": "bytes=999999-"},
        {"Range": "bytes=1-0"},
        {"If_Modified_Since": "Sun, 13 Sep 2020 12:26:40 GMT"},
        {"If_Modified_Since": "Sun, 13 Sep 2026 12:26:40 GMT"},
        {"If_None_Match": '"x"'},
        {"If_Match": '"x"'},
        {"Range": "bytes=0-9", "If_Range": "Sun, 13 Sep 2020 12:26:40 GMT"},
        {"Range": "bytes=0-9", "If_Range": '"x"'},
        {"Accept_Encoding": "gzip", "Cookie": "a=b", "X_Amz_Date": "nonsense"},
    ],
)
def test_what_nginx_sends_is_what_the_door_sends(
    both: tuple[Client, Client], name: str, fields: dict[str, str]
) -> None:
    without, through = both
    assert comparable(through("GET", name, **fields)) == comparable(without("GET", name, **fields))
    assert comparable(through("HEAD", name, **fields)) == comparable(without("HEAD", name, **fields))


def test_tag_decides_about_the_range(both: tuple[Client, Client]) -> None:
    without, through = both
    tag = without("HEAD", "plain.jpg").headers["etag"]
    answer = through("GET", "plain.jpg", Range="bytes=0-9", If_Range=tag)
    assert (answer.status, answer.body, answer.headers["etag"]) == (206, PHOTO[:10], tag)
    assert answer.headers["content-range"] == f"bytes 0-9/{len(PHOTO)}"


def test_several_ranges_and_empty_files_do_not_need_the_store(both: tuple[Client, Client]) -> None:
    _, through = both
    assert through("GET", "empty.jpg").body == b""
    several = through("GET", "plain.jpg", Range="bytes=0-9,20-29")
    assert several.status == 206
    assert several.headers["content-type"].startswith("multipart/byteranges")


def test_the_store_is_reached_only_through_the_door(both: tuple[Client, Client]) -> None:
    _, through = both
    assert through("GET", "/_store/").status == 404
    assert "x-accel-redirect" not in through("GET", "plain.jpg").headers


def test_the_transfer_is_really_handed_over(straight: World) -> None:
    with serving(build_app(straight.library, accel="/_store/")) as port:
        answer = Client(port, "anna", base="/dav/anna/")("GET", "plain.jpg", Range="bytes=1-5")
    assert answer.body == b""
    assert answer.headers["x-accel-redirect"].startswith("/_store/")
    assert answer.headers["x-store-range"] == "bytes=1-5"
