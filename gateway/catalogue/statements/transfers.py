"""Uploads that arrive in parts, and what is looked up before they begin."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, case, delete, func, insert, literal, or_, select, update
from sqlalchemy import exists as sql_exists

from gateway.catalogue.dialect import among, now
from gateway.catalogue.models import Account, Blob, Entry, Garbage, Hold, Space, Transfer, TransferPart
from gateway.catalogue.statements.statement import Statement, adding, n, p

HOLD_NAME = "_transfer/"
"""How the keys of holds begin that transfers claim; their ids follow."""

ADD_TRANSFER = Statement(
    insert(Transfer).values(
        id=p("which"), account_id=p("account"), device=p("who"), space_id=p("space"), wanted=p("asked"),
        path=p("place"), size=p("bytes"), arrived=0, modified=p("time"), sha256=p("digest"), if_taken=p("choice"),
        unpack=p("is_archive"), state="open", created=now(), expires=now() + n("us"), tries=0, progress=0, total=0,
        report="[]",
    )
)  # fmt: skip
_OWNED = Space.__table__.alias("personal")
_TRANSFER = (
    select(
        Transfer.id, Transfer.account_id, _OWNED.c.name, Account.admin, Transfer.device, Transfer.space_id, Space.name,
        Transfer.wanted, Transfer.path, Transfer.size, Transfer.arrived, Transfer.modified, Transfer.sha256,
        Transfer.if_taken, Transfer.unpack, Transfer.state, Transfer.created, Transfer.expires, Transfer.tries,
        Transfer.entry_id, Transfer.reason, Transfer.progress, Transfer.total, Transfer.report,
    )
    .join(Space, Space.id == Transfer.space_id)
    .join(Account, Account.id == Transfer.account_id)
    .join(_OWNED, _OWNED.c.owner_id == Transfer.account_id)
)  # fmt: skip
TRANSFER = Statement(_TRANSFER.where(Transfer.id == p("which"), Transfer.account_id == p("account")))
_IS_UNFINISHED = or_(Transfer.state == "open", Transfer.state == "whole")
TRANSFERS = Statement(
    _TRANSFER.where(Transfer.account_id == p("account"), or_(_IS_UNFINISHED, Transfer.state == "refused"))
    .order_by(Transfer.created.desc(), Transfer.id)
    .limit(p("limit"))
)
UNFINISHED = Statement(_TRANSFER.where(Transfer.account_id == p("account"), _IS_UNFINISHED))
KEEP_HOLD = Statement(update(Hold).where(Hold.key == p("which")).values(expires=now() + n("us")))
ADVANCE = Statement(
    update(Transfer)
    .where(Transfer.id == p("which"), Transfer.state == "open", Transfer.arrived == p("start"))
    .values(arrived=p("end"), expires=now() + n("us"))
)
IS_WHOLE = Statement(
    update(Transfer)
    .where(Transfer.id == p("which"), Transfer.state == "open", Transfer.arrived == Transfer.size)
    .values(state="whole", due=now())
)
SET_PATH = Statement(update(Transfer).where(Transfer.id == p("which")).values(path=p("place")))

ADD_PART = adding(TransferPart, "key", "transfer_id", "start", "size")
END_PART = Statement(update(TransferPart).where(TransferPart.key == p("which")).values(size=p("bytes")))
DROP_PART = Statement(delete(TransferPart).where(TransferPart.key == p("which"), TransferPart.size.is_(None)))
PARTS = Statement(
    select(TransferPart.key, TransferPart.start, TransferPart.size)
    .where(TransferPart.transfer_id == p("which"))
    .order_by(TransferPart.start)
)
ADD_GARBAGE_OF_PARTS = Statement(
    insert(Garbage).from_select(
        ["key", "not_before"],
        select(TransferPart.key, now() + case((TransferPart.size.is_(None), n("us")), else_=0)).where(
            TransferPart.transfer_id == p("which"), ~sql_exists().where(Garbage.key == TransferPart.key)
        ),
    )
)
DELETE_PARTS = Statement(delete(TransferPart).where(TransferPart.transfer_id == p("which")))
PART_KEY = Statement(select(TransferPart.key).where(TransferPart.key == p("which")))

DUE = Statement(select(Transfer.id).where(Transfer.due <= now()).order_by(Transfer.due).limit(1))
CLAIM = Statement(
    update(Transfer)
    .where(Transfer.id == p("which"), Transfer.due <= now())
    .values(worker=p("who"), due=now() + n("us"), tries=Transfer.tries + 1)
)
CLAIMED = Statement(_TRANSFER.where(Transfer.id == p("which"), Transfer.worker == p("who")))
GO_ON = Statement(
    update(Transfer)
    .where(Transfer.id == p("which"), Transfer.worker == p("who"), Transfer.state == "whole")
    .values(
        due=now() + n("us"), tries=0, progress=p("done"), total=p("of"), report=p("left_out"), expires=now() + n("keep")
    )
)
POSTPONE = Statement(
    update(Transfer)
    .where(Transfer.id == p("which"), Transfer.worker == p("who"))
    .values(due=now() + n("us"), reason=p("why"))
)
END = Statement(
    update(Transfer)
    .where(Transfer.id == p("which"), _IS_UNFINISHED)
    .values(
        state=p("outcome"), due=None, worker=None, entry_id=p("file"), reason=p("why"), arrived=p("end"),
        expires=now() + n("us"),
    )
)  # fmt: skip
DELETE_TRANSFER = Statement(delete(Transfer).where(Transfer.id == p("which")))
_HAS_HOLD = sql_exists().where(Hold.key == literal(HOLD_NAME) + Transfer.id)
OVER = Statement(
    select(Transfer.id, Transfer.space_id)
    .where(or_(Transfer.expires <= now(), and_(_IS_UNFINISHED, ~_HAS_HOLD)))
    .limit(p("limit"))
)


def _copies() -> Any:
    """The files of a space that have these bytes: from each file with them up to a root."""
    found = (
        select(Blob.sha256.label("sha256"), Entry.id.label("entry_id"))
        .join(Entry, Entry.blob_id == Blob.id)
        .where(among(Blob.sha256, p("digests")))
        .limit(p("limit"))
        .cte("found")
    )
    climb = select(found.c.sha256, found.c.entry_id, found.c.entry_id.label("at")).cte("climb", recursive=True)
    climb = climb.union_all(
        select(climb.c.sha256, climb.c.entry_id, Entry.parent_id).join(climb, Entry.id == climb.c.at)
    )
    return select(climb.c.sha256, func.min(climb.c.entry_id)).where(climb.c.at == p("root")).group_by(climb.c.sha256)


COPIES = Statement(_copies())
