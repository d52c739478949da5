"""Everything about one photo that a person may want to know."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.catalogue.statements import details as details_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.errors import NotFound
from gateway.library.stacks import stem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Path, Principal

_MOST_COPIES = 20


class Copy(NamedTuple):
    """Another photo of the same bytes."""

    id: int
    path: Path


class Stacked(NamedTuple):
    """A file of a stack."""

    id: int
    name: str
    kind: str
    format: str
    size: int


class Seer(NamedTuple):
    """Somebody who sees a photo, by the name of their account, with their role in its space."""

    name: str
    role: int


class Detail(NamedTuple):
    """A photo. :class:`gateway.library.extracted.Extracted` says what its properties mean, and in which unit."""

    id: int
    version: str
    """Of its renditions."""
    name: str
    space: str
    role: int
    """The principal's in its space."""
    size: int
    sha256: str
    kind: str
    format: str
    width: int
    height: int
    flags: int
    duration: int | None
    video_codec: str | None
    audio_codec: str | None
    day: int
    taken: int
    utc_offset: int | None
    zone: str | None
    date_rule: str
    offset_rule: str | None
    added: int
    latitude: float | None
    longitude: float | None
    altitude: float | None
    town: str | None
    region: str | None
    country: str | None
    make: str | None
    model: str | None
    lens: str | None
    exposure_time: float | None
    aperture: float | None
    iso: int | None
    focal_length: float | None
    focal_length_35mm: float | None
    flash: bool | None
    title: str | None
    description: str | None
    tags: tuple[str, ...]
    rating: int | None
    error: str | None
    """Why there is no picture of it."""
    device: str
    """What it was uploaded with; empty where nobody uploaded it."""
    path: Path
    """Of its folder, from the space down."""
    stack: tuple[Stacked, ...]
    """All files of its stack, itself included and the one that stands for them first; empty when it stands alone."""
    copies: tuple[Copy, ...]
    """Where the principal sees the same bytes, at most twenty of them."""
    seen_by: tuple[Seer, ...]


_ROW = Detail._fields.index("path")
_TAGS, _FLASH = Detail._fields.index("tags"), Detail._fields.index("flash")


@dataclass(frozen=True, slots=True)
class Details:
    """Looks a photo up."""

    catalogue: Catalogue

    def photo(self, principal: Principal, photo_id: int) -> Detail:
        """A photo by its id; NotFound when there is none, or none that the principal may see."""
        with self.catalogue.read() as tx:
            row = tx.one(details_sql.DETAIL, account=principal.account_id, entry=photo_id)
            if row is None:
                raise NotFound("There is no such photo.")
            space_id, root_id, folder_id, stack_id, stacked = row[_ROW:]
            found = list(row[:_ROW])
            found[_TAGS] = tuple(json.loads(found[_TAGS]))
            found[_FLASH] = None if found[_FLASH] is None else bool(found[_FLASH])
            known = dict(zip(Detail._fields, found, strict=False))
            path = path_of(tx, folder_id, {root_id: known["space"]})
            if path is None:  # its folder was deleted a moment ago
                raise NotFound("There is no such photo.")
            stack = stack_of(tx, stack_id or photo_id) if stack_id or stacked else ()
            seen_by = tuple(Seer(*member[1:]) for member in tx.all(spaces_sql.MEMBERS, space=space_id))
            return Detail._make([*found, path, stack, _copies(tx, principal, known), seen_by])


def path_of(tx: Transaction, folder_id: int, roots: Mapping[int, str]) -> Path | None:
    """The path of a folder, of spaces by their roots; None for one that lives in none of them."""
    above = tx.all(tree_sql.ABOVE, entry=folder_id)
    space = roots.get(above[0][0]) if above else None
    return None if space is None else (space, *(row[1] for row in above[1:]))


def _copies(tx: Transaction, principal: Principal, known: dict[str, Any]) -> tuple[Copy, ...]:
    rows = tx.all(
        details_sql.COPIES,
        sha256=known["sha256"],
        entry=known["id"],
        account=principal.account_id,
        limit=_MOST_COPIES,
    )
    paths = ((row, path_of(tx, row[4], {row[3]: row[2]})) for row in rows)
    return tuple(Copy(row[0], (*path, row[1])) for row, path in paths if path is not None)


def stack_of(tx: Transaction, top: int) -> tuple[Stacked, ...]:
    """The files that the photo ``top`` stands for, itself first.

    They have a name or a content id in common (:mod:`gateway.library.stacks`).
    """
    row = tx.one(details_sql.NAMES_OF_STACK, entry=top)
    if row is None:
        return ()
    folder, name, content = row
    shared = stem(name)
    found = tx.all(details_sql.STACK_OF_STEM, folder=folder, top=top, first=f"{shared}.", beyond=f"{shared}/")
    if content is not None:
        found += tx.all(details_sql.STACK_OF_CONTENT, folder=folder, top=top, content=content)
    files = {one.id: one for one in map(Stacked._make, found)}
    return tuple(sorted(files.values(), key=lambda one: (one.id != top, one.name)))
