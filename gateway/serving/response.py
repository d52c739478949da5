"""One response, from a WSGI application to the wire."""

import enum
import functools
import logging
import re
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import TYPE_CHECKING

from gateway.errors import Truncated
from gateway.serving.body import Body
from gateway.serving.head import Head
from gateway.serving.wire import Wire

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from _typeshed import OptExcInfo

KEEP_UNREAD = 65536
"""Of a body that was refused unread, how many bytes are worth reading to keep the connection."""

_JOINED = 65536
_BAD_NAME = re.compile(r"[^!#$%&'*+\-.^_`|~0-9A-Za-z]")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade", "trailer"})
_WITHOUT_CONTENT = frozenset({204, 205, 304})
_log = logging.getLogger("davgallery.serving")


class Ending(enum.Enum):
    """What becomes of the connection after a response."""

    KEEP = enum.auto()
    CLOSE = enum.auto()
    BREAK = enum.auto()


class ClientGone(ConnectionError):
    """The client closed the connection, or takes nothing of the response any more."""


class Response:
    """Sends what an application answers to one request, with the right framing.

    A response that the application does not finish ends so that the client sees it: short of its Content-Length,
    without its last chunk, or by a reset. It never looks whole.
    """

    def __init__(self, wire: Wire, head: Head, body: Body, *, keep_alive: Callable[[], bool], server: str) -> None:
        """Prepare to answer. `keep_alive` is asked whether the server wants the connection to go on."""
        self._wire = wire
        self._head = head
        self._body = body
        self._keep_alive = head.keep_alive
        self._may_keep_alive = keep_alive
        self._server = server
        self._status_line = ""
        self._headers: list[tuple[str, str]] = []
        self._pending = b""  # the head, until the first byte of content goes with it
        self._length: int | None = None
        self._chunked = False
        self._silent = False  # a response that has no content whatever the application yields
        self.begun = False
        self.sent = 0

    @property
    def status(self) -> int:
        """The status as a number, 0 before the application has named one."""
        return int(self._status_line[:3] or 0)

    def run(self, application: "WSGIApplication", environ: "WSGIEnvironment") -> Ending:
        """Ask the application, send what it answers, and say how the connection goes on."""
        try:
            self._answer(application, environ)
        except ClientGone:
            return Ending.BREAK
        except Truncated as error:
            return self._failed("400 Bad Request", str(error))
        except ConnectionAbortedError:  # the application gives up and has said why
            return self._failed("500 Internal Server Error", "Something went wrong here. It was noted.")
        except Exception:  # noqa: BLE001 - whatever an application raises ends its own request only
            _log.exception("%s %s failed", self._head.method, self._head.target)
            return self._failed("500 Internal Server Error", "Something went wrong here. It was noted.")
        return Ending.KEEP if self._keep_alive else Ending.CLOSE

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: "OptExcInfo | None" = None
    ) -> Callable[[bytes], None]:
        """Take status and headers, as WSGI's start_response."""
        if exc_info is not None and exc_info[1] is not None and self.begun:
            raise exc_info[1]
        if self._status_line and exc_info is None:
            raise AssertionError("start_response was called twice")
        if len(status) < 4 or not status[:3].isdecimal() or _BAD_VALUE.search(status):
            raise ValueError(f"not a status: {status!r}")
        self._length = None
        for name, value in headers:
            if _BAD_NAME.search(name) or _BAD_VALUE.search(value):
                raise ValueError(f"not a header: {name!r}: {value!r}")
            if name.lower() == "content-length":
                self._length = int(value)
        self._status_line = status
        self._headers = list(headers)
        return self.write

    def write(self, chunk: bytes) -> None:
        """Send content, now."""
        if not self.begun:
            self._begin()
        if self._silent or not chunk:
            return
        excess = self._length is not None and self.sent + len(chunk) > self._length
        if excess and self._length is not None:
            chunk = chunk[: self._length - self.sent]
        self.sent += len(chunk)
        self._send(b"%x\r\n%b\r\n" % (len(chunk), chunk) if self._chunked else chunk)
        if excess:
            raise ValueError("the application sends more than its Content-Length")

    def _answer(self, application: "WSGIApplication", environ: "WSGIEnvironment") -> None:
        result = application(environ, self.start)
        try:
            if self._length is None and not self.begun and isinstance(result, list | tuple):
                self._length = sum(map(len, result)) or self._length_of_nothing()
            for chunk in result:
                if chunk:
                    self.write(chunk)
                    if self._silent:
                        break
            self._finish()
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def _begin(self) -> None:
        if not self._status_line:
            raise AssertionError("the application did not call start_response")
        if any(name.lower() == "connection" and value.lower() == "close" for name, value in self._headers):
            self._keep_alive = False
        if not self._body.could_end_within(KEEP_UNREAD) or not self._may_keep_alive():
            self._keep_alive = False
        headers = [(name, value) for name, value in self._headers if name.lower() not in _OURS]
        headers += self._framing()
        if not self._keep_alive:
            headers.append(("Connection", "close"))
        elif self._head.protocol == "HTTP/1.0":
            headers.append(("Connection", "keep-alive"))
        given = {name.lower() for name, _ in headers}
        if "date" not in given:
            headers.append(("Date", _http_date(int(time.time()))))
        if "server" not in given:
            headers.append(("Server", self._server))
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
        self._pending = f"HTTP/1.1 {self._status_line}\r\n{lines}\r\n".encode("latin-1")
        self.begun = True

    def _framing(self) -> list[tuple[str, str]]:
        """Decide how the response's end will be known (RFC 9112 §6), and return the headers that say so."""
        status = self.status
        self._silent = self._head.method == "HEAD" or status in _WITHOUT_CONTENT
        if status == 205:
            self._length = 0
        if status == 204:
            return []
        if self._length is not None:
            return [("Content-Length", str(self._length))]
        if self._silent:
            return []
        if self._head.protocol == "HTTP/1.1":
            self._chunked = True
            return [("Transfer-Encoding", "chunked")]
        self._keep_alive = False  # only the end of the connection can end this response
        return []

    def _finish(self) -> None:
        if not self.begun:
            if self._length is None:
                self._length = self._length_of_nothing()
            self._begin()
        if not self._silent and self._length is not None and self.sent < self._length:
            raise ValueError("the application sent less than its Content-Length")
        self._send(b"0\r\n\r\n" if self._chunked else b"")

    def _length_of_nothing(self) -> int | None:
        """Return the length of a response without content: unknown where another response would have it."""
        return None if self._head.method == "HEAD" or self.status == 304 else 0

    def _send(self, data: bytes) -> None:
        try:
            if self._pending and len(data) > _JOINED:
                self._wire.send(self._pending)
                self._wire.send(data)
            elif self._pending or data:
                self._wire.send(self._pending + data)
        except OSError as error:
            raise ClientGone(str(error)) from error
        self._pending = b""

    def _failed(self, status: str, message: str) -> Ending:
        if self.begun and not self._pending:
            if not self._chunked and self._length is None:
                self._wire.reset()
            return Ending.BREAK
        self.begun, self._pending, self.sent, self._chunked = False, b"", 0, False
        self._keep_alive = False
        content = message.encode() + b"\n"
        self._status_line, self._length = status, len(content)
        self._headers = [("Content-Type", "text/plain; charset=utf-8")]
        try:
            self._begin()
            self.write(content)
            self._send(b"")
        except ClientGone:
            return Ending.BREAK
        return Ending.CLOSE


@functools.lru_cache(maxsize=2)
def _http_date(now: int) -> str:
    return formatdate(now, usegmt=True)
