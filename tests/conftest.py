"""Fixtures for the whole suite: real components, started when a test first asks for one."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.components.gateway import Gateway, Options
from tests.components.minio import Minio
from tests.components.postgres import Postgres
from tests.components.redis import Redis
from tests.support import guarantees

pytest_plugins = ["pytester"]
collect_ignore = ["bench"]  # measurements, run by hand


def pytest_configure(config: pytest.Config) -> None:
    """Hold what docs/guarantees.md promises."""
    guarantees.register(config)


@pytest.fixture(scope="session")
def minio() -> Iterator[Minio]:
    """A MinIO server: ``endpoint``, ``access_key``, ``secret_key``, ``fresh_bucket()``, ``stop()``, ``start()``."""
    with Minio() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server: ``fresh_database()`` gives an SQLAlchemy URL."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """A Redis server: ``url``."""
    with Redis() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database, once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/catalogue.sqlite3"
    else:
        server: Postgres = request.getfixturevalue("postgres")
        url = server.fresh_database()
        yield url
        server.drop_database(url)


@pytest.fixture
def start_gateway(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """Start ``davgallery serve`` with the fields of ``Options`` as keywords; each is ended after the test."""
    with ExitStack() as started:
        count = 0

        def start(**options: object) -> Gateway:
            nonlocal count
            count += 1
            folder = tmp_path / f"gateway{count}"
            folder.mkdir()
            gateway = Gateway(folder, Options(**options))  # type: ignore[arg-type]
            started.callback(gateway.close)
            return gateway.start()

        yield start
