"""A door over a real library, on a real socket, and a client that says exactly what a test wants said."""

import base64
import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from sqlalchemy.engine import make_url

from gateway.catalogue import Catalogue
from gateway.catalogue.models import Base
from gateway.dav.app import build_app
from gateway.library.library import Library, build
from gateway.serving import Server
from gateway.store import ObjectStore
from gateway.store.local import LocalStore

PASSWORD = "a good password"
GIGABYTE = 1 << 30

D = "{DAV:}"


@dataclass(frozen=True)
class Answer:
    """A whole response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def xml(self) -> ET.Element:
        return ET.fromstring(self.body)

    def properties(self, href: str) -> dict[str, ET.Element]:
        """The properties with status 200 of the resource at ``href``, by their names in Clark's notation."""
        return self.by_status(href)[200]

    def by_status(self, href: str) -> dict[int, dict[str, ET.Element]]:
        found: dict[int, dict[str, ET.Element]] = {}
        for response in self.xml.iter(D + "response"):
            if response.findtext(D + "href") == href:
                for stat in response.iter(D + "propstat"):
                    status = int((stat.findtext(D + "status") or "").split()[1])
                    found.setdefault(status, {}).update({one.tag: one for one in stat.find(D + "prop") or ()})
        return found

    @property
    def hrefs(self) -> list[str]:
        return [response.findtext(D + "href") or "" for response in self.xml.iter(D + "response")]


@dataclass
class Client:
    """One account's requests, each on its own connection."""

    port: int
    user: str
    password: str = PASSWORD
    base: str = ""
    """Put before every path that does not begin with a slash."""
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str = "", body: bytes | str = b"", /, **headers: str) -> Answer:
        """Headers are given as ``If_Match="…"``."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if self.user and "Authorization" not in sent:
            sent["Authorization"] = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        content = body.encode() if isinstance(body, str) else body
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            target = path if path.startswith("/") or path == "*" else self.base + path
            connection.putrequest(method, target, skip_host="Host" in sent, skip_accept_encoding=True)
            if content or method == "PUT":
                sent.setdefault("Content-Length", str(len(content)))
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(content)
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    def inside(self, base: str) -> "Client":
        return Client(self.port, self.user, self.password, base, dict(self.headers))


@dataclass(frozen=True)
class World:
    """A library with its door on a port."""

    library: Library
    port: int

    def client(self, name: str, *, quota: int = GIGABYTE) -> Client:
        """A new account's client."""
        self.library.accounts.add(name, password=PASSWORD, quota=quota)
        return Client(self.port, name, base=f"/dav/{name}/")


@contextlib.contextmanager
def serving(app: Callable[..., Iterator[bytes]]) -> Iterator[int]:
    """Serve an application; the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(app, listener, threads=16)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        server.drain()
        thread.join(30)


@contextlib.contextmanager
def world(folder: Path, store: ObjectStore | None = None) -> Iterator[World]:
    """A door over a library on SQLite, and on a folder unless there is another store."""
    (folder / "store").mkdir(parents=True)
    catalogue = Catalogue(make_url(f"sqlite:///{folder}/catalogue.sqlite3"))
    Base.metadata.create_all(catalogue.engine)
    store = LocalStore(folder / "store", 0) if store is None else store
    library = build(catalogue, store, instance="test", default_quota=GIGABYTE)
    with serving(build_app(library)) as port:
        yield World(library, port)
    catalogue.close()


def propfind(*names: str, inner: str = "") -> str:
    """The body of a PROPFIND for properties of ``DAV:``."""
    asked = inner or "<prop>" + "".join(f"<{name}/>" for name in names) + "</prop>"
    return f'<?xml version="1.0"?><propfind xmlns="DAV:">{asked}</propfind>'


LOCKINFO = (
    '<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:{scope}/></D:lockscope>'
    "<D:locktype><D:write/></D:locktype><D:owner><D:href>http://example.org/me</D:href></D:owner></D:lockinfo>"
)


def lockinfo(scope: str = "exclusive") -> str:
    return LOCKINFO.format(scope=scope)
