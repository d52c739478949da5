"""The start of a server: everything that has to be right before there are workers, then the supervisor."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import secrets
import shutil
import ssl
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from config import VERSION, logs, metrics, wiring
from config.settings import INSTANCE, PREFIX, SettingsError, load
from gateway.catalogue.schema import migrate
from gateway.errors import Conflict, Unavailable
from gateway.library import pairing, passwords
from gateway.serving import Child, StartFailed, supervise, tls_context
from indexer.template import tell_what_is_refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from config.settings import Settings
    from config.wiring import Parts

T = TypeVar("T")

ADMIN = "admin"
_WRONG_USE = 2
_PATIENCE = 30.0
_TO_END = 15.0
"""Seconds that a process has, after its requests have ended or were cut, before it is killed."""
_log = logging.getLogger("davgallery.serve")


def serve(flags: Mapping[str, Any], say: Callable[[str], None]) -> int:
    """Run a server until it is told to stop; the exit status. ``say`` prints a line for the person who started it.

    Raises SettingsError or StartFailed, each with one sentence, when it cannot start.
    """
    settings = load(flags)
    logs.set_up(settings.log_format, settings.log_level, settings.secrets)
    tls = settings.tls_cert is not None
    if tls:
        _check_tls(settings)
    with _told_when_full(settings), data_folder(settings):
        instance = secrets.token_hex(8)
        with wiring.opened(settings, instance) as parts:
            prepare(parts)
            _replace_last(parts, instance)
            _make_administrator(parts, say)
        _announce(settings)
        if settings.indexers:
            tell_what_is_refused()
        counts = metrics.make_counts_folder(settings.data)
        _hand_down(settings, flags, instance, counts)
        worker = Child("worker", [sys.executable, "-m", "config.worker"], settings.workers)
        indexer = Child("indexer", [sys.executable, "-m", "config.indexer"], settings.indexers, needs_socket=False)
        status = supervise(
            [worker, indexer],
            host=settings.host,
            port=settings.port,
            scheme="https" if tls else "http",
            drain_seconds=settings.stop_seconds + _TO_END,
        )
        shutil.rmtree(counts, ignore_errors=True)  # not after an error: workers of a killed server may be ending
        return status


def prepare(parts: Parts) -> None:
    """Bring catalogue and store to where workers can use them, and make sure that they belong together."""
    _patiently(lambda: wiring.ask_database(parts.catalogue))
    if parts.settings.s3 is not None:
        _patiently(parts.store.make_bucket)  # type: ignore[union-attr]
    _patiently(parts.store.check)
    if migrate(parts.catalogue, before=parts.library.upkeep.snapshot):
        _log.info("The catalogue has the tables of this version.")
    try:
        _patiently(lambda: pairing.pair(parts.catalogue, parts.store))
    except Conflict as error:
        raise StartFailed(str(error), _WRONG_USE) from None


@contextmanager
def data_folder(settings: Settings) -> Iterator[None]:
    """Make the data folder, and hold its lock: one server, or one command that replaces the catalogue, at a time."""
    lock = settings.data / "lock"
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if settings.catalogue_url.get_backend_name() == "sqlite":
            Path(str(settings.catalogue_url.database)).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StartFailed(f"Cannot write to {error.filename}: {error.strerror}.", _WRONG_USE) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            message = f"Another davgallery is using {settings.data} (process {owner})."
            raise StartFailed(message, _WRONG_USE) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _told_when_full(settings: Settings) -> Iterator[None]:
    """Say so in one sentence when a file of our own cannot be written for lack of room."""
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise StartFailed(f"The disk of {settings.data} is full.") from None


def _check_tls(settings: Settings) -> None:
    try:
        tls_context(str(settings.tls_cert), str(settings.tls_key))
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or error.strerror or "unknown reason"
        raise SettingsError(f"tls_cert and tls_key are no certificate with its key: {reason}.") from None


def _patiently(ask: Callable[[], T]) -> T:
    """Wait for a part that is still starting, as after a power cut: half a minute, then its error."""
    until = time.monotonic() + _PATIENCE
    pause = 0.2
    while True:
        try:
            return ask()
        except Unavailable as error:
            if time.monotonic() > until:
                raise StartFailed(str(error)) from error
            _log.warning("Waiting: %s (%s)", error, error.__cause__)
        time.sleep(pause)
        pause = min(2 * pause, 5.0)


def _make_administrator(parts: Parts, say: Callable[[str], None]) -> None:
    if parts.library.accounts.count():
        return
    given = parts.settings.admin_password
    password = given.get_secret_value() if given else passwords.generate()
    parts.library.accounts.add(ADMIN, password=password, drawn=given is None, admin=True)
    if given is None:
        say(f"The account {ADMIN} has the password {password}")
        say("It is shown only once: sign in with it in a browser, and choose another one there.")


def _announce(settings: Settings) -> None:
    store = f"{settings.s3.endpoint}/{settings.s3.bucket}" if settings.s3 else "the data folder"
    _log.info("davgallery %s: catalogue %s, photos in %s", VERSION, settings.catalogue_url, store)
    if not (settings.tls_cert or settings.trusted_proxies or settings.host in {"127.0.0.1", "::1", "localhost"}):
        _log.warning("Passwords travel unencrypted: set tls_cert, or put a proxy with TLS in front.")


def _replace_last(parts: Parts, instance: str) -> None:
    """End what the server before this one left undone. The lock of the data folder says that it is over.

    A worker that outlived it is told that its uploads have failed. Other machines with the same PostgreSQL have data
    folders of their own, and their uploads go on.
    """
    file = parts.settings.data / "instance"
    if file.exists():
        last = file.read_text().strip()
        parts.library.upkeep.end_holds_of(last)
        parts.library.jobs.give_back_of(f"{last}/")
    file.write_text(instance)
    if parts.settings.s3 is None:
        parts.store.sweep_temporary()  # type: ignore[union-attr]


def _hand_down(settings: Settings, flags: Mapping[str, Any], instance: str, counts: Path) -> None:
    """Put what workers need to know into the environment. They read the settings file themselves."""
    for name, value in flags.items():
        if value is not None:
            os.environ[PREFIX + name.upper()] = str(value)
    os.environ[f"{PREFIX}DATA"] = str(settings.data)
    if settings.config is not None:
        os.environ[f"{PREFIX}CONFIG"] = str(settings.config)
    os.environ[INSTANCE] = instance
    os.environ[metrics.COUNTS_FOLDER] = str(counts)
