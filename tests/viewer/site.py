"""A server of nothing but our static files, under the policy that the gallery has."""

import mimetypes
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Self

from tests.repository.source import ROOT

FOLDERS = {
    "static/vendor": Path(sys.prefix) / "vendor",
    "static": ROOT / "viewer/static",
    "tests": ROOT / "tests/viewer/js",
    "dev": Path(sys.prefix) / "vendor-dev",
}
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
FRAME = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Test</title>{head}</head><body>{body}</body>'


class Site:
    """Serves ``FOLDERS`` and the pages that tests add, on a free port of this machine."""

    def __init__(self) -> None:
        """Take a port."""
        self.pages = {"/": _page()}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def add(self, path: str, *, body: str, styles: tuple[str, ...] = ()) -> str:
        """Make a page of ``body`` with our style sheets of these names; returns its address."""
        self.pages[path] = _page(body, styles)
        return self.url + path

    def _handler(site) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - self is the handler's
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                kind, content = "text/html", site.pages.get(path, b"")
                if not content and (file := _file(path)):
                    kind, content = mimetypes.guess_type(file.name)[0] or "text/plain", file.read_bytes()
                self.send_response(HTTPStatus.OK if content else HTTPStatus.NOT_FOUND)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Content-Security-Policy", POLICY)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def __enter__(self) -> Self:
        """Serve."""
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _page(body: str = "", styles: tuple[str, ...] = ()) -> bytes:
    links = [f'<link rel="stylesheet" href="/static/css/{name}.css">' for name in styles]
    head = "".join(['<link rel="icon" href="data:,">', *links])
    return FRAME.format(head=head, body=body).encode()


def _file(path: str) -> Path | None:
    for prefix, folder in FOLDERS.items():
        if path.startswith(f"/{prefix}/"):
            file = (folder / path.removeprefix(f"/{prefix}/")).resolve()
            return file if file.is_file() and file.is_relative_to(folder.resolve()) else None
    return None
