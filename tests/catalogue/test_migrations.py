"""The tables: made and changed by migrations, the same that the models declare."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, make_url, text

from gateway.catalogue import Catalogue, schema
from gateway.catalogue.models import Base
from gateway.catalogue.schema import NewerCatalogue, migrate
from tests.library.house import failures, together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@pytest.fixture
def empty(catalogue_url: str) -> Iterator[Catalogue]:
    """A database with nothing in it."""
    with closing(Catalogue(make_url(catalogue_url))) as opened:
        yield opened


def test_an_empty_database_gets_its_tables_once(empty: Catalogue) -> None:
    assert migrate(empty) is True
    assert migrate(empty) is False
    assert set(Base.metadata.tables) <= set(inspect(empty.engine).get_table_names())


# SQLAlchemy cannot compare these on SQLite; the test to the letter does.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_migrations_make_what_the_models_declare(empty: Catalogue) -> None:
    migrate(empty)
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def _described(connection: Connection, *, sqlite: bool) -> list[Any]:
    """What comparing models does not see: conditions of indexes, checks, collations, keys that are not given again."""
    if sqlite:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE tbl_name <> 'alembic_version'"))
        # Two foreign keys may be declared in either order.
        return sorted((name, sorted(re.findall(r"\)|[^\s\",)]+", sql or ""))) for name, sql in rows)
    return [
        sorted(tuple(row) for row in connection.execute(text(sql)))
        for sql in (
            "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
            (
                "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid::regclass::text <> 'alembic_version' AND contype IN ('c', 'f')"
            ),
            (
                "SELECT table_name, column_name, data_type, collation_name, is_nullable FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
            ),
        )
    ]


def test_migrations_and_models_agree_to_the_letter(
    empty: Catalogue, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    migrate(empty)
    if empty.is_sqlite:
        url = f"sqlite:///{tmp_path_factory.mktemp('models')}/catalogue.sqlite3"
    else:
        url = request.getfixturevalue("postgres").fresh_database()
    with closing(Catalogue(make_url(url))) as modelled:
        Base.metadata.create_all(modelled.engine)
        with empty.engine.connect() as one, modelled.engine.connect() as other:
            migrated = _described(one, sqlite=empty.is_sqlite)
            assert migrated == _described(other, sqlite=empty.is_sqlite)


def test_a_snapshot_is_taken_before_an_existing_catalogue_changes(
    empty: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    migrate(empty, lambda: seen.append("empty"))
    migrate(empty, lambda: seen.append("current"))
    assert seen == []

    class Older:
        """As if the program had one more migration than the catalogue."""

        def get_current_head(self) -> str:
            return "9999"

        def walk_revisions(self) -> list[Any]:
            return list(schema.ScriptDirectory.from_config(schema._config()).walk_revisions())

    monkeypatch.setattr(schema, "ScriptDirectory", _Scripts(Older(), schema.ScriptDirectory))
    migrate(empty, lambda: seen.append("older"))
    assert seen == ["older"]


class _Scripts:
    def __init__(self, first: Any, plain: Any) -> None:
        self._first, self._plain = first, plain

    def from_config(self, config: Any) -> Any:
        found, self._first = self._first, None
        return found or self._plain.from_config(config)


def test_a_catalogue_of_a_newer_program_stops_the_start_and_is_left_alone(empty: Catalogue) -> None:
    migrate(empty)
    with empty.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'from-the-future'"))
    with pytest.raises(NewerCatalogue, match="newer"):
        migrate(empty, before=lambda: pytest.fail("a snapshot of what is not ours to change"))
    with empty.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "from-the-future"


def test_two_servers_that_start_at_once_make_the_tables_once(empty: Catalogue) -> None:
    others = [Catalogue(empty.url) for _ in range(3)]
    results = together([lambda one=one: migrate(one) for one in (empty, *others)])
    for one in others:
        one.close()
    assert failures(results) == []
    assert set(Base.metadata.tables) <= set(inspect(empty.engine).get_table_names())
    assert migrate(empty) is False


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    empty: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = MigrationContext.run_migrations

    def fails(*arguments: Any, **options: Any) -> None:
        plain(*arguments, **options)
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(MigrationContext, "run_migrations", fails)
        with pytest.raises(RuntimeError):
            migrate(empty)
    assert inspect(empty.engine).get_table_names() == []
    assert migrate(empty) is True
