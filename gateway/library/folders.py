"""Folders as people look at them: what is in one, in pages, beside the photos that the timeline shows of it.

The tree is the one that WebDAV shows. Every file of a folder is in one place: among its photos (or behind one of them,
in its stack), or among its other files: documents, sidecars, what is being prepared and what no picture can be made of.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import folders as folders_sql
from gateway.errors import BadRequest, Conflict
from gateway.library import names, tree
from gateway.library.filtering import own_spaces
from gateway.library.query import Sort

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.tree import Walk
    from gateway.library.values import Path, Principal, Space

PAGE = 100
"""Folders, or files, that are listed at once."""
_FEW = 20
_MOST_OF_FEW, _MOST_OF_MANY = 10_000, 1_000
"""Up to how many files a card counts, where there are at most twenty of them, and where there are more."""
_MOST_FOLDERS = 500
"""Up to how many folders below it a card looks into."""
_MOST_COVERS = 20
_KINDS = frozenset({"image", "raw", "video"})
_LAST = "\U0010ffff" * (names.MAX_NAME_BYTES // 4 + 1)
"""Behind every name, which is too long for one."""


class State(StrEnum):
    """Why a file is not among the photos."""

    OTHER = "other"
    """It is none."""
    PREPARING = "preparing"
    """It will be soon."""
    FAILED = "failed"
    """No picture can be made of it."""


class Cover(NamedTuple):
    """The picture of a folder."""

    photo_id: int
    version: str
    thumbhash: bytes | None


class Card(NamedTuple):
    """A folder in a folder."""

    id: int
    name: str
    modified: int
    folders: int
    """In it and below it; likewise the others."""
    photos: int
    files: int
    """Other files."""
    is_more: bool
    """There are more than could be counted; then ``photos`` and ``files`` together are how many at least."""
    cover: Cover | None


class File(NamedTuple):
    """A file that is not shown as a photo. Bytes, and microseconds UTC."""

    id: int
    name: str
    size: int
    modified: int
    added: int
    state: State
    error: str | None
    """Why there is no picture of it."""


class Members(NamedTuple):
    """How many of what a folder has in it, not counting what is below."""

    folders: int
    photos: int
    """Stacks counted once."""
    files: int


class Folder(NamedTuple):
    """A folder and the beginnings of its lists."""

    path: Path
    """With the names as they were given, from the space down."""
    id: int
    space: Space
    members: Members
    folders: list[Card]
    more_folders: str | None
    """What :meth:`Folders.folders` takes as ``after`` to go on; None at the end."""
    files: list[File]
    more_files: str | None


@dataclass(frozen=True, slots=True)
class Folders:
    """Lists folders. Everything raises NotFound for what is not there, or not the principal's to know."""

    catalogue: Catalogue

    def open(self, principal: Principal, path: Path, sort: Sort = Sort.NAME) -> Folder:
        """A folder with the first of its folders and files; Conflict when it is a file.

        Folders are always in the order of their names.
        """
        with self.catalogue.read() as tx:
            found = _folder(tx, principal, path)
            members = _members(tx, found)
            cards, more_cards = _cards(tx, found, sort, None) if members.folders else ([], None)
            files, more_files = _files(tx, found, sort, None) if members.files else ([], None)
        given = (found.space.name, *(entry.name for entry in found.entries[1:]))
        return Folder(given, found.found().id, found.space, members, cards, more_cards, files, more_files)

    def covers(self, principal: Principal) -> dict[int, Cover]:
        """A picture of each of the principal's spaces that has one near its top, by the space's id."""
        with self.catalogue.read() as tx:
            found = {space.id: _covers(tx, space.id, [space.root_id]) for space in own_spaces(tx, principal)}
        return {space: cover for space, covers in found.items() for cover in covers.values()}

    def folders(
        self, principal: Principal, path: Path, after: str, sort: Sort = Sort.NAME
    ) -> tuple[list[Card], str | None]:
        """More folders of a folder, and what to go on with; None at the end."""
        with self.catalogue.read() as tx:
            return _cards(tx, _folder(tx, principal, path), sort, after)

    def files(
        self, principal: Principal, path: Path, after: str, sort: Sort = Sort.NAME
    ) -> tuple[list[File], str | None]:
        """More files of a folder, and what to go on with; None at the end."""
        with self.catalogue.read() as tx:
            return _files(tx, _folder(tx, principal, path), sort, after)


def _folder(tx: Transaction, principal: Principal, path: Path) -> Walk:
    found = tree.walk(tx, principal, path)
    if not found.found().is_folder:
        raise Conflict("This is a file.")
    return found


def _members(tx: Transaction, found: Walk) -> Members:
    members, folders, files, photos = tx.all(folders_sql.MEMBERS, folder=found.found().id, space=found.space.id)[0]
    return Members(int(folders), int(photos), max(0, members - folders - files))


def _cards(tx: Transaction, found: Walk, sort: Sort, after: str | None) -> tuple[list[Card], str | None]:
    is_down = sort is Sort.NAME_DOWN
    statement = folders_sql.FOLDERS_DOWN if is_down else folders_sql.FOLDERS
    rows = tx.all(statement, folder=found.found().id, after=_name(sort, after), limit=PAGE + 1)
    more = rows[PAGE - 1][2] if len(rows) > PAGE else None
    rows = rows[:PAGE]
    most = _MOST_OF_FEW if len(rows) <= _FEW else _MOST_OF_MANY
    covers = _covers(tx, found.space.id, [row[0] for row in rows])
    return [_card(tx, found.space.id, most, row, covers.get(row[0])) for row in rows], more


def _card(tx: Transaction, space: int, most: int, row: tuple[int, str, str, int], cover: Cover | None) -> Card:
    entry, name, _, modified = row
    given = {"folder": entry, "space": space, "folders": _MOST_FOLDERS, "most": most}
    folders, members, files, photos = (int(one) for one in tx.all(folders_sql.CARD, **given)[0])
    others = max(0, members - (folders - 1) - files)
    if members < most and folders < _MOST_FOLDERS:
        return Card(entry, name, modified, folders - 1, photos, others, is_more=False, cover=cover)
    # What is left out by the bounds is not known to be photos or others.
    return Card(entry, name, modified, folders - 1, photos, max(0, members - photos), is_more=True, cover=cover)


def _covers(tx: Transaction, space: int, folders: Sequence[int]) -> dict[int, Cover]:
    """Of each folder the newest photo in it; else one below it."""
    chosen: dict[int, int] = {}
    for folder in folders:
        rows = tx.all(folders_sql.COVERS, folder=folder, space=space, folders=_MOST_COVERS)
        newest = {row[0]: row[1] for row in rows if row[1] is not None}
        if newest:
            chosen[folder] = newest.get(folder) or next(iter(newest.values()))
    rows = tx.all(folders_sql.PICTURES, entries=json.dumps(list(chosen.values()))) if chosen else []
    pictures = {row[0]: Cover._make(row) for row in rows}
    return {folder: pictures[photo] for folder, photo in chosen.items() if photo in pictures}


def _files(tx: Transaction, found: Walk, sort: Sort, after: str | None) -> tuple[list[File], str | None]:
    key, entry = _mark(sort, after)
    rows = tx.all(
        folders_sql.FILES[sort.subject, sort.is_descending],
        folder=found.found().id,
        space=found.space.id,
        is_first=int(after is None),
        key=key,
        entry=entry,
        limit=PAGE + 1,
    )
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    more = None if last is None else str(last[-1]) if sort.subject == "name" else f"{last[-1]}.{last[0]}"
    return [_file(row) for row in rows[:PAGE]], more


def _mark(sort: Sort, after: str | None) -> tuple[str | int, int]:
    """Where a page ended: the key and the entry's id; BadRequest for what is no mark of this order."""
    if sort.subject == "name":
        return _name(sort, after), 0
    if after is None:
        return 0, 0
    found = re.fullmatch(r"(-?[0-9]{1,18})\.([0-9]{1,18})", after)
    if found is None:
        raise BadRequest("This is no place in this order. Begin again without it.")
    return int(found[1]), int(found[2])


def _name(sort: Sort, after: str | None) -> str:
    """The name after which a page begins."""
    if after is None:
        return _LAST if sort is Sort.NAME_DOWN else ""
    if not names.is_text(after):
        raise BadRequest("This is no name.")
    return after


def _file(row: tuple[object, ...]) -> File:
    *known, is_media, error, kind, _ = row
    state = State.OTHER
    if is_media and error is not None:
        state = State.FAILED
    elif is_media and (kind is None or kind in _KINDS):
        state = State.PREPARING
    return File._make([*known, state, error])
