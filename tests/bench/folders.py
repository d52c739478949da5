"""Folders of 100,000 files, as the gallery opens them, on SQLite; nobody else is asked."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sqlalchemy import make_url, text

from gateway.catalogue import Catalogue
from gateway.catalogue.models import Base
from gateway.library import library
from gateway.library.query import Query, Sort
from gateway.library.values import Principal
from gateway.store.local import LocalStore
from tests.bench.figures import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL

    from gateway.library.library import Library
    from tests.bench.stage import Stage

COUNT = 100_000
_NUMBERS = f"WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {COUNT})"
# A folder of so many photographs with a few documents behind them, one of documents, and one of folders.
_FILLING = (
    (
        "INSERT INTO blob (key, size, sha256, sha1, media, created, version)"
        " {n} SELECT 'k/' || i, 1000 + i * 7919 % 100000, 'aa' || i, 'bb' || i, true, i * 60000000, 1 FROM n"
    ),
    (
        "INSERT INTO entry (parent_id, name, name_key, is_folder, blob_id, created, modified)"
        " {n} SELECT :photos, name, name, false, (SELECT min(id) FROM blob) + i - 1, i, i"
        " FROM (SELECT i, 'IMG_' || (1000000 + i * 7919 % 100000) || '-' || i || '.jpg' AS name FROM n) AS names"
    ),
    (
        "INSERT INTO media (blob_id, kind, format, width, height, frames, tags)"
        " SELECT id, 'image', 'jpeg', 4, 3, 1, '[]' FROM blob"
    ),
    (
        "INSERT INTO photo (entry_id, space_id, folder_id, blob_id, stacked, day, taken, date_rule, added, ratio, kind,"
        " flags) SELECT id, :space, parent_id, blob_id, 0, 10000 + blob_id % 5000,"
        " (10000 + blob_id % 5000) * 86400000000 + blob_id, 'original', blob_id * 60000000, 133, 'image', 0 FROM entry"
        " WHERE parent_id = :photos"
    ),
    (
        "INSERT INTO entry (parent_id, name, name_key, is_folder, created, modified)"
        " {n} SELECT :photos, 'z' || i, 'z' || i, false, i, i FROM n WHERE i <= 3"
    ),
    (
        "INSERT INTO entry (parent_id, name, name_key, is_folder, created, modified)"
        " {n} SELECT :documents, 'f' || i, 'f' || i, false, i, i FROM n"
    ),
    (
        "INSERT INTO entry (parent_id, name, name_key, is_folder, created, modified)"
        " {n} SELECT :folders, 'f' || i, 'f' || i, true, i, i FROM n"
    ),
)


def fill(url: URL, store: Path) -> tuple[Library, Catalogue, Principal]:
    """Make a catalogue with an account whose space has the folders ``photos``, ``documents`` and ``folders``."""
    catalogue = Catalogue(url)
    Base.metadata.create_all(catalogue.engine)
    made = library.build(catalogue, LocalStore(store), instance="bench", default_quota=1 << 50)
    account = made.accounts.add("admin", password="correct horse battery")
    who = Principal(account, "admin", admin=False, credential_id=None, device="bench")
    words = {name: made.files.make_folder(who, ("admin", name)).entry.id for name in ("photos", "documents", "folders")}
    words["space"] = made.spaces.find("admin").id
    with catalogue.engine.begin() as connection:
        connection.exec_driver_sql("BEGIN")
        for filling in _FILLING:
            clause = text(filling.replace("{n}", _NUMBERS))
            connection.execute(clause, {name: value for name, value in words.items() if name in clause._bindparams})
    with catalogue.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return made, catalogue, who


def questions(made: Library, who: Principal) -> dict[str, Callable[[], object]]:
    """What a folder's page asks first, and what it asks as one goes on."""

    def opened(name: str, sort: Sort = Sort.NAME) -> Callable[[], object]:
        return lambda: made.folders.open(who, ("admin", name), sort)

    def view(sort: Sort) -> Query:
        return Query.parse({"folder.only": ["admin/photos"], "sort": [sort.value]})

    def segments(sort: Sort) -> Callable[[], object]:
        return lambda: made.timeline.segments(who, view(sort))

    def columns(sort: Sort, number: int) -> Callable[[], object]:
        keys = [*made.timeline.segments(who, view(sort)).keys, None]
        last = len(keys) - 2
        first = keys[min(number, last)] or ""
        return lambda: made.timeline.columns(who, view(sort), first, keys[min(number + 1, last + 1)])

    return {
        "open: 100,000 photos and 3 files": opened("photos"),
        "open by size: the same": opened("photos", Sort.LARGEST),
        "open: 100,000 files": opened("documents"),
        "open: 100,000 folders": opened("folders"),
        "open: the folder above them": lambda: made.folders.open(who, ("admin",)),
        "segments by name": segments(Sort.NAME),
        "segments by day": segments(Sort.NEWEST),
        "segments by arrival": segments(Sort.LAST_ADDED),
        "photos by name: the first 500": columns(Sort.NAME, 0),
        "photos by name: the last 500": columns(Sort.NAME, 10**6),
        "photos by day: a day in the middle": columns(Sort.NEWEST, 2500),
        "photos by size: the first 500": columns(Sort.LARGEST, 0),
        "photos by arrival: the first day": columns(Sort.LAST_ADDED, 0),
    }


def folders(stage: Stage) -> Iterator[Figure]:
    """Each question as many times as there are rounds after one that is not counted: the processor's time."""
    with TemporaryDirectory() as folder:
        url = make_url(f"sqlite:///{folder}/catalogue.sqlite3")
        made, catalogue, who = fill(url, Path(folder) / "objects")
        with closing(catalogue):
            for what, ask in questions(made, who).items():
                figure = Figure(f"folder, {what}", "CPU ms")
                ask()
                for _ in range(stage.plan.rounds):
                    used = time.thread_time()
                    ask()
                    figure.ours.append((time.thread_time() - used) * 1000)
                yield figure
