"""The hold of an upload: its object key and its reserved quota, on record before a byte is stored.

What a killed process leaves behind is therefore known by name, and two uploads can never be promised the same room.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.catalogue.statements import blobs as blobs_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import uploads as uploads_sql
from gateway.errors import HoldLost, QuotaExceeded

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Entry

LIFETIME = 10 * 60 * 1_000_000
"""Microseconds that a hold lives after its last renewal."""
RENEWAL = 60.0
"""Seconds between renewals while bytes arrive."""
GRACE = 15 * 60 * 1_000_000
"""Microseconds before garbage is deleted, so that readers and handed-over transfers finish."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an upload reserved before it began, such as one that came in parts; it outlives an attempt that fails."""

    hold: str
    """The key of the hold: what the upload grows its space by is taken from it first."""
    settled: Callable[[Transaction, Entry], None]
    """Runs inside the transaction that settles, so that both happen or neither."""


class Hold:
    """A row that reserves ``held`` bytes of a space for one object key."""

    def __init__(
        self, catalogue: Catalogue, space_id: int, key: str, size: int, instance: str, claimed: str | None = None
    ) -> None:
        """Take the hold; QuotaExceeded when the space has no room for ``size`` more bytes.

        ``claimed`` is the key of a hold that covers some of it already; HoldLost when it has ended.
        """
        self.key = key
        self._catalogue = catalogue
        self._space_id = space_id
        self._renewed = time.monotonic()
        self._claimed = claimed

        def work(tx: Transaction) -> int:
            covered = 0 if claimed is None else _size(tx, claimed)
            more = max(0, size - covered)
            _reserve(tx, space_id, more)
            tx.run(uploads_sql.ADD_HOLD, new_key=key, space=space_id, size=more, us=LIFETIME, who=instance)
            return covered + more

        # A power cut that loses this row has lost its upload too, so it need not wait for the disk.
        self._held = catalogue.write(work, space_id, durable=False)

    def cover(self, needed: int, arrived: int) -> None:
        """See that ``needed`` bytes of growth are held, and keep the hold alive; called for every chunk.

        Beyond what is held it grows by an eighth of what has ``arrived``, or by just what is missing where the space
        has no room for the whole step. Raises QuotaExceeded, or HoldLost when the hold is gone.
        """
        if needed > self._held:
            missing = needed - self._held
            step = max(missing, arrived // 8)
            try:
                self._grow(step)
            except QuotaExceeded:
                if step == missing:
                    raise
                self._grow(missing)
        elif time.monotonic() - self._renewed > RENEWAL:
            self._grow(0)

    def _grow(self, more: int) -> None:
        def work(tx: Transaction) -> None:
            if not tx.run(uploads_sql.RENEW_HOLD, which=self.key, us=LIFETIME):
                raise HoldLost("The upload took a pause that was too long.")
            if more:
                _reserve(tx, self._space_id, more)
                tx.run(uploads_sql.GROW_HOLD, which=self.key, more=more)

        self._catalogue.write(work, self._space_id, durable=False)
        self._held += more
        self._renewed = time.monotonic()

    def end(self, tx: Transaction, growth: int) -> int:
        """Delete the row inside the settling transaction; the bytes that are held no more. HoldLost when it is gone.

        Of a claimed hold ``growth`` bytes are taken, or all that it has.
        """
        row = tx.one(uploads_sql.END_HOLD, which=self.key)
        if row is None:
            raise HoldLost("The upload took too long and its reservation has ended.")
        taken = 0
        if self._claimed is not None:
            taken = min(growth, _size(tx, self._claimed))
            tx.run(uploads_sql.GROW_HOLD, which=self._claimed, more=-taken)
        return int(row[0]) + taken

    def abandon(self) -> None:
        """Give the bytes back after a failure, and have whatever reached the store deleted."""

        def work(tx: Transaction) -> None:
            abandon(tx, self.key)
            # The hold may have been ended before, and its garbage collected, while the store was still writing.
            tx.run(blobs_sql.ADD_GARBAGE, new_key=self.key, us=GRACE)

        # Durable, unlike the hold: a crash of the database that lost both would leave an object that no row names.
        self._catalogue.write(work, self._space_id)


def reserve(tx: Transaction, space_id: int, key: str, size: int, lifetime: int) -> None:
    """Hold ``size`` bytes for ``lifetime`` microseconds, whichever run of the server goes on with it.

    For a claim: ``key`` is the name of no object. Raises QuotaExceeded.
    """
    _reserve(tx, space_id, size)
    tx.run(uploads_sql.ADD_HOLD, new_key=key, space=space_id, size=size, us=lifetime, who="")


def _size(tx: Transaction, key: str) -> int:
    row = tx.one(uploads_sql.HOLD_SIZE, which=key)
    if row is None:
        raise HoldLost("The upload took too long and its reservation has ended.")
    return int(row[0])


def _reserve(tx: Transaction, space_id: int, size: int) -> None:
    if size > 0 and not tx.run(spaces_sql.HOLD_BYTES, space=space_id, size=size):
        raise QuotaExceeded("The space is full.")


def release(tx: Transaction, key: str) -> bool:
    """End a hold and give its bytes back; False when it has settled, or was ended, before."""
    row = tx.one(uploads_sql.END_HOLD, which=key)
    if row is not None:
        tx.run(spaces_sql.RELEASE_BYTES, space=row[1], size=row[0])
    return row is not None


def abandon(tx: Transaction, key: str) -> None:
    """End a hold and make its key garbage. Nothing happens when it has settled, or was ended, before."""
    if release(tx, key):
        tx.run(blobs_sql.ADD_GARBAGE, new_key=key, us=GRACE)
