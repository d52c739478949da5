"""Snapshots of the catalogue in the store: what brings the tree back when the database's disk is lost.

Only for SQLite, whose backup API copies one moment while uploads go on. A PostgreSQL server has
its own dumps, and they are its administrator's.
"""

from __future__ import annotations

import gzip
import os
import secrets
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import Exists, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.catalogue import Catalogue
    from gateway.store import ObjectStore

PREFIX = "_davgallery/catalogue/"
KEEP = 7
_CHUNK = 1 << 20


def take(catalogue: Catalogue, store: ObjectStore) -> str | None:
    """Copy the catalogue into the store, and delete all but the newest seven; the key, None for PostgreSQL."""
    if not catalogue.is_sqlite:
        return None
    # Beside the catalogue: /tmp may be a part of the memory.
    beside = Path(str(catalogue.url.database)).parent
    with tempfile.TemporaryDirectory(prefix=".snapshot-", dir=beside) as folder:
        copy = Path(folder) / "catalogue.sqlite3"
        catalogue.copy_to(copy)
        packed = Path(folder) / "catalogue.sqlite3.gz"
        with copy.open("rb") as plain, gzip.open(packed, "wb", compresslevel=3) as file:
            shutil.copyfileobj(plain, file, _CHUNK)
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S.%fZ")
        key = f"{PREFIX}{stamp}-{secrets.token_hex(3)}.sqlite3.gz"
        store.put(key, _chunks(packed), packed.stat().st_size)
    names = names_of(store)
    store.delete(names[:-KEEP])
    return key


def names_of(store: ObjectStore) -> list[str]:
    """The keys of the snapshots, the oldest first."""
    return [stored.key for stored in store.list(PREFIX)]


def fetch(store: ObjectStore, target: Path, key: str | None = None) -> str:
    """Write a snapshot (the newest unless ``key`` says which) to the new file ``target``; the key it has.

    Raises Exists when there is a catalogue at ``target``, NotFound when there is no such snapshot.
    """
    for there in (target, target.with_name(f"{target.name}-wal"), target.with_name(f"{target.name}-shm")):
        if there.exists():
            # A journal that belongs to another catalogue would destroy the one that is brought back.
            raise Exists(f"There is {there} already: move it away first.")
    found = {stored.key: stored.size for stored in store.list(PREFIX)}
    if key is not None and not key.startswith(PREFIX):
        key = PREFIX + key
    if not found or (key is not None and key not in found):
        raise NotFound("There is no such snapshot in the store.")
    chosen = key or max(found)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="davgallery-", dir=target.parent) as folder:
        packed, plain = Path(folder) / "packed", Path(folder) / "plain"
        with packed.open("wb") as file:
            for chunk in store.read(chosen, 0, found[chosen]):
                file.write(chunk)
        with gzip.open(packed, "rb") as source, plain.open("wb") as file:
            shutil.copyfileobj(source, file, _CHUNK)
            file.flush()
            os.fsync(file.fileno())
        plain.chmod(0o600)
        plain.rename(target)
        _sync(target.parent)
    return chosen


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
