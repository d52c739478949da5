"""Who somebody is: passwords, devices, guessing, and names that belong to one account or space."""

from __future__ import annotations

import threading
import time
from typing import Any

import argon2
import pytest

from gateway.errors import (
    BadName,
    BadRequest,
    CatalogueUnavailable,
    Conflict,
    Exists,
    NotFound,
    StoreFull,
    TooManyAttempts,
    TooManyRequests,
    Unauthenticated,
)
from gateway.library import accounts, passwords
from gateway.library.attempts import ACCOUNT, NETWORK, PAIR, Limit, network_of
from gateway.library.values import Principal, Role
from tests.library.house import PASSWORD, QUOTA, House, at, failures, together


def login(house: House, name: str = "alice", password: str = PASSWORD, address: str = "10.0.0.1") -> Principal:
    return house.library.accounts.authenticate(name, password, address=address, device="rclone/1.70")


def fresh_process(house: House) -> House:
    """Another process over the same catalogue: it remembers no password."""
    return house.with_options(instance="two")


def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that argon2 is asked about from now on."""
    seen: list[str] = []
    plain = passwords.verify_chosen

    def verify(stored: str | None, password: str) -> bool:
        seen.append(password)
        return plain(stored, password)

    monkeypatch.setattr(passwords, "verify_chosen", verify)
    return seen


def forgive(house: House, seconds: int) -> None:
    """Let time pass for whoever failed to log in."""
    house.execute("UPDATE attempt SET until = until - :us", us=seconds * 1_000_000)


def test_a_password_tells_who_somebody_is(house: House) -> None:
    who = login(house)
    assert (who.account_id, who.name, who.admin, who.device) == (house.alice.account_id, "alice", False, "rclone/1.70")


def test_an_administrator_is_told_apart(house: House) -> None:
    house.library.accounts.add("root", password=PASSWORD, admin=True)
    assert login(house, "root").admin is True


@pytest.mark.parametrize("name", ["Alice", "ALICE", "alice"])
def test_a_name_to_log_in_with_has_no_case(house: House, name: str) -> None:
    assert login(house, name).name == "alice"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("alice", "wrong"),
        ("alice", ""),
        ("alice", PASSWORD + "\0"),
        ("alice", "\ud800"),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("family", PASSWORD),
        ("alice\0", PASSWORD),
        ("alice\ud800", PASSWORD),
        ("a" * 10_000, PASSWORD),
        ("%", PASSWORD),
    ],
)
def test_wrong_credentials_are_refused_and_never_say_which_part_was_wrong(
    house: House, name: str, password: str
) -> None:
    with pytest.raises(Unauthenticated, match=r"^Wrong name or password\.$"):
        login(house, name, password)


def test_an_unknown_name_is_checked_like_a_known_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = checks(monkeypatch)
    for name in ("alice", "nobody", "no\0body"):
        with pytest.raises(Unauthenticated):
            login(house, name, "wrong")
    assert seen == ["wrong"] * 3


def test_a_second_login_is_not_checked_with_argon2_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = checks(monkeypatch)
    for _ in range(3):
        login(house)
    assert seen == [PASSWORD]


def test_what_is_remembered_of_a_password_is_that_password_alone(house: House) -> None:
    login(house)
    for wrong in (PASSWORD + " ", PASSWORD[:-1], PASSWORD.upper()):
        with pytest.raises(Unauthenticated):
            login(house, password=wrong)
    with pytest.raises(Unauthenticated):
        login(house, "nobody")


def test_two_people_with_one_password_are_two_people(house: House) -> None:
    assert login(house, "alice").account_id != login(house, "bob").account_id


def test_a_changed_password_works_and_the_old_one_stops_at_once(house: House) -> None:
    login(house)
    other = fresh_process(house)
    login(other)
    house.library.accounts.set_password("alice", "another password")
    for process in (house, other):
        with pytest.raises(Unauthenticated):
            login(process)
        assert login(process, password="another password").name == "alice"


def test_a_remembered_password_is_forgotten_after_a_thousand_others() -> None:
    remembered = passwords.Remembered()
    for number in range(1001):
        remembered.add("stored", str(number))
    assert not remembered.knows("stored", "0")
    assert remembered.knows("stored", "1000")


def test_a_removed_account_cannot_log_in_from_that_moment(house: House) -> None:
    app = house.library.accounts.add_app_password("alice", "phone")
    login(house)
    house.library.accounts.remove("alice")
    for password in (PASSWORD, app):
        with pytest.raises(Unauthenticated):
            login(house, password=password)
    with pytest.raises(NotFound):
        house.library.files.spaces(house.alice) or house.library.files.stat(house.alice, at("alice"))


def test_a_removed_account_cannot_be_managed(house: House) -> None:
    house.library.accounts.remove("alice")
    manage = house.library.accounts
    for call in (
        lambda: manage.remove("alice"),
        lambda: manage.rename("alice", "alicia"),
        lambda: manage.set_password("alice", PASSWORD),
        lambda: manage.set_quota("alice", 1),
        lambda: manage.add_app_password("alice", "phone"),
        lambda: manage.credentials("alice"),
        lambda: house.library.spaces.grant("family", "alice", Role.VIEWER),
    ):
        with pytest.raises(NotFound):
            call()


def test_the_name_of_a_removed_account_stays_taken_until_it_is_purged(house: House) -> None:
    house.put("alice/a", b"x")
    space = house.space("alice").id
    house.library.accounts.remove("alice")
    with pytest.raises(Exists):
        house.library.accounts.add("Alice", password=PASSWORD)
    house.execute("UPDATE space SET removed = removed - :d WHERE id = :s", d=29 * 86_400 * 1_000_000, s=space)
    assert house.library.upkeep.purge_removed_spaces() == 0
    house.execute("UPDATE space SET removed = removed - :d WHERE id = :s", d=2 * 86_400 * 1_000_000, s=space)
    assert house.library.upkeep.purge_removed_spaces() == 1
    house.library.accounts.add("Alice", password=PASSWORD)
    assert house.names("alice", login(house)) == []
    house.assert_sound()


def test_an_account_made_again_under_a_name_has_another_key_for_its_objects(house: House) -> None:
    key = house.space("alice").key
    house.library.accounts.remove("alice")
    house.library.upkeep.purge_space(house.space("alice").id)
    house.library.accounts.add("alice", password=PASSWORD)
    assert house.space("alice").key != key


def test_an_app_password_tells_who_and_which_device(house: House) -> None:
    password = house.library.accounts.add_app_password("alice", "Pixel 9")
    who = login(house, password=password)
    assert (who.name, who.device) == ("alice", "Pixel 9")
    with pytest.raises(Unauthenticated):
        login(house, "bob", password)


def test_an_app_password_is_long_random_and_stored_only_as_a_hash(house: House) -> None:
    made = {house.library.accounts.add_app_password("alice", "phone") for _ in range(20)}
    assert len(made) == 20
    assert min(len(one.replace("-", "")) for one in made) >= 32
    stored = " ".join(row[0] for row in house.rows("SELECT secret FROM credential"))
    assert not any(one in stored for one in [*made, PASSWORD])


def test_a_revoked_credential_stops_working_at_once(house: House) -> None:
    password = house.library.accounts.add_app_password("alice", "phone")
    used = login(house, password=password).credential_id
    assert used is not None
    with pytest.raises(NotFound):
        house.library.accounts.revoke("bob", used)
    house.library.accounts.revoke("alice", used)
    with pytest.raises(Unauthenticated):
        login(house, password=password)
    with pytest.raises(NotFound):
        house.library.accounts.revoke("alice", used)


def test_credentials_are_listed_without_their_secrets(house: House) -> None:
    house.library.accounts.add_app_password("alice", "  phone  ")
    house.library.accounts.add_app_password("alice", " ")
    found = house.library.accounts.credentials("alice")
    assert [(one.kind, one.label) for one in found] == [("password", "password"), ("app", "phone"), ("app", "device")]
    assert not hasattr(found[0], "secret")


def test_when_a_credential_was_used_is_written_once_an_hour(house: House) -> None:
    login(house)
    used = house.library.accounts.credentials("alice")[0].used
    assert used is not None
    login(house)
    assert house.library.accounts.credentials("alice")[0].used == used


@pytest.mark.parametrize("error", [CatalogueUnavailable("busy"), StoreFull("full")])
def test_people_can_log_in_while_nothing_can_be_written(
    house: House, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def run(*_: Any, **__: Any) -> int:
        raise error

    monkeypatch.setattr(house.catalogue, "run", run)
    assert login(house).name == "alice"
    assert login(house).name == "alice"


def test_a_device_that_calls_itself_something_endless_is_cut_short(house: House) -> None:
    who = house.library.accounts.authenticate("alice", PASSWORD, address="10.0.0.1", device="x" * 100_000)
    assert len(who.device) == 200


def guess(house: House, name: str, address: str) -> int | None:
    """Try a wrong password; the seconds that one has to wait first, None when it was tried."""
    try:
        login(house, name, "guess", address)
    except TooManyAttempts as error:
        return error.retry_after
    except Unauthenticated:
        return None
    raise AssertionError("a wrong password is right")


def spent(house: House, limit: Limit, name: str = "alice", address: str = "10.0.0.1") -> None:
    """Use up what guesses of a name, or from an address, cost nothing: "*" stands for another one each time."""
    for number in range(limit.free + 1):
        who = name.replace("*", f"nobody{number}")
        assert guess(house, who, address.replace("*", f"{number // 250}.{number % 250}")) is None
    house.execute("UPDATE attempt SET until = until + 600 * 1000000 WHERE until > 0")


def test_guessing_is_slowed_after_five_failures_and_the_wait_doubles(house: House) -> None:
    waits: list[int] = []
    for _ in range(PAIR.free + 8):
        if wait := guess(house, "alice", "10.0.0.1"):
            waits.append(wait)
            forgive(house, 10_000)
    assert waits == [1, 2, 4, 8]


def test_the_wait_is_never_longer_than_a_quarter_of_an_hour(house: House) -> None:
    guess(house, "alice", "10.0.0.1")
    house.execute("UPDATE attempt SET failures = 1000")
    assert guess(house, "alice", "10.0.0.1") is None
    wait = guess(house, "alice", "10.0.0.1")
    assert wait is not None
    assert 890 <= wait <= 901


def test_guessing_at_an_account_from_one_address_keeps_nobody_out_who_is_elsewhere(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent(house, PAIR)
    seen = checks(monkeypatch)
    with pytest.raises(TooManyAttempts):
        login(house)
    assert seen == []
    assert login(house, "bob").name == "bob"
    assert login(house, address="10.0.0.2").name == "alice"


def test_guessing_at_many_accounts_from_one_address_is_slowed(house: House) -> None:
    spent(house, NETWORK, name="*")
    with pytest.raises(TooManyAttempts):
        login(house)
    assert login(house, address="10.0.0.2").name == "alice"


def test_guessing_at_an_account_from_everywhere_is_slowed(house: House) -> None:
    spent(house, ACCOUNT, address="10.1.*")
    wait = guess(house, "alice", "10.2.0.1")
    assert wait is not None
    with pytest.raises(TooManyAttempts):
        login(house, address="10.2.0.1")
    assert login(house, "bob", address="10.2.0.1").name == "bob"


def test_guessing_from_everywhere_makes_nobody_wait_longer_than_a_minute(house: House) -> None:
    guess(house, "alice", "10.0.0.1")
    house.execute("UPDATE attempt SET failures = 1000")
    assert guess(house, "alice", "10.0.0.2") is None
    wait = guess(house, "alice", "10.0.0.3")
    assert wait is not None
    assert 50 <= wait <= ACCOUNT.longest + 1


def test_who_logs_in_from_where_they_always_do_is_not_held_up_by_guesses_from_everywhere(house: House) -> None:
    login(house, address="10.9.0.1")
    house.library.upkeep.forget()
    spent(house, ACCOUNT, address="10.1.*")
    owner = fresh_process(house)
    with pytest.raises(TooManyAttempts):
        login(owner, address="10.9.0.2")
    assert login(owner, address="10.9.0.1").name == "alice"
    assert guess(house, "alice", "10.2.0.1") is not None  # which clears nothing for the others


def test_a_network_that_was_not_used_for_three_months_is_known_no_more(house: House) -> None:
    login(house)
    house.execute("UPDATE attempt SET at = at - 91 * 86400 * CAST(1000000 AS BIGINT)")
    house.library.upkeep.forget()
    assert house.rows("SELECT * FROM attempt") == []


def test_who_logged_in_before_and_devices_are_not_held_up_by_somebody_elses_guessing(house: House) -> None:
    login(house)
    app = house.library.accounts.add_app_password("alice", "phone")
    spent(house, ACCOUNT, address="10.1.*")
    spent(house, PAIR)
    assert login(house).name == "alice"
    assert login(fresh_process(house), password=app).name == "alice"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.9", "10.0.0.9"),
        ("::ffff:10.0.0.9", "10.0.0.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_an_address_stands_for_all_that_its_owner_can_change_to(address: str, network: str) -> None:
    assert network_of(address) == network


def test_a_right_password_clears_the_failures_of_the_account_from_there(house: House) -> None:
    for _ in range(PAIR.free):
        guess(house, "alice", "10.0.0.1")
    login(house)
    rows = dict(house.rows("SELECT subject, failures FROM attempt"))
    assert rows == {"network:10.0.0.1": 5, "account:alice": 5, "known:10.0.0.1 alice": 0}


def test_old_failures_are_forgotten(house: House) -> None:
    guess(house, "alice", "10.0.0.1")
    house.library.upkeep.forget()
    assert len(house.rows("SELECT * FROM attempt")) == 3
    house.execute("UPDATE attempt SET at = at - 25 * 3600 * CAST(1000000 AS BIGINT)")
    house.library.upkeep.forget()
    assert house.rows("SELECT * FROM attempt") == []


def test_failures_at_once_are_all_counted(house: House) -> None:
    results = together([lambda: login(house, password="guess") for _ in range(8)])
    assert failures(results, Unauthenticated, TooManyAttempts) == []
    refused = sum(isinstance(one, Unauthenticated) for one in results)
    assert dict(house.rows("SELECT subject, failures FROM attempt"))["account:alice"] == refused > PAIR.free


def test_two_passwords_are_checked_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2 takes 64 MiB each: sixty at once would take four gigabytes."""
    running, most, lock = [0], [0], threading.Lock()

    class Slow(argon2.PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            time.sleep(0.01)
            with lock:
                running[0] -= 1
            return super().verify(hash, password)  # type: ignore[return-value]

    monkeypatch.setattr(passwords, "_hasher", Slow(time_cost=1, memory_cost=8, parallelism=1))
    results = together([lambda n=n: login(house, address=f"10.0.1.{n}") for n in range(16)])
    assert failures(results) == []
    assert most == [2]


def test_who_waits_too_long_for_a_turn_hears_that_the_server_is_busy(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_WAIT", 0.01)
    with passwords.turn(), passwords.turn(), pytest.raises(TooManyRequests):
        login(house)
    login(house)


@pytest.mark.parametrize("password", ["", "seven77"])
def test_a_short_password_is_refused(house: House, password: str) -> None:
    with pytest.raises(BadRequest):
        house.library.accounts.add("erin", password=password)
    with pytest.raises(BadRequest):
        house.library.accounts.set_password("alice", password)
    assert login(house).name == "alice"


@pytest.mark.parametrize("name", ["family", "Family", "FAMILY", "alice", "ALICE"])
def test_accounts_and_spaces_share_one_namespace_without_case(house: House, name: str) -> None:
    with pytest.raises(Exists):
        house.library.accounts.add(name, password=PASSWORD)
    with pytest.raises(Exists):
        house.library.spaces.add(name)
    with pytest.raises(Exists):
        house.library.accounts.rename("bob", name)
    assert [one.name for one in house.library.accounts.all()] == ["alice", "bob", "carol", "dave"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a ",
        " a",
        ".",
        "..",
        "a/b",
        "a\\b",
        "_a",
        "-",
        "a\n",
        "a\0",
        "con",
        "COM1",
        "a" * 66,
        "a:b",
        "a?b",
        "\ud800",
    ],
)
def test_a_name_that_is_not_safe_in_a_path_is_refused(house: House, name: str) -> None:
    for call in (
        lambda: house.library.accounts.add(name, password=PASSWORD),
        lambda: house.library.spaces.add(name),
        lambda: house.library.accounts.rename("alice", name),
        lambda: house.library.spaces.rename("family", name),
    ):
        with pytest.raises(BadName):
            call()


@pytest.mark.parametrize("name", ["é", "Ännchen", "erin@example.org", "erin.smith", "e", "Our photos", "日本", "e+1"])
def test_names_of_people_everywhere_are_accepted(house: House, name: str) -> None:
    account = house.library.accounts.add(name, password=PASSWORD)
    assert login(house, name.upper() if name.isascii() else name).account_id == account
    assert house.library.files.stat(login(house, name), (name,)).space.name == name


def test_of_parallel_accounts_of_one_name_one_is_made(house: House) -> None:
    results = together([lambda: house.library.accounts.add("erin", password=PASSWORD) for _ in range(8)])
    assert failures(results, Exists) == []
    assert sum(isinstance(one, int) for one in results) == 1


def test_a_renamed_account_has_another_name_and_address_and_nothing_else(house: House) -> None:
    house.put("alice/a", b"x")
    key = house.space("alice").key
    house.library.accounts.rename("alice", "Alicia")
    who = login(house, "alicia")
    assert (who.account_id, who.name) == (house.alice.account_id, "Alicia")
    assert house.read("Alicia/a", who) == b"x"
    assert house.space("alicia").key == key
    with pytest.raises(Unauthenticated):
        login(house, "alice")
    with pytest.raises(NotFound):
        house.library.files.stat(who, at("alice/a"))
    assert [one.name for one in house.library.spaces.members("family")] == ["Alicia", "bob", "carol"]


def test_a_rename_may_change_only_the_case(house: House) -> None:
    house.library.accounts.rename("alice", "Alice")
    assert login(house).name == "Alice"


def test_a_personal_space_is_managed_with_its_account(house: House) -> None:
    for call in (
        lambda: house.library.spaces.rename("alice", "x"),
        lambda: house.library.spaces.remove("alice"),
        lambda: house.library.spaces.grant("alice", "bob", Role.VIEWER),
        lambda: house.library.spaces.revoke("alice", "alice"),
    ):
        with pytest.raises(BadRequest):
            call()


def test_a_role_can_be_changed_and_ended(house: House) -> None:
    house.library.spaces.grant("family", "bob", Role.MANAGER)
    roles = {one.name: one.role for one in house.library.spaces.members("family")}
    assert roles == {"alice": 3, "bob": 3, "carol": 1}
    house.library.spaces.revoke("family", "bob")
    with pytest.raises(NotFound):
        house.library.spaces.revoke("family", "bob")
    with pytest.raises(NotFound):
        house.library.spaces.grant("family", "nobody", Role.VIEWER)
    with pytest.raises(NotFound):
        house.library.spaces.grant("nowhere", "bob", Role.VIEWER)


def test_a_removed_space_cannot_be_removed_again(house: House) -> None:
    house.library.spaces.remove("family")
    removed = house.space("family").removed
    with pytest.raises(NotFound):
        house.library.spaces.remove("family")
    assert house.space("family").removed == removed


def test_removing_an_account_ends_its_memberships_and_leaves_shared_spaces(house: House) -> None:
    house.put("family/a", b"x", house.bob)
    house.library.accounts.remove("bob")
    assert [one.name for one in house.library.spaces.members("family")] == ["alice", "carol"]
    assert house.read("family/a") == b"x"


def test_accounts_are_listed_with_what_they_use(house: House) -> None:
    house.put("alice/a", b"12345")
    house.put("alice/b", b"123")
    house.delete("alice/b")
    alice = house.library.accounts.all()[0]
    assert (alice.name, alice.quota, alice.live, alice.trash, alice.removed) == ("alice", QUOTA, 5, 3, None)
    assert house.library.accounts.count() == 4


def test_a_quota_can_be_given_when_an_account_is_made(house: House) -> None:
    house.library.accounts.add("erin", password=PASSWORD, quota=7)
    assert house.space("erin").quota == 7
    assert house.space("alice").quota == QUOTA
    assert accounts.MIN_PASSWORD == 8


def test_the_last_administrator_cannot_be_removed(house: House) -> None:
    house.library.accounts.add("root", password=PASSWORD, admin=True)
    with pytest.raises(Conflict):
        house.library.accounts.remove("root")
    house.library.accounts.add("second", password=PASSWORD, admin=True)
    house.library.accounts.remove("root")


def test_a_removed_account_is_brought_back_with_its_files(house: House) -> None:
    house.put("alice/a", b"the only copy")
    house.library.accounts.remove("alice")
    house.library.accounts.bring_back("alice", PASSWORD + "!")
    assert house.read("alice/a") == b"the only copy"
    with pytest.raises(Conflict):
        house.library.accounts.bring_back("alice", PASSWORD)
