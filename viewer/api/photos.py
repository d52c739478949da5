"""Photos for the grid: segments first, then columns, one array for each property; and as objects, for scripts."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

from flask import Response, jsonify, request, url_for
from pydantic import Field

from gateway.errors import BadRequest
from viewer import security
from viewer.agents import browser_of
from viewer.api.endpoint import Id, Model, Scope, Section, Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.library.query import Query
    from gateway.library.timeline import Segments, Tile

section = Section("photos", "Photos of all spaces of the account", photo="A photo's id.")

_DAY = 86_400_000_000
_SECOND = 1_000_000

Kind = Literal["image", "video"]
Ratio = Annotated[int, Field(description="Width by height, times 100.")]
Day = Annotated[int, Field(description="A day, counted from 1970-01-01.")]


class SegmentsAnswer(Model):
    """The days of a view, and parts of days with over 500 photos. Each number but the first is the difference to the
    one before it: that compresses to a third."""

    seq: int
    """Grows with every change of any photo that the account sees."""
    total: int
    """Photos of the view."""
    day: list[int] = Field(default_factory=list)
    """Days from 1970-01-01; missing in views that are sorted by name or size."""
    count: list[int]
    """Photos of each segment."""
    ratio: list[int]
    """Mean width by height of each segment, times 100."""


class Columns(Model):
    """Photos, one array for each property: the first of each belongs to the first photo."""

    id: list[Id]
    day: list[Day] = Field(default_factory=list)
    """Missing in views that are sorted by name or size."""
    time: list[int]
    """Seconds from the beginning of ``day``, on the photo's own clock."""
    offset: list[int | None]
    """Minutes that the photo's clock is ahead of UTC; null where that is not known."""
    ratio: list[Ratio]
    v: list[Version]
    """Of its pictures: a part of their addresses."""
    hash: list[str]
    """ThumbHash in base64, empty for none."""
    kind: list[Kind]
    flags: list[int]
    """1 live, 2 raw, 4 animated, 8 panorama, 16 without a picture, 32 a favourite of the account, added up."""
    length: list[int | None]
    """Milliseconds of a video."""
    stack: list[int]
    """Other files that the photo stands for."""
    place: list[int]
    """Index into ``places``; -1 for none."""
    places: list[str]
    space: list[int]
    """Index into ``spaces``."""
    spaces: list[Id]
    device: list[int] = Field(default_factory=list)
    """In views that are sorted by arrival: what each was uploaded with, as an index into ``devices``; -1 for none."""
    devices: list[str] = Field(default_factory=list)
    folder: list[int] = Field(default_factory=list)
    """In the same views: where each is, as an index into ``folders``."""
    folders: list[str] = Field(default_factory=list)


class Photo(Model):
    """A photo."""

    id: Id
    taken: str
    """On the photo's own clock, ISO 8601; with its offset where that is known."""
    kind: Kind
    duration: int | None
    """Milliseconds of a video."""
    town: str | None
    space: Id
    details: str
    """Address of everything that is known of it."""
    renditions: dict[str, str]
    """Addresses of its pictures as WebP, by height (240, 480) or longer edge (2048) in pixels."""


class Photos(Model):
    """A page of a view."""

    photos: list[Photo]
    next: str | None
    """Address of the next page; null at the end."""


class StackedFile(Model):
    """A file that is shown together with others as one photo."""

    id: Id
    name: str
    kind: str
    format: str
    size: int


class Copy(Model):
    """Another photo of the same bytes."""

    id: Id
    path: str


class Seer(Model):
    """Somebody who sees a photo."""

    name: str
    role: int
    """In its space: 1 viewer, 2 editor, 3 manager."""


class Detail(Model):
    """Everything that is known of a photo. What is not known is null."""

    id: Id
    version: Version
    name: str
    space: str
    role: int
    """The account's own in the space: 1 viewer, 2 editor, 3 manager."""
    size: int
    """Bytes."""
    sha256: str
    kind: Kind
    format: str
    width: int
    """Pixels, upright."""
    height: int
    flags: int
    """1 live, 2 raw, 4 animated, 8 panorama, 16 without a picture, 32 a favourite of the account, added up."""
    duration: int | None
    """Milliseconds."""
    video_codec: str | None
    audio_codec: str | None
    day: Day
    taken: str
    """On the photo's own clock, ISO 8601; with its offset where that is known."""
    utc_offset: int | None
    """Minutes."""
    zone: str | None
    date_rule: str
    """What the date was taken from."""
    offset_rule: str | None
    added: str
    """When the file arrived, in UTC."""
    latitude: float | None
    longitude: float | None
    altitude: float | None
    """Metres."""
    town: str | None
    region: str | None
    country: str | None
    make: str | None
    model: str | None
    lens: str | None
    exposure_time: float | None
    """Seconds."""
    aperture: float | None
    iso: int | None
    focal_length: float | None
    """Millimetres."""
    focal_length_35mm: float | None
    flash: bool | None
    title: str | None
    description: str | None
    tags: list[str]
    rating: int | None
    error: str | None
    """Why there is no picture of it."""
    device: str
    """What it was uploaded with; empty where that is not known."""
    path: str
    """Of its folder, from the space down."""
    stack: list[StackedFile]
    """All files that are shown as this one, itself included; empty when it stands alone."""
    copies: list[Copy]
    """Where the account sees the same bytes, at most twenty of them."""
    seen_by: list[Seer]


class Position(Model):
    """Where a photo stands in a view."""

    key: str
    """Of its segment."""
    index: int
    """Its place there, from 0."""


class Span(Model):
    """Segments of a view."""

    from_: str = Field(alias="from")
    """Key of the first segment, such as 2019-07-14, or 2019-07-14.2 for the second part of a day with over 500."""
    until: str | None = None
    """Key of the segment before which to end; without it all that follow, 1,000 photos at most."""


class Page(Model):
    """Where in a view, and how many."""

    from_: str | None = Field(None, alias="from")
    """Where to go on: a part of the address in “next”."""
    limit: int = Field(100, ge=1, le=500)
    """Photos of a page."""


@section.endpoint("GET", "/photos/segments", Scope.READ, SegmentsAnswer, also={304: None}, filters=True)
def segments(filters: Query) -> Response:
    """The days of a view with their counts

    What a grid needs to know before any photo is loaded.
    """
    response = jsonify(segments_json(security.library().timeline.segments(security.principal(), filters)))
    response.add_etag()
    response.vary.update(("Cookie", "Authorization"))
    response.make_conditional(request)
    return response


@section.endpoint("GET", "/photos/columns", Scope.READ, Columns, query=Span, filters=True)
def columns(query: Span, filters: Query) -> dict[str, Any]:
    """The photos of some segments, as arrays

    There may be more or fewer than the segments promised: photos come and go.
    """
    tiles = security.library().timeline.columns(security.principal(), filters, query.from_, query.until)
    return view_json(filters, tiles)


@section.endpoint("GET", "/photos", Scope.READ, Photos, query=Page, filters=True)
def photos(query: Page, filters: Query) -> dict[str, Any]:
    """The photos of a view, as objects

    For scripts: follow “next” until it is null.
    """
    timeline, who = security.library().timeline, security.principal()
    found = timeline.segments(who, filters)
    keys, counts = found.keys, found.counts
    key, _, skipped = (query.from_ or "").partition(",")
    if query.from_ is not None and (key not in keys or not re.fullmatch("[0-9]{1,3}", skipped or "0")):
        raise BadRequest(f"“from={query.from_[:50]}” is no part of this view. Begin again without it.")
    start = keys.index(key) if key else 0
    first = int(skipped or 0)
    # The segments that hold the page, and where in the last of them the next one begins.
    end, beyond = start, first + query.limit
    while end < len(keys) and counts[end] <= beyond:
        beyond -= counts[end]
        end += 1
    until = keys[end + 1] if end + 1 < len(keys) else None
    tiles = timeline.columns(who, filters, keys[start], until)[first : first + query.limit] if keys else []
    following = None
    if end < len(keys):
        place = keys[end] if beyond == 0 else f"{keys[end]},{beyond}"
        texts = {**filters.texts, "from": [place], "limit": [str(query.limit)]}
        following = f"{url_for('.photos')}?{urlencode(texts, doseq=True, safe=',:/')}"
    return {"photos": [_photo(tile) for tile in tiles], "next": following}


@section.endpoint("GET", "/photos/<id:photo>", Scope.READ, Detail)
def detail(photo: int) -> dict[str, Any]:
    """Everything that is known of a photo"""
    found = security.library().details.photo(security.principal(), photo)
    return {
        **found._asdict(),
        "device": _device(found.device),
        "taken": _clock(found.taken, found.utc_offset),
        "added": _clock(found.added, 0),
        "path": "/".join(found.path),
        "stack": [one._asdict() for one in found.stack],
        "copies": [{"id": one.id, "path": "/".join(one.path)} for one in found.copies],
        "seen_by": [one._asdict() for one in found.seen_by],
    }


@section.endpoint("GET", "/photos/<id:photo>/position", Scope.READ, Position, filters=True)
def position(photo: int, filters: Query) -> Position:
    """Where a photo stands in a view"""
    found = security.library().timeline.position(security.principal(), filters, photo)
    return Position(key=found.key, index=found.place)


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


def view_json(query: Query, tiles: Sequence[Tile]) -> dict[str, Any]:
    """Columns with what the view's order shows: no days where it has none; by arrival, from which device, and where."""
    answer = columns_json(tiles)
    if not query.sort.is_dated:
        del answer["day"]
    if query.sort.subject == "added":
        paths = security.library().timeline.paths(security.principal(), {tile.folder_id for tile in tiles})
        devices, folders = _Index(), _Index()
        answer["device"] = [devices.of(_device(tile.device) or None) for tile in tiles]
        answer["devices"] = devices.values
        answer["folder"] = [folders.of("/".join(paths.get(tile.folder_id, ())) or None) for tile in tiles]
        answer["folders"] = folders.values
    return answer


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


def _device(text: str) -> str:
    """What its person calls a device; of a browser that nobody named, which it is."""
    return browser_of(text) if text.startswith("Mozilla/") else text


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
