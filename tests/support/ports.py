"""Loopback ports that nobody else takes by accident."""

import random
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_given: set[int] = set()
_dice = random.SystemRandom()


def free_port() -> int:
    """A free TCP port of 127.0.0.1, never given twice by one process.

    It lies below the range from which the kernel takes the source ports of outgoing connections, so that a component
    that stops can start again on its port while clients are busy.
    """
    below = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32768
    for _ in range(1000):
        port = _dice.randrange(10_000, max(below, 11_000))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port
    raise RuntimeError("no free port on 127.0.0.1")
