"""Browsers that are signed in.

A browser holds 160 random bits, the catalogue their SHA-256. The row is read for every request, so signing out ends a
session at once in every process. A session that is not used for 30 days ends by itself.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import sessions as sessions_sql
from gateway.errors import GatewayError
from gateway.library import passwords
from gateway.library.values import Principal

if TYPE_CHECKING:
    from gateway.catalogue import Catalogue
    from gateway.library.accounts import Accounts

LIFETIME = 30 * 86_400 * 1_000_000
"""Microseconds that a session lives after its last use."""
_NOTED_EVERY = 3600 * 1_000_000
_BITS = 160


class SessionRow(NamedTuple):
    """A browser that is signed in, as its owner sees it. Times in microseconds UTC."""

    id: str
    device: str
    created: int
    used: int


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
        token = secrets.token_urlsafe(_BITS // 8)
        self.catalogue.run(
            sessions_sql.ADD_SESSION,
            digest=passwords.digest(token),
            account=principal.account_id,
            who=principal.device,
            us=LIFETIME,
        )
        return token

    def principal(self, token: str) -> Principal | None:
        """Whose session it is; None when it has ended."""
        digest = passwords.digest(token)
        with self.catalogue.read() as tx:
            row = tx.one(sessions_sql.SESSION, digest=digest)
        if row is None:
            return None
        if row[4] > _NOTED_EVERY:
            with suppress(GatewayError):  # a full disk must not keep people from their photographs
                self.catalogue.run(sessions_sql.USE_SESSION, durable=False, digest=digest, us=LIFETIME)
        return Principal(row[0], row[1], bool(row[2]), None, row[3])

    def sign_out(self, token: str) -> None:
        """End this session."""
        self.catalogue.run(sessions_sql.DELETE_SESSION, digest=passwords.digest(token))

    def sign_out_elsewhere(self, principal: Principal, token: str) -> int:
        """End the principal's other sessions; how many."""
        return self.catalogue.run(
            sessions_sql.DELETE_OTHERS, account=principal.account_id, digest=passwords.digest(token)
        )

    def all(self, principal: Principal) -> list[SessionRow]:
        """The principal's sessions, the last used first."""
        with self.catalogue.read() as tx:
            return [SessionRow._make(row) for row in tx.all(sessions_sql.SESSIONS, account=principal.account_id)]
