"""What people decide about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.errors import (
    BadName,
    BadRequest,
    Conflict,
    Exists,
    NotFound,
    TooManyAttempts,
    Unauthenticated,
)
from gateway.library.accounts import MAX_CREDENTIALS
from gateway.library.attempts import PAIR
from tests.library.house import PASSWORD, failures, together

if TYPE_CHECKING:
    from gateway.library.sessions import Visit
    from tests.library.house import House

HERE = "192.0.2.1"
ANOTHER = "another good password"


def sign_in(house: House, name: str = "alice", password: str = PASSWORD) -> str:
    return house.library.sessions.sign_in(name, password, address=HERE, device="Firefox")


def visit(house: House, token: str) -> Visit:
    found = house.library.sessions.visit(token, address=HERE)
    assert found is not None
    return found


def ends(house: House, token: str) -> bool:
    return house.library.sessions.visit(token, address=HERE) is None


def test_pages_are_as_their_person_chose(house: House) -> None:
    token = sign_in(house)
    assert visit(house, token)[2:7] == ("", None, "system", True, False)
    profiles = house.library.profiles
    profiles.call(house.alice, "  Alice \t Berg ")
    profiles.speak(house.alice, "es")
    profiles.dress(house.alice, "dark")
    profiles.use_shortcuts(house.alice, on=False)
    assert visit(house, token)[2:7] == ("Alice Berg", "es", "dark", False, False)
    profiles.speak(house.alice, None)
    assert visit(house, token).language is None
    assert visit(house, sign_in(house, "bob"))[2:7] == ("", None, "system", True, False)


def test_what_cannot_be_is_refused(house: House) -> None:
    for name in ("x" * 65, "a\0b", "\u202egnp.exe", "\ud800"):
        with pytest.raises(BadName):
            house.library.profiles.call(house.alice, name)
    with pytest.raises(BadRequest):
        house.library.profiles.dress(house.alice, "pink")


def test_another_name_to_sign_in_with_is_another_address(house: House) -> None:
    house.put("alice/a")
    token = sign_in(house)
    house.library.profiles.rename(house.alice, "Alicia")
    assert visit(house, token).principal.name == "Alicia"
    assert house.read("Alicia/a") == b"x"
    with pytest.raises(Unauthenticated):
        sign_in(house)
    with pytest.raises(Exists):
        house.library.profiles.rename(visit(house, token).principal, "Family")


def test_another_password_ends_the_other_sessions_and_no_device(house: House) -> None:
    here, there = sign_in(house), sign_in(house)
    device = house.library.profiles.add_device(house.alice, "phone")
    house.library.profiles.change_password(house.alice, here, PASSWORD, ANOTHER, address=HERE)
    assert not ends(house, here)
    assert ends(house, there)
    sign_in(house, password=ANOTHER)
    house.library.accounts.authenticate("alice", device, address=HERE, device="phone")
    with pytest.raises(Unauthenticated):
        sign_in(house)


def test_another_password_needs_the_one_before(house: House) -> None:
    token = sign_in(house)
    change = house.library.profiles.change_password
    for old, new in (("wrong", ANOTHER), (PASSWORD, "short"), ("", ANOTHER)):
        with pytest.raises(BadRequest):
            change(house.alice, token, old, new, address=HERE)
    sign_in(house)


def test_an_open_browser_is_no_place_to_guess_the_password(house: House) -> None:
    token = sign_in(house)
    change = house.library.profiles.change_password
    for number in range(PAIR.free + 1):
        with pytest.raises(BadRequest):
            change(house.alice, token, f"guess {number}", ANOTHER, address=HERE)
    with pytest.raises(TooManyAttempts):
        change(house.alice, token, "guess", ANOTHER, address=HERE)


def test_the_password_of_a_device_does_not_change_the_chosen_one(house: House) -> None:
    token, device = sign_in(house), house.library.profiles.add_device(house.alice, "phone")
    with pytest.raises(BadRequest):
        house.library.profiles.change_password(house.alice, token, device, ANOTHER, address=HERE)


def test_an_account_whose_password_was_drawn_chooses_its_own_once(house: House) -> None:
    house.library.accounts.add("erna", password=PASSWORD, drawn=True)
    here, there = sign_in(house, "erna"), sign_in(house, "erna")
    erna = visit(house, here)
    assert erna.fresh
    begin = house.library.profiles.begin
    for name, password, error in (
        ("erna", PASSWORD, BadRequest),
        ("erna", "short", BadRequest),
        ("bob", ANOTHER, Exists),
        ("", ANOTHER, BadName),
    ):
        with pytest.raises(error):
            begin(erna.principal, here, name=name, password=password, language="es")
    assert visit(house, here).fresh
    begin(erna.principal, here, name="Erna Berg", password=ANOTHER, language="es")
    after = visit(house, here)
    assert (after.principal.name, after.language, after.fresh) == ("Erna Berg", "es", False)
    assert ends(house, there)
    sign_in(house, "erna berg", ANOTHER)
    with pytest.raises(Conflict):
        begin(after.principal, here, name="Erna", password="yet another password", language=None)


def test_of_two_who_take_an_account_over_at_once_one_has_it(house: House) -> None:
    house.library.accounts.add("erna", password=PASSWORD, drawn=True)
    tokens = [sign_in(house, "erna") for _ in range(4)]
    principal = visit(house, tokens[0]).principal

    def begin(number: int) -> str:
        password = f"password number {number}"
        house.library.profiles.begin(principal, tokens[number], name="erna", password=password, language=None)
        return password

    results = together([lambda number=number: begin(number) for number in range(4)])  # type: ignore[misc]
    assert failures(results, Conflict) == []
    (password,) = (one for one in results if isinstance(one, str))
    sign_in(house, "erna", password)
    assert [ends(house, token) for token in tokens].count(False) == 1


@pytest.mark.parametrize("drawn", [True, False])
def test_a_password_is_to_be_changed_where_somebody_has_seen_it(house: House, drawn: bool) -> None:  # noqa: FBT001
    accounts = house.library.accounts
    accounts.set_password("bob", ANOTHER, drawn=drawn)
    assert visit(house, sign_in(house, "bob", ANOTHER)).fresh is drawn
    accounts.remove("bob")
    accounts.bring_back("bob", PASSWORD, drawn=drawn)
    assert visit(house, sign_in(house, "bob")).fresh is drawn


def test_people_see_and_end_their_own_devices(house: House) -> None:
    profiles = house.library.profiles
    first, second = (profiles.add_device(house.alice, name) for name in ("phone", " laptop "))
    profiles.add_device(house.bob, "tablet")
    house.library.accounts.authenticate("alice", first, address="192.0.2.9", device="curl")
    devices = profiles.devices(house.alice)
    assert [(row.label, row.address, row.used is None) for row in devices] == [
        ("laptop", "", True),
        ("phone", "192.0.2.9", False),
    ]
    profiles.end_device(house.alice, devices[0].id)
    with pytest.raises(Unauthenticated):
        house.library.accounts.authenticate("alice", second, address=HERE, device="curl")
    for who, ended in ((house.alice, devices[0].id), (house.bob, devices[1].id)):
        with pytest.raises(NotFound):
            profiles.end_device(who, ended)


def test_the_chosen_password_is_no_device(house: House) -> None:
    row = house.library.accounts.credentials("alice")[0]
    with pytest.raises(NotFound):
        house.library.profiles.end_device(house.alice, row.id)
    sign_in(house)


def test_an_account_has_only_so_many_devices(house: House) -> None:
    for number in range(1, MAX_CREDENTIALS):
        house.execute(
            "INSERT INTO credential (account_id, kind, secret, label, created) VALUES (:a, 'app', :s, 'x', 0)",
            a=house.alice.account_id,
            s=str(number),
        )
    with pytest.raises(Conflict):
        house.library.profiles.add_device(house.alice, "one more")


def test_people_know_whom_to_ask(house: House) -> None:
    house.library.accounts.add("root", password=PASSWORD, admin=True)
    house.execute("UPDATE account SET admin = (1 = 1), called = 'Bob Berg' WHERE id = :id", id=house.bob.account_id)
    assert house.library.profiles.administrators() == ["Bob Berg", "root"]
