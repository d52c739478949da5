"""Bringing files in: a list is checked, each file begun, and its parts sent, in any number of sittings."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Annotated

from flask import request
from pydantic import Field

from gateway.errors import BadRequest
from gateway.library.arrivals import IfTaken, Reason
from gateway.library.intake import Answer, Wanted
from gateway.library.transfers import MOST_CHECKED, Here, State, Transfer
from gateway.library.unpacking import LeftOut as WhyLeftOut
from viewer import security
from viewer.api.endpoint import Id, Model, Scope, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

section = Section("uploads", "Bringing files in", transfer="An upload's id.")

_MILLISECOND = 1000
_CHUNK = 256 << 10
_PART = 16 << 20
"""Bytes of a part: most photographs come in one, and not too much is sent again when a line is cut."""
_DIGEST = "sha-256=:"

Bytes = Annotated[int, Field(ge=0, le=5 << 40, description="Bytes.")]
Time = Annotated[int, Field(ge=-(1 << 50), le=1 << 50, description="The file's own time, in milliseconds UTC.")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$", description="SHA-256 of the file, in hexadecimal.")]
Folder = Annotated[str, Field(max_length=5000, description="A space, and folders below it, joined with slashes.")]
Name = Annotated[
    str, Field(min_length=1, max_length=5000, description="Below the folder: folders and a name, joined with slashes.")
]


class Listed(Model):
    """A file that somebody wants to upload."""

    name: Name
    size: Bytes
    modified: Time | None = None
    sha256: Sha256 | None = None
    unpack: bool = False
    """It is a ZIP archive, whose members are wanted."""


class ListBody(Model):
    """Files for one folder, which need not be there yet."""

    folder: Folder
    files: list[Listed] = Field(max_length=MOST_CHECKED)
    promised: Bytes = 0
    """What lists before this one add to the space."""


class Verdict(Model):
    """What would become of a file."""

    answer: Answer
    """go; here: the space has these bytes; taken: it has others under this name; else why it is refused: type, size,
    name, folder (a folder is where the file should be, or a file where its folder should be)."""
    file: Id | None
    """The file that is there. A photo's is the photo's id."""
    path: str | None
    """Where the same bytes are."""
    size: int | None
    """Of the other file of this name. Where it is as long, only the SHA-256 tells whether it is the same."""
    fits: bool
    """Whether the space has room for it, after those before it in the list."""
    upload: str | None
    """An upload of the same file that was begun before."""
    offset: int
    """How much of that has arrived."""


class Checked(Model):
    """A list of files, judged in its order. Nothing was begun."""

    files: list[Verdict]
    available: int
    """Bytes that the space has room for."""
    growth: int
    """Bytes that those that go on add."""
    missing: int
    """Bytes that there is no room for."""


class BeginBody(Model):
    """A file that is to be uploaded."""

    folder: Folder
    name: Name
    size: Bytes
    modified: Time | None = None
    sha256: Sha256 | None = None
    if_taken: IfTaken = "refuse"
    """What happens to another file of this name: the upload is refused, gets a number behind its name, or replaces it
    (it goes into the trash)."""
    unpack: bool = False
    """It is a ZIP archive, whose members go into its folder."""
    again: bool = False
    """Upload it even if the space has these bytes elsewhere."""


class LeftOut(Model):
    """A member of an archive that was not unpacked."""

    name: str
    reason: WhyLeftOut


class Upload(Model):
    """An upload."""

    id: str
    path: str
    """Where it goes."""
    size: int
    offset: int
    """Bytes that have arrived: the next part begins there."""
    part: int
    """Bytes that a part should have. Any number will do, but not less than a ten-thousandth of the file."""
    state: State
    """open: parts are awaited; whole: all have arrived and are being stored or unpacked; done; refused."""
    file: Id | None
    """The file that it became. A photo's is the photo's id."""
    reason: Reason | None
    """Why it was refused, or has to wait."""
    progress: int
    total: int
    """While it is stored: bytes of all bytes; of an archive members of all members."""
    left_out: list[LeftOut]
    """Of an archive, at most a thousand."""


class AlreadyHere(Model):
    """A file that need not be uploaded: the space has these bytes."""

    file: Id
    path: str


class UploadList(Model):
    """Uploads that are under way or were refused, the newest first; at most 200."""

    uploads: list[Upload]


class Part(Model):
    """Which part of a file it is."""

    offset: Bytes
    """Its first byte."""


@section.endpoint("POST", "/uploads/check", Scope.UPLOAD, Checked, body=ListBody, errors=(403, 404))
def check(body: ListBody) -> Checked:
    """Judge a list of files before they are sent

    Nothing is begun and nothing is held. A list may have a thousand files.
    """
    files = [
        Wanted(tuple(one.name.split("/")), one.size, _micro(one.modified), one.sha256, one.unpack) for one in body.files
    ]
    found = security.library().transfers.check(
        security.principal(), tuple(body.folder.split("/")), files, body.promised
    )
    return Checked(
        files=[
            Verdict(
                answer=one.answer,
                file=one.entry_id,
                path=None if one.path is None else "/".join(one.path),
                size=one.size,
                fits=one.fits,
                upload=one.transfer,
                offset=one.offset,
            )
            for one in found.files
        ],
        available=found.available,
        growth=found.growth,
        missing=found.missing,
    )


@section.endpoint(
    "POST", "/uploads", Scope.UPLOAD, Upload, status=201, also={200: AlreadyHere}, body=BeginBody,
    errors=(403, 404, 409, 413, 415, 423, 429, 507),
)  # fmt: skip
def begin(body: BeginBody) -> tuple[Upload | AlreadyHere, int]:
    """Begin an upload, or go on with one

    Of the same file (name, size, time, and SHA-256 where it is known) there is one unfinished upload, which is answered
    with what has arrived of it. The room for the whole file is held from now on, until it is stored, ended, or nothing
    was heard of it for seven days. Missing folders are made.
    """
    begun = security.library().transfers.begin(
        security.principal(),
        (*body.folder.split("/"), *body.name.split("/")),
        size=body.size,
        modified=_micro(body.modified),
        sha256=body.sha256,
        if_taken=body.if_taken,
        unpack=body.unpack,
        again=body.again,
    )
    if isinstance(begun, Here):
        return AlreadyHere(file=begun.entry_id, path="/".join(begun.path)), 200
    return _upload(begun), 201


@section.endpoint("GET", "/uploads", Scope.UPLOAD, UploadList)
def mine() -> UploadList:
    """Uploads that are under way or were refused"""
    found = security.library().transfers.mine(security.principal())
    return UploadList(uploads=[_upload(one) for one in found])


@section.endpoint("GET", "/uploads/<transfer>", Scope.UPLOAD, Upload)
def state(transfer: str) -> Upload:
    """How far an upload is"""
    return _upload(security.library().transfers.find(security.principal(), transfer))


@section.endpoint(
    "PUT",
    "/uploads/<transfer>",
    Scope.UPLOAD,
    Upload,
    query=Part,
    stream=True,
    errors=(403, 404, 409, 413, 415, 423, 507),
)
def receive(transfer: str, query: Part) -> Upload:
    """Send a part of a file

    The body is the bytes from ``offset`` on, as they are. All of it counts, or nothing. What has arrived before is
    skipped, so a part whose answer was lost may be sent again; 409 says in ``offset`` where to go on. A header
    Content-Digest (RFC 9530) with sha-256 is compared with what arrives. The last part of a small file is answered when
    the file is stored; of a large one, or of an archive, the state is "whole" then, and GET tells how far it is.
    """
    found = security.library().transfers.receive(
        security.principal(), transfer, query.offset, _chunks(), request.content_length, _digest()
    )
    return _upload(found)


@section.endpoint("DELETE", "/uploads/<transfer>", Scope.UPLOAD, None)
def end(transfer: str) -> None:
    """End an upload

    What has arrived is deleted, and the room for it given back. What an archive was unpacked to stays.
    """
    security.library().transfers.abort(security.principal(), transfer)


def _upload(found: Transfer) -> Upload:
    return Upload(
        id=found.id,
        path="/".join(found.path),
        size=found.size,
        offset=found.arrived,
        part=max(_PART, -(-found.size // 5000)),
        state=found.state,
        file=found.entry_id,
        reason=found.reason,
        progress=found.progress,
        total=found.total,
        left_out=[LeftOut(name=name, reason=reason) for name, reason in found.report],
    )


def _micro(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else milliseconds * _MILLISECOND


def _chunks() -> Iterator[bytes]:
    """The body as it comes: the server's own reader knows when it is cut."""
    read = request.environ["wsgi.input"].read
    while chunk := read(_CHUNK):
        yield chunk


def _digest() -> str | None:
    """The SHA-256 of a Content-Digest header, in hexadecimal; BadRequest for one that cannot be read."""
    for one in request.headers.get("Content-Digest", "").split(","):
        text = one.strip()
        if text.startswith(_DIGEST):
            try:
                return base64.b64decode(text.removeprefix(_DIGEST).rstrip(":"), validate=True).hex()
            except binascii.Error:
                raise BadRequest("A Content-Digest is written like sha-256=:base64:.") from None
    return None
