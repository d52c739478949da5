"""A furnished library on each database."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import argon2
import pytest
from sqlalchemy import make_url

from gateway.catalogue import Catalogue
from gateway.catalogue.models import Base
from gateway.library import passwords
from gateway.store.local import LocalStore
from gateway.store.minio import MinioStore
from tests.components.minio import Minio
from tests.library.house import House


@pytest.fixture(scope="session")
def _cheap_passwords() -> Iterator[None]:
    """Four accounts a test at a tenth of a second each would be most of the run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture
def catalogue(catalogue_url: str) -> Iterator[Catalogue]:
    """An empty catalogue."""
    with closing(Catalogue(make_url(catalogue_url))) as opened:
        Base.metadata.create_all(opened.engine)
        yield opened


@pytest.fixture
def house(catalogue: Catalogue, tmp_path: Path, _cheap_passwords: None) -> Iterator[House]:
    """Alice, Bob, Carol and Dave over a folder store."""
    with closing(LocalStore(tmp_path / "objects")) as store:
        yield House.furnished(catalogue, store)


@pytest.fixture
def house_over_minio(catalogue: Catalogue, minio: Minio, _cheap_passwords: None) -> Iterator[House]:
    """The same over MinIO."""
    with closing(MinioStore(minio.endpoint, minio.fresh_bucket(), minio.access_key, minio.secret_key)) as store:
        yield House.furnished(catalogue, store)
