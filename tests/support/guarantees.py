"""docs/guarantees.md: each promise names the tests that keep it, and a run of the whole suite must have passed them.

A promise is one bullet; its lines go on indented, and it ends with test ids in backticks such as
``tests/library/test_quota.py::test_x``. An id without brackets means every parameter of that test.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "docs" / "guarantees.md"

_BULLET = re.compile(r"^- (.*(?:\n  +\S.*)*)", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py(?:::\w+)+)`")
_NARROWED = ("keyword", "markexpr", "deselect", "ignore", "ignore_glob", "lf", "collectonly")


@dataclass(frozen=True)
class Promise:
    """One bullet of the page."""

    text: str
    tests: tuple[str, ...]


def promises(page: str) -> list[Promise]:
    """Read the page."""
    return [Promise(bullet, tuple(_TEST.findall(bullet))) for bullet in _BULLET.findall(page)]


def plain(test: str) -> str:
    """The id of a report without its parameters and without the group that pytest-xdist puts behind it."""
    return re.sub(r"\[.*\]", "", test, flags=re.DOTALL).split("@")[0]


def broken(page: str, outcomes: Iterable[tuple[str, str]]) -> list[str]:
    """The tests that the page names and that did not pass, by the (id, outcome) of every report of a run."""
    seen = defaultdict(set)
    for test, outcome in outcomes:
        seen[plain(test)].add(outcome)
    named = {test for promise in promises(page) for test in promise.tests}
    return [
        f"{test}: {' and '.join(sorted(seen[test] - {'passed'})) or 'did not run'}"
        for test in sorted(named)
        if seen[test] != {"passed"}
    ]


class Guarantees:
    """Watches a run; at the end of a whole one, a promise whose test did not pass is an error."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._outcomes: list[tuple[str, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember the outcome of a set-up, a call or a tear-down."""
        self._outcomes.append((report.nodeid, report.outcome))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Compare, unless the run was only a part or failed anyway."""
        config = session.config
        whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
        if not whole or any(config.getoption(name, None) for name in _NARROWED) or session.exitstatus:
            return
        if failures := broken(FILE.read_text(), self._outcomes):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            text = "Promises whose tests did not pass:\n" + "\n".join(failures)
            place = str(FILE.relative_to(config.rootpath))
            report = pytest.TestReport(place, (place, None, place), {}, "failed", text, "call")
            terminal: Any = config.pluginmanager.get_plugin("terminalreporter")
            terminal.stats.setdefault("failed", []).append(report)


def register(config: pytest.Config) -> None:
    """Watch the run, in the process that sees all of it."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Guarantees())
