"""Tokens of the API: what programs show instead of a password, and what they may do with it.

A program asks once, with a password, and gets two tokens. The access token is a JSON Web Token (RFC 7519) that lives
for 15 minutes; the refresh token is exchanged for the next two. Both hang on one row, which is read for every request:
when it goes, both end at once. It goes when somebody revokes it, and together with what it was asked for with: a
changed password, a revoked app password, a removed account.

A refresh token has two parts of 160 random bits, of which the catalogue knows the SHA-256. The first stays and finds
the row; the second is good once. Whoever shows the first with a second that was used before has a stolen token, or was
stolen from, and which of them it is cannot be told: the row goes (RFC 9700 §4.14.2).
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import jwt

from gateway.catalogue.statements import tokens as tokens_sql
from gateway.errors import Forbidden, NotFound, Unauthenticated
from gateway.library import passwords
from gateway.library.values import Principal

if TYPE_CHECKING:
    from collections.abc import Collection

    from jwt.types import Options

    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.accounts import Accounts

ACCESS_SECONDS = 15 * 60
LIFETIME = 30 * 86_400 * 1_000_000
"""Microseconds that a refresh token lives."""
KEY_LIFETIME = 30 * 86_400 * 1_000_000
"""Microseconds after which another key signs."""
_MOST = 100
"""Programs of one account; the one that was not heard of for longest makes room for another."""
_BYTES = 20
_LEEWAY = 60  # seconds that the clocks of several machines may differ
_ALGORITHM = "HS256"
_CLAIMS: Options = {"require": ["exp", "sub", "sid"]}
_KEYS = 1 << 63
_DEVICE = 200


class Scope(StrEnum):
    """A part of what an account may do."""

    READ = "photos:read"
    """See photos, folders, and files as they were uploaded."""
    WRITE = "photos:write"
    """Change, move and delete them."""
    UPLOAD = "uploads:write"
    """Bring files in."""
    ACCOUNT = "account"
    """See and change the account: sessions, passwords, tokens."""
    ADMIN = "admin"
    """What administrators may do, for those who are."""


OF_DEVICES = frozenset({Scope.READ, Scope.WRITE, Scope.UPLOAD})
"""What the app password of a device allows: all that it allows over WebDAV."""


class Issued(NamedTuple):
    """The tokens of a program, told once."""

    id: int
    access: str
    refresh: str
    scopes: frozenset[Scope]


class Bearer(NamedTuple):
    """Who shows a token, and what it allows."""

    principal: Principal
    scopes: frozenset[Scope]


class TokenRow(NamedTuple):
    """A program that has tokens, as its owner sees it. Times in microseconds UTC."""

    id: int
    device: str
    scopes: tuple[Scope, ...]
    created: int
    used: int
    """The last time that it took new ones."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Gives out tokens, and tells whose they are."""

    catalogue: Catalogue
    accounts: Accounts

    def issue_for(
        self, name: str, password: str, scopes: Collection[Scope], *, address: str, device: str, label: str = ""
    ) -> Issued:
        """Tokens for who knows a password, or an app password; ``label`` is what the person calls the program.

        Raises as :meth:`Accounts.authenticate` does, and Forbidden for scopes that the password does not give.
        """
        principal = self.accounts.authenticate(name, password, address=address, device=device)
        return self._issue(principal, scopes, label or principal.device, principal.credential_id)

    def issue(self, principal: Principal, scopes: Collection[Scope], label: str) -> Issued:
        """Tokens for who is signed in. They end when the password is changed."""
        return self._issue(principal, scopes, label or principal.device, None)

    def _issue(self, principal: Principal, scopes: Collection[Scope], label: str, credential: int | None) -> Issued:
        stays, turns = _random(), _random()

        def work(tx: Transaction) -> Issued:
            proof = credential
            if proof is None and (row := tx.one(tokens_sql.CHOSEN, account=principal.account_id)) is not None:
                proof = row[0]
            found = tx.one(tokens_sql.PROOF, credential=proof)
            if found is None:  # it was revoked a moment ago
                raise Unauthenticated("Wrong name or password.")
            _require_allowed(scopes, kind=found[1], is_fresh=bool(found[2]), is_admin=bool(found[3]))
            token_id: int = tx.value(
                tokens_sql.ADD_TOKEN,
                account=principal.account_id,
                credential=proof,
                new_digest=passwords.digest(stays),
                new_current=passwords.digest(turns),
                new_scopes=" ".join(sorted(scopes)),
                who=label[:_DEVICE],
                us=LIFETIME,
            )
            for row in tx.all(tokens_sql.OLD_TOKENS, account=principal.account_id, most=_MOST):
                tx.run(tokens_sql.DELETE_TOKEN, account=principal.account_id, token=row[0])
            access = _signed(tx, token_id, principal.account_id, scopes)
            return Issued(token_id, access, f"{stays}.{turns}", frozenset(scopes))

        return self.catalogue.write(work)

    def refresh(self, token: str) -> Issued:
        """Exchange a refresh token for the next ones; Unauthenticated for one that is none, or that was used before.

        In the latter case everything that came of it ends.
        """
        stays, _, before = token.partition(".")
        turns = _random()
        given = {"digest": passwords.digest(stays), "before": passwords.digest(before)}

        def work(tx: Transaction) -> Issued | int:
            row = tx.one(tokens_sql.TURN_TOKEN, new_current=passwords.digest(turns), us=LIFETIME, **given)
            if row is None:
                return tx.run(tokens_sql.DELETE_BY_DIGEST, digest=given["digest"])
            scopes = frozenset(map(Scope, row[2].split()))
            return Issued(row[0], _signed(tx, row[0], row[1], scopes), f"{stays}.{turns}", scopes)

        issued = self.catalogue.write(work)
        if isinstance(issued, int):
            raise Unauthenticated(
                "This refresh token was used before, so all tokens that came of it have ended."
                if issued
                else "This refresh token has ended."
            )
        return issued

    def bearer(self, token: str) -> Bearer:
        """Who shows this access token; Unauthenticated for one that is none, or that has ended."""
        try:
            number = int(jwt.get_unverified_header(token)["kid"])
            if not 0 < number < _KEYS:
                raise ValueError(number)
            with self.catalogue.read() as tx:
                key = tx.one(tokens_sql.KEY, number=number)
                if key is None:
                    raise Unauthenticated("The token has ended.")
                claims = jwt.decode(
                    token,
                    bytes.fromhex(key[0]),
                    [_ALGORITHM],
                    leeway=_LEEWAY,
                    options=_CLAIMS,
                )
                row = tx.one(tokens_sql.TOKEN, token=claims["sid"])
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("The token has ended.") from None
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
            raise Unauthenticated("This is no token of this server.") from None
        if row is None or str(row[0]) != claims["sub"]:
            raise Unauthenticated("The token has ended.")
        scopes = frozenset(map(Scope, row[5].split()))
        is_admin = bool(row[2]) and Scope.ADMIN in scopes
        return Bearer(Principal(row[0], row[1], is_admin, row[3], row[4]), scopes)

    def device(self, name: str, password: str, *, address: str, device: str) -> Bearer:
        """Who knows an app password. Raises as :meth:`Accounts.authenticate` does; a chosen password opens nothing."""
        principal = self.accounts.authenticate(name, password, address=address, device=device)
        with self.catalogue.read() as tx:
            kind = tx.one(tokens_sql.KIND, credential=principal.credential_id)
        if kind is None or kind[0] != "app":
            raise Unauthenticated("This takes an app password: make one for the program, or ask for a token.")
        return Bearer(principal._replace(admin=False), OF_DEVICES)

    def all(self, principal: Principal) -> list[TokenRow]:
        """The programs of the principal that have tokens, the last used first."""
        with self.catalogue.read() as tx:
            rows = tx.all(tokens_sql.TOKENS, account=principal.account_id)
        return [TokenRow(row[0], row[1], tuple(map(Scope, row[2].split())), row[3], row[4]) for row in rows]

    def revoke(self, principal: Principal, token_id: int) -> None:
        """End all tokens of one of the principal's programs at once; NotFound."""
        if not self.catalogue.run(tokens_sql.DELETE_TOKEN, account=principal.account_id, token=token_id):
            raise NotFound("There is no such token.")

    def end(self, token: str) -> None:
        """End all tokens of the program that shows this refresh token; one that is none does nothing (RFC 7009)."""
        self.catalogue.run(tokens_sql.DELETE_BY_DIGEST, digest=passwords.digest(token.partition(".")[0]))


def forget(tx: Transaction) -> None:
    """Drop what has ended, and have another key sign after 30 days. What the last one signed still counts."""
    tx.run(tokens_sql.EXPIRED_TOKENS)
    newest = tx.one(tokens_sql.NEWEST_KEY)
    if newest is not None and newest[2] > KEY_LIFETIME:
        tx.run(tokens_sql.DELETE_OTHER_KEYS, number=newest[0])
        _add_key(tx)


def _require_allowed(scopes: Collection[Scope], *, kind: str, is_fresh: bool, is_admin: bool) -> None:
    if kind == "app" and not OF_DEVICES.issuperset(scopes):
        raise Forbidden(f"An app password gives {', '.join(sorted(OF_DEVICES))}, and nothing of the account.")
    if kind == "password" and is_fresh:
        raise Forbidden("Choose a password of your own first: sign in with a browser.")
    if Scope.ADMIN in scopes and not is_admin:
        raise Forbidden("You are no administrator.")


def _signed(tx: Transaction, token_id: int, account_id: int, scopes: Collection[Scope]) -> str:
    number, secret = _key(tx)
    now = int(time.time())
    claims: dict[str, Any] = {
        "sub": str(account_id),
        "sid": token_id,
        "scope": " ".join(sorted(scopes)),
        "iat": now,
        "exp": now + ACCESS_SECONDS,
    }
    return jwt.encode(claims, bytes.fromhex(secret), _ALGORITHM, headers={"kid": str(number)})


def _key(tx: Transaction) -> tuple[int, str]:
    newest = tx.one(tokens_sql.NEWEST_KEY)
    return _add_key(tx) if newest is None else (newest[0], newest[1])


def _add_key(tx: Transaction) -> tuple[int, str]:
    secret = secrets.token_hex(32)
    return tx.value(tokens_sql.ADD_KEY, new_secret=secret), secret


def _random() -> str:
    return secrets.token_urlsafe(_BYTES)
