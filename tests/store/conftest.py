"""The stores under test."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.store.local import LocalStore
from gateway.store.minio import MinioStore
from tests.components.minio import Minio


@pytest.fixture
def local_store(tmp_path: Path) -> Iterator[LocalStore]:
    """An empty folder store."""
    with closing(LocalStore(tmp_path / "objects")) as store:
        yield store


@pytest.fixture
def bucket(minio: Minio) -> str:
    """An empty bucket."""
    return minio.fresh_bucket()


@pytest.fixture
def minio_store(minio: Minio, bucket: str) -> Iterator[MinioStore]:
    """A store over an empty bucket of a real MinIO."""
    with closing(MinioStore(minio.endpoint, bucket, minio.access_key, minio.secret_key)) as store:
        yield store


@pytest.fixture(params=["local", "minio"])
def store(request: pytest.FixtureRequest) -> LocalStore | MinioStore:
    """An empty store of each kind."""
    found: LocalStore | MinioStore = request.getfixturevalue(f"{request.param}_store")
    return found
