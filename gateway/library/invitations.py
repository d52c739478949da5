"""Links that open something once, for whoever holds them: a new account, another password, the page for one phone.

A link holds 160 random bits, the catalogue their SHA-256. Looking at one changes nothing, because messengers look at
links before people do. Using one is a single statement that nobody else's can also be, in the transaction that does
what it is for. A link ends with the account that it is for, and with the rights of who made it.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import accounts as accounts_sql
from gateway.catalogue.statements import invitations as invitations_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.errors import BadRequest, Forbidden, NotFound
from gateway.library import accounts, passwords, sessions, spaces
from gateway.library.attempts import LinkAttempt
from gateway.library.values import Principal, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.accounts import Accounts

_SECOND = 1_000_000
WEEK = 7 * 86_400 * _SECOND
"""Microseconds that an invitation and a link for another password are good for."""
SOON = 600 * _SECOND
"""The same of a link that a phone opens from a screen."""
_BITS = 160
_LISTED = 500
_ENDED = "This link has ended. Ask the person who sent it."

INVITE, RESET, CONNECT = "invite", "reset", "connect"


class Link(NamedTuple):
    """A link that was just made."""

    id: int
    token: str
    """Told once."""
    expires: int
    """Microseconds UTC."""


class Offer(NamedTuple):
    """What a link is for."""

    kind: str
    """``invite``, ``reset`` or ``connect``."""
    name: str
    """The account that it is for, or what the new one is proposed to be called."""
    admin: bool
    quota: int
    """Bytes that the new account gets."""
    spaces: tuple[tuple[str, Role], ...]
    """The shared spaces that it joins, by name."""
    expires: int


class InvitationRow(NamedTuple):
    """A link as administrators see it: without its secret. Times in microseconds UTC."""

    id: int
    kind: str
    name: str
    admin: bool
    quota: int
    spaces: tuple[tuple[str, Role], ...]
    created: int
    expires: int
    used: int | None
    account: str | None
    """Whose password it changes; of a used invitation, the account that it made."""
    maker: str | None
    """None for a command on the server itself."""
    is_open: bool
    """Whether it can still be used."""


class _Terms(NamedTuple):
    id: int
    kind: str
    account_id: int | None
    name: str
    admin: bool
    quota: int | None
    spaces: str
    expires: int


@dataclass(frozen=True, slots=True)
class Invitations:
    """Makes links, tells what they are for, and carries them out."""

    catalogue: Catalogue
    accounts: Accounts

    # --- making -------------------------------------------------------------------------------------------------

    def invite(
        self,
        principal: Principal | None,
        *,
        name: str = "",
        admin: bool = False,
        quota: int | None = None,
        shared: Mapping[str, Role] | None = None,
    ) -> Link:
        """A link that makes an account of its own choice of password, good for seven days.

        ``principal`` is the administrator who makes it, None for a command on the server. ``name`` is a proposal,
        ``quota`` in bytes, ``shared`` the spaces that the account joins. Raises Forbidden, BadName, Exists,
        BadRequest, NotFound for a space.
        """
        _require_administrator(principal)
        name = name.strip()
        if quota is not None and quota < 0:
            raise BadRequest("A quota cannot be negative.")

        def work(tx: Transaction) -> Link:
            if name:
                spaces.require_free(tx, name)
            joined = [[_joinable(tx, one), int(role)] for one, role in (shared or {}).items()]
            return _add(tx, INVITE, WEEK, principal, name=name, admin=admin, quota=quota, joined=json.dumps(joined))

        return self.catalogue.write(work)

    def reset(self, principal: Principal | None, name: str) -> Link:
        """A link with which the account of that name gets another password, good for seven days; the last one counts.

        Raises Forbidden, and NotFound when there is no such account.
        """
        _require_administrator(principal)

        def work(tx: Transaction) -> Link:
            account_id = accounts.find(tx, name)
            tx.run(invitations_sql.END_LINKS_OF_ACCOUNT, account=account_id)
            return _add(tx, RESET, WEEK, principal, account_id=account_id)

        return self.catalogue.write(work)

    def connect(self, principal: Principal) -> Link:
        """A link that opens the page for devices as the principal, on a phone, for ten minutes."""
        return self.catalogue.write(
            lambda tx: _add(tx, CONNECT, SOON, principal, account_id=principal.account_id), durable=False
        )

    # --- managing -----------------------------------------------------------------------------------------------

    def all(self, principal: Principal | None) -> list[InvitationRow]:
        """Invitations and links for other passwords, the last made first; those that ended too, for a month."""
        _require_administrator(principal)
        with self.catalogue.read() as tx:
            names_of = {row[0]: row[1] for row in tx.all(spaces_sql.SPACES)}
            return [
                InvitationRow(
                    id=row[0],
                    kind=row[1],
                    name=row[2],
                    admin=bool(row[3]),
                    quota=self.accounts.default_quota if row[4] is None else row[4],
                    spaces=_shared(row[5], names_of),
                    created=row[6],
                    expires=row[7],
                    used=row[8],
                    account=row[9],
                    maker=row[10],
                    is_open=row[8] is None and bool(row[11]),
                )
                for row in tx.all(invitations_sql.INVITATIONS, most=_LISTED)
            ]

    def revoke(self, principal: Principal | None, invitation_id: int) -> None:
        """End a link that was not used yet; NotFound."""
        _require_administrator(principal)
        if not self.catalogue.run(invitations_sql.REVOKE_INVITATION, invitation=invitation_id):
            raise NotFound("There is no such link, or it was used.")

    # --- using --------------------------------------------------------------------------------------------------

    def look(self, token: str, *, address: str) -> Offer:
        """What a link is for. NotFound when it never was, has ended, was used or revoked, and never which of them.

        ``address`` is the client's network address: one that looks for links which do not exist is slowed down with
        TooManyAttempts.
        """
        attempt = LinkAttempt.of(address)
        digest = passwords.digest(token)
        with self.catalogue.read() as tx:
            attempt.require_patience(tx)
            row = tx.one(invitations_sql.OPEN_INVITATION, secret=digest)
            if row is not None:
                return self._offer(tx, _Terms._make(row))
        self.catalogue.write(attempt.failed, durable=False)
        raise NotFound(_ENDED)

    def accept(
        self, token: str, *, address: str, device: str, name: str = "", password: str = "", language: str | None = None
    ) -> str:
        """Do what a link is for, once, and sign the browser in: the token of its session.

        An invitation takes the new account's name and password, a link for another password only that. ``device`` is
        what the browser calls itself. Raises as :meth:`look` does; and BadName, Exists, BadRequest, after which the
        link is as good as before.
        """
        offer = self.look(token, address=address)
        stored = "" if offer.kind == CONNECT else passwords.hash_chosen(accounts.acceptable(password))

        def work(tx: Transaction) -> str:
            row = tx.one(invitations_sql.USE_INVITATION, secret=passwords.digest(token))
            if row is None:
                raise NotFound(_ENDED)
            terms = _Terms._make(row)
            if terms.kind == CONNECT:
                return sessions.begin(
                    tx, _whose(terms), device=device, address=address, scope=CONNECT, lifetime=sessions.NARROW_LIFETIME
                )
            if terms.kind == INVITE:
                account_id = self._join(tx, terms, name, stored)
                if language is not None:
                    tx.run(accounts_sql.SET_LANGUAGE, account=account_id, new_language=language)
            else:
                account_id = _whose(terms)
                accounts.replace_password(tx, account_id, stored)
            return sessions.begin(tx, account_id, device=device, address=address)

        return self.catalogue.write(work)

    def _offer(self, tx: Transaction, terms: _Terms) -> Offer:
        if terms.account_id is not None:
            name = str(tx.value(spaces_sql.NAME_OF_ACCOUNT, account=terms.account_id))
        else:
            name = terms.name
        quota = self.accounts.default_quota if terms.quota is None else terms.quota
        names_of = {row[0]: row[1] for row in tx.all(spaces_sql.SPACES)} if terms.spaces != "[]" else {}
        return Offer(terms.kind, name, bool(terms.admin), quota, _shared(terms.spaces, names_of), terms.expires)

    def _join(self, tx: Transaction, terms: _Terms, name: str, stored: str) -> int:
        """Make the account of an invitation."""
        quota = self.accounts.default_quota if terms.quota is None else terms.quota
        account_id = accounts.create(tx, name.strip(), stored, admin=bool(terms.admin), quota=quota)
        for space_id, role in json.loads(terms.spaces):
            if (row := tx.one(spaces_sql.SPACE_BY_ID, space=space_id)) and spaces.SpaceRow._make(row).removed is None:
                tx.run(spaces_sql.ADD_MEMBER, space_id=space_id, account_id=account_id, role=role)
        tx.run(invitations_sql.SET_ACCOUNT_OF_INVITATION, invitation=terms.id, account=account_id)
        return account_id


def _whose(terms: _Terms) -> int:
    if terms.account_id is None:
        raise NotFound(_ENDED)
    return terms.account_id


def _joinable(tx: Transaction, name: str) -> int:
    space = spaces.find_shared(tx, name)
    if space.removed is not None:
        raise NotFound(f"The space “{space.name}” was removed.")
    return space.id


def _require_administrator(principal: Principal | None) -> None:
    if principal is not None and not principal.admin:
        raise Forbidden("Only administrators may do this.")


def _add(
    tx: Transaction,
    kind: str,
    lifetime: int,
    maker: Principal | None,
    *,
    account_id: int | None = None,
    name: str = "",
    admin: bool = False,
    quota: int | None = None,
    joined: str = "[]",
) -> Link:
    token = secrets.token_urlsafe(_BITS // 8)
    row = tx.all(
        invitations_sql.ADD_INVITATION,
        kind=kind,
        digest=passwords.digest(token),
        account_id=account_id,
        maker_id=None if maker is None else maker.account_id,
        name=name,
        admin=admin,
        quota=quota,
        spaces=joined,
        us=lifetime,
    )[0]
    return Link(row[0], token, row[1])


def _shared(written: str, names_of: Mapping[int, str]) -> tuple[tuple[str, Role], ...]:
    """The spaces that a link lets join, without those that are gone."""
    return tuple((names_of[space], Role(role)) for space, role in json.loads(written) if space in names_of)
