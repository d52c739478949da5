"""Addresses that people keep: what they mean, and that they say the same when they are written back."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BadRequest
from gateway.library import search
from gateway.library.query import EVERYTHING, NAMES, Box, Days, Filter, How, Near, Query, Range, Sort
from gateway.library.search import Either, Every, Not, Word

EPOCH = date(1970, 1, 1)


def read(address: str) -> Query:
    return Query.parse(parse_qs(address, keep_blank_values=True))


def only(address: str) -> Filter:
    (one,) = read(address).filters
    return one


def day(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def test_no_filters_mean_everything_newest_first() -> None:
    assert read("") == EVERYTHING == Query((), Sort.NEWEST)
    assert EVERYTHING.address == ""


def test_a_name_given_twice_is_one_filter_with_two_values() -> None:
    assert only("town=Rome&town=Berlin&town=Rome") == Filter("town", How.ANY, ("Berlin", "Rome"))


def test_what_must_not_be_and_what_must_all_be_have_names_of_their_own() -> None:
    assert only("town.not=Berlin").how is How.NOT
    assert only("camera.all=Canon").how is How.ALL
    assert [one.how for one in read("town=a&town.not=b&town.all=c").filters] == [How.ANY, How.ALL, How.NOT]


def test_an_empty_field_of_a_form_asks_for_nothing() -> None:
    assert read("town=&q=&after=&sort=&iso=+") == EVERYTHING


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023", "2023-01-01", "2023-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023-12", "2023-12-01", "2023-12-31"),
        ("2023-08-15", "2023-08-15", "2023-08-15"),
        ("0001", "0001-01-01", "0001-12-31"),
    ],
)
def test_a_month_and_a_year_mean_the_whole_of_it(text: str, first: str, last: str) -> None:
    found = Days(day(first), day(last))
    assert only(f"date={text}").values == (found,)
    assert str(found) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("100-800", Range(100, 800)),
        ("100", Range(100, 100)),
        ("100-", Range(100, None)),
        ("-800", Range(None, 800)),
        ("1.4-2.8", Range(1.4, 2.8)),
    ],
)
def test_numbers_are_ranges(text: str, found: Range) -> None:
    assert only(f"iso={text}").values == (found,)
    assert str(found) == text


def test_places_on_the_map() -> None:
    assert only("near=52.52,13.4,5").values == (Near(52.52, 13.4, 5),)
    assert only("near=-33.9,18.4").values == (Near(-33.9, 18.4, 1),)
    assert only("box=13.1,52.3,13.8,52.7").values == (Box(13.1, 52.3, 13.8, 52.7),)
    assert only("box=170,-20,-170,0").values == (Box(170, -20, -170, 0),)


def test_the_order() -> None:
    assert [(sort.subject, sort.is_descending, sort.is_dated) for sort in Sort] == [
        ("taken", True, True), ("taken", False, True), ("added", True, True), ("added", False, True),
        ("name", False, False), ("name", True, False), ("size", False, False), ("size", True, False),
    ]  # fmt: skip
    assert read("sort=-added").sort is Sort.LAST_ADDED


def test_the_address_is_the_same_whatever_the_order_and_the_spelling() -> None:
    one = read("sort=-added&type=JPG&before=2023-08-31&town=Rome&after=2023-08&town=Berlin&before=")
    other = read("after=2023-08&before=2023-08-31&town=Berlin&town=Rome&type=jpeg&sort=-added")
    assert one == other
    assert one.address == "after=2023-08&before=2023-08-31&town=Berlin&town=Rome&type=jpeg&sort=-added"
    assert read("folder=/family/2023/").address == "folder=family/2023"
    assert read("sort=-taken").address == ""


def test_a_folder_whose_name_ends_with_a_space_and_a_very_long_path_are_found() -> None:
    assert only("folder=a/b+/").values == ("a/b /",)
    assert only("folder=a/b+").values == ("a/b",)
    deep = "a" + "/x" * 60 + "/" + "é" * 120
    assert only(f"folder.only={deep}").values == (deep,)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("colour=red", ("colour", "There is no filter", "camera")),
        ("favourite=often", ("favourite=often", "yes or no")),
        ("favourite=yes&favourite=no", ("favourite", "only once")),
        ("town.only=Rome", ("town.only",)),
        ("album=5", ("album",)),
        ("town.never=x", ("town.never",)),
        ("after.not=2023", ("after.not",)),
        ("after=2023&after=2024", ("after", "only once")),
        ("after=yesterday", ("after=yesterday", "2023-08-15")),
        ("after=2023-02-30", ("after=2023-02-30",)),
        ("after=20230801", ("after=20230801",)),
        ("after=0000", ("after=0000",)),
        ("date=2023-13", ("date=2023-13",)),
        ("iso=many", ("iso=many", "100-800")),
        ("iso=800-100", ("iso=800-100",)),
        ("iso=-", ("iso=-",)),
        ("iso=--5", ("iso=--5",)),
        ("aperture=1e3", ("aperture=1e3",)),
        ("rating=6", ("rating=6", "0 to 5")),
        ("rating=4.5", ("rating=4.5",)),
        ("near=91,0,1", ("near=91,0,1",)),
        ("near=1", ("near=1",)),
        ("near=1,2,3,4", ("near=1,2,3,4",)),
        ("near=1,2,5000", ("near=1,2,5000",)),
        ("box=1,2,3", ("box=1,2,3", "west")),
        ("box=1,9,3,4", ("box=1,9,3,4",)),
        ("gps=maybe", ("gps=maybe", "yes or no")),
        ("kind=dog", ("kind=dog", "photo, video")),
        ("type=a/b", ("type=a/b",)),
        ("folder=a/../b", ("folder=a/../b",)),
        ("sort=random", ("sort=random", "-taken")),
        ("town=a%00b", ("town=",)),
        ("town=" + "x" * 501, ("town=",)),
        ("q=" + "a+" * 51, ("q=", "words")),
        ("q=-", ("q=-",)),
        ("&".join(f"town={number}" for number in range(101)), ("100 filters",)),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_right(address: str, words: tuple[str, ...]) -> None:
    with pytest.raises(BadRequest) as refused:
        read(address)
    for word in words:
        assert word in str(refused.value)


def test_texts_that_no_database_takes_are_refused() -> None:
    with pytest.raises(BadRequest):
        Query.parse({"town": ["\ud800"]})


# --- the search field ------------------------------------------------------------------------------------------------

A, B, C = Word("a"), Word("b"), Word("c")


@pytest.mark.parametrize(
    ("text", "term", "written"),
    [
        ("a b", Every((A, B)), "a b"),
        ("a OR b c", Either((A, Every((B, C)))), "a OR b c"),
        ("(a OR b) c", Every((Either((A, B)), C)), "(a OR b) c"),
        ('"a  b" c', Every((Word("a b"), C)), '"a b" c'),
        ("-a", Not(A), "-a"),
        ("-(a OR b)", Not(Either((A, B))), "-(a OR b)"),
        ("--a", Not(Not(A)), "--a"),
        ("IMG-2023 a-b", Every((Word("IMG-2023"), Word("a-b"))), "IMG-2023 a-b"),
        ("tag:beach", Word("beach", is_tag=True), "tag:beach"),
        ('-tag:"blue sky"', Not(Word("blue sky", is_tag=True)), '-tag:"blue sky"'),
        ('"tag:x" "-y" "OR"', Every((Word("tag:x"), Word("-y"), Word("OR"))), '"tag:x" "-y" "OR"'),
        ("or ORDER", Every((Word("or"), Word("ORDER"))), "or ORDER"),
        ("((a))", A, "a"),
        ("(a b) c", Every((A, B, C)), "a b c"),
    ],
)
def test_the_language_of_the_search_field(text: str, term: search.Term, written: str) -> None:
    assert search.parse(text) == term
    assert str(term) == written


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ('"a b', Word("a b")),
        ("(a OR b", Either((A, B))),
        ("a) b", Every((A, B))),
        ("OR a OR", A),
        ("a - b", Every((A, B))),
        ("a OR OR b", Either((A, B))),
        ("a -OR b", Either((A, B))),
        ("tag: a", Every((Word("tag:"), A))),
        ('() -() "" - OR )', None),
        ("", None),
    ],
)
def test_nothing_that_a_person_types_is_wrong(text: str, term: search.Term | None) -> None:
    assert search.parse(text) == term


@given(st.text(st.sampled_from('ab ()"-:ORtag\u00e9'), max_size=40))
def test_a_search_is_the_same_when_it_is_written_and_read_again(text: str) -> None:
    term = search.parse(text)
    assert search.parse("" if term is None else str(term)) == term


_DAYS = st.dates().flatmap(lambda one: st.sampled_from((one.isoformat(), one.isoformat()[:7], one.isoformat()[:4])))
_NUMBERS = st.decimals(0, 100_000, places=3).map(str)
_RANGES = st.one_of(_NUMBERS, st.tuples(_NUMBERS, _NUMBERS).map(lambda two: "-".join(sorted(two, key=float))))
_TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
_VALUES = {
    "q": st.text(st.sampled_from('ab()"- OR'), max_size=20).filter(lambda text: search.parse(text) is not None),
    "near": st.tuples(st.integers(-90, 90), st.integers(-180, 180), st.integers(1, 1000)),
    "box": st.tuples(st.integers(-180, 180), st.just(-5.25), st.integers(-180, 180), st.integers(0, 90)),
    "gps": st.sampled_from(("yes", "no")),
    "favourite": st.sampled_from(("yes", "no")),
    "kind": st.sampled_from(("photo", "video", "raw", "live", "animated", "panorama")),
    "type": st.sampled_from(("jpg", "HEIC", ".mov")),
    "tag": _TEXTS,
    "rating": st.sampled_from(("5", "3-", "-2", "1-4")),
    "folder": st.sampled_from(("family", "family/2023/", "/a b/ü", "a/b /")),
    "sort": st.sampled_from(list(map(str, Sort))),
    **dict.fromkeys(("iso", "aperture", "focal"), _RANGES),
    **dict.fromkeys(("after", "before", "added_after", "added_before", "date"), _DAYS),
    **dict.fromkeys(("town", "region", "country", "camera", "lens", "space"), _TEXTS),
}
_ONCE = ("after", "before", "added_after", "added_before", "gps", "favourite", "sort")


def _written(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


@st.composite
def addresses(draw: st.DrawFn) -> dict[str, list[str]]:
    texts = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=6)):
        hows = ("", ".not", ".all", *([".only"] if name == "folder" else []))
        key = name if name in _ONCE else name + draw(st.sampled_from(hows))
        values = st.lists(_VALUES[name].map(_written), max_size=1 if name in _ONCE else 3)
        texts[key] = draw(values)
    return texts


@given(addresses())
def test_an_address_that_is_written_and_read_again_is_the_same(texts: dict[str, list[str]]) -> None:
    query = Query.parse(texts)
    assert read(query.address) == query
    assert read(query.address).address == query.address
