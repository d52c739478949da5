"""What a request asks of the database takes an index, not a walk over everybody's photographs.

The statements are those that the library really runs, with the parameters it gave them.
"""

from __future__ import annotations

import json
import re
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url, text

from gateway.catalogue import Catalogue, Transaction
from gateway.catalogue.catalogue import _Compiled
from gateway.catalogue.models import Base
from gateway.catalogue.statements import every
from gateway.library.intake import Wanted
from gateway.library.transfers import Transfer
from gateway.library.usage import count_wanted
from gateway.library.values import PropertyChange
from gateway.store.local import LocalStore
from tests.library.house import House, at, noise, tokens
from tests.library.pictures import found_in, index, picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.catalogue.statements import Statement

NAMES = {statement: name.partition(".")[2] for name, statement in every().items()}
# Not holds: there are as many as uploads under way.
LARGE = {"entry", "blob", "property", "change", "trash_item", "lock", "garbage", "media", "photo", "rendition_set"}
# Reading these whole is what they are for: they hold only what is being purged, waits, runs or failed at the moment.
SMALL = {"trash_purging", "blob_due", "blob_failed", "blob_worker"}
_SQLITE_SCAN = re.compile(rf"SCAN (\w+)(?!.* ({'|'.join(SMALL)})\b)")
# The first adds everything up, every ten minutes, so that nobody else has to; garbage lives for a quarter of an hour.
WHOLE = {"SUM_RENDITIONS", "COUNT_GARBAGE"}
_ALIASES = {"old": "entry", "new": "entry", "inside": "entry"}
COUNT = 20_000

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
# Two hundred folders of a hundred files in a space of Dave's, and as much of everything else as a busy server has.
_FILLING = [
    (
        "INSERT INTO blob (key, size, sha256, sha1, media, created, version)"
        " {n} SELECT 'k/' || i, i, 'aa' || i, 'bb' || i, true, i, 1 FROM n"
    ),
    (
        "INSERT INTO entry (parent_id, name, name_key, is_folder, created, modified)"
        " {n} SELECT :root, 'folder' || i, 'folder' || i, true, 1, 1 FROM n WHERE i <= 200"
    ),
    (
        "INSERT INTO entry (parent_id, name, name_key, is_folder, blob_id, created, modified)"
        " {n} SELECT (SELECT min(id) FROM entry WHERE parent_id = :root) + i % 200, 'file' || i, 'file' || i, false,"
        " (SELECT min(id) FROM blob) + i - 1, 1, 1 FROM n"
    ),
    (
        "INSERT INTO property (entry_id, namespace, name, value)"
        " SELECT id, 'urn:x', 'p', 'v' FROM entry WHERE parent_id IS NOT NULL AND id % 2 = 0"
    ),
    (
        "INSERT INTO entry (parent_id, name, name_key, is_folder, blob_id, created, modified)"
        " {n} SELECT :trash, 't' || i, 't' || i, false, (SELECT min(id) FROM blob) + i - 1, 1, 1 FROM n WHERE i <= 5000"
    ),
    (
        "INSERT INTO trash_item (space_id, entry_id, name, path, parent_id, size, deleted, device, purging)"
        " SELECT :space, id, name, '', 1, 1, 4000000000000000 + id, '', false FROM entry WHERE parent_id = :trash"
    ),
    "INSERT INTO garbage (key, not_before) {n} SELECT 'g/' || i, 4000000000000000 FROM n WHERE i <= 5000",
    (
        'INSERT INTO lock (token, space_id, entry_id, infinite, "exclusive", owner, account_id, expires)'
        " SELECT 'urn:' || id, :space, id, false, true, '', :account, 4000000000000000 FROM entry"
        " WHERE blob_id IS NOT NULL AND id % 20 = 0 AND parent_id <> :trash"
    ),
    (
        "INSERT INTO change (space_id, at, kind, entry_id, path, device)"
        " {n} SELECT :space, 4000000000000000, 'created', i, 'p', '' FROM n"
    ),
    (
        "INSERT INTO media (blob_id, kind, format, width, height, frames, tags, content_id)"
        " SELECT id, 'image', 'jpeg', 4, 3, 1, '[]', CASE WHEN id % 50 = 0 THEN 'c' || id END FROM blob"
    ),
    "INSERT INTO rendition_set (sha256, key, size, pictures) SELECT sha256, 'r/' || id, 1, '[]' FROM blob",
    (
        # Shown in twenty spaces: where one has nearly everything, reading the whole table is right.
        "INSERT INTO photo (entry_id, space_id, folder_id, blob_id, stacked, day, taken, date_rule, added, ratio, kind,"
        " flags) SELECT entry.id, owner.id, parent_id, blob_id, 0, entry.id % 3000, entry.id, 'original', 1, 133,"
        " 'image', 0 FROM entry JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM space"
        " WHERE name LIKE 'neighbour%') AS owner ON owner.n = entry.id % 20"
        " WHERE blob_id IS NOT NULL AND parent_id <> :trash"
    ),
    (
        "INSERT INTO day_count (space_id, day, n, ratio_sum, seq)"
        " SELECT space_id, day, count(*), sum(ratio), 0 FROM photo GROUP BY space_id, day"
    ),
]


@dataclass
class Watched:
    """Statements and the parameters they were run with."""

    seen: dict[Statement, dict[str, Any]] = field(default_factory=dict)

    @contextmanager
    def watching(self) -> Iterator[None]:
        plain = Transaction._execute

        def execute(transaction: Transaction, statement: Statement, parameters: dict[str, Any]) -> None:
            self.seen[statement] = parameters
            plain(transaction, statement, parameters)

        Transaction._execute = execute  # type: ignore[method-assign]
        try:
            yield
        finally:
            Transaction._execute = plain  # type: ignore[method-assign]


@pytest.fixture
def full(catalogue_url: str, tmp_path: Path, _cheap_passwords: None) -> Iterator[House]:
    """A catalogue of 25,000 entries that the planner knows."""
    with closing(Catalogue(make_url(catalogue_url))) as opened, closing(LocalStore(tmp_path / "objects")) as store:
        Base.metadata.create_all(opened.engine)
        house = House.furnished(opened, store)
        space = house.space("dave")
        for number in range(20):
            house.move_in(f"neighbour{number}")
        for filling in _FILLING:
            words = {"root": space.root_id, "trash": space.trash_id, "space": space.id, "count": COUNT}
            words["account"] = house.dave.account_id
            clause = text(filling.replace("{n}", _NUMBERS))
            used = {name: value for name, value in words.items() if name in clause._bindparams}
            with opened.engine.begin() as connection:
                connection.execute(clause, used)
        house.execute(
            "UPDATE space SET live = quota, trash = quota, entries = 99999, quota = 10 * quota WHERE name = 'dave'"
        )
        with opened.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        opened.engine.dispose()  # a connection of SQLite knows what ANALYZE found when it was opened
        yield house


def live(house: House) -> None:
    """A day in the life: everything that people and housekeeping do, at least once."""
    deep = "alice"
    for _ in range(8):
        deep += "/d"
        house.folder(deep)
    house.put(f"{deep}/a", noise(100))
    house.put(f"{deep}/a", noise(200), size=None)
    house.put(f"{deep}/long", noise(6_000_000), size=None)
    house.library.files.stat(house.alice, at(f"{deep}/a"))
    house.library.files.spaces(house.alice)
    house.read(f"{deep}/a")
    list(house.library.files.children(house.dave, at("dave/folder7")).pages)
    red = PropertyChange(("urn:x", "colour"), "red")
    house.library.files.set_properties(house.alice, at(deep), [red, PropertyChange(red.name, None)], modified=1)
    house.library.files.properties(house.alice, at(deep))
    house.copy("alice/d", "alice/elsewhere")
    house.move("alice/elsewhere", "alice/f")
    house.move("alice/f", "family/f")
    token = house.lock(f"{deep}/a", infinite=True)
    house.library.locks.refresh(house.alice, at(f"{deep}/a"), seconds=60, conditions=tokens(token))
    house.library.locks.release(house.alice, at(f"{deep}/a"), token)
    house.lock("family/l")
    house.delete("family/f")
    house.library.trash.restore(house.alice, "family", house.trashed("family")["f"])
    house.delete("family/f")
    house.library.trash.purge(house.alice, "family", house.trashed("family")["f"])
    house.delete(f"{deep}/a")
    house.library.trash.purge(house.alice, "alice", house.library.trash.items(house.alice, "alice")[0].id)
    wanted = [Wanted(("d", "new.jpg"), 5, 1, "ab" * 32), Wanted(("new.jpg",), 5)]
    house.library.transfers.check(house.alice, at("alice"), wanted)
    for size in (300_000, 400_000):
        begun = house.library.transfers.begin(house.alice, at("alice/new.bin"), size=size, sha256=None, if_taken="both")
        assert isinstance(begun, Transfer)
        for start in range(0, size, 200_000):
            part = noise(min(200_000, size - start))
            house.library.transfers.receive(house.alice, begun.id, start, iter([part]), len(part))
    house.library.transfers.mine(house.alice)
    house.library.transfers.work()
    house.library.transfers.tidy()
    house.library.accounts.set_quota("alice", 50)
    house.library.upkeep.purge_trash()
    house.library.upkeep.end_expired_holds()
    house.library.upkeep.collect_garbage()
    house.library.upkeep.forget()
    house.delete(
        "dave/folder7", house.dave, conditions=tokens(*(row[0] for row in house.rows("SELECT token FROM lock")))
    )


def index_everything(house: House) -> None:
    """A day of the indexer's life."""
    jobs = house.library.jobs
    house.folder("alice/photos")
    live = {"content_id": "one shot"}
    house.put("alice/photos/a.jpg", picture(day=1, **live))
    house.put("alice/photos/a.jpg.xmp", picture("sidecar", "xmp", rating=5))
    house.put("alice/photos/b.mov", picture("video", "mov", day=1, **live))
    house.put("family/same.jpg", picture(day=1, **live))
    for number in range(30):
        house.put(f"alice/photos/{number}.jpg", picture(day=number))
    assert jobs.overdue(0, 100) > 0
    job = jobs.claim("here/1/")
    assert job is not None
    jobs.give_back(job, 0)
    jobs.claim("here/2/")
    assert jobs.workers() == ["here/2/"]
    jobs.give_back_of("here/2/")
    job = jobs.claim("here/1/", but=["somebody-123456"])
    assert job is not None
    jobs.give_back(job, 0)
    index(house)
    house.put("alice/photos/bad.jpg", picture(day=40))
    job = jobs.claim("here/1/")
    assert job is not None
    jobs.finish(job, found_in(picture(day=40)), error="It is cut off.")
    jobs.failures()
    jobs.retry_all()
    jobs.again(at("alice/photos"))
    index(house)
    house.with_options(index_version=2).library.jobs.renew()
    house.move("alice/photos/b.mov", "alice/photos/c.mov")
    house.move("alice/photos", "family/photos")
    house.library.photos.follow_folders()
    house.delete("family/photos")
    house.library.photos.follow_folders()
    house.library.upkeep.measure()
    house.library.upkeep.figures()


def scanned(house: House, statement: Statement, parameters: dict[str, Any]) -> set[str]:
    """The large tables that the plan reads from end to end."""
    compiled = _Compiled(statement, house.catalogue.engine)
    connection = house.catalogue.engine.raw_connection()
    try:
        cursor = connection.cursor()
        if house.catalogue.is_sqlite:
            cursor.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", compiled.bind(parameters))
            found = {match[1] for row in cursor.fetchall() if (match := _SQLITE_SCAN.match(row[3]))}
            return {_ALIASES.get(name, name) for name in found} & LARGE
        cursor.execute(f"EXPLAIN (FORMAT JSON) {compiled.sql}", compiled.bind(parameters))
        plan = cursor.fetchall()[0][0]
        return set(_full(json.loads(plan)[0]["Plan"] if isinstance(plan, str) else plan[0]["Plan"])) & LARGE
    finally:
        connection.close()


def _full(plan: dict[str, Any]) -> Iterator[str]:
    kind = plan["Node Type"]
    whole_index = kind in ("Index Scan", "Index Only Scan") and "Index Cond" not in plan
    if kind == "Seq Scan" or (whole_index and plan["Index Name"] not in SMALL):
        yield plan["Relation Name"]
    for below in plan.get("Plans", ()):
        yield from _full(below)


def test_nothing_that_people_or_housekeeping_do_reads_a_large_table_from_end_to_end(full: House) -> None:
    watched = Watched()
    with watched.watching():
        live(full)
    assert {"PAGE", "WALK", "CHILD", "DUE_GARBAGE", "EXPIRED_HOLDS", "OLDEST_TRASH"} <= {
        NAMES[one] for one in watched.seen
    }
    assert {"LIFT_FOLDERS", "DROP_BLOBS", "LOCKS_BELOW", "SUBTREE", "REACH", "FILES_OF", "COPY_FILES"} <= {
        NAMES[one] for one in watched.seen
    }
    found = {NAMES[one]: tables for one, given in watched.seen.items() if (tables := scanned(full, one, given))}
    assert found == {}


def test_nothing_that_the_indexer_does_reads_a_large_table_from_end_to_end(full: House) -> None:
    watched = Watched()
    with watched.watching():
        index_everything(full)
    names = {NAMES[one] for one in watched.seen}
    assert {
        "CLAIM",
        "ANY_DUE",
        "OVERDUE",
        "TWIN",
        "COPY_MEDIA",
        "RENEW",
        "GIVE_BACK_OF",
        "WORKERS",
        "AGAIN_BELOW",
    } <= names
    assert {
        "MEMBERS_OF_STEM",
        "MEMBERS_OF_CONTENT",
        "MEMBERS_AFTER",
        "PHOTOS_BELOW",
        "DUE_PENDING",
        "COUNT_DAY",
    } <= names
    assert {"COUNT_WAITING", "COUNT_RUNNING", "OLDEST_JOB", "COUNT_FAILED", "COUNT_PHOTOS"} | WHOLE <= names
    found = {NAMES[one]: tables for one, given in watched.seen.items() if (tables := scanned(full, one, given))}
    assert found.keys() == WHOLE


def test_what_takes_the_room_of_a_space_is_counted_without_reading_those_of_others(full: House) -> None:
    for folder in ("alice/a", "alice/a/b"):
        full.folder(folder)
    full.put("alice/a/b/one.jpg", picture(day=1))
    index(full)
    watched = Watched()
    with watched.watching():
        full.library.usages.report(full.alice, "alice")
        count_wanted(full.catalogue)
    names = {NAMES[one] for one in watched.seen}
    assert {"PHOTOS_BY_DAY", "SIZES_BY_FOLDER", "LARGEST_FILES", "WANTED_USAGES"} <= names
    found = {NAMES[one]: tables for one, given in watched.seen.items() if (tables := scanned(full, one, given))}
    assert found == {}
