"""The decoder: a process that loads the libraries once and forks for every file.

So a file finds a fresh process, whatever the one before did to its own: nothing leaks, nothing is left in memory, and
after a crash the next file waits a few milliseconds, not for imports. The first process never sees a file's bytes.
It is told what to do over its control socket (``indexer.sandbox``), and ends when that is closed:

    FORK with a socket   fork a child that talks on it (``indexer.wire``); answered with the child's process id
    END                  kill the child; answered with the status that it ended with
"""

from __future__ import annotations

import faulthandler
import functools
import gc
import os
import signal
import socket
import struct
import sys
import traceback
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from indexer import confine, wire
from indexer.errors import TooLarge, Unreadable
from indexer.remote_file import remote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer.extract.extraction import Extraction
    from indexer.remote_file import Fetch

    Extract = Callable[..., Extraction]

FORK, END = b"+", b"-"
NUMBER = struct.Struct("!q")
_PIECE = 256 * 1024


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
    bounds = Bounds.from_words(words[1:])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()  # a crash leaves where it happened on stderr
    confine.stand_back()
    confine.limit_memory(bounds.memory)
    confine.shut_in()
    gc.collect()
    gc.freeze()  # what is here now stays, and the children's collections need not write to its pages
    with socket.socket(fileno=int(words[0])) as control:
        while descriptor := _ordered(control, FORK):
            with socket.socket(fileno=descriptor[0]) as talk:
                child = os.fork() or _be_child(control, talk, extract, bounds)
            control.sendall(NUMBER.pack(child))
            _ordered(control, END)  # or the parent is gone
            os.kill(child, signal.SIGKILL)
            control.sendall(NUMBER.pack(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


def _ordered(control: socket.socket, order: bytes) -> list[int]:
    said, descriptors, _, _ = socket.recv_fds(control, 1, 1)
    if said == order:
        return descriptors
    raise SystemExit


def _be_child(control: socket.socket, talk: socket.socket, extract: Extract, bounds: Bounds) -> int:
    """Do one file, and never return."""
    try:
        confine.die_with_parent()
        confine.limit_time(bounds.seconds)
        control.close()
        _decode(talk, extract, bounds)
    except BaseException:  # noqa: BLE001 - this is the end of the process
        traceback.print_exc()
    finally:
        os._exit(1)


def _decode(talk: socket.socket, extract: Extract, bounds: Bounds) -> None:
    size, budget = wire.TASK.unpack(b"".join(_received(talk, wire.TASK.size)))
    outcome = _outcome(
        functools.partial(_fetched, talk), size, lambda file: extract(file, size, zone=bounds.zone, budget=budget)
    )
    if isinstance(outcome, wire.Failure):
        talk.sendall(wire.failed(outcome))
    else:
        talk.sendall(wire.found(outcome))
        for rendition in outcome.renditions:
            talk.sendall(rendition.data)


def _outcome(fetch: Fetch, size: int, extract: Callable[[BinaryIO], Extraction]) -> Extraction | wire.Failure:
    try:
        with remote(fetch, size) as file:
            return extract(file)
    except MemoryError:
        return wire.Failure(wire.NO_MEMORY, "")
    except TooLarge as error:
        return wire.Failure(wire.TOO_LARGE, str(error))
    except Unreadable as error:
        return wire.Failure(wire.UNREADABLE, str(error))
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
            os._exit(0)  # the parent needs no answer any more
        length -= len(piece)
        yield piece


if __name__ == "__main__":
    from indexer.extract import place
    from indexer.extract.extract import extract

    place.load()  # here, for all files
    run(extract, sys.argv[1:])
