"""Transactions on the catalogue: the only place that begins, commits and repeats them.

A write takes its spaces' rows first, in the order of their ids, then reads, checks and changes. That one rule makes
quota, tree and trash of a space serial and spaces parallel, without deadlocks.

SQLite has one writer. Its own waiting is a poll that starves somebody for seconds, so writers queue at a lock in the
process and at a lock on a file beside the database, and then begin with BEGIN IMMEDIATE. PostgreSQL runs READ
COMMITTED with SELECT … FOR UPDATE; what it refuses with a deadlock, a serialization failure or a unique violation is
run again as a whole.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import threading
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import psycopg
from sqlalchemy import create_engine, event
from sqlalchemy.pool import NullPool

from gateway.catalogue.pool import Pool
from gateway.catalogue.statements import every
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import upkeep as upkeep_sql
from gateway.errors import CatalogueUnavailable, StoreFull

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from sqlalchemy import URL, Engine
    from sqlalchemy.pool import PoolProxiedConnection
    from sqlalchemy.sql.compiler import SQLCompiler

    from gateway.catalogue.statements import Statement

T = TypeVar("T")

POOL_SIZE = 8
_POOL_WAIT = 30.0
_TRIES = 4
_WRITER_WAIT = 30.0


class Transaction:
    """Runs statements that were compiled once on the driver's own cursor: no session, no result objects.

    It is kept with its connection for the next one; the catalogue begins and ends each.
    """

    def __init__(self, connection: PoolProxiedConnection, compiled: dict[Statement, _Compiled], engine: Engine) -> None:
        """Wrap a connection."""
        self._connection = connection
        self._cursor = connection.cursor()
        self._compiled = compiled
        self._engine = engine

    def all(self, statement: Statement, **parameters: Any) -> list[tuple[Any, ...]]:
        """Every row that the statement returns."""
        self._execute(statement, parameters)
        return cast("list[tuple[Any, ...]]", self._cursor.fetchall())

    def one(self, statement: Statement, **parameters: Any) -> tuple[Any, ...] | None:
        """The first row that the statement returns, or None."""
        self._execute(statement, parameters)
        # All of them: SQLite carries out an INSERT … RETURNING only as far as it is read.
        rows = self._cursor.fetchall()
        return rows[0] if rows else None

    def value(self, statement: Statement, **parameters: Any) -> Any:
        """The first column of the only row."""
        self._execute(statement, parameters)
        return self._cursor.fetchall()[0][0]

    def run(self, statement: Statement, **parameters: Any) -> int:
        """Run a statement that returns nothing; the number of rows it changed."""
        self._execute(statement, parameters)
        return int(self._cursor.rowcount)

    def begin(self, *words: str) -> None:
        """Begin it. Only the catalogue does."""
        for one in words:
            self._cursor.execute(one)

    def commit(self) -> None:
        """End it well. Only the catalogue does."""
        self._connection.commit()

    def rollback(self) -> None:
        """Undo it. Only the catalogue does."""
        self._connection.rollback()

    def close(self) -> None:
        """Close the connection. Only the catalogue does."""
        self._connection.close()

    def _execute(self, statement: Statement, parameters: dict[str, Any]) -> None:
        compiled = self._compiled.get(statement)
        if compiled is None:
            compiled = _Compiled(statement, self._engine)
            if statement.kept:
                self._compiled[statement] = compiled
        self._cursor.execute(compiled.sql, compiled.bind(parameters))


class _Compiled:
    """A statement in one database's words, and how its parameters are handed over."""

    def __init__(self, statement: Statement, engine: Engine) -> None:
        result = cast("SQLCompiler", statement.clause.compile(dialect=engine.dialect, column_keys=statement.columns))
        self.sql = str(result)
        self._defaults = {name: b.value for b, name in result.bind_names.items() if not b.required}
        self._order: list[str] | None = result.positiontup if result.positional else None

    def bind(self, parameters: dict[str, Any]) -> Any:
        if self._defaults:
            parameters = {**self._defaults, **parameters}
        return parameters if self._order is None else [parameters[name] for name in self._order]


class Catalogue:
    """The SQL database: the tree and everything known about it."""

    def __init__(self, url: URL) -> None:
        """Open the database; SQLite and PostgreSQL (psycopg) are the two that every statement is tested on."""
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        arguments: dict[str, Any] = (
            {"check_same_thread": False, "cached_statements": 256} if self.is_sqlite else {"connect_timeout": 5}
        )
        self.engine = create_engine(
            url,
            poolclass=NullPool,
            # Nothing is left to reset: reads have no transaction, and writes end theirs themselves.
            pool_reset_on_return=None,
            connect_args=arguments,
        )
        self._pool = Pool(self._connect, POOL_SIZE, _POOL_WAIT)
        self._compiled: dict[Statement, _Compiled] = {}
        self._turn: AbstractContextManager[None] = nullcontext()
        event.listen(self.engine, "connect", _prepare_sqlite if self.is_sqlite else _prepare_postgres)
        if self.is_sqlite:
            if not url.database:
                raise ValueError("A SQLite catalogue needs a file.")
            self._turn = _FairWriter(Path(f"{url.database}.lock"))

    def warm(self) -> None:
        """Compile every statement now and open a connection, so that no request has to wait for it."""
        for statement in every().values():
            self._compiled[statement] = _Compiled(statement, self.engine)
        with self.read() as tx:
            tx.value(upkeep_sql.CLOCK)

    def copy_to(self, path: Path) -> None:
        """Copy an SQLite catalogue to a new file, as it is at one moment, while it is in use.

        The copy knows no uploads under way: one that is acknowledged a second later must not be taken for abandoned,
        and its object deleted, by whoever starts from the copy.
        """
        # In one step: SQLite begins a backup in steps anew after every write of another process.
        with closing(sqlite3.connect(str(self.url.database))) as source, closing(sqlite3.connect(path)) as target:
            try:
                source.backup(target)
                target.execute("DELETE FROM hold")
                target.execute("UPDATE space SET held = 0")
                target.commit()
            except sqlite3.Error as error:
                raise CatalogueUnavailable(f"The database cannot be copied: {error}.") from error

    def close(self) -> None:
        """Close every idle connection."""
        for transaction in self._pool.emptied():
            transaction.close()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Read; each statement sees what is committed when it starts, and no snapshot is held between them."""
        try:
            with self._pooled() as transaction:
                yield transaction
        except _COLLISIONS as error:
            raise CatalogueUnavailable("The database is too busy.") from error

    def write(self, work: Callable[[Transaction], T], *spaces: int, durable: bool = True) -> T:
        """Run ``work`` in one transaction that holds the rows of ``spaces``, and commit it.

        ``work`` may run several times, so it must change nothing but the catalogue. ``durable`` False commits without
        waiting for the disk: after a power cut the transaction may be gone, never half there.
        Raises CatalogueUnavailable when the database is down or too busy, and whatever ``work`` raises.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                # The turn first: writers that wait for it must not hold the connections that readers need.
                with self._turn, self._pooled() as transaction:
                    return self._carry_out(transaction, work, spaces, durable=durable)
            except _COLLISIONS:
                if attempt == _TRIES:
                    raise CatalogueUnavailable("The database is too busy.") from None
        raise AssertionError("unreachable")

    def run(self, statement: Statement, *, durable: bool = True, **parameters: Any) -> int:
        """One statement as a transaction of its own; the number of rows it changed."""
        return self.write(lambda tx: tx.run(statement, **parameters), durable=durable)

    def _carry_out(
        self, transaction: Transaction, work: Callable[[Transaction], T], spaces: tuple[int, ...], *, durable: bool
    ) -> T:
        try:
            if self.is_sqlite:
                transaction.begin(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}", "BEGIN IMMEDIATE")
            else:
                transaction.begin("BEGIN" if durable else "BEGIN; SET LOCAL synchronous_commit TO off")
                for space in sorted(set(spaces)):
                    transaction.all(spaces_sql.LOCK_SPACE, space=space)
            result = work(transaction)
            transaction.commit()
        except BaseException:
            transaction.rollback()
            raise
        return result

    def _connect(self) -> Transaction:
        return Transaction(self.engine.raw_connection(), self._compiled, self.engine)

    @contextmanager
    def _pooled(self) -> Iterator[Transaction]:
        try:
            transaction = self._pool.take()
        except (TimeoutError, psycopg.OperationalError, sqlite3.OperationalError) as error:
            meaning = None if isinstance(error, TimeoutError) else meaning_of(error)
            if isinstance(meaning, StoreFull):
                raise meaning from error
            raise CatalogueUnavailable("The database cannot be reached.") from error
        lost = False
        try:
            yield transaction
        except (psycopg.Error, sqlite3.Error) as error:
            lost = isinstance(error, _LOST) and not isinstance(error, _KEPT)
            meaning = meaning_of(error)
            if meaning is None:
                raise
            raise meaning from error
        finally:
            if lost:
                # Its other pooled connections are dead too; a ping before every use would cost more than a rare 503.
                self._pool.drop()
                self.close()
                transaction.close()
            else:
                self._pool.give(transaction)


_LOST = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError)
_UNDONE = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
_KEPT = (*_UNDONE, psycopg.errors.LockNotAvailable, psycopg.errors.DiskFull)
"""Errors of these kinds that leave the connection as good as it was."""
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)  # the index of the journal cannot grow
_DEFECTS = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE)
_COLLISION_CODES = (
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
)


def meaning_of(error: psycopg.Error | sqlite3.Error) -> Exception | None:
    """What a driver's error means to those who asked; None for a defect of ours, such as a wrong statement."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE)
        if code in _COLLISION_CODES:
            return _Repeatable()
        if code in _FULL:
            return StoreFull("The disk of the database is full.")
        if isinstance(error, sqlite3.IntegrityError) or code in _DEFECTS:
            return None
        return CatalogueUnavailable(f"The database cannot be used: {error}.")
    if isinstance(error, _UNDONE):
        return _Repeatable()
    if isinstance(error, psycopg.errors.DiskFull):
        return StoreFull("The disk of the database is full.")
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return CatalogueUnavailable("The database is too busy.")
    return CatalogueUnavailable("The database went away.") if isinstance(error, _LOST) else None


class _Repeatable(Exception):
    """PostgreSQL undid the transaction for the sake of another one."""


# A name that was free, or bytes that were there, when the transaction looked. Other broken constraints are bugs.
_COLLISIONS = (_Repeatable, psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation)


class _FairWriter(AbstractContextManager[None]):
    """A writer's turn, one at a time: a lock in the process, then a lock on a file that all processes share."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file: int | None = None

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=_WRITER_WAIT):
            raise CatalogueUnavailable("The database is too busy.")
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._lock.release()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._lock.release()


def _prepare_postgres(connection: psycopg.Connection[Any], _record: object) -> None:
    # Every statement takes its few rows by an index. But the planner expects a recursive walk to return a large part of
    # the tree and would read whole tables for it: 300 ms to delete an empty folder among 300,000 entries, not 0.1 ms.
    for setting in ("jit = off", "enable_hashjoin = off", "enable_mergejoin = off", "random_page_cost = 1.1"):
        connection.execute(f"SET {setting}")
    # A gateway that stopped in the middle of a write, on another machine, must not stop everybody else's for ever.
    for setting in ("lock_timeout = '30s'", "idle_in_transaction_session_timeout = '60s'"):
        connection.execute(f"SET {setting}")
    connection.commit()
    # As with SQLite: the catalogue begins transactions, and a read is one round trip, not three.
    connection.autocommit = True


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Autocommit: transactions are begun by the catalogue alone, never behind its back by the driver.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "busy_timeout=10000",
        "cache_size=-4000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("md5", 1, _md5, deterministic=True)  # PostgreSQL has it of its own


def _md5(words: str | None) -> str | None:
    return None if words is None else hashlib.md5(words.encode(), usedforsecurity=False).hexdigest()
