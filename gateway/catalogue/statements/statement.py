"""What a statement is, and the parameters it is written with.

Parameters are ``bindparam`` names; where a column is set from one, it is called ``new_<column>``, because SQLAlchemy
keeps the bare column names for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ClauseElement, bindparam, insert

if TYPE_CHECKING:
    from gateway.catalogue.models import Base


class Statement:
    """A Core statement; the catalogue compiles it once per database."""

    def __init__(self, clause: ClauseElement, columns: list[str] | None = None, *, kept: bool = True) -> None:
        """Take the statement and, for an INSERT without VALUES, the columns that parameters fill.

        One that is not ``kept`` was made for a single request, with its values in it.
        """
        self.clause = clause
        self.columns = columns
        self.kept = kept


def p(name: str) -> Any:
    """A required parameter, typed by what it is compared with."""
    return bindparam(name)


def n(name: str) -> Any:
    """A required number where nothing else says so: the driver would send a small one as a SMALLINT."""
    return bindparam(name, type_=BigInteger())


def adding(model: type[Base], *columns: str, returning: Any = None) -> Statement:
    """An INSERT of one row, whose parameters are its columns."""
    clause = insert(model)
    return Statement(clause if returning is None else clause.returning(returning), list(columns))
