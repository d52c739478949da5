"""A worker process: ``python -m config.worker``, started by the supervisor of ``davgallery serve``."""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config import logs, wiring
from config.health import Health
from config.metrics import COUNTS_FOLDER, RequestMetrics, metrics_app
from config.settings import INSTANCE, load
from gateway.errors import GatewayError
from gateway.serving import Limits, run_worker, tls_context

if TYPE_CHECKING:
    from collections.abc import Mapping
    from wsgiref.types import WSGIApplication

    from gateway.library.library import Library
    from gateway.library.upkeep import Chore
    from indexer.tasks import Bell

_log = logging.getLogger("davgallery.upkeep")
_SWITCH_SECONDS = 0.0005
_HOUSEKEEPING_PAUSE = 5.0
_HOUSEKEEPING_ENDS = 10.0
_TIDY_PAUSE = 60
"""Seconds between looks for uploads in parts that nobody goes on with."""
_TRANSFERS_PAUSE = 1.0
_SWEEP_PAUSE = 5
"""Seconds between looks for work that a broker has forgotten."""


def main() -> None:
    """Serve until the supervisor says stop. The settings come from the environment that it passes on."""
    os.umask(0o077)
    settings = load({})
    logs.set_up(settings.log_format, settings.log_level, settings.secrets)
    with (
        wiring.bell(settings) as bell,
        wiring.opened(settings, os.environ[INSTANCE], [bell.heard] if bell else []) as parts,
    ):
        with suppress(GatewayError):  # a database that is away now may be back for the first request
            parts.catalogue.warm()
        counts = RequestMetrics()
        token = settings.metrics_token
        extra: dict[str, WSGIApplication] = {
            "/healthz": Health({"database": partial(wiring.ask_database, parts.catalogue), "store": parts.store.check}),
            "/metrics": metrics_app(
                Path(os.environ[COUNTS_FOLDER]),
                parts.library.upkeep.figures,
                token.get_secret_value() if token else None,
            ),
        }

        def on_response(environ: Mapping[str, Any], status: int, sent: int, seconds: float) -> None:
            counts.count(environ, status, sent, seconds)
            logs.log_access(environ, status, sent, seconds)

        # What is there now stays: it need not be looked through for garbage ever again.
        gc.collect()
        gc.freeze()
        # A thread that has the writers' turn, and comes back from the disk, must not wait 5 ms for the interpreter.
        sys.setswitchinterval(_SWITCH_SECONDS)
        stopping = threading.Event()
        housekeeping = threading.Thread(target=_keep_house, args=(parts.library, bell, stopping), daemon=True)
        housekeeping.start()
        threading.Thread(target=_bring_in, args=(parts.library, stopping), daemon=True).start()
        try:
            run_worker(
                counts.in_flight(wiring.application(parts, extra)),
                tls=tls_context(str(settings.tls_cert), str(settings.tls_key)) if settings.tls_cert else None,
                trusted=settings.trusted_proxies,
                limits=Limits(drain=settings.stop_seconds),
                on_response=on_response,
            )
        finally:
            stopping.set()
            housekeeping.join(_HOUSEKEEPING_ENDS)


def _keep_house(library: Library, bell: Bell | None, stopping: threading.Event) -> None:
    """Do what is due and not being done by another process, now and then."""
    more: dict[str, Chore] = {"transfers": (_TIDY_PAUSE, library.transfers.tidy)}
    if bell:
        more["bell"] = (_SWEEP_PAUSE, partial(bell.sweep, library.jobs))
    while not stopping.wait(_HOUSEKEEPING_PAUSE):
        try:
            library.uploads.end_failed()
            library.upkeep.run_due(more)
        except GatewayError as error:
            _log.warning("Housekeeping has to wait: %s", error)
        except Exception:  # noqa: BLE001 - the next round may go well, and without rounds nothing is ever tidied
            _log.exception("Housekeeping failed.")


def _bring_in(library: Library, stopping: threading.Event) -> None:
    """Store what has arrived in parts, and unpack archives: in this process or whichever comes first."""
    while not stopping.wait(_TRANSFERS_PAUSE):
        try:
            library.transfers.work()
        except GatewayError as error:
            _log.warning("Uploads in parts have to wait: %s", error)
        except Exception:  # noqa: BLE001 - the next round may go well
            _log.exception("An upload in parts could not be finished.")


if __name__ == "__main__":
    main()
