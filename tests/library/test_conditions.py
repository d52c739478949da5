"""Conditions of a request: judged before the body and again when it settles."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import Conflict, NotFound, PreconditionFailed
from gateway.library.values import Conditions, IfList, Member, Path, Put
from tests.library.house import House, at, failures, noise, together, tokens, untouchable

ANY = ("*",)


def members(*items: str) -> tuple[Member, ...]:
    """``!`` negates, ``@`` is an entity tag, ``?`` a weak one."""
    made = []
    for item in items:
        negated, rest = item.startswith("!"), item.removeprefix("!")
        if rest == "?":
            made.append(Member(negated))
        elif rest.startswith("@"):
            made.append(Member(negated, etag=rest[1:]))
        else:
            made.append(Member(negated, token=rest))
    return tuple(made)


def lists(*one: tuple[str, ...], path: Path | None = None) -> Conditions:
    return Conditions(if_lists=tuple(IfList(path, members(*items)) for items in one))


def test_if_match_of_what_is_there_lets_it_be_replaced(house: House) -> None:
    etag = house.put("alice/a", b"old").entry.etag
    house.put("alice/a", b"new", conditions=Conditions(if_match=("other", etag)))
    house.put("alice/a", b"newer", conditions=Conditions(if_match=ANY))
    assert house.read("alice/a") == b"newer"


def test_if_match_of_something_else_is_refused_before_the_body_is_read(house: House) -> None:
    house.put("alice/a", b"old")
    for tags in (("other",), ()):
        with pytest.raises(PreconditionFailed):
            house.library.uploads.put(
                house.alice, at("alice/a"), untouchable(), size=3, conditions=Conditions(if_match=tags)
            )
    assert house.read("alice/a") == b"old"


@pytest.mark.parametrize("tags", [ANY, ("any",)])
def test_if_match_where_nothing_is_there_is_refused(house: House, tags: tuple[str, ...]) -> None:
    with pytest.raises(PreconditionFailed):
        house.put("alice/a", conditions=Conditions(if_match=tags))
    assert house.names("alice") == []


def test_if_none_match_star_creates_and_never_replaces(house: House) -> None:
    house.put("alice/a", b"first", conditions=Conditions(if_none_match=ANY))
    with pytest.raises(PreconditionFailed):
        house.put("alice/a", b"second", conditions=Conditions(if_none_match=ANY))
    assert house.read("alice/a") == b"first"


def test_if_none_match_of_what_is_there_is_refused(house: House) -> None:
    etag = house.put("alice/a", b"first").entry.etag
    with pytest.raises(PreconditionFailed):
        house.put("alice/a", b"second", conditions=Conditions(if_none_match=("other", etag)))
    house.put("alice/a", b"second", conditions=Conditions(if_none_match=("other",)))


def test_a_folder_has_no_entity_tag_to_match(house: House) -> None:
    house.folder("alice/f")
    with pytest.raises(PreconditionFailed):
        house.delete("alice/f", conditions=Conditions(if_match=("",)))
    with pytest.raises(PreconditionFailed):
        house.delete("alice/f", conditions=lists(("@",)))
    house.delete("alice/f", conditions=Conditions(if_match=ANY))


def test_unmodified_since_has_the_grain_of_a_second(house: House) -> None:
    house.put("alice/a", b"x", modified=1_000_900_000)
    with pytest.raises(PreconditionFailed):
        house.put("alice/a", b"y", conditions=Conditions(unmodified_since=999))
    house.put("alice/a", b"y", conditions=Conditions(unmodified_since=1000))


def test_unmodified_since_is_ignored_beside_if_match(house: House) -> None:
    """RFC 9110 §13.2.2."""
    etag = house.put("alice/a", b"x", modified=1_000_000_000).entry.etag
    house.put("alice/a", b"y", conditions=Conditions(if_match=(etag,), unmodified_since=1))


def test_of_twenty_parallel_creations_exactly_one_wins(house: House) -> None:
    condition = Conditions(if_none_match=ANY)
    jobs = [lambda n=n: house.put("alice/a", noise(1000, n), conditions=condition) for n in range(20)]
    results = together(jobs)
    assert failures(results, PreconditionFailed) == []
    winners = [n for n, one in enumerate(results) if isinstance(one, Put)]
    assert len(winners) == 1
    assert house.read("alice/a") == noise(1000, winners[0])
    assert house.trashed() == {}
    house.assert_sound()


def test_of_twenty_parallel_replacements_of_one_version_exactly_one_wins(house: House) -> None:
    condition = Conditions(if_match=(house.put("alice/a", b"old").entry.etag,))
    jobs = [lambda n=n: house.put("alice/a", noise(1000, n), conditions=condition) for n in range(20)]
    results = together(jobs)
    assert failures(results, PreconditionFailed) == []
    assert sum(isinstance(one, Put) for one in results) == 1
    house.assert_sound()


def test_conditions_are_judged_again_when_the_upload_settles(house: House) -> None:
    etag = house.put("alice/a", b"old").entry.etag

    def body() -> Any:
        house.put("alice/a", b"meanwhile")
        yield b"new"

    with pytest.raises(PreconditionFailed):
        house.library.uploads.put(house.alice, at("alice/a"), body(), size=3, conditions=Conditions(if_match=(etag,)))
    assert house.read("alice/a") == b"meanwhile"
    house.assert_sound()


@pytest.mark.parametrize("operation", ["delete", "move", "copy", "folder", "properties", "lock"])
def test_every_change_is_judged_by_its_conditions(house: House, operation: str) -> None:
    house.put("alice/a", b"x")
    house.folder("alice/f")
    rows = house.rows("SELECT * FROM entry")
    conditions = Conditions(if_match=("other",))
    calls = {
        "delete": lambda: house.delete("alice/a", conditions=conditions),
        "move": lambda: house.move("alice/a", "alice/b", conditions=conditions),
        "copy": lambda: house.copy("alice/a", "alice/b", conditions=conditions),
        "folder": lambda: house.library.files.make_folder(house.alice, at("alice/g"), conditions=conditions),
        "properties": lambda: house.library.files.set_properties(
            house.alice, at("alice/a"), [], modified=1, conditions=conditions
        ),
        "lock": lambda: house.lock("alice/b", conditions=conditions),
    }
    with pytest.raises(PreconditionFailed):
        calls[operation]()
    assert house.rows("SELECT * FROM entry") == rows


@pytest.mark.parametrize(
    ("items", "holds"),
    [
        (["TOKEN"], True),
        (["!TOKEN"], False),
        (["opaquelocktoken:unknown"], False),
        (["!opaquelocktoken:unknown", "TOKEN"], True),
        (["!DAV:no-lock"], True),
        (["DAV:no-lock"], False),
        (["@ETAG"], True),
        (["@other"], False),
        (["!@ETAG"], False),
        (["!@other"], True),
        (["TOKEN", "@ETAG"], True),
        (["TOKEN", "@other"], False),
        (["?"], False),
        (["!?"], True),
    ],
)
def test_a_list_of_the_if_header_is_true_when_all_its_members_are(
    house: House,
    items: list[str],
    holds: bool,  # noqa: FBT001
) -> None:
    etag = house.put("alice/a", b"x").entry.etag
    token = house.lock("alice/a")
    filled = tuple(item.replace("TOKEN", token).replace("ETAG", etag) for item in items)
    # The token is submitted in any case, so that only the condition decides.
    conditions = lists(filled, ("DAV:no-lock", token))
    if holds:
        house.put("alice/a", b"y", conditions=conditions)
    else:
        with pytest.raises(PreconditionFailed):
            house.put("alice/a", b"y", conditions=conditions)


def test_one_true_list_of_the_if_header_is_enough(house: House) -> None:
    etag = house.put("alice/a", b"x").entry.etag
    house.put("alice/a", b"y", conditions=lists(("@other",), (f"@{etag}",)))


def test_a_tagged_list_speaks_of_another_path(house: House) -> None:
    house.put("alice/a", b"x")
    etag = house.put("alice/b", b"y").entry.etag
    house.put("alice/a", b"z", conditions=lists((f"@{etag}",), path=at("alice/b")))
    with pytest.raises(PreconditionFailed):
        house.put("alice/a", b"z", conditions=lists((f"@{etag}",), path=at("alice/c")))


@pytest.mark.parametrize("path", ["alice/nothing", "nowhere/a", "dave/secret", "alice/\x00", "\ud800/x"])
def test_a_tagged_list_about_what_cannot_be_seen_is_simply_false(house: House, path: str) -> None:
    etag = house.put("dave/secret", b"x", who=house.dave).entry.etag
    house.put("alice/a", b"x")
    with pytest.raises(PreconditionFailed):
        house.put("alice/a", b"z", conditions=lists((f"@{etag}",), path=at(path)))
    house.put("alice/a", b"z", conditions=lists((f"!@{etag}",), path=at(path)))


def test_the_conditions_of_a_move_speak_of_its_source(house: House) -> None:
    etag = house.put("alice/a", b"x").entry.etag
    house.put("alice/b", b"y")
    house.move("alice/a", "alice/b", conditions=Conditions(if_match=(etag,)))
    assert house.read("alice/b") == b"x"


def test_what_is_missing_is_not_found_whatever_the_conditions(house: House) -> None:
    for change in (
        lambda: house.delete("alice/a", conditions=tokens("x")),
        lambda: house.move("alice/a", "alice/b", conditions=tokens("x")),
        lambda: house.copy("alice/a", "alice/b", conditions=tokens("x")),
    ):
        with pytest.raises(NotFound):
            change()
    with pytest.raises(Conflict):
        house.put("alice/f/a", conditions=Conditions(if_match=ANY))
