"""Every statement that a request runs, built once. Each is run by :class:`gateway.catalogue.Transaction`.

Parameters are ``bindparam`` names; where a column is set from one, it is called ``new_<column>``, because SQLAlchemy
keeps the bare column names for itself.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ClauseElement,
    Select,
    Text,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy import exists as sql_exists

from gateway.catalogue.dialect import json_item, now, octets
from gateway.catalogue.models import (
    Account,
    Attempt,
    Base,
    Blob,
    Change,
    Chore,
    Credential,
    Entry,
    Garbage,
    Hold,
    Lock,
    Member,
    Meta,
    Property,
    Refusal,
    Space,
    TrashItem,
)

EMPTY_ETAG = "e3b0c44298fc1c149afbf4c8996fb924"
EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"
EMPTY_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


class Statement:
    """A Core statement; the catalogue compiles it once per database."""

    def __init__(self, clause: ClauseElement, columns: list[str] | None = None) -> None:
        """Take the statement and, for an INSERT without VALUES, the columns that parameters fill."""
        self.clause = clause
        self.columns = columns


def p(name: str) -> Any:
    """A required parameter, typed by what it is compared with."""
    return bindparam(name)


def n(name: str) -> Any:
    """A required number where nothing else says so: the driver would send a small one as a SMALLINT."""
    return bindparam(name, type_=BigInteger())


def _add(model: type[Base], *columns: str, returning: Any = None) -> Statement:
    clause = insert(model)
    return Statement(clause if returning is None else clause.returning(returning), list(columns))


# --- meta and chores -------------------------------------------------------------------------------------------------

META = Statement(select(Meta.value).where(Meta.name == p("name")))
ADD_META = _add(Meta, "name", "value")
CLOCK = Statement(select(now()))
CHORES = Statement(select(Chore.name))
ADD_CHORE = _add(Chore, "name", "due", "lease")
DUE_CHORES = Statement(select(Chore.name).where(Chore.due <= now(), Chore.lease <= now()))
TAKE_CHORE = Statement(
    update(Chore)
    .where(Chore.name == p("chore"), Chore.due <= now(), Chore.lease <= now())
    .values(lease=now() + p("us"))
)
END_CHORE = Statement(update(Chore).where(Chore.name == p("chore")).values(due=now() + p("us"), lease=0))

# --- accounts --------------------------------------------------------------------------------------------------------

ADD_ACCOUNT = _add(Account, "admin", "created", returning=Account.id)
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

ADD_CREDENTIAL = _add(Credential, "account_id", "kind", "secret", "label", "created")
CREDENTIALS = Statement(
    select(Credential.id, Credential.kind, Credential.label, Credential.created, Credential.used)
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
DELETE_CREDENTIALS = Statement(
    delete(Credential).where(Credential.account_id == p("account"), Credential.kind == p("kind"))
)
DELETE_ALL_CREDENTIALS = Statement(delete(Credential).where(Credential.account_id == p("account")))
DELETE_LOCKS_OF_ACCOUNT = Statement(delete(Lock).where(Lock.account_id == p("account")))
DELETE_MEMBERSHIPS = Statement(delete(Member).where(Member.account_id == p("account")))
USE_CREDENTIAL = Statement(update(Credential).where(Credential.id == p("credential")).values(used=p("at")))

ATTEMPTS = Statement(select(func.max(Attempt.until) - now()).where(Attempt.subject.in_([p("account"), p("address")])))
FAIL_ATTEMPT = Statement(
    update(Attempt)
    .where(Attempt.subject == p("who"))
    .values(failures=Attempt.failures + 1, at=now())
    .returning(Attempt.failures)
)
ADD_ATTEMPT = Statement(insert(Attempt).values(subject=p("who"), failures=1, until=0, at=now()))
DELAY_ATTEMPT = Statement(update(Attempt).where(Attempt.subject == p("who")).values(until=now() + p("us")))
FORGET_ATTEMPT = Statement(delete(Attempt).where(Attempt.subject == p("who")))
FORGET_ATTEMPTS = Statement(delete(Attempt).where(Attempt.at < now() - p("us")))

# --- spaces and members ----------------------------------------------------------------------------------------------

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
)
_MY_SPACES = (
    select(*_SPACE)
    .join(Member, Member.space_id == Space.id)
    .where(Member.account_id == p("account"), Space.removed.is_(None))
)
SPACE_OF_MEMBER = Statement(_MY_SPACES.where(Space.name_key == p("name_key")))
SPACES_OF_MEMBER = Statement(_MY_SPACES.order_by(Space.name_key))
_EVERY_SPACE = select(
    Space.id, Space.name, Space.owner_id, Space.quota, Space.live, Space.held, Space.trash, Space.entries,
    Space.media_only, Space.max_file_size, Space.created, Space.removed, Space.root_id, Space.trash_id, Space.key,
)  # fmt: skip
SPACES = Statement(_EVERY_SPACE.order_by(Space.name_key))
SPACE_BY_NAME = Statement(_EVERY_SPACE.where(Space.name_key == p("name_key")))
SPACE_BY_ID = Statement(_EVERY_SPACE.where(Space.id == p("space")))
SPACE_BY_KEY = Statement(_EVERY_SPACE.where(Space.key == p("key")))
SPACE_OF_ROOT = Statement(
    select(Space.name, Space.trash_id == p("root")).where(or_(Space.root_id == p("root"), Space.trash_id == p("root")))
)
LOCK_SPACE = Statement(select(Space.id).where(Space.id == p("space")).with_for_update())
ADD_SPACE = _add(
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

ADD_MEMBER = _add(Member, "space_id", "account_id", "role")
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
# --- sums ------------------------------------------------------------------------------------------------------------

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
COUNT_LOCKS = Statement(select(func.count()).select_from(Lock).where(Lock.expires > now()))

# --- the tree --------------------------------------------------------------------------------------------------------

_ENTRY = (
    Entry.id,
    Entry.name,
    Entry.is_folder,
    func.coalesce(Blob.size, 0),
    func.coalesce(func.substr(Blob.sha256, 1, 32), case((Entry.is_folder, ""), else_=EMPTY_ETAG)),
    func.coalesce(Blob.sha1, case((Entry.is_folder, ""), else_=EMPTY_SHA1)),
    case((Entry.blob_id.is_not(None), func.coalesce(Blob.md5, "")), (Entry.is_folder, ""), else_=EMPTY_MD5),
    Entry.created,
    Entry.modified,
    Entry.blob_id,
)
_LOCK = (
    Lock.token,
    Lock.entry_id,
    Lock.infinite,
    Lock.exclusive,
    Lock.owner,
    Lock.account_id,
    Lock.expires,
    (Lock.expires - now()) // 1_000_000,
)
_LIVE_LOCK = Lock.expires > now()


def _walk() -> Select[Any]:
    """Every existing prefix of a path, with its locks: 404 or 409, roles and locks all come from these rows."""
    walk = select(literal(0).label("depth"), n("root").label("id")).cte("walk", recursive=True)
    walk = walk.union_all(
        select(walk.c.depth + 1, Entry.id)
        .select_from(walk)
        .join(Entry, (Entry.parent_id == walk.c.id) & (Entry.name_key == json_item(p("names"), walk.c.depth)))
        .where(walk.c.depth < p("levels"))
    )
    return (
        select(walk.c.depth, *_ENTRY, *_LOCK)
        .select_from(walk)
        .join(Entry, Entry.id == walk.c.id)
        .outerjoin(Blob, Blob.id == Entry.blob_id)
        .outerjoin(Lock, (Lock.entry_id == Entry.id) & _LIVE_LOCK)
        .order_by(walk.c.depth)
    )


WALK = Statement(_walk())

PAGE = Statement(
    select(*_ENTRY, Entry.name_key)
    .outerjoin(Blob, Blob.id == Entry.blob_id)
    .where(Entry.parent_id == p("parent"), Entry.name_key > p("after"))
    .order_by(Entry.name_key)
    .limit(p("limit"))
)
_IN_PAGE = (Entry.parent_id == p("parent"), Entry.name_key > p("after"), Entry.name_key <= p("last"))
PAGE_LOCKS = Statement(select(*_LOCK).join(Entry, Entry.id == Lock.entry_id).where(*_IN_PAGE, _LIVE_LOCK))
PAGE_PROPERTIES = Statement(
    select(Property.entry_id, Property.namespace, Property.name, Property.value)
    .join(Entry, Entry.id == Property.entry_id)
    .where(*_IN_PAGE)
)
CHILD = Statement(
    select(*_ENTRY)
    .outerjoin(Blob, Blob.id == Entry.blob_id)
    .where(Entry.parent_id == p("parent"), Entry.name_key == p("name_key"))
)
ENTRY = Statement(select(*_ENTRY).outerjoin(Blob, Blob.id == Entry.blob_id).where(Entry.id == p("entry")))
BLOB_KEY = Statement(select(Blob.key).where(Blob.id == p("blob")))


def _above() -> Any:
    above = select(n("entry").label("id"), literal(0).label("depth")).cte("above", recursive=True)
    return above.union_all(
        select(Entry.parent_id, above.c.depth + 1)
        .join(above, Entry.id == above.c.id)
        .where(Entry.parent_id.is_not(None))
    )


_ABOVE = _above()
ABOVE = Statement(select(Entry.id, Entry.name).join(_ABOVE, _ABOVE.c.id == Entry.id).order_by(_ABOVE.c.depth.desc()))


def _below() -> Any:
    below = select(n("entry").label("id")).cte("below", recursive=True)
    return below.union_all(select(Entry.id).join(below, Entry.parent_id == below.c.id))


_BELOW = _below()
SUBTREE = Statement(
    select(func.count(), func.coalesce(func.sum(Blob.size), 0))
    .select_from(_BELOW)
    .join(Entry, Entry.id == _BELOW.c.id)
    .outerjoin(Blob, Blob.id == Entry.blob_id)
)


def _reach() -> Select[Any]:
    """How many levels, and at most how many bytes of path, there are below a folder. Walks its folders only."""
    start = select(n("entry").label("id"), literal(0).label("depth"), literal(0, BigInteger()).label("size"))
    folders = start.cte("folders", recursive=True)
    folders = folders.union_all(
        select(Entry.id, folders.c.depth + 1, folders.c.size + octets(Entry.name) + 1)
        .join(folders, Entry.parent_id == folders.c.id)
        .where(Entry.is_folder)
    )
    inside = Entry.__table__.alias("inside")
    has_members = sql_exists().where(inside.c.parent_id == folders.c.id)
    return select(
        func.max(folders.c.depth + case((has_members, 1), else_=0)),
        func.max(folders.c.size + case((has_members, n("longest")), else_=0)),
    )


REACH = Statement(_reach())

NOT_TAKEN = Statement(
    select(Entry.name, Blob.media, Blob.size)
    .select_from(_BELOW)
    .join(Entry, Entry.id == _BELOW.c.id)
    .join(Blob, Blob.id == Entry.blob_id)
    .where(or_(Blob.size > p("most"), ~or_(Blob.media, bindparam("any_type", type_=Boolean()))))
)
ADD_ENTRY = _add(
    Entry, "parent_id", "name", "name_key", "is_folder", "blob_id", "created", "modified", returning=Entry.id
)
SET_BLOB = Statement(
    update(Entry).where(Entry.id == p("entry")).values(blob_id=p("new_blob"), modified=p("new_modified"))
)
SET_TIMES = Statement(
    update(Entry).where(Entry.id == p("entry")).values(modified=p("new_modified"), created=p("new_created"))
)
RELOCATE = Statement(
    update(Entry)
    .where(Entry.id == p("entry"))
    .values(parent_id=p("new_parent"), name=p("new_name"), name_key=p("new_name_key"))
)
DELETE_ENTRY = Statement(delete(Entry).where(Entry.id == p("entry")))
COPY_FILES = Statement(
    insert(Entry).from_select(
        ["parent_id", "name", "name_key", "is_folder", "blob_id", "created", "modified"],
        select(
            n("into"), Entry.name, Entry.name_key, Entry.is_folder, Entry.blob_id, Entry.created, Entry.modified
        ).where(Entry.parent_id == p("parent"), ~Entry.is_folder),
    )
)
FOLDERS_IN = Statement(
    select(Entry.id, Entry.name, Entry.name_key, Entry.created, Entry.modified).where(
        Entry.parent_id == p("parent"), Entry.is_folder
    )
)


def _copy_properties() -> ClauseElement:
    old, new = Entry.__table__.alias("old"), Entry.__table__.alias("new")
    return insert(Property).from_select(
        ["entry_id", "namespace", "name", "value"],
        select(new.c.id, Property.namespace, Property.name, Property.value)
        .select_from(old)
        .join(Property, Property.entry_id == old.c.id)
        .join(new, (new.c.parent_id == n("into")) & (new.c.name_key == old.c.name_key))
        .where(old.c.parent_id == p("parent")),
    )


COPY_CHILDREN_PROPERTIES = Statement(_copy_properties())
COPY_OWN_PROPERTIES = Statement(
    insert(Property).from_select(
        ["entry_id", "namespace", "name", "value"],
        select(n("into"), Property.namespace, Property.name, Property.value).where(Property.entry_id == p("entry")),
    )
)

ADD_BLOB = _add(Blob, "key", "size", "sha256", "sha1", "md5", "media", "created", returning=Blob.id)
# Two spaces that purge the last two references at once would each still see the other's: they take turns at the row.
LOCK_BLOB = Statement(select(Blob.id).where(Blob.id == p("blob")).with_for_update())
DROP_BLOB = Statement(
    delete(Blob).where(Blob.id == p("blob"), ~sql_exists().where(Entry.blob_id == Blob.id)).returning(Blob.key)
)
ADD_CHANGE = _add(Change, "space_id", "at", "kind", "entry_id", "path", "source", "account_id", "device")
FORGET_CHANGES = Statement(delete(Change).where(Change.at < now() - n("age")))

# --- dead properties -------------------------------------------------------------------------------------------------

PROPERTIES = Statement(select(Property.namespace, Property.name, Property.value).where(Property.entry_id == p("entry")))
DELETE_PROPERTY = Statement(
    delete(Property).where(
        Property.entry_id == p("entry"), Property.namespace == p("space_uri"), Property.name == p("local")
    )
)
ADD_PROPERTY = _add(Property, "entry_id", "namespace", "name", "value")
COUNT_PROPERTIES = Statement(
    select(func.count(), func.coalesce(func.sum(octets(Property.value)), 0)).where(Property.entry_id == p("entry"))
)

# --- locks -----------------------------------------------------------------------------------------------------------

ADD_LOCK = _add(Lock, "token", "space_id", "entry_id", "infinite", "exclusive", "owner", "account_id", "expires")
REFRESH_LOCK = Statement(update(Lock).where(Lock.token == p("which"), _LIVE_LOCK).values(expires=now() + p("us")))
DELETE_LOCK = Statement(delete(Lock).where(Lock.token == p("which")))
LOCK_BY_TOKEN = Statement(select(*_LOCK).where(Lock.token == p("which"), _LIVE_LOCK))
LOCKS_OF_ACCOUNT = Statement(select(func.count()).select_from(Lock).where(Lock.account_id == p("account"), _LIVE_LOCK))
DELETE_LOCKS_OF_MEMBER = Statement(delete(Lock).where(Lock.account_id == p("account"), Lock.space_id == p("space")))
EXPIRED_LOCKS = Statement(delete(Lock).where(Lock.expires <= now()))


def _locks_below() -> Any:
    """Walk up from every lock of the space: there are few locks, and there may be a million entries below."""
    up = (
        select(Lock.token.label("token"), Lock.entry_id.label("id"))
        .where(Lock.space_id == p("space"), _LIVE_LOCK)
        .cte("up", recursive=True)
    )
    up = up.union_all(
        select(up.c.token, Entry.parent_id)
        .join(Entry, Entry.id == up.c.id)
        .where(Entry.parent_id.is_not(None), up.c.id != p("entry"))
    )
    return select(*_LOCK).join(up, up.c.token == Lock.token).where(up.c.id == p("entry"))


LOCKS_BELOW = Statement(_locks_below())

# --- holds and garbage -----------------------------------------------------------------------------------------------

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
FORGET_HELD = Statement(update(Space).values(held=0))
HELD = Statement(select(func.coalesce(func.sum(Hold.size), 0)).where(Hold.space_id == p("space")))
HOLD_KEY = Statement(select(Hold.key).where(Hold.key == p("which")))

_NEW_KEY: Any = bindparam("new_key", type_=Text())
ADD_GARBAGE = Statement(
    insert(Garbage).from_select(
        ["key", "not_before"],
        # An upload that fails may have settled after all, or have been given up as expired before.
        select(_NEW_KEY, now() + n("us")).where(
            ~sql_exists().where(Blob.key == _NEW_KEY), ~sql_exists().where(Garbage.key == _NEW_KEY)
        ),
    )
)
DUE_GARBAGE = Statement(
    select(Garbage.key)
    # A commit whose answer was lost may have made the blob after all: what a row refers to is never deleted.
    .where(Garbage.not_before <= now(), ~sql_exists().where(Blob.key == Garbage.key))
    .order_by(Garbage.not_before)
    .limit(p("limit"))
)
DELETE_GARBAGE = Statement(delete(Garbage).where(Garbage.key == p("which")))
STRAY_GARBAGE = Statement(
    delete(Garbage).where(Garbage.not_before <= now(), sql_exists().where(Blob.key == Garbage.key))
)
GARBAGE_KEY = Statement(select(Garbage.key).where(Garbage.key == p("which")))

# --- trash -----------------------------------------------------------------------------------------------------------

ADD_TRASH_ITEM = _add(
    TrashItem, "space_id", "entry_id", "name", "path", "parent_id", "size", "deleted", "account_id", "device",
    "purging", returning=TrashItem.id,
)  # fmt: skip
SET_TRASHED = Statement(update(TrashItem).where(TrashItem.id == p("item")).values(entry_id=p("new_entry")))
_TRASH_ITEM = (
    TrashItem.id,
    TrashItem.entry_id,
    TrashItem.name,
    TrashItem.path,
    TrashItem.parent_id,
    TrashItem.size,
    TrashItem.deleted,
    TrashItem.account_id,
    TrashItem.device,
    TrashItem.purging,
    Entry.is_folder,
)
_TRASH_ITEMS = select(*_TRASH_ITEM).join(Entry, Entry.id == TrashItem.entry_id)
TRASH_ITEMS = Statement(
    _TRASH_ITEMS.where(TrashItem.space_id == p("space"), TrashItem.id < p("before"), ~TrashItem.purging)
    .order_by(TrashItem.id.desc())
    .limit(p("limit"))
)
TRASH_ITEM = Statement(_TRASH_ITEMS.where(TrashItem.space_id == p("space"), TrashItem.id == p("item")))
OLDEST_TRASH = Statement(
    _TRASH_ITEMS.where(TrashItem.space_id == p("space")).order_by(TrashItem.deleted, TrashItem.id).limit(1)
)
CROWDED_SPACES = Statement(select(Space.id).where(Space.trash > 0, Space.live + Space.trash > Space.quota))
IS_CROWDED = Statement(
    select(Space.id).where(Space.id == p("space"), Space.trash > 0, Space.live + Space.trash > Space.quota)
)
OLD_TRASH = Statement(
    select(TrashItem.space_id)
    .where(TrashItem.deleted < now() - n("age"))
    .union(select(TrashItem.space_id).where(TrashItem.purging))
)
OLD_TRASH_ITEM = Statement(
    _TRASH_ITEMS.where(TrashItem.space_id == p("space"), or_(TrashItem.deleted < now() - n("age"), TrashItem.purging))
    .order_by(TrashItem.deleted, TrashItem.id)
    .limit(1)
)
MARK_PURGING = Statement(update(TrashItem).where(TrashItem.id == p("item")).values(purging=true()))
SHRINK_TRASH_ITEM = Statement(
    update(TrashItem).where(TrashItem.id == p("item")).values(size=TrashItem.size - p("less"))
)
DELETE_TRASH_ITEM = Statement(delete(TrashItem).where(TrashItem.id == p("item")))
FIRST_FOLDER_IN = Statement(select(Entry.id).where(Entry.parent_id == p("parent"), Entry.is_folder).limit(1))
FILES_IN = Statement(
    select(Entry.id, Entry.blob_id, func.coalesce(Blob.size, 0))
    .outerjoin(Blob, Blob.id == Entry.blob_id)
    .where(Entry.parent_id == p("parent"), ~Entry.is_folder)
    .limit(p("limit"))
)

# --- refusals --------------------------------------------------------------------------------------------------------

FORGET_REFUSAL = Statement(delete(Refusal).where(Refusal.account_id == p("account"), Refusal.path == p("where")))
FORGET_REFUSAL_OF_DEVICE = Statement(
    delete(Refusal).where(Refusal.account_id == p("account"), Refusal.path == p("where"), Refusal.device == p("who"))
)
ADD_REFUSAL = _add(Refusal, "account_id", "path", "device", "reason", "size", "at")
REFUSALS = Statement(
    select(Refusal.path, Refusal.device, Refusal.reason, Refusal.size, Refusal.at)
    .where(Refusal.account_id == p("account"))
    .order_by(Refusal.at.desc())
    .limit(p("limit"))
)
FORGET_REFUSALS = Statement(delete(Refusal).where(Refusal.at < now() - n("age")))

# --- check, adopt, restore -------------------------------------------------------------------------------------------

BLOBS_AFTER = Statement(
    select(Blob.id, Blob.key, Blob.size).where(Blob.key > p("after")).order_by(Blob.key).limit(p("limit"))
)
UNREFERENCED_BLOBS = Statement(
    select(Blob.id, Blob.key)
    .where(Blob.id > p("after"), ~sql_exists().where(Entry.blob_id == Blob.id))
    .order_by(Blob.id)
    .limit(p("limit"))
)
ENTRIES_OF_BLOB = Statement(select(Entry.id).where(Entry.blob_id == p("blob")))
BLOB_BY_KEY = Statement(select(Blob.id).where(Blob.key == p("which")))
