"""A library with a few people in it, and what tests ask of it again and again."""

from __future__ import annotations

import hashlib
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, text

from gateway.catalogue import Catalogue, Transaction
from gateway.library.library import Library, build
from gateway.library.values import Conditions, IfList, Member, Path, Principal, Put, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gateway.catalogue.statements import Statement
    from gateway.library.spaces import SpaceRow
    from gateway.store import ObjectStore

MB = 1_000_000
QUOTA = 20 * MB
PASSWORD = "correct horse battery"


def at(path: str) -> Path:
    """``"alice/a/b.jpg"`` as the library takes it."""
    return tuple(path.split("/"))


def noise(size: int, seed: object = 0) -> bytes:
    """Bytes that no other seed gives."""
    return hashlib.shake_128(repr(seed).encode()).digest(size)


def pieces(content: bytes, step: int = 65536) -> Iterator[bytes]:
    """A body as a connection gives it."""
    for start in range(0, len(content), step):
        yield content[start : start + step]


def cut_after(content: bytes, kept: int, error: BaseException, step: int = 65536) -> Iterator[bytes]:
    """A body that breaks after ``kept`` bytes."""
    yield from pieces(content[:kept], step)
    raise error


def untouchable() -> Iterator[bytes]:
    """A body that must not be read."""
    raise AssertionError("the body was read")
    yield b""


def tokens(*submitted: str) -> Conditions:
    """An If header that submits these tokens, each in a list of its own with a list that is true anyway."""
    lists = [IfList(None, (Member(negated=False, token=one),)) for one in submitted]
    return Conditions(if_lists=(*lists, IfList(None, (Member(negated=True, token="DAV:no-lock"),))))


@dataclass(frozen=True)
class Sums:
    """What a space says of itself, or what its rows add up to."""

    live: int
    held: int
    trash: int
    entries: int


@dataclass
class House:
    """Alice manages the space "family", Bob edits it, Carol looks at it, and Dave is no member. Each has a space."""

    catalogue: Catalogue
    store: ObjectStore
    library: Library = field(init=False)
    people: dict[str, Principal] = field(default_factory=dict)

    @classmethod
    def over(cls, catalogue: Catalogue, store: ObjectStore, people: dict[str, Principal]) -> House:
        """Open a catalogue that is furnished already."""
        return cls(catalogue, store, people=people).with_options()

    @classmethod
    def furnished(cls, catalogue: Catalogue, store: ObjectStore) -> House:
        """Make the accounts and the shared space."""
        house = cls.over(catalogue, store, {})
        library = house.library
        for name in ("alice", "bob", "carol", "dave"):
            house.move_in(name)
        library.spaces.add("family")
        for name, role in (("alice", Role.MANAGER), ("bob", Role.EDITOR), ("carol", Role.VIEWER)):
            library.spaces.grant("family", name, role)
        return house

    def move_in(self, name: str) -> Principal:
        account = self.library.accounts.add(name, password=PASSWORD)
        self.people[name] = Principal(account, name, admin=False, credential_id=None, device=f"{name}’s laptop")
        return self.people[name]

    def with_options(self, **options: Any) -> House:
        """The same catalogue and store behind another library, with guards or listeners for example."""
        house = House(self.catalogue, self.store, self.people)
        house.library = build(self.catalogue, self.store, **{"instance": "one", "default_quota": QUOTA, **options})
        return house

    @property
    def alice(self) -> Principal:
        return self.people["alice"]

    @property
    def bob(self) -> Principal:
        return self.people["bob"]

    @property
    def carol(self) -> Principal:
        return self.people["carol"]

    @property
    def dave(self) -> Principal:
        return self.people["dave"]

    # --- doing ---------------------------------------------------------------------------------------------------

    def put(self, path: str, content: bytes = b"x", who: Principal | None = None, **options: Any) -> Put:
        options.setdefault("size", len(content))
        return self.library.uploads.put(who or self.alice, at(path), pieces(content), **options)

    def folder(self, path: str, who: Principal | None = None) -> int:
        return self.library.files.make_folder(who or self.alice, at(path)).entry.id

    def delete(self, path: str, who: Principal | None = None, **options: Any) -> None:
        self.library.files.delete(who or self.alice, at(path), **options)

    def move(self, source: str, destination: str, who: Principal | None = None, **options: Any) -> bool:
        return self.library.files.move(who or self.alice, at(source), at(destination), **options)

    def copy(self, source: str, destination: str, who: Principal | None = None, **options: Any) -> bool:
        return self.library.files.copy(who or self.alice, at(source), at(destination), **options)

    def lock(self, path: str, who: Principal | None = None, **options: Any) -> str:
        """Take a lock; its token."""
        options = {"exclusive": True, "infinite": False, "owner": "<me/>", "seconds": 600, **options}
        return self.library.locks.acquire(who or self.alice, at(path), **options)[0].token

    # --- looking -------------------------------------------------------------------------------------------------

    def read(self, path: str, who: Principal | None = None) -> bytes:
        content = self.library.files.open(who or self.alice, at(path))
        return b"".join(content.read(0, content.resource.entry.size))

    def names(self, path: str, who: Principal | None = None) -> list[str]:
        listing = self.library.files.children(who or self.alice, at(path))
        return [entry.name for page in listing.pages for entry in page.entries]

    def exists(self, path: str, who: Principal | None = None) -> bool:
        *folder, name = path.split("/")
        return name in self.names("/".join(folder), who)

    def trashed(self, space: str = "alice", who: Principal | None = None) -> dict[str, int]:
        """Name to item of what is in the trash; of several with one name the latest."""
        items = self.library.trash.items(who or self.alice, space)
        return {item.name: item.id for item in reversed(items)}

    def space(self, name: str = "alice") -> SpaceRow:
        return self.library.spaces.find(name)

    def sums(self, name: str = "alice") -> Sums:
        space = self.space(name)
        return Sums(space.live, space.held, space.trash, space.entries)

    def rows(self, sql: str, **parameters: Any) -> list[Any]:
        with self.catalogue.engine.connect() as connection:
            return list(connection.execute(text(sql), parameters))

    def execute(self, sql: str, **parameters: Any) -> None:
        with self.catalogue.engine.begin() as connection:
            connection.execute(text(sql), parameters)

    def objects(self) -> set[str]:
        return {stored.key for stored in self.store.list()}

    def garbage(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT key FROM garbage")}

    def blobs(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT key FROM blob")}

    # --- time ----------------------------------------------------------------------------------------------------

    def collect_garbage(self) -> int:
        """Collect as if a quarter of an hour had passed."""
        self.execute("UPDATE garbage SET not_before = 0")
        return self.library.upkeep.collect_garbage()

    def expire_holds(self) -> int:
        """End holds as if ten minutes had passed."""
        self.execute("UPDATE hold SET expires = 0")
        return self.library.upkeep.end_expired_holds()

    # --- judging -------------------------------------------------------------------------------------------------

    def recount(self, name: str = "alice") -> Sums:
        """What the rows of a space add up to, counted without the library's own statements."""
        space = self.space(name)
        below: dict[int, list[tuple[int, int]]] = {}
        described: dict[int, int] = {}
        for entry, *texts in self.rows("SELECT entry_id, namespace, name, value FROM property"):
            described[entry] = described.get(entry, 0) + sum(len(text.encode()) for text in texts) + 100
        for entry, parent, size in self.rows(
            "SELECT entry.id, entry.parent_id, coalesce(blob.size, 0) FROM entry LEFT JOIN blob ON blob.id = blob_id"
        ):
            below.setdefault(parent or 0, []).append((entry, size + described.get(entry, 0)))
        totals = []
        for root in (space.root_id, space.trash_id):
            count, size, waiting = 1, described.get(root, 0), [root]
            while waiting:
                for entry, own in below.get(waiting.pop(), []):
                    count, size = count + 1, size + own
                    waiting.append(entry)
            totals.append((count, size))
        held = self.rows("SELECT coalesce(sum(size), 0) FROM hold WHERE space_id = :s", s=space.id)[0][0]
        return Sums(totals[0][1], int(held), totals[1][1], totals[0][0] + totals[1][0])

    def assert_sound(self, *, idle: bool = True) -> None:
        """Sums equal rows, every blob has its object and an entry, and every object is named by a row."""
        for space in self.library.spaces.all():
            assert self.sums(space.name) == self.recount(space.name), space.name
            assert not (idle and space.held), space.name
        counted = text(
            "SELECT space_id, day, count(*), sum(ratio) FROM photo WHERE stack_id IS NULL GROUP BY space_id, day"
        )
        with self.catalogue.engine.connect() as connection:
            days = connection.execute(text("SELECT space_id, day, n, ratio_sum FROM day_count WHERE n <> 0"))
            assert set(map(tuple, days)) == {tuple(map(int, row)) for row in connection.execute(counted)}
            kinds = "CASE kind WHEN 'image' THEN 0 WHEN 'video' THEN 65536 ELSE 131072 END"
            keys = {
                "form": f"{kinds} + flags * 16 + coalesce(rating, 0)",
                "folder": "folder_id",
                "place": "place_id",
                "traits": "traits_id",
            }
            counts = connection.execute(text("SELECT space_id, what, key, n FROM photo_count"))
            assert set(map(tuple, counts)) == {
                (space, what, int(key), n)
                for what, column in keys.items()
                for space, key, n in connection.execute(
                    text(
                        f"SELECT space_id, {column} AS k, count(*) FROM photo"
                        f" WHERE stack_id IS NULL AND {column} IS NOT NULL GROUP BY space_id, k"
                    )
                )
            }
        sizes = {stored.key: stored.size for stored in self.store.list() if not stored.key.startswith("_")}
        blobs = {row[0]: row[1] for row in self.rows("SELECT key, size FROM blob")}
        assert blobs.items() <= sizes.items(), "a file without its bytes"
        holds = {row[0] for row in self.rows("SELECT key FROM hold")}
        assert sizes.keys() <= blobs.keys() | self.garbage() | holds, "an object that no row names"
        assert not blobs.keys() & self.garbage()
        unused = self.rows("SELECT id FROM blob WHERE id NOT IN (SELECT blob_id FROM entry WHERE blob_id IS NOT NULL)")
        assert unused == [], "bytes that nothing refers to and nobody will delete"
        items = dict(self.rows("SELECT entry_id, size FROM trash_item"))
        roots = [space.trash_id for space in self.library.spaces.all()]
        trashed = text("SELECT id FROM entry WHERE parent_id IN :roots").bindparams(bindparam("roots", expanding=True))
        with self.catalogue.engine.connect() as connection:
            assert {row[0] for row in connection.execute(trashed, {"roots": roots})} == items.keys()


def together(jobs: Sequence[Callable[[], Any]], seconds: float = 60) -> list[Any]:
    """Run the jobs at once, each in a thread; what each returned or raised."""
    results: list[Any] = [TimeoutError("it never came back")] * len(jobs)
    start = threading.Barrier(len(jobs))

    def run(number: int) -> None:
        start.wait()
        try:
            results[number] = jobs[number]()
        except BaseException as error:  # noqa: BLE001 - the test judges it
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    return results


def failures(results: Iterable[Any], *allowed: type[BaseException]) -> list[BaseException]:
    """What went wrong in ways that are not ``allowed``."""
    return [one for one in results if isinstance(one, BaseException) and not isinstance(one, allowed)]


@contextmanager
def counted() -> Iterator[list[Statement]]:
    """The statements that the library runs meanwhile."""
    seen: list[Statement] = []
    plain = Transaction._execute

    def execute(transaction: Transaction, statement: Statement, parameters: dict[str, Any]) -> None:
        seen.append(statement)
        plain(transaction, statement, parameters)

    Transaction._execute = execute  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        Transaction._execute = plain  # type: ignore[method-assign]
