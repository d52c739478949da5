"""Locks on entries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select, update

from gateway.catalogue.dialect import now
from gateway.catalogue.models import Entry, Lock
from gateway.catalogue.statements.statement import Statement, adding, p

DELETE_LOCKS_OF_ACCOUNT = Statement(delete(Lock).where(Lock.account_id == p("account")))
LOCK = (
    Lock.token,
    Lock.entry_id,
    Lock.infinite,
    Lock.exclusive,
    Lock.owner,
    Lock.account_id,
    Lock.expires,
    (Lock.expires - now()) // 1_000_000,
)
IS_LIVE = Lock.expires > now()

ADD_LOCK = adding(Lock, "token", "space_id", "entry_id", "infinite", "exclusive", "owner", "account_id", "expires")
REFRESH_LOCK = Statement(update(Lock).where(Lock.token == p("which"), IS_LIVE).values(expires=now() + p("us")))
DELETE_LOCK = Statement(delete(Lock).where(Lock.token == p("which")))
LOCK_BY_TOKEN = Statement(select(*LOCK).where(Lock.token == p("which"), IS_LIVE))
LOCKS_OF_ACCOUNT = Statement(select(func.count()).select_from(Lock).where(Lock.account_id == p("account"), IS_LIVE))
DELETE_LOCKS_OF_MEMBER = Statement(delete(Lock).where(Lock.account_id == p("account"), Lock.space_id == p("space")))
EXPIRED_LOCKS = Statement(delete(Lock).where(Lock.expires <= now()))


def _locks_below() -> Any:
    """Walk up from every lock of the space: there are few locks, and there may be a million entries below."""
    up = (
        select(Lock.token.label("token"), Lock.entry_id.label("id"))
        .where(Lock.space_id == p("space"), IS_LIVE)
        .cte("up", recursive=True)
    )
    up = up.union_all(
        select(up.c.token, Entry.parent_id)
        .join(Entry, Entry.id == up.c.id)
        .where(Entry.parent_id.is_not(None), up.c.id != p("entry"))
    )
    return select(*LOCK).join(up, up.c.token == Lock.token).where(up.c.id == p("entry"))


LOCKS_BELOW = Statement(_locks_below())
