"""Looking at a list of files before they are uploaded: what would become of each, and whether there is room."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, NamedTuple

from gateway.catalogue.statements import transfers as transfers_sql
from gateway.catalogue.statements import tree as tree_sql
from gateway.errors import BadName, GatewayError
from gateway.library import names, policy, tree
from gateway.library.arrivals import Reason, reason_of
from gateway.library.values import Entry, Path, Principal, Space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gateway.catalogue import Transaction

MOST_COPIES = 5000
_SECOND = 1_000_000

Answer = Literal["go", "here"] | Reason


class Wanted(NamedTuple):
    """A file of a list that somebody wants to upload."""

    path: Path
    """Below the folder of the list: folders, then the name."""
    size: int
    modified: int | None = None
    sha256: str | None = None
    """Hexadecimal, where the client knows it."""
    unpack: bool = False


class Verdict(NamedTuple):
    """What would become of a file of a list."""

    answer: Answer
    """``go``; ``here``: these bytes are in the space; ``taken``: others of this name are; else why it is refused."""
    entry_id: int | None = None
    """The file that is there."""
    path: Path | None = None
    """Where the same bytes are."""
    size: int | None = None
    """Bytes of the other file of this name: where they are as many, only its SHA-256 tells whether it is the same."""
    fits: bool = True
    transfer: str | None = None
    """An upload of the same file that was not finished, which goes on at ``offset``."""
    offset: int = 0


class Checked(NamedTuple):
    """A list of files, judged. Sizes in bytes."""

    files: list[Verdict]
    available: int
    growth: int
    """What those that go on add to the space."""
    missing: int
    """How much of it the space has no room for."""


def judge_list(
    tx: Transaction,
    principal: Principal,
    goal: tree.Walk,
    files: Sequence[Wanted],
    promised: int,
    begun_before: Callable[[Wanted], tuple[str, int] | None],
) -> Checked:
    """Judge files that are to go into a folder, in their order.

    ``promised`` bytes are taken off the room first; ``begun_before`` tells of the unfinished transfer of the same file
    its id and what has arrived.
    """
    space, folder = goal.space, goal.path
    digests = json.dumps([file.sha256 for file in files if file.sha256 is not None])
    rows = tx.all(transfers_sql.COPIES, digests=digests, root=space.root_id, limit=MOST_COPIES)
    copies = {str(row[0]): int(row[1]) for row in rows}
    there = _Members(tx, principal, folder, [file.path for file in files])
    verdicts, growth, room = [], 0, space.available - promised
    for file in files:
        verdict, more = _verdict(file, folder, space, there, copies)
        if verdict.answer == "go" and (same := begun_before(file)) is not None:
            verdict, more = verdict._replace(transfer=same[0], offset=same[1]), 0  # its room is held already
        if verdict.answer == "here" and verdict.entry_id is not None:
            verdict = verdict._replace(path=tree.place(tx, goal, verdict.entry_id))
        growth += more
        if more > room:
            verdict = verdict._replace(fits=False)
        else:
            room -= more
        verdicts.append(verdict)
    available = max(0, space.available - promised)
    return Checked(verdicts, available, growth, max(0, growth + promised - space.available))


class _Members:
    """What the folders of a list have under the names of its files."""

    def __init__(self, tx: Transaction, principal: Principal, folder: Path, paths: Iterable[Path]) -> None:
        wanted: dict[Path, set[str]] = {}
        for path in paths:
            with suppress(BadName):
                names.check((*folder, *path))
                wanted.setdefault(path[:-1], set()).add(names.key(path[-1]))
        self._found: dict[Path, dict[str, Entry] | None] = {}
        for below, keys_ in wanted.items():
            walk = tree.walk(tx, principal, (*folder, *below))
            entry = walk.entries[-1]
            if not entry.is_folder:
                self._found[below] = None
            elif walk.target is not None:
                rows = tx.all(tree_sql.CHILDREN, parent=entry.id, names=json.dumps([*keys_]))
                members = map(Entry._make, rows)
                self._found[below] = {names.key(member.name): member for member in members}

    def is_blocked(self, path: Path) -> bool:
        """Whether a file is where one of its folders is needed."""
        return self._found.get(path[:-1], {}) is None

    def at(self, path: Path) -> Entry | None:
        """What has this name already."""
        return (self._found.get(path[:-1]) or {}).get(names.key(path[-1]))


def _verdict(
    file: Wanted, folder: Path, space: Space, there: _Members, copies: Mapping[str, int]
) -> tuple[Verdict, int]:
    """What would become of a file, and by how many bytes it would grow the space."""
    try:
        names.check((*folder, *file.path))
        if not file.unpack:
            policy.check_announced(space, file.path[-1], file.size)
    except GatewayError as error:
        return Verdict(reason_of(error)), 0
    if there.is_blocked(file.path):
        return Verdict("folder"), 0
    if file.unpack:
        return Verdict("go"), file.size
    target = there.at(file.path)
    if target is not None and target.is_folder:
        return Verdict("folder", target.id), 0
    if target is not None and is_same(target, file.size, file.modified, file.sha256):
        return Verdict("here", target.id), 0
    if file.sha256 is not None and file.size and file.sha256 in copies:
        return Verdict("here", copies[file.sha256]), 0
    if target is not None:
        return Verdict("taken", target.id, size=target.size), file.size
    return Verdict("go"), file.size


def is_same(entry: Entry, size: int, modified: int | None, sha256: str | None) -> bool:
    """Whether a file is the one that somebody wants to upload: by its bytes, else by size and time as rsync does."""
    if entry.size != size:
        return False
    if sha256 is not None:
        return entry.etag == sha256[: len(entry.etag)]
    # Some clients tell the time to the second, and browsers to the millisecond.
    grain = _SECOND if entry.modified % _SECOND == 0 else _SECOND // 1000
    return modified is not None and entry.modified // grain == modified // grain
