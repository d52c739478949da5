import pytest

from gateway.dav.ranges import Span, Wanted, parse, wanted
from gateway.errors import BadRequest, PreconditionFailed

DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
LATER = "Tue, 14 Nov 2023 22:13:21 GMT"
EARLIER = "Tue, 14 Nov 2023 22:13:19 GMT"


def judge(method: str = "GET", **fields: str) -> Wanted:
    environ = {"REQUEST_METHOD": method} | {f"HTTP_{name.upper()}": value for name, value in fields.items()}
    return wanted(environ, etag="e", modified=1_700_000_000, size=100)


@pytest.mark.parametrize(
    ("header", "spans"),
    [
        ("bytes=0-9", [(0, 10)]),
        ("bytes=90-", [(90, 10)]),
        ("bytes=-10", [(90, 10)]),
        ("bytes=-1000", [(0, 100)]),
        ("bytes=90-1000", [(90, 10)]),
        ("BYTES = 0-0 , 99-99", [(0, 1), (99, 1)]),
        ("bytes=50-59,0-9", [(50, 10), (0, 10)]),
        ("bytes=0-9,200-", [(0, 10)]),
        ("bytes=,0-9,", [(0, 10)]),
    ],
)
def test_ranges_are_understood(header: str, spans: list[tuple[int, int]]) -> None:
    assert parse(header, 100) == tuple(Span(*one) for one in spans)


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=200-300", "bytes=-0", "bytes=100-,300-"])
def test_ranges_outside_of_the_file_find_nothing(header: str) -> None:
    assert parse(header, 100) == ()


@pytest.mark.parametrize(
    "header",
    ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-0", "items=0-1", "bytes=0-9;1", "bytes=0--1", "bytes=1"],
)
def test_malformed_ranges_are_ignored(header: str) -> None:
    assert parse(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=0-9,5-", "bytes=0-,0-", "bytes=" + ",".join(f"{n}-{n}" for n in range(17))])
def test_overlapping_or_too_many_ranges_are_ignored(header: str) -> None:
    assert parse(header, 100) is None


def test_empty_file_ignores_ranges() -> None:
    assert parse("bytes=0-0", 0) is None


def test_range_is_answered_in_part() -> None:
    assert judge(range="bytes=0-9") == Wanted(206, (Span(0, 10),))
    assert judge(range="bytes=100-") == Wanted(416)
    assert Span(0, 10).of(100) == "bytes 0-9/100"


def test_head_ignores_ranges() -> None:
    assert judge("HEAD", range="bytes=0-9") == Wanted(200)


@pytest.mark.parametrize("value", ['"e"', '"x", W/"e"', "*"])
def test_if_none_match_is_not_modified(value: str) -> None:
    assert judge(if_none_match=value, range="bytes=0-9") == Wanted(304)


def test_if_none_match_comes_before_if_modified_since() -> None:
    assert judge(if_none_match='"x"', if_modified_since=DATE) == Wanted(200)


@pytest.mark.parametrize(("date", "status"), [(DATE, 304), (EARLIER, 200), (LATER, 200), ("nonsense", 200)])
def test_if_modified_since_has_to_be_the_date_that_was_given(date: str, status: int) -> None:
    assert judge(if_modified_since=date) == Wanted(status)


@pytest.mark.parametrize("fields", [{"if_match": '"x"'}, {"if_match": 'W/"e"'}, {"if_unmodified_since": EARLIER}])
def test_false_preconditions_fail(fields: dict[str, str]) -> None:
    with pytest.raises(PreconditionFailed):
        judge(**fields)


@pytest.mark.parametrize(
    "fields",
    [{"if_match": '"x", "e"'}, {"if_match": "*"}, {"if_unmodified_since": DATE}, {"if_unmodified_since": "nonsense"}],
)
def test_true_preconditions_hold(fields: dict[str, str]) -> None:
    assert judge(**fields) == Wanted(200)


@pytest.mark.parametrize(
    ("value", "status"),
    [('"e"', 206), (DATE, 206), ('"x"', 200), ('W/"e"', 200), (LATER, 200), (EARLIER, 200), ("nonsense", 200)],
)
def test_if_range_by_tag_and_by_date(value: str, status: int) -> None:
    assert judge(range="bytes=0-9", if_range=value).status == status


def test_malformed_entity_tag_is_refused() -> None:
    with pytest.raises(BadRequest):
        judge(if_none_match="e")
