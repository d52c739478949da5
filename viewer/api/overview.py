"""What changed, what there is, and where: counts, suggestions, the map."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from gateway.errors import BadRequest
from gateway.library.query import Box, Query
from viewer import security
from viewer.api.endpoint import Id, Model, Scope, Section
from viewer.api.photos import SegmentsAnswer, segments_json

section = Section("overview", "What there is, where it is, and what changed")

_MOST_ZOOM = 24
Counts = list[Annotated[list[str | int], Field(min_length=2, max_length=2)]]
"""Pairs of a value and how many photos it would find."""


class Since(Model):
    """What is known already."""

    since: int = Field(ge=0, lt=1 << 63)
    """The “seq” of an answer."""


class Changes(SegmentsAnswer):
    """Days that are not what they were."""

    all: bool
    """Nothing that was known holds: days that are not here are gone."""


class Facets(Model):
    """How many photos of a view each value of a filter would find, the most frequent first."""

    total: int
    counted: int
    """Photos that were looked at for all but the years."""
    years: Counts
    kinds: Counts
    spaces: Counts
    towns: Counts
    countries: Counts
    cameras: Counts
    lenses: Counts
    types: Counts
    tags: Counts
    ratings: Counts
    """From five stars down."""


class Typed(Model):
    """What somebody typed."""

    q: str = ""
    """The beginning of a word."""


class Suggestion(Model):
    """A filter that somebody may mean."""

    name: str
    text: str
    """The filter's value."""
    count: int
    """Photos that it finds."""


class Window(Model):
    """What of the map is looked at."""

    box: str
    """West, south, east and north in degrees, such as 13.1,52.3,13.8,52.7; west of 180° may be its east."""
    zoom: int = Field(ge=0, le=_MOST_ZOOM)
    """How often the world, 256 pixels wide, is doubled."""


class Clusters(Model):
    """Photos that lie together, one array for each property."""

    lat: list[float]
    lon: list[float]
    count: list[int]
    photo: list[Id]
    """The photo that is shown for all of them."""
    v: list[str]
    """The version of its renditions."""


@section.endpoint("GET", "/changes", Scope.READ, Changes, also={204: None}, query=Since)
def changes(query: Since) -> dict[str, Any] | None:
    """The days that changed

    204 when there are none. As in segments, each number but the first is the difference to the one before it.
    """
    found = security.library().timeline.changes(security.principal(), query.since)
    return None if found is None else {**segments_json(found.segments), "all": found.is_everything}


class Preparing(Model):
    """Files that are not shown with their pictures yet."""

    waiting: int
    """How many wait for the indexer, of everybody."""


@section.endpoint("GET", "/preparing", Scope.READ, Preparing)
def preparing() -> Preparing:
    """How many files are being prepared"""
    return Preparing(waiting=security.library().jobs.queue().waiting)


@section.endpoint("GET", "/facets", Scope.READ, Facets, filters=True)
def facets(filters: Query) -> dict[str, Any]:
    """What the photos of a view have in common"""
    return security.library().overview.facets(security.principal(), filters)._asdict()


@section.endpoint("GET", "/suggest", Scope.READ, list[Suggestion], query=Typed)
def suggest(query: Typed) -> list[Suggestion]:
    """Filters that somebody who types may mean"""
    return [Suggestion(**asdict(one)) for one in security.library().overview.suggest(security.principal(), query.q)]


@section.endpoint("GET", "/map", Scope.READ, Clusters, query=Window, filters=True)
def clusters(query: Window, filters: Query) -> dict[str, Any]:
    """The photos of a part of the map, those that lie together as one"""
    # The map's own box is not a filter of the view, but it is read like one.
    boxes = [value for one in Query.parse({"box": [query.box]}).filters for value in one.values]
    if len(boxes) != 1 or not isinstance(boxes[0], Box):
        raise BadRequest("Say which part of the map: box=13.1,52.3,13.8,52.7, west, south, east and north.")
    found = security.library().overview.clusters(security.principal(), filters, boxes[0], query.zoom)
    return {
        "lat": [round(one.latitude, 5) for one in found],
        "lon": [round(one.longitude, 5) for one in found],
        "count": [one.count for one in found],
        "photo": [one.photo_id for one in found],
        "v": [one.version for one in found],
    }
