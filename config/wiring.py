"""Settings to working parts: the only file that names concrete classes."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import inspect

from gateway.catalogue import Catalogue
from gateway.catalogue.statements.upkeep import CLOCK
from gateway.library import library
from indexer import VERSION as INDEX_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from config.settings import Settings
    from gateway.library.library import Library
    from gateway.library.values import Listener
    from gateway.store.local import LocalStore
    from gateway.store.minio import MinioStore
    from indexer.tasks import Bell
    from indexer.worker import Worker


PACKAGES = Path(sys.prefix) / "vendor"
"""Where the launcher installs the packages of the gallery's pages."""


class Parts(NamedTuple):
    """What the settings name, opened."""

    settings: Settings
    catalogue: Catalogue
    store: LocalStore | MinioStore
    library: Library


@contextmanager
def opened(settings: Settings, instance: str, listeners: Sequence[Listener] = ()) -> Iterator[Parts]:
    """Open everything; closed again at the end. Nothing is asked of database or store yet.

    ``instance`` names this run of the server in what it reserves for uploads; ``listeners`` hear of every change.
    """
    with ExitStack() as stack:
        catalogue = Catalogue(settings.catalogue_url)
        stack.callback(catalogue.close)
        store = _store(settings)
        stack.callback(store.close)
        built = library.build(
            catalogue,
            store,
            instance=instance,
            default_quota=settings.default_quota,
            trash_days=settings.trash_days,
            zone=settings.timezone,
            index_version=INDEX_VERSION,
            can_encode=_can_encode,
            listeners=listeners,
        )
        yield Parts(settings, catalogue, store, built)


def _can_encode() -> bool:
    from indexer.encoding import is_possible  # noqa: PLC0415 - for the first who asks for a video

    return is_possible()


def _store(settings: Settings) -> LocalStore | MinioStore:
    # Imported where it is used: the SDK alone takes a third of a second.
    if settings.s3 is None:
        from gateway.store.local import LocalStore  # noqa: PLC0415

        return LocalStore(settings.data / "photos", settings.reserve)
    from gateway.store.minio import MinioStore  # noqa: PLC0415

    return MinioStore(**settings.s3._asdict())


@contextmanager
def indexing(parts: Parts, home: str, count: Callable[[str, float], None] | None = None) -> Iterator[Worker]:
    """Make a worker of the indexer. ``home`` is the server or machine whose processes can tell whether it is alive."""
    from indexer.encoding import Encoder  # noqa: PLC0415 - only indexers need them
    from indexer.sandbox import Sandbox  # noqa: PLC0415
    from indexer.worker import Worker  # noqa: PLC0415

    name = f"{home}/{os.getpid()}/"
    encoder = Encoder(parts.library.encodings, parts.settings.data / "temp", name, parts.settings.reserve)
    with Sandbox(zone=parts.settings.timezone) as sandbox:
        yield Worker(parts.library, sandbox, encoder, name, count)


@contextmanager
def bell(settings: Settings) -> Iterator[Bell | None]:
    """Return who tells workers elsewhere of new files; None without a broker, and then nothing of Celery is loaded."""
    if settings.broker_url is None:
        yield None
        return
    from indexer.tasks import Bell  # noqa: PLC0415 - Celery takes a third of a second

    with closing(Bell(settings.broker_url.get_secret_value())) as opened_bell:
        yield opened_bell


def ask_database(catalogue: Catalogue) -> None:
    """Return when the database answers; raise CatalogueUnavailable otherwise."""
    with catalogue.read() as tx:
        tx.value(CLOCK)


def has_catalogue(settings: Settings) -> bool:
    """Whether a server has made the tables. Looking must not make anything, so a missing SQLite file is not opened."""
    url = settings.catalogue_url
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return False
    with closing(Catalogue(url)) as catalogue:
        ask_database(catalogue)
        return inspect(catalogue.engine).has_table("meta")


def application(parts: Parts, extra: Mapping[str, WSGIApplication]) -> WSGIApplication:
    """Return everything that is served: the WebDAV door, ``extra`` by path, and the gallery."""
    from gateway.dav.app import build_app  # noqa: PLC0415 - commands need neither door nor gallery
    from viewer.app import create_app  # noqa: PLC0415

    settings = parts.settings
    door = build_app(parts.library, public_url=settings.public_url, accel=settings.accel)
    gallery = create_app(parts.library, PACKAGES, public_url=settings.public_url)
    prefix = urlsplit(settings.public_url or "").path

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if door.wants(environ):
            return door(environ, start_response)
        if environ["REQUEST_METHOD"] in {"GET", "HEAD"} and environ["PATH_INFO"] in extra:
            return extra[environ["PATH_INFO"]](environ, start_response)
        return gallery(_below(prefix, environ), start_response)

    return app


def _below(prefix: str, environ: WSGIEnvironment) -> WSGIEnvironment:
    """A request as pages see it: its path below the prefix of ``public_url``, which the proxy cut off, or did not."""
    if not prefix:
        return environ
    path: str = environ["PATH_INFO"]
    inside = path.removeprefix(prefix) if path == prefix or path.startswith(f"{prefix}/") else path
    return environ | {"SCRIPT_NAME": prefix, "PATH_INFO": inside or "/"}
