"""The decoder: a process that loads the libraries once and forks the children that decode.

So after a crash the next file waits a few milliseconds, not for imports, and a fresh child knows nothing of any file:
the first process never sees a byte of one. It is told what to do over its control socket (``indexer.template``), and
ends when that is closed:

    FORK with a socket   fork a child that talks on it (``indexer.wire``); answered with the child's process id
    END                  kill the child; answered with the status that it ended with
"""

from __future__ import annotations

import errno
import faulthandler
import functools
import gc
import io
import os
import signal
import socket
import struct
import sys
import traceback
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeVar

from indexer import confine, wire
from indexer.errors import TooLarge, Unreadable
from indexer.remote_file import remote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer.extract.extraction import Extraction

    Extract = Callable[..., Extraction]
    Work = Callable[["socket.socket", "Bounds"], None]

FORK, END = b"+", b"-"
NUMBER = struct.Struct("!q")
_PIECE = 256 * 1024
_OF_SYSTEM = {
    errno.ENOMEM: wire.NO_MEMORY,
    errno.ENOSPC: wire.NO_ROOM,
    errno.EDQUOT: wire.NO_ROOM,
    errno.EFBIG: wire.TOO_LONG,
}
T = TypeVar("T")


class Bounds(NamedTuple):
    """What a decoder may use, and what it is told, for every file alike."""

    memory: int
    """Bytes, over everything."""
    seconds: int
    """Of time on the processor."""
    zone: str
    """IANA name of the server's own time zone."""

    def as_words(self) -> list[str]:
        """For a command line."""
        return [str(each) for each in self]

    @classmethod
    def from_words(cls, words: list[str]) -> Bounds:
        """Back from the command line."""
        memory, seconds, zone = words
        return cls(int(memory), int(seconds), zone)


def run(extract: Extract, words: list[str]) -> None:
    """Be the decoder until the control socket is closed. ``words``: its descriptor, then the bounds."""
    serve(functools.partial(_decode, extract), words)


def serve(work: Work, words: list[str], *, largest: int = 0) -> None:
    """Have ``work`` done in a child for every file; it may write files of at most ``largest`` bytes."""
    bounds = Bounds.from_words(words[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()  # a crash leaves where it happened on stderr
    confine.stand_back()
    confine.limit_memory(bounds.memory)
    confine.shut_in(largest)
    gc.collect()
    gc.freeze()  # what is here now stays, and the children's collections need not write to its pages
    with socket.socket(fileno=int(words[0])) as control:
        while descriptor := _ordered(control, FORK):
            with socket.socket(fileno=descriptor[0]) as talk:
                child = os.fork() or _be_child(control, talk, work, bounds)
            control.sendall(NUMBER.pack(child))
            _ordered(control, END)  # or the parent is gone
            os.kill(child, signal.SIGKILL)
            control.sendall(NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


def _ordered(control: socket.socket, order: bytes) -> list[int]:
    said, descriptors, _, _ = socket.recv_fds(control, 1, 1)
    if said == order:
        return descriptors
    raise SystemExit


def _be_child(control: socket.socket, talk: socket.socket, work: Work, bounds: Bounds) -> int:
    """Do files until the parent has no more, and never return."""
    try:
        confine.die_with_parent()
        confine.shut_in_child()
        control.close()
        while True:
            confine.limit_time(bounds.seconds)
            work(talk, bounds)
    except BaseException:  # noqa: BLE001 - this is the end of the process
        traceback.print_exc()
    finally:
        os._exit(1)


def _decode(extract: Extract, talk: socket.socket, bounds: Bounds) -> None:
    outcome = outcome_of(talk, lambda file, size, budget: extract(file, size, zone=bounds.zone, budget=budget))
    if isinstance(outcome, wire.Failure):
        talk.sendall(wire.failed(outcome))
    else:
        talk.sendall(wire.found(outcome))
        for rendition in outcome.renditions:
            talk.sendall(rendition.data)


def outcome_of(talk: socket.socket, work: Callable[[BinaryIO, int, int], T]) -> T | wire.Failure:
    """Take the task and do it: what ``work(file, size, budget)`` returns, or what came between."""
    size, budget = wire.TASK.unpack(b"".join(_received(talk, wire.TASK.size)))
    try:
        with remote(functools.partial(_fetched, talk), size) as file:
            return work(file, size, budget)
    except MemoryError:
        return wire.Failure(wire.NO_MEMORY, "")
    except TooLarge as error:
        return wire.Failure(wire.TOO_LARGE, str(error))
    except Unreadable as error:
        return wire.Failure(wire.UNREADABLE, str(error))
    except OSError as error:
        traceback.print_exc()
        return wire.Failure(_OF_SYSTEM.get(error.errno or 0, wire.DEFECT), str(error))
    except Exception as error:  # noqa: BLE001 - libraries raise anything for a broken file
        traceback.print_exc()
        return wire.Failure(wire.DEFECT, type(error).__name__)


def _fetched(talk: socket.socket, start: int, length: int) -> Iterator[bytes]:
    talk.sendall(wire.HEAD.pack(wire.READ, start, length))
    return _received(talk, length)


def _received(talk: socket.socket, length: int) -> Iterator[bytes]:
    while length:
        piece = talk.recv(min(length, _PIECE))
        if not piece:
            os._exit(0)  # the parent needs no more
        length -= len(piece)
        yield piece


def _rehearse(extract: Extract) -> None:
    """Have the libraries load what they load at their first picture here, once for all children."""
    from PIL import Image  # noqa: PLC0415 - the encoder needs none

    picture = io.BytesIO()
    Image.new("RGB", (64, 48)).save(picture, "JPEG")
    extract(picture, len(picture.getvalue()), zone="UTC", budget=1 << 20)


if __name__ == "__main__":
    from indexer.extract import place
    from indexer.extract.extract import extract

    place.load()  # here, for all files
    _rehearse(extract)
    run(extract, sys.argv[1:])
