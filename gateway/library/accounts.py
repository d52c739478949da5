"""Accounts and their credentials: who can log in, how, and how guessing is made slow."""

from __future__ import annotations

import hmac
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gateway.catalogue.statements import accounts as accounts_sql
from gateway.catalogue.statements import invitations as invitations_sql
from gateway.catalogue.statements import locks as locks_sql
from gateway.catalogue.statements import sessions as sessions_sql
from gateway.catalogue.statements import spaces as spaces_sql
from gateway.catalogue.statements import uploads as uploads_sql
from gateway.errors import BadRequest, Conflict, GatewayError, NotFound, Unauthenticated
from gateway.library import names, passwords, record, spaces
from gateway.library.attempts import Attempt
from gateway.library.values import Principal, Role

if TYPE_CHECKING:
    from gateway.catalogue import Catalogue, Transaction

MIN_PASSWORD = 8
MAX_CREDENTIALS = 200
"""Of one account: every login compares with all of them."""
_USED_EVERY = 3600.0
_DEVICE = 200
"""Characters kept of what a client calls itself: it is written beside every change."""


class AccountRow(NamedTuple):
    """An account as an administrator sees it. Sizes in bytes, times in microseconds UTC."""

    id: int
    name: str
    admin: bool
    created: int
    removed: int | None
    quota: int
    live: int
    trash: int


class CredentialRow(NamedTuple):
    """A credential without its secret."""

    id: int
    kind: str
    label: str
    created: int
    used: int | None
    address: str
    """The network address it was last used from, as of the first use in an hour; empty when not known."""


class RefusalRow(NamedTuple):
    """An upload that was refused and has not arrived since."""

    path: str
    """As it is compared: its names in NFC, its space without case."""
    device: str
    reason: str
    """The name of the error: QuotaExceeded, StoreFull, TooLarge, UnsupportedType or ChecksumMismatch."""
    size: int | None
    """Bytes that were announced."""
    at: int


class _Known(NamedTuple):
    """A credential of the account that somebody claims to be."""

    account_id: int
    name: str
    admin: bool
    credential_id: int
    kind: str
    secret: str
    label: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """Makes, changes and removes accounts; tells who somebody is."""

    catalogue: Catalogue
    default_quota: int
    _remembered: passwords.Remembered = field(default_factory=passwords.Remembered)
    _used: dict[int, float] = field(default_factory=dict)

    # --- logging in ---------------------------------------------------------------------------------------------

    def authenticate(
        self, name: str, password: str, *, address: str, device: str, only_chosen: bool = False
    ) -> Principal:
        """Who this is; Unauthenticated when name or password are wrong, and never which.

        ``address`` is the client's network address, ``device`` what the client calls itself. After some failures the
        next ones are refused with TooManyAttempts for a while that doubles (:mod:`gateway.library.attempts`). Devices
        with app passwords, and everybody who logged in to this process before, are not held up. With
        ``only_chosen``, the password of a device is no password.
        """
        # What no database can be asked for is nobody's name, and answered like any other wrong one.
        name_key = names.space_key(name)
        with self.catalogue.read() as tx:
            known = [_Known._make(row) for row in tx.all(accounts_sql.CREDENTIALS_BY_NAME, name_key=name_key)]
        if only_chosen:
            known = [one for one in known if one.kind == "password"]
        digest = passwords.digest(password)
        for one in known:
            if one.kind == "app" and hmac.compare_digest(one.secret, digest):
                return self._principal(one, one.label, address)
            if one.kind == "password" and self._remembered.knows(one.secret, password):
                return self._principal(one, device, address)
        attempt = Attempt.of(name_key, address)
        chosen = next((one for one in known if one.kind == "password"), None)
        # Judged and counted within the turn: a burst of guesses would all pass before the first failure counts.
        with passwords.turn():
            with self.catalogue.read() as tx:
                attempt.require_patience(tx)
            if not passwords.verify_chosen(chosen.secret if chosen else None, password):
                chosen = None
                self.catalogue.write(attempt.failed, durable=False)
        if chosen is not None:
            self._remembered.add(chosen.secret, password)
            with suppress(GatewayError):  # a full disk must not keep people from their photographs
                self.catalogue.write(attempt.succeeded, durable=False)
            return self._principal(chosen, device, address)
        raise Unauthenticated("Wrong name or password.")

    def _principal(self, known: _Known, device: str, address: str) -> Principal:
        now = time.monotonic()
        if now - self._used.get(known.credential_id, -_USED_EVERY) >= _USED_EVERY:
            self._used[known.credential_id] = now
            try:
                used = {"credential": known.credential_id, "at": record.clock(), "new_address": address[:_DEVICE]}
                self.catalogue.run(accounts_sql.USE_CREDENTIAL, durable=False, **used)
            except GatewayError:
                self._used.pop(known.credential_id, None)
        return Principal(known.account_id, known.name, bool(known.admin), known.credential_id, device[:_DEVICE])

    # --- managing -----------------------------------------------------------------------------------------------

    def count(self) -> int:
        """How many accounts there are, removed ones included."""
        with self.catalogue.read() as tx:
            return int(tx.value(accounts_sql.COUNT_ACCOUNTS))

    def all(self) -> list[AccountRow]:
        """Every account, removed ones included, by name."""
        with self.catalogue.read() as tx:
            return [AccountRow._make(row) for row in tx.all(accounts_sql.ACCOUNTS)]

    def add(
        self, name: str, *, password: str, drawn: bool = False, admin: bool = False, quota: int | None = None
    ) -> int:
        """Make an account with its personal space of ``quota`` bytes; its id.

        A password that was ``drawn``, and shown to whoever made the account, is there to choose another one with.
        Raises BadName, Exists when an account or space has the name, BadRequest for a password that is too short.
        """
        stored = passwords.hash_chosen(acceptable(password))

        room = self.default_quota if quota is None else quota

        def work(tx: Transaction) -> int:
            account_id = create(tx, name, stored, admin=admin, quota=room)
            if drawn:
                tx.run(accounts_sql.SET_FRESH, account=account_id, new_fresh=True)
            return account_id

        return self.catalogue.write(work)

    def rename(self, name: str, new: str) -> None:
        """Change the name to log in with and the address of the personal space, and nothing else."""

        def work(tx: Transaction) -> None:
            find(tx, name)
            spaces.rename(tx, spaces.find(tx, name), new)

        self.catalogue.write(work)

    def set_password(self, name: str, password: str, *, drawn: bool = False) -> None:
        """Give an account another password; the old one stops working at once, and every browser is signed out.

        ``drawn`` as in :meth:`add`.
        """
        stored = passwords.hash_chosen(acceptable(password))

        def work(tx: Transaction) -> None:
            account_id = find(tx, name)
            replace_password(tx, account_id, stored)
            tx.run(accounts_sql.SET_FRESH, account=account_id, new_fresh=drawn)

        self.catalogue.write(work)

    def set_quota(self, name: str, quota: int) -> None:
        """Change the quota of the personal space, in bytes."""

        def work(tx: Transaction) -> None:
            find(tx, name)
            spaces.set_quota(tx, spaces.find(tx, name), quota)

        self.catalogue.write(work)

    def remove(self, name: str) -> None:
        """End an account at once: credentials, memberships and locks. Its personal space is purged 30 days later.

        Raises Conflict for the last administrator.
        """

        def work(tx: Transaction) -> None:
            account_id, space, now = find(tx, name), spaces.find(tx, name), record.clock()
            is_admin = tx.all(accounts_sql.ACCOUNT_BY_NAME, name_key=names.space_key(name))[0][2]
            tx.run(accounts_sql.REMOVE_ACCOUNT, account=account_id, at=now)
            if is_admin and not tx.value(accounts_sql.COUNT_ADMINISTRATORS):
                raise Conflict("This is the last administrator: make another one first.")
            tx.run(accounts_sql.DELETE_ALL_CREDENTIALS, account=account_id)
            tx.run(sessions_sql.DELETE_SESSIONS, account=account_id)
            tx.run(invitations_sql.END_LINKS_OF_ACCOUNT, account=account_id)
            tx.run(locks_sql.DELETE_LOCKS_OF_ACCOUNT, account=account_id)
            tx.run(spaces_sql.DELETE_MEMBERSHIPS, account=account_id)
            tx.run(spaces_sql.REMOVE_SPACE, space=space.id, at=now)

        self.catalogue.write(work)

    def bring_back(self, name: str, password: str, *, drawn: bool = False) -> None:
        """Undo the removal of an account, with a new password; its memberships of shared spaces are not restored.

        ``drawn`` as in :meth:`add`.
        """
        stored = passwords.hash_chosen(acceptable(password))

        def work(tx: Transaction) -> None:
            space = spaces.find(tx, name)
            if space.owner_id is None:
                raise NotFound(f"There is no account “{name}”.")
            spaces.bring_back(tx, space)
            tx.run(accounts_sql.BRING_BACK_ACCOUNT, account=space.owner_id)
            tx.run(spaces_sql.ADD_MEMBER, space_id=space.id, account_id=space.owner_id, role=int(Role.MANAGER))
            _add_credential(tx, space.owner_id, "password", stored, "password")
            tx.run(accounts_sql.SET_FRESH, account=space.owner_id, new_fresh=drawn)

        self.catalogue.write(work)

    def credentials(self, name: str) -> list[CredentialRow]:
        """How the account can prove itself, oldest first."""
        with self.catalogue.read() as tx:
            rows = tx.all(accounts_sql.CREDENTIALS, account=find(tx, name))
        return [CredentialRow._make(row) for row in rows]

    def refusals(self, name: str, limit: int = 1000) -> list[RefusalRow]:
        """The account's uploads that were refused and have not arrived since, the latest first."""
        with self.catalogue.read() as tx:
            rows = tx.all(uploads_sql.REFUSALS, account=find(tx, name), limit=limit)
        return [RefusalRow._make(row) for row in rows]

    def add_app_password(self, name: str, label: str) -> str:
        """A new random password for one device, named ``label``. It is returned once and stored only as a hash."""
        return self.catalogue.write(lambda tx: add_app_password(tx, find(tx, name), label))

    def revoke(self, name: str, credential_id: int) -> None:
        """End a credential at once; NotFound."""

        def work(tx: Transaction) -> None:
            if not tx.run(accounts_sql.DELETE_CREDENTIAL, credential=credential_id, account=find(tx, name)):
                raise NotFound("There is no such credential.")

        self.catalogue.write(work)


def find(tx: Transaction, name: str) -> int:
    """The id of the account of that name; NotFound, also when it was removed."""
    row = tx.one(accounts_sql.ACCOUNT_BY_NAME, name_key=names.space_key(name))
    if row is None:
        raise NotFound(f"There is no account “{name}”.")
    if row[4] is not None:
        raise NotFound(f"The account “{name}” was removed.")
    return int(row[0])


def create(tx: Transaction, name: str, stored: str, *, admin: bool, quota: int) -> int:
    """Insert an account with its personal space of ``quota`` bytes and the hash of its password; its id.

    Raises BadName, and Exists when an account or space has the name.
    """
    account_id: int = tx.value(accounts_sql.ADD_ACCOUNT, admin=admin, created=record.clock())
    space_id = spaces.create(tx, name, owner_id=account_id, quota=quota)
    tx.run(spaces_sql.ADD_MEMBER, space_id=space_id, account_id=account_id, role=int(Role.MANAGER))
    _add_credential(tx, account_id, "password", stored, "password")
    return account_id


def replace_password(tx: Transaction, account_id: int, stored: str, *, but: str = "") -> None:
    """Give an account the hash of another password. The old one and the links for others end, and every session.

    ``but`` is the digest of the one session that goes on. The passwords of devices stay.
    """
    # Credentials before sessions: who signs in meanwhile with the old one holds its row until their session is there.
    tx.run(accounts_sql.DELETE_CREDENTIALS, account=account_id, kind="password")
    tx.run(sessions_sql.DELETE_OTHERS, account=account_id, digest=but)
    tx.run(invitations_sql.END_LINKS_OF_ACCOUNT, account=account_id)
    tx.run(accounts_sql.SET_FRESH, account=account_id, new_fresh=False)
    _add_credential(tx, account_id, "password", stored, "password")


def add_app_password(tx: Transaction, account_id: int, label: str) -> str:
    """Insert a new random password for one device; it. Conflict when there are as many as one account may have."""
    if tx.value(accounts_sql.COUNT_CREDENTIALS, account=account_id) >= MAX_CREDENTIALS:
        raise Conflict("There are too many devices: end those that are not used any more.")
    password = passwords.generate()
    _add_credential(tx, account_id, "app", passwords.digest(password), label.strip()[:100] or "device")
    return password


def acceptable(password: str) -> str:
    """The password; BadRequest for one that nobody may choose."""
    if not names.is_text(password):
        raise BadRequest("A password must be valid UTF-8 text.")
    if len(password) < MIN_PASSWORD:
        raise BadRequest(f"A password needs at least {MIN_PASSWORD} characters.")
    return password


def _add_credential(tx: Transaction, account_id: int, kind: str, secret: str, label: str) -> None:
    tx.run(
        accounts_sql.ADD_CREDENTIAL,
        account_id=account_id,
        kind=kind,
        secret=secret,
        label=label,
        created=record.clock(),
    )
