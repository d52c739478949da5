"""Locks (RFC 4918 §6, §7): rows that every process shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.errors import (
    CatalogueUnavailable,
    Conflict,
    Forbidden,
    Locked,
    NotFound,
    PreconditionFailed,
    QuotaExceeded,
    TooManyRequests,
)
from gateway.library import locks
from gateway.library.values import NO_CONDITIONS, Conditions, Lock, PropertyChange, Role
from tests.library.house import House, Sums, at, failures, together, tokens, untouchable

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def shared(house: House) -> House:
    """family/f/a, with Bob and Alice who may change it."""
    house.folder("family/f")
    house.put("family/f/a", b"old")
    return house


def changes(house: House, path: str, conditions: Conditions = NO_CONDITIONS) -> dict[str, Callable[[], object]]:
    """Everything that changes the file at ``path``, done by Alice."""
    files = house.library.files
    house.folder("family/elsewhere") if not house.exists("family/elsewhere") else None
    house.put("family/other", b"other")
    return {
        "put": lambda: house.put(path, b"new", conditions=conditions),
        "delete": lambda: house.delete(path, conditions=conditions),
        "move away": lambda: house.move(path, "family/elsewhere/a", conditions=conditions),
        "move onto": lambda: house.move("family/other", path, conditions=conditions),
        "copy onto": lambda: house.copy("family/other", path, conditions=conditions),
        "properties": lambda: files.set_properties(
            house.alice, at(path), [PropertyChange(("urn:x", "p"), "v")], conditions=conditions
        ),
    }


ALL = ["put", "delete", "move away", "move onto", "copy onto", "properties"]


@pytest.mark.parametrize("change", ALL)
def test_a_locked_file_cannot_be_changed_without_its_token(shared: House, change: str) -> None:
    shared.lock("family/f/a")
    with pytest.raises(Locked) as refused:
        changes(shared, "family/f/a")[change]()
    assert refused.value.path == at("family/f/a")
    assert shared.read("family/f/a") == b"old"


@pytest.mark.parametrize("change", ALL)
def test_a_locked_file_can_be_changed_with_its_token(shared: House, change: str) -> None:
    token = shared.lock("family/f/a")
    changes(shared, "family/f/a", tokens(token))[change]()


@pytest.mark.parametrize("change", ALL)
def test_somebody_elses_token_does_not_help(shared: House, change: str) -> None:
    token = shared.lock("family/f/a", shared.bob)
    with pytest.raises(Locked):
        changes(shared, "family/f/a", tokens(token))[change]()


@pytest.mark.parametrize("change", ALL)
def test_a_folder_locked_with_everything_in_it_protects_its_files(shared: House, change: str) -> None:
    token = shared.lock("family/f", infinite=True)
    with pytest.raises(Locked) as refused:
        changes(shared, "family/f/a")[change]()
    assert refused.value.path == at("family/f")
    changes(shared, "family/f/a", tokens(token))[change]()


@pytest.mark.parametrize("change", ["put", "properties"])
def test_a_folder_locked_alone_leaves_its_files_open_to_overwriting(shared: House, change: str) -> None:
    """RFC 4918 §7: a lock of depth 0 protects which members there are, not what they contain."""
    shared.lock("family/f", shared.bob)
    changes(shared, "family/f/a")[change]()


def test_a_folder_locked_alone_cannot_get_or_lose_members(shared: House) -> None:
    token = shared.lock("family/f")
    shared.put("family/b", b"x")
    files = shared.library.files

    def each(conditions: Conditions) -> list[Callable[[], object]]:
        return [
            lambda: shared.put("family/f/new", b"x", conditions=conditions),
            lambda: files.make_folder(shared.alice, at("family/f/folder"), conditions=conditions),
            lambda: shared.copy("family/b", "family/f/copy", conditions=conditions),
            lambda: shared.move("family/b", "family/f/moved", conditions=conditions),
            lambda: shared.lock("family/f/locked", conditions=conditions),
            lambda: shared.move("family/f/a", "family/a", conditions=conditions),
            lambda: shared.delete("family/f/new", conditions=conditions),
        ]

    for refused in each(NO_CONDITIONS)[:-1]:
        with pytest.raises(Locked) as error:
            refused()
        assert error.value.path == at("family/f")
    for allowed in each(tokens(token)):
        allowed()


def test_a_folder_cannot_be_deleted_or_moved_while_something_in_it_is_locked(shared: House) -> None:
    shared.folder("family/g")
    token = shared.lock("family/f/a")
    for refused in (
        lambda: shared.delete("family/f"),
        lambda: shared.move("family/f", "family/h"),
        lambda: shared.move("family/g", "family/f"),
        lambda: shared.copy("family/g", "family/f"),
    ):
        with pytest.raises(Locked) as error:
            refused()
        assert error.value.path == at("family/f/a")
    shared.move("family/f", "family/h", conditions=tokens(token))


def test_an_upload_that_is_locked_out_is_refused_before_its_body_is_read(shared: House) -> None:
    shared.lock("family/f/a", shared.bob)
    with pytest.raises(Locked):
        shared.library.uploads.put(shared.alice, at("family/f/a"), untouchable(), size=3)


def test_a_lock_taken_while_a_body_arrives_refuses_it_in_the_end(shared: House) -> None:
    def body() -> object:
        shared.lock("family/f/a", shared.bob)
        yield b"new"

    with pytest.raises(Locked):
        shared.library.uploads.put(shared.alice, at("family/f/a"), body(), size=3)  # type: ignore[arg-type]
    assert shared.read("family/f/a") == b"old"
    shared.assert_sound()


def test_two_exclusive_locks_conflict(shared: House) -> None:
    shared.lock("family/f/a", shared.bob)
    for who in (shared.alice, shared.bob):
        with pytest.raises(Locked):
            shared.lock("family/f/a", who)


def test_an_exclusive_and_a_shared_lock_conflict(shared: House) -> None:
    shared.lock("family/f/a", exclusive=False)
    with pytest.raises(Locked):
        shared.lock("family/f/a", shared.bob)


def test_two_people_can_share_a_lock_and_each_may_write(shared: House) -> None:
    mine = shared.lock("family/f/a", exclusive=False)
    theirs = shared.lock("family/f/a", shared.bob, exclusive=False)
    shared.put("family/f/a", b"mine", conditions=tokens(mine))
    shared.put("family/f/a", b"theirs", shared.bob, conditions=tokens(theirs))
    with pytest.raises(Locked):
        shared.put("family/f/a", b"without")


def test_a_lock_on_everything_conflicts_with_a_lock_below(shared: House) -> None:
    shared.lock("family/f/a", shared.bob)
    with pytest.raises(Locked) as refused:
        shared.lock("family", infinite=True)
    assert refused.value.path == at("family/f/a")
    shared.lock("family", infinite=False)


def test_a_lock_on_everything_conflicts_with_a_lock_inside_later(shared: House) -> None:
    shared.lock("family/f", infinite=True)
    with pytest.raises(Locked) as refused:
        shared.lock("family/f/a", shared.bob)
    assert refused.value.path == at("family/f")


def test_inherited_locks_are_shown_on_members(shared: House) -> None:
    token = shared.lock("family", infinite=True, owner="<me/>")
    locks_ = shared.library.files.stat(shared.bob, at("family/f/a")).locks
    assert [(lock.token, lock.infinite, lock.exclusive, lock.owner) for lock in locks_] == [(token, 1, 1, "<me/>")]


def test_a_lock_on_a_free_name_makes_an_empty_file(house: House) -> None:
    lock, resource, created = house.library.locks.acquire(
        house.alice, at("alice/new"), exclusive=True, infinite=False, owner="", seconds=60
    )
    assert created is True
    assert (resource.entry.size, [one.token for one in resource.locks]) == (0, [lock.token])
    assert house.names("alice") == ["new"]
    assert house.sums() == Sums(live=0, held=0, trash=0, entries=3)
    assert house.objects() == set()


def test_a_lock_on_what_is_there_makes_nothing(house: House) -> None:
    house.put("alice/a", b"x")
    made = house.library.locks.acquire(house.alice, at("alice/a"), exclusive=True, infinite=False, owner="", seconds=60)
    assert made[2] is False


def test_a_refused_lock_on_a_free_name_leaves_nothing(shared: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "MAX_PER_ACCOUNT", 1)
    shared.lock("family/f", shared.bob, infinite=True)
    for path, who, error in (
        ("family/f/new", shared.alice, Locked),
        ("family/new", shared.bob, TooManyRequests),
        ("family/missing/new", shared.alice, Conflict),
        ("family/new", shared.carol, Forbidden),
    ):
        with pytest.raises(error):
            shared.lock(path, who)
    with pytest.raises(PreconditionFailed):
        shared.lock("family/new", conditions=Conditions(if_match=("*",)))
    assert shared.names("family") == ["f"]
    assert shared.names("family/f") == ["a"]
    shared.assert_sound()


def test_a_lock_on_a_free_name_is_refused_where_no_entry_fits(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.library.record.MAX_ENTRIES", 2)
    with pytest.raises(QuotaExceeded):
        house.lock("alice/new")
    assert house.names("alice") == []


def test_of_twenty_parallel_exclusive_locks_one_is_given(shared: House) -> None:
    results = together([lambda: shared.lock("family/f/a") for _ in range(20)])
    assert failures(results, Locked) == []
    assert sum(isinstance(one, str) for one in results) == 1


def test_an_account_has_at_most_a_thousand_locks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert locks.MAX_PER_ACCOUNT == 1000
    monkeypatch.setattr(locks, "MAX_PER_ACCOUNT", 3)
    for number in range(3):
        house.lock(f"alice/{number}")
    with pytest.raises(TooManyRequests):
        house.lock("alice/more")
    house.lock("family/more", house.bob)
    house.execute("UPDATE lock SET expires = 0")
    house.lock("alice/more")


@pytest.mark.parametrize(("asked", "given"), [(60, 60), (3600, 3600), (10**9, 3600), (0, 1), (-5, 1)])
def test_a_lock_lasts_as_long_as_asked_and_an_hour_at_most(house: House, asked: int, given: int) -> None:
    lock = house.library.locks.acquire(
        house.alice, at("alice/a"), exclusive=True, infinite=False, owner="", seconds=asked
    )[0]
    assert given - 2 <= lock.seconds_left <= given


def test_an_expired_lock_protects_nothing(shared: House) -> None:
    """By the clock of the database, which is moved here by moving the expiry."""
    token = shared.lock("family/f", shared.bob, infinite=True)
    shared.execute("UPDATE lock SET expires = expires - 601 * 1000000")
    assert shared.library.files.stat(shared.alice, at("family/f/a")).locks == ()
    shared.put("family/f/a", b"new")
    shared.lock("family/f/a")
    with pytest.raises(PreconditionFailed):
        shared.library.locks.refresh(shared.bob, at("family/f"), seconds=60, conditions=tokens(token))
    with pytest.raises(Conflict):
        shared.library.locks.release(shared.bob, at("family/f"), token)


def test_expired_locks_are_forgotten(house: House) -> None:
    house.lock("alice/a")
    house.lock("alice/b")
    house.execute("UPDATE lock SET expires = 0 WHERE token = (SELECT min(token) FROM lock)")
    house.library.upkeep.forget()
    assert house.rows("SELECT count(*) FROM lock") == [(1,)]


def test_a_refreshed_lock_lasts_longer(shared: House) -> None:
    token = shared.lock("family/f", infinite=True, seconds=60)
    for path in ("family/f", "family/f/a"):
        lock = shared.library.locks.refresh(shared.alice, at(path), seconds=3000, conditions=tokens(token))
        assert (lock.token, lock.seconds_left >= 2990) == (token, True)


def test_only_its_owner_refreshes_a_lock(shared: House) -> None:
    token = shared.lock("family/f/a")
    for who, path, submitted in (
        (shared.bob, "family/f/a", token),
        (shared.alice, "family/f/a", "urn:uuid:other"),
        (shared.alice, "family/f", token),
    ):
        with pytest.raises(PreconditionFailed):
            shared.library.locks.refresh(who, at(path), seconds=60, conditions=tokens(submitted))
    with pytest.raises(NotFound):
        shared.library.locks.refresh(shared.alice, at("family/no"), seconds=60, conditions=tokens(token))


def test_a_lock_that_expires_while_it_is_refreshed_is_no_lock(shared: House, monkeypatch: pytest.MonkeyPatch) -> None:
    token = shared.lock("family/f/a")
    monkeypatch.setattr(locks, "_bounded", lambda seconds: seconds)
    with pytest.raises(PreconditionFailed):
        shared.library.locks.refresh(shared.alice, at("family/f/a"), seconds=-1, conditions=tokens(token))


def test_a_released_lock_protects_nothing(shared: House) -> None:
    token = shared.lock("family/f", infinite=True)
    shared.library.locks.release(shared.alice, at("family/f/a"), token)
    shared.put("family/f/a", b"new", shared.bob)


def test_an_editor_cannot_release_somebody_elses_lock_but_a_manager_can(shared: House) -> None:
    token = shared.lock("family/f/a")
    with pytest.raises(Forbidden):
        shared.library.locks.release(shared.bob, at("family/f/a"), token)
    theirs = shared.lock("family/b", shared.bob)
    shared.library.locks.release(shared.alice, at("family/b"), theirs)
    shared.library.locks.release(shared.alice, at("family/f/a"), token)


def test_a_token_is_released_only_where_it_protects(shared: House) -> None:
    token = shared.lock("family/f/a")
    for path in ("family/f", "family"):
        with pytest.raises(Conflict):
            shared.library.locks.release(shared.alice, at(path), token)
    with pytest.raises(Conflict):
        shared.library.locks.release(shared.alice, at("family/f/a"), "urn:uuid:other")


def test_a_lock_does_not_travel_with_a_move(shared: House) -> None:
    token = shared.lock("family/f/a")
    shared.move("family/f/a", "family/b", conditions=tokens(token))
    assert shared.library.files.stat(shared.alice, at("family/b")).locks == ()
    shared.put("family/b", b"new", shared.bob)


def test_locks_below_a_moved_folder_end(shared: House) -> None:
    token = shared.lock("family/f/a")
    shared.move("family/f", "alice/f", conditions=tokens(token))
    assert shared.library.files.stat(shared.alice, at("alice/f/a")).locks == ()
    assert shared.rows("SELECT * FROM lock") == []


def test_a_moved_file_comes_under_the_lock_of_its_new_folder(shared: House) -> None:
    token = shared.lock("family/f", infinite=True)
    shared.put("family/b", b"x")
    shared.move("family/b", "family/f/b", conditions=tokens(token))
    with pytest.raises(Locked):
        shared.put("family/f/b", b"new", shared.bob)


def test_a_lock_does_not_travel_with_a_copy(shared: House) -> None:
    shared.lock("family/f/a", shared.bob)
    shared.copy("family/f/a", "family/b")
    assert shared.library.files.stat(shared.alice, at("family/b")).locks == ()


def test_locks_end_with_what_they_were_on(shared: House) -> None:
    token = shared.lock("family/f/a")
    shared.delete("family/f/a", conditions=tokens(token))
    assert shared.rows("SELECT * FROM lock") == []
    shared.put("family/f/a", b"another", shared.bob)


def test_a_locked_folder_takes_nothing_back_from_the_trash(shared: House) -> None:
    shared.delete("family/f/a")
    shared.lock("family/f", shared.bob)
    with pytest.raises(Locked):
        shared.library.trash.restore(shared.alice, "family", shared.trashed("family")["a"])


def test_locks_of_a_member_end_when_they_become_a_viewer(shared: House) -> None:
    token = shared.lock("family/f/a", shared.bob)
    shared.library.spaces.grant("family", "bob", Role.VIEWER)
    with pytest.raises(Forbidden):
        shared.library.locks.refresh(shared.bob, at("family/f/a"), seconds=60, conditions=tokens(token))
    shared.put("family/f/a", b"new")
    with pytest.raises(Forbidden):
        shared.lock("family/f/a", shared.bob)


def test_locks_of_a_member_end_with_the_membership(shared: House) -> None:
    shared.lock("family/f/a", shared.bob)
    shared.library.spaces.revoke("family", "bob")
    shared.put("family/f/a", b"new")


def test_removing_an_account_ends_its_locks(shared: House) -> None:
    shared.lock("family/f/a", shared.bob)
    shared.library.accounts.remove("bob")
    shared.put("family/f/a", b"new")


def test_a_lock_is_told_with_its_kind_and_time(house: House) -> None:
    lock, resource, _ = house.library.locks.acquire(
        house.alice, at("alice/a"), exclusive=False, infinite=True, owner="<d:href>x</d:href>", seconds=60
    )
    assert isinstance(lock, Lock)
    assert lock.token.startswith("urn:uuid:")
    assert (lock.entry_id, lock.account_id) == (resource.entry.id, house.alice.account_id)
    assert (bool(lock.infinite), bool(lock.exclusive), lock.owner) == (True, False, "<d:href>x</d:href>")


def test_a_name_that_means_another_space_meanwhile_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.put("family/a", b"x")
    house.library.spaces.add("other")
    house.library.spaces.grant("other", "alice", Role.MANAGER)
    plain = house.catalogue.write

    def renamed_first(*arguments: Any, **options: Any) -> Any:
        monkeypatch.undo()
        house.library.spaces.rename("family", "old")
        house.library.spaces.rename("other", "family")
        return plain(*arguments, **options)

    monkeypatch.setattr(type(house.catalogue), "write", lambda _self, *a, **k: renamed_first(*a, **k))
    with pytest.raises(CatalogueUnavailable):
        house.lock("family/a")
