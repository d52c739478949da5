"""The encoder: a decoder that writes a playable copy into a file that it inherits. One process a video."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from indexer import wire
from indexer.decoder import outcome_of, serve
from indexer.extract.playable import encode

if TYPE_CHECKING:
    import socket

    from indexer.decoder import Bounds

LARGEST = 8 << 30
"""Bytes that a copy may have: about four hours at twice the usual rate."""
_MORE_NICE = 9


def _encode(target: int, talk: socket.socket, _bounds: Bounds) -> None:
    def progress(done: float) -> None:
        talk.sendall(wire.HEAD.pack(wire.PROGRESS, int(100 * done), 0))

    def work(file: BinaryIO, size: int, budget: int) -> None:
        with os.fdopen(target, "w+b") as copy:
            encode(file, size, copy, budget=budget, progress=progress)

    failure = outcome_of(talk, work)
    talk.sendall(wire.HEAD.pack(wire.ENCODED, 0, 0) if failure is None else wire.failed(failure))


if __name__ == "__main__":
    *words, target = sys.argv[1:]
    os.nice(_MORE_NICE)  # photographs are decoded first
    serve(partial(_encode, int(target)), words, largest=LARGEST)
