"""A catalogue and a store belong together: one without its partner would lose photos at the first tidying."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.catalogue.statements.upkeep import ADD_META, META
from gateway.errors import Conflict
from gateway.store import identify

if TYPE_CHECKING:
    from gateway.catalogue import Catalogue, Transaction
    from gateway.store import ObjectStore

_IDENTITY = "_davgallery/id"


def pair(catalogue: Catalogue, store: ObjectStore) -> None:
    """Let both carry one id. A catalogue without an id is a new one, and a store without one is empty.

    A new catalogue may take a store with an id only if that holds nothing yet: a first start that was interrupted.
    Raises Conflict for two that do not belong together, Unavailable when one of them does not answer.
    """
    used = next(store.list(_IDENTITY), None) is not None and _holds_objects(store)
    store_id = identify(store)

    def work(tx: Transaction) -> str | None:
        row = tx.one(META, name="store")
        if row is None and not used:
            tx.run(ADD_META, name="store", value=store_id)
            return store_id
        return str(row[0]) if row else None

    known = catalogue.write(work)
    if known is None:
        raise Conflict(
            "The catalogue is empty, but the store holds the photos of another one: bring that back with"
            " “davgallery restore”, or use an empty store."
        )
    if known != store_id:
        raise Conflict(
            "The catalogue and the store do not belong together: check database_url, data and the S3 settings."
        )


def _holds_objects(store: ObjectStore) -> bool:
    """Whether there is any object but our own, whose keys begin with an underscore."""
    first = next(store.list(), None)
    if first is not None and first.key.startswith("_"):
        first = next(store.list(after="_\U0010ffff"), None)
    return first is not None
