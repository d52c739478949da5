"""What the gallery asks takes an index, not a walk over everybody's photographs, whatever the filter and the order."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from gateway.catalogue.catalogue import _Compiled
from gateway.library.query import EVERYTHING, Box, Query, Sort
from tests.catalogue.test_plans import Watched, full, scanned
from tests.library.house import at
from tests.library.pictures import index, picture

if TYPE_CHECKING:
    from tests.library.house import House

__all__ = ["full"]

FILTERS = (
    {},
    {"date": ["1970"], "rating": ["3-"], "kind": ["photo"], "gps": ["yes"]},
    {"camera": ["Canon"], "lens.not": ["EF50mm"], "iso": ["100-800"], "type": ["jpeg"]},
    {"town": ["Berlin"], "q": ["wall -tag:beach"], "near": ["52,13,50"], "added_after": ["2000"]},
    {"folder": ["alice/f"]},
    {"folder.only": ["alice/f"]},
    {"favourite": ["yes"]},
    {"favourite": ["no"], "folder.only": ["alice/f"]},
    {"space": ["family"]},
)


def look(house: House) -> None:
    """Everything that the pages of a gallery ask, as Alice, who has few photographs."""
    house.folder("alice/f")
    photo = house.put("alice/f/a.jpg", picture(day=3, latitude=52.0, longitude=13.0, content_id="c")).entry.id
    house.put("alice/f/a.nef", picture("raw", "nef", day=3))
    house.put("family/a.jpg", picture(day=3))
    index(house)
    timeline, overview, who = house.library.timeline, house.library.overview, house.alice
    for filters in FILTERS:
        for sort in Sort:
            query = Query.parse({**filters, "sort": [sort.value]})
            timeline.segments(who, query)
            timeline.columns(who, query, "1970-01-04" if sort.is_dated else "1", None)
            if not filters:
                timeline.position(who, query, photo)
        overview.facets(who, Query.parse(filters))
        overview.clusters(who, Query.parse(filters), Box(12, 51, 14, 53), 9)
    timeline.changes(who, timeline.segments(who, EVERYTHING).seq - 1)
    timeline.on_this_day(who, date(1975, 1, 4))
    overview.suggest(who, "canon")
    timeline.paths(who, [house.space().root_id or 0])
    for act in (house.library.favourites.add, house.library.favourites.remove, house.library.favourites.add):
        act(who, photo)
    folders = house.library.folders
    house.put("alice/f/b.txt", b"text")
    for path in (at("alice"), at("alice/f")):
        for sort in Sort:
            folders.open(who, path, sort)
        folders.files(who, path, "a")
        folders.folders(who, path, "a")
    folders.open(house.dave, at("dave/folder7"))
    folders.covers(who)
    house.library.details.photo(who, photo)
    house.library.pictures.original(who, photo)


def test_nothing_that_the_gallery_asks_reads_a_large_table_from_end_to_end(full: House) -> None:
    watched = Watched()
    with watched.watching():
        look(full)
    found = {
        _Compiled(one, full.catalogue.engine).sql: tables
        for one, given in watched.seen.items()
        if (tables := scanned(full, one, given))
    }
    assert found == {}
