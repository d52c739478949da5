"""Tokens of the API: who gets them, what they open, and how they end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import jwt
import pytest

from gateway.errors import Forbidden, NotFound, TooManyAttempts, Unauthenticated
from gateway.library.tokens import ACCESS_SECONDS, OF_DEVICES, Issued, Scope
from tests.library.house import PASSWORD, failures, together

if TYPE_CHECKING:
    from tests.library.house import House

READ = frozenset({Scope.READ})
EVERYTHING = frozenset(Scope) - {Scope.ADMIN}


def issue(house: House, scopes: frozenset[Scope] = READ, name: str = "alice", password: str = PASSWORD) -> Issued:
    return house.library.tokens.issue_for(
        name, password, scopes, address="192.0.2.1", device="curl", label="Backup script"
    )


def opens(house: House, access: str) -> bool:
    try:
        house.library.tokens.bearer(access)
    except Unauthenticated:
        return False
    return True


def test_a_program_asks_with_a_password(house: House) -> None:
    issued = issue(house)
    bearer = house.library.tokens.bearer(issued.access)
    principal = bearer.principal
    assert (principal.account_id, principal.name) == (house.alice.account_id, "alice")
    assert (principal.device, principal.admin) == ("Backup script", False)
    assert bearer.scopes == issued.scopes == READ


def test_a_wrong_password_gives_none_and_is_slowed_down(house: House) -> None:
    for _ in range(6):
        with pytest.raises(Unauthenticated):
            issue(house, password="wrong")
    with pytest.raises(TooManyAttempts):
        issue(house, password="wrong")
    assert house.rows("SELECT * FROM token") == []


def test_who_is_signed_in_makes_tokens_for_a_program(house: House) -> None:
    issued = house.library.tokens.issue(house.alice, EVERYTHING, "Frame on the wall")
    bearer = house.library.tokens.bearer(issued.access)
    assert (bearer.principal.name, bearer.principal.device, bearer.scopes) == ("alice", "Frame on the wall", EVERYTHING)


def test_an_app_password_gives_nothing_of_the_account(house: House) -> None:
    phone = house.library.accounts.add_app_password("alice", "Phone")
    assert issue(house, OF_DEVICES, password=phone).scopes == OF_DEVICES
    for scope in (Scope.ACCOUNT, Scope.ADMIN):
        with pytest.raises(Forbidden):
            issue(house, READ | {scope}, password=phone)


def test_only_administrators_get_tokens_for_it_and_only_while_they_are(house: House) -> None:
    with pytest.raises(Forbidden):
        issue(house, READ | {Scope.ADMIN})
    house.library.accounts.add("root", password=PASSWORD, admin=True)
    narrow, wide = issue(house, READ, "root"), issue(house, frozenset({Scope.ADMIN}), "root")
    assert [house.library.tokens.bearer(one.access).principal.admin for one in (narrow, wide)] == [False, True]
    house.execute("UPDATE account SET admin = :no", no=False)
    assert house.library.tokens.bearer(wide.access).principal.admin is False


def test_a_password_that_was_drawn_has_to_be_changed_first(house: House) -> None:
    house.library.accounts.set_password("alice", PASSWORD, drawn=True)
    with pytest.raises(Forbidden, match="of your own"):
        issue(house)


def test_an_app_password_opens_what_webdav_opens(house: House) -> None:
    phone = house.library.accounts.add_app_password("alice", "Phone")

    def device(password: str) -> object:
        return house.library.tokens.device("alice", password, address="192.0.2.1", device="curl")

    assert device(phone) == house.library.tokens.bearer(issue(house, OF_DEVICES, password=phone).access)._replace(
        principal=house.alice._replace(credential_id=house.library.accounts.credentials("alice")[1].id, device="Phone")
    )
    with pytest.raises(Unauthenticated, match="app password"):
        device(PASSWORD)
    with pytest.raises(Unauthenticated, match="Wrong name"):
        device("wrong")


def test_the_catalogue_holds_no_token(house: House) -> None:
    issued = issue(house)
    rows = str(house.rows("SELECT * FROM token"))
    assert not any(part in rows for part in (issued.access, *issued.refresh.split(".")))


def test_a_refresh_token_is_exchanged_for_the_next_ones(house: House) -> None:
    first = issue(house)
    second = house.library.tokens.refresh(first.refresh)
    third = house.library.tokens.refresh(second.refresh)
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert third.scopes == READ
    assert all(opens(house, one.access) for one in (first, second, third))
    for nonsense in ("", ".", "a.b", first.access, "ä\ud800"):
        with pytest.raises(Unauthenticated):
            house.library.tokens.refresh(nonsense)
    assert opens(house, third.access)


def test_a_refresh_token_that_is_used_twice_ends_all_that_came_of_it(house: House) -> None:
    first, other = issue(house), issue(house)
    second = house.library.tokens.refresh(first.refresh)
    with pytest.raises(Unauthenticated, match="used before"):
        house.library.tokens.refresh(first.refresh)
    assert not opens(house, second.access)
    with pytest.raises(Unauthenticated):
        house.library.tokens.refresh(second.refresh)
    assert opens(house, other.access)


def test_of_two_who_use_a_refresh_token_at_once_only_one_is_answered(house: House) -> None:
    issued = issue(house)
    results = together([lambda: house.library.tokens.refresh(issued.refresh)] * 4)
    assert len(failures(results, Unauthenticated)) == 0
    assert sum(isinstance(one, Issued) for one in results) == 1
    assert house.rows("SELECT * FROM token") == []


def test_people_see_and_end_their_own_programs(house: House) -> None:
    mine, bobs = issue(house), issue(house, name="bob")
    (row,) = house.library.tokens.all(house.alice)
    assert (row.id, row.device, row.scopes) == (mine.id, "Backup script", (Scope.READ,))
    assert row.used >= row.created > 0
    with pytest.raises(NotFound):
        house.library.tokens.revoke(house.alice, bobs.id)
    house.library.tokens.revoke(house.alice, mine.id)
    assert (opens(house, mine.access), opens(house, bobs.access)) == (False, True)
    assert house.library.tokens.all(house.alice) == []
    with pytest.raises(Unauthenticated):
        house.library.tokens.refresh(mine.refresh)


def test_a_program_ends_its_own_tokens(house: House) -> None:
    issued = issue(house)
    house.library.tokens.end(house.library.tokens.refresh(issued.refresh).refresh)
    house.library.tokens.end("something else")
    assert not opens(house, issued.access)


def test_tokens_end_with_the_password_they_were_asked_for_with(house: House) -> None:
    phone = house.library.accounts.add_app_password("alice", "Phone")
    of_password, of_phone = issue(house), issue(house, password=phone)
    of_browser = house.library.tokens.issue(house.alice, READ, "Frame")
    house.library.accounts.set_password("alice", "another long password")
    assert [opens(house, one.access) for one in (of_password, of_browser, of_phone)] == [False, False, True]
    credential = next(one.id for one in house.library.accounts.credentials("alice") if one.kind == "app")
    house.library.accounts.revoke("alice", credential)
    assert not opens(house, of_phone.access)


def test_tokens_end_with_their_account(house: House) -> None:
    issued = issue(house)
    house.library.accounts.remove("alice")
    assert not opens(house, issued.access)
    with pytest.raises(Unauthenticated):
        house.library.tokens.refresh(issued.refresh)
    house.library.accounts.bring_back("alice", PASSWORD)
    assert not opens(house, issued.access)


def test_an_access_token_lives_a_quarter_of_an_hour(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("gateway.library.tokens.time.time", lambda: now - ACCESS_SECONDS - 61)
    assert not opens(house, issue(house).access)
    monkeypatch.setattr("gateway.library.tokens.time.time", lambda: now - ACCESS_SECONDS + 10)
    assert opens(house, issue(house).access)


def test_a_refresh_token_ends_when_it_is_not_used(house: House) -> None:
    issued = issue(house)
    house.execute("UPDATE token SET expires = 0")
    assert not opens(house, issued.access)
    with pytest.raises(Unauthenticated):
        house.library.tokens.refresh(issued.refresh)
    house.library.upkeep.forget()
    assert house.rows("SELECT * FROM token") == []


def test_nobody_signs_tokens_but_we(house: House) -> None:
    issued = issue(house)
    claims = jwt.decode(issued.access, options={"verify_signature": False})
    ((number, secret),) = house.rows("SELECT id, secret FROM signing_key")
    key, head = bytes.fromhex(secret), {"kid": str(number)}
    forged = [
        jwt.encode(claims, bytes(32), "HS256", head),
        jwt.encode(claims, None, "none", head),
        jwt.encode(claims, key, "HS256", {"kid": str(number + 1)}),
        jwt.encode(claims, key, "HS256"),
        jwt.encode(claims, key, "HS256", {"kid": str(1 << 70)}),
        jwt.encode(claims, key, "HS256", {"kid": "one"}),
        jwt.encode({**claims, "sub": str(house.bob.account_id)}, key, "HS256", head),
        jwt.encode({name: value for name, value in claims.items() if name != "exp"}, key, "HS256", head),
        *("", "a.b.c", "ä", issued.refresh, issued.access[:-2], issued.access + "x"),
    ]
    assert opens(house, jwt.encode(claims, key, "HS256", head))
    assert [one for one in forged if opens(house, one)] == []


def test_keys_change_by_themselves_and_the_last_one_still_proves(house: House) -> None:
    def a_month_later() -> None:
        house.execute("UPDATE signing_key SET created = 0")
        house.library.upkeep.forget()
        house.library.upkeep.forget()

    first = issue(house)
    house.library.upkeep.forget()
    assert len(house.rows("SELECT id FROM signing_key")) == 1
    a_month_later()
    second = issue(house)
    assert len(house.rows("SELECT id FROM signing_key")) == 2
    assert [opens(house, one.access) for one in (first, second)] == [True, True]
    a_month_later()
    assert [opens(house, one.access) for one in (first, second)] == [False, True]
    assert opens(house, house.library.tokens.refresh(first.refresh).access)


def test_tokens_hold_on_every_machine_and_after_a_restart(house: House) -> None:
    issued = issue(house)
    assert house.with_options(instance="another").library.tokens.bearer(issued.access).principal.name == "alice"


def test_an_account_has_a_hundred_programs_at_most(house: House) -> None:
    first = issue(house)
    house.execute("UPDATE token SET used = 0")
    others = [house.library.tokens.issue(house.alice, READ, str(number)) for number in range(100)]
    assert len(house.library.tokens.all(house.alice)) == 100
    assert (opens(house, first.access), opens(house, others[0].access)) == (False, True)
