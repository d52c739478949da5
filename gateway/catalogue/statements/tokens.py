"""Tokens of the API, and the keys that sign them."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from gateway.catalogue.dialect import now
from gateway.catalogue.models import Account, Credential, SigningKey, Space, Token
from gateway.catalogue.statements.statement import Statement, n, p

_OWN = (Token.id == p("token"), Token.account_id == p("account"))
_LIVING = (Token.expires > now(), Account.removed.is_(None))

PROOF = Statement(
    select(Credential.id, Credential.kind, Account.fresh, Account.admin)
    .join(Account, Account.id == Credential.account_id)
    .where(Credential.id == p("credential"))
    .with_for_update(read=True, of=Credential)
)
"""As long as this transaction runs, nobody deletes it."""
KIND = Statement(select(Credential.kind).where(Credential.id == p("credential")))
CHOSEN = Statement(
    select(Credential.id)
    .where(Credential.account_id == p("account"), Credential.kind == "password")
    .order_by(Credential.id)
    .limit(1)
)
ADD_TOKEN = Statement(
    insert(Token)
    .values(
        account_id=p("account"),
        credential_id=p("credential"),
        digest=p("new_digest"),
        current=p("new_current"),
        scopes=p("new_scopes"),
        device=p("who"),
        created=now(),
        used=now(),
        expires=now() + n("us"),
    )
    .returning(Token.id)
)
OLD_TOKENS = Statement(
    select(Token.id)
    .where(Token.account_id == p("account"))
    .order_by(Token.used.desc(), Token.id.desc())
    .offset(n("most"))
)
TOKEN = Statement(
    select(Account.id, Space.name, Account.admin, Token.credential_id, Token.device, Token.scopes)
    .join(Account, Account.id == Token.account_id)
    .join(Space, Space.owner_id == Account.id)
    .where(Token.id == p("token"), *_LIVING)
)
TURN_TOKEN = Statement(
    update(Token)
    .where(
        Token.digest == p("digest"),
        Token.current == p("before"),
        Token.expires > now(),
        Token.account_id.in_(select(Account.id).where(Account.removed.is_(None))),
    )
    .values(current=p("new_current"), used=now(), expires=now() + n("us"))
    .returning(Token.id, Token.account_id, Token.scopes, Token.device)
)
DELETE_BY_DIGEST = Statement(delete(Token).where(Token.digest == p("digest")))
DELETE_TOKEN = Statement(delete(Token).where(*_OWN))
TOKENS = Statement(
    select(Token.id, Token.device, Token.scopes, Token.created, Token.used)
    .where(Token.account_id == p("account"), Token.expires > now())
    .order_by(Token.used.desc(), Token.id.desc())
)
EXPIRED_TOKENS = Statement(delete(Token).where(Token.expires <= now()))

KEY = Statement(select(SigningKey.secret).where(SigningKey.id == p("number")))
NEWEST_KEY = Statement(
    select(SigningKey.id, SigningKey.secret, now() - SigningKey.created).order_by(SigningKey.id.desc()).limit(1)
)
ADD_KEY = Statement(insert(SigningKey).values(secret=p("new_secret"), created=now()).returning(SigningKey.id))
DELETE_OTHER_KEYS = Statement(delete(SigningKey).where(SigningKey.id < p("number")))
