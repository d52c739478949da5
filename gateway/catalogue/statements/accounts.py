"""Accounts, their credentials, and the logins that failed."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, or_, select, update

from gateway.catalogue.dialect import among, now
from gateway.catalogue.models import Account, Attempt, Credential, Space
from gateway.catalogue.statements.statement import Statement, adding, n, p

ADD_ACCOUNT = adding(Account, "admin", "created", returning=Account.id)
_ACCOUNT = (Account.id, Space.name, Account.admin, Account.created, Account.removed)
_ACCOUNTS = select(*_ACCOUNT).join(Space, Space.owner_id == Account.id)
ACCOUNT_BY_NAME = Statement(_ACCOUNTS.where(Space.name_key == p("name_key")))
ACCOUNTS = Statement(
    select(*_ACCOUNT, Space.quota, Space.live, Space.trash)
    .join(Space, Space.owner_id == Account.id)
    .order_by(Space.name_key)
)
COUNT_ACCOUNTS = Statement(select(func.count()).select_from(Account))
REMOVE_ACCOUNT = Statement(update(Account).where(Account.id == p("account")).values(removed=p("at")))
BRING_BACK_ACCOUNT = Statement(update(Account).where(Account.id == p("account")).values(removed=None))
COUNT_ADMINISTRATORS = Statement(
    select(func.count()).select_from(Account).where(Account.admin, Account.removed.is_(None))
)
DELETE_ACCOUNT = Statement(delete(Account).where(Account.id == p("account")))

ADD_CREDENTIAL = adding(Credential, "account_id", "kind", "secret", "label", "created")
CREDENTIALS = Statement(
    select(Credential.id, Credential.kind, Credential.label, Credential.created, Credential.used, Credential.address)
    .where(Credential.account_id == p("account"))
    .order_by(Credential.id)
)
CREDENTIALS_BY_NAME = Statement(
    select(Account.id, Space.name, Account.admin, Credential.id, Credential.kind, Credential.secret, Credential.label)
    .join(Space, Space.owner_id == Account.id)
    .join(Credential, Credential.account_id == Account.id)
    .where(Space.name_key == p("name_key"), Account.removed.is_(None))
    .order_by(Credential.id)
)
DELETE_CREDENTIAL = Statement(
    delete(Credential).where(Credential.id == p("credential"), Credential.account_id == p("account"))
)
DELETE_CREDENTIAL_OF_KIND = Statement(
    delete(Credential).where(
        Credential.id == p("credential"), Credential.account_id == p("account"), Credential.kind == p("kind")
    )
)
PASSWORD_OF_ACCOUNT = Statement(
    select(Credential.secret).where(Credential.account_id == p("account"), Credential.kind == "password")
)
DELETE_CREDENTIALS = Statement(
    delete(Credential).where(Credential.account_id == p("account"), Credential.kind == p("kind"))
)
DELETE_ALL_CREDENTIALS = Statement(delete(Credential).where(Credential.account_id == p("account")))
USE_CREDENTIAL = Statement(
    update(Credential).where(Credential.id == p("credential")).values(used=p("at"), address=p("new_address"))
)
COUNT_CREDENTIALS = Statement(select(func.count()).select_from(Credential).where(Credential.account_id == p("account")))
KEEP_CREDENTIAL = Statement(select(Credential.id).where(Credential.id == p("credential")).with_for_update(read=True))
"""As long as this transaction runs, nobody deletes it."""

SET_FRESH = Statement(update(Account).where(Account.id == p("account")).values(fresh=p("new_fresh")))
BEGIN_ACCOUNT = Statement(update(Account).where(Account.id == p("account"), Account.fresh).values(fresh=False))
SET_LANGUAGE = Statement(update(Account).where(Account.id == p("account")).values(language=p("new_language")))
SET_THEME = Statement(update(Account).where(Account.id == p("account")).values(theme=p("new_theme")))
SET_SHORTCUTS = Statement(update(Account).where(Account.id == p("account")).values(shortcuts=p("new_shortcuts")))
SET_CALLED = Statement(update(Account).where(Account.id == p("account")).values(called=p("new_called")))
ADMINISTRATORS = Statement(
    select(Space.name, Account.called)
    .join(Space, Space.owner_id == Account.id)
    .where(Account.admin, Account.removed.is_(None))
    .order_by(Space.name_key)
)

ATTEMPTS = Statement(select(Attempt.subject, Attempt.until - now()).where(among(Attempt.subject, p("subjects"))))
FAIL_ATTEMPT = Statement(
    update(Attempt)
    .where(Attempt.subject == p("who"))
    .values(failures=Attempt.failures + 1, at=now())
    .returning(Attempt.failures)
)
ADD_ATTEMPT = Statement(insert(Attempt).values(subject=p("who"), failures=p("failures"), until=0, at=now()))
DELAY_ATTEMPT = Statement(update(Attempt).where(Attempt.subject == p("who")).values(until=now() + p("us")))
FORGET_SUBJECTS = Statement(delete(Attempt).where(among(Attempt.subject, p("subjects"))))
FORGET_ATTEMPTS = Statement(
    delete(Attempt).where(
        or_((Attempt.failures > 0) & (Attempt.at < now() - n("failed")), Attempt.at < now() - n("known"))
    )
)
