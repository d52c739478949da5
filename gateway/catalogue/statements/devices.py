"""Devices that connect: their passwords, and what has come from them."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from gateway.catalogue.models import Blob, Change, Credential, Entry, Refusal
from gateway.catalogue.statements.statement import Statement, n, p

DEVICE_BY_SECRET = Statement(
    select(Credential.id).where(Credential.account_id == p("account"), Credential.secret == p("secret"))
)
DEVICE = Statement(
    select(Credential.label, Credential.created, Credential.used).where(
        Credential.id == p("credential"), Credential.account_id == p("account"), Credential.kind == "app"
    )
)
LAST_CHANGE = Statement(select(func.max(Change.id)))
_changes = (
    select(Change.entry_id, Change.account_id, Change.device, Change.kind)
    .where(Change.id > p("since"))
    .order_by(Change.id)
    .limit(n("most"))
    .subquery()
)
_arrived = (
    select(_changes.c.entry_id)
    .where(
        _changes.c.account_id == p("account"),
        _changes.c.device == p("device"),
        or_(_changes.c.kind == "created", _changes.c.kind == "replaced"),
    )
    .distinct()
    .subquery()
)
ARRIVED = Statement(
    select(func.count(), func.count().filter(Blob.media))
    .select_from(_arrived)
    .join(Entry, Entry.id == _arrived.c.entry_id)
    .join(Blob, Blob.id == Entry.blob_id)
)
"""How many files, and how many of them photographs and videos, came from a device in so many changes after one."""
REFUSED = Statement(
    select(Refusal.reason)
    .where(Refusal.account_id == p("account"), Refusal.device == p("device"), Refusal.at >= p("at"))
    .order_by(Refusal.at.desc())
    .limit(1)
)
