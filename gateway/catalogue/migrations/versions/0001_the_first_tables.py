"""The first tables."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.String().with_variant(sa.Text(collation="C"), "postgresql")

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("created", BIG, nullable=False),
        sa.Column("removed", BIG, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "attempt",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("failures", BIG, nullable=False),
        sa.Column("until", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("subject"),
    )
    op.create_table(
        "blob",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("sha1", sa.String(), nullable=False),
        sa.Column("md5", sa.String(), nullable=True),
        sa.Column("media", sa.Boolean(), nullable=False),
        sa.Column("created", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "change",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("space_id", BIG, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("account_id", BIG, nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("change_at", "change", ["at"], unique=False)
    op.create_index("change_space", "change", ["space_id", "id"], unique=False)

    op.create_table(
        "chore",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("due", BIG, nullable=False),
        sa.Column("lease", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "garbage",
        sa.Column("key", NAME, nullable=False),
        sa.Column("not_before", BIG, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("garbage_due", "garbage", ["not_before"], unique=False)

    op.create_table(
        "meta",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "credential",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created", BIG, nullable=False),
        sa.Column("used", BIG, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("credential_account", "credential", ["account_id"], unique=False)

    op.create_table(
        "entry",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("parent_id", BIG, nullable=True),
        sa.Column("name", NAME, nullable=False),
        sa.Column("name_key", NAME, nullable=False),
        sa.Column("is_folder", sa.Boolean(), nullable=False),
        sa.Column("blob_id", BIG, nullable=True),
        sa.Column("created", BIG, nullable=False),
        sa.Column("modified", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["blob_id"],
            ["blob.id"],
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["entry.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("entry_blob", "entry", ["blob_id"], unique=False)
    op.create_index(
        "entry_folders",
        "entry",
        ["parent_id"],
        unique=False,
        sqlite_where=sa.text("is_folder = 1"),
        postgresql_where=sa.text("is_folder"),
    )
    op.create_index("entry_name", "entry", ["parent_id", "name_key"], unique=True)

    op.create_table(
        "refusal",
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("size", BIG, nullable=True),
        sa.Column("at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "path", "device"),
    )
    op.create_index("refusal_at", "refusal", ["at"], unique=False)

    op.create_table(
        "space",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("name_key", NAME, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("owner_id", BIG, nullable=True),
        sa.Column("quota", BIG, nullable=False),
        sa.Column("live", BIG, nullable=False),
        sa.Column("held", BIG, nullable=False),
        sa.Column("trash", BIG, nullable=False),
        sa.Column("entries", BIG, nullable=False),
        sa.Column("media_only", sa.Boolean(), nullable=False),
        sa.Column("max_file_size", BIG, nullable=True),
        sa.Column("root_id", BIG, nullable=True),
        sa.Column("trash_id", BIG, nullable=True),
        sa.Column("created", BIG, nullable=False),
        sa.Column("removed", BIG, nullable=True),
        sa.CheckConstraint("live >= 0 AND held >= 0 AND trash >= 0 AND entries >= 0", name="space_sums"),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("name_key"),
        sa.UniqueConstraint("owner_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hold",
        sa.Column("key", NAME, nullable=False),
        sa.Column("space_id", BIG, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("expires", BIG, nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("hold_expires", "hold", ["expires"], unique=False)
    op.create_index("hold_space", "hold", ["space_id"], unique=False)

    op.create_table(
        "lock",
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("space_id", BIG, nullable=False),
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("infinite", sa.Boolean(), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("expires", BIG, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index("lock_account", "lock", ["account_id"], unique=False)
    op.create_index("lock_entry", "lock", ["entry_id"], unique=False)
    op.create_index("lock_expires", "lock", ["expires"], unique=False)
    op.create_index("lock_space", "lock", ["space_id"], unique=False)

    op.create_table(
        "member",
        sa.Column("space_id", BIG, nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("role", BIG, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("space_id", "account_id"),
    )
    op.create_index("member_account", "member", ["account_id"], unique=False)

    op.create_table(
        "property",
        sa.Column("entry_id", BIG, nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id", "namespace", "name"),
    )
    op.create_table(
        "trash_item",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("space_id", BIG, nullable=False),
        sa.Column("entry_id", BIG, nullable=True),
        sa.Column("name", NAME, nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("parent_id", BIG, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("deleted", BIG, nullable=False),
        sa.Column("account_id", BIG, nullable=True),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("purging", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["entry.id"],
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("entry_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("trash_due", "trash_item", ["deleted"], unique=False)
    op.create_index("trash_oldest", "trash_item", ["space_id", "deleted"], unique=False)
    op.create_index(
        "trash_purging",
        "trash_item",
        ["space_id"],
        unique=False,
        sqlite_where=sa.text("purging = 1"),
        postgresql_where=sa.text("purging"),
    )
