"""An indexing process: ``python -m config.indexer``, started by the supervisor of ``davgallery serve``."""

from __future__ import annotations

import os
import signal
import threading

from config import logs, wiring
from config.metrics import IndexMetrics
from config.settings import INSTANCE, load
from gateway.serving import Lifeline
from indexer.worker import take_over


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
    with wiring.opened(settings, server) as parts, wiring.indexing(parts, server, IndexMetrics().count) as worker:
        take_over(parts.library.jobs, server)
        lifeline.ready()
        worker.run(stopping)


if __name__ == "__main__":
    main()
