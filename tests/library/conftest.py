"""A furnished library on each database.

Hundreds of tests start here, so what is the same for all of them is made once: tables, people, compiled statements.
"""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import argon2
import pytest
from sqlalchemy import insert, make_url, select, text

from gateway.catalogue import Catalogue
from gateway.catalogue.models import Base
from gateway.library import passwords
from gateway.store.local import LocalStore
from gateway.store.minio import MinioStore
from tests.library.house import House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import URL, Table

    from gateway.catalogue.catalogue import _Compiled
    from gateway.catalogue.statements import Statement
    from gateway.library.values import Principal
    from tests.components.minio import Minio
    from tests.components.postgres import Postgres

    People = dict[str, Principal]
    Rows = dict[Table, list[dict[str, Any]]]

TABLES = Base.metadata.sorted_tables
_people: WeakKeyDictionary[Catalogue, People] = WeakKeyDictionary()
_compiled: dict[str, dict[Statement, _Compiled]] = {"sqlite": {}, "postgresql": {}}


@pytest.fixture(scope="session")
def _cheap_passwords() -> Iterator[None]:
    """Four accounts a test at a tenth of a second each would be most of the run."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_hasher", cheap)
        passwords._nobodys.cache_clear()
        yield


class Nothing(LocalStore):
    """For making people, which stores nothing."""

    def __init__(self) -> None:
        pass


@pytest.fixture(scope="session")
def _furnished_sqlite(tmp_path_factory: pytest.TempPathFactory, _cheap_passwords: None) -> tuple[Path, People]:
    """A database with the tables and the people."""
    file = tmp_path_factory.mktemp("template") / "catalogue.sqlite3"
    with closing(Catalogue(make_url(f"sqlite:///{file}"))) as opened:
        Base.metadata.create_all(opened.engine)
        return file, House.furnished(opened, Nothing()).people


@pytest.fixture(scope="session")
def _furnished_postgres(request: pytest.FixtureRequest, _cheap_passwords: None) -> tuple[URL, Rows, People]:
    """The same, and its rows. No test here pulls the plug, so it need not wait for the disk."""
    server: Postgres = request.getfixturevalue("postgres")
    url = make_url(server.fresh_database()).update_query_dict({"options": "-c synchronous_commit=off"})
    with closing(Catalogue(url)) as opened:
        Base.metadata.create_all(opened.engine)
        people = House.furnished(opened, Nothing()).people
        with opened.engine.connect() as connection:
            rows = {table: [dict(row) for row in connection.execute(select(table)).mappings()] for table in TABLES}
    return url, rows, people


def _as_furnished(catalogue: Catalogue, rows: Rows) -> None:
    """Putting a few rows back takes a tenth of the time of making a database."""
    with catalogue.engine.begin() as connection:
        connection.exec_driver_sql("BEGIN")  # the catalogue's connections begin nothing by themselves
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(text(";".join(f'DELETE FROM "{table.name}"' for table in TABLES)))
        for table, kept in rows.items():
            if kept:
                connection.execute(insert(table), kept)


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalogue]:
    """A catalogue with four people and a space in it, once on each database."""
    if request.param == "sqlite":
        file, people = request.getfixturevalue("_furnished_sqlite")
        shutil.copy(file, tmp_path / "catalogue.sqlite3")
        opened = Catalogue(make_url(f"sqlite:///{tmp_path}/catalogue.sqlite3"))
    else:
        url, rows, people = request.getfixturevalue("_furnished_postgres")
        opened = Catalogue(url)
        _as_furnished(opened, rows)
    opened._compiled = _compiled[request.param]
    _people[opened] = people
    with closing(opened):
        yield opened


@pytest.fixture
def house(catalogue: Catalogue, tmp_path: Path) -> Iterator[House]:
    """Alice, Bob, Carol and Dave over a folder store."""
    with closing(LocalStore(tmp_path / "objects")) as store:
        yield House.over(catalogue, store, dict(_people[catalogue]))


@pytest.fixture
def house_over_minio(catalogue: Catalogue, minio: Minio) -> Iterator[House]:
    """The same over MinIO."""
    with closing(MinioStore(minio.endpoint, minio.fresh_bucket(), minio.access_key, minio.secret_key)) as store:
        yield House.over(catalogue, store, dict(_people[catalogue]))
