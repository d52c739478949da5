"""``python -m tests.bench ROW...``: run rows of measurements, print them, and keep them as JSON when asked to."""

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil

from tests.bench import browsing, folders, growth, indexing, large, pictures, small, timeline, trees
from tests.bench.figures import QUICK, Figure, Plan
from tests.bench.stage import Stage
from tests.repository.source import ROOT
from tests.support.rclone import run as run_rclone

ROWS: dict[str, Callable[[Stage], Iterator[Figure]]] = {
    "put": small.put,
    "get": small.get,
    "get-nginx": small.get_nginx,
    "rclone-copy": small.rclone_copy,
    "large": large.large,
    "propfind": trees.propfind,
    "move": trees.move,
    "copy": trees.copy,
    "growth": growth.growth,
    "pictures": pictures.pictures,
    "timeline": timeline.timeline,
    "folders": folders.folders,
    "browsing": browsing.browsing,
    "latency": indexing.latency,
    "one-more": indexing.one_more,
}


def main() -> None:
    """Read the command line and go."""
    arguments = _arguments()
    plan = QUICK if arguments.quick else Plan()
    given = {name: value for name in ("rounds", "seconds") if (value := getattr(arguments, name)) is not None}
    plan = replace(plan, **given)
    machine = _machine()
    _say(*(f"{name}: {value}" for name, value in machine.items()))
    kept = []
    for row in ROWS if "all" in arguments.row else arguments.row:
        options = [f"--{name}={value:g}" for name, value in given.items()] + ["--quick"] * arguments.quick
        command = shlex.join([".venv-dev/bin/python", "-m", "tests.bench", row, *options])
        _say("", f"== {row} ({command})")
        with Stage(plan) as stage:
            for figure in ROWS[row](stage):
                _say(*figure.lines())
                kept.append({"row": row, "command": command, **figure.record()})
        if arguments.json:
            arguments.json.write_text(json.dumps({"machine": machine, "figures": kept}, indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=sys.modules["tests.bench"].__doc__)
    parser.add_argument("row", nargs="+", choices=["all", *ROWS], metavar="ROW", help=", ".join(["all", *ROWS]))
    parser.add_argument("--quick", action="store_true", help="little work, to see that it works")
    parser.add_argument("--rounds", type=int, help="times that both sides take turns")
    parser.add_argument("--seconds", type=int, help="of each run of wrk")
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    return parser.parse_args()


def _machine() -> dict[str, str]:
    build = (ROOT / "tests" / "run").read_text()
    minio = re.search(r"version=(\S+)", build)
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {
        "davgallery": commit.stdout.strip(),
        "cores": str(psutil.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / (1 << 30):.0f} GiB",
        "system": platform.platform(),
        "python": platform.python_version(),
        "rclone": run_rclone("version").stdout.split()[1],
        "minio": minio[1] if minio else "unknown",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
