"""Many small files: PUT and GET at eight connections, and ``rclone copy``."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import load
from tests.bench.figures import Figure, medians
from tests.bench.load import CONNECTIONS, SMALL, Rate, Side, cost
from tests.bench.stage import Stage
from tests.support.rclone import Rclone

_FILES = 200
_TRANSFERS = 8
_KB = SMALL // 1000


def put(stage: Stage) -> Iterator[Figure]:
    """PUT 100 KB, 8 connections."""

    def run(side: Side) -> Rate:
        return load.put(side, stage.folder(), stage.plan.seconds)

    yield _rates(f"PUT {_KB} KB, {CONNECTIONS} connections", stage, stage.ours, stage.peer, run)


def get(stage: Stage) -> Iterator[Figure]:
    """GET 100 KB, 8 connections, without nginx."""
    yield _downloads("without nginx", stage, stage.ours)


def get_nginx(stage: Stage) -> Iterator[Figure]:
    """GET 100 KB, 8 connections, with nginx in front, which takes the transfers over."""
    yield _downloads("through nginx", stage, stage.behind_nginx)


def _downloads(how: str, stage: Stage, ours: Side) -> Figure:
    folder = stage.folder()
    for side in (ours, stage.peer):
        side.ask("MKCOL", folder)
        for number in range(1, _FILES + 1):
            side.ask("PUT", f"{folder}{number}.jpg", os.urandom(SMALL))

    def run(side: Side) -> Rate:
        return load.get(side, folder, _FILES, stage.plan.seconds)

    return _rates(f"GET {_KB} KB, {CONNECTIONS} connections, {how}", stage, ours, stage.peer, run)


def _rates(what: str, stage: Stage, ours: Side, peer: Side, run: Callable[[Side], Rate]) -> Figure:
    figure = Figure(what, "2xx/s", more_is_better=True)
    costs: dict[str, list[dict[str, float]]] = {ours.name: [], peer.name: []}
    for side in (ours, peer):
        run(side)  # not measured: statements are compiled, connections opened
    for _ in range(stage.plan.rounds):
        for side, values in ((ours, figure.ours), (peer, figure.peer)):
            rate = run(side)
            values.append(rate.each_second)
            costs[side.name].append(rate.cpu)
            figure.refused[side.name] = figure.refused.get(side.name, 0) + rate.bad
    figure.cpu = {name: medians(runs) for name, runs in costs.items()}
    return figure


def rclone_copy(stage: Stage) -> Iterator[Figure]:
    """``rclone copy`` of 2,000 x 100 KB, 8 transfers, without rclone's own pause between requests."""
    count = stage.plan.copied
    costs: dict[str, list[dict[str, float]]] = {"davgallery": [], "rclone": []}
    figure = Figure(f"rclone copy of {count} x {_KB} KB, {_TRANSFERS} transfers", "s")
    with tempfile.TemporaryDirectory(prefix="davgallery-bench-") as name:
        for number in range(count):
            Path(name, f"{number}.jpg").write_bytes(os.urandom(SMALL))
        for _ in range(stage.plan.rounds):
            folder = stage.folder()
            # What each is best with: both keep the files' own times.
            for side, vendor, values in ((stage.ours, "owncloud", figure.ours), (stage.peer, "rclone", figure.peer)):
                client = Rclone(side.url.rstrip("/"), side.user, side.password, vendor)
                words = ("copy", name, client.remote(folder), f"--transfers={_TRANSFERS}")
                client.remote()  # its password is prepared by a run of rclone that is not measured
                with cost(side.processes) as spent:
                    began = time.perf_counter()
                    client.run(*words, seconds=600)
                    values.append(time.perf_counter() - began)
                costs[side.name].append(spent.each(count))
    figure.cpu = {name: medians(runs) for name, runs in costs.items()}
    yield figure
