"""Photos for the grid: segments first, then columns, one array for each property."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request, url_for

from gateway.errors import BadRequest
from gateway.library.query import Query
from viewer import security

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.library.timeline import Segments, Tile

blueprint = Blueprint("api_photos", __name__, url_prefix="/api/v1/photos")

_DAY = 86_400_000_000
_SECOND = 1_000_000


@blueprint.get("/segments")
def segments() -> Response:
    """The days of the view with counts and mean ratios, as differences."""
    found = security.library().timeline.segments(security.principal(), query())
    response = jsonify(segments_json(found))
    response.add_etag()
    response.vary.add("Cookie")
    response.make_conditional(request)
    return response


@blueprint.get("/columns")
def columns() -> Response:
    """The photos of the segments from the key ``from`` to before ``until``."""
    first = request.args.get("from")
    if first is None:
        raise BadRequest("Say from which day: from=2019-07-14.")
    asked = query("from", "until")
    tiles = security.library().timeline.columns(security.principal(), asked, first, request.args.get("until"))
    answer = columns_json(tiles)
    if not asked.sort.is_dated:
        del answer["day"]
    return jsonify(answer)


@blueprint.get("")
def photos() -> Response:
    """The photos of a segment as objects, for scripts: of the first one, or of the one with the key ``from``."""
    asked, first = query("from"), request.args.get("from")
    timeline, who = security.library().timeline, security.principal()
    keys = timeline.segments(who, asked).keys
    if first is not None and first not in keys:
        raise BadRequest(f"“from={first[:50]}” is no segment of this view. Begin again without it.")
    start = 0 if first is None else keys.index(first)
    beyond = keys[start + 1] if start + 1 < len(keys) else None
    tiles = timeline.columns(who, asked, keys[start], beyond) if keys else []
    following = None
    if beyond is not None:
        following = f"{url_for('.photos')}?{'&'.join(filter(None, (asked.address, f'from={beyond}')))}"
    return jsonify(photos=[_photo(tile) for tile in tiles], next=following)


@blueprint.get("/<int(max=9223372036854775807):photo>")
def detail(photo: int) -> Response:
    """Everything that is known of a photo. Sizes in bytes and pixels; times as they were on the photo's own clock."""
    found = security.library().details.photo(security.principal(), photo)
    answer = {
        **found._asdict(),
        "taken": _clock(found.taken, found.utc_offset),
        "added": _clock(found.added, 0),
        "path": "/".join(found.path),
        "stack": [one._asdict() for one in found.stack],
        "copies": [{"id": one.id, "path": "/".join(one.path)} for one in found.copies],
        "seen_by": [one._asdict() for one in found.seen_by],
    }
    return jsonify(answer)


@blueprint.get("/<int(max=9223372036854775807):photo>/position")
def position(photo: int) -> Response:
    """Where a photo stands in a view: the key of its segment, and its place there from 0."""
    found = security.library().timeline.position(security.principal(), query(), photo)
    return jsonify(key=found.key, index=found.place)


def query(*others: str) -> Query:
    """The filters of the request's address, which has ``others`` besides."""
    return Query.parse({name: texts for name, texts in request.args.lists() if name not in others})


def segments_json(found: Segments) -> dict[str, Any]:
    """Differences are short, and compress to a third. Views without days have none."""
    days = {"day": _differences(found.days)} if found.days or not found.counts else {}
    return {
        "seq": found.seq,
        "total": found.total,
        **days,
        "count": _differences(found.counts),
        "ratio": _differences(found.ratios),
    }


def columns_json(tiles: Sequence[Tile]) -> dict[str, Any]:
    """One array for each property; towns and spaces by their place in a list.

    ``time`` is in seconds from the beginning of ``day``, whichever day the view is sorted by.
    """
    towns, spaces = _Index(), _Index()
    return {
        "id": [tile.id for tile in tiles],
        "day": [tile.day for tile in tiles],
        "time": [(tile.taken - tile.day * _DAY) // _SECOND for tile in tiles],
        "offset": [tile.utc_offset for tile in tiles],
        "ratio": [tile.ratio for tile in tiles],
        "v": [tile.version for tile in tiles],
        "hash": [base64.b64encode(tile.thumbhash).decode() if tile.thumbhash else "" for tile in tiles],
        "kind": [tile.kind for tile in tiles],
        "flags": [tile.flags for tile in tiles],
        "length": [tile.duration for tile in tiles],
        "stack": [tile.stacked for tile in tiles],
        "place": [towns.of(tile.town) for tile in tiles],
        "places": towns.values,
        "space": [spaces.of(tile.space_id) for tile in tiles],
        "spaces": spaces.values,
    }


def _photo(tile: Tile) -> dict[str, Any]:
    shown: dict[str, Any] = {"photo": tile.id, "version": tile.version}
    return {
        "id": tile.id,
        "taken": _clock(tile.taken, tile.utc_offset),
        "kind": tile.kind,
        "duration": tile.duration,
        "town": tile.town,
        "space": tile.space_id,
        "details": url_for(".detail", photo=tile.id),
        "renditions": {name: url_for("media.rendition", name=name, **shown) for name in ("240", "480", "2048")},
    }


def _clock(wall: int, offset: int | None) -> str:
    """A wall clock as ISO 8601, with its offset where that is known."""
    zone = None if offset is None else timezone(timedelta(minutes=offset))
    return (datetime(1970, 1, 1) + timedelta(microseconds=wall)).replace(tzinfo=zone).isoformat()


class _Index:
    """Values, each once, and their places."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[Any, int] = {}

    def of(self, value: Any) -> int:
        """The place of a value; -1 for none."""
        if value is None:
            return -1
        place = self._places.setdefault(value, len(self.values))
        if place == len(self.values):
            self.values.append(value)
        return place


def _differences(numbers: Sequence[int]) -> list[int]:
    return [number - before for before, number in zip((0, *numbers), numbers, strict=False)]
