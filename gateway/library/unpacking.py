"""Unpacking ZIP archives that lie in the store as parts: each member is an upload of its own.

An archive is somebody else's program: names may lead anywhere, sizes may lie, a kilobyte may unpack to a terabyte. So
members are read as a stream that ends at the size that was announced and held; only methods whose output can be bounded
are taken (with bzip2 and LZMA a block of input may become a gigabyte at once); names are made of what stands in the
archive and then judged like those of any upload.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import time
import zipfile
import zlib
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import TYPE_CHECKING, Literal, NamedTuple, Self, cast
from zoneinfo import ZoneInfo

from gateway.errors import (
    ChecksumMismatch,
    GatewayError,
    NotFound,
    PreconditionFailed,
    StoreFull,
    TooLarge,
    Truncated,
    Unavailable,
)
from gateway.library.arrivals import BOTH, FREE, REFUSE, REPLACE, IfTaken, Reason, make_folders, numbered, reason_of
from gateway.library.hold import Claim
from gateway.library.values import NO_CONDITIONS, Entry, Path, Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from gateway.catalogue import Transaction
    from gateway.library.files import Files
    from gateway.library.upload import Uploads
    from gateway.store import ObjectStore

MOST_MEMBERS = 100_000
RENEWAL = 15.0
"""Seconds between two signs of life while a file is stored."""
_MOST_LIST = 16 << 20
"""Bytes that the archive's list of members may have: it is in memory as a whole."""
_READ = 1 << 20
_CHUNK = 256 << 10
_MOST_REPORTED = 1000
_BOMB_RATIO = 250
_BOMB_BYTES = 64 << 20
"""What unpacks to more than this, and to 250 times its size, is no photograph."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_UTF8 = 0x800
_DOS = 0
_TIMES = 0x5455
"""The extra field with times in UTC (Info-ZIP)."""
_DRIVE = re.compile(r"[A-Za-z]:")
_LITTER = frozenset((".ds_store", "thumbs.db", "desktop.ini"))
_CYRILLIC = re.compile(rb"[\x80-\xaf\xe0-\xf1]{2,}")
_HIGH = re.compile(rb"[\x80-\xff]+")
_TRIES = 3


LeftOut = Reason | Literal["here", "outside", "link", "password", "method", "bomb"]
"""Why a member was left out."""
_Refusal = LeftOut | Literal["litter", ""]


class Progress(NamedTuple):
    """How far something is: of a file in bytes, of an archive in members."""

    done: int
    total: int
    report: tuple[tuple[str, LeftOut], ...]
    """What of an archive was left out: names and reasons; at most a thousand."""

    def passed(self, name: str = "", reason: LeftOut | None = None) -> Progress:
        """One member more, left out for this reason if there is one."""
        report = self.report
        if reason and len(report) < _MOST_REPORTED:
            report = (*report, (name, reason))
        return Progress(self.done + 1, self.total, report)


class Member(NamedTuple):
    """A member of an archive."""

    info: zipfile.ZipInfo
    name: str
    """As a person knows it."""
    path: Path
    """Folders and name, below the folder that it is unpacked into."""
    is_folder: bool
    refusal: _Refusal
    """Why it is left out; empty when it is not. ``litter``: nobody need be told."""


class Archive:
    """A ZIP archive whose bytes lie in the store, one part after the other."""

    def __init__(self, store: ObjectStore, parts: Sequence[tuple[str, int]]) -> None:
        """Read its list. ``parts`` are keys and sizes. ChecksumMismatch for what is no archive; TooLarge."""
        raw = _Parts(store, parts)
        try:
            self._zip = zipfile.ZipFile(io.BufferedReader(raw, _READ))
            infos = self._zip.infolist()
        except _ListTooLong:
            raise TooLarge("The archive has too many members.") from None
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, struct.error) as error:
            raise ChecksumMismatch("This is not a whole ZIP archive.") from error
        if len(infos) > MOST_MEMBERS:
            raise TooLarge("The archive has too many members.")
        raw.is_open = True
        self.members = [_member(info) for info in infos]

    def __enter__(self) -> Self:
        """Nothing more to open."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """Let it go."""
        self._zip.close()

    def read(self, member: Member) -> Iterator[bytes]:
        """The bytes of a member. Truncated or ChecksumMismatch when they are not what the archive says."""
        left = member.info.file_size
        try:
            with self._zip.open(member.info) as file:
                while chunk := file.read(min(_CHUNK, left + 1)):
                    left -= len(chunk)
                    if left < 0:
                        raise Truncated("A member of the archive is longer than it says.")
                    yield chunk
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
            raise ChecksumMismatch("A member of the archive is damaged.") from error


@dataclass(frozen=True, slots=True)
class Unpacking:
    """Uploads the members of an archive one after the other, from where it was left."""

    uploads: Uploads
    files: Files
    principal: Principal
    folder: Path
    if_taken: IfTaken
    zone: str
    hold: str
    """The key of what the archive holds: its own bytes give way to what comes out of them."""
    note: Callable[[Transaction, Progress], None]
    """Records the progress in the transaction that it is called in; HoldLost when somebody else goes on with it."""
    go_on: Callable[[Progress], None]
    """Records the progress in a transaction of its own."""

    def run(self, archive: Archive, progress: Progress) -> Iterator[Progress]:
        """Go on from ``progress``; after each member, how far it is.

        Raises what may pass: Unavailable, StoreFull. What was done until then is recorded.
        """
        made: set[Path] = set()
        for member in archive.members[progress.done :]:
            progress = self._take(archive, member, progress, made)
            yield progress

    def _take(self, archive: Archive, member: Member, progress: Progress, made: set[Path]) -> Progress:
        reason = member.refusal or self._judged(archive, member, progress, made)
        if not reason and not member.is_folder:
            return progress.passed()
        done = progress.passed() if reason in {"", "litter"} else progress.passed(member.name, cast("LeftOut", reason))
        self.go_on(done)
        return done

    def _judged(self, archive: Archive, member: Member, progress: Progress, made: set[Path]) -> _Refusal:
        """Make or upload a member; why it was left out, empty when it was not."""
        try:
            self._make((*self.folder, *(member.path if member.is_folder else member.path[:-1])), made)
            return "" if member.is_folder else self._upload(archive, member, progress)
        except (Unavailable, StoreFull):
            raise
        except GatewayError as error:
            return reason_of(error)

    def _make(self, folder: Path, made: set[Path]) -> None:
        if folder not in made:
            make_folders(self.files, self.principal, folder)
            made.add(folder)

    def _upload(self, archive: Archive, member: Member, progress: Progress) -> _Refusal:
        path = (*self.folder, *member.path)
        modified = _modified(member.info, self.zone)
        there = self._at(path)
        if there is not None and not there.is_folder:
            if there.size == member.info.file_size and there.modified // 2_000_000 == modified // 2_000_000:
                return "here"
            if self.if_taken == REFUSE:
                return "taken"
        conditions = NO_CONDITIONS if self.if_taken == REPLACE else FREE
        for attempt in range(_TRIES):
            if self.if_taken == BOTH:
                with self.uploads.catalogue.read() as tx:
                    path = numbered(tx, self.principal, (*self.folder, *member.path))
            try:
                self.uploads.put(
                    self.principal,
                    path,
                    self._kept(archive.read(member), progress),
                    size=member.info.file_size,
                    conditions=conditions,
                    modified=modified,
                    claim=Claim(self.hold, lambda tx, _entry: self.note(tx, progress.passed())),
                )
            except PreconditionFailed:
                if self.if_taken != BOTH or attempt == _TRIES - 1:
                    return "taken"
            else:
                return ""
        raise AssertionError("unreachable")

    def _kept(self, chunks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
        """The same bytes; meanwhile nobody takes the archive for abandoned."""
        renewed = time.monotonic()
        for chunk in chunks:
            if time.monotonic() - renewed > RENEWAL:
                self.go_on(progress)
                renewed = time.monotonic()
            yield chunk

    def _at(self, path: Path) -> Entry | None:
        try:
            return self.files.stat(self.principal, path).entry
        except NotFound:
            return None


def _member(info: zipfile.ZipInfo) -> Member:
    """A member, and whether it may be unpacked."""
    name = _name(info)
    text = name.replace("\\", "/") if info.create_system == _DOS else name
    path = tuple(part for part in text.split("/") if part not in {"", "."})
    is_folder = text.endswith("/")
    return Member(info, name, path, is_folder, _refusal(info, text, path, is_folder=is_folder))


def _refusal(info: zipfile.ZipInfo, text: str, path: Path, *, is_folder: bool) -> _Refusal:
    if not path or path[0] == "__MACOSX" or path[-1].lower() in _LITTER:
        return "litter"
    if text.startswith("/") or _DRIVE.match(text) or ".." in path:
        return "outside"
    if is_folder:
        return ""
    if stat.S_ISLNK(info.external_attr >> 16):
        return "link"
    if info.flag_bits & _ENCRYPTED:
        return "password"
    if info.compress_type not in _METHODS:
        return "method"
    if info.file_size > max(_BOMB_BYTES, _BOMB_RATIO * info.compress_size):
        return "bomb"
    return ""


def _name(info: zipfile.ZipInfo) -> str:
    """The name of a member. One that is not said to be UTF-8 is taken for it where it can be (macOS), then for the code
    page of Russian systems where it has Cyrillic words in it (Windows), else for that of the first PC (APPNOTE D.1).
    """
    if info.flag_bits & _UTF8 or info.orig_filename.isascii():
        return info.orig_filename.partition("\0")[0]
    try:
        raw = info.orig_filename.encode("cp437").partition(b"\0")[0]
    except UnicodeEncodeError:  # it came with a name in Unicode beside the first one
        return info.orig_filename
    try:
        return raw.decode()
    except UnicodeDecodeError:
        is_cyrillic = all(_CYRILLIC.fullmatch(run) for run in _HIGH.findall(raw) if len(run) > 1)
        has_words = any(len(run) > 1 for run in _HIGH.findall(raw))
        return raw.decode("cp866" if is_cyrillic and has_words else "cp437")


def _modified(info: zipfile.ZipInfo, zone: str) -> int:
    """When a member was last changed, in microseconds UTC. ZIP has the wall clock of nobody knows where, to 2 s."""
    extra = info.extra
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == _TIMES and length >= 5 and len(extra) >= 9 and extra[4] & 1:
            return int(struct.unpack_from("<i", extra, 5)[0]) * 1_000_000
        extra = extra[4 + length :]
    try:
        wall = datetime(*info.date_time, tzinfo=ZoneInfo(zone))
    except ValueError:
        wall = datetime(1980, 1, 1, tzinfo=UTC)
    return int(wall.timestamp()) * 1_000_000


class _ListTooLong(Exception):
    """The list of an archive's members is longer than anybody's."""


class _Parts(io.RawIOBase):
    """Objects one after the other, as a file to read and to seek in."""

    def __init__(self, store: ObjectStore, parts: Sequence[tuple[str, int]]) -> None:
        self._store = store
        self._keys = [key for key, _ in parts]
        self._ends = list(accumulate(size for _, size in parts))
        self._size = self._ends[-1] if self._ends else 0
        self._position = 0
        self.is_open = False
        """The list of members was read: what is asked for now is small."""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("before the beginning")  # as files do; zipfile tries
        self._position = base + offset
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if not self.is_open and len(view) > _MOST_LIST:
            raise _ListTooLong
        index = bisect_right(self._ends, self._position)
        if index >= len(self._keys) or not view:
            return 0
        start = self._position - (self._ends[index - 1] if index else 0)
        length = min(len(view), self._ends[index] - self._position)
        filled = 0
        for chunk in self._store.read(self._keys[index], start, length):
            view[filled : filled + len(chunk)] = chunk
            filled += len(chunk)
        self._position += filled
        return filled
