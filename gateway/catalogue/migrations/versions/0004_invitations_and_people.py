"""Invitations, what people chose, and what takes the room of spaces."""

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NOTHING = sa.text("''")

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("fresh", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("account", sa.Column("called", sa.String(), server_default=NOTHING, nullable=False))
    op.add_column("account", sa.Column("language", sa.String(), nullable=True))
    op.add_column("account", sa.Column("theme", sa.String(), server_default=sa.text("'system'"), nullable=False))
    op.add_column("account", sa.Column("shortcuts", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("credential", sa.Column("address", sa.String(), server_default=NOTHING, nullable=False))
    op.add_column("session", sa.Column("address", sa.String(), server_default=NOTHING, nullable=False))
    op.add_column("session", sa.Column("scope", sa.String(), server_default=NOTHING, nullable=False))
    op.create_table(
        "invitation",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("account_id", BIG, nullable=True),
        sa.Column("maker_id", BIG, nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("quota", BIG, nullable=True),
        sa.Column("spaces", sa.String(), nullable=False),
        sa.Column("created", BIG, nullable=False),
        sa.Column("expires", BIG, nullable=False),
        sa.Column("used", BIG, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["maker_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("invitation_account", "invitation", ["account_id"])
    op.create_index("invitation_maker", "invitation", ["maker_id"])
    op.create_index("invitation_expires", "invitation", ["expires"])
    op.create_table(
        "usage",
        sa.Column("space_id", BIG, autoincrement=False, nullable=False),
        sa.Column("counted", BIG, nullable=True),
        sa.Column("wanted", BIG, nullable=True),
        sa.Column("report", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("space_id"),
    )
    wanted = sa.text("wanted IS NOT NULL")
    op.create_index("usage_wanted", "usage", ["wanted"], sqlite_where=wanted, postgresql_where=wanted)
