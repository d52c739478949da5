"""Spaces, their members and their sums."""

from __future__ import annotations

from sqlalchemy import delete, or_, select, update
from sqlalchemy import exists as sql_exists

from gateway.catalogue.dialect import now
from gateway.catalogue.models import Account, Member, Refusal, Space
from gateway.catalogue.statements.statement import Statement, adding, n, p

DELETE_MEMBERSHIPS = Statement(delete(Member).where(Member.account_id == p("account")))

_SPACE = (
    Space.id,
    Space.name,
    Space.key,
    Member.role,
    Space.quota,
    Space.live,
    Space.held,
    Space.trash,
    Space.media_only,
    Space.max_file_size,
    Space.root_id,
    Space.trash_id,
    Space.created,
    sql_exists().where(Refusal.account_id == Member.account_id).label("refusals"),
)
_MY_SPACES = (
    select(*_SPACE)
    .join(Member, Member.space_id == Space.id)
    .where(Member.account_id == p("account"), Space.removed.is_(None))
)
MY_SPACE = _MY_SPACES.where(Space.name_key == p("name_key"))
SPACE_OF_MEMBER = Statement(MY_SPACE)
SPACES_OF_MEMBER = Statement(_MY_SPACES.order_by(Space.name_key))
_EVERY_SPACE = select(
    Space.id, Space.name, Space.owner_id, Space.quota, Space.live, Space.held, Space.trash, Space.entries,
    Space.media_only, Space.max_file_size, Space.created, Space.removed, Space.root_id, Space.trash_id, Space.key,
)  # fmt: skip
SPACES = Statement(_EVERY_SPACE.order_by(Space.name_key))
SPACE_BY_NAME = Statement(_EVERY_SPACE.where(Space.name_key == p("name_key")))
SPACE_BY_ID = Statement(_EVERY_SPACE.where(Space.id == p("space")))
SPACE_BY_KEY = Statement(_EVERY_SPACE.where(Space.key == p("key")))
NAME_OF_ACCOUNT = Statement(select(Space.name).where(Space.owner_id == p("account")))
SPACE_OF_ROOT = Statement(
    select(Space.name, Space.trash_id == p("root")).where(or_(Space.root_id == p("root"), Space.trash_id == p("root")))
)
LOCK_SPACE = Statement(select(Space.id).where(Space.id == p("space")).with_for_update())
ADD_SPACE = adding(
    Space, "name", "name_key", "key", "owner_id", "quota", "live", "held", "trash", "entries", "media_only",
    "max_file_size", "created", returning=Space.id,
)  # fmt: skip
SET_ROOTS = Statement(update(Space).where(Space.id == p("space")).values(root_id=p("root"), trash_id=p("trash_root")))
RENAME_SPACE = Statement(
    update(Space).where(Space.id == p("space")).values(name=p("new_name"), name_key=p("new_name_key"))
)
SET_QUOTA = Statement(update(Space).where(Space.id == p("space")).values(quota=p("new_quota")))
SET_POLICY = Statement(
    update(Space).where(Space.id == p("space")).values(media_only=p("new_media_only"), max_file_size=p("new_max"))
)
REMOVE_SPACE = Statement(update(Space).where(Space.id == p("space")).values(removed=p("at")))
BRING_BACK_SPACE = Statement(update(Space).where(Space.id == p("space")).values(removed=None))
DELETE_SPACE = Statement(delete(Space).where(Space.id == p("space")))
REMOVED_SPACES = Statement(select(Space.id, Space.owner_id).where(Space.removed < now() - n("age")))

ADD_MEMBER = adding(Member, "space_id", "account_id", "role")
SET_ROLE = Statement(
    update(Member).where(Member.space_id == p("space"), Member.account_id == p("account")).values(role=p("new_role"))
)
DELETE_MEMBER = Statement(delete(Member).where(Member.space_id == p("space"), Member.account_id == p("account")))
MEMBERS = Statement(
    select(Account.id, Space.name, Member.role)
    .select_from(Member)
    .join(Account, Account.id == Member.account_id)
    .join(Space, Space.owner_id == Account.id)
    .where(Member.space_id == p("space"))
    .order_by(Space.name_key)
)

HOLD_BYTES = Statement(
    update(Space)
    .where(Space.id == p("space"), Space.live + Space.held + p("size") <= Space.quota)
    .values(held=Space.held + p("size"))
)
RELEASE_BYTES = Statement(update(Space).where(Space.id == p("space")).values(held=Space.held - p("size")))
SETTLE = Statement(
    update(Space)
    .where(
        Space.id == p("space"),
        or_(n("live") <= 0, Space.live + Space.held - n("held") + n("live") <= Space.quota),
        or_(n("entries") <= 0, Space.entries + n("entries") <= n("most")),
    )
    .values(
        live=Space.live + p("live"),
        held=Space.held - p("held"),
        trash=Space.trash + p("trash"),
        entries=Space.entries + p("entries"),
    )
)
ENTRIES_OF_SPACE = Statement(select(Space.entries).where(Space.id == p("space")))
SET_SUMS = Statement(
    update(Space)
    .where(Space.id == p("space"))
    .values(live=p("new_live"), held=p("new_held"), trash=p("new_trash"), entries=p("new_entries"))
)
FORGET_HELD = Statement(update(Space).values(held=0))
