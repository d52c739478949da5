"""Browsers that are signed in."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("created", BIG, nullable=False),
        sa.Column("used", BIG, nullable=False),
        sa.Column("expires", BIG, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("session_account", "session", ["account_id"])
    op.create_index("session_expires", "session", ["expires"])
