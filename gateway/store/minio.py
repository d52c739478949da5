"""Objects in a bucket of MinIO, or of any service that speaks S3.

Buckets, lists and deletes go through the minio SDK, bytes and presigned addresses through ``signed``.
"""

import logging
import ssl
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain
from types import TracebackType
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error
from minio.lifecycleconfig import AbortIncompleteMultipartUpload, LifecycleConfig, Rule
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from gateway.errors import GatewayError, NotFound
from gateway.store.chunks import CHUNK, whole
from gateway.store.http import Response
from gateway.store.http_pool import ANSWER_SECONDS, CONNECT_SECONDS
from gateway.store.keys import split
from gateway.store.protocol import StoredObject
from gateway.store.signed import Answer, Request, SignedBucket, Unconfirmed, failure, failure_code, unavailable

_log = logging.getLogger(__name__)

_MIB = 1024 * 1024
_SMALL = 5 * _MIB
_SINGLE_REQUEST = 5 * 1024 * _MIB
"""The largest body that S3 takes in one request."""
_PART = 8 * _MIB
_PARTS = 10_000
"""The most parts that S3 takes for one object."""
_GROWTH = 1250
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Translated:
    """Turns what the SDK and urllib3 raise into what a store may raise."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, S3Error):
            raise failure_code(error.code or "") from error
        # The last one: an answer that is no XML.
        if isinstance(error, (MinioException, HTTPError, OSError, ParseError)):
            raise unavailable() from error


_translated = _Translated()


class MinioStore:
    """Objects in one bucket. One instance serves all threads of a process; it asks the service nothing until used.

    A body that ends within 5 MiB is in memory and is sent again once when the first try met a reset. A longer one of
    known length is streamed in one request. The rest, unknown lengths and those over 5 GiB, goes in parts, one of
    which is in memory: 8 MiB, for a known length over 78 GiB its ten-thousandth part, for an unknown one past 10 GiB
    the 1,250th part of what has arrived, so that 5 TiB fit into the 10,000 parts that S3 takes.
    """

    def __init__(self, endpoint: str, bucket: str, access_key: str, secret_key: str, region: str = "us-east-1") -> None:
        """``endpoint`` is "http://host[:port]" or the same with https; ValueError for anything else."""
        parts = urlsplit(endpoint)
        unwanted = parts.path.strip("/") or parts.query or parts.fragment or parts.username
        if parts.scheme not in {"http", "https"} or not parts.hostname or unwanted:
            raise ValueError("the S3 endpoint must look like http://host:port or https://host:port")
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        # Signed and sent must be the same name, so the port that goes without saying is not said.
        netloc = parts.netloc.removesuffix(":443" if tls else ":80")
        self._bucket = bucket
        self._signed = SignedBucket(f"{parts.scheme}://{netloc}", bucket, access_key, secret_key, region, tls)
        # The SDK's own settings would hang for minutes on a service that is down.
        self._http = PoolManager(
            maxsize=16,
            timeout=Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS),
            retries=Retry(1, backoff_factor=0.1, status_forcelist=[500, 502, 503, 504], allowed_methods=None),
            ssl_context=tls,
        )
        self._client = Minio(
            netloc, access_key, secret_key, secure=tls is not None, region=region, http_client=self._http
        )

    def close(self) -> None:
        """Close the idle connections."""
        self._signed.pool.close()
        self._http.clear()

    def make_bucket(self) -> None:
        """Make the bucket if there is none yet. ValueError for a name that S3 does not allow.

        A new bucket also gets the rule that uploads in parts which nobody ended go away after a day. MinIO refuses the
        rule and does the same by itself.
        """
        with _translated:
            if self._client.bucket_exists(self._bucket):
                return
            try:
                self._client.make_bucket(self._bucket)
            except S3Error as error:
                if error.code != "BucketAlreadyOwnedByYou":  # somebody else was faster
                    raise
            abort = AbortIncompleteMultipartUpload(days_after_initiation=1)
            rule = Rule(ENABLED, Filter(prefix=""), "abort-unfinished-uploads", abort)
            try:
                self._client.set_bucket_lifecycle(self._bucket, LifecycleConfig([rule]))
            except S3Error as error:
                _log.info("the store takes no rule for unfinished uploads: %s", error.code)

    def put(self, key: str, chunks: Iterable[bytes], size: int | None) -> None:
        """Send the body in the way that fits its length."""
        split(key)
        body = whole(chunks, size)
        try:
            if size is None or size <= _SMALL:
                start, ended = _up_to(body, _SMALL)
                if ended:
                    self._put_small(key, start)
                else:
                    self._put_parts(key, chain(start, body), None)
            elif size <= _SINGLE_REQUEST:
                self._put_streamed(key, body, size)
            else:
                self._put_parts(key, body, size)
        except Unconfirmed as error:
            # The service may have stored it all the same. Nobody else ever uses this key. One that let a request time
            # out is not waited for again: the caller knows the key, too.
            if not isinstance(error.__cause__, TimeoutError):
                with suppress(GatewayError):
                    self._signed.call(Request("DELETE", key))
            raise

    def read(self, key: str, start: int, length: int) -> Generator[bytes, None, None]:
        """Ask for the range, then give its bytes. StoreUnavailable when the object is shorter than asked for."""
        split(key)
        reader = self._read(key, start, length)
        next(reader)
        return reader

    def delete(self, keys: Iterable[str]) -> None:
        """Delete in requests of a thousand keys."""
        with _translated:
            for error in self._client.remove_objects(self._bucket, map(DeleteObject, keys)):
                if error.code != "NoSuchKey":
                    raise failure_code(error.code)

    def list(self, prefix: str = "", after: str = "") -> Iterator[StoredObject]:
        """Ask for pages of a thousand as they are needed."""
        with _translated:
            for found in self._client.list_objects(self._bucket, prefix, recursive=True, start_after=after or None):
                modified = (found.last_modified or _EPOCH) - _EPOCH
                yield StoredObject(found.object_name or "", found.size or 0, modified // timedelta(microseconds=1))

    def url(self, key: str, expires: int) -> str | None:
        """A presigned GET address. ``expires`` is at most 604,800 seconds."""
        return self._signed.address(key, expires)

    def check(self) -> None:
        """Ask for the bucket over a connection of its own."""
        if self._signed.probe() != 200:
            raise unavailable()

    def _put_small(self, key: str, body: Sequence[bytes]) -> None:
        _must_be_stored(self._signed.call(Request("PUT", key, body=body)))

    def _put_streamed(self, key: str, body: Iterable[bytes], size: int) -> None:
        _must_be_stored(self._signed.stream(Request("PUT", key), body, size))

    def _put_parts(self, key: str, body: Iterator[bytes], size: int | None) -> None:
        answer = self._signed.call(Request("POST", key, "uploads="))
        upload = answer.text("UploadId")
        if answer.status != 200 or not upload:
            raise failure(answer)
        query = f"uploadId={quote(upload, safe='')}"
        try:
            etags = []
            for number, part in enumerate(_parts(body, size), start=1):
                answer = self._signed.call(Request("PUT", key, f"partNumber={number}&{query}", body=part))
                etags.append(_must_be_stored(answer))
                part.clear()  # or it would stay in memory while the next one is gathered
            answer = self._signed.call(Request("POST", key, query, body=[_completion(etags)]))
            # The service may answer 200 long before it is done, and then say in the body that it failed.
            if answer.status != 200 or not answer.text("ETag"):
                raise failure(answer)
        except BaseException:
            with suppress(GatewayError):
                self._signed.call(Request("DELETE", key, query))
            raise

    def _read(self, key: str, start: int, length: int) -> Generator[bytes, None, None]:
        """The first chunk is empty: it ends the part that ``read`` runs itself, so that NotFound comes out there."""
        if not length:
            self._must_exist(key)
            yield b""
            return
        headers = {"Range": f"bytes={start}-{start + length - 1}"}
        connection, response = self._signed.open(Request("GET", key, headers=headers))
        # A service that does not know ranges sends the whole object, which may be what was asked for.
        if response.status != 206 and (response.status != 200 or start):
            raise _read_failure(self._signed.finish(connection, response))
        left = length
        try:
            if response.length != length:
                raise unavailable()
            yield b""
            while left:
                chunk = _rest(response, min(left, CHUNK))
                left -= len(chunk)
                if not left and response.reusable:
                    self._signed.pool.give(connection)
                yield chunk
        finally:
            if left or not response.reusable:
                connection.close()

    def _must_exist(self, key: str) -> None:
        """For reads of no bytes, which no Range can ask for. 416 is what an empty object answers."""
        answer = self._signed.call(Request("GET", key, headers={"Range": "bytes=0-0"}))
        if answer.status not in {200, 206, 416}:
            raise _read_failure(answer)


def _must_be_stored(answer: Answer) -> str:
    """The ETag that S3 gives for every body it has stored: what answers 200 without one is no S3."""
    etag = answer.headers.get("etag", "")
    if answer.status != 200 or not etag:
        raise failure(answer)
    return etag


def _read_failure(answer: Answer) -> GatewayError:
    if answer.status == 404 and answer.text("Code") != "NoSuchBucket":
        return NotFound("There is no such object.")
    return failure(answer)


def _up_to(body: Iterable[bytes], limit: int) -> tuple[list[bytes], bool]:
    """Read until ``limit`` bytes are passed; and whether the body ended before."""
    start = []
    total = 0
    for chunk in body:
        start.append(chunk)
        total += len(chunk)
        if total > limit:
            return start, False
    return start, True


def _parts(body: Iterable[bytes], size: int | None) -> Iterator[list[bytes]]:
    """Cut a body into parts, each a list of chunks. The class says how large they are."""
    part = []
    arrived = 0
    wanted = room = _part_size(size, arrived)
    for chunk in body:
        rest = chunk
        while len(rest) >= room:
            part.append(rest[:room])
            rest = rest[room:]
            arrived += wanted
            yield part
            part = []
            wanted = room = _part_size(size, arrived)
        if rest:
            part.append(rest)
            room -= len(rest)
    if part:
        yield part


def _part_size(size: int | None, arrived: int) -> int:
    return max(_PART, arrived // _GROWTH if size is None else -(-size // _PARTS))


def _completion(etags: Sequence[str]) -> bytes:
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag></Part>"
        for number, etag in enumerate(etags, start=1)
    )
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()


def _rest(response: Response, most: int) -> bytes:
    """The next bytes of an answer's body, at least one."""
    try:
        data = response.read(most)
    except OSError as error:
        raise unavailable() from error
    if not data:
        raise unavailable()
    return data
