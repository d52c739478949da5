"""Browsers that are signed in.

A browser holds 160 random bits, the catalogue their SHA-256. The row is read for every request, so signing out ends a
session at once in every process. A session that is not used for 30 days ends by itself. One with a scope opens nothing
else, and ends after an hour.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import accounts as accounts_sql
from gateway.catalogue.statements import sessions as sessions_sql
from gateway.errors import GatewayError, NotFound, Unauthenticated
from gateway.library import passwords
from gateway.library.values import Principal

if TYPE_CHECKING:
    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.accounts import Accounts

LIFETIME = 30 * 86_400 * 1_000_000
"""Microseconds that a session lives after its last use."""
NARROW_LIFETIME = 3600 * 1_000_000
"""Microseconds that a session with a scope lives."""
_NOTED_EVERY = 3600 * 1_000_000
_BITS = 160
_DEVICE = 200
_LISTED = 200


class Visit(NamedTuple):
    """A request of a browser that is signed in: whose, and what that person chose."""

    principal: Principal
    scope: str
    """What alone the session opens: ``connect`` for the page for devices; empty for everything."""
    called: str
    """What the person wants to be called."""
    language: str | None
    """None for what the browser asks for."""
    theme: str
    """``light``, ``dark`` or ``system``."""
    shortcuts: bool
    """Whether single letters do something."""
    fresh: bool
    """Whether the password is one that was drawn and shown to somebody, to be changed first of all."""
    renewed: bool
    """Whether the session lives another 30 days from now, so that the browser has to hear of it."""


class SessionRow(NamedTuple):
    """A browser that is signed in, as its owner sees it. Times in microseconds UTC."""

    id: str
    device: str
    address: str
    """The network address it was last used from, as of the first use in an hour."""
    created: int
    used: int
    is_this: bool


@dataclass(frozen=True, slots=True)
class Sessions:
    """Signs browsers in and out."""

    catalogue: Catalogue
    accounts: Accounts

    def sign_in(self, name: str, password: str, *, address: str, device: str) -> str:
        """Begin a session; its token, which is told once. Raises as :meth:`Accounts.authenticate` does.

        Passwords of devices are for devices: they do not open a browser.
        """
        principal = self.accounts.authenticate(name, password, address=address, device=device, only_chosen=True)

        def work(tx: Transaction) -> str:
            # A password that was changed meanwhile has ended every session, and must not begin another one.
            if tx.one(accounts_sql.KEEP_CREDENTIAL, credential=principal.credential_id) is None:
                raise Unauthenticated("Wrong name or password.")
            return begin(tx, principal.account_id, device=principal.device, address=address)

        return self.catalogue.write(work)

    def visit(self, token: str, *, address: str) -> Visit | None:
        """Whose session it is, used from a network address; None when it has ended."""
        digest = passwords.digest(token)
        with self.catalogue.read() as tx:
            row = tx.one(sessions_sql.SESSION, digest=digest)
        if row is None:
            return None
        renewed = False
        if row[4] > _NOTED_EVERY and not row[5]:
            with suppress(GatewayError):  # a full disk must not keep people from their photographs
                noted = {"digest": digest, "us": LIFETIME, "new_address": address[:_DEVICE]}
                renewed = bool(self.catalogue.run(sessions_sql.USE_SESSION, durable=False, **noted))
        principal = Principal(row[0], row[1], bool(row[2]), None, row[3])
        return Visit(principal, row[5], row[6], row[7], row[8], bool(row[9]), bool(row[10]), renewed)

    def sign_out(self, token: str) -> None:
        """End this session."""
        self.catalogue.run(sessions_sql.DELETE_SESSION, digest=passwords.digest(token))

    def sign_out_everywhere(self, principal: Principal) -> int:
        """End all of the principal's sessions; how many."""
        return self.catalogue.run(sessions_sql.DELETE_SESSIONS, account=principal.account_id)

    def sign_out_elsewhere(self, principal: Principal, token: str) -> int:
        """End the principal's other sessions; how many."""
        return self.catalogue.run(
            sessions_sql.DELETE_OTHERS, account=principal.account_id, digest=passwords.digest(token)
        )

    def end(self, principal: Principal, session_id: str) -> None:
        """End one of the principal's sessions, by its id; NotFound."""
        if not self.catalogue.run(sessions_sql.DELETE_SESSION_OF, account=principal.account_id, digest=session_id):
            raise NotFound("There is no such session.")

    def all(self, principal: Principal, token: str) -> list[SessionRow]:
        """The principal's sessions, at most 200, the last used first; ``token`` says which of them is this one."""
        given = {"account": principal.account_id, "digest": passwords.digest(token), "most": _LISTED}
        with self.catalogue.read() as tx:
            rows = [SessionRow._make(row) for row in tx.all(sessions_sql.SESSIONS, **given)]
        return [row._replace(is_this=bool(row.is_this)) for row in rows]


def begin(
    tx: Transaction, account_id: int, *, device: str, address: str, scope: str = "", lifetime: int = LIFETIME
) -> str:
    """Insert a session of so many microseconds; its token, which is told once."""
    token = secrets.token_urlsafe(_BITS // 8)
    tx.run(
        sessions_sql.ADD_SESSION,
        digest=passwords.digest(token),
        account=account_id,
        who=device[:_DEVICE],
        address=address[:_DEVICE],
        scope=scope,
        us=lifetime,
    )
    return token
