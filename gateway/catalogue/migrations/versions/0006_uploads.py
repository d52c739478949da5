"""Uploads that arrive in parts."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.String().with_variant(sa.Text(collation="C"), "postgresql")

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transfer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("space_id", BIG, nullable=False),
        sa.Column("wanted", NAME, nullable=False),
        sa.Column("path", NAME, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("arrived", BIG, nullable=False),
        sa.Column("modified", BIG, nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("if_taken", sa.String(), nullable=False),
        sa.Column("unpack", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created", BIG, nullable=False),
        sa.Column("expires", BIG, nullable=False),
        sa.Column("due", BIG, nullable=True),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("entry_id", BIG, nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("progress", BIG, nullable=False),
        sa.Column("total", BIG, nullable=False),
        sa.Column("report", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("transfer_account", "transfer", ["account_id", "state"])
    is_due = sa.text("due IS NOT NULL")
    op.create_index("transfer_due", "transfer", ["due"], sqlite_where=is_due, postgresql_where=is_due)
    op.create_index("transfer_expires", "transfer", ["expires"])
    op.create_table(
        "transfer_part",
        sa.Column("key", NAME, nullable=False),
        sa.Column("transfer_id", sa.String(), nullable=False),
        sa.Column("start", BIG, nullable=False),
        sa.Column("size", BIG, nullable=True),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"]),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("transfer_part_transfer", "transfer_part", ["transfer_id", "start"])
