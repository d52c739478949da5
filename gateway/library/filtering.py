"""From what somebody wants to see to the photos that the catalogue looks for: which spaces, and which of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from gateway.catalogue.statements import filters as sql
from gateway.catalogue.statements import photos as photos_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements.timeline import View
from gateway.library import search, tree
from gateway.library.query import Filter, How, Query
from gateway.library.stacks import Flag
from gateway.library.values import Space
from gateway.library.vocabulary import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from gateway.catalogue import Transaction
    from gateway.library.values import Principal

_SLACK = 0.005
"""Cameras write f/2.8 as 2.79…, and 35 mm as 34.9…."""


class Scope(NamedTuple):
    """The spaces of a view and what is asked of their photos."""

    query: Query
    spaces: list[Space]
    where: sql.Condition | None
    """None for every photo of these spaces."""
    account_id: int
    """Who looks."""

    @property
    def view(self) -> View:
        """As statements know it."""
        return View(len(self.spaces), self.query.sort.subject, self.query.sort.is_descending)

    def state(self, seqs: Mapping[int, int]) -> Hashable | None:
        """What the photos of the view depend on, where the changes of its spaces count ``seqs``.

        None where they depend on more: hearts are each person's own, and folders move without a change of any photo.
        """
        if any(one.name in ("favourite", "folder") for one in self.query.filters):
            return None
        return self.query.filters, tuple((space.id, seqs.get(space.id)) for space in self.spaces)

    @property
    def ids(self) -> dict[str, int]:
        """The parameters that name the spaces."""
        return {f"space_{number}": space.id for number, space in enumerate(self.spaces)}


def scope(tx: Transaction, principal: Principal, query: Query) -> Scope:
    """What a query means to somebody; NotFound for a space or folder that is not theirs to know."""
    spaces = mine = own_spaces(tx, principal)
    conditions = []
    for one in query.filters:
        if one.name == "space":
            named = [{tree.find_space(tx, principal, str(name)).id} for name in one.values]
            spaces = [space for space in spaces if _holds(one.how, [space.id in ids for ids in named])]
        elif one.name == "folder":
            folders = [tree.walk(tx, principal, tuple(str(value).rstrip("/").split("/"))) for value in one.values]
            if one.how in (How.ANY, How.ONLY):
                held = {folder.space.id for folder in folders}
                spaces = [space for space in spaces if space.id in held]
            conditions.append(_JOINED[one.how]([_folder(tx, folder.found().id, one.how) for folder in folders]))
        elif one.name == "q":
            ids = [space.id for space in mine]
            conditions.append(_JOINED[one.how]([_search(cast("search.Term", value), ids) for value in one.values]))
        elif one.name == "favourite":
            conditions.append(_JOINED[one.how]([_favourite(principal, str(value)) for value in one.values]))
        else:
            conditions.append(_condition(one))
    return Scope(query, spaces, sql.all_of(conditions) if conditions else None, principal.account_id)


def own_spaces(tx: Transaction, principal: Principal) -> list[Space]:
    """The spaces that somebody is a member of, by name."""
    return [Space._make(row) for row in tx.all(spaces_sql.SPACES_OF_MEMBER, account=principal.account_id)]


def is_named(query: Query, name: str) -> bool:
    """Whether a name has the words that a query asks for. Tags have none."""
    plain = folded(name)
    return all(
        _holds(one.how, [_is_in(plain, cast("search.Term", value)) for value in one.values])
        for one in query.filters
        if one.name == "q"
    )


def _is_in(plain: str, term: search.Term) -> bool:
    match term:
        case search.Word(text, is_tag):
            return not is_tag and folded(text) in plain
        case search.Not(inner):
            return not _is_in(plain, inner)
        case search.Every(terms):
            return all(_is_in(plain, one) for one in terms)
        case search.Either(terms):
            return any(_is_in(plain, one) for one in terms)


def _holds(how: How, which: list[bool]) -> bool:
    return not any(which) if how is How.NOT else all(which) if how is How.ALL else any(which)


def _folder(tx: Transaction, folder_id: int, how: How) -> sql.Condition:
    """In a folder, or anywhere below it unless only the folder itself is meant."""
    if how is How.ONLY:
        return sql.folder(folder_id)
    return sql.folders([row[0] for row in tx.all(photos_sql.FOLDERS_BELOW, entry=folder_id)])


def _favourite(principal: Principal, text: str) -> sql.Condition:
    is_favourite = sql.favourite(principal.account_id)
    return is_favourite if text == "yes" else sql.none_of([is_favourite])


def _condition(one: Filter) -> sql.Condition:
    return _JOINED[one.how]([_CONDITIONS[one.name](value) for value in one.values])


def _search(term: search.Term, spaces: Sequence[int]) -> sql.Condition:
    match term:
        case search.Word(text, is_tag):
            return sql.tag(text) if is_tag else sql.word(text, spaces)
        case search.Not(inner):
            return sql.none_of([_search(inner, spaces)])
        case search.Every(terms):
            return sql.all_of(_search(one, spaces) for one in terms)
        case search.Either(terms):
            return sql.any_of(_search(one, spaces) for one in terms)


_JOINED = {How.ANY: sql.any_of, How.ALL: sql.all_of, How.NOT: sql.none_of, How.ONLY: sql.any_of}
_KINDS = {
    "photo": sql.kind("image", "raw"),
    "video": sql.kind("video"),
    "raw": sql.flag(Flag.RAW),
    "live": sql.flag(Flag.LIVE),
    "animated": sql.flag(Flag.ANIMATED),
    "panorama": sql.flag(Flag.PANORAMA),
}
# A value is of the type that its reader in gateway.library.query makes.
_CONDITIONS: dict[str, Callable[[Any], sql.Condition]] = {
    "after": lambda days: sql.taken(days.first, None),
    "before": lambda days: sql.taken(None, days.last),
    "added_after": lambda days: sql.added(days.first, None),
    "added_before": lambda days: sql.added(None, days.last),
    "town": lambda text: sql.place(["town"], text),
    "region": lambda text: sql.place(["region"], text),
    "country": lambda text: sql.place(["country", "country_code"], text),
    "near": lambda near: sql.near(near.latitude, near.longitude, near.km),
    "box": lambda box: sql.box(box.west, box.south, box.east, box.north),
    "gps": lambda text: sql.placed() if text == "yes" else sql.none_of([sql.placed()]),
    "camera": sql.camera,
    "lens": sql.lens,
    "iso": lambda span: sql.number("iso", span.low, span.high),
    "aperture": lambda span: sql.number("aperture", span.low, span.high, _SLACK),
    "focal": lambda span: sql.number("focal_length", span.low, span.high, _SLACK),
    "kind": lambda text: _KINDS[text],
    "type": sql.form,
    "tag": sql.tag,
    "rating": lambda span: sql.rating(span.low, span.high),
    "date": lambda days: sql.taken(days.first, days.last),
}
