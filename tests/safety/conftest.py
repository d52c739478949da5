"""Gateways that many tests share, on both pairs of a database and a store, and one for a test that breaks it."""

import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.components.gateway import Gateway, Options
from tests.components.minio import Minio
from tests.components.postgres import Postgres
from tests.safety.house import House
from tests.support.flaky import FlakyProxy

BACKENDS = ["folder-sqlite", "minio-postgres"]


def serve(folder: Path, options: Options) -> Iterator[House]:
    """A gateway that outlives its tests with a clean log."""
    with Gateway(folder, options) as gateway:
        house = House(gateway)
        yield house
        assert gateway.running
        house.assert_log_is_clean()


@pytest.fixture(scope="session")
def folder_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A gateway on SQLite and a folder that nobody breaks."""
    yield from serve(tmp_path_factory.mktemp("folder"), Options())


@pytest.fixture(scope="session")
def minio_house(tmp_path_factory: pytest.TempPathFactory, minio: Minio, postgres: Postgres) -> Iterator[House]:
    """The same on PostgreSQL and MinIO."""
    options = Options(store=minio, database_url=postgres.fresh_database())
    yield from serve(tmp_path_factory.mktemp("minio"), options)


@pytest.fixture(params=BACKENDS)
def house(request: pytest.FixtureRequest) -> House:
    """A gateway that other tests use too, once on each backend: every test takes accounts of its own."""
    found: House = request.getfixturevalue(f"{request.param.partition('-')[0]}_house")
    return found


@pytest.fixture(scope="session")
def tls_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, ssl.SSLContext]]:
    """A gateway that speaks HTTPS itself, and what a client needs to trust it."""
    folder: Path = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-nodes", "-keyout", str(key), "-out", str(certificate)]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-days", "1", *subject, *files]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    gateway = Gateway(folder, Options(arguments=["--tls-cert", str(certificate), "--tls-key", str(key)], workers=1))
    gateway.url = gateway.url.replace("http:", "https:")
    with gateway:
        house = House(gateway)
        yield house, context
        house.assert_log_is_clean()


@pytest.fixture(scope="session")
def exposed_house(tmp_path_factory: pytest.TempPathFactory, minio: Minio) -> Iterator[House]:
    """A gateway that believes in ``X-Forwarded-For``, hands transfers over to an nginx, and logs all it can."""
    arguments = ["--trusted-proxies", "127.0.0.1", "--accel", "/_store/", "--log-level", "debug"]
    yield from serve(tmp_path_factory.mktemp("exposed"), Options(store=minio, arguments=arguments, workers=1))


@pytest.fixture(scope="session")
def _proxied(tmp_path_factory: pytest.TempPathFactory, minio: Minio) -> Iterator[tuple[House, FlakyProxy]]:
    with FlakyProxy(int(minio.address.rpartition(":")[2])) as proxy:
        options = Options(store=minio, workers=1, environment={"DAVGALLERY_S3_ENDPOINT": proxy.endpoint})
        for house in serve(tmp_path_factory.mktemp("proxied"), options):
            yield house, proxy


@pytest.fixture
def proxied_house(_proxied: tuple[House, FlakyProxy]) -> Iterator[tuple[House, FlakyProxy]]:
    """A gateway with a proxy between it and MinIO, which breaks what a test tells it to."""
    house, proxy = _proxied
    yield house, proxy
    proxy.cut_up = proxy.cut_down = None
    proxy.stalled.clear()
    proxy.drop_all()


@pytest.fixture(scope="session")
def _fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Minio]]:
    with Minio() as server:
        for house in serve(tmp_path_factory.mktemp("fragile"), Options(store=server, workers=1)):
            yield house, server


@pytest.fixture
def fragile_house(_fragile: tuple[House, Minio]) -> Iterator[tuple[House, Minio]]:
    """A gateway on a MinIO that a test may kill."""
    house, server = _fragile
    yield house, server
    if not server.running:
        server.start()


@pytest.fixture
def start_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Start a gateway for one test, with the fields of ``Options``; its log is looked at in the end.

    The first one lives in the folder "gateway1" of the test's own, which may be there already.
    """
    started: list[House] = []
    with ExitStack() as ending:

        def start(**options: object) -> House:
            folder = tmp_path / f"gateway{len(started) + 1}"
            folder.mkdir(exist_ok=True)
            gateway = Gateway(folder, Options(**options))  # type: ignore[arg-type]
            ending.callback(gateway.close)
            started.append(House(gateway.start()))
            return started[-1]

        yield start
        for house in started:
            house.assert_log_is_clean()


@pytest.fixture
def own_minio() -> Iterator[Minio]:
    """A MinIO that a test may stop."""
    with Minio() as server:
        yield server


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL that a test may stop."""
    with Postgres() as server:
        yield server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[Path, int], None]]:
    """Mount a small disk: ``small_disk(folder, megabytes)``."""
    mounts: list[Path] = []

    def mount(folder: Path, megabytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "none", folder], check=True)
        mounts.append(folder)

    yield mount
    for folder in mounts:
        subprocess.run(["umount", "--lazy", folder], check=True)
