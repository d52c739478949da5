"""Browsers sign in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import NotFound, Unauthenticated
from gateway.library import passwords
from gateway.library.sessions import LIFETIME
from tests.library.house import PASSWORD, failures, together

if TYPE_CHECKING:
    from gateway.library.values import Principal
    from tests.library.house import House


def sign_in(house: House, name: str = "alice", password: str = PASSWORD) -> str:
    return house.library.sessions.sign_in(name, password, address="192.0.2.1", device="Firefox")


def whose(house: House, token: str) -> Principal | None:
    visit = house.library.sessions.visit(token, address="192.0.2.1")
    return None if visit is None else visit.principal


def test_a_browser_that_signed_in_is_known_by_its_token(house: House) -> None:
    principal = whose(house, sign_in(house))
    assert principal is not None
    assert (principal.account_id, principal.name, principal.device) == (house.alice.account_id, "alice", "Firefox")
    assert whose(house, "something else") is None


def test_a_wrong_password_signs_nobody_in(house: House) -> None:
    with pytest.raises(Unauthenticated):
        sign_in(house, password="wrong")
    assert house.rows("SELECT * FROM session") == []


def test_the_password_of_a_device_opens_no_browser(house: House) -> None:
    device = house.library.accounts.add_app_password("alice", "phone")
    with pytest.raises(Unauthenticated):
        sign_in(house, password=device)


def test_the_catalogue_does_not_hold_the_token(house: House) -> None:
    token = sign_in(house)
    assert token not in str(house.rows("SELECT * FROM session"))


def test_signing_out_ends_the_session(house: House) -> None:
    token = sign_in(house)
    house.library.sessions.sign_out(token)
    assert whose(house, token) is None


def test_signing_out_elsewhere_leaves_this_browser(house: House) -> None:
    tokens = [sign_in(house) for _ in range(3)]
    bobs = sign_in(house, "bob")
    assert house.library.sessions.sign_out_elsewhere(house.alice, tokens[1]) == 2
    known = [whose(house, token) is not None for token in (*tokens, bobs)]
    assert known == [False, True, False, True]


def test_a_session_ends_when_it_is_not_used(house: House) -> None:
    token = sign_in(house)
    house.execute("UPDATE session SET expires = expires - :us", us=LIFETIME)
    assert whose(house, token) is None
    house.library.upkeep.forget()
    assert house.rows("SELECT * FROM session") == []


def test_a_session_that_is_used_goes_on(house: House) -> None:
    token = sign_in(house)
    before = house.rows("SELECT expires FROM session")[0][0]
    house.execute("UPDATE session SET used = used - 7200000000, expires = expires - 7200000000")
    assert whose(house, token) is not None
    assert house.rows("SELECT expires FROM session")[0][0] >= before


def test_another_password_and_a_removal_end_every_session(house: House) -> None:
    token = sign_in(house)
    house.library.accounts.set_password("alice", "another good password")
    assert whose(house, token) is None
    token = sign_in(house, "bob")
    house.library.accounts.remove("bob")
    assert whose(house, token) is None


def test_people_see_their_own_sessions(house: House) -> None:
    first, second = sign_in(house), sign_in(house)
    sign_in(house, "bob")
    house.execute("UPDATE session SET used = used - 1000000 WHERE id = :id", id=passwords.digest(first))
    rows = house.library.sessions.all(house.alice, first)
    assert [(row.device, row.address, row.is_this) for row in rows] == [
        ("Firefox", "192.0.2.1", False),
        ("Firefox", "192.0.2.1", True),
    ]
    house.library.sessions.end(house.alice, rows[0].id)
    assert whose(house, second) is None
    assert whose(house, first) is not None


def test_nobody_ends_the_session_of_another(house: House) -> None:
    token = sign_in(house, "bob")
    (row,) = house.library.sessions.all(house.bob, token)
    with pytest.raises(NotFound):
        house.library.sessions.end(house.alice, row.id)
    assert whose(house, token) is not None


def test_signing_out_everywhere_ends_all_of_them(house: House) -> None:
    tokens = [sign_in(house) for _ in range(3)]
    bobs = sign_in(house, "bob")
    assert house.library.sessions.sign_out_everywhere(house.alice) == 3
    assert [whose(house, token) is not None for token in (*tokens, bobs)] == [False, False, False, True]


def test_a_browser_hears_that_its_session_lives_on(house: House) -> None:
    token = sign_in(house)
    visit = house.library.sessions.visit(token, address="192.0.2.1")
    assert visit is not None
    assert not visit.renewed
    house.execute("UPDATE session SET used = used - 7200000000")
    visit = house.library.sessions.visit(token, address="192.0.2.7")
    assert visit is not None
    assert visit.renewed
    assert house.rows("SELECT address FROM session")[0][0] == "192.0.2.7"
    visit = house.library.sessions.visit(token, address="192.0.2.7")
    assert visit is not None
    assert not visit.renewed


def test_who_signs_in_while_the_password_changes_is_signed_out_like_the_others(house: House) -> None:
    def change() -> None:
        house.library.accounts.set_password("alice", "another good password")

    for _ in range(5):
        house.library.accounts.set_password("alice", PASSWORD)
        results = together([change, *[lambda: sign_in(house)] * 4])
        assert failures(results, Unauthenticated) == []
        assert [token for token in results[1:] if isinstance(token, str) and whose(house, token) is not None] == []
