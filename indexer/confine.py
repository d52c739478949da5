"""What a process that decodes hostile bytes may use: little, and nothing outside itself.

The limits always hold. The rest is what this kernel offers (Linux; nothing here needs privilege): a decoder that was
taken over by a file makes no connection, can start, signal, trace and slow down no process, and reads no file but
programs and their data. Run as a program, this module names what is refused here, a line each.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

from indexer import calls

_FAR = 3
_LARGEST_SCORE = 1000

# linux/prctl.h
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
# linux/sched.h
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
# linux/capability.h
_CAPABILITIES_VERSION = 0x20080522
# linux/landlock.h; the numbers of these calls are the same on every architecture
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many there are, by version of the interface; 16 in later ones
_SIGNALS_AND_SOCKETS = 3
_TCP = 3

_libc = ctypes.CDLL(None, use_errno=True)


def stand_back() -> None:
    """Let everything else on this machine go first: uploads have the processor, and memory runs out here at first."""
    os.nice(10)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_LARGEST_SCORE))


def limit_memory(memory: int) -> None:
    """Make allocations fail that would take this process, or a child of it, far over ``memory`` bytes.

    This is for the time between two looks of the parent, which ends what is over it. Far, because libraries call a file
    damaged when an allocation fails, and take more than they use. Call it when they are loaded. RLIMIT_DATA counts what
    can be written to (since Linux 4.7), RLIMIT_AS also what is shared.
    """
    pages = [int(count) for count in Path("/proc/self/statm").read_text().split()]
    size, data = (pages[field] * resource.getpagesize() for field in (0, 5))
    _limit(resource.RLIMIT_DATA, data + _FAR * memory)
    _limit(resource.RLIMIT_AS, size + _FAR * memory)


def limit_time(seconds: int) -> None:
    """Have the kernel end this process by SIGXCPU after so much more time on the processor."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + seconds, hard))


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends. Call it first thing after a fork."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def shut_in(largest: int = 0) -> list[str]:
    """Give up, for this process and all that it starts, whatever decoding does not need. Imports must be done.

    Files that are open already may be written, up to ``largest`` bytes; no other can be opened for that. Returned is
    what this system refuses.
    """
    refused = []
    _limit(resource.RLIMIT_FSIZE, largest)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, 64)
    # A namespace without interfaces; it takes one of users, where this process has no rights outside.
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        _limit(resource.RLIMIT_NPROC, 64)  # counted per namespace: elsewhere it would count all of this account's
    else:
        refused.append("a network namespace")
    # Inside its namespace it has all of them, and with them parts of the kernel in reach.
    _libc.capset(struct.pack("Ii", _CAPABILITIES_VERSION, 0), bytes(24))
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if not _lock_files():
        refused.append("Landlock")
    return refused


def shut_in_child() -> list[str]:
    """Do the rest for a process that sees a file: it may start no other. Returned is what this system refuses."""
    return [] if calls.forbid() else ["seccomp"]


def _limit(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))


def _lock_files() -> bool:
    """Leave only reading below the folders of Python and of our code (Landlock, since Linux 5.13); whether it holds."""
    version = _libc.syscall(_CREATE_RULESET, None, 0, _VERSION)
    if version < 1:
        return False
    rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    ruleset = struct.pack("QQQ", rights, _TCP, _SIGNALS_AND_SOCKETS)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = _libc.syscall(_CREATE_RULESET, ruleset, len(ruleset), 0)
    if rules < 0:
        return False
    house = Path(__file__).resolve().parents[1]
    for folder in {sys.prefix, sys.base_prefix, "/usr", str(house / "indexer"), str(house / "gateway")}:
        with suppress(OSError):
            opened = os.open(folder, os.O_PATH | os.O_DIRECTORY)
            _libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", _READ_FILE | _READ_DIR, opened), 0)
            os.close(opened)
    holds = bool(_libc.syscall(_RESTRICT_SELF, rules, 0) == 0)
    os.close(rules)
    return holds


if __name__ == "__main__":
    sys.stdout.writelines(f"{each}\n" for each in (*shut_in(), *shut_in_child()))
