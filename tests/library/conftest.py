"""A furnished library on each database.

Hundreds of tests start here, so what is the same for all of them is made once: the tables and the compiled statements.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import argon2
import pytest
from sqlalchemy import make_url, text

from gateway.catalogue import Catalogue
from gateway.catalogue.models import Base
from gateway.library import passwords
from gateway.store.local import LocalStore
from gateway.store.minio import MinioStore
from tests.library.house import House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.catalogue.catalogue import _Compiled
    from gateway.catalogue.statements import Statement
    from tests.components.minio import Minio
    from tests.components.postgres import Postgres

_compiled: dict[str, dict[Statement, _Compiled]] = {"sqlite": {}, "postgresql": {}}


@pytest.fixture(scope="session")
def _cheap_passwords() -> Iterator[None]:
    """Four accounts a test at a tenth of a second each would be most of the run."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_hasher", cheap)
        patch.setattr(passwords, "_NOBODY", cheap.hash("nobody"))
        yield


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the tables and nothing in them."""
    file = tmp_path_factory.mktemp("template") / "catalogue.sqlite3"
    with closing(Catalogue(make_url(f"sqlite:///{file}"))) as opened:
        Base.metadata.create_all(opened.engine)
    return file


@pytest.fixture(scope="session")
def _postgres_url(request: pytest.FixtureRequest) -> str:
    """The same. No test here pulls the plug, so it need not wait for the disk."""
    server: Postgres = request.getfixturevalue("postgres")
    url = make_url(server.fresh_database()).update_query_dict({"options": "-c synchronous_commit=off"})
    with closing(Catalogue(url)) as opened:
        Base.metadata.create_all(opened.engine)
    return url.render_as_string(hide_password=False)


def _emptied(catalogue: Catalogue) -> Catalogue:
    """Deleting a few rows takes a tenth of the time of making a database."""
    with catalogue.engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(";".join(f'DELETE FROM "{table}"' for table in Base.metadata.tables)))
    return catalogue


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalogue]:
    """A catalogue without people, once on each database."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("_sqlite_template"), tmp_path / "catalogue.sqlite3")
        opened = Catalogue(make_url(f"sqlite:///{tmp_path}/catalogue.sqlite3"))
    else:
        opened = _emptied(Catalogue(make_url(request.getfixturevalue("_postgres_url"))))
    opened._compiled = _compiled[request.param]
    with closing(opened):
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
