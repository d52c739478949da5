"""Folders: the tree that WebDAV shows, for programs. The photos of a folder are a view with the filter folder.only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from flask import Response, request, url_for
from pydantic import Field

from gateway.errors import BadName, BadRequest
from gateway.library import names
from gateway.library.folders import State
from gateway.library.query import Query, Sort
from viewer import security
from viewer.api.endpoint import Id, Model, Scope, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.library.folders import Card, File
    from gateway.library.values import Path, Space

section = Section(
    "folders",
    "Folders and the files in them, the same as on the network drive",
    path="A space, and the names of folders below it, joined with slashes.",
)

Bytes = Annotated[int, Field(description="Bytes.")]
Role = Annotated[int, Field(description="The account's own: 1 viewer, 2 editor, 3 manager.")]


class SpaceAnswer(Model):
    """A space of the account."""

    name: str
    role: Role
    quota: Bytes
    used: Bytes
    folder: str
    """Address of its folder."""


class Spaces(Model):
    """The spaces of the account, by name."""

    spaces: list[SpaceAnswer]


class Cover(Model):
    """The picture of a folder."""

    id: Id
    """Of the photo."""
    thumb: str
    """Address of a picture 480 pixels high."""


class FolderEntry(Model):
    """A folder in a folder. Counts are of everything below it."""

    id: Id
    name: str
    modified: str
    """In UTC, ISO 8601."""
    folders: int
    photos: int
    files: int
    """Files that are no photos."""
    more: bool
    """There are more than were counted."""
    cover: Cover | None
    address: str


class FileEntry(Model):
    """A file that is not among the photos."""

    id: Id
    name: str
    size: Bytes
    modified: str
    """In UTC, ISO 8601."""
    added: str
    """When it arrived, in UTC."""
    state: State
    """preparing: it will be a photo; failed: no picture can be made of it; other: it is no photo."""
    error: str | None
    """Why there is no picture of it."""
    download: str
    """Address of its bytes."""


class FolderAnswer(Model):
    """A folder. Its lists come in pages."""

    id: Id
    path: str
    """From the space down."""
    space: str
    role: Role
    photos: int
    """Photos in it, not below it. They are in the view “folder.only”."""
    view: str
    """Address of the photos."""
    count_folders: int
    count_files: int
    folders: list[FolderEntry]
    files: list[FileEntry]
    next_folders: str | None
    """Address of more folders; null at the end."""
    next_files: str | None
    """Address of more files; null at the end."""


class Listing(Model):
    """Which part of a folder."""

    sort: Sort = Sort.NAME
    """The order of files. Folders are in the order of their names."""
    folders_after: str | None = None
    """As “next_folders” has it: only folders are answered."""
    files_after: str | None = None
    """As “next_files” has it: only files are answered."""


class NewFolder(Model):
    """A folder to be made."""

    name: str
    """What it is to be called."""


class Made(Model):
    """A folder that was made."""

    id: Id
    path: str
    address: str
    """Of the folder, for people."""


@section.endpoint("GET", "/folders", Scope.READ, Spaces)
def spaces() -> Spaces:
    """The spaces of the account, with their use"""
    return Spaces(spaces=[_space(one) for one in security.library().files.spaces(security.principal())])


@section.endpoint("GET", "/folders/<path:path>", Scope.READ, FolderAnswer, query=Listing, errors=(404, 409))
def folder(path: str, query: Listing) -> FolderAnswer:
    """A folder: the folders in it, and the files that are no photos"""
    library, who, asked = security.library().folders, security.principal(), path_of(path)
    if query.folders_after is not None and query.files_after is not None:
        raise BadRequest("Go on with folders or with files, one at a time.")
    found = library.open(who, asked, query.sort)
    folders, more_folders, files, more_files = found.folders, found.more_folders, found.files, found.more_files
    if query.folders_after is not None:
        files, more_files = [], None
        folders, more_folders = library.folders(who, asked, query.folders_after, query.sort)
    if query.files_after is not None:
        folders, more_folders = [], None
        files, more_files = library.files(who, asked, query.files_after, query.sort)
    here = f"{request.root_path}/api/v1/folders/{address(found.path)}?sort={query.sort.value}"
    view = Query.parse({"folder.only": ["/".join(found.path) + "/"], "sort": [query.sort.value]})
    return FolderAnswer(
        id=found.id,
        path="/".join(found.path),
        space=found.space.name,
        role=found.space.role,
        photos=found.members.photos,
        view=f"{url_for('api_photos.photos')}?{view.address}",
        count_folders=found.members.folders,
        count_files=found.members.files,
        folders=[_folder(found.path, one) for one in folders],
        files=[_file(found.path, one) for one in files],
        next_folders=None if more_folders is None else f"{here}&folders_after={quote(more_folders, safe='')}",
        next_files=None if more_files is None else f"{here}&files_after={quote(more_files, safe='')}",
    )


@section.endpoint("POST", "/folders/<path:path>", Scope.WRITE, Made, status=201, body=NewFolder, errors=(404, 409, 423))
def make(path: str, body: NewFolder) -> Response | tuple[Made, int]:
    """Make a folder in a folder"""
    if "/" in body.name:
        raise BadName("A name cannot contain a slash or control characters.")
    found = security.library().files.make_folder(security.principal(), (*path_of(path), body.name))
    where = (found.space.name, *found.path[1:])
    return Made(id=found.entry.id, path="/".join(where), address=url_for("folders.folder", path="/".join(where))), 201


def path_of(text: str) -> Path:
    """The names in an address; BadRequest for what no database can be asked for."""
    if not names.is_text(text):
        raise BadRequest("This is no path.")
    return tuple(text.rstrip("/").split("/"))


def address(path: Sequence[str]) -> str:
    """A path as a part of an address."""
    return "/".join(quote(name, safe="") for name in path)


def _space(space: Space) -> SpaceAnswer:
    place = url_for(".folder", path=space.name)
    return SpaceAnswer(name=space.name, role=space.role, quota=space.quota, used=space.used, folder=place)


def _folder(above: Path, card: Card) -> FolderEntry:
    cover = None
    if card.cover is not None:
        shown: dict[str, Any] = {"photo": card.cover.photo_id, "version": card.cover.version, "name": "480"}
        cover = Cover(id=card.cover.photo_id, thumb=url_for("media.rendition", **shown))
    return FolderEntry(
        id=card.id,
        name=card.name,
        modified=_time(card.modified),
        folders=card.folders,
        photos=card.photos,
        files=card.files,
        more=card.is_more,
        cover=cover,
        address=f"{request.root_path}/api/v1/folders/{address((*above, card.name))}",
    )


def _file(above: Path, file: File) -> FileEntry:
    return FileEntry(
        id=file.id,
        name=file.name,
        size=file.size,
        modified=_time(file.modified),
        added=_time(file.added),
        state=file.state,
        error=file.error,
        download=f"{request.root_path}/download/{address((*above, file.name))}",
    )


def _time(microseconds: int) -> str:
    return moment(microseconds).isoformat().replace("+00:00", "Z")


def moment(microseconds: int) -> datetime:
    """A time that a client may have set to anything; what no calendar has becomes the nearest that it has."""
    least, most = -62_135_596_800, 253_402_300_799
    return datetime.fromtimestamp(max(least, min(most, microseconds // 1_000_000)), UTC)
