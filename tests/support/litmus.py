"""Running litmus, the conformance suite for WebDAV servers, and reading what it says."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.tools import tool

GROUPS = ("basic", "copymove", "props", "locks", "http")

_SUMMARY = re.compile(r"<- summary for `(\w+)': of (\d+) tests run: (\d+) passed, (\d+) failed")
_COMPLAINT = re.compile(r"\b(?:FAIL|WARNING|SKIPPED)\b")


@dataclass(frozen=True)
class Group:
    """What one group of litmus said."""

    name: str
    run: int
    passed: int
    failed: int
    complaints: tuple[str, ...]
    """The lines with a failure, a warning or a skipped test."""

    @property
    def clean(self) -> bool:
        """Whether everything ran and passed without a warning."""
        return self.run > 0 and self.run == self.passed and not self.complaints


def litmus(url: str, user: str, password: str, folder: Path, groups: Sequence[str] = GROUPS) -> dict[str, Group]:
    """Run ``groups`` against the folder at ``url``; ``folder`` takes the logs that litmus writes where it stands."""
    done = subprocess.run(
        [tool("litmus", package="litmus"), "-k", url.rstrip("/") + "/", user, password],
        cwd=folder,
        env=os.environ | {"TESTS": " ".join(groups)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=240,
        check=False,
    )
    found = parse(done.stdout)
    missing = set(groups) - set(found)
    assert not missing, f"litmus did not finish {missing}:\n{done.stdout}{done.stderr}"
    return found


def parse(output: str) -> dict[str, Group]:
    """Read the output, in which every test writes its line twice, the second time over the first."""
    groups: dict[str, Group] = {}
    complaints: list[str] = []
    for raw in output.split("\n"):
        line = raw.rsplit("\r", 1)[-1].strip()
        if summary := _SUMMARY.match(line):
            name, run, passed, failed = summary.groups()
            groups[name] = Group(name, int(run), int(passed), int(failed), tuple(complaints))
            complaints = []
        elif _COMPLAINT.search(raw):
            complaints.append(line)
    return groups
