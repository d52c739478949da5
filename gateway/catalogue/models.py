"""The tables, as SQLAlchemy typed models. Sizes in bytes, times in integer microseconds UTC.

The models declare the schema and name the columns for :mod:`gateway.catalogue.statements`; requests never load them
as objects, because a Core statement that was built once costs a fifth of an ORM session.
"""

from typing import Annotated

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_BIG = BigInteger().with_variant(Integer, "sqlite")
# Byte-wise order and comparison on both databases: PostgreSQL's default collation sorts by language.
_NAME = String().with_variant(Text(collation="C"), "postgresql")

Key = Annotated[int, mapped_column(_BIG, primary_key=True, autoincrement=True)]
Number = Annotated[int, mapped_column(_BIG)]
Name = Annotated[str, mapped_column(_NAME)]
# SQLite gives a deleted row's id to the next insert unless told not to; ids here are never given twice.
_NEVER_REUSED = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """Base of every model."""


class Meta(Base):
    """Facts about the catalogue itself, such as the id it shares with its store."""

    __tablename__ = "meta"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Account(Base):
    """A person who can log in. Its name is the name of its personal space: one namespace, one place."""

    __tablename__ = "account"
    __table_args__ = (_NEVER_REUSED,)
    id: Mapped[Key]
    admin: Mapped[bool]
    created: Mapped[Number]
    removed: Mapped[int | None] = mapped_column(_BIG)
    """When it was removed: it cannot log in, and its personal space waits to be purged."""


class Credential(Base):
    """A way to prove to be an account."""

    __tablename__ = "credential"
    __table_args__ = (Index("credential_account", "account_id"), _NEVER_REUSED)
    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(_BIG, ForeignKey("account.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """``password``: argon2, chosen by a person. ``app``: SHA-256 of 160 random bits, for one device."""
    secret: Mapped[str]
    label: Mapped[str]
    created: Mapped[Number]
    used: Mapped[int | None] = mapped_column(_BIG)


class Attempt(Base):
    """Failed logins of an account or an address, so that guessing is slow whichever process it meets."""

    __tablename__ = "attempt"
    subject: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[Number]
    until: Mapped[Number]
    """No login is tried before this time."""
    at: Mapped[Number]
    """The last failure."""


class Space(Base):
    """A top-level tree with its own quota and members."""

    __tablename__ = "space"
    __table_args__ = (
        CheckConstraint("live >= 0 AND held >= 0 AND trash >= 0 AND entries >= 0", name="space_sums"),
        _NEVER_REUSED,
    )
    id: Mapped[Key]
    name: Mapped[Name]
    name_key: Mapped[Name] = mapped_column(_NAME, unique=True)
    """The name compared without case."""
    key: Mapped[Name] = mapped_column(_NAME, unique=True)
    """First segment of its object keys; never changed, never given again."""
    owner_id: Mapped[int | None] = mapped_column(_BIG, ForeignKey("account.id", ondelete="CASCADE"), unique=True)
    """The account whose personal space it is."""
    quota: Mapped[Number]
    live: Mapped[Number]
    held: Mapped[Number]
    trash: Mapped[Number]
    entries: Mapped[Number]
    """Rows of its tree, trash included."""
    media_only: Mapped[bool]
    max_file_size: Mapped[int | None] = mapped_column(_BIG)
    root_id: Mapped[int | None] = mapped_column(_BIG)
    trash_id: Mapped[int | None] = mapped_column(_BIG)
    """Hidden root of what was deleted."""
    created: Mapped[Number]
    removed: Mapped[int | None] = mapped_column(_BIG)


class Member(Base):
    """An account's role in a space: 1 viewer, 2 editor, 3 manager."""

    __tablename__ = "member"
    __table_args__ = (Index("member_account", "account_id"),)
    space_id: Mapped[int] = mapped_column(_BIG, ForeignKey("space.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[int] = mapped_column(_BIG, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Number]


class Blob(Base):
    """The immutable bytes of one version of a file: one object in the store."""

    __tablename__ = "blob"
    __table_args__ = (_NEVER_REUSED,)
    id: Mapped[Key]
    key: Mapped[Name] = mapped_column(_NAME, unique=True)
    size: Mapped[Number]
    sha256: Mapped[str]
    sha1: Mapped[str]
    md5: Mapped[str | None]
    """Only of uploads whose client compares checksums: it costs as much as the other two together, twice over."""
    media: Mapped[bool]
    """Whether its first bytes are those of a photograph or video."""
    created: Mapped[Number]


class Entry(Base):
    """A file or folder: a row with a parent and a name."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("entry_name", "parent_id", "name_key", unique=True),
        Index("entry_blob", "blob_id"),
        # Walks that only need folders skip a million photographs.
        Index("entry_folders", "parent_id", sqlite_where=text("is_folder = 1"), postgresql_where=text("is_folder")),
        _NEVER_REUSED,
    )
    id: Mapped[Key]
    parent_id: Mapped[int | None] = mapped_column(_BIG, ForeignKey("entry.id"))
    """None for the two roots of a space."""
    name: Mapped[Name]
    """As it was sent."""
    name_key: Mapped[Name]
    """Its NFC: what names are found and compared by."""
    is_folder: Mapped[bool]
    blob_id: Mapped[int | None] = mapped_column(_BIG, ForeignKey("blob.id"))
    """None for folders and empty files."""
    created: Mapped[Number]
    modified: Mapped[Number]


class Hold(Base):
    """An upload's intent: its object key, and the quota reserved for it."""

    __tablename__ = "hold"
    __table_args__ = (Index("hold_expires", "expires"), Index("hold_space", "space_id"))
    key: Mapped[Name] = mapped_column(_NAME, primary_key=True)
    space_id: Mapped[int] = mapped_column(_BIG, ForeignKey("space.id", ondelete="CASCADE"))
    size: Mapped[Number]
    expires: Mapped[Number]
    instance: Mapped[str]
    """The server instance that takes the upload; a starting one ends the holds of those it replaces."""


class Garbage(Base):
    """An object that nothing refers to any more, to be deleted when its readers are done."""

    __tablename__ = "garbage"
    __table_args__ = (Index("garbage_due", "not_before"),)
    key: Mapped[Name] = mapped_column(_NAME, primary_key=True)
    not_before: Mapped[Number]


class TrashItem(Base):
    """Something deleted or replaced, which can be restored until it is purged."""

    __tablename__ = "trash_item"
    __table_args__ = (
        Index("trash_oldest", "space_id", "deleted"),
        Index("trash_due", "deleted"),
        Index("trash_purging", "space_id", sqlite_where=text("purging = 1"), postgresql_where=text("purging")),
        _NEVER_REUSED,
    )
    id: Mapped[Key]
    space_id: Mapped[int] = mapped_column(_BIG, ForeignKey("space.id", ondelete="CASCADE"))
    entry_id: Mapped[int | None] = mapped_column(_BIG, ForeignKey("entry.id"), unique=True)
    name: Mapped[Name]
    path: Mapped[str]
    """Where it was, below the space, without its own name."""
    parent_id: Mapped[Number]
    size: Mapped[Number]
    deleted: Mapped[Number]
    account_id: Mapped[int | None] = mapped_column(_BIG)
    device: Mapped[str]
    purging: Mapped[bool]


class Property(Base):
    """A dead property (RFC 4918 §4.1)."""

    __tablename__ = "property"
    entry_id: Mapped[int] = mapped_column(_BIG, ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True)
    namespace: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Lock(Base):
    """A WebDAV lock on an entry (RFC 4918 §6)."""

    __tablename__ = "lock"
    __table_args__ = (
        Index("lock_entry", "entry_id"),
        Index("lock_space", "space_id"),
        Index("lock_account", "account_id"),
        Index("lock_expires", "expires"),
    )
    token: Mapped[str] = mapped_column(primary_key=True)
    space_id: Mapped[int] = mapped_column(_BIG, ForeignKey("space.id", ondelete="CASCADE"))
    entry_id: Mapped[int] = mapped_column(_BIG, ForeignKey("entry.id", ondelete="CASCADE"))
    infinite: Mapped[bool]
    exclusive: Mapped[bool]
    owner: Mapped[str]
    account_id: Mapped[int] = mapped_column(_BIG, ForeignKey("account.id", ondelete="CASCADE"))
    expires: Mapped[Number]


class Change(Base):
    """A committed change of a tree. Ids order one space's changes, because a write holds its space's row."""

    __tablename__ = "change"
    __table_args__ = (Index("change_space", "space_id", "id"), Index("change_at", "at"), _NEVER_REUSED)
    id: Mapped[Key]
    space_id: Mapped[Number]
    at: Mapped[Number]
    kind: Mapped[str]
    entry_id: Mapped[Number]
    path: Mapped[str]
    source: Mapped[str | None]
    account_id: Mapped[int | None] = mapped_column(_BIG)
    device: Mapped[str]


class Refusal(Base):
    """An upload that was refused, remembered until the file arrives."""

    __tablename__ = "refusal"
    __table_args__ = (Index("refusal_at", "at"),)
    account_id: Mapped[int] = mapped_column(_BIG, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    size: Mapped[int | None] = mapped_column(_BIG)
    at: Mapped[Number]


class Chore(Base):
    """A piece of housekeeping that some process does now and then, whichever takes the lease."""

    __tablename__ = "chore"
    name: Mapped[str] = mapped_column(primary_key=True)
    due: Mapped[Number]
    lease: Mapped[Number]
