"""Everything that is measured, each part started when a row first asks for it and ended with the run."""

from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

import psutil
from sqlalchemy import make_url

from gateway.catalogue import Catalogue
from gateway.library import library
from gateway.library.values import Principal
from gateway.store.minio import MinioStore
from tests.bench.figures import Plan
from tests.bench.load import Side
from tests.bench.peer import RcloneServe
from tests.bench.proxy import CountingProxy
from tests.components.gateway import Gateway, Options
from tests.components.minio import Minio
from tests.components.nginx import Nginx
from tests.repository.source import ROOT

if TYPE_CHECKING:
    from gateway.library.library import Library

SPACE = "admin"
_S3 = ("ENDPOINT", "BUCKET", "ACCESS_KEY", "SECRET_KEY")


class Stage:
    """A context manager. ``ours`` and ``peer`` are the two sides of most rows."""

    def __init__(self, plan: Plan) -> None:
        """Start nothing yet."""
        self.plan = plan
        self._stack = ExitStack()
        self._names = 0

    def __enter__(self) -> Self:
        """Nothing to start."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        """End everything."""
        self._stack.close()

    def folder(self) -> str:
        """A name that was never used in this run, with a slash at its end."""
        self._names += 1
        return f"folder{self._names}/"

    @cached_property
    def minio(self) -> Minio:
        """The store of both sides."""
        return self._stack.enter_context(Minio())

    def proxy(self) -> CountingProxy:
        """A counter in front of the store."""
        return self._stack.enter_context(CountingProxy(self.minio.address))

    def gateway(self, indexers: int = 0, **environment: str) -> "Served":
        """Start a davgallery with two workers on SQLite and a bucket of its own. Most index nothing: no peer does."""
        settings = {"DAVGALLERY_DEFAULT_QUOTA": "1TB", **environment}
        options = Options(store=self.minio, workers=2, indexers=indexers, environment=settings)
        return Served(self._stack.enter_context(Gateway(options=options)), self._stack)

    def rclone(self, endpoint: str = "") -> RcloneServe:
        """Start a peer, with a bucket of its own; ``endpoint`` when something is in front of MinIO."""
        minio = self.minio
        keys = (minio.access_key, minio.secret_key, minio.fresh_bucket())
        return self._stack.enter_context(RcloneServe(endpoint or minio.endpoint, *keys))

    @cached_property
    def served(self) -> "Served":
        """The gateway of most rows."""
        return self.gateway()

    @property
    def ours(self) -> Side:
        """Its side."""
        return self.side(self.served)

    @cached_property
    def peer(self) -> Side:
        """The rclone of most rows."""
        return self.peer_side(self.rclone())

    @cached_property
    def behind_nginx(self) -> Side:
        """Another gateway, whose downloads nginx takes over as docker/nginx.conf has it."""
        served = self.gateway(DAVGALLERY_ACCEL="/_store/")
        text = (ROOT / "docker" / "nginx.conf").read_text()
        for old, new in (
            ("davgallery:8080", f"127.0.0.1:{served.gateway.port}"),
            ("minio:9000", self.minio.address),
            ("listen 80;", "listen 127.0.0.1:{port};"),
        ):
            text = text.replace(old, new)
        nginx = self._stack.enter_context(Nginx(text))
        return self.side(served, nginx)

    def side(self, served: "Served", nginx: Nginx | None = None) -> Side:
        """A gateway, directly or through an nginx, as somebody who sends requests sees it."""

        def processes() -> dict[str, list[int]]:
            parts = {"davgallery": served.gateway.pids(), "minio": [self.minio.pid]}
            return parts if nginx is None else {**parts, "nginx": _family(nginx.pid)}

        address = nginx.url if nginx else served.gateway.url
        return Side("davgallery", f"{address}/dav/{SPACE}/", SPACE, served.password, processes)

    def peer_side(self, rclone: RcloneServe) -> Side:
        """An rclone as somebody who sends requests sees it."""

        def processes() -> dict[str, list[int]]:
            return {"rclone": [rclone.pid], "minio": [self.minio.pid]}

        return Side("rclone", f"{rclone.url}/", *rclone.login, processes)


class Served:
    """A gateway, and its library in this process for what HTTP would be too slow for: filling a catalogue."""

    def __init__(self, gateway: Gateway, stack: ExitStack) -> None:
        """Open the library beside the running server, and make a password of the kind that devices have."""
        self.gateway = gateway
        settings = gateway.environment()
        catalogue = Catalogue(make_url(f"sqlite:///{gateway.data}/catalogue.sqlite3"))
        stack.callback(catalogue.close)
        names = (
            "DAVGALLERY_S3_ENDPOINT",
            "DAVGALLERY_S3_BUCKET",
            "DAVGALLERY_S3_ACCESS_KEY",
            "DAVGALLERY_S3_SECRET_KEY",
        )
        store = MinioStore(*(settings[name] for name in names))
        stack.callback(store.close)
        self.library: Library = library.build(catalogue, store, instance="bench", default_quota=1 << 40)
        self.password = self.library.accounts.add_app_password(SPACE, "bench")
        account = next(one for one in self.library.accounts.all() if one.name == SPACE)
        self.principal = Principal(account.id, SPACE, admin=True, credential_id=None, device="bench")

    def fill(self, folder: str, files: int) -> None:
        """Make a folder of ``files`` files, all with the bytes of the first."""
        files_, me, top = self.library.files, self.principal, (SPACE, folder.rstrip("/"))
        files_.make_folder(me, top)
        self.library.uploads.put(me, (*top, "1.jpg"), [b"x"], size=1)
        for number in range(2, files + 1):
            files_.copy(me, (*top, "1.jpg"), (*top, f"{number}.jpg"))

    def copy(self, source: str, destination: str) -> None:
        """Copy a folder."""
        self.library.files.copy(self.principal, (SPACE, source.rstrip("/")), (SPACE, destination.rstrip("/")))

    def resident(self) -> dict[int, int]:
        """Bytes of memory of each worker."""
        return {pid: psutil.Process(pid).memory_info().rss for pid in self.gateway.pids()}


def _family(pid: int) -> list[int]:
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
