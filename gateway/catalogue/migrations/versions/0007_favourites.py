"""Favourites; folders listed by name, and their photographs by day."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "favourite",
        sa.Column("account_id", BIG, autoincrement=False, nullable=False),
        sa.Column("entry_id", BIG, autoincrement=False, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "entry_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("favourite_entry", "favourite", ["entry_id"])
    op.drop_index("entry_folders", table_name="entry")
    op.create_index(
        "entry_folders",
        "entry",
        ["parent_id", "name_key"],
        sqlite_where=sa.text("is_folder = 1"),
        postgresql_where=sa.text("is_folder"),
    )
    op.drop_index("photo_folder", table_name="photo")
    op.create_index("photo_folder", "photo", ["folder_id", "space_id", "day", "taken", "entry_id", "stack_id", "ratio"])
    op.add_column("blob", sa.Column("device", sa.String(), server_default=sa.text("''"), nullable=False))
