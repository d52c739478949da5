"""Bringing a catalogue's tables to this program's version. ``serve`` does it before it starts workers."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.catalogue.catalogue import meaning_of
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.catalogue.catalogue import Catalogue

_LOCK = 7_305_218  # any number that is ours alone, for PostgreSQL's advisory lock


class NewerCatalogue(GatewayError):
    """The catalogue was made by a newer program; going on could lose what that one wrote."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "gateway.catalogue:migrations")
    return config


def migrate(catalogue: Catalogue, before: Callable[[], object] = lambda: None) -> bool:
    """Create or upgrade the tables; whether anything had to be done.

    ``before`` is called first when an existing catalogue is about to change: it takes the snapshot. Raises
    NewerCatalogue when the catalogue is ahead of the program, StoreFull and CatalogueUnavailable as statements do.
    """
    try:
        return _migrate(catalogue, before)
    except DBAPIError as error:
        meaning = meaning_of(error.orig) if isinstance(error.orig, psycopg.Error | sqlite3.Error) else None
        if meaning is None:
            raise
        raise meaning from error


def _migrate(catalogue: Catalogue, before: Callable[[], object]) -> bool:
    config = _config()
    script = ScriptDirectory.from_config(config)
    with catalogue.engine.connect() as connection:
        if not catalogue.is_sqlite:
            # Two servers that start on one database: the second waits, and finds nothing to do.
            connection.execute(text("SET lock_timeout = 0"))
            connection.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
            connection.commit()
        try:
            current = MigrationContext.configure(connection).get_current_revision()
            connection.rollback()
            if current == script.get_current_head():
                return False
            if current is not None and current not in {one.revision for one in script.walk_revisions()}:
                raise NewerCatalogue("The catalogue was made by a newer davgallery. Install that version again.")
            if current is not None:
                before()
            config.attributes["connection"] = connection
            connection.exec_driver_sql("BEGIN IMMEDIATE" if catalogue.is_sqlite else "BEGIN")
            command.upgrade(config, "head")
            connection.commit()
        finally:
            if not catalogue.is_sqlite:
                connection.rollback()
                connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))
                connection.execute(text("SET lock_timeout = '30s'"))
                connection.commit()
    return True
