"""What searching needs: other files by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "blob_others", "blob", ["id"], sqlite_where=sa.text("media = 0"), postgresql_where=sa.text("NOT media")
    )
