"""The words of a space: its places, cameras, lenses, folders and years, each with how many photos it would find.

Counting them looks at every photo of the space, so they are remembered in the process for a minute, and longer while
nothing changes. They only suggest: what is found is what is there.
"""

from __future__ import annotations

import json
import time
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import overview as overview_sql
from gateway.catalogue.statements import timeline as timeline_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.catalogue import Transaction

_LASTS = 60.0
_MOST_SPACES = 200
_MOST_TERMS = 20_000
_EPOCH = date(1970, 1, 1)


class Term(NamedTuple):
    """A word, and the filter that takes it."""

    name: str
    """Of the filter: ``town``, ``country``, ``camera``, ``lens``, ``tag``, ``date`` or ``folder``."""
    text: str
    folder_id: int | None
    """Of a folder, whose text is only its name."""


class Vocabulary(NamedTuple):
    """The terms of a space with their counts, the most frequent first."""

    seq: int
    counted: float
    terms: tuple[tuple[Term, str, int], ...]
    """Each with its folded text."""


def folded(text: str) -> str:
    """A text without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in plain if not unicodedata.combining(one))


def camera_name(make: str | None, model: str | None) -> str | None:
    """What people call a camera, and the filter ``camera`` finds: without its maker's name twice."""
    if make is None or model is None:
        return model or make
    return model if model.casefold().startswith(make.casefold().split(" ")[0]) else f"{make} {model}"


@dataclass(frozen=True, slots=True)
class Vocabularies:
    """Of every space that somebody asked for lately."""

    _known: dict[int, Vocabulary] = field(default_factory=dict)
    _counting: Lock = field(default_factory=Lock)

    def of(self, tx: Transaction, space_id: int, seq: int) -> Vocabulary:
        """The vocabulary of a space whose photos changed ``seq`` times; what was true a minute ago is good enough."""
        known = self._known.get(space_id)
        if known is not None and (known.seq == seq or time.monotonic() < known.counted + _LASTS):
            return known
        # One thread counts. Who has something to show does not wait for it.
        if known is not None and self._counting.locked():
            return known
        with self._counting:
            again = self._known.get(space_id)
            if again is not None and again is not known:
                return again
            counts = Counter[Term]()
            for term, count in _terms(tx, space_id):
                counts[term] += count
            terms = tuple((term, folded(term.text), count) for term, count in counts.most_common(_MOST_TERMS))
            if len(self._known) >= _MOST_SPACES:
                self._known.pop(next(iter(self._known)))
            self._known[space_id] = Vocabulary(seq, time.monotonic(), terms)
            return self._known[space_id]


def _terms(tx: Transaction, space_id: int) -> Iterator[tuple[Term, int]]:
    for town, country, count in tx.all(overview_sql.PLACES_OF_SPACE, space=space_id):
        if town:
            yield Term("town", town, None), count
        yield Term("country", country, None), count
    for make, model, lens, tags, count in tx.all(overview_sql.CAMERAS_OF_SPACE, space=space_id):
        if (camera := camera_name(make, model)) is not None:
            yield Term("camera", camera, None), count
        if lens is not None:
            yield Term("lens", lens, None), count
        for tag in json.loads(tags):
            yield Term("tag", tag, None), count
    for folder, name, count in tx.all(overview_sql.FOLDERS_OF_SPACE, space=space_id):
        yield Term("folder", name, folder), count
    for day, count, _ in tx.all(timeline_sql.DAYS_OF_SPACE, space=space_id):
        yield Term("date", str(year_of(day)), None), count


def year_of(day: int) -> int:
    """The year of a day from 1970-01-01."""
    return (_EPOCH + timedelta(days=day)).year
