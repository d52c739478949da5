"""A worker without a catalogue: has the files that it is given extracted, one after the other, and writes what
became of each as a line of JSON: name, seconds, number of renditions, error."""

import json
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import gateway.library.library
import gateway.store.minio  # noqa: F401
from indexer.errors import Unreadable
from indexer.sandbox import Sandbox


def read(path: Path, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length and (piece := file.read(min(length, 256 * 1024))):
            length -= len(piece)
            yield piece


def main() -> None:
    with Sandbox() as sandbox:
        for name in sys.argv[1:]:
            path = Path(name)
            began = time.monotonic()
            try:
                extraction = sandbox.extract(partial(read, path), path.stat().st_size, owner="anna")
                made, error = len(extraction.renditions), extraction.error
            except Unreadable as reason:
                made, error = 0, str(reason)
            outcome = [path.name, round(time.monotonic() - began, 3), made, error]
            sys.stdout.write(json.dumps(outcome) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
