"""A decoder that does what the file says, so that the sandbox meets every way a decoder can go wrong.

The file's first line names a function here; after "pixels" only what decodes pixels goes wrong. The sandbox runs this
module in place of ``indexer.decoder``.
"""

from __future__ import annotations

import ctypes
import hashlib
import io
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gateway.library.extracted import Extracted, Rendition
from indexer import wire
from indexer.decoder import run
from indexer.errors import TooLarge, Unreadable
from indexer.extract.extraction import Extraction

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = "tests.indexer.hostile"
_cpp = ctypes.CDLL("libstdc++.so.6")
WEBP = b"RIFF\x04\x00\x00\x00WEBP"


def said(text: str) -> Extraction:
    """An answer that carries a text."""
    return Extraction(Extracted("other", "text", description=text))


def count(file: BinaryIO) -> Extraction:
    """Read all of the file."""
    total = sum(len(piece) for piece in iter(lambda: file.read(1 << 20), b""))
    return said(str(total))


def parent(_file: BinaryIO) -> Extraction:
    return said(str(os.getppid()))


def digest(file: BinaryIO) -> Extraction:
    return said(hashlib.sha256(file.read()).hexdigest())


def ends(file: BinaryIO) -> Extraction:
    """Read the file's head and tail in turn, a few bytes at a time, as a demultiplexer does."""
    for step in range(1000):
        file.seek(step)
        file.read(8)
        file.seek(-8 - step, os.SEEK_END)
        last = file.read(8)
    return said(last.hex())


def process(_file: BinaryIO) -> Extraction:
    return said(str(os.getpid()))


_seen: list[str] = []
_kept: list[bytearray] = []
_hurt: list[str] = []


def remember(file: BinaryIO) -> Extraction:
    """Keep what this file said, and say what was kept of others."""
    _seen.append(file.read().decode())
    return said(" ".join(_seen))


def keep(_file: BinaryIO) -> Extraction:
    """Leave a lot of memory in use."""
    _kept.append(bytearray(b"x") * (80 << 20))
    return said(str(os.getpid()))


def hurt(file: BinaryIO) -> Extraction:
    """Do well, but have the process go wrong as the rest of the file says with whatever comes next."""
    _hurt.append(file.read().decode())
    return said(str(os.getpid()))


def half(_file: BinaryIO) -> Extraction:
    return said("")._replace(error="It is too dark.")


def picture(_file: BinaryIO) -> Extraction:
    """A good answer, with everything in it that JSON does not have."""
    extracted = Extracted(
        "image", "jpeg", 4, 3, thumbhash=b"\0\xff", phash=-(1 << 63), tags=("a\0", "\ud800b"), rating=-1
    )
    return Extraction(extracted, (Rendition("240", 4, 3, WEBP), Rendition("480", 8, 6, WEBP + b"x")), "half of it")


def unreadable(_file: BinaryIO) -> Extraction:
    raise Unreadable("It is a poem.")


def too_large(_file: BinaryIO) -> Extraction:
    raise TooLarge("Too large: 50000 × 50000 pixels.")


def defect(_file: BinaryIO) -> Extraction:
    raise ZeroDivisionError("in the decoder")


def no_memory(_file: BinaryIO) -> Extraction:
    return said(str(len(bytearray(1 << 40))))


def memory(_file: BinaryIO) -> Extraction:
    """Take memory, in pieces that are written to, until there is none."""
    taken = []
    while True:
        taken.append(bytearray(b"x") * (1 << 25))


def shared_memory(_file: BinaryIO) -> Extraction:
    """Take memory that RLIMIT_DATA does not count."""
    import mmap

    taken = []
    while True:
        taken.append(mmap.mmap(-1, 1 << 24))
        for start in range(0, 1 << 24, 4096):
            taken[-1][start] = 1


def cpp_memory(_file: BinaryIO) -> Extraction:
    """Let C++ fail to allocate where nobody catches it."""
    return said(str(_cpp._Znwm(ctypes.c_size_t(1 << 40))))


def hang(_file: BinaryIO) -> Extraction:
    while True:
        time.sleep(1)


def spin(_file: BinaryIO) -> Extraction:
    while True:
        pass


def spin_unwatched(file: BinaryIO) -> Extraction:
    """Use the processor while the parent is busy with reading."""
    threading.Thread(target=spin, args=(file,), daemon=True).start()
    file.seek(-1, os.SEEK_END)
    return count(file)


def segfault(_file: BinaryIO) -> Extraction:
    return said(repr(ctypes.string_at(0)))


def stop(_file: BinaryIO) -> Extraction:
    os.kill(os.getpid(), signal.SIGSTOP)
    return said("went on")


def kill(_file: BinaryIO) -> Extraction:
    os.kill(os.getpid(), signal.SIGKILL)
    return said("went on")


def odd_signal(_file: BinaryIO) -> Extraction:
    """Die of a signal that has no name."""
    os.kill(os.getpid(), signal.SIGRTMIN + 6)
    return said("went on")


def kill_template(_file: BinaryIO) -> Extraction:
    os.kill(os.getppid(), signal.SIGKILL)
    return hang(_file)


def leave(_file: BinaryIO) -> Extraction:
    os._exit(0)


def chatter(_file: BinaryIO) -> Extraction:
    """Write more to standard error than a pipe holds."""
    for _ in range(10_000):
        os.write(2, b"libfoo: warning: tag 4711 is strange\n" * 10)
    return said("done")


def circles(file: BinaryIO) -> Extraction:
    """Read for ever."""
    while True:
        file.seek(0)
        count(file)


def nibble(file: BinaryIO) -> Extraction:
    """Ask for single bytes, again and again."""
    for _ in range(2000):
        list(file.raw._fetch(0, 1))  # type: ignore[attr-defined]
    return said("done")


def nonsense(file: BinaryIO) -> Extraction:
    """Say the rest of the file to the parent, as a decoder that was taken over might."""
    message = file.read()
    for descriptor in range(3, 64):
        with suppress(OSError):
            socket.socket(fileno=os.dup(descriptor)).sendall(message)
    return hang(file)


def linger(_file: BinaryIO) -> Extraction:
    """Stay after a good answer."""
    return nonsense(io.BytesIO(wire.found(said("here I am"))))


def environment(_file: BinaryIO) -> Extraction:
    return said(json.dumps(dict(os.environ)))


def reach(file: BinaryIO) -> Extraction:
    return said(attempts_of(file.read().decode()) or "nothing")


def attempts_of(words: str) -> str:
    """Try what a decoder that was taken over would try, and name what succeeded."""
    wanted = json.loads(words)
    path = Path(wanted["path"])
    attempts: dict[str, Callable[[], object]] = {
        "read": path.read_bytes,
        "list": lambda: list(path.parent.iterdir()),
        "write": lambda: path.write_bytes(b""),
        "connect": lambda: socket.create_connection(("127.0.0.1", wanted["port"]), 1),
        "socket": lambda: socket.socket(socket.AF_UNIX).connect(wanted["socket"]),
        "signal": lambda: os.kill(wanted["pid"], 0),
        "limit": lambda: resource.prlimit(wanted["pid"], resource.RLIMIT_CORE, (0, 0)),
        "slow down": lambda: os.setpriority(os.PRIO_PROCESS, wanted["pid"], 1),
        "trace": lambda: _traced(os.getppid()),
        "fork": lambda: os.fork() or os._exit(0),
        "remove": path.unlink,
        "execute": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
    }
    done = []
    for name, attempt in attempts.items():
        with suppress(OSError, subprocess.SubprocessError):
            attempt()
            done.append(name)
    return ", ".join(done)


def _traced(process: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    attach, detach = 16, 17
    if libc.ptrace(attach, process, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")
    os.waitpid(process, 0)
    libc.ptrace(detach, process, 0, 0)


def extract(file: BinaryIO, size: int, *, zone: str, budget: int) -> Extraction:
    action = file.readline().decode().strip()
    if action == "bounds":
        return said(f"{size} {zone} {budget}")
    if not budget:  # the second look
        if action.startswith("pixels "):
            return said("what it tells about itself")
        raise Unreadable("It tells nothing else.")
    if _hurt:
        action = _hurt.pop()
    return globals()[action.removeprefix("pixels ")](file)


if __name__ == "__main__":
    run(extract, sys.argv[1:])
