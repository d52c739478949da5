"""The search page: what is asked for as chips, what else there is as facets, and a form for who types no queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode

from flask import Blueprint, g, redirect, render_template, request, url_for

from gateway.errors import BadRequest, NotFound
from gateway.library.query import EVERYTHING, Days, How, Query, Sort
from viewer import recent, security
from viewer.chips import chips, kind
from viewer.grid import VIEW, grid
from viewer.languages import gettext, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from werkzeug.wrappers import Response

    from gateway.library.overview import Counts, Facets, OtherFile
    from gateway.library.values import Space

blueprint = Blueprint("search", __name__)

_FEW = 6
"""Entries of a facet that are shown at once."""
_OPEN = ("town", "date", "camera", "kind")


@blueprint.get("/gallery")
def gallery() -> Response | str:
    """What the filters of the address find. Without filters it is everything, which has an address of its own."""
    if g.principal is None:
        return security.to_sign_in()
    spaces = security.library().files.spaces(g.principal)
    query, problems = read(spaces)
    # Fields of a form that were left empty are no part of an address that people keep.
    if not problems and (query == EVERYTHING or any(not text.strip() for _, text in request.args.items(multi=True))):
        view = urlencode([(name, text) for name, text in request.args.items(multi=True) if name in VIEW])
        page = url_for("pages.photos") if query == EVERYTHING else url_for(".gallery")
        return redirect("?".join(filter(None, (page, "&".join(filter(None, (query.address, view)))))))
    if query == recent.ARRIVALS and not problems:
        return recent.page()
    found = grid(query, spaces)
    asked = chips(query)
    return render_template(
        "search.html",
        grid=found,
        query=query,
        problems=problems,
        chips=asked,
        instead=[] if found.total else [(chip, n) for chip in asked if (n := _total(chip.without))],
        sorts=_sorts(query),
        form=_form(query),
        field=_field(query),
        spaces=spaces,
        queue=security.library().jobs.queue(),
        files=[_file(one) for one in security.library().overview.files(g.principal, query)],
        address=address,
    )


@blueprint.get("/search")
def search() -> Response | str:
    """Where a search begins: the field, the form, and what there is to look for."""
    if g.principal is None:
        return security.to_sign_in()
    spaces = security.library().files.spaces(g.principal)
    named = [("", gettext("All")), *((space.name, space.name) for space in spaces)] if len(spaces) > 1 else []
    return render_template("search_start.html", form=_form(EVERYTHING), named=named)


@blueprint.get("/gallery/facets")
def facets() -> str:
    """What else there is to ask for: a part of the search page, which counts while its photos are seen already."""
    principal = security.principal()
    query, _ = read(security.library().files.spaces(principal))
    return render_template("_facets.html", facets=list(_facets(query)), few=_FEW)


class _File(NamedTuple):
    name: str
    folder: str
    size: int
    address: str


def _file(file: OtherFile) -> _File:
    """A file that is no picture, by where it lies."""
    *folder, name = file.path
    address = f"{request.root_path}/folders/{'/'.join(quote(one, safe='') for one in folder)}"
    return _File(name, "/".join(folder), file.size, address)


def read(spaces: Sequence[Space], *others: str) -> tuple[Query, list[str]]:
    """The filters of the address, without those that are wrong, and what is wrong with each of these.

    ``others`` are names in it that are no filters.
    """
    good: dict[str, list[str]] = {}
    problems = []
    for name, texts in request.args.lists():
        if name in (*VIEW, *others):
            continue
        try:
            query = Query.parse({name: texts})
            _know(query, spaces)
            Query.parse({**good, name: texts})
        except (BadRequest, NotFound) as error:
            problems.append(sentence(str(error)))
        else:
            good[name] = texts
    return Query.parse(good), problems


def _know(query: Query, spaces: Sequence[Space]) -> None:
    """Raise NotFound, with its name, for a space or folder that is not the person's to know."""
    for one in query.filters:
        for value in map(str, one.values):
            if one.name == "space" and value.casefold() not in {space.name.casefold() for space in spaces}:
                raise NotFound(f"There is no space “{value[:50]}”.")
            if one.name == "folder":
                try:
                    security.library().files.stat(g.principal, tuple(value.split("/")))
                except NotFound:
                    raise NotFound(f"There is no folder “{value[:50]}”.") from None


def _total(query: Query) -> int:
    return security.library().timeline.segments(g.principal, query).total


class _Choice(NamedTuple):
    text: str
    value: str
    is_chosen: bool


def _sorts(query: Query) -> list[_Choice]:
    texts = {
        Sort.NEWEST: gettext("Newest first"),
        Sort.OLDEST: gettext("Oldest first"),
        Sort.LAST_ADDED: gettext("Last added first"),
        Sort.NAME: gettext("By name"),
        Sort.LARGEST: gettext("Largest first"),
    }
    texts.setdefault(query.sort, str(query.sort))
    return [_Choice(text, sort.value, sort is query.sort) for sort, text in texts.items()]


class _Form(NamedTuple):
    """What stands in the fields of the form, and the filters that it has no fields for."""

    fields: dict[str, str]
    others: list[tuple[str, str]]


def _field(query: Query) -> _Form:
    """The field in the bar, which goes on from here: its words, and the filters that stay."""
    words = query.values("q")
    others = [(key, text) for key, texts in query.texts.items() for text in texts if key != "q" or len(words) > 1]
    return _Form({"q": str(words[0])} if len(words) == 1 else {}, others)


_FIELDS = ("q", "after", "before", "town", "country", "camera", "kind", "rating", "gps", "space")


def _form(query: Query) -> _Form:
    """A filter with one value stands in its field; the rest goes along unseen."""
    fields: dict[str, str] = {}
    others = []
    for key, texts in query.texts.items():
        if key in _FIELDS and len(texts) == 1:
            fields[key] = _day(texts[0], is_last=key == "before") if key in ("after", "before") else texts[0]
        else:
            others += [(key, text) for text in texts]
    return _Form(fields, others)


def _day(text: str, *, is_last: bool) -> str:
    """A day, month or year as the one day that a field for dates shows."""
    (found,) = Query.parse({"date": [text]}).values("date")
    return str(Days(found.last, found.last) if is_last else Days(found.first, found.first))  # type: ignore[union-attr]


# --- facets -----------------------------------------------------------------------------------------------------------


class _Entry(NamedTuple):
    text: str
    found: int | None
    """None for what is chosen but is no whole value, as a maker of several cameras."""
    address: str
    """With it, or without it where it is chosen."""
    refused: str
    """The address without all that have it; empty where it is chosen."""
    is_chosen: bool


class _Facet(NamedTuple):
    name: str
    title: str
    entries: list[_Entry]
    is_open: bool


def _facets(query: Query) -> Iterator[_Facet]:
    """Of each filter what it could find. Its own values do not narrow what is counted: one may choose another one."""
    overview = security.library().overview
    plain = query.having("sort")
    base: Facets | None = None
    for name, title, counts_of, text in _GROUPS:
        chosen = [str(value) for value in query.values(name)]
        if chosen:
            counted = overview.facets(g.principal, plain.having(name))
        else:
            counted = base = base or overview.facets(g.principal, plain)
        counts: dict[str, int | None] = dict(counts_of(counted))
        counts |= dict.fromkeys((value for value in chosen if value not in counts), None)
        if chosen or len(counts) > 1 or sum(n for n in counts.values() if n) not in (0, counted.total):
            entries = [_entry(query, name, value, text(value), count) for value, count in counts.items()]
            entries.sort(key=lambda one: not one.is_chosen)
            yield _Facet(name, title(), entries, is_open=name in _OPEN or query == EVERYTHING or bool(chosen))


def _entry(query: Query, name: str, value: str, text: str, count: int | None) -> _Entry:
    chosen = [str(one) for one in query.values(name)]
    is_chosen = value in chosen
    values = [one for one in chosen if one != value] if is_chosen else [*chosen, value]
    refused = [str(one) for one in query.values(name, How.NOT)]
    return _Entry(
        text,
        count,
        address(query.having(name, *values)),
        "" if is_chosen else address(query.having(f"{name}.not", *refused, value)),
        is_chosen,
    )


def address(query: Query) -> str:
    """Where a view is."""
    return url_for("pages.photos") if query == EVERYTHING else f"{url_for('.gallery')}?{query.address}"


_GROUPS: tuple[tuple[str, Callable[[], str], Callable[[Facets], Counts], Callable[[str], str]], ...] = (
    ("town", lambda: gettext("Places"), lambda found: found.towns, str),
    ("country", lambda: gettext("Countries"), lambda found: found.countries, str),
    ("date", lambda: gettext("Years"), lambda found: found.years, str),
    ("kind", lambda: gettext("Kinds"), lambda found: found.kinds, kind),
    ("camera", lambda: gettext("Cameras"), lambda found: found.cameras, str),
    ("lens", lambda: gettext("Lenses"), lambda found: found.lenses, str),
    ("tag", lambda: gettext("Tags"), lambda found: found.tags, str),
    ("rating", lambda: gettext("Ratings"), lambda found: found.ratings, lambda text: "★" * int(text)),
    ("type", lambda: gettext("Formats"), lambda found: found.types, str.upper),
    ("space", lambda: gettext("Spaces"), lambda found: found.spaces, str),
)
