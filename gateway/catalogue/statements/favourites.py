"""Favourites: the hearts of each account, which its entries carry."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select
from sqlalchemy import exists as sql_exists
from sqlalchemy.orm import aliased

from gateway.catalogue.dialect import among
from gateway.catalogue.models import Entry, Favourite, Member, Photo, Space
from gateway.catalogue.statements.statement import Statement, n, p

SEEN = Statement(
    select(Photo.space_id, Photo.stack_id, Photo.stacked)
    .join(Member, Member.space_id == Photo.space_id)
    .join(Space, Space.id == Photo.space_id)
    .where(Photo.entry_id == p("entry"), Member.account_id == p("account"), Space.removed.is_(None))
)
_HAS = sql_exists().where(Favourite.account_id == n("account"), Favourite.entry_id == Entry.id)
ADD_FAVOURITES = Statement(
    insert(Favourite).from_select(
        ["account_id", "entry_id", "at"],
        select(n("account"), Entry.id, n("at")).where(among(Entry.id, p("entries")), ~_HAS.correlate(Entry)),
    )
)
DELETE_FAVOURITES = Statement(
    delete(Favourite).where(Favourite.account_id == p("account"), among(Favourite.entry_id, p("entries")))
)
_Own = aliased(Favourite)
SHARE_FAVOURITES = Statement(
    insert(Favourite).from_select(
        ["account_id", "entry_id", "at"],
        select(Favourite.account_id, Entry.id, func.min(Favourite.at))
        .where(
            among(Favourite.entry_id, p("entries")),
            among(Entry.id, p("entries")),
            ~sql_exists()
            .where(_Own.account_id == Favourite.account_id, _Own.entry_id == Entry.id)
            .correlate(Favourite, Entry),
        )
        .group_by(Favourite.account_id, Entry.id),
    )
)
