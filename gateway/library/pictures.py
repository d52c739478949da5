"""The pictures of a photo: its renditions, and its original. Asked for by the photo's id, and judged by its space."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import photos as photos_sql
from gateway.catalogue.statements import timeline as timeline_sql
from gateway.catalogue.statements import trash as trash_sql
from gateway.errors import NotFound
from gateway.library import tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Principal
    from gateway.store import ObjectStore


class Picture(NamedTuple):
    """A rendition, as WebP."""

    version: str
    """Another one whenever renditions are made anew, of other bytes or by a newer indexer."""
    width: int
    height: int
    size: int
    """Bytes."""
    read: Callable[[], Iterator[bytes]]


class Original(NamedTuple):
    """The file that a photo is, byte for byte."""

    name: str
    size: int
    etag: str
    format: str
    """As :class:`gateway.library.extracted.Extracted` names it."""
    read: Callable[[int, int], Iterator[bytes]]
    """``read(start, length)``: exactly that range."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Reads pictures for those who may see their photos."""

    catalogue: Catalogue
    store: ObjectStore

    def rendition(self, principal: Principal, photo_id: int, name: str) -> Picture:
        """A rendition by its name (``240``, ``480``, ``2048``), as it is now.

        NotFound when there is none, or when it is not the principal's to see: the two look the same. The picture of a
        version never changes.
        """
        with self.catalogue.read() as tx:
            row = tx.one(timeline_sql.RENDITIONS, account=principal.account_id, entry=photo_id)
            if row is None or not is_living(tx, photo_id, row[0]):
                raise NotFound("There is no such picture.")
        return self._picture(name, *row[1:])

    def trashed(self, principal: Principal, space: str, item_id: int, name: str) -> Picture:
        """A rendition of a file in the trash of a space; otherwise as :meth:`rendition`."""
        with self.catalogue.read() as tx:
            found = tree.find_space(tx, principal, space)
            row = tx.one(trash_sql.PICTURES_OF_ITEM, space=found.id, item=item_id)
            if row is None:
                raise NotFound("There is no such picture.")
        return self._picture(name, *row)

    def _picture(self, name: str, version: str, key: str, pictures: str) -> Picture:
        for known, width, height, start, length in json.loads(pictures):
            if known == name:
                return Picture(version, width, height, length, partial(self.store.read, key, start, length))
        raise NotFound("There is no such picture.")

    def original(self, principal: Principal, photo_id: int) -> Original:
        """The file itself; NotFound when it is not there, or not the principal's to see."""
        with self.catalogue.read() as tx:
            row = tx.one(timeline_sql.ORIGINAL, account=principal.account_id, entry=photo_id)
            if row is None or not is_living(tx, photo_id, row[0]):
                raise NotFound("There is no such photo.")
        _, name, key, size, sha256, form = row
        return Original(name, size, sha256[:32], form, lambda start, length: self.store.read(key, start, length))


def is_living(tx: Transaction, photo_id: int, space_id: int) -> bool:
    """Whether a photo is where its row says: a folder may have been deleted or moved a moment ago."""
    if tx.one(timeline_sql.PENDING) is None:
        return True
    home = tx.one(photos_sql.LIVES_IN, entry=photo_id)
    return home is not None and home[0] == space_id
