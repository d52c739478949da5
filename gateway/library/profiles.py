"""What people decide about themselves: their names, their password, their devices, and how pages are for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.catalogue.statements import accounts as accounts_sql
from gateway.errors import BadName, BadRequest, Conflict, NotFound, Unauthenticated
from gateway.library import accounts, names, passwords, spaces
from gateway.library.accounts import CredentialRow

if TYPE_CHECKING:
    from gateway.catalogue import Catalogue, Transaction
    from gateway.library.accounts import Accounts
    from gateway.library.values import Principal

THEMES = ("system", "light", "dark")
MAX_CALLED = 64


@dataclass(frozen=True, slots=True)
class Profiles:
    """Each method is for the principal's own account."""

    catalogue: Catalogue
    accounts: Accounts

    # --- names and taste ----------------------------------------------------------------------------------------

    def call(self, principal: Principal, called: str) -> None:
        """Choose what one is called on pages, at most 64 characters; empty for the account's name. BadName."""
        called = " ".join(called.split())
        if len(called) > MAX_CALLED or not (names.is_text(called) and called.isprintable()):
            raise BadName(f"A name has at most {MAX_CALLED} characters, and none that cannot be seen.")
        self.catalogue.run(accounts_sql.SET_CALLED, account=principal.account_id, new_called=called)

    def rename(self, principal: Principal, name: str) -> None:
        """Change the name to sign in with, and with it the address of the personal space. BadName, Exists."""

        def work(tx: Transaction) -> None:
            spaces.rename(tx, spaces.find(tx, principal.name), name.strip())

        self.catalogue.write(work)

    def speak(self, principal: Principal, language: str | None) -> None:
        """Choose the language of pages, by its code; None for what the browser asks for."""
        self.catalogue.run(accounts_sql.SET_LANGUAGE, account=principal.account_id, new_language=language)

    def dress(self, principal: Principal, theme: str) -> None:
        """Choose a theme: system, light or dark. BadRequest for another."""
        if theme not in THEMES:
            raise BadRequest("There is no such theme.")
        self.catalogue.run(accounts_sql.SET_THEME, account=principal.account_id, new_theme=theme)

    def use_shortcuts(self, principal: Principal, *, on: bool) -> None:
        """Choose whether single letters do something."""
        self.catalogue.run(accounts_sql.SET_SHORTCUTS, account=principal.account_id, new_shortcuts=on)

    # --- passwords ----------------------------------------------------------------------------------------------

    def begin(self, principal: Principal, token: str, *, name: str, password: str, language: str | None) -> None:
        """Take an account over whose password was drawn: its own name, password and language, once.

        Its other sessions end; ``token`` is this one's. Raises BadName, Exists, BadRequest, and Conflict when somebody
        did so already. The drawn password, which others have seen, cannot be the new one.
        """
        self._require_another(principal, password)
        stored = passwords.hash_chosen(accounts.acceptable(password))

        def work(tx: Transaction) -> None:
            if not tx.run(accounts_sql.BEGIN_ACCOUNT, account=principal.account_id):
                raise Conflict("This account has its own password already.")
            spaces.rename(tx, spaces.find(tx, principal.name), name.strip())
            tx.run(accounts_sql.SET_LANGUAGE, account=principal.account_id, new_language=language)
            accounts.replace_password(tx, principal.account_id, stored, but=passwords.digest(token))

        self.catalogue.write(work)

    def _require_another(self, principal: Principal, password: str) -> None:
        with self.catalogue.read() as tx:
            row = tx.one(accounts_sql.PASSWORD_OF_ACCOUNT, account=principal.account_id)
        with passwords.turn():
            if row is not None and passwords.verify_chosen(row[0], password):
                raise BadRequest("Others have seen this password: choose another one.")

    def change_password(self, principal: Principal, token: str, old: str, new: str, *, address: str) -> None:
        """Give oneself another password. Every other browser is signed out; devices keep theirs.

        Raises BadRequest when ``old`` is not the password or ``new`` cannot be one, and TooManyAttempts as logins do:
        an open browser is no place to guess.
        """
        accounts.acceptable(new)
        try:
            self.accounts.authenticate(principal.name, old, address=address, device=principal.device, only_chosen=True)
        except Unauthenticated:
            raise BadRequest("This is not your password.") from None
        stored = passwords.hash_chosen(new)
        self.catalogue.write(
            lambda tx: accounts.replace_password(tx, principal.account_id, stored, but=passwords.digest(token))
        )

    # --- devices ------------------------------------------------------------------------------------------------

    def devices(self, principal: Principal) -> list[CredentialRow]:
        """The passwords of the principal's devices, the last made first."""
        with self.catalogue.read() as tx:
            rows = [CredentialRow._make(row) for row in tx.all(accounts_sql.CREDENTIALS, account=principal.account_id)]
        return [row for row in reversed(rows) if row.kind == "app"]

    def add_device(self, principal: Principal, label: str) -> str:
        """A new random password for one device, named ``label``. It is returned once and stored only as a hash.

        Conflict when there are as many as one account may have.
        """
        return self.catalogue.write(lambda tx: accounts.add_app_password(tx, principal.account_id, label))

    def end_device(self, principal: Principal, credential_id: int) -> None:
        """End the password of a device at once; NotFound."""
        account = principal.account_id
        if not self.catalogue.run(
            accounts_sql.DELETE_CREDENTIAL_OF_KIND, credential=credential_id, account=account, kind="app"
        ):
            raise NotFound("There is no such device.")

    # --- others -------------------------------------------------------------------------------------------------

    def administrators(self) -> list[str]:
        """What the people are called whom one can ask for more room or another password."""
        with self.catalogue.read() as tx:
            return [called or name for name, called in tx.all(accounts_sql.ADMINISTRATORS)]
