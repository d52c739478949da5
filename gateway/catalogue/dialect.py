"""The few expressions that SQLite and PostgreSQL spell differently."""

from typing import Any, Self

from sqlalchemy import BigInteger, Boolean, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement, FunctionElement


class now(FunctionElement[int]):  # noqa: N801 - spelled as SQL functions are
    """The database's clock in microseconds UTC, so that expiries do not depend on each machine's own."""

    type = BigInteger()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_sqlite(_element: now, _compiler: SQLCompiler, **_: Any) -> str:
    # SQLite's clock has a grain of a millisecond, far finer than any expiry.
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


@compiles(now, "postgresql")
def _now_postgresql(_element: now, _compiler: SQLCompiler, **_: Any) -> str:
    # Not clock_timestamp(), which may differ for each row: no index could be searched for it.
    return "CAST(extract(epoch FROM statement_timestamp()) * 1000000 AS BIGINT)"


class octets(FunctionElement[int]):  # noqa: N801
    """How many bytes a text has in UTF-8."""

    type = BigInteger()
    inherit_cache = True


@compiles(octets, "sqlite")
def _octets_sqlite(element: octets, compiler: SQLCompiler, **kw: Any) -> str:
    return f"length(CAST({compiler.process(element.clauses, **kw)} AS BLOB))"


@compiles(octets, "postgresql")
def _octets_postgresql(element: octets, compiler: SQLCompiler, **kw: Any) -> str:
    return f"octet_length({compiler.process(element.clauses, **kw)})"


class first_segment(FunctionElement[str]):  # noqa: N801
    """What stands before the first slash of a text; not for texts without one."""

    type = Text()
    inherit_cache = True


@compiles(first_segment, "sqlite")
def _segment_sqlite(element: first_segment, compiler: SQLCompiler, **kw: Any) -> str:
    text = compiler.process(element.clauses, **kw)
    return f"substr({text}, 1, instr({text}, '/') - 1)"


@compiles(first_segment, "postgresql")
def _segment_postgresql(element: first_segment, compiler: SQLCompiler, **kw: Any) -> str:
    return f"split_part({compiler.process(element.clauses, **kw)}, '/', 1)"


class json_item(FunctionElement[str]):  # noqa: N801
    """``json_item(array, index)``: one text of a JSON array, NULL beyond its end. One parameter carries a path."""

    type = Text()
    inherit_cache = True

    def __init__(self, array: ColumnElement[str], index: ColumnElement[int]) -> None:
        """Take the array as a text parameter and the index as a column."""
        super().__init__(array, index)


@compiles(json_item, "sqlite")
def _item_sqlite(element: json_item, compiler: SQLCompiler, **kw: Any) -> str:
    array, index = (compiler.process(c, **kw) for c in element.clauses)
    return f"json_extract({array}, '$[' || ({index}) || ']')"


@compiles(json_item, "postgresql")
def _item_postgresql(element: json_item, compiler: SQLCompiler, **kw: Any) -> str:
    array, index = (compiler.process(c, **kw) for c in element.clauses)
    return f'(CAST({array} AS jsonb) ->> CAST({index} AS integer)) COLLATE "C"'


class among(FunctionElement[bool]):  # noqa: N801
    """``among(column, array)``: whether a value is in a JSON array. One parameter carries any number of ids."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: Any, array: ColumnElement[str]) -> None:
        """Take a column of numbers or texts, and the array as a text parameter."""
        super().__init__(column, array)

    def self_group(self, against: object = None) -> Self:  # noqa: ARG002 - SQLAlchemy's interface
        """Stand as it is: as a function it would become "… = 1" on SQLite, which no index answers."""
        return self


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: SQLCompiler, **kw: Any) -> str:
    column, array = (compiler.process(c, **kw) for c in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({array}))"  # noqa: S608 - a column and a parameter


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: SQLCompiler, **kw: Any) -> str:
    column, array = (compiler.process(c, **kw) for c in element.clauses)
    type_ = "BIGINT" if next(iter(element.clauses)).type.python_type is int else "TEXT"
    # An array and not a subquery, so that the planner looks each of them up in an index.
    return f"{column} = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST({array} AS jsonb)) AS {type_})))"


class resembles(FunctionElement[bool]):  # noqa: N801
    """``resembles(text, pattern)``: LIKE without regard to case, with ``\\`` before ``%``, ``_`` and itself.

    Whatever the language of the database: ASCII letters only.
    """

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: object = None) -> Self:  # noqa: ARG002 - SQLAlchemy's interface
        """Stand as it is: it brings its own brackets."""
        return self


@compiles(resembles, "sqlite")
def _resembles_sqlite(element: resembles, compiler: SQLCompiler, **kw: Any) -> str:
    text, pattern = (compiler.process(c, **kw) for c in element.clauses)
    return f"({text} LIKE {pattern} ESCAPE '\\')"


@compiles(resembles, "postgresql")
def _resembles_postgresql(element: resembles, compiler: SQLCompiler, **kw: Any) -> str:
    text, pattern = (compiler.process(c, **kw) for c in element.clauses)
    return f'({text} COLLATE "C" ILIKE {pattern})'
