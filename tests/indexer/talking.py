"""Talk with the decoder ``hostile`` through a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.sandbox import Sandbox
    from indexer.talk import Read


def of(data: bytes) -> Read:
    """A store's ``read`` over these bytes."""

    def read(start: int, length: int) -> Iterator[bytes]:
        for piece in range(start, start + length, 65536):
            yield data[piece : min(piece + 65536, start + length)]

    return read


def told(sandbox: Sandbox, action: str, rest: bytes = b"", *, owner: str | None = None) -> str | None:
    """Have the decoder do something, and return the text of its answer."""
    data = f"{action}\n".encode() + rest
    return sandbox.extract(of(data), len(data), owner=owner).extracted.description


def works(sandbox: Sandbox) -> bool:
    return told(sandbox, "count", b"abc") == "3"


def template_of(sandbox: Sandbox) -> psutil.Process:
    """The decoder's first process, which loads the libraries."""
    return psutil.Process(int(told(sandbox, "parent") or ""))
