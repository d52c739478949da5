"""Whose files are next."""

from indexer.turns import TURN, Turns


def served(waiting: dict[str, int], seconds: dict[str, float]) -> list[str]:
    """The order in which the files of spaces are done, of each so many that take so long; the first has the newest."""
    turns, order, left = Turns(), list[str](), dict(waiting)
    while any(left.values()):
        space = next((space for space in left if left[space] and space not in turns.over()), None)
        if space is None:
            assert turns.go_on()
            continue
        left[space] -= 1
        turns.use(space, seconds[space])
        order.append(space)
    return order


def test_who_is_alone_never_waits() -> None:
    assert served({"anna": 100}, {"anna": 60}) == ["anna"] * 100


def test_a_thousand_slow_files_keep_others_waiting_no_longer_than_one() -> None:
    order = served({"mallory": 1000, "anna": 200}, {"mallory": 60, "anna": 0.3})
    assert order.count("mallory") == 1000
    assert "anna" in order[:2]
    assert order[1:200].count("anna") >= 195, "a slow file is paid for with as much time"


def test_a_large_import_keeps_others_waiting_no_longer_than_a_turn() -> None:
    order = served({"import": 10_000, "anna": 3, "ben": 3}, {"import": 0.1, "anna": 0.3, "ben": 0.3})
    assert {*order[: int(TURN / 0.1) + 7]} == {"import", "anna", "ben"}
    assert order[:60].count("anna") == order[:60].count("ben") == 3


def test_many_who_have_much_share_the_time() -> None:
    people = {f"person {number}": 100 for number in range(5)}
    order = served(people, dict.fromkeys(people, 2.0))
    first = order[:100]
    assert max(map(first.count, people)) - min(map(first.count, people)) <= 3
