"""Objects as files in one folder of the machine."""

import errno
import os
import secrets
import stat
import weakref
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from types import TracebackType

from gateway.errors import GatewayError, NotFound, StoreFull, StoreUnavailable
from gateway.store.chunks import CHUNK, whole
from gateway.store.folders import Folders, enter, enter_or_make
from gateway.store.keys import split
from gateway.store.protocol import StoredObject

_TEMPORARY = ".tmp"
# The second one is where ext4 keeps what fsck found, when the root is a disk of its own.
_NOT_OBJECTS = frozenset({_TEMPORARY, "lost+found"})

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe that somebody put there must not wait for a writer. It means nothing for files.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

# Missing; a file where a folder should be; a symbolic link (Linux says ENOTDIR for folders, ELOOP for files);
# a folder where a file should be; a socket.
_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.ENXIO})
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# How many times a put starts again because a delete removed its folder at that moment.
_TRIES = 100
# Look at the free space again after so many bytes: others write too, and not every body says its length.
_LOOK_AGAIN = 16 * 1024 * 1024
_REMEMBERED_FOLDERS = 10_000


class _Translated:
    """Turns what the operating system says into what a store may say. As a class it costs a tenth of a generator."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, OSError):
            raise _failure(error) from error


_translated = _Translated()


def _failure(error: OSError) -> GatewayError:
    if error.errno in _FULL:
        return StoreFull("The storage is full.")
    return StoreUnavailable("The storage cannot be used at the moment.")


class LocalStore:
    """Objects as files under ``root``, the key as path. Nothing but davgallery may write there.

    Files get mode 0600 and folders 0700. Every folder is opened relative to its parent without following symbolic
    links, so a link that somebody planted inside is never followed. ``root`` itself may be one.
    """

    def __init__(self, root: Path, reserve: int = 0) -> None:
        """Open the folder, made when missing. ``reserve`` is the free disk, in bytes, that uploads may not touch."""
        self._reserve = reserve
        with _translated:
            _make_root(root)
            self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._close_root = weakref.finalize(self, os.close, self._root)
            self._temporary = enter_or_make(self._root, _TEMPORARY)
            self._close_temporary = weakref.finalize(self, os.close, self._temporary)
        # Folders whose names this process has synced itself. Another process may have made a folder a moment ago and
        # not have synced it yet; relying on it, an acknowledged object could lose its folder in a power cut.
        self._durable: set[str] = set()

    def close(self) -> None:
        """Let the folder go. The store cannot be used after it."""
        self._close_temporary()
        self._close_root()

    def put(self, key: str, chunks: Iterable[bytes], size: int | None) -> None:
        """Write beside the objects, sync, rename into place, and sync the folders that changed."""
        segments = _segments(key)
        self._need_room(size or 0)
        temporary = secrets.token_hex(16)
        with _translated:
            file = os.open(temporary, _CREATE, 0o600, dir_fd=self._temporary)
        try:
            try:
                self._fill(file, whole(chunks, size))
            finally:
                os.close(file)
            with _translated:
                self._publish(temporary, segments)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=self._temporary)
            raise

    def read(self, key: str, start: int, length: int) -> Generator[bytes, None, None]:
        """Open the file, then give its bytes. StoreUnavailable when it is shorter than asked for."""
        reader = self._read(_segments(key), start, length)
        next(reader)
        return reader

    def delete(self, keys: Iterable[str]) -> None:
        """Unlink the files, and the folders that became empty."""
        with _translated:
            for folders, group in groupby(map(_segments, keys), key=lambda segments: segments[:-1]):
                self._delete_in(folders, (segments[-1] for segments in group))

    def list(self, prefix: str = "", after: str = "") -> Iterator[StoredObject]:
        """Walk the folders in order; the names of one folder at a time are in memory."""
        folders = prefix.split("/")[:-1]
        if not {"", ".", ".."}.isdisjoint(folders) or (folders and folders[0] in _NOT_OBJECTS):
            return
        with _translated:
            try:
                # Opened anew even for the root: two listings must not share a position in the folder.
                opened = Folders(self._root, folders or ["."])
            except OSError as error:
                if error.errno in _ABSENT:
                    return
                raise
            with opened:
                yield from _walk(opened.last, "".join(f"{folder}/" for folder in folders), prefix, after)

    def url(self, key: str, expires: int) -> str | None:  # noqa: ARG002
        """None: a folder has no address."""
        return None

    def check(self) -> None:
        """Ask the disk whether it is still there and may be written to."""
        with _translated:
            os.stat(_TEMPORARY, dir_fd=self._root, follow_symlinks=False)
            if os.fstatvfs(self._root).f_flag & os.ST_RDONLY:
                raise StoreUnavailable("The storage is read-only.")

    def sweep_temporary(self) -> None:
        """Remove what uploads left behind when their process was killed. Never while another process writes."""
        with _translated, os.scandir(self._temporary) as leftovers:
            for leftover in leftovers:
                os.unlink(leftover.name, dir_fd=self._temporary)

    def _need_room(self, size: int) -> None:
        with _translated:
            disk = os.fstatvfs(self._root)
        if disk.f_bavail * disk.f_frsize < self._reserve + size:
            raise StoreFull("The storage is full.")

    def _fill(self, file: int, chunks: Iterable[bytes]) -> None:
        """Write and sync. Only our own calls are translated: errors of ``chunks`` may be OSErrors and pass."""
        unlooked = 0
        for chunk in chunks:
            unlooked += len(chunk)
            if unlooked >= _LOOK_AGAIN:
                self._need_room(unlooked)
                unlooked = 0
            with _translated:
                written = os.write(file, chunk)
                while written < len(chunk):
                    written += os.write(file, memoryview(chunk)[written:])
        with _translated:
            os.fsync(file)

    def _publish(self, temporary: str, segments: Sequence[str]) -> None:
        """Rename the file to its place and make the place durable."""
        *names, name = segments
        for _ in range(_TRIES):
            # Missing: a delete found one of the folders empty and removed it after it was opened.
            with suppress(FileNotFoundError), Folders(self._root, names, make=True) as folders:
                os.rename(temporary, name, src_dir_fd=self._temporary, dst_dir_fd=folders.last)
                try:
                    self._sync(folders)
                except OSError:
                    os.unlink(name, dir_fd=folders.last)
                    raise
                return
        raise StoreUnavailable("The storage cannot be used at the moment.")

    def _sync(self, folders: Folders) -> None:
        """Sync the last folder, whose content changed, and each parent whose child may not be durable yet."""
        os.fsync(folders.last)
        for depth in range(len(folders.names), 0, -1):
            path = folders.path(depth)
            if path in self._durable:
                continue
            os.fsync(folders.opened[depth - 1])
            if len(self._durable) >= _REMEMBERED_FOLDERS:
                self._durable.clear()
            self._durable.add(path)

    def _read(self, segments: Sequence[str], start: int, length: int) -> Generator[bytes, None, None]:
        file = self._open_file(segments)
        try:
            with _translated:
                information = os.fstat(file)
            if not stat.S_ISREG(information.st_mode):
                raise NotFound("There is no such object.")
            if information.st_size < start + length:
                raise StoreUnavailable("The stored file is shorter than it should be.")
            yield b""  # ends the part that ``read`` runs itself, so that NotFound comes out there
            while length:
                with _translated:
                    chunk = os.pread(file, min(length, CHUNK), start)
                if not chunk:
                    raise StoreUnavailable("The stored file is shorter than it should be.")
                start += len(chunk)
                length -= len(chunk)
                yield chunk
        finally:
            os.close(file)

    def _open_file(self, segments: Sequence[str]) -> int:
        *names, name = segments
        try:
            with Folders(self._root, names) as folders:
                return os.open(name, _READ, dir_fd=folders.last)
        except OSError as error:
            if error.errno in _ABSENT:
                raise NotFound("There is no such object.") from None
            raise _failure(error) from error

    def _delete_in(self, names: Sequence[str], files: Iterable[str]) -> None:
        try:
            folders = Folders(self._root, names)
        except OSError as error:
            if error.errno in _ABSENT:
                return
            raise
        with folders:
            for name in files:
                try:
                    os.unlink(name, dir_fd=folders.last)
                except OSError as error:
                    if error.errno not in _ABSENT:
                        raise
            self._remove_empty(folders)

    def _remove_empty(self, folders: Folders) -> None:
        """Remove the folders that are empty now, the deepest first, and sync the first one that stays."""
        depth = len(folders.names)
        while depth:
            self._durable.discard(folders.path(depth))
            try:
                os.rmdir(folders.names[depth - 1], dir_fd=folders.opened[depth - 1])
            except OSError:
                break  # not empty, or another delete was faster
            depth -= 1
        os.fsync(folders.opened[depth])


def _segments(key: str) -> list[str]:
    segments = split(key)
    if segments[0] in _NOT_OBJECTS:
        raise ValueError("not a key")
    return segments


def _make_root(root: Path) -> None:
    """Make the folder and its missing parents, each durable in its own parent."""
    if root.is_dir():
        return
    _make_root(root.parent)
    with suppress(FileExistsError):
        root.mkdir(mode=0o700)
    parent = os.open(root.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def _walk(folder: int, above: str, prefix: str, after: str) -> Iterator[StoredObject]:
    """Give the objects below an open folder whose keys begin with ``above``, in the order of whole keys.

    A folder sorts as its name with a slash, which is what its keys go on with: "a-b" comes before "a/b". Text sorts by
    code points, and so does UTF-8.
    """
    for name in _sorted_names(folder, above):
        key = above + name
        if name.endswith("/"):
            wanted = key.startswith(prefix) or prefix.startswith(key)
            if not wanted or (key <= after and not after.startswith(key)):
                continue
            try:
                inner = enter(folder, name[:-1])
            except OSError as error:
                if error.errno in _ABSENT:
                    continue  # deleted since the names were read
                raise
            try:
                yield from _walk(inner, key, prefix, after)
            finally:
                os.close(inner)
        elif key.startswith(prefix) and key > after:
            try:
                information = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                continue  # deleted since the names were read
            yield StoredObject(key, information.st_size, information.st_mtime_ns // 1000)


def _sorted_names(folder: int, above: str) -> list[str]:
    """The names of files, and of folders with a slash. What is neither, or is no UTF-8, is no object."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if not above and entry.name in _NOT_OBJECTS:
                continue
            if not _is_utf8(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                found.append(f"{entry.name}/")
            elif entry.is_file(follow_symlinks=False):
                found.append(entry.name)
    found.sort()
    return found


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
