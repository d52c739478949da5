"""Links that open something once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from gateway.errors import BadName, BadRequest, Exists, Forbidden, NotFound, TooManyAttempts, Unauthenticated
from gateway.library.attempts import NETWORK
from gateway.library.invitations import CONNECT, INVITE, RESET, SOON, WEEK
from gateway.library.sessions import NARROW_LIFETIME
from gateway.library.values import Role
from tests.library.house import MB, PASSWORD, QUOTA, failures, together

if TYPE_CHECKING:
    from gateway.library.invitations import Offer
    from gateway.library.sessions import Visit
    from gateway.library.values import Principal
    from tests.library.house import House

HERE = "192.0.2.1"
ANOTHER = "another good password"


@pytest.fixture
def admin(house: House) -> Principal:
    """Alice, who may administer."""
    house.execute("UPDATE account SET admin = (1 = 1) WHERE id = :id", id=house.alice.account_id)
    return house.alice._replace(admin=True)


def look(house: House, token: str) -> Offer:
    return house.library.invitations.look(token, address=HERE)


def accept(house: House, token: str, name: str = "", password: str = ANOTHER, address: str = HERE) -> Visit:
    """Use a link; what the browser then is."""
    session = house.library.invitations.accept(token, address=address, device="Firefox", name=name, password=password)
    visit = house.library.sessions.visit(session, address=HERE)
    assert visit is not None
    return visit


def sign_in(house: House, name: str, password: str) -> str:
    return house.library.sessions.sign_in(name, password, address=HERE, device="Firefox")


def test_an_invitation_makes_an_account_with_what_was_promised(house: House, admin: Principal) -> None:
    link = house.library.invitations.invite(admin, name="erna", quota=3 * MB, shared={"Family": Role.EDITOR})
    offer = look(house, link.token)
    assert offer == (INVITE, "erna", False, 3 * MB, (("family", Role.EDITOR),), link.expires)
    visit = accept(house, link.token, "Erna")
    assert (visit.principal.name, visit.principal.admin, visit.fresh, visit.scope) == ("Erna", False, False, "")
    spaces = {space.name: (space.quota, space.role) for space in house.library.files.spaces(visit.principal)}
    assert spaces == {"Erna": (3 * MB, Role.MANAGER), "family": (QUOTA, Role.EDITOR)}
    sign_in(house, "erna", ANOTHER)
    house.assert_sound()


def test_an_invitation_without_more_makes_a_plain_account(house: House, admin: Principal) -> None:
    link = house.library.invitations.invite(admin)
    visit = accept(house, link.token, "erna")
    assert [(space.name, space.quota) for space in house.library.files.spaces(visit.principal)] == [("erna", QUOTA)]


def test_an_administrator_can_invite_another_one(house: House, admin: Principal) -> None:
    assert accept(house, house.library.invitations.invite(admin, admin=True).token, "erna").principal.admin


def test_a_link_is_good_once(house: House, admin: Principal) -> None:
    token = house.library.invitations.invite(admin).token
    accept(house, token, "erna")
    with pytest.raises(NotFound):
        look(house, token)
    with pytest.raises(NotFound):
        accept(house, token, "frieda")
    assert [row.account for row in house.library.invitations.all(admin)] == ["erna"]


def test_of_many_who_use_a_link_at_once_one_gets_the_account(house: House, admin: Principal) -> None:
    token = house.library.invitations.invite(admin).token
    people = [f"erna{number}" for number in range(8)]
    results = together([partial(accept, house, token, name) for name in people])
    assert failures(results, NotFound) == []
    assert len([one for one in results if not isinstance(one, BaseException)]) == 1
    assert len([row for row in house.library.accounts.all() if row.name in people]) == 1


def test_what_goes_wrong_leaves_the_link_as_good_as_before(house: House, admin: Principal) -> None:
    token = house.library.invitations.invite(admin).token
    for name, password, error in (
        ("bob", ANOTHER, Exists),
        ("FAMILY", ANOTHER, Exists),
        ("", ANOTHER, BadName),
        ("a/b", ANOTHER, BadName),
        ("erna", "short", BadRequest),
        ("erna", "\0 is in none of them", BadRequest),
    ):
        with pytest.raises(error):
            accept(house, token, name, password)
    accept(house, token, "erna")


def test_a_link_ends_after_a_week(house: House, admin: Principal) -> None:
    tokens = [house.library.invitations.invite(admin).token, house.library.invitations.reset(admin, "bob").token]
    house.execute("UPDATE invitation SET expires = expires - :us", us=WEEK)
    for token in tokens:
        with pytest.raises(NotFound):
            accept(house, token, "erna")
    assert [row.is_open for row in house.library.invitations.all(admin)] == [False, False]


def test_a_link_can_be_revoked_as_long_as_it_was_not_used(house: House, admin: Principal) -> None:
    first, second = (house.library.invitations.invite(admin) for _ in range(2))
    house.library.invitations.revoke(admin, first.id)
    with pytest.raises(NotFound):
        accept(house, first.token, "erna")
    accept(house, second.token, "erna")
    with pytest.raises(NotFound):
        house.library.invitations.revoke(admin, second.id)


@pytest.mark.parametrize("change", ["removed = 1", "admin = (1 = 0)"])
def test_a_link_ends_with_the_rights_of_who_made_it(house: House, admin: Principal, change: str) -> None:
    tokens = [house.library.invitations.invite(admin).token, house.library.invitations.reset(admin, "bob").token]
    house.execute(f"UPDATE account SET {change} WHERE id = :id", id=admin.account_id)
    for token in tokens:
        with pytest.raises(NotFound):
            accept(house, token, "erna")


def test_spaces_that_are_gone_are_not_joined(house: House, admin: Principal) -> None:
    link = house.library.invitations.invite(admin, shared={"family": Role.VIEWER})
    house.library.spaces.remove("family")
    visit = accept(house, link.token, "erna")
    house.library.spaces.bring_back("family")
    assert [space.name for space in house.library.files.spaces(visit.principal)] == ["erna"]


def test_a_link_for_another_password_changes_it_and_signs_everybody_else_out(house: House, admin: Principal) -> None:
    before, device = sign_in(house, "bob", PASSWORD), house.library.accounts.add_app_password("bob", "phone")
    link = house.library.invitations.reset(admin, "bob")
    assert look(house, link.token)[:2] == (RESET, "bob")
    assert accept(house, link.token).principal.name == "bob"
    assert house.library.sessions.visit(before, address=HERE) is None
    with pytest.raises(Unauthenticated):
        sign_in(house, "bob", PASSWORD)
    sign_in(house, "bob", ANOTHER)
    assert house.library.accounts.authenticate("bob", device, address=HERE, device="phone").name == "bob"


def test_only_the_last_link_for_another_password_counts(house: House, admin: Principal) -> None:
    first, second = (house.library.invitations.reset(admin, "bob").token for _ in range(2))
    with pytest.raises(NotFound):
        accept(house, first)
    accept(house, second)


def test_a_password_that_is_changed_ends_the_link_for_another_one(house: House, admin: Principal) -> None:
    token = house.library.invitations.reset(admin, "bob").token
    house.library.accounts.set_password("bob", "chosen in the meantime")
    with pytest.raises(NotFound):
        accept(house, token)


def test_a_removed_account_takes_its_links_along(house: House, admin: Principal) -> None:
    token = house.library.invitations.reset(admin, "bob").token
    phone = house.library.invitations.connect(house.bob).token
    house.library.accounts.remove("bob")
    for one in (token, phone):
        with pytest.raises(NotFound):
            accept(house, one)
    house.library.accounts.bring_back("bob", PASSWORD)
    for one in (token, phone):
        with pytest.raises(NotFound):
            accept(house, one)


def test_a_phone_is_signed_in_for_one_page_once_and_for_an_hour(house: House) -> None:
    link = house.library.invitations.connect(house.bob)
    assert look(house, link.token)[:2] == (CONNECT, "bob")
    session = house.library.invitations.accept(link.token, address=HERE, device="Safari")
    visit = house.library.sessions.visit(session, address=HERE)
    assert visit is not None
    assert (visit.principal.name, visit.principal.device, visit.scope) == ("bob", "Safari", CONNECT)
    with pytest.raises(NotFound):
        house.library.invitations.accept(link.token, address=HERE, device="Safari")
    # Using it prolongs nothing, and it is no browser in the list of those that are signed in.
    house.execute("UPDATE session SET used = used - :us, expires = expires - :us", us=NARROW_LIFETIME - 60_000_000)
    assert house.library.sessions.visit(session, address=HERE) is not None
    assert house.library.sessions.all(house.bob, session) == []
    house.execute("UPDATE session SET expires = expires - 60000000")
    assert house.library.sessions.visit(session, address=HERE) is None


def test_the_link_for_a_phone_ends_after_ten_minutes(house: House) -> None:
    link = house.library.invitations.connect(house.bob)
    house.execute("UPDATE invitation SET expires = expires - :us", us=SOON)
    with pytest.raises(NotFound):
        look(house, link.token)


def test_only_administrators_and_the_server_make_links_for_others(house: House, admin: Principal) -> None:
    invitations = house.library.invitations
    invitation = invitations.invite(None)
    for act in (
        lambda: invitations.invite(house.bob),
        lambda: invitations.reset(house.bob, "bob"),
        lambda: invitations.all(house.bob),
        lambda: invitations.revoke(house.bob, invitation.id),
    ):
        with pytest.raises(Forbidden):
            act()
    assert [row.maker for row in invitations.all(admin)] == [None]
    look(house, invitations.reset(None, "carol").token)


def test_an_invitation_promises_nothing_that_cannot_be(house: House, admin: Principal) -> None:
    invitations = house.library.invitations
    for error, terms in (
        (Exists, {"name": "bob"}),
        (BadName, {"name": "con"}),
        (BadRequest, {"quota": -1}),
        (NotFound, {"shared": {"nowhere": Role.EDITOR}}),
        (BadRequest, {"shared": {"bob": Role.EDITOR}}),
    ):
        with pytest.raises(error):
            invitations.invite(admin, **terms)  # type: ignore[arg-type]
    for name in ("nobody", "family"):
        with pytest.raises(NotFound):
            invitations.reset(admin, name)
    assert house.rows("SELECT id FROM invitation") == []


def test_who_tries_links_is_slowed_down_and_others_are_not(house: House, admin: Principal) -> None:
    token = house.library.invitations.invite(admin).token
    for number in range(NETWORK.free + 1):
        with pytest.raises(NotFound):
            look(house, f"nothing{number}")
    with pytest.raises(TooManyAttempts):
        look(house, token)
    with pytest.raises(TooManyAttempts):
        accept(house, token, "erna")
    accept(house, token, "erna", address="198.51.100.1")


def test_the_catalogue_does_not_hold_the_token(house: House, admin: Principal) -> None:
    link = house.library.invitations.invite(admin)
    assert len(link.token) * 6 >= 160
    assert link.token not in str(house.rows("SELECT * FROM invitation"))


def test_links_that_ended_a_month_ago_are_forgotten(house: House, admin: Principal) -> None:
    old, new = (house.library.invitations.invite(admin).id for _ in range(2))
    phone = house.library.invitations.connect(house.bob).id
    expire = "UPDATE invitation SET expires = expires - :us WHERE id = :id"
    house.execute(expire, us=WEEK + 31 * 86_400_000_000, id=old)
    house.execute(expire, us=SOON, id=phone)
    house.library.upkeep.forget()
    assert [row[0] for row in house.rows("SELECT id FROM invitation")] == [new]
