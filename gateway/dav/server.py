"""The methods, in place of WsgiDAV's: each parses its headers, makes one call of the library, and answers."""
# ruff: noqa: N802, N815 - WsgiDAV calls methods do_<METHOD>

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wsgidav.dav_error import (
    HTTP_BAD_REQUEST,
    HTTP_CREATED,
    HTTP_FORBIDDEN,
    HTTP_MEDIATYPE_NOT_SUPPORTED,
    HTTP_METHOD_NOT_ALLOWED,
    HTTP_NO_CONTENT,
)
from wsgidav.dav_provider import DAVProvider
from wsgidav.request_server import RequestServer

from gateway.dav import headers, locking, propfind, proppatch, reading
from gateway.dav.errors import METHODS, Refusal, failure
from gateway.dav.framing import content_length
from gateway.dav.properties import file_id
from gateway.dav.request import KEY
from gateway.errors import BadRequest, Forbidden, GatewayError, NotFound, Truncated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from gateway.dav.errors import Header
    from gateway.dav.request import Request
    from gateway.library.values import Entry, Path

BLOCK = 262_144
"""Bytes that are read from an upload at a time."""

_ACCEPTED: Header = ("X-OC-Mtime", "accepted")

_log = logging.getLogger("davgallery.dav")


class Provider(DAVProvider):
    """What WsgiDAV wants mounted at a share. Resources come from the library, so it has none of its own."""

    def get_resource_inst(self, path: str, environ: WSGIEnvironment) -> None:
        """Never called: every method that would is replaced."""


class Server(RequestServer):
    """Stands in WsgiDAV's ``middleware_stack`` where its resolver would; one for all requests, without state."""

    def __init__(self, provider: Provider, *, accel: str | None) -> None:
        """``accel``: the internal location of the nginx in front that takes over transfers."""
        super().__init__(provider)  # type: ignore[no-untyped-call]
        self._accel = accel

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: ARG002
        """Carry out the request that the application put into ``environ``."""
        request: Request = environ[KEY]
        method: Callable[..., Iterable[bytes]] | None = getattr(self, f"do_{request.method}", None)
        try:
            if method is None or request.method not in METHODS.split(", "):
                raise Refusal(HTTP_METHOD_NOT_ALLOWED, "Not a WebDAV method.", headers=[("Allow", METHODS)])
            return _watched(request, method(environ, request.start))
        except Exception as error:  # noqa: BLE001 - the one place where any error becomes an answer
            return refuse(request, error)

    def do_GET(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Send a file or a folder's page."""
        return reading.get(environ[KEY], accel=self._accel)

    do_HEAD = do_GET

    def do_PROPFIND(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Tell properties."""
        return propfind.propfind(environ[KEY])

    def do_PROPPATCH(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Change properties."""
        return proppatch.proppatch(environ[KEY])

    def do_LOCK(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Take or refresh a lock."""
        return locking.lock(environ[KEY])

    def do_UNLOCK(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Give a lock back."""
        return locking.unlock(environ[KEY])

    def do_PUT(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Store a file. Everything that can be refused is refused before the first byte is read."""
        request: Request = environ[KEY]
        if "HTTP_CONTENT_RANGE" in environ:
            raise BadRequest("Parts of a file cannot be uploaded.")  # RFC 9110 §14.5
        if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in {"", "identity"}:
            raise Refusal(HTTP_MEDIATYPE_NOT_SUPPORTED, "Upload the file itself, without a content coding.")
        if request.slash or not request.path:
            raise Refusal(HTTP_METHOD_NOT_ALLOWED, "A folder cannot be uploaded.", headers=[("Allow", METHODS)])
        _inside(request.path)
        modified = headers.modified(environ)
        put = request.library.uploads.put(
            request.principal,
            request.path,
            _blocks(environ),
            size=headers.upload_size(environ),
            conditions=request.conditions(),
            modified=modified,
            checksum=headers.checksum(environ),
        )
        fields = [*reading.validators(put.entry), *_owncloud(put.entry, modified)]
        return request.answer(HTTP_CREATED if put.created else HTTP_NO_CONTENT, fields)

    def do_MKCOL(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Make a folder; 405 when there is something of that name, which apps take for "fine" (RFC 4918 §9.3)."""
        request: Request = environ[KEY]
        if content_length(environ) != 0 and environ["wsgi.input"].read(1):
            raise Refusal(HTTP_MEDIATYPE_NOT_SUPPORTED, "A new folder has no body.")
        if len(request.path) < 2:
            if not request.path or _is_folder(request):
                raise Refusal(HTTP_METHOD_NOT_ALLOWED, "The folder exists.", headers=[("Allow", METHODS)])
            _inside(request.path)
        modified = headers.modified(environ)
        folder = request.library.files.make_folder(
            request.principal, request.path, conditions=request.conditions(), modified=modified
        )
        return request.answer(HTTP_CREATED, _owncloud(folder.entry, modified))

    def do_DELETE(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Move a file, or a folder with everything in it, into the trash (RFC 4918 §9.6.1: only Depth infinity)."""
        request: Request = environ[KEY]
        _inside(request.path)
        if headers.depth(environ, "infinity") != "infinity" and _is_folder(request):
            raise BadRequest("A folder is deleted with everything in it.")
        request.library.files.delete(request.principal, request.path, conditions=request.conditions())
        return request.answer(HTTP_NO_CONTENT)

    def do_COPY(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Copy a file or folder; Depth 0 copies a folder without its members (RFC 4918 §9.8.3)."""
        request: Request = environ[KEY]
        depth = headers.depth(environ, "infinity")
        if depth == "1":
            raise BadRequest("A copy has Depth 0 or infinity.")
        if not request.path:
            raise Forbidden("The list of spaces cannot be copied.")
        destination, modified = _destination(request), headers.modified(environ)
        created = request.library.files.copy(
            request.principal,
            request.path,
            destination,
            overwrite=headers.overwrite(environ),
            recursive=depth == "infinity",
            conditions=request.conditions(),
            modified=modified,
        )
        return _placed(request, modified, created=created)

    def do_MOVE(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Move or rename (RFC 4918 §9.9.2: a folder only as a whole)."""
        request: Request = environ[KEY]
        _inside(request.path)
        if headers.depth(environ, "infinity") != "infinity" and _is_folder(request):
            raise BadRequest("A folder is moved with everything in it.")
        destination, modified = _destination(request), headers.modified(environ)
        created = request.library.files.move(
            request.principal,
            request.path,
            destination,
            overwrite=headers.overwrite(environ),
            conditions=request.conditions(),
            modified=modified,
        )
        return _placed(request, modified, created=created)

    def do_OPTIONS(self, environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        """Tell what this is; the same for every address, existing or not."""
        request: Request = environ[KEY]
        return request.answer(*OPTIONS)


OPTIONS: tuple[int, list[Header]] = (
    200,
    # The Finder mounts read-only without class 2; Windows wants the last one.
    [("DAV", "1, 2"), ("Allow", METHODS), ("MS-Author-Via", "DAV")],
)


def refuse(request: Request, error: Exception) -> list[bytes]:
    """Answer with an error; nothing has been sent yet."""
    failed = failure(error, request.href, locking=request.method == "LOCK")
    return request.answer(failed.status, failed.headers, failed.body)


def _watched(request: Request, chunks: Iterable[bytes]) -> Iterable[bytes]:
    """Pass an answer on. An error in the middle can only cut the connection, so it is at least logged."""
    if isinstance(chunks, list | tuple):
        return chunks
    return _relayed(request, chunks)


def _relayed(request: Request, chunks: Iterable[bytes]) -> Iterator[bytes]:
    try:
        yield from chunks
    except GatewayError as error:
        _log.warning("%s was cut: %s: %s", request.method, type(error).__name__, error)
        raise ConnectionAbortedError("the answer could not be finished") from error


def _blocks(environ: WSGIEnvironment) -> Iterator[bytes]:
    """The body of an upload; asking for its first byte is what makes the server send ``100 Continue``."""
    read: Callable[[int], bytes] = environ["wsgi.input"].read
    try:
        while block := read(BLOCK):
            yield block
    except (ConnectionError, TimeoutError) as error:
        raise Truncated("The upload was cut.") from error


def _inside(path: Path) -> None:
    if len(path) < 2:
        raise Refusal(HTTP_FORBIDDEN, "Choose one of your spaces: the list of them cannot be changed here.")


def _is_folder(request: Request) -> bool:
    try:
        return request.library.files.stat(request.principal, request.path).entry.is_folder
    except NotFound:
        return False


def _destination(request: Request) -> Path:
    """Where COPY and MOVE go. The same as the source is 403 (RFC 4918 §9.8.5)."""
    url: str | None = request.environ.get("HTTP_DESTINATION")
    if url is None:
        raise Refusal(HTTP_BAD_REQUEST, "The Destination is missing.")
    path = request.site.located(url.strip(), request.environ).path
    _inside(path)
    if path == request.path:
        raise Forbidden("Source and destination are the same.")
    return path


def _owncloud(entry: Entry, modified: int | None) -> list[Header]:
    """What ownCloud's and Nextcloud's clients read from an answer instead of asking again."""
    fields = [("OC-FileId", file_id(entry))]
    if entry.etag:
        fields.append(("OC-ETag", f'"{entry.etag}"'))
    return fields if modified is None else [*fields, _ACCEPTED]


def _placed(request: Request, modified: int | None, *, created: bool) -> list[bytes]:
    fields = [] if modified is None else [_ACCEPTED]
    return request.answer(HTTP_CREATED if created else HTTP_NO_CONTENT, fields)
