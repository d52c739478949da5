"""The bytes of one connection, over TCP or TLS.

The socket never blocks by itself. What waits says so, and for how long: so a timeout always means "no progress for so
long".
"""

import contextlib
import fcntl
import select
import socket
import ssl
import struct
import termios

READ_AHEAD = 65536
PIECE = 131072
"""Most bytes taken from the kernel at once. Larger pieces cost more memory and no less CPU."""

_TLS_HANDSHAKE = 0x16
_WASTE = bytearray(PIECE)  # of all threads: nobody reads it
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """Return a context for TLS 1.2 and later from two PEM files. OSError or ssl.SSLError when they are no pair.

    Files are read once: a new certificate is served by workers that start after it was written.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Wire:
    """One connected socket, and what was read from it ahead of its use."""

    def __init__(self, connected: socket.socket, *, silence: float) -> None:
        """Take the socket over. `silence` is how many seconds a send may make no progress."""
        connected.settimeout(0)
        self.socket = connected
        self.ahead = bytearray()
        self.closed = False
        self._silence = silence

    def speaks_tls(self) -> bool:
        """Whether the first byte that waits begins a TLS handshake (RFC 8446 §5.1)."""
        return self.socket.recv(1, socket.MSG_PEEK)[:1] == bytes([_TLS_HANDSHAKE])

    def secure(self, context: ssl.SSLContext) -> None:
        """Speak TLS from here on. The handshake itself is driven by `handshake`."""
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handshake(self) -> bool:
        """Go on with the TLS handshake as far as the bytes reach. True when it is done; OSError when it failed."""
        assert isinstance(self.socket, ssl.SSLSocket)  # noqa: S101 - only called after secure()
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def receive(self, size: int) -> bytes | None:
        """Return up to `size` bytes that are there now, None when there are none, b"" when the client has finished."""
        try:
            return self.socket.recv(size)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None

    def discard(self) -> int | None:
        """Receive what is there and forget it. None and 0 as `receive` has None and b""."""
        try:
            return self.socket.recv_into(_WASTE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None

    def wait_receive(self, size: int, seconds: float) -> bytes:
        """Return up to `size` bytes, b"" at the end. TimeoutError after so many seconds without a byte."""
        while (data := self.receive(size)) is None:
            self._wait(select.POLLIN, seconds)
        return data

    def wait_readable(self, seconds: float) -> bool:
        """Whether something arrives within so many seconds."""
        if isinstance(self.socket, ssl.SSLSocket) and self.socket.pending():
            return True
        try:
            self._wait(select.POLLIN, seconds)
        except TimeoutError:
            return False
        return True

    def take(self, size: int) -> bytes:
        """Return and forget up to `size` bytes of those that were read ahead."""
        data = bytes(self.ahead[:size])
        del self.ahead[:size]
        return data

    def send(self, data: bytes) -> None:
        """Send everything. TimeoutError when the client takes nothing for the time of silence, OSError when it left."""
        rest = memoryview(data)
        while rest:
            try:
                sent = self.socket.send(rest)
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._wait_writable()
            except ssl.SSLWantReadError:
                self._wait(select.POLLIN, self._silence)
            else:
                rest = rest[sent:]

    def finish(self) -> None:
        """Say that nothing more will be sent. Bytes can still be received, and those of TLS then arrive encrypted."""
        with contextlib.suppress(OSError, ValueError):
            if isinstance(self.socket, ssl.SSLSocket):
                self.socket = self._unwrapped(self.socket)
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def cut(self, how: int) -> None:
        """Shut the connection down under a thread that may be using it. It then sees an end, or an error."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.socket, how)  # not SSLSocket.shutdown: that takes the TLS state away as well

    def reset(self) -> None:
        """Make `close` a reset, for a response whose end could be mistaken for a whole one."""
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)

    def close(self) -> None:
        """Give the socket back to the system."""
        self.closed = True
        self.socket.close()

    def _wait_writable(self) -> None:
        # The system says "writable" only when a third of its buffer, of megabytes, is free. A phone on a bad line takes
        # longer for that than the time of silence, but what waits in the buffer becomes less.
        queued = self._queued()
        while True:
            try:
                return self._wait(select.POLLOUT, self._silence)
            except TimeoutError:
                before, queued = queued, self._queued()
                if queued >= before:
                    raise

    def _queued(self) -> int:
        """Return how many sent bytes the client has not acknowledged, 0 where the system does not tell."""
        with contextlib.suppress(OSError):
            count: int = struct.unpack("i", fcntl.ioctl(self.socket, termios.TIOCOUTQ, b"\0\0\0\0"))[0]
            return count
        return 0

    @staticmethod
    def _unwrapped(secured: ssl.SSLSocket) -> socket.socket:
        # The close_notify alert is sent first; the client's own may come later, or bytes that nobody reads any more.
        with contextlib.suppress(OSError, ValueError):
            return secured.unwrap()
        plain = socket.socket(fileno=secured.detach())
        plain.settimeout(0)
        return plain

    def _wait(self, event: int, seconds: float) -> None:
        poll = select.poll()
        poll.register(self.socket, event)
        if not poll.poll(seconds * 1000):
            raise TimeoutError("the client made no progress")
