"""What uploads in parts and the members of archives have in common: where they go, and why they do not."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from gateway.errors import (
    BadName,
    ChecksumMismatch,
    Conflict,
    Exists,
    Forbidden,
    GatewayError,
    Locked,
    NotFound,
    PreconditionFailed,
    QuotaExceeded,
    StoreFull,
    TooLarge,
    Truncated,
    Unavailable,
    UnsupportedType,
)
from gateway.library import tree
from gateway.library.values import Conditions

if TYPE_CHECKING:
    from gateway.catalogue import Transaction
    from gateway.library.files import Files
    from gateway.library.values import Path, Principal

IfTaken = Literal["refuse", "both", "replace"]
"""What happens when a name is taken."""
REFUSE: IfTaken = "refuse"
BOTH: IfTaken = "both"
REPLACE: IfTaken = "replace"
Reason = Literal[
    "taken",
    "full",
    "type",
    "size",
    "name",
    "damaged",
    "forbidden",
    "gone",
    "folder",
    "locked",
    "disk",
    "busy",
    "other",
]
"""Why an upload is refused, or waits: words that programs compare."""
FREE = Conditions(if_none_match=("*",))
"""Only where the name is free."""

_REASONS: tuple[tuple[type[GatewayError], Reason], ...] = (
    (PreconditionFailed, "taken"),
    (Exists, "taken"),
    (QuotaExceeded, "full"),
    (UnsupportedType, "type"),
    (TooLarge, "size"),
    (BadName, "name"),
    (ChecksumMismatch, "damaged"),
    (Truncated, "damaged"),
    (Forbidden, "forbidden"),
    (NotFound, "gone"),
    (Conflict, "folder"),
    (Locked, "locked"),
    (StoreFull, "disk"),
    (Unavailable, "busy"),
)


def reason_of(error: GatewayError) -> Reason:
    """The word for a refusal."""
    return next((word for kind, word in _REASONS if isinstance(error, kind)), "other")


def make_folders(files: Files, principal: Principal, folder: Path) -> None:
    """Make a folder, and those above it, where they are missing; Conflict when a file is in the way."""
    depth = len(folder)
    while True:
        try:
            found = files.stat(principal, folder[:depth])
        except NotFound:
            if depth <= 1:
                raise
            depth -= 1
            continue
        if not found.entry.is_folder:
            raise Conflict("There is a file where a folder is needed.")
        break
    for end in range(depth + 1, len(folder) + 1):
        with suppress(Exists):  # somebody was faster
            files.make_folder(principal, folder[:end])


def numbered(tx: Transaction, principal: Principal, path: Path) -> Path:
    """``path``, or the first with the name "name (2).ext", "name (3).ext", … that is free in its folder."""
    parent = tree.walk(tx, principal, path).parent
    return (*path[:-1], tree.free_name(tx, parent.id, path[-1], lambda count: f" ({count + 1})"))
