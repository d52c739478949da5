"""Folders as people look at them: what is in one, in pages, beside the photos that the timeline shows of it.

The tree is the one that WebDAV shows. Every file of a folder is in one place: among its photos (or behind one of them,
in its stack), or among its other files: documents, sidecars, what is being prepared and what no picture can be made of.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.catalogue.statements import folders as folders_sql
from gateway.errors import BadRequest, Conflict
from gateway.library import names, tree
from gateway.library.filtering import own_spaces
from gateway.library.query import Sort

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.tree import Walk
    from gateway.library.values import Path, Principal, Space

PAGE = 100
"""Folders, or files, that are listed at once."""
_FEW = 20
_MOST_OF_FEW, _MOST_OF_MANY = 10_000, 1_000
"""Up to how many files of a folder are counted, where there are at most twenty cards, and where there are more."""
_MOST_FOLDERS = 300
"""Up to how many folders below them all cards of a page look into."""
_STRETCH = 10_000
"""Names that are looked through for files at once."""
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
    """There are more than were counted."""
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
            found = {
                space.id: _covers(tx, space.id, [space.root_id], _below(tx, [space.root_id])[0])
                for space in own_spaces(tx, principal)
            }
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
        """More files of a folder, and what to go on with; None at the end. There may be none before there are more."""
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
    cards = [row[0] for row in rows]
    most = _MOST_OF_FEW if len(rows) <= _FEW else _MOST_OF_MANY
    below, is_all = _below(tx, cards)
    counts = _counts(tx, found.space.id, [*cards, *below], most)
    covers = _covers(tx, found.space.id, cards, below)
    return [_card(row, below, is_all, counts, covers.get(row[0]), most) for row in rows], more


def _below(tx: Transaction, folders: Sequence[int]) -> tuple[dict[int, int], bool]:
    """The folders below these, the nearest first, each with the one of these that it is below; whether it is all."""
    tops: dict[int, int] = {}
    level = dict(zip(folders, folders, strict=True))
    while level and len(tops) < _MOST_FOLDERS:
        rows = tx.all(folders_sql.FOLDERS_OF, folders=json.dumps(list(level)), limit=_MOST_FOLDERS - len(tops))
        level = {folder: level[parent] for folder, parent in rows}
        tops |= level
    return tops, len(tops) < _MOST_FOLDERS


class _Count(NamedTuple):
    """What is in a folder itself, each up to a bound."""

    members: int
    folders: int
    files: int
    """That photos are made of."""
    photos: int


def _counts(tx: Transaction, space: int, folders: Sequence[int], most: int) -> dict[int, _Count]:
    rows = tx.all(folders_sql.COUNTS, folders=json.dumps(folders), space=space, most=most)
    return {row[0]: _Count(*map(int, row[1:])) for row in rows}


def _card(
    row: tuple[Any, ...],
    below: Mapping[int, int],
    is_all: bool,  # noqa: FBT001 - of this module
    counts: Mapping[int, _Count],
    cover: Cover | None,
    most: int,
) -> Card:
    entry, name, _, modified = row
    mine = [counts[one] for one in (entry, *(folder for folder, top in below.items() if top == entry)) if one in counts]
    photos = sum(one.photos for one in mine)
    files = sum(max(0, one.members - one.folders - one.files) for one in mine)
    is_more = not is_all or any(one.members >= most for one in mine)
    return Card(entry, name, modified, sum(one.folders for one in mine), photos, files, is_more, cover)


def _covers(tx: Transaction, space: int, folders: Sequence[int], below: Mapping[int, int]) -> dict[int, Cover]:
    """Of each folder the newest photo in it; else of the nearest one below it that has one."""
    shown = json.dumps([*folders, *below])
    newest = {row[0]: row[1] for row in tx.all(folders_sql.COVERS, folders=shown, space=space)}
    chosen: dict[int, int] = {}
    for folder, top in (*zip(folders, folders, strict=True), *below.items()):
        if newest.get(folder) is not None:
            chosen.setdefault(top, newest[folder])
    rows = tx.all(folders_sql.PICTURES, entries=json.dumps(list(chosen.values()))) if chosen else []
    pictures = {row[0]: Cover._make(row) for row in rows}
    return {folder: pictures[photo] for folder, photo in chosen.items() if photo in pictures}


def _files(tx: Transaction, found: Walk, sort: Sort, after: str | None) -> tuple[list[File], str | None]:
    key, entry = _mark(sort, after)
    given = {"folder": found.found().id, "space": found.space.id, "key": key}
    statement = folders_sql.FILES[sort.subject, sort.is_descending]
    if sort.subject == "name":
        # Between two files may be a million photos: not more of them are looked through than a page can wait for.
        stretch = tx.one(folders_sql.STRETCH[sort.is_descending], length=_STRETCH - 1, **given)
        end = "" if sort.is_descending else _LAST
        rows = tx.all(statement, last=stretch[0] if stretch else end, limit=PAGE + 1, **given)
        more = rows[PAGE - 1][-1] if len(rows) > PAGE else stretch[0] if stretch else None
    else:
        rows = tx.all(statement, is_first=int(after is None), entry=entry, limit=PAGE + 1, **given)
        last = rows[PAGE - 1] if len(rows) > PAGE else None
        more = None if last is None else f"{last[-1]}.{last[0]}"
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
