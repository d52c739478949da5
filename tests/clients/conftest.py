"""One gateway for most tests, each in a folder of its own; a second kind with everything that a larger house has."""

import itertools
from collections.abc import Iterator

import pytest

from tests.clients.access import LOG, TRUST
from tests.components.gateway import Gateway, Options
from tests.components.minio import Minio
from tests.components.postgres import Postgres
from tests.dav.harness import Client
from tests.support.rclone import Rclone, Vendor

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """SQLite and the folder store, four server processes; a proxy on this machine is believed."""
    with Gateway(tmp_path_factory.mktemp("gateway"), Options(workers=4, environment=LOG | TRUST)) as started:
        yield started


@pytest.fixture(scope="session")
def large(minio: Minio, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """PostgreSQL and MinIO, four server processes."""
    options = Options(postgres.fresh_database(), minio, workers=4, environment=LOG)
    with Gateway(tmp_path_factory.mktemp("large"), options) as started:
        yield started


@pytest.fixture
def home(gateway: Gateway) -> Client:
    """The administrator in a new folder of the gateway; ``home.base`` is its path."""
    root = Client(gateway.port, "admin", gateway.admin_password, "/dav/admin/")
    name = f"test{next(_numbers)}"
    assert root("MKCOL", name).status == 201
    return root.inside(f"{root.base}{name}/")


@pytest.fixture
def url(gateway: Gateway, home: Client) -> str:
    """The address of ``home``."""
    return gateway.url + home.base


@pytest.fixture(scope="session")
def thrifty(gateway: Gateway) -> Client:
    """Somebody with a quota of 1,000,000 bytes."""
    return Client(gateway.port, "thrifty", gateway.add_account("thrifty", "--quota", "1MB"), "/dav/thrifty/")


def rclone_in(gateway: Gateway, home: Client, vendor: Vendor = "owncloud") -> Rclone:
    """Rclone in ``home``."""
    return Rclone(gateway.url + home.base.rstrip("/"), "admin", gateway.admin_password, vendor)
