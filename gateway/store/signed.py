"""Signed requests to one S3 bucket, and what the service's answers mean.

The minio SDK does not send here: it reads bodies whole, and costs many times as much. The signature is its own, too
(Signature Version 4), since the same three headers are signed every time; a test compares it with the SDK's.
"""

import hashlib
import hmac
import logging
import re
import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import unescape

from gateway.errors import GatewayError, StoreFull, StoreUnavailable
from gateway.store.chunks import CHUNK
from gateway.store.http import Connection, Response
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
# IncompleteBody is what MinIO says of a body that came whole and fits its disk in part; we never end one early.
_FULL = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "IncompleteBody"})
# MinIO answers 500 InternalError with this in its message when the disk fills up before its own check sees it.
_NO_SPACE = "no space left on device"
_ANSWER_BYTES = 1024 * 1024

# TLS protects the body; over plain HTTP an unsigned one saves both sides a SHA-256. A streamed one has no other way.
_UNSIGNED = "UNSIGNED-PAYLOAD"
_ALGORITHM = "AWS4-HMAC-SHA256"
_SIGNED_HEADERS = "host;x-amz-content-sha256;x-amz-date"


class Request(NamedTuple):
    """A request for one object, or for the bucket when ``key`` is "".

    ``query`` is quoted and sorted by name, each name with a "=".
    """

    method: str
    key: str
    query: str = ""
    headers: Mapping[str, str] = {}
    body: Sequence[bytes] = ()


class Answer(NamedTuple):
    """An answer whose body was read, at most 1 MiB of it."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
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
        self, endpoint: str, bucket: str, access_key: str, secret_key: str, region: str, tls: ssl.SSLContext | None
    ) -> None:
        """``endpoint`` is "http://host[:port]" or the same with https. Nothing is asked of it yet."""
        parts = urlsplit(endpoint)
        self._scheme = parts.scheme
        self._netloc = parts.netloc
        self._bucket = f"/{quote(bucket)}"
        self._access_key = access_key
        self._secret_key = secret_key
        self._region = region
        self._key_of_day = ("", b"")
        host, port = parts.hostname or "", parts.port or (443 if tls else 80)
        self.pool = HttpPool(host, port, tls)
        self._probes = HttpPool(host, port, tls, connect_seconds=_PROBE_SECONDS, answer_seconds=_PROBE_SECONDS)

    def call(self, request: Request) -> Answer:
        """Send a request and read the answer. Tried again once, see ``open``."""
        return self.finish(*self.open(request))

    def open(self, request: Request) -> tuple[Connection, Response]:
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
            time.sleep(_PAUSE_SECONDS)
        except TimeoutError as error:
            raise unavailable() from error
        except OSError:
            pass
        except Unconfirmed as error:
            if isinstance(error.__cause__, TimeoutError):
                raise
        try:
            connection = self.pool.connect()
            return connection, self._send(connection, request)
        except OSError as error:
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
            return self.finish(connection, _response(connection, request.method))
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
        except OSError as error:
            raise unavailable() from error

    def finish(self, connection: Connection, response: Response) -> Answer:
        """Read a short answer to its end and give the connection back."""
        body = b""
        try:
            while len(body) < _ANSWER_BYTES and (piece := response.read(_ANSWER_BYTES)):
                body += piece
        except OSError as error:
            connection.close()
            raise Unconfirmed(_DOWN) from error
        if response.ended and response.reusable:
            self.pool.give(connection)
        else:
            connection.close()
        return Answer(response.status, response.headers, body)

    def address(self, key: str, expires: int) -> str:
        """A presigned address that gives the object for ``expires`` seconds to whoever has it."""
        path, moment = self._path(key), _moment()
        credential = quote(f"{self._access_key}/{self._scope(moment)}", safe="")
        query = (
            f"X-Amz-Algorithm={_ALGORITHM}&X-Amz-Credential={credential}&X-Amz-Date={moment}"
            f"&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host"
        )
        signature = self._signature(moment, f"GET\n{path}\n{query}\nhost:{self._netloc}\n\nhost\n{_UNSIGNED}")
        return f"{self._scheme}://{self._netloc}{path}?{query}&X-Amz-Signature={signature}"

    def _send(self, connection: Connection, request: Request) -> Response:
        try:
            self._send_head(connection, request, sum(map(len, request.body)))
            try:
                for chunk in request.body:
                    _send_chunk(connection, chunk)
            except OSError as error:
                return _early(connection, request.method, error)
            return _response(connection, request.method)
        except BaseException:
            connection.close()
            raise

    def _send_streamed(self, connection: Connection, request: Request, chunks: Iterable[bytes], size: int) -> None:
        """Only our own calls are translated: errors of ``chunks`` may be OSErrors and pass."""
        try:
            self._send_head(connection, request, size)
        except OSError as error:
            raise unavailable() from error
        for chunk in chunks:
            try:
                _send_chunk(connection, chunk)
            except OSError as error:
                try:
                    response = _early(connection, request.method, error)
                except OSError:
                    raise unavailable() from error
                raise failure(self.finish(connection, response)) from error

    def _send_head(self, connection: Connection, request: Request, size: int) -> None:
        method, key, query, headers, _ = request
        path = self._path(key)
        moment = _moment()
        own = f"host:{self._netloc}\nx-amz-content-sha256:{_UNSIGNED}\nx-amz-date:{moment}\n"
        signature = self._signature(moment, f"{method}\n{path}\n{query}\n{own}\n{_SIGNED_HEADERS}\n{_UNSIGNED}")
        credential = f"Credential={self._access_key}/{self._scope(moment)}"
        lines = [
            f"{method} {path}?{query} HTTP/1.1" if query else f"{method} {path} HTTP/1.1",
            f"Host: {self._netloc}",
            f"x-amz-content-sha256: {_UNSIGNED}",
            f"x-amz-date: {moment}",
            f"Authorization: {_ALGORITHM} {credential}, SignedHeaders={_SIGNED_HEADERS}, Signature={signature}",
            *[f"{name}: {value}" for name, value in headers.items()],
        ]
        if method in {"PUT", "POST"}:
            lines.append(f"Content-Length: {size}")
        connection.send("\r\n".join([*lines, "\r\n"]).encode("latin-1"))

    def _path(self, key: str) -> str:
        return f"{self._bucket}/{quote(key, safe='/~')}" if key else self._bucket

    def _scope(self, moment: str) -> str:
        return f"{moment[:8]}/{self._region}/s3/aws4_request"

    def _signature(self, moment: str, canonical: str) -> str:
        """Sign a canonical request; its key is the same for a whole day."""
        day, key = self._key_of_day
        if day != moment[:8]:
            day, key = moment[:8], f"AWS4{self._secret_key}".encode()
            for word in (day, self._region, "s3", "aws4_request"):
                key = hmac.digest(key, word.encode(), "sha256")
            self._key_of_day = (day, key)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{moment}\n{self._scope(moment)}\n{digest}"
        return hmac.digest(key, text.encode(), "sha256").hex()


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
    return failure(Answer(0, {}, f"<Code>{code}</Code>".encode()))


def _send_chunk(connection: Connection, chunk: bytes) -> None:
    """Send at most 256 KiB at once: the timeout counts for each call, and a slow line is no broken one."""
    if len(chunk) <= CHUNK:
        connection.send(chunk)
        return
    view = memoryview(chunk)
    for start in range(0, len(chunk), CHUNK):
        connection.send(view[start : start + CHUNK])


def _response(connection: Connection, method: str) -> Response:
    try:
        return Response(connection, method)
    except OSError as error:
        raise Unconfirmed(_DOWN) from error


def _early(connection: Connection, method: str, error: OSError) -> Response:
    """The answer that a service gave before it stopped reading our body; ``error`` again when it gave none."""
    connection.wait(_EARLY_SECONDS)
    with suppress(OSError):
        response = Response(connection, method)
        response.reusable = False
        if response.status >= 400:
            return response
    raise error


def _moment() -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
