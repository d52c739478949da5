"""System calls that are forbidden to a process that decodes hostile bytes (seccomp; Linux on x86-64 and ARM64).

No other process can be started, traced, signalled or slowed down, no socket made, nothing mounted, and the parts of the
kernel are out of reach that decoding does not need. What is forbidden fails with EPERM, so that libraries do without.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from typing import NamedTuple

# linux/prctl.h, linux/seccomp.h, linux/filter.h, linux/audit.h, linux/sched.h
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST = 0, 4, 16  # struct seccomp_data; of the first argument its lower half
_OTHER_NUMBERS = 0x40000000  # of x86-64's 32-bit pointers; no architecture has so many calls
_CLONE_THREAD = 0x10000

_COLUMNS = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""The architecture as the kernel names it in a filter, and where its numbers stand below."""

_NEVER: dict[str, tuple[int | None, int | None]] = {
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
    "socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "migrate_pages": (256, 238), "move_pages": (279, 239),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265), "memfd_create": (319, 279),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190), "semctl": (66, 191),
    "semop": (65, 193), "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188),
    "msgctl": (71, 187), "mq_open": (240, 180), "mq_unlink": (241, 181),
}  # fmt: skip
_CLONE, _CLONE3 = (56, 220), (435, 435)
_KILLS = ((62, 129), (234, 131))  # kill, tgkill
_PRLIMIT = (302, 261)

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


class _Step(NamedTuple):
    code: int
    value: int
    skip_if: int = 0
    """Steps that are passed over when the comparison holds…"""
    skip_else: int = 0
    """…and when it does not."""


def forbid() -> bool:
    """Forbid them to this process from now on, and to its threads; whether this system can.

    It needs PR_SET_NO_NEW_PRIVS. Signals and limits are for the process itself, so a child that is forked later would
    have none of its own: call it last.
    """
    column = _COLUMNS.get(platform.machine())
    if column is None or struct.calcsize("P") != 8:  # a Python of 32 bits has other numbers
        return False
    steps = b"".join(struct.pack("=HBBI", s.code, s.skip_if, s.skip_else, s.value) for s in _steps(*column))
    program = _Program(len(steps) // 8, steps)
    return bool(_libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _steps(architecture: int, column: int) -> list[_Step]:
    no = _Step(_RETURN, _ERRNO | errno.EPERM)
    yes = _Step(_RETURN, _ALLOW)
    steps = [
        _Step(_LOAD, _ARCHITECTURE),
        _Step(_IF_EQUAL, architecture, skip_if=1),
        _Step(_RETURN, _KILL),
        _Step(_LOAD, _NUMBER),
        _Step(_IF_AT_LEAST, _OTHER_NUMBERS, skip_else=1),
        no,
    ]
    for numbers in _NEVER.values():
        if (number := numbers[column]) is not None:
            steps += _Step(_IF_EQUAL, number, skip_else=1), no
    # Its flags are in memory, where a filter cannot look. Without it, libraries make threads by clone.
    steps += _Step(_IF_EQUAL, _CLONE3[column], skip_else=1), _Step(_RETURN, _ERRNO | errno.ENOSYS)
    first = _Step(_LOAD, _FIRST)
    steps += _Step(_IF_EQUAL, _CLONE[column], skip_else=4), first
    steps += _Step(_IF_ANY_BIT, _CLONE_THREAD, skip_else=1), yes, no
    for numbers in _KILLS:  # abort() is one
        steps += _Step(_IF_EQUAL, numbers[column], skip_else=4), first
        steps += _Step(_IF_EQUAL, os.getpid(), skip_else=1), yes, no
    steps += _Step(_IF_EQUAL, _PRLIMIT[column], skip_else=3), first, _Step(_IF_EQUAL, 0, skip_if=1), no
    return [*steps, yes]
