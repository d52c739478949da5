"""Browsers sign in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import Unauthenticated
from gateway.library.sessions import LIFETIME
from tests.library.house import PASSWORD

if TYPE_CHECKING:
    from tests.library.house import House


def sign_in(house: House, name: str = "alice", password: str = PASSWORD) -> str:
    return house.library.sessions.sign_in(name, password, address="192.0.2.1", device="Firefox")


def test_a_browser_that_signed_in_is_known_by_its_token(house: House) -> None:
    principal = house.library.sessions.principal(sign_in(house))
    assert principal is not None
    assert (principal.account_id, principal.name, principal.device) == (house.alice.account_id, "alice", "Firefox")
    assert house.library.sessions.principal("something else") is None


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
    assert house.library.sessions.principal(token) is None


def test_signing_out_elsewhere_leaves_this_browser(house: House) -> None:
    tokens = [sign_in(house) for _ in range(3)]
    bobs = sign_in(house, "bob")
    assert house.library.sessions.sign_out_elsewhere(house.alice, tokens[1]) == 2
    known = [house.library.sessions.principal(token) is not None for token in (*tokens, bobs)]
    assert known == [False, True, False, True]


def test_a_session_ends_when_it_is_not_used(house: House) -> None:
    token = sign_in(house)
    house.execute("UPDATE session SET expires = expires - :us", us=LIFETIME)
    assert house.library.sessions.principal(token) is None
    house.library.upkeep.forget()
    assert house.rows("SELECT * FROM session") == []


def test_a_session_that_is_used_goes_on(house: House) -> None:
    token = sign_in(house)
    before = house.rows("SELECT expires FROM session")[0][0]
    house.execute("UPDATE session SET used = used - 7200000000, expires = expires - 7200000000")
    assert house.library.sessions.principal(token) is not None
    assert house.rows("SELECT expires FROM session")[0][0] >= before


def test_another_password_and_a_removal_end_every_session(house: House) -> None:
    token = sign_in(house)
    house.library.accounts.set_password("alice", "another good password")
    assert house.library.sessions.principal(token) is None
    token = sign_in(house, "bob")
    house.library.accounts.remove("bob")
    assert house.library.sessions.principal(token) is None


def test_people_see_their_own_sessions(house: House) -> None:
    sign_in(house)
    sign_in(house, "bob")
    assert [row.device for row in house.library.sessions.all(house.alice)] == ["Firefox"]
