"""The tables, as SQLAlchemy typed models. Sizes in bytes, times in integer microseconds UTC.

The models declare the schema and name the columns for :mod:`gateway.catalogue.statements`; requests never load them
as objects, because a Core statement that was built once costs a fifth of an ORM session.
"""

from typing import Annotated, Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    false,
    literal_column,
    text,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_BIG = BigInteger().with_variant(Integer, "sqlite")
# Byte-wise order and comparison on both databases: PostgreSQL's default collation sorts by language.
_NAME = String().with_variant(Text(collation="C"), "postgresql")

Key = Annotated[int, mapped_column(_BIG, primary_key=True, autoincrement=True)]
Number = Annotated[int, mapped_column(_BIG)]
Name = Annotated[str, mapped_column(_NAME)]
# SQLite gives a deleted row's id to the next insert unless told not to; ids here are never given twice.
_NEVER_REUSED = {"sqlite_autoincrement": True}


def _only(condition: str) -> dict[str, Any]:
    """Options of an index over the rows that meet a condition."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


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
    fresh: Mapped[bool] = mapped_column(server_default=false())
    """Its password was drawn and printed for somebody else to see: who signs in first chooses another one."""
    called: Mapped[str] = mapped_column(server_default=text("''"))
    """What the person wants to be called; empty for the account's name."""
    language: Mapped[str | None]
    """What its pages speak; None for what the browser asks for."""
    theme: Mapped[str] = mapped_column(server_default=text("'system'"))
    shortcuts: Mapped[bool] = mapped_column(server_default=true())
    """Whether single letters do something (WCAG 2.1.4)."""


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
    address: Mapped[str] = mapped_column(server_default=text("''"))
    """The network address it was last used from."""


class Session(Base):
    """A browser that is signed in."""

    __tablename__ = "session"
    __table_args__ = (Index("session_account", "account_id"), Index("session_expires", "expires"))
    id: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the token that the browser holds."""
    account_id: Mapped[int] = mapped_column(_BIG, ForeignKey("account.id", ondelete="CASCADE"))
    device: Mapped[str]
    """What the browser calls itself."""
    created: Mapped[Number]
    used: Mapped[Number]
    expires: Mapped[Number]
    address: Mapped[str] = mapped_column(server_default=text("''"))
    """The network address it was last used from."""
    scope: Mapped[str] = mapped_column(server_default=text("''"))
    """What alone it opens; empty for everything."""


class Invitation(Base):
    """A link that opens something once, for whoever holds it."""

    __tablename__ = "invitation"
    __table_args__ = (
        Index("invitation_account", "account_id"),
        Index("invitation_maker", "maker_id"),
        Index("invitation_expires", "expires"),
        _NEVER_REUSED,
    )
    id: Mapped[Key]
    kind: Mapped[str]
    """``invite``: makes an account. ``reset``: another password. ``connect``: a phone that connects itself."""
    digest: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the 160 random bits in the link."""
    account_id: Mapped[int | None] = mapped_column(_BIG, ForeignKey("account.id", ondelete="CASCADE"))
    """Whose it is; of an invitation, the account that it has made."""
    maker_id: Mapped[int | None] = mapped_column(_BIG, ForeignKey("account.id", ondelete="CASCADE"))
    """Who made it; None for a command on the server itself."""
    name: Mapped[str]
    """What the new account is to be called; empty for whatever the person chooses."""
    admin: Mapped[bool]
    quota: Mapped[int | None] = mapped_column(_BIG)
    spaces: Mapped[str]
    """A JSON array of ``[space's id, role]``."""
    created: Mapped[Number]
    expires: Mapped[Number]
    used: Mapped[int | None] = mapped_column(_BIG)


class Token(Base):
    """A program that has tokens of the API: a refresh token, and short ones that live only as long as this row."""

    __tablename__ = "token"
    __table_args__ = (
        Index("token_account", "account_id"),
        Index("token_credential", "credential_id"),
        Index("token_expires", "expires"),
        _NEVER_REUSED,
    )
    id: Mapped[Key]
    account_id: Mapped[int] = mapped_column(_BIG, ForeignKey("account.id", ondelete="CASCADE"))
    credential_id: Mapped[int] = mapped_column(_BIG, ForeignKey("credential.id", ondelete="CASCADE"))
    """What it was asked for with: it ends together with it."""
    digest: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the part of the refresh token that stays."""
    current: Mapped[str]
    """SHA-256 of the part that is another one after each use."""
    scopes: Mapped[str]
    """What it allows, with spaces in between."""
    device: Mapped[str]
    created: Mapped[Number]
    used: Mapped[Number]
    expires: Mapped[Number]


class SigningKey(Base):
    """A key that signs tokens of the API; the newest one does, the one before it only proves."""

    __tablename__ = "signing_key"
    __table_args__ = (_NEVER_REUSED,)
    id: Mapped[Key]
    secret: Mapped[str]
    """256 random bits in hexadecimal."""
    created: Mapped[Number]


class Attempt(Base):
    """Logins of whoever :mod:`gateway.library.attempts` says, so that guessing is slow whichever process it meets."""

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
    seq: Mapped[int] = mapped_column(_BIG, server_default=text("0"))
    """Counts the changes of its photos; each changed day carries the number of its last one."""


class Member(Base):
    """An account's role in a space: 1 viewer, 2 editor, 3 manager."""

    __tablename__ = "member"
    __table_args__ = (Index("member_account", "account_id"),)
    space_id: Mapped[int] = mapped_column(_BIG, ForeignKey("space.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[int] = mapped_column(_BIG, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[Number]


class Blob(Base):
    """The immutable bytes of one version of a file: one object in the store. It carries its own job."""

    __tablename__ = "blob"
    __table_args__ = (
        Index("blob_sha256", "sha256"),
        Index("blob_others", "id", sqlite_where=text("media = 0"), postgresql_where=text("NOT media")),
        Index("blob_due", "id", **_only("due IS NOT NULL")),
        Index("blob_failed", "id", **_only("error IS NOT NULL")),
        Index("blob_worker", "worker", **_only("worker IS NOT NULL")),
        _NEVER_REUSED,
    )
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
    due: Mapped[int | None] = mapped_column(_BIG)
    """When its job may be claimed, 0 for at once; None when there is nothing to do. A claim moves it ahead by the
    length of the lease, so that the job of a worker that died is due again by itself."""
    tries: Mapped[int] = mapped_column(_BIG, server_default=text("0"))
    worker: Mapped[str | None]
    """Who claimed the job last; only this claim may record an outcome."""
    error: Mapped[str | None]
    """Why there is no picture of it, for a person to read."""
    version: Mapped[int] = mapped_column(_BIG, server_default=text("0"))
    """The version of the indexer that has been through it; 0 for none."""
    device: Mapped[str] = mapped_column(server_default=text("''"))
    """What it was uploaded with, as its person calls it; empty where nobody uploaded it."""


class Entry(Base):
    """A file or folder: a row with a parent and a name."""

    __tablename__ = "entry"
    __table_args__ = (
        Index("entry_name", "parent_id", "name_key", unique=True),
        Index("entry_blob", "blob_id"),
        # Walks that only need folders skip a million photographs.
        Index(
            "entry_folders",
            "parent_id",
            "name_key",
            sqlite_where=text("is_folder = 1"),
            postgresql_where=text("is_folder"),
        ),
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
    """An upload's intent: its object key, and the quota reserved for it.

    It has as many rows as there are uploads under way, so it needs no index but its key: each would be written twice
    by every upload.
    """

    __tablename__ = "hold"
    __table_args__ = ({"sqlite_with_rowid": False},)
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
    """A committed change of a tree. Ids order one space's changes, because a write holds its space's row.

    They are as good as in the order of time, so the old ones are found without an index, which every change would pay.
    """

    __tablename__ = "change"
    __table_args__ = (_NEVER_REUSED,)
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


class Transfer(Base):
    """An upload that arrives in parts, and may be gone on with days later (:mod:`gateway.library.transfers`).

    Nothing refers to accounts and spaces: its parts have to become garbage whatever else goes.
    """

    __tablename__ = "transfer"
    __table_args__ = (
        Index("transfer_account", "account_id", "state"),
        Index("transfer_due", "due", **_only("due IS NOT NULL")),
        Index("transfer_expires", "expires"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[Number]
    device: Mapped[str]
    space_id: Mapped[Number]
    wanted: Mapped[Name]
    """The path that was asked for, below the space: a JSON array of names."""
    path: Mapped[Name]
    """The path that it gets, which may have a number in its name."""
    size: Mapped[Number]
    arrived: Mapped[Number]
    """Bytes, from the first one on without a gap."""
    modified: Mapped[int | None] = mapped_column(_BIG)
    sha256: Mapped[str | None]
    """Where the client said it."""
    if_taken: Mapped[str]
    unpack: Mapped[bool]
    state: Mapped[str]
    created: Mapped[Number]
    expires: Mapped[Number]
    due: Mapped[int | None] = mapped_column(_BIG)
    """When it may be stored or unpacked, now that all of it has arrived; whoever does it moves this ahead."""
    tries: Mapped[Number]
    worker: Mapped[str | None]
    """Who claimed it last; only this claim may record an outcome."""
    entry_id: Mapped[int | None] = mapped_column(_BIG)
    """The file that it became."""
    reason: Mapped[str | None]
    """Why it was refused, or has to wait."""
    progress: Mapped[Number]
    """Of an archive: its members that are done."""
    total: Mapped[Number]
    report: Mapped[str]
    """Of an archive: a JSON array of ``[name, reason]`` of what was left out."""


class TransferPart(Base):
    """A part of a transfer: an object of its own until the file is whole."""

    __tablename__ = "transfer_part"
    __table_args__ = (Index("transfer_part_transfer", "transfer_id", "start"),)
    key: Mapped[Name] = mapped_column(_NAME, primary_key=True)
    transfer_id: Mapped[str] = mapped_column(ForeignKey("transfer.id"))
    start: Mapped[Number]
    size: Mapped[int | None] = mapped_column(_BIG)
    """None while it is on its way, or when it never came."""


class Chore(Base):
    """A piece of housekeeping that some process does now and then, whichever takes the lease."""

    __tablename__ = "chore"
    name: Mapped[str] = mapped_column(primary_key=True)
    due: Mapped[Number]
    lease: Mapped[Number]


class Place(Base):
    """A town of GeoNames that some photo was taken near."""

    __tablename__ = "place"
    id: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=False)
    """GeoNames id."""
    town: Mapped[str]
    region: Mapped[str]
    country: Mapped[str]
    country_code: Mapped[str]


class Traits(Base):
    """What files tell in words, and many have in common: their camera, lens and format, tags, title, description."""

    __tablename__ = "traits"
    id: Mapped[Key]
    digest: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of all the others, for finding the row of the same ones."""
    make: Mapped[str | None]
    model: Mapped[str | None]
    lens: Mapped[str | None]
    format: Mapped[str]
    tags: Mapped[str]
    """A JSON array."""
    title: Mapped[str | None]
    description: Mapped[str | None]


class Media(Base):
    """What the indexer extracted from a blob; :class:`gateway.library.extracted.Extracted` says what each means."""

    __tablename__ = "media"
    __table_args__ = (
        Index("media_content", "content_id", **_only("content_id IS NOT NULL")),
        *(
            Index(
                f"media_band_{number}",
                text(f"((phash >> {16 * number}) & 65535)"),
                "phash",
                **_only("phash IS NOT NULL"),
            )
            for number in range(4)
        ),
    )
    blob_id: Mapped[int] = mapped_column(
        _BIG, ForeignKey("blob.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str]
    format: Mapped[str]
    width: Mapped[Number]
    height: Mapped[Number]
    duration: Mapped[int | None] = mapped_column(_BIG)
    frames: Mapped[Number]
    video_codec: Mapped[str | None]
    audio_codec: Mapped[str | None]
    date_rule: Mapped[str | None]
    wall: Mapped[int | None] = mapped_column(_BIG)
    utc_offset: Mapped[int | None] = mapped_column(_BIG)
    zone: Mapped[str | None]
    offset_rule: Mapped[str | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    altitude: Mapped[float | None]
    place_id: Mapped[int | None] = mapped_column(_BIG, ForeignKey("place.id"))
    make: Mapped[str | None]
    model: Mapped[str | None]
    lens: Mapped[str | None]
    exposure_time: Mapped[float | None]
    aperture: Mapped[float | None]
    iso: Mapped[int | None] = mapped_column(_BIG)
    focal_length: Mapped[float | None]
    focal_length_35mm: Mapped[float | None]
    flash: Mapped[bool | None]
    title: Mapped[str | None]
    description: Mapped[str | None]
    rating: Mapped[int | None] = mapped_column(_BIG)
    tags: Mapped[str]
    """A JSON array."""
    content_id: Mapped[str | None]
    motion_start: Mapped[int | None] = mapped_column(_BIG)
    motion_length: Mapped[int | None] = mapped_column(_BIG)
    projection: Mapped[str | None]
    thumbhash: Mapped[bytes | None]
    phash: Mapped[int | None] = mapped_column(_BIG)
    traits_id: Mapped[int | None] = mapped_column(_BIG)


BANDS = tuple(
    Media.phash.op(">>")(literal_column(str(16 * number))).op("&")(literal_column("65535")) for number in range(4)
)
"""The quarters of a perceptual hash, as they are indexed: what looks alike has one of them in common."""


class RenditionSet(Base):
    """The renditions of all blobs of these bytes: one object that holds them one after the other."""

    __tablename__ = "rendition_set"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[Name] = mapped_column(_NAME, unique=True)
    size: Mapped[Number]
    pictures: Mapped[str]
    """A JSON array of ``[name, width, height, start, length]``."""


class Playable(Base):
    """The copy of a video that every browser plays, made when somebody asks for it; shared by equal bytes."""

    __tablename__ = "playable"
    __table_args__ = (
        Index("playable_due", "asked", **_only("due IS NOT NULL")),
        Index("playable_worker", "worker", **_only("worker IS NOT NULL")),
    )
    sha256: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str | None] = mapped_column(_NAME, unique=True)
    """None until it is made."""
    size: Mapped[Number]
    asked: Mapped[Number]
    """When somebody last asked for it; who asked first is served first."""
    progress: Mapped[Number]
    """Percent, while it is made."""
    due: Mapped[int | None] = mapped_column(_BIG)
    """As in :class:`Blob`."""
    tries: Mapped[Number]
    worker: Mapped[str | None]
    error: Mapped[str | None]


class Photo(Base):
    """A gallery item: an entry that is a photograph or a video, as the timeline sorts and filters it.

    Derived from entry, blob, media and sidecar by :mod:`gateway.library.photos`, which alone writes it.
    """

    __tablename__ = "photo"
    __table_args__ = (
        Index(
            "photo_timeline",
            "space_id",
            "day",
            "taken",
            "entry_id",
            # What views are filtered and counted by, so that a million photos are looked at in this index alone.
            "ratio",
            "kind",
            "flags",
            "rating",
            "place_id",
            "traits_id",
            "cell",
            "folder_id",
            **_only("stack_id IS NULL"),
        ),
        # A folder's photographs by day; and its counts and shapes without a look at the rows.
        Index("photo_folder", "folder_id", "space_id", "day", "taken", "entry_id", "stack_id", "ratio"),
        Index("photo_added", "space_id", "added"),
        Index("photo_cell", "space_id", "cell", "entry_id", **_only("cell IS NOT NULL AND stack_id IS NULL")),
    )  # fmt: skip
    entry_id: Mapped[int] = mapped_column(
        _BIG, ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    space_id: Mapped[int] = mapped_column(_BIG, ForeignKey("space.id", ondelete="CASCADE"))
    folder_id: Mapped[Number]
    blob_id: Mapped[Number]
    """The version that it was made from; its entry may already point to a newer one."""
    stack_id: Mapped[int | None] = mapped_column(_BIG)
    """The photo that stands for it, where it is the RAW file or the moving half of another one."""
    stacked: Mapped[Number]
    """How many it stands for besides itself."""
    day: Mapped[Number]
    """Days from 1970-01-01 to the day on its own wall clock."""
    taken: Mapped[Number]
    """Its wall clock."""
    utc_offset: Mapped[int | None] = mapped_column(_BIG)
    zone: Mapped[str | None]
    date_rule: Mapped[str]
    offset_rule: Mapped[str | None]
    added: Mapped[Number]
    ratio: Mapped[Number]
    """Width by height, times 100, from 40 to 320."""
    kind: Mapped[str]
    flags: Mapped[Number]
    """Bits of :class:`gateway.library.photos.Flag`."""
    duration: Mapped[int | None] = mapped_column(_BIG)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    cell: Mapped[int | None] = mapped_column(_BIG)
    """Where it lies on the map, as a number whose first bits are those of the tiles around it."""
    place_id: Mapped[int | None] = mapped_column(_BIG, ForeignKey("place.id"))
    rating: Mapped[int | None] = mapped_column(_BIG)
    traits_id: Mapped[int | None] = mapped_column(_BIG)


class Favourite(Base):
    """A photo's heart of one account. It is the entry's, so it outlives indexing, moves and the trash."""

    __tablename__ = "favourite"
    __table_args__ = (Index("favourite_entry", "entry_id"), {"sqlite_with_rowid": False})
    account_id: Mapped[int] = mapped_column(
        _BIG, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    entry_id: Mapped[int] = mapped_column(
        _BIG, ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    at: Mapped[Number]


class PhotoCount(Base):
    """How many photos of a space have something in common, stacks counted once: a place, traits, a folder, a form."""

    __tablename__ = "photo_count"
    space_id: Mapped[int] = mapped_column(_BIG, ForeignKey("space.id", ondelete="CASCADE"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=False)
    """The id of what it is, or for a form :func:`gateway.library.photos.form_of`."""
    n: Mapped[Number]


class DayCount(Base):
    """How many photos of a space were taken on a day, stacks counted once."""

    __tablename__ = "day_count"
    space_id: Mapped[int] = mapped_column(_BIG, ForeignKey("space.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=False)
    n: Mapped[Number]
    ratio_sum: Mapped[Number]
    seq: Mapped[Number]
    """The space's count of changes when this day last changed."""


class PendingSubtree(Base):
    """A folder whose photos have to follow it: it was deleted, restored, copied, or moved to another space."""

    __tablename__ = "pending_subtree"
    entry_id: Mapped[int] = mapped_column(
        _BIG, ForeignKey("entry.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    due: Mapped[Number]
    """When it may be worked on; whoever does moves it ahead."""


class Usage(Base):
    """What takes the room of a space, as it was last counted: adding it up looks at every file."""

    __tablename__ = "usage"
    __table_args__ = (Index("usage_wanted", "wanted", **_only("wanted IS NOT NULL")),)
    space_id: Mapped[int] = mapped_column(
        _BIG, ForeignKey("space.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    counted: Mapped[int | None] = mapped_column(_BIG)
    wanted: Mapped[int | None] = mapped_column(_BIG)
    """Since when somebody wants it counted again."""
    report: Mapped[str]
    """JSON, as :mod:`gateway.library.usage` writes it."""
