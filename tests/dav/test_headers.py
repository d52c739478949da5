from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.dav import headers
from gateway.errors import BadRequest
from gateway.library.values import NO_CONDITIONS, IfList, Member, Path


def path_of(url: str) -> Path:
    return tuple(url.split("/")[3:])


def conditions(**fields: str) -> Any:
    return headers.conditions({f"HTTP_{name.upper()}": value for name, value in fields.items()}, path_of)


def test_no_headers_are_no_conditions() -> None:
    assert conditions() is NO_CONDITIONS


@pytest.mark.parametrize(
    ("value", "tags"),
    [('"a"', ("a",)), ('"a", "b,c"', ("a", "b,c")), ("*", ("*",)), (' "a" ,W/"b"', ("a",)), ('W/"b"', ())],
)
def test_if_match_compares_strongly(value: str, tags: tuple[str, ...]) -> None:
    assert conditions(if_match=value).if_match == tags


def test_if_none_match_compares_weakly() -> None:
    assert conditions(if_none_match='W/"a", "b"').if_none_match == ("a", "b")


@pytest.mark.parametrize("value", ["", "a", '"a', '"a" "b"', '"a",', '"a", b', "*, *"])
def test_malformed_entity_tags_are_refused(value: str) -> None:
    with pytest.raises(BadRequest):
        conditions(if_match=value)


def test_if_unmodified_since_is_in_seconds() -> None:
    assert conditions(if_unmodified_since="Tue, 14 Nov 2023 22:13:20 GMT").unmodified_since == 1_700_000_000


def test_if_unmodified_since_is_ignored_when_it_is_no_date_or_beside_if_match() -> None:
    assert conditions(if_unmodified_since="yesterday").unmodified_since is None
    date = "Tue, 14 Nov 2023 22:13:20 GMT"
    assert conditions(if_unmodified_since=date, if_match='"a"').unmodified_since is None


def test_if_lists_without_a_tag_are_about_the_request() -> None:
    assert conditions(**{"if": '(<urn:uuid:1> ["e"]) (Not <DAV:no-lock>)'}).if_lists == (
        IfList(None, (Member(negated=False, token="urn:uuid:1"), Member(negated=False, etag="e"))),
        IfList(None, (Member(negated=True, token="DAV:no-lock"),)),
    )


def test_tagged_lists_belong_to_their_address() -> None:
    value = '<http://example.org/a>(<urn:uuid:1>)(["e"]) <http://example.org/b> (not [W/"w"])'
    assert conditions(**{"if": value}).if_lists == (
        IfList(("a",), (Member(negated=False, token="urn:uuid:1"),)),
        IfList(("a",), (Member(negated=False, etag="e"),)),
        IfList(("b",), (Member(negated=True),)),
    )


def test_every_token_of_if_is_submitted() -> None:
    assert conditions(**{"if": "(<urn:uuid:1>) (Not <urn:uuid:2>)"}).tokens == {"urn:uuid:1", "urn:uuid:2"}


@pytest.mark.parametrize(
    "value",
    [
        "",
        "()",
        "(",
        "(<a>",
        "<http://x/a>",
        "<http://x/a> <http://x/b> (<t>)",
        "(<a>) <http://x/a> (<t>)",
        "(Not Not <a>)",
        "(Not)",
        "(<a>) x",
        "(a)",
        '("e")',
        "(<a> (<b>))",
        '["e"]',
        "(<a>)" * 300,
    ],
)
def test_malformed_if_is_refused(value: str) -> None:
    with pytest.raises(BadRequest):
        conditions(**{"if": value})


@given(st.text('()<>[]"/ :NotW-ax', max_size=40))
def test_any_if_is_understood_or_refused(value: str) -> None:
    try:
        lists = headers.if_lists(value, path_of)
    except BadRequest:
        return
    assert all(one.members for one in lists)


@pytest.mark.parametrize(
    ("value", "depth"), [("0", "0"), ("1", "1"), ("Infinity", "infinity"), (" infinity ", "infinity")]
)
def test_depth(value: str, depth: str) -> None:
    assert headers.depth({"HTTP_DEPTH": value}, "0") == depth


@pytest.mark.parametrize("value", ["", "2", "-1", "noroot", "1,noroot"])
def test_other_depths_are_refused(value: str) -> None:
    with pytest.raises(BadRequest):
        headers.depth({"HTTP_DEPTH": value}, "1")


@pytest.mark.parametrize(("value", "meant"), [("T", True), ("F", False), ("true", True), ("f", False), ("", True)])
def test_overwrite(value: str, meant: bool) -> None:  # noqa: FBT001
    assert headers.overwrite({"HTTP_OVERWRITE": value}) is meant


def test_overwrite_is_true_unless_said_otherwise() -> None:
    assert headers.overwrite({}) is True
    with pytest.raises(BadRequest):
        headers.overwrite({"HTTP_OVERWRITE": "maybe"})


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Second-600", 600),
        ("Infinite", 3600),
        ("Infinite, Second-4100000000", 3600),
        ("Second-4100000000", 3600),
        ("Extend, Second-60", 60),
        ("Second-0", 1),
        ("nonsense", 3600),
        ("", 3600),
    ],
)
def test_locks_live_as_long_as_asked_but_an_hour_at_most(value: str, seconds: int) -> None:
    assert headers.timeout({"HTTP_TIMEOUT": value}) == seconds


@pytest.mark.parametrize(
    ("value", "micros"),
    [
        ("1700000000", 1_700_000_000_000_000),
        ("1700000000.123456789", 1_700_000_000_123_456),
        ("1700000000.5", 1_700_000_000_500_000),
        ("-86400", -86_400_000_000),
        ("-1.5", -1_500_000),
        ("0", 0),
    ],
)
def test_x_oc_mtime_is_whole_fractional_or_before_1970(value: str, micros: int) -> None:
    assert headers.modified({"HTTP_X_OC_MTIME": value}) == micros


def test_x_oc_mtime_beyond_every_calendar_is_not_kept() -> None:
    assert headers.modified({"HTTP_X_OC_MTIME": "1700000000000"}) is None


@pytest.mark.parametrize("value", ["", "now", "1e9", "١٢", "1 2", "0x10", "--1"])
def test_x_oc_mtime_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(BadRequest):
        headers.modified({"HTTP_X_OC_MTIME": value})


def test_strongest_checksum_is_verified() -> None:
    md5, sha1 = "a" * 32, "B" * 40
    assert headers.checksum({"HTTP_OC_CHECKSUM": f"MD5:{md5} sha1:{sha1} ADLER32:0a"}) == ("SHA1", "b" * 40)
    assert headers.checksum({"HTTP_OC_CHECKSUM": f"MD5:{md5}"}) == ("MD5", md5)
    assert headers.checksum({"HTTP_OC_CHECKSUM": "ADLER32:0a"}) is None
    assert headers.checksum({}) is None


@pytest.mark.parametrize("value", ["SHA1:abc", "SHA1", "SHA1:" + "g" * 40, "MD5:" + "a" * 40])
def test_malformed_checksum_is_refused(value: str) -> None:
    with pytest.raises(BadRequest):
        headers.checksum({"HTTP_OC_CHECKSUM": value})


def test_upload_size_is_what_the_client_says_in_either_way() -> None:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    assert headers.upload_size({"CONTENT_LENGTH": "12"}) == 12
    assert headers.upload_size({}) == 0
    assert headers.upload_size(chunked) is None
    assert headers.upload_size({**chunked, "HTTP_X_EXPECTED_ENTITY_LENGTH": "12"}) == 12
    with pytest.raises(BadRequest):
        headers.upload_size({**chunked, "HTTP_X_EXPECTED_ENTITY_LENGTH": "-3"})


@pytest.mark.parametrize("value", ["<urn:uuid:1>", "urn:uuid:1", " <urn:uuid:1> "])
def test_lock_token_with_and_without_brackets(value: str) -> None:
    assert headers.lock_token({"HTTP_LOCK_TOKEN": value}) == "urn:uuid:1"


@pytest.mark.parametrize("value", ["", "<>", "<a> <b>"])
def test_malformed_lock_token_is_refused(value: str) -> None:
    with pytest.raises(BadRequest):
        headers.lock_token({"HTTP_LOCK_TOKEN": value})
