"""The catalogue itself: its identity and clock, the chores of housekeeping, figures over everything."""

from __future__ import annotations

from sqlalchemy import func, select, update

from gateway.catalogue.dialect import now
from gateway.catalogue.models import Chore, Garbage, Hold, Lock, Meta, Playable, RenditionSet, Space
from gateway.catalogue.statements.statement import Statement, adding, p

META = Statement(select(Meta.value).where(Meta.name == p("name")))
ADD_META = adding(Meta, "name", "value")
SET_META = Statement(update(Meta).where(Meta.name == p("name")).values(value=p("new_value")))
CLOCK = Statement(select(now()))
CHORES = Statement(select(Chore.name))
ADD_CHORE = adding(Chore, "name", "due", "lease")
DUE_CHORES = Statement(select(Chore.name).where(Chore.due <= now(), Chore.lease <= now()))
TAKE_CHORE = Statement(
    update(Chore)
    .where(Chore.name == p("chore"), Chore.due <= now(), Chore.lease <= now())
    .values(lease=now() + p("us"))
)
END_CHORE = Statement(update(Chore).where(Chore.name == p("chore")).values(due=now() + p("us"), lease=0))
TOTALS = Statement(
    select(
        func.count(),
        func.coalesce(func.sum(Space.live), 0),
        func.coalesce(func.sum(Space.held), 0),
        func.coalesce(func.sum(Space.trash), 0),
        func.coalesce(func.sum(Space.entries), 0),
    ).select_from(Space)
)
COUNT_HOLDS = Statement(select(func.count()).select_from(Hold))
COUNT_GARBAGE = Statement(select(func.count()).select_from(Garbage))
SUM_RENDITIONS = Statement(
    select(
        select(func.coalesce(func.sum(RenditionSet.size), 0)).scalar_subquery()
        + select(func.coalesce(func.sum(Playable.size), 0)).scalar_subquery()
    )
)
COUNT_LOCKS = Statement(select(func.count()).select_from(Lock).where(Lock.expires > now()))
