"""The words of a space: its places, cameras, lenses, folders and years, each with how many photos it would find.

They are counted already where photos change; what is remembered here, until anything changes, is their folded texts.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import overview as overview_sql
from gateway.catalogue.statements import timeline as timeline_sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.catalogue import Transaction

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
        """The vocabulary of a space whose photos changed ``seq`` times."""
        known = self._known.get(space_id)
        if known is not None and known.seq == seq:
            return known
        with self._counting:  # once, however many ask
            known = self._known.get(space_id)
            if known is not None and known.seq == seq:
                return known
            counts = Counter[Term]()
            for term, count in _terms(tx, space_id):
                counts[term] += count
            terms = tuple((term, folded(term.text), count) for term, count in counts.most_common(_MOST_TERMS))
            if len(self._known) >= _MOST_SPACES:
                self._known.pop(next(iter(self._known)))
            self._known[space_id] = Vocabulary(seq, terms)
            return self._known[space_id]


def _terms(tx: Transaction, space_id: int) -> Iterator[tuple[Term, int]]:
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    for what, key, count in tx.all(overview_sql.COUNTS_OF_SPACE, space=space_id):
        counts[what][key] = count
    ids = {what: json.dumps(list(found)) for what, found in counts.items()}
    for id_, town, country in tx.all(overview_sql.PLACES, ids=ids.get("place", "[]")):
        if town:
            yield Term("town", town, None), counts["place"][id_]
        yield Term("country", country, None), counts["place"][id_]
    for id_, make, model, lens, _, tags in tx.all(overview_sql.TRAITS, ids=ids.get("traits", "[]")):
        named = [("camera", camera_name(make, model)), ("lens", lens), *(("tag", tag) for tag in json.loads(tags))]
        yield from ((Term(name, text, None), counts["traits"][id_]) for name, text in named if text is not None)
    for folder, name in tx.all(overview_sql.FOLDERS, ids=ids.get("folder", "[]")):
        yield Term("folder", name, folder), counts["folder"][folder]
    for day, count, _ in tx.all(timeline_sql.DAYS_OF_SPACE, space=space_id):
        yield Term("date", str(year_of(day)), None), count


def year_of(day: int) -> int:
    """The year of a day from 1970-01-01."""
    return (_EPOCH + timedelta(days=day)).year
