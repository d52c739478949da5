"""Browsers that are signed in."""

from __future__ import annotations

from sqlalchemy import delete, insert, select, update

from gateway.catalogue.dialect import now
from gateway.catalogue.models import Account, Session, Space
from gateway.catalogue.statements.statement import Statement, n, p

ADD_SESSION = Statement(
    insert(Session).values(
        id=p("digest"),
        account_id=p("account"),
        device=p("who"),
        address=p("address"),
        scope=p("scope"),
        created=now(),
        used=now(),
        expires=now() + n("us"),
    )
)
SESSION = Statement(
    select(
        Account.id,
        Space.name,
        Account.admin,
        Session.device,
        now() - Session.used,
        Session.scope,
        Account.called,
        Account.language,
        Account.theme,
        Account.shortcuts,
        Account.fresh,
    )
    .join(Account, Account.id == Session.account_id)
    .join(Space, Space.owner_id == Account.id)
    .where(Session.id == p("digest"), Session.expires > now(), Account.removed.is_(None))
)
USE_SESSION = Statement(
    update(Session)
    .where(Session.id == p("digest"))
    .values(used=now(), expires=now() + n("us"), address=p("new_address"))
)
DELETE_SESSION = Statement(delete(Session).where(Session.id == p("digest")))
DELETE_SESSION_OF = Statement(delete(Session).where(Session.id == p("digest"), Session.account_id == p("account")))
DELETE_OTHERS = Statement(delete(Session).where(Session.account_id == p("account"), Session.id != p("digest")))
DELETE_SESSIONS = Statement(delete(Session).where(Session.account_id == p("account")))
EXPIRED_SESSIONS = Statement(delete(Session).where(Session.expires <= now()))
SESSIONS = Statement(
    select(Session.id, Session.device, Session.address, Session.created, Session.used, Session.id == p("digest"))
    .where(Session.account_id == p("account"), Session.scope == "", Session.expires > now())
    .order_by(Session.used.desc(), Session.id)
    .limit(n("most"))
)
