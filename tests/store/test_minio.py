"""The MinIO store when the service is down, slow, full, or cuts connections; and what it asks of S3."""

import itertools
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
import requests

from gateway.errors import NotFound, StoreFull, StoreUnavailable
from gateway.store import minio as minio_module
from gateway.store.http_pool import HttpPool
from gateway.store.minio import MinioStore
from tests.components.minio import Minio
from tests.store.bodies import MIB, broken_after, chunked, content, keys_of, read_all, unfinished_uploads
from tests.support.flaky import FlakyProxy, Scripted, answer, s3_error
from tests.support.ports import free_port

BODIES = {"small": (100_000, 100_000), "streamed": (12 * MIB, 12 * MIB), "parts": (20 * MIB, None)}


@pytest.fixture
def direct(minio: Minio, bucket: str) -> Iterator[MinioStore]:
    """The store without anything in between."""
    with closing(MinioStore(minio.endpoint, bucket, minio.access_key, minio.secret_key)) as store:
        yield store


@pytest.fixture
def proxy(minio: Minio) -> Iterator[FlakyProxy]:
    with FlakyProxy(int(minio.endpoint.rpartition(":")[2])) as server:
        yield server


@pytest.fixture
def flaky(minio: Minio, bucket: str, proxy: FlakyProxy) -> Iterator[MinioStore]:
    """The same bucket as ``direct``, through ``proxy``."""
    with closing(MinioStore(proxy.endpoint, bucket, minio.access_key, minio.secret_key)) as store:
        yield store


@contextmanager
def store_at(endpoint: str) -> Iterator[MinioStore]:
    with closing(MinioStore(endpoint, "bucket", "access", "secret-secret")) as store:
        yield store


def stop_waiting_after(store: MinioStore, seconds: float) -> None:
    store._signed.pool.answer_seconds = seconds


OPERATIONS: dict[str, Callable[[MinioStore], object]] = {
    "small put": lambda store: store.put("space/a", [b"x"], 1),
    "streamed put": lambda store: store.put("space/a", chunked(content(6 * MIB)), 6 * MIB),
    "put in parts": lambda store: store.put("space/a", chunked(content(6 * MIB)), None),
    "read": lambda store: store.read("space/a", 0, 1),
    "read of nothing": lambda store: store.read("space/a", 0, 0),
    "delete": lambda store: store.delete(["space/a"]),
    "list": lambda store: list(store.list()),
    "check": lambda store: store.check(),
    "make_bucket": lambda store: store.make_bucket(),
}
every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


@every_operation
def test_service_that_is_down_is_unavailable_at_once(operation: Callable[[MinioStore], object]) -> None:
    with store_at(f"http://127.0.0.1:{free_port()}") as store:
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            operation(store)
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("name", ["small put", "streamed put", "read", "delete", "check"])
def test_service_that_takes_no_connection_is_unavailable_within_8_seconds(name: str) -> None:
    """A listener whose backlog is full drops what comes, as a machine that is off does."""
    with ExitStack() as sockets:
        listener = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = sockets.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        store = sockets.enter_context(store_at(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            OPERATIONS[name](store)
        assert time.monotonic() - began < (3.2 if name == "check" else 8)


def test_restarted_service_is_used_again(minio: Minio, direct: MinioStore) -> None:
    direct.put("space/a", [b"x"], 1)
    minio.stop()
    with pytest.raises(StoreUnavailable):
        direct.check()
    with pytest.raises(StoreUnavailable):
        direct.read("space/a", 0, 1)
    minio.start()
    direct.check()
    assert read_all(direct, "space/a", 1) == b"x"


@every_operation
def test_connection_that_went_stale_is_replaced_unnoticed(
    flaky: MinioStore, proxy: FlakyProxy, operation: Callable[[MinioStore], object]
) -> None:
    flaky.put("space/a", [b"x"], 1)
    assert len(keys_of(flaky)) == 1
    proxy.drop_all()
    time.sleep(0.1)
    operation(flaky)


def test_connections_are_kept_alive(flaky: MinioStore, proxy: FlakyProxy) -> None:
    for number in range(10):
        flaky.put(f"space/{number}", [content(100_000)], 100_000)
        read_all(flaky, f"space/{number}", 100_000)
        with pytest.raises(NotFound):
            flaky.read("space/absent", 0, 1)
    assert proxy.connections == 1


@pytest.mark.parametrize(("length", "size"), BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_connections_that_are_cut_while_bytes_go_up_store_nothing(
    flaky: MinioStore, direct: MinioStore, proxy: FlakyProxy, minio: Minio, length: int, size: int | None, share: float
) -> None:
    # In parts, a cut meets each request for itself: 8 MiB and its head.
    proxy.cut_up = int(min(length, 8 * MIB) * share) + 100
    with pytest.raises(StoreUnavailable):
        flaky.put("space/a", chunked(content(length)), size)
    assert proxy.cuts
    time.sleep(0.2)
    assert keys_of(direct) == []
    proxy.cut_up = None
    flaky.put("space/a", chunked(content(length)), size)
    assert read_all(direct, "space/a", length) == content(length)


@pytest.mark.parametrize("name", ["small", "parts"])
def test_one_cut_is_healed_where_the_bytes_are_in_memory(
    flaky: MinioStore, direct: MinioStore, proxy: FlakyProxy, name: str
) -> None:
    length, size = BODIES[name]
    proxy.cut_up, proxy.cuts_left = 50_000, 1
    flaky.put("space/a", chunked(content(length)), size)
    assert proxy.cuts == 1
    assert read_all(direct, "space/a", length) == content(length)


def test_streamed_body_is_read_once_and_never_sent_again(
    flaky: MinioStore, direct: MinioStore, proxy: FlakyProxy
) -> None:
    proxy.cut_up, proxy.cuts_left = 3 * MIB, 1
    with pytest.raises(StoreUnavailable):
        flaky.put("space/a", chunked(content(12 * MIB)), 12 * MIB)
    time.sleep(0.2)
    assert proxy.connections == 1
    assert keys_of(direct) == []


@pytest.mark.parametrize("name", ["small", "streamed"])
def test_object_whose_acknowledgement_was_lost_is_taken_back(
    flaky: MinioStore, direct: MinioStore, proxy: FlakyProxy, name: str
) -> None:
    length, size = BODIES[name]
    proxy.cut_down, proxy.cuts_left = 0, 2 if name == "small" else 1
    with pytest.raises(StoreUnavailable):
        flaky.put("space/a", chunked(content(length)), size)
    assert proxy.cuts_left == 0
    assert keys_of(direct) == []


def test_acknowledgement_that_was_lost_once_is_asked_for_again(
    flaky: MinioStore, direct: MinioStore, proxy: FlakyProxy
) -> None:
    proxy.cut_down, proxy.cuts_left = 0, 1
    flaky.put("space/a", [b"photo"], 5)
    assert read_all(direct, "space/a", 5) == b"photo"


@pytest.mark.parametrize("cut", [1000, MIB, 3 * MIB])
def test_connection_that_is_cut_while_bytes_come_down_raises_and_is_never_short(
    flaky: MinioStore, direct: MinioStore, proxy: FlakyProxy, cut: int
) -> None:
    body = content(4 * MIB)
    direct.put("space/a", chunked(body), len(body))
    proxy.cut_down = cut
    got = bytearray()
    reader = iter(flaky.read("space/a", 0, len(body)))
    with pytest.raises(StoreUnavailable):
        got.extend(itertools.chain.from_iterable(reader))
    assert len(got) < cut
    assert body.startswith(got)
    proxy.cut_down = None
    assert read_all(flaky, "space/a", len(body)) == body


def test_read_that_is_cut_before_its_answer_is_asked_again(
    flaky: MinioStore, direct: MinioStore, proxy: FlakyProxy
) -> None:
    direct.put("space/a", [b"photo"], 5)
    proxy.cut_down, proxy.cuts_left = 0, 1
    assert read_all(flaky, "space/a", 5) == b"photo"


@pytest.mark.parametrize("name", ["small put", "streamed put", "put in parts", "read"])
def test_service_that_stops_answering_is_unavailable_when_the_time_is_up(
    flaky: MinioStore, direct: MinioStore, proxy: FlakyProxy, name: str
) -> None:
    direct.put("space/a", [b"x"], 1)
    stop_waiting_after(flaky, 0.5)
    proxy.stalled.set()
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        OPERATIONS[name](flaky)
    assert time.monotonic() - began < 3


def test_read_that_stalls_midway_is_unavailable_when_the_time_is_up(
    flaky: MinioStore, direct: MinioStore, proxy: FlakyProxy
) -> None:
    direct.put("space/a", chunked(content(32 * MIB)), 32 * MIB)
    stop_waiting_after(flaky, 0.5)
    reader = flaky.read("space/a", 0, 32 * MIB)
    next(reader)
    proxy.stalled.set()
    with pytest.raises(StoreUnavailable):
        list(reader)


def test_frozen_service_fails_its_check_within_3_seconds(minio: Minio, direct: MinioStore) -> None:
    with minio.frozen():
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            direct.check()
        assert time.monotonic() - began < 3


@pytest.mark.timeout(60)
def test_slow_line_is_no_broken_one(flaky: MinioStore, direct: MinioStore) -> None:
    """A body may take longer in all than the store waits for one step."""
    stop_waiting_after(flaky, 1)

    def slowly() -> Iterator[bytes]:
        for chunk in chunked(content(6 * MIB), MIB):
            time.sleep(0.4)
            yield chunk

    flaky.put("space/a", slowly(), 6 * MIB)
    assert read_all(direct, "space/a", 6 * MIB) == content(6 * MIB)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_transient_answer_is_tried_once_again(status: int) -> None:
    with (
        Scripted([s3_error(status, "SlowDown"), answer(200, b"", 'ETag: "e"')]) as server,
        store_at(server.endpoint) as store,
    ):
        store.put("space/a", [b"x"], 1)
    assert server.requests == ["PUT /bucket/space/a HTTP/1.1"] * 2


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (403, "AccessDenied"), (403, "RequestTimeTooSkewed")])
@every_operation
def test_any_other_refusal_is_unavailable(status: int, code: str, operation: Callable[[MinioStore], object]) -> None:
    with (
        Scripted([s3_error(status, code)]) as server,
        store_at(server.endpoint) as store,
        pytest.raises(StoreUnavailable),
    ):
        operation(store)


@pytest.mark.parametrize("name", ["small put", "streamed put", "put in parts", "read", "delete", "list"])
def test_answer_that_is_no_s3_is_unavailable(name: str) -> None:
    page = answer(200, b"<html>Log in to the hotel<br>", "Content-Type: text/html")
    with Scripted([page]) as server, store_at(server.endpoint) as store, pytest.raises(StoreUnavailable):
        OPERATIONS[name](store)


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - {"make_bucket"}))
def test_missing_bucket_is_unavailable_and_no_missing_object(minio: Minio, name: str) -> None:
    with (
        closing(MinioStore(minio.endpoint, "never-made", minio.access_key, minio.secret_key)) as store,
        pytest.raises(StoreUnavailable),
    ):
        OPERATIONS[name](store)


@pytest.mark.parametrize(
    ("status", "code"),
    [(507, "XMinioStorageFull"), (400, "XMinioAdminBucketQuotaExceeded"), (403, "QuotaExceeded"), (507, "")],
)
@pytest.mark.parametrize("name", ["small put", "streamed put", "put in parts"])
def test_full_service_is_store_full_and_not_asked_again(name: str, status: int, code: str) -> None:
    with Scripted([s3_error(status, code)]) as server, store_at(server.endpoint) as store:
        with pytest.raises(StoreFull):
            OPERATIONS[name](store)
        assert len(server.requests) == 1


@pytest.mark.parametrize(("length", "size"), [(5 * MIB, 5 * MIB), (64 * MIB, 64 * MIB)])
def test_answer_that_comes_before_the_body_was_read_is_heard(length: int, size: int) -> None:
    read = 0

    def counted() -> Iterator[bytes]:
        nonlocal read
        for chunk in chunked(content(length)):
            read += len(chunk)
            yield chunk

    with (
        Scripted([s3_error(507, "XMinioStorageFull")], read=100_000) as server,
        store_at(server.endpoint) as store,
        pytest.raises(StoreFull),
    ):
        store.put("space/a", counted(), size)
    assert read <= max(5 * MIB, length // 2)


def test_upload_in_parts_that_fails_with_200_at_its_end_leaves_nothing() -> None:
    """S3 answers 200 before it has put the parts together, and may then say in the body that it failed."""
    begun = answer(200, b"<InitiateMultipartUploadResult><UploadId>id/1=</UploadId></InitiateMultipartUploadResult>")
    failed = answer(200, b"<Error><Code>InternalError</Code></Error>")
    with Scripted([begun, answer(200, b"", 'ETag: "e"'), failed, answer(204)]) as server:
        with store_at(server.endpoint) as store, pytest.raises(StoreUnavailable):
            OPERATIONS["put in parts"](store)
        assert server.requests == [
            "POST /bucket/space/a?uploads= HTTP/1.1",
            "PUT /bucket/space/a?partNumber=1&uploadId=id%2F1%3D HTTP/1.1",
            "POST /bucket/space/a?uploadId=id%2F1%3D HTTP/1.1",
            "DELETE /bucket/space/a?uploadId=id%2F1%3D HTTP/1.1",
            "DELETE /bucket/space/a HTTP/1.1",
        ]


@pytest.fixture
def full_minio() -> Iterator[Minio]:
    """A MinIO whose disk has room for some 60 MiB."""
    server = Minio()
    disk = server.folder / "data"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", disk], check=True)  # needs root
    try:
        with server:
            yield server
    finally:
        subprocess.run(["umount", disk], check=True)
        shutil.rmtree(server.folder)


@pytest.mark.parametrize("size", [200 * MIB, None], ids=["streamed", "parts"])
def test_full_minio_is_store_full_and_keeps_nothing_of_what_did_not_fit(full_minio: Minio, size: int | None) -> None:
    with closing(MinioStore(full_minio.endpoint, "photos", full_minio.access_key, full_minio.secret_key)) as store:
        store.make_bucket()
        store.put("space/fits", [content(100_000)], 100_000)
        with pytest.raises(StoreFull):
            store.put("space/large", chunked(content(200 * MIB), MIB), size)
        assert keys_of(store) == ["space/fits"]
        assert unfinished_uploads(full_minio, "photos", "space/large") == 0


def test_minio_that_fills_up_with_small_objects_is_store_full(full_minio: Minio) -> None:
    with closing(MinioStore(full_minio.endpoint, "photos", full_minio.access_key, full_minio.secret_key)) as store:
        store.make_bucket()
        body = content(3 * MIB)

        def fill() -> None:
            for number in range(100):
                store.put(f"space/{number}", [body], len(body))

        with pytest.raises(StoreFull):
            fill()
        kept = keys_of(store)
        assert all(read_all(store, key, len(body)) == body for key in kept)
        assert kept


def test_wrong_secret_is_unavailable_and_not_said(minio: Minio, bucket: str) -> None:
    with closing(MinioStore(minio.endpoint, bucket, minio.access_key, "not-the-secret")) as store:
        for operation in OPERATIONS.values():
            with pytest.raises(StoreUnavailable) as caught:
                operation(store)
            assert str(caught.value) == "The storage is not available at the moment."


def test_presigned_address_gives_the_object_to_whoever_has_it(direct: MinioStore) -> None:
    key = "space/été 100 %/a+b~abc.jpg"
    direct.put(key, [b"photo"], 5)
    address = direct.url(key, 60)
    assert address is not None
    assert requests.get(address, timeout=5).content == b"photo"
    partial = requests.get(address, headers={"Range": "bytes=1-2"}, timeout=5)
    assert (partial.status_code, partial.content) == (206, b"ho")
    assert requests.get(address.partition("?")[0], timeout=5).status_code == 403
    direct.put("space/other", [b"other"], 5)
    other = direct.url("space/other", 60)
    assert other is not None
    assert requests.get(f"{address.partition('?')[0]}?{other.partition('?')[2]}", timeout=5).status_code == 403


def test_bucket_is_made_once_by_all_who_start(minio: Minio) -> None:
    name = f"made-{os.urandom(6).hex()}"

    def make(_: int) -> None:
        with closing(MinioStore(minio.endpoint, name, minio.access_key, minio.secret_key)) as store:
            store.make_bucket()
            store.check()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(make, range(6)))
    make(0)


def test_new_bucket_gets_a_rule_that_ends_unfinished_uploads() -> None:
    with Scripted([answer(404), answer(200), answer(200)]) as server, store_at(server.endpoint) as store:
        store.make_bucket()
    assert server.requests == [
        "HEAD /bucket HTTP/1.1",
        "PUT /bucket HTTP/1.1",
        "PUT /bucket?lifecycle= HTTP/1.1",
    ]


def test_bucket_that_exists_keeps_its_rules() -> None:
    with Scripted([answer(200)]) as server, store_at(server.endpoint) as store:
        store.make_bucket()
    assert server.requests == ["HEAD /bucket HTTP/1.1"]


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "127.0.0.1:9000",
        "ftp://host",
        "http://",
        "http://host/path",
        "http://host?x=1",
        "http://u:p@host",
        "http://h:port",
    ],
)
def test_wrong_endpoint_stops_the_start(endpoint: str) -> None:
    with pytest.raises(ValueError, match=r"endpoint|[Pp]ort"):
        MinioStore(endpoint, "bucket", "access", "secret-secret")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a self-signed certificate for 127.0.0.1 in one file."""
    file = tmp_path / "server.pem"
    command = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=test"
    addition = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file), "-out", str(tmp_path / "c.pem")]
    subprocess.run(["openssl", *command.split(), *addition], check=True, capture_output=True)
    file.write_text(file.read_text() + (tmp_path / "c.pem").read_text())
    return file


@pytest.fixture
def tls_proxy(minio: Minio, certificate: Path) -> Iterator[FlakyProxy]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with FlakyProxy(int(minio.endpoint.rpartition(":")[2]), tls) as server:
        yield server


def test_tls_endpoint_works_when_its_certificate_is_trusted(
    minio: Minio, bucket: str, tls_proxy: FlakyProxy, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with closing(MinioStore(tls_proxy.endpoint, bucket, minio.access_key, minio.secret_key)) as store:
        for length, size in BODIES.values():
            store.put(f"space/{length}", chunked(content(length)), size)
            assert read_all(store, f"space/{length}", length) == content(length)
        assert len(keys_of(store)) == 3
        store.delete(keys_of(store))
        store.check()


@every_operation
def test_certificate_that_nobody_vouches_for_is_unavailable(
    minio: Minio, bucket: str, tls_proxy: FlakyProxy, operation: Callable[[MinioStore], object]
) -> None:
    with (
        closing(MinioStore(tls_proxy.endpoint, bucket, minio.access_key, minio.secret_key)) as store,
        pytest.raises(StoreUnavailable),
    ):
        operation(store)


@pytest.mark.parametrize("broken", [False, True], ids=["whole", "cut"])
def test_body_over_the_limit_of_one_request_goes_in_parts(
    direct: MinioStore,
    minio: Minio,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    broken: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(minio_module, "_SINGLE_REQUEST", 6 * MIB)
    body = content(19 * MIB + 5)
    if broken:
        with pytest.raises(ConnectionError):
            direct.put("space/a", broken_after(17 * MIB, ConnectionError()), len(body))
        assert keys_of(direct) == []
        assert unfinished_uploads(minio, bucket, "space/a") == 0
    else:
        direct.put("space/a", chunked(body, 100_003), len(body))
        assert read_all(direct, "space/a", len(body)) == body


@pytest.mark.parametrize("size", [5 * 1024 * MIB + 1, 78 * 1024 * MIB, 100 * 1024 * MIB, 5 * 1024**2 * MIB, None])
def test_parts_keep_the_limits_of_s3_up_to_5_tib(size: int | None) -> None:
    total = size or 5 * 1024**2 * MIB
    arrived = number = 0
    while arrived < total:
        part = minio_module._part_size(size, arrived)
        assert 8 * MIB <= part <= 5 * 1024 * MIB
        arrived += part
        number += 1
    assert number <= 10_000
    assert minio_module._part_size(None, 9 * 1024 * MIB) == 8 * MIB


def test_pool_keeps_at_most_64_idle_connections_for_30_seconds(minio: Minio, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with closing(HttpPool("127.0.0.1", int(minio.endpoint.rpartition(":")[2]), None)) as pool:
        connections = [pool.take() for _ in range(70)]
        assert len({id(connection) for connection in connections}) == 70
        for connection in connections:
            pool.give(connection)
        assert [connection.closed for connection in connections] == [True] * 6 + [False] * 64
        assert pool.take() is connections[-1]
        now += 29
        pool.give(connections[-1])
        now += 2
        assert pool.take() is connections[-1]
        fresh = pool.take()
        assert fresh not in connections
        pool.give(fresh)
        assert [connection.closed for connection in connections] == [True] * 69 + [False]
        connections[-1].close()
