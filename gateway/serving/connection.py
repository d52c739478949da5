"""One connection: the requests that come over it, and how it ends."""

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any

from gateway.errors import Truncated
from gateway.serving.body import Body
from gateway.serving.forwarded import forwarded, plain_address
from gateway.serving.head import Head, Refused, find_end, parse
from gateway.serving.response import KEEP_UNREAD, Ending, Response
from gateway.serving.wire import READ_AHEAD, Wire

if TYPE_CHECKING:
    from gateway.serving.server import Server

_IN_A_ROW = 100


class Connection:
    """A client's connection. A thread has it only while there is something to do; in between it waits in the selector.

    So a client that sends nothing, or its headers one byte at a time, or a TLS handshake that it never ends, holds a
    socket and no thread. Bodies of up to `limits.small_body` bytes are awaited like headers are.
    """

    def __init__(self, server: "Server", accepted: socket.socket, address: tuple[Any, ...]) -> None:
        """Take a socket that was just accepted."""
        self._server = server
        self._limits = server.limits
        self.wire = Wire(accepted, silence=server.limits.silence)
        self.remote_addr = plain_address(address[0])
        self.remote_port = str(address[1])
        self._head: Head | None = None  # read, and waiting for its small body
        self._shaking = server.tls is not None
        self._secure = False
        self._lingers_until = 0.0
        self._fresh = True  # no byte of the next request has come yet
        self._again = False  # a whole request may have been read ahead
        self.deadline = time.monotonic() + self._limits.head

    @property
    def rfile(self) -> Wire:
        """What cheroot looks at to see whether the connection is closed."""
        return self.wire

    @property
    def idle(self) -> bool:
        """Whether closing it now takes nothing away from anybody."""
        return self._fresh and not self._shaking and not self._lingers_until

    def has_work(self) -> bool:
        """Whether a thread can go on without another byte from the client."""
        return self._again

    def communicate(self) -> bool:
        """Do what can be done now. True: watch it again, False: close it. Called by a thread of the pool."""
        self._server.busy.add(self)
        self._again = False
        try:
            if self._lingers_until:
                return self._discard()
            if self._shaking and not self._shake_hands():
                return time.monotonic() < self.deadline
            for _ in range(_IN_A_ROW):
                if not self._receive_request():
                    return True
                if not self._serve_request():
                    return False
                if self._lingers_until:
                    return True
                if not self.wire.ahead and not self._next_is_near():
                    return True
        except Refused as refusal:
            return self._refuse(refusal)
        except OSError:
            return False
        finally:
            self._server.busy.discard(self)
        self._again = True  # others get their turn in between
        return True

    def give_up(self) -> None:
        """End a connection whose time is over. Called by the selector's thread, so without waiting."""
        if not self._fresh and not self._shaking and not self._lingers_until:
            with contextlib.suppress(OSError):
                self.wire.socket.send(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        self.close()

    def close(self) -> None:
        """Close the socket."""
        with contextlib.suppress(OSError):
            self.wire.close()
        self._server.connections.forget(self)

    def _shake_hands(self) -> bool:
        if not self._secure:
            if not self.wire.speaks_tls():
                self._shaking = False
                raise Refused("400 Bad Request", "This port speaks HTTPS only.")
            assert self._server.tls is not None  # noqa: S101 - _shaking says so
            self.wire.secure(self._server.tls)
            self._secure = True
        self._shaking = not self.wire.handshake()
        return not self._shaking

    def _receive_request(self) -> bool:
        """Read ahead until a request can be served. False when the client has not sent all of it yet."""
        while not self._complete():
            data = self.wire.receive(READ_AHEAD)
            if data is None:
                if time.monotonic() > self.deadline:  # the selector does not see who is busy whenever it looks
                    raise Refused("408 Request Timeout", "The request came too slowly.")
                return False
            if not data:
                raise ConnectionError("the client has closed the connection")
            if self._fresh:
                self._fresh = False
                self.deadline = time.monotonic() + self._limits.head
            self.wire.ahead += data
        return True

    def _complete(self) -> bool:
        ahead = self.wire.ahead
        if self._head is None:
            if ahead[:2] == b"\r\n":
                del ahead[:2]  # RFC 9112 §2.2: an empty line before a request is forgiven, one
            end = find_end(ahead, self._limits.head_bytes) if ahead else 0
            if not end:
                return False
            self._head = parse(self.wire.take(end))
            self.deadline = time.monotonic() + self._limits.silence
        length = self._head.length
        if length is None or length > self._limits.small_body or self._head.expects_continue:
            return True
        return len(ahead) >= length

    def _serve_request(self) -> bool:
        """Answer the request that was read. False to close the connection at once."""
        began = time.monotonic()
        head, self._head = self._head, None
        assert head is not None  # noqa: S101 - _receive_request returned True
        body = Body(self.wire, head.length, expects_continue=head.expects_continue, silence=self._limits.silence)
        response = Response(self.wire, head, body, keep_alive=self._may_go_on, server=self._server.server_name)
        environ = self._environ(head, body)
        ending = response.run(self._server.wsgi_app, environ)
        self._server.report(environ, response.status, response.sent, time.monotonic() - began)
        if ending is Ending.BREAK:
            return False
        if ending is Ending.CLOSE or not self._skip_rest(body):
            self._linger()
        else:
            self._fresh = not self.wire.ahead
            self.deadline = time.monotonic() + (self._limits.idle if self._fresh else self._limits.head)
        return True

    def _may_go_on(self) -> bool:
        return not self._server.draining

    def _skip_rest(self, body: Body) -> bool:
        until = time.monotonic() + self._limits.linger_silence
        try:
            while not body.ended and body.could_end_within(KEEP_UNREAD) and time.monotonic() < until:
                body.read1()
        except Truncated:
            return False
        return body.ended

    def _next_is_near(self) -> bool:
        """Wait a moment for the next request, while threads are plenty: cheaper than going through the selector."""
        spare = len(self._server.busy) < self._server.numthreads // 4
        return spare and not self._server.draining and self.wire.wait_readable(self._limits.next_request)

    def _refuse(self, refusal: Refused) -> bool:
        environ = self._environ(None, None)
        content = f"{refusal}\n".encode()
        self._server.report(environ, int(refusal.status[:3]), len(content), 0.0)
        lines = [
            f"HTTP/1.1 {refusal.status}",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(content)}",
        ]
        try:
            self.wire.send("\r\n".join([*lines, "Connection: close", "", ""]).encode() + content)
        except OSError:
            return False
        self._linger()
        return True

    def _linger(self) -> None:
        """Stop sending, and read on for a while (RFC 9112 §9.6).

        Closing a socket on which bytes still arrive makes the system answer them with a reset, and that takes the
        response away from a client that sends its whole body before it reads.
        """
        self.wire.finish()
        self.wire.ahead.clear()
        self._lingers_until = time.monotonic() + self._limits.linger
        self.deadline = time.monotonic() + self._limits.linger_silence

    def _discard(self) -> bool:
        while time.monotonic() < self._lingers_until:
            discarded = self.wire.discard()
            if discarded is None:
                self.deadline = min(self._lingers_until, time.monotonic() + self._limits.linger_silence)
                return True
            if not discarded:
                break
        return False

    def _environ(self, head: Head | None, body: Body | None) -> dict[str, Any]:
        environ: dict[str, Any] = dict(self._server.base_environ)
        environ["REMOTE_ADDR"] = self.remote_addr
        environ["REMOTE_PORT"] = self.remote_port
        if self._secure:
            environ["wsgi.url_scheme"] = "https"
            environ["HTTPS"] = "on"
        if head is not None:
            environ["REQUEST_METHOD"] = head.method
            environ["REQUEST_URI"] = head.target
            environ["PATH_INFO"] = head.path
            environ["QUERY_STRING"] = head.query
            environ["SERVER_PROTOCOL"] = head.protocol
            environ["wsgi.input"] = body
            environ.update(head.headers)
        return forwarded(environ, self._server.trusted)
