"""Pictures, originals, videos to be played: each judged for its principal, and never a redirect to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound
from werkzeug.http import parse_range_header, unquote_etag

from gateway.library.tokens import Scope
from viewer import security

if TYPE_CHECKING:
    from werkzeug.datastructures import Range

    from gateway.library.pictures import Original, Picture

blueprint = Blueprint("media", __name__)

_IMMUTABLE = "private, max-age=31536000, immutable"
_FLEETING = "private, no-store"
_TYPES = {
    "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif",
    "heic": "image/heic", "tiff": "image/tiff", "bmp": "image/bmp", "mp4": "video/mp4", "mov": "video/quicktime",
    "webm": "video/webm", "mkv": "video/x-matroska",
}  # fmt: skip
_PLAYED_AS = {"webm": "video/webm", "mkv": "video/x-matroska"}
RENDITIONS = frozenset({"240", "480", "2048"})
_ALONE = "default-src 'none'; sandbox"
"""The policy of what strangers sent us, should a browser ever show it as a page."""


@blueprint.get("/thumb/<int(max=9223372036854775807):photo>/<version>/<name>.webp")
def rendition(photo: int, version: str, name: str) -> Response:
    """A rendition; the version in its address makes it what it is for ever. Under another one it is not to be kept."""
    if name not in RENDITIONS:
        raise NotFound
    return shown(security.library().pictures.rendition(security.require(Scope.READ), photo, name), version)


def shown(picture: Picture, version: str) -> Response:
    """A picture under an address with this version."""
    response = Response(picture.read(), mimetype="image/webp")
    response.content_length = picture.size
    response.headers["Cache-Control"] = _IMMUTABLE if picture.version == version else _FLEETING
    response.headers["Content-Security-Policy"] = _ALONE
    return response


@blueprint.get("/original/<int(max=9223372036854775807):photo>/<name>")
def original(photo: int, name: str) -> Response:  # noqa: ARG001 - for people: what it is called
    """The file byte for byte, or the range of it that is asked for (RFC 9110 §14)."""
    found = security.library().pictures.original(security.require(Scope.READ), photo)
    response = sent(found, _TYPES.get(found.format, "application/octet-stream"))
    shown = "inline" if found.format in _TYPES and "download" not in request.args else "attachment"
    response.headers["Content-Disposition"] = f"{shown}; filename*=UTF-8''{quote(found.name, safe='')}"
    return response


@blueprint.get("/play/<int(max=9223372036854775807):photo>")
def play(photo: int) -> Response:
    """A video as browsers play it: its copy, or the file itself; a live photo's moving half. Ranges as above."""
    found = security.library().playables.open(security.require(Scope.READ), photo)
    # Firefox plays QuickTime files whose insides are those of an MP4, but not under their own name.
    return sent(found, _PLAYED_AS.get(found.format, "video/mp4"))


def sent(found: Original, mimetype: str) -> Response:
    """The file, the range of it that is asked for, or that it is the same as before."""
    response = Response(mimetype=mimetype)
    response.set_etag(found.etag)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Security-Policy"] = _ALONE
    if request.if_none_match.contains(found.etag):
        response.status_code = 304
        return response
    asked = _asked(found)
    if asked is None:
        response.response = found.read(0, found.size)
        response.content_length = found.size
        return response
    start, end = asked.range_for_length(found.size) or (None, None)
    if start is None or end is None:
        response.status_code = 416
        response.headers["Content-Range"] = f"bytes */{found.size}"
        return response
    response.status_code = 206
    response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    response.response = found.read(start, end - start)
    response.content_length = end - start
    return response


def _asked(found: Original) -> Range | None:
    """The one range that is asked for, of this version of the file; None for all of it.

    A weak validator is not accepted: its bytes need not be the same (RFC 9110 §13.1.5). Neither are several ranges,
    which a server may answer with the whole.
    """
    expected = request.headers.get("If-Range")
    if expected is not None and unquote_etag(expected) != (found.etag, False):
        return None
    ranges = parse_range_header(request.headers.get("Range"))
    return ranges if ranges is not None and ranges.units == "bytes" and len(ranges.ranges) == 1 else None
