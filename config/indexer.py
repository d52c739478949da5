"""An indexing process: ``python -m config.indexer``, started by the supervisor of ``davgallery serve``."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

from config import logs, wiring
from config.settings import INSTANCE, load
from gateway.serving import Lifeline

if TYPE_CHECKING:
    from gateway.library.jobs import Jobs


def main() -> None:
    """Index until the supervisor says stop, or is gone."""
    os.umask(0o077)
    lifeline = Lifeline.inherited()
    settings = load({})
    logs.set_up(settings.log_format, settings.log_level, settings.secrets)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor decides
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    lifeline.when_lost(stopping.set)
    server = os.environ[INSTANCE]
    with wiring.opened(settings, server) as parts, wiring.indexing(parts, f"{server}/{os.getpid()}/") as worker:
        _take_over(parts.library.jobs, server)
        lifeline.ready()
        worker.run(stopping)


def _take_over(jobs: Jobs, server: str) -> None:
    """Make what killed processes of this server were working on due again, long before their leases run out."""
    for name in jobs.workers():
        of, process, _ = name.split("/")
        if of == server and not _is_alive(int(process)):
            jobs.give_back_of(name)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


if __name__ == "__main__":
    main()
