"""A running gateway, and what is really there: its rows and objects, read without its own code."""

import hashlib
import itertools
import re
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from gateway.catalogue import Catalogue
from gateway.library.library import Library, build
from gateway.library.values import Principal
from gateway.store.local import LocalStore
from gateway.store.minio import MinioStore
from tests.components.gateway import Gateway
from tests.components.process import Component
from tests.dav.harness import Client, propfind

GIGABYTE = 1_000_000_000
MEGABYTE = 1_000_000

_NAMES = itertools.count(1)
_TREE = (
    "WITH RECURSIVE tree(id) AS (SELECT id FROM entry WHERE id IN (:root, :trash)"
    " UNION ALL SELECT entry.id FROM entry JOIN tree ON entry.parent_id = tree.id)"
)
_ROWS = {
    "sums": "SELECT live, held, trash, entries FROM space WHERE id = :space",
    "entries": f"{_TREE} SELECT id, parent_id, name, blob_id, created, modified FROM entry"
    " WHERE id IN (SELECT id FROM tree) ORDER BY id",
    "blobs": "SELECT id, key, size, sha256 FROM blob WHERE key LIKE :keys ORDER BY id",
    "holds": "SELECT key, size FROM hold WHERE space_id = :space ORDER BY key",
    "garbage": "SELECT key FROM garbage WHERE key LIKE :keys ORDER BY key",
    "trash": "SELECT id, entry_id, name, path, size FROM trash_item WHERE space_id = :space ORDER BY id",
    "changes": "SELECT id, kind, entry_id, path FROM change WHERE space_id = :space ORDER BY id",
    "locks": "SELECT token FROM lock WHERE space_id = :space ORDER BY token",
    "refusals": "SELECT path, reason FROM refusal WHERE account_id = :account ORDER BY path",
}


def content(size: int, seed: object) -> bytes:
    """Bytes that belong to ``seed`` and look the same at no two places."""
    block = hashlib.sha512(repr(seed).encode()).digest() * 1024
    numbered = b"".join(number.to_bytes(8, "big") + block for number in range(size // len(block) + 1))
    return numbered[:size]


def etag(data: bytes) -> str:
    """The entity tag of a file with these bytes, with its quotes."""
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


class Picture(NamedTuple):
    """Everything that a gateway keeps of one space."""

    rows: dict[str, list[tuple[Any, ...]]]
    objects: dict[str, int]
    """Key to size."""
    temporary: list[str]
    """Unfinished files of the folder store, unfinished parts of MinIO; of all spaces."""


@dataclass
class House:
    """A gateway with an eye on its catalogue and its store."""

    gateway: Gateway
    secrets: list[str] = field(default_factory=list)
    """What must not be in the log."""

    # --- rows and objects ---------------------------------------------------------------------------------------

    @property
    def database_url(self) -> str:
        return self.gateway.options.database_url or f"sqlite:///{self.gateway.data}/catalogue.sqlite3"

    @cached_property
    def _engine(self) -> Engine:
        return create_engine(self.database_url, poolclass=NullPool)

    def rows(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), parameters)]

    def change(self, *statements: str) -> None:
        with self._engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def sums(self, space: str) -> tuple[int, int, int]:
        """Live, held and trash of a space, in bytes."""
        live, held, trash = self.rows(f"SELECT live, held, trash FROM space WHERE name = '{space}'")[0]
        return int(live), int(held), int(trash)

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])

    def objects(self) -> dict[str, int]:
        return {key: size for key, size in self._listed().items() if key[0] not in "_."}

    def renditions(self) -> set[str]:
        """The keys of what was derived from photographs."""
        return {key for key in self._listed() if key.startswith("_davgallery/renditions/")}

    def _listed(self) -> dict[str, int]:
        if store := self.gateway.options.store:
            found = store.client.list_objects(self.gateway.bucket, recursive=True)
            return {str(one.object_name): int(one.size or 0) for one in found}
        root = self.gateway.data / "photos"
        files = (path for path in root.rglob("*") if path.is_file())
        return {str(path.relative_to(root)): path.stat().st_size for path in files}

    def temporary(self) -> list[str]:
        store = self.gateway.options.store
        if store is None:
            return sorted(path.name for path in (self.gateway.data / "photos" / ".tmp").iterdir())
        parts = store.folder / "data" / ".minio.sys" / "multipart"
        return sorted(str(path.relative_to(parts)) for path in parts.glob("*/*") if any(path.rglob("part.*")))

    def picture(self, client: Client) -> Picture:
        """What there is of the space that the client calls its own."""
        space, account, key, root, trash = self.rows(
            "SELECT id, owner_id, key, root_id, trash_id FROM space WHERE name = :name", name=client.base.split("/")[2]
        )[0]
        known = {"space": space, "account": account, "keys": f"{key}/%", "root": root, "trash": trash}
        rows = {
            name: self.rows(statement, **{word: value for word, value in known.items() if f":{word}" in statement})
            for name, statement in _ROWS.items()
        }
        mine = {one: size for one, size in self.objects().items() if one.startswith(f"{key}/")}
        return Picture(rows, mine, self.temporary())

    def tidy(self) -> None:
        """Collect the garbage whose quarter of an hour has not come yet."""
        self.change("UPDATE garbage SET not_before = 0")
        with self.opened() as library:
            library.upkeep.collect_garbage()

    def findings(self) -> list[str]:
        """What ``davgallery check`` finds."""
        with self.opened() as library:
            return [f"{one.kind}: {one.text}" for one in library.checker.check()]

    def strays(self) -> set[str]:
        """Objects without a row and rows without an object."""
        return self.objects().keys() ^ {row[0] for row in self.rows("SELECT key FROM blob")}

    # --- people -------------------------------------------------------------------------------------------------

    def opened(self) -> "_Opened":
        """A library of our own on the same catalogue and store, as a command beside the server has."""
        return _Opened(self)

    def account(self, *, quota: int = GIGABYTE) -> Client:
        """A new account's client, logged in as a device with a password of its own."""
        name = f"anna{next(_NAMES)}"
        with self.opened() as library:
            library.accounts.add(name, password="not used by any device", quota=quota)
            password = library.accounts.add_app_password(name, "phone")
        self.secrets.append(password)
        return Client(self.gateway.port, name, password, base=f"/dav/{name}/")

    def principal(self, client: Client) -> Principal:
        row = self.rows(f"SELECT owner_id FROM space WHERE name = '{client.user}'")[0]
        return Principal(int(row[0]), client.user, admin=False, credential_id=None, device="test")

    # --- processes ----------------------------------------------------------------------------------------------

    def memory(self) -> int:
        """Bytes that the workers have in memory."""
        return sum(psutil.Process(pid).memory_info().rss for pid in self.gateway.pids())

    def assert_log_is_clean(self) -> None:
        """No crash, and nothing that would let a reader of the log in."""
        log = self.gateway.log
        for sign in ("Traceback", "unexpected error", "Something went wrong", "Housekeeping failed"):
            assert sign not in log, log[max(0, log.index(sign) - 1000) :][:6000]
        hidden = [*self.secrets, self.gateway.admin_password, "not used by any device"]
        if store := self.gateway.options.store:
            hidden.append(store.secret_key)
        assert [secret for secret in hidden if secret in log] == []
        assert (
            re.search(r"(?i)(basic [A-Za-z0-9+/]{8}|X-Amz-Signature=[0-9a-f]{8}|Signature=[0-9a-f]{16})", log) is None
        )


class _Opened:
    """A context manager: the library, closed again at the end."""

    def __init__(self, house: House) -> None:
        self._catalogue = Catalogue(make_url(house.database_url))
        gateway = house.gateway
        self._store: LocalStore | MinioStore
        if store := gateway.options.store:
            self._store = MinioStore(store.endpoint, gateway.bucket, store.access_key, store.secret_key)
        else:
            self._store = LocalStore(gateway.data / "photos")
        self.library = build(self._catalogue, self._store, instance="test", default_quota=GIGABYTE)

    def __enter__(self) -> Library:
        return self.library

    def __exit__(self, *_: object) -> None:
        with closing(self._store):
            self._catalogue.close()


def quota_of(client: Client) -> tuple[int, int]:
    """Used and available bytes, as WebDAV tells them."""
    answer = client("PROPFIND", client.base, propfind("quota-used-bytes", "quota-available-bytes"), Depth="0")
    assert answer.status == 207, answer
    found = answer.properties(client.base)
    return int(found["{DAV:}quota-used-bytes"].text or ""), int(found["{DAV:}quota-available-bytes"].text or "")


def restart(component: Component) -> None:
    """Start what was killed, as often as it takes: processes that it left behind may hold its port for a moment."""
    for _ in range(40):
        try:
            component.start()
        except RuntimeError:
            continue
        return
    component.start()


def mounted(folder: Path) -> bool:
    return str(folder) in Path("/proc/mounts").read_text()
