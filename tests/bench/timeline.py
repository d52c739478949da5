"""The gallery's questions to a catalogue of a million photographs, on SQLite; nobody else is asked."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from gateway.library.query import EVERYTHING, Box, Query
from tests.bench.figures import Figure
from tests.bench.million import LARGE_DAY, Million, fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bench.stage import Stage

_LARGE = LARGE_DAY.isoformat()


def timeline(stage: Stage) -> Iterator[Figure]:
    """Each question five times after one that is not counted: the processor's time, and the clock's."""
    with TemporaryDirectory() as folder:
        million = fill(Path(folder), stage.plan.photographs)
        gc.collect()
        gc.freeze()  # as the server's workers do
        count = f"of {stage.plan.photographs:,}"
        for what, ask in _questions(million).items():
            cpu, clock = Figure(f"{what}, {count}", "CPU ms"), Figure(f"{what}, {count}", "ms")
            ask()
            for _ in range(stage.plan.rounds):
                started, used = time.perf_counter(), time.thread_time()
                ask()
                cpu.ours.append((time.thread_time() - used) * 1000)
                clock.ours.append((time.perf_counter() - started) * 1000)
            yield from (cpu, clock)
        million.catalogue.close()


def _questions(million: Million) -> dict[str, Callable[[], object]]:
    library, who = million.library, million.principal
    photo = library.timeline.columns(who, EVERYTHING, f"{_LARGE}.2", f"{_LARGE}.3")[-1].id

    def asked(address: str) -> Query:
        return Query.parse(parse_qs(address))

    def segments(address: str) -> Callable[[], object]:
        return lambda: library.timeline.segments(who, asked(address))

    def columns(address: str, first: str, beyond: str | None) -> Callable[[], object]:
        return lambda: library.timeline.columns(who, asked(address), first, beyond)

    def suggest() -> object:
        return library.overview.suggest(who, "town 1")

    return {
        "segments": segments(""),
        "columns: first part of the large day": columns("", _LARGE, f"{_LARGE}.2"),
        "columns: last part of the large day": columns("", f"{_LARGE}.30", (LARGE_DAY.replace(day=19)).isoformat()),
        "columns: four days": columns("", "2010-05-04", "2010-04-30"),
        "columns of one camera: a month": columns("camera=NIKON D750", "2010-05-31", "2010-05-01"),
        "position in the large day": lambda: library.timeline.position(who, EVERYTHING, photo),
        "changes": lambda: library.timeline.changes(who, 1),
        "detail": lambda: library.details.photo(who, photo),
        "segments of one year": segments("date=2010"),
        "segments of one town": segments("town=Town 17"),
        "segments by rating": segments("rating=4-5"),
        "segments of one camera": segments("camera=NIKON D750"),
        "segments of two words": segments("q=nikon beach"),
        "segments by arrival": segments("sort=-added"),
        "columns by arrival": columns("sort=-added", (LARGE_DAY.replace(day=27)).isoformat(), None),
        "facets": lambda: library.overview.facets(who),
        "facets of one town": lambda: library.overview.facets(who, asked("town=Town 17")),
        "suggestions": suggest,
        "map of the world": lambda: library.overview.clusters(who, EVERYTHING, Box(-180, -85, 180, 85), 2),
        "map of a country": lambda: library.overview.clusters(who, EVERYTHING, Box(-5, 40, 10, 52), 6),
        "map of the world, one camera": lambda: library.overview.clusters(
            who, asked("camera=NIKON D750"), Box(-180, -85, 180, 85), 2
        ),
    }
