"""Photos that are there more than once: the same bytes, and pictures that look alike. Nothing here changes anything."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import duplicates as duplicates_sql
from gateway.catalogue.statements import photos as photos_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import timeline as timeline_sql
from gateway.library.values import Space

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.values import Principal

NEAR = 6
"""Bits of 64 in which the hashes of pictures differ at most that look alike. Of 130 test pictures, 95 % stay within it
when they are made smaller or compressed again, and no two that show different things come within it."""
_FAR = (1 << 63) - 1
_PAGE = 50
_LOOKED_AT = 1000
"""Photos that are compared with all others for a page of what looks alike."""
_MOST_LIKE = 50_000
"""Candidates for them: what has more in common with everything is plain, and no suggestion."""
_ROUNDS = 3
"""How far likeness is followed from photo to photo."""
_BAND = 16
_MASK = (1 << _BAND) - 1


class Likeness(NamedTuple):
    """A photo of a group."""

    id: int
    version: str
    """Of its renditions."""
    space_id: int
    folder_id: int
    name: str
    taken: int
    """Its wall clock, in microseconds."""
    size: int
    """Bytes."""
    width: int
    height: int


class Equal(NamedTuple):
    """Photos of the same bytes, the first that arrived first."""

    sha256: str
    waste: int
    """Bytes that all but one of them take."""
    photos: tuple[Likeness, ...]


class Equals(NamedTuple):
    """A page of groups, the most wasteful first."""

    groups: tuple[Equal, ...]
    after: str | None
    """Where the next page begins; None at the end."""


class Alikes(NamedTuple):
    """A page of groups whose pictures look alike: suggestions, to be looked at by a person. Largest files first."""

    groups: tuple[tuple[Likeness, ...], ...]
    """There may be none on a page although there are some on the next one."""
    after: str | None
    """Where the next page begins; None at the end."""


class _Look(NamedTuple):
    """A photo on the walk through all of them: spaces in their order, in each the newest arrival first."""

    space: int
    added: int
    """Negative, and so the entry: what comes first is smallest."""
    entry: int


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Finds duplicates among the photos of the spaces that somebody is a member of, and nobody else's."""

    catalogue: Catalogue

    def exact(self, principal: Principal, after: str | None = None, limit: int = _PAGE) -> Equals:
        """Photos with equal bytes. ``after`` is what the page before said."""
        waste, _, digest = (after or f"{_FAR}.").partition(".")
        with self.catalogue.read() as tx:
            spaces = json.dumps(_spaces(tx, principal))
            rows = tx.all(duplicates_sql.EQUAL, spaces=spaces, waste=int(waste), after=digest, limit=limit)
            digests = json.dumps([row[0] for row in rows])
            photos = tx.all(duplicates_sql.PHOTOS_OF_BYTES, spaces=spaces, digests=digests)
            living = _living(tx, (Likeness._make(row[:-1]) for row in photos))
        by_digest = defaultdict(list)
        for row in photos:
            if row[0] in living:
                by_digest[row[-1]].append(living[row[0]])
        groups = (
            Equal(sha256, size * (len(by_digest[sha256]) - 1), tuple(by_digest[sha256]))
            for sha256, size, _ in rows
            if len(by_digest[sha256]) > 1
        )
        return Equals(tuple(groups), f"{int(rows[-1][2])}.{rows[-1][0]}" if len(rows) == limit else None)

    def near(self, principal: Principal, after: str | None = None) -> Alikes:
        """Photos that look alike and are not all of equal bytes. ``after`` is what the page before said.

        Of two that differ by two bits all are found, by four nine in ten, by six six in ten: they must have a quarter
        of their bits in common. Files of one stack are one.
        """
        with self.catalogue.read() as tx:
            spaces = sorted(_spaces(tx, principal))
            looks, following = _walk(tx, spaces, after)
            links = _linked(tx, {blob: phash for _, blob, phash in looks})
            blobs = json.dumps(sorted(links))
            rows = tx.all(duplicates_sql.PHOTOS_OF_BLOBS, blobs=blobs, spaces=json.dumps(spaces)) if links else []
            living = _living(tx, (Likeness._make(row[:-3]) for row in rows))
        begin = {look for look, _, _ in looks}
        rows = [row for row in rows if row[0] in living]
        groups = []
        for group in _groups(rows, links):
            first = min(_Look(row[2], -row[-1], -row[0]) for row in group)
            if first in begin and len({row[-2] for row in group}) > 1:
                groups.append(tuple(sorted((living[row[0]] for row in group), key=lambda one: (-one.size, one.id))))
        return Alikes(tuple(groups), following)


def _spaces(tx: Transaction, principal: Principal) -> list[int]:
    rows = tx.all(spaces_sql.SPACES_OF_MEMBER, account=principal.account_id)
    return [Space._make(row).id for row in rows]


def _living(tx: Transaction, photos: Iterable[Likeness]) -> dict[int, Likeness]:
    """By their ids, without those whose folder was deleted or moved a moment ago, and that have not followed it yet."""
    found = {photo.id: photo for photo in photos}
    if tx.one(timeline_sql.PENDING) is None:
        return found
    lives = {folder: tx.one(photos_sql.LIVES_IN, entry=folder) for folder in {one.folder_id for one in found.values()}}
    return {key: one for key, one in found.items() if lives[one.folder_id] == (one.space_id,)}


def _walk(tx: Transaction, spaces: Sequence[int], after: str | None) -> tuple[list[tuple[_Look, int, int]], str | None]:
    """The next photos with their blobs and hashes, and where to go on."""
    space, added, entry = map(int, after.split(".")) if after else (0, _FAR, _FAR)
    found: list[tuple[_Look, int, int]] = []
    for one in spaces:
        if one < space:
            continue
        start = (added, entry) if one == space else (_FAR, _FAR)
        limit = _LOOKED_AT - len(found)
        rows = tx.all(duplicates_sql.LOOKS, space=one, added=start[0], entry=start[1], limit=limit)
        found += [(_Look(one, -row[0], -row[1]), row[2], row[3]) for row in rows]
        if len(rows) == limit:
            return found, f"{one}.{rows[-1][0]}.{rows[-1][1]}"
    return found, None


def _linked(tx: Transaction, looks: dict[int, int | None]) -> dict[int, set[int]]:
    """The blobs that look like one of these, or like one that does, each with those it looks like."""
    known = {blob: phash for blob, phash in looks.items() if phash}  # plain pictures have a hash of zeros
    links: dict[int, set[int]] = defaultdict(set)
    fresh = dict(known)
    for _ in range(_ROUNDS):
        if not fresh:
            break
        found: dict[int, int] = {}
        for number, statement in enumerate(duplicates_sql.LIKE_IN_BAND):
            mine: dict[int, list[tuple[int, int]]] = defaultdict(list)
            for blob, phash in fresh.items():
                mine[phash >> number * _BAND & _MASK].append((blob, phash))
            for other, phash in tx.all(statement, values=json.dumps(list(mine)), limit=_MOST_LIKE):
                for blob, own in mine.get(phash >> number * _BAND & _MASK, ()):
                    if other != blob and ((own ^ phash) & (1 << 64) - 1).bit_count() <= NEAR:
                        links[blob].add(other)
                        links[other].add(blob)
                        found[other] = phash
        fresh = {blob: phash for blob, phash in found.items() if blob not in known}
        known |= fresh
    return links


def _groups(rows: Sequence[tuple[int, ...]], links: dict[int, set[int]]) -> Iterable[list[tuple[int, ...]]]:
    """The photos that hang together by their blobs."""
    by_blob = defaultdict(list)
    for row in rows:
        by_blob[row[-3]].append(row)
    while by_blob:
        waiting, group = [next(iter(by_blob))], []
        while waiting:
            blob = waiting.pop()
            if blob in by_blob:
                group += by_blob.pop(blob)
                waiting += links[blob]
        yield group
