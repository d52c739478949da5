"""Holds, by which uploads under way are known, and the refusals of those that were not taken."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select, update

from gateway.catalogue.dialect import now
from gateway.catalogue.models import Hold, Refusal
from gateway.catalogue.statements.statement import Statement, adding, n, p

ADD_HOLD = Statement(
    insert(Hold).values(
        key=p("new_key"), space_id=p("space"), size=p("size"), expires=now() + p("us"), instance=p("who")
    )
)
GROW_HOLD = Statement(update(Hold).where(Hold.key == p("which")).values(size=Hold.size + p("more")))
RENEW_HOLD = Statement(update(Hold).where(Hold.key == p("which"), Hold.expires > now()).values(expires=now() + p("us")))
END_HOLD = Statement(delete(Hold).where(Hold.key == p("which")).returning(Hold.size, Hold.space_id))
EXPIRED_HOLDS = Statement(select(Hold.key, Hold.space_id).where(Hold.expires <= now()).limit(p("limit")))
HOLDS_OF_INSTANCE = Statement(select(Hold.key, Hold.space_id).where(Hold.instance == p("who")))
HOLDS_OF_SPACE = Statement(select(Hold.key, Hold.space_id).where(Hold.space_id == p("space")))
FORGET_HOLDS = Statement(delete(Hold))
HELD = Statement(select(func.coalesce(func.sum(Hold.size), 0)).where(Hold.space_id == p("space")))
HOLD_SIZE = Statement(select(Hold.size).where(Hold.key == p("which")))
HOLD_KEY = Statement(select(Hold.key).where(Hold.key == p("which")))

FORGET_REFUSAL = Statement(delete(Refusal).where(Refusal.account_id == p("account"), Refusal.path == p("where")))
FORGET_REFUSAL_OF_DEVICE = Statement(
    delete(Refusal).where(Refusal.account_id == p("account"), Refusal.path == p("where"), Refusal.device == p("who"))
)
ADD_REFUSAL = adding(Refusal, "account_id", "path", "device", "reason", "size", "at")
REFUSALS = Statement(
    select(Refusal.path, Refusal.device, Refusal.reason, Refusal.size, Refusal.at)
    .where(Refusal.account_id == p("account"))
    .order_by(Refusal.at.desc())
    .limit(p("limit"))
)
FORGET_REFUSALS = Statement(delete(Refusal).where(Refusal.at < now() - n("age")))
