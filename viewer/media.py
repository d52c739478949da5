"""Pictures, originals, videos to be played: each judged for its principal, and never a redirect to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound, RequestedRangeNotSatisfiable
from werkzeug.http import parse_range_header, unquote_etag

from viewer import security

if TYPE_CHECKING:
    from gateway.library.pictures import Original

blueprint = Blueprint("media", __name__)

_IMMUTABLE = "private, max-age=31536000, immutable"
_TYPES = {
    "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif",
    "heic": "image/heic", "tiff": "image/tiff", "bmp": "image/bmp", "mp4": "video/mp4", "mov": "video/quicktime",
    "webm": "video/webm", "mkv": "video/x-matroska",
}  # fmt: skip
_RENDITIONS = frozenset({"240", "480", "2048"})
_ALONE = "default-src 'none'; sandbox"
"""The policy of what strangers sent us, should a browser ever show it as a page."""


@blueprint.get("/thumb/<int(max=9223372036854775807):photo>/<int(max=9223372036854775807):version>/<name>.webp")
def rendition(photo: int, version: int, name: str) -> Response:
    """A rendition; the version in its address makes it what it is for ever."""
    if name not in _RENDITIONS:
        raise NotFound
    picture = security.library().pictures.rendition(security.principal(), photo, version, name)
    response = Response(picture.read(), mimetype="image/webp")
    response.content_length = picture.size
    response.headers["Cache-Control"] = _IMMUTABLE
    response.headers["Content-Security-Policy"] = _ALONE
    return response


@blueprint.get("/original/<int(max=9223372036854775807):photo>/<name>")
def original(photo: int, name: str) -> Response:  # noqa: ARG001 - for people: what it is called
    """The file byte for byte, or the range of it that is asked for (RFC 9110 §14)."""
    found = security.library().pictures.original(security.principal(), photo)
    response = _sent(found, _TYPES.get(found.format, "application/octet-stream"))
    shown = "inline" if found.format in _TYPES and "download" not in request.args else "attachment"
    response.headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(found.name, safe='')}"
    return response


@blueprint.get("/play/<int(max=9223372036854775807):photo>")
def play(photo: int) -> Response:
    """A video as browsers play it: its copy, or the original where that plays. Ranges as above."""
    found = security.library().playables.open(security.principal(), photo)
    # Firefox plays QuickTime files whose insides are those of an MP4, but not under their own name.
    return _sent(found, "video/webm" if found.format == "webm" else "video/mp4")


def _sent(found: Original, mimetype: str) -> Response:
    """The file, the range of it that is asked for, or that it is the same as before."""
    response = Response(mimetype=mimetype)
    response.set_etag(found.etag)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Security-Policy"] = _ALONE
    if request.if_none_match.contains(found.etag):
        response.status_code = 304
        return response
    start, end = _range(found)
    if (start, end) != (0, found.size) or _asked(found):
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    response.response = found.read(start, end - start)
    response.content_length = end - start
    return response


def _asked(found: Original) -> bool:
    """Whether a range is asked for, of this version of the file (If-Range)."""
    expected = request.headers.get("If-Range")
    if expected is not None and unquote_etag(expected)[0] != found.etag:
        return False
    ranges = parse_range_header(request.headers.get("Range"))
    return ranges is not None and ranges.units == "bytes" and len(ranges.ranges) == 1


def _range(found: Original) -> tuple[int, int]:
    """Start and end of what is to be sent: all of it unless one range is asked for."""
    if not _asked(found):
        return 0, found.size
    ranges = parse_range_header(request.headers.get("Range"))
    span = ranges.range_for_length(found.size) if ranges else None
    if span is None or span[0] is None or span[1] is None:
        raise RequestedRangeNotSatisfiable(length=found.size)
    return span[0], span[1]
