"""The WebDAV door as one WSGI application, for ``/dav`` and for what Windows asks of ``/``.

    Door            OPTIONS, path decoding, authentication, requests in flight
    WsgiDAVApp      WsgiDAV's frame, with one provider mounted and its lock and property managers off
    server.Server   in place of WsgiDAV's resolver: the methods

WsgiDAV's frame decodes paths leniently, fails outside of its own error handling for what it cannot decode, and wraps
``start_response`` to close the connection after every streamed answer. So it is given a path that is always the same,
and answers go past it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wsgidav.wsgidav_app import WsgiDAVApp

from gateway.dav import auth, propfind
from gateway.dav.paths import MOUNT, Site
from gateway.dav.request import KEY, Request
from gateway.dav.server import OPTIONS, Provider, Server, refuse
from gateway.errors import BadName, NotFound
from gateway.library.values import Principal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from gateway.library.library import Library

ACCOUNT = "davgallery.account"
"""The key of the environment under which who asked is left for the access log."""
_NOBODY = Principal(0, "", admin=False, credential_id=None, device="")


class Door:
    """The WSGI application. ``wants`` tells the dispatcher in front of it which requests are its own."""

    def __init__(self, library: Library, *, public_url: str | None, accel: str | None) -> None:
        """Build WsgiDAV's frame around the methods; see ``build_app``."""
        self._library = library
        self._site = Site(public_url)
        self._in_flight = auth.InFlight()
        provider = Provider()  # type: ignore[no-untyped-call]
        self._frame = WsgiDAVApp(  # type: ignore[no-untyped-call]
            {
                "provider_mapping": {MOUNT: provider},
                "middleware_stack": [Server(provider, accel=accel)],
                "lock_storage": None,
                "property_manager": None,
                "http_authenticator": {"accept_basic": False, "accept_digest": False, "default_to_digest": False},
                "logging": {"enable": False},
                "verbose": 1,
            }
        )

    def wants(self, environ: WSGIEnvironment) -> bool:
        """Whether a request is for the door: all below ``/dav``, ``OPTIONS *``, and Windows' probes of the root."""
        path: str = environ["PATH_INFO"]
        if path in {"", "/", "*"}:
            return environ["REQUEST_METHOD"] in {"OPTIONS", "PROPFIND"}
        if path == MOUNT or path.startswith(MOUNT + "/"):
            return True
        try:
            return self._site.requested(environ) is not None
        except BadName:
            return False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        """Answer a request; its place among those in flight is held until the answer is sent or given up."""
        method: str = environ["REQUEST_METHOD"]
        request = Request(environ, start_response, self._library, _NOBODY, self._site, method, (), slash=False)
        if method == "OPTIONS":
            # Without an account: the Finder and Windows ask before they have one, and the answer is always the same.
            yield from request.answer(*OPTIONS)
            return
        account: int | None = None
        try:
            target = self._site.requested(environ)
            principal = auth.authenticate(self._library, environ)
            self._in_flight.take(principal.account_id)
            account = principal.account_id
            request = replace(request, principal=principal)
            environ[ACCOUNT] = principal.name
            if target is None:
                answer = self._above(request)
            else:
                answer = self._framed(replace(request, path=target.path, slash=target.slash))
        except Exception as error:  # noqa: BLE001 - what fails before a method is found is answered here
            answer = refuse(request, error)
        try:
            yield from answer
        finally:
            if account is not None:
                self._in_flight.give_back(account)

    def _framed(self, request: Request) -> Iterable[bytes]:
        """Pass a request through WsgiDAV, which changes the environment that it is given."""
        environ = {**request.environ, "SCRIPT_NAME": "", "PATH_INFO": MOUNT, KEY: request}
        answer: Iterable[bytes] = self._frame(environ, request.start)
        return answer

    @staticmethod
    def _above(request: Request) -> Iterable[bytes]:
        """Answer for the folder that ``/dav`` is in; nothing else outside is the door's."""
        if request.method != "PROPFIND" or request.environ["PATH_INFO"] not in {"", "/"}:
            raise NotFound("There is nothing here.")
        return propfind.above(request)


def build_app(library: Library, *, public_url: str | None = None, accel: str | None = None) -> Door:
    """Make the door over a library.

    ``public_url``: the product's address as clients see it behind a proxy, e.g. ``https://example.org/photos``; its
    path begins every href, its host is accepted in ``Destination``. Without it, SCRIPT_NAME and Host decide.
    ``accel``: the internal location, e.g. ``/_store/``, of an nginx in front that takes over transfers by
    ``X-Accel-Redirect`` (see ``gateway.dav.reading`` and docker/nginx.conf).
    """
    return Door(library, public_url=public_url, accel=accel)
