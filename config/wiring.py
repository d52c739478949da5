"""Settings to working parts: the only file that names concrete classes."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import inspect

from gateway.catalogue import Catalogue
from gateway.catalogue.statements.upkeep import CLOCK
from gateway.library import library
from indexer import VERSION as INDEX_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from config.settings import Settings
    from gateway.library.library import Library
    from gateway.store.local import LocalStore
    from gateway.store.minio import MinioStore
    from indexer.worker import Worker


class Parts(NamedTuple):
    """What the settings name, opened."""

    settings: Settings
    catalogue: Catalogue
    store: LocalStore | MinioStore
    library: Library


@contextmanager
def opened(settings: Settings, instance: str) -> Iterator[Parts]:
    """Open everything; closed again at the end. Nothing is asked of database or store yet.

    ``instance`` names this run of the server in what it reserves for uploads.
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
        )
        yield Parts(settings, catalogue, store, built)


def _store(settings: Settings) -> LocalStore | MinioStore:
    # Imported where it is used: the SDK alone takes a third of a second.
    if settings.s3 is None:
        from gateway.store.local import LocalStore  # noqa: PLC0415

        return LocalStore(settings.data / "photos", settings.reserve)
    from gateway.store.minio import MinioStore  # noqa: PLC0415

    return MinioStore(**settings.s3._asdict())


@contextmanager
def indexing(parts: Parts, name: str) -> Iterator[Worker]:
    """Make a worker of the indexer; ``name`` is its mark on the jobs it holds."""
    from indexer.sandbox import Sandbox  # noqa: PLC0415 - only indexers need it

    from indexer.worker import Worker  # noqa: PLC0415

    with Sandbox(zone=parts.settings.timezone) as sandbox:
        yield Worker(parts.library, sandbox, name)


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
    """Return everything that is served: the WebDAV door, ``extra`` by path, and the welcome page."""
    from gateway.dav.app import build_app  # noqa: PLC0415 - commands need no door
    from gateway.welcome import welcome  # noqa: PLC0415

    settings = parts.settings
    door = build_app(parts.library, public_url=settings.public_url, accel=settings.accel)
    start = welcome(settings.public_url)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if door.wants(environ):
            return door(environ, start_response)
        if environ["REQUEST_METHOD"] in {"GET", "HEAD"} and environ["PATH_INFO"] in extra:
            return extra[environ["PATH_INFO"]](environ, start_response)
        return start(environ, start_response)

    return app
