"""The heart that somebody gives a photo: each person's own, seen by nobody else.

It is the entry's, not the picture's: another version, a move and the trash leave it where it is, and it goes with the
entry. All files of a stack have the same hearts, so whichever of them stands for the others, the heart stays.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.catalogue.statements import favourites as favourites_sql
from gateway.errors import NotFound
from gateway.library import record
from gateway.library.details import stack_of
from gateway.library.pictures import is_living

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Principal


@dataclass(frozen=True, slots=True)
class Favourites:
    """Gives and takes hearts. Whoever sees a photo may; NotFound for one that is not theirs to see."""

    catalogue: Catalogue

    def add(self, principal: Principal, photo_id: int) -> None:
        """Give a photo the principal's heart, if it has it not."""

        def work(tx: Transaction) -> None:
            entries = _files(tx, principal, photo_id)
            tx.run(favourites_sql.ADD_FAVOURITES, account=principal.account_id, entries=entries, at=record.clock())

        self.catalogue.write(work)

    def remove(self, principal: Principal, photo_id: int) -> None:
        """Take it back."""

        def work(tx: Transaction) -> None:
            entries = _files(tx, principal, photo_id)
            tx.run(favourites_sql.DELETE_FAVOURITES, account=principal.account_id, entries=entries)

        self.catalogue.write(work)


def share(tx: Transaction, entries: Sequence[int]) -> None:
    """Give all files of a stack the hearts that any of them has."""
    tx.run(favourites_sql.SHARE_FAVOURITES, entries=json.dumps(entries))


def _files(tx: Transaction, principal: Principal, photo_id: int) -> str:
    """The files of a photo's stack, as statements take them."""
    row = tx.one(favourites_sql.SEEN, account=principal.account_id, entry=photo_id)
    if row is None or not is_living(tx, photo_id, row[0]):
        raise NotFound("There is no such photo.")
    _, stack_id, stacked = row
    stack = stack_of(tx, stack_id or photo_id) if stack_id or stacked else ()
    return json.dumps(sorted({photo_id, *(one.id for one in stack)}))
