"""How soon a photograph is in the gallery, and what one more costs where there are a million."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import psutil
from sqlalchemy import make_url, text

from gateway.catalogue import Catalogue, Transaction
from gateway.catalogue.schema import migrate
from gateway.store.local import LocalStore
from tests.bench.figures import Figure
from tests.bench.pictures import photographs
from tests.components.postgres import Postgres
from tests.library.house import House
from tests.library.pictures import index, picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.stage import Stage

_SHOWN = (
    "SELECT count(*) FROM photo p JOIN blob b ON b.id = p.blob_id JOIN rendition_set r ON r.sha256 = b.sha256"
    " WHERE p.entry_id = (SELECT id FROM entry WHERE name = ?)"
)
_LOOK = 0.01
_A_DAY = 20
"""Photographs of a round of the latency."""
_MORE = 100
"""Photos that are added in each round of the growth."""
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
_DIGEST = {
    "sqlite": "lower(hex(randomblob(32)))",
    "postgresql": "md5(CAST(i AS text)) || md5('x' || CAST(i AS text))",
}
# Folders of a thousand in Alice's space, and eleven years.
_FILLING = (
    (
        "INSERT INTO blob (key, size, sha256, sha1, media, created, version)"
        " {n} SELECT 'k/' || i, 1, {digest}, {digest}, true, 1000000000000000 + i, 1 FROM n"
    ),
    (
        "INSERT INTO entry (parent_id, name, name_key, is_folder, created, modified)"
        " {n} SELECT :root, 'many' || i, 'many' || i, true, 1, 1 FROM n WHERE i <= 1 + :count / 1000"
    ),
    (
        "INSERT INTO entry (parent_id, name, name_key, is_folder, blob_id, created, modified)"
        " {n} SELECT (SELECT min(id) FROM entry WHERE parent_id = :root) + i / 1000, 'IMG_' || i || '.jpg',"
        " 'IMG_' || i || '.jpg', false, (SELECT min(id) FROM blob) + i - 1, 1, 1 FROM n"
    ),
    (
        "INSERT INTO media (blob_id, kind, format, width, height, frames, tags, date_rule, wall)"
        " SELECT id, 'image', 'jpeg', 400, 300, 1, '[]', 'original', id FROM blob"
    ),
    (
        "INSERT INTO rendition_set (sha256, key, size, pictures) SELECT sha256, '_davgallery/renditions/' || id, 90000,"
        ' \'[["240",320,240,0,9000],["480",640,480,9000,27000],["2048",2048,1536,36000,54000]]\' FROM blob'
    ),
    (
        "INSERT INTO photo (entry_id, space_id, folder_id, blob_id, stacked, day, taken, date_rule, added, ratio, kind,"
        " flags) SELECT id, :space, parent_id, blob_id, 0, id % 4000, (id % 4000) * 86400000000 + id, 'original', id,"
        " 133, 'image', 0 FROM entry WHERE blob_id IS NOT NULL"
    ),
    (
        "INSERT INTO day_count (space_id, day, n, ratio_sum, seq)"
        " SELECT space_id, day, count(*), sum(ratio), 0 FROM photo GROUP BY space_id, day"
    ),
)


def latency(stage: Stage) -> Iterator[Figure]:
    """From the 201 of a photograph of 12 megapixels until its photo and renditions are there, on an idle server."""
    served = stage.gateway(indexers=2)
    side = stage.side(served)
    samples = list(photographs())
    dice = random.Random(1)
    waits: list[float] = []
    with closing(sqlite3.connect(served.gateway.data / "catalogue.sqlite3")) as database:
        for number in range(stage.plan.rounds * _A_DAY):
            time.sleep(dice.uniform(0.5, 1.0))
            name = f"{number}.jpg"
            side.ask("PUT", name, samples[number % len(samples)] + number.to_bytes(4, "big"))
            answered = time.perf_counter()
            while not database.execute(_SHOWN, (name,)).fetchone()[0]:
                time.sleep(_LOOK)
            waits.append(time.perf_counter() - answered)
    yield Figure(f"from its 201 to the gallery, {len(waits)} photographs of 12 megapixels", "s", ours=waits)
    yield Figure("the same, 95 %", "s", ours=[quantiles(waits, n=20)[-1]])


def one_more(stage: Stage) -> Iterator[Figure]:
    """Upload, claim and record of one more photo in a catalogue of a million, and, in place of a peer, in an empty one.

    What the catalogue costs: nothing is decoded, and for PostgreSQL its own processes count, too.
    """
    with ExitStack() as stack:
        postgres = stack.enter_context(Postgres(fsync=False))
        for engine in ("sqlite", "postgresql"):
            houses = []
            for count in (stage.plan.photos, 0):
                folder = Path(mkdtemp(dir=postgres.folder))
                url = f"sqlite:///{folder}/c.sqlite3" if engine == "sqlite" else postgres.fresh_database()
                houses.append(stack.enter_context(_furnished(url, folder, count)))
            cost = Figure(f"one more photo, {engine}, {stage.plan.photos} beside none", "CPU ms", peer_name="empty:")
            statements = Figure("statements for it", "", peer_name="empty:")
            for number in range(stage.plan.rounds + 1):
                for house, milliseconds, asked in zip(
                    houses, (cost.ours, cost.peer), (statements.ours, statements.peer), strict=True
                ):
                    spent, ran = _add(house, postgres, number)
                    if number:  # the first is for warming up
                        milliseconds.append(spent)
                        asked.append(ran)
            yield cost
            yield statements
            yield _figures(engine, houses)


def _figures(engine: str, houses: list[House]) -> Figure:
    """What a scrape of /metrics asks."""
    found = Figure(f"the figures of /metrics, {engine}", "ms", peer_name="empty:")
    for _ in range(5):
        for house, times in zip(houses, (found.ours, found.peer), strict=True):
            begun = time.perf_counter()
            house.library.upkeep.figures()
            times.append((time.perf_counter() - begun) * 1000)
    return found


@contextmanager
def _furnished(url: str, folder: Path, count: int) -> Iterator[House]:
    """A catalogue with so many photos in Alice's space."""
    with closing(Catalogue(make_url(url))) as catalogue, closing(LocalStore(folder / "objects")) as store:
        migrate(catalogue)
        house = House.furnished(catalogue, store)
        space = house.space("alice")
        words = {"root": space.root_id, "space": space.id, "count": count}
        for filling in _FILLING if count else ():
            clause = text(filling.replace("{n}", _NUMBERS).replace("{digest}", _DIGEST[catalogue.engine.name]))
            with catalogue.engine.begin() as connection:
                connection.execute(clause, {name: words[name] for name in clause._bindparams})
        with catalogue.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        yield house


def _add(house: House, postgres: Postgres, round_: int) -> tuple[float, float]:
    """Milliseconds of CPU and statements for one more photo."""
    house.folder(f"alice/new{round_}")
    ran = 0
    plain = Transaction._execute

    def counted(*words: object) -> None:
        nonlocal ran
        ran += 1
        plain(*words)  # type: ignore[arg-type]

    Transaction._execute = counted  # type: ignore[assignment,method-assign]
    try:
        before = _spent(postgres)
        for number in range(_MORE):
            house.put(f"alice/new{round_}/{number}.jpg", picture(day=number * 20, title=f"{round_} {number}"))
            index(house)
        return (_spent(postgres) - before) * 1000 / _MORE, ran / _MORE
    finally:
        Transaction._execute = plain  # type: ignore[method-assign]


def _spent(postgres: Postgres) -> float:
    """Seconds of CPU of this process and of the database's."""
    total = time.process_time()
    for process in psutil.Process(postgres.pid).children(recursive=True):
        times = process.cpu_times()
        total += times.user + times.system
    return total
