"""Signed requests to one S3 bucket, and what the service's answers mean.

The minio SDK signs; it does not send here, because it reads bodies whole and costs twice the time of ``http.client``.
"""

import logging
import re
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.message import Message
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import NamedTuple
from urllib.parse import SplitResult, quote, urlsplit
from xml.sax.saxutils import unescape

from minio.credentials.credentials import Credentials
from minio.signer import sign_v4_s3

from gateway.errors import GatewayError, StoreFull, StoreUnavailable
from gateway.store.chunks import CHUNK
from gateway.store.http_pool import HttpPool

_log = logging.getLogger(__name__)

# Statuses after which the same request may succeed at once: one node of several is restarting or is asked too much.
_TRANSIENT = frozenset({500, 502, 503, 504})
_PAUSE_SECONDS = 0.1
# To connect, and then to answer.
_PROBE_SECONDS = 1.3
# An answer that came early is there already.
_EARLY_SECONDS = 1.0
# MinIO's disk and its bucket quota; Ceph's quota.
_FULL = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"})
# MinIO answers 500 InternalError with this in its message when the disk fills up before its own check sees it.
_NO_SPACE = "no space left on device"
_ANSWER_BYTES = 1024 * 1024

# TLS protects the body; over plain HTTP an unsigned one saves both sides a SHA-256. A streamed one has no other way.
_UNSIGNED = "UNSIGNED-PAYLOAD"


class Request(NamedTuple):
    """A request for one object, or for the bucket when ``key`` is "". ``query`` is quoted, each name with a "="."""

    method: str
    key: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: Sequence[bytes] = ()


class Answer(NamedTuple):
    """An answer whose body was read, at most 1 MiB of it."""

    status: int
    headers: Message
    body: bytes

    def text(self, tag: str) -> str:
        """The text of the first element ``tag`` in the body's XML, "" when there is none."""
        found = re.search(rf"<{tag}>([^<]*)</{tag}>".encode(), self.body)
        return unescape(found[1].decode(errors="replace")) if found else ""


class Unconfirmed(StoreUnavailable):
    """A request was sent and no good answer came, so it may have been carried out."""


class SignedBucket:
    """Sends requests for the objects of one bucket, over a pool of connections."""

    def __init__(
        self, endpoint: str, bucket: str, credentials: Credentials, region: str, tls: ssl.SSLContext | None
    ) -> None:
        """``endpoint`` is "http://host[:port]" or the same with https. Nothing is asked of it yet."""
        parts = urlsplit(endpoint)
        self._scheme = parts.scheme
        self._netloc = parts.netloc
        self._bucket = f"/{quote(bucket)}"
        self._credentials = credentials
        self._region = region
        host, port = parts.hostname or "", parts.port or (443 if tls else 80)
        self.pool = HttpPool(host, port, tls)
        self._probes = HttpPool(host, port, tls, connect_seconds=_PROBE_SECONDS, answer_seconds=_PROBE_SECONDS)

    def call(self, request: Request) -> Answer:
        """Send a request and read the answer. Tried again once, see ``open``."""
        return self.finish(*self.open(request))

    def open(self, request: Request) -> tuple[HTTPConnection, HTTPResponse]:
        """Send a request; the answer's body is left to the caller.

        A reset, a kept-alive connection that had gone stale, and a transient 5xx are tried again once, on a fresh
        connection. A timeout is not: the caller has waited long enough.
        """
        try:
            connection = self.pool.take()
            response = self._send(connection, request)
            if response.status not in _TRANSIENT:
                return connection, response
            connection.close()
            response.close()
            time.sleep(_PAUSE_SECONDS)
        except TimeoutError as error:
            raise unavailable() from error
        except (OSError, HTTPException):
            pass
        except Unconfirmed as error:
            if isinstance(error.__cause__, TimeoutError):
                raise
        try:
            connection = self.pool.connect()
            return connection, self._send(connection, request)
        except (OSError, HTTPException) as error:
            raise unavailable() from error

    def stream(self, request: Request, chunks: Iterable[bytes], size: int) -> Answer:
        """Send a request with a body of ``size`` bytes as it comes, and read the answer. Never tried again.

        When ``chunks`` raises, the connection is dropped: the service keeps nothing of an unfinished body. The error
        passes unchanged. A fresh connection, because a stale one could not be told from a service that is down.
        """
        try:
            connection = self.pool.connect()
        except OSError as error:
            raise unavailable() from error
        try:
            self._send_streamed(connection, request, chunks, size)
            return self.finish(connection, _response(connection))
        except BaseException:
            connection.close()
            raise

    def probe(self) -> int:
        """The status of a HEAD of the bucket, over a connection of its own and within 3 s."""
        try:
            connection = self._probes.connect()
            try:
                return self._send(connection, Request("HEAD", "")).status
            finally:
                connection.close()
        except (OSError, HTTPException) as error:
            raise unavailable() from error

    def _send(self, connection: HTTPConnection, request: Request) -> HTTPResponse:
        try:
            self._send_head(connection, request, sum(map(len, request.body)))
            try:
                for chunk in request.body:
                    _send_chunk(connection, chunk)
            except OSError as error:
                return _early(connection, error)
            return _response(connection)
        except BaseException:
            connection.close()
            raise

    def _send_streamed(self, connection: HTTPConnection, request: Request, chunks: Iterable[bytes], size: int) -> None:
        """Only our own calls are translated: errors of ``chunks`` may be OSErrors and pass."""
        try:
            self._send_head(connection, request, size)
        except (OSError, HTTPException) as error:
            raise unavailable() from error
        for chunk in chunks:
            try:
                _send_chunk(connection, chunk)
            except OSError as error:
                try:
                    response = _early(connection, error)
                except OSError:
                    raise unavailable() from error
                raise failure(self.finish(connection, response)) from error

    def _send_head(self, connection: HTTPConnection, request: Request, size: int) -> None:
        method, key, query, headers, _ = request
        path = f"{self._bucket}/{quote(key, safe='/~')}" if key else self._bucket
        now = datetime.now(UTC)
        signed: dict[str, str | list[str] | tuple[str]] = {
            "Host": self._netloc,
            "x-amz-content-sha256": _UNSIGNED,
            "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
        }
        signed = sign_v4_s3(
            method=method,
            url=SplitResult(self._scheme, self._netloc, path, query, ""),
            region=self._region,
            headers=signed,
            credentials=self._credentials,
            content_sha256=_UNSIGNED,
            date=now,
        )
        target = f"{path}?{query}" if query else path
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in signed.items():
            connection.putheader(name, str(value))
        for name, value in headers.items():
            connection.putheader(name, value)
        if method in {"PUT", "POST"}:
            connection.putheader("Content-Length", str(size))
        connection.endheaders()

    def finish(self, connection: HTTPConnection, response: HTTPResponse) -> Answer:
        """Read a short answer to its end and give the connection back."""
        try:
            body = response.read(_ANSWER_BYTES)
        except (OSError, HTTPException) as error:
            connection.close()
            response.close()
            raise Unconfirmed(_DOWN) from error
        if response.isclosed() and not response.will_close:
            self.pool.give(connection)
        else:
            connection.close()
            response.close()
        return Answer(response.status, response.headers, body)


_DOWN = "The storage is not available at the moment."


def unavailable() -> StoreUnavailable:
    """What people are told whose request met a store that is down, slow or resets."""
    return StoreUnavailable(_DOWN)


def failure(answer: Answer) -> GatewayError:
    """What an answer that is not the one hoped for means."""
    code = answer.text("Code")
    if answer.status == 507 or code in _FULL or _NO_SPACE in answer.text("Message"):
        return StoreFull("The storage is full.")
    _log.warning("the store answered %d %s", answer.status, code)
    return Unconfirmed(_DOWN)


def failure_code(code: str) -> GatewayError:
    """The same for an error that the SDK has read."""
    return failure(Answer(0, Message(), f"<Code>{code}</Code>".encode()))


def _send_chunk(connection: HTTPConnection, chunk: bytes) -> None:
    """Send at most 256 KiB at once: the timeout counts for each call, and a slow line is no broken one."""
    if len(chunk) <= CHUNK:
        connection.send(chunk)
        return
    view = memoryview(chunk)
    for start in range(0, len(chunk), CHUNK):
        connection.send(view[start : start + CHUNK])


def _response(connection: HTTPConnection) -> HTTPResponse:
    try:
        return connection.getresponse()
    except (OSError, HTTPException) as error:
        raise Unconfirmed(_DOWN) from error


def _early(connection: HTTPConnection, error: OSError) -> HTTPResponse:
    """The answer that a service gave before it stopped reading our body; ``error`` again when it gave none."""
    connection.sock.settimeout(_EARLY_SECONDS)
    with suppress(OSError, HTTPException):
        response = connection.getresponse()
        response.will_close = True
        if response.status >= 400:
            return response
        response.close()
    raise error
