"""What searching needs: traits and counts of photos, an index that views are filtered in, other files by themselves."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_FORM = "(CASE kind WHEN 'image' THEN 0 WHEN 'video' THEN 65536 ELSE 131072 END) + flags * 16 + coalesce(rating, 0)"


def upgrade() -> None:
    op.create_index(
        "blob_others", "blob", ["id"], sqlite_where=sa.text("media = 0"), postgresql_where=sa.text("NOT media")
    )
    traits = op.create_table(
        "traits",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("make", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("lens", sa.String(), nullable=True),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("tags", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.UniqueConstraint("digest"),
    )
    op.create_table(
        "photo_count",
        sa.Column("space_id", BIG, nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("key", BIG, autoincrement=False, nullable=False),
        sa.Column("n", BIG, nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("space_id", "what", "key"),
    )
    op.add_column("media", sa.Column("traits_id", BIG, nullable=True))
    op.add_column("photo", sa.Column("traits_id", BIG, nullable=True))
    op.drop_index("photo_timeline", "photo")
    columns = [
        "space_id", "day", "taken", "entry_id", "ratio", "kind", "flags", "rating", "place_id", "traits_id", "cell",
        "folder_id",
    ]  # fmt: skip
    where = sa.text("stack_id IS NULL")
    op.create_index("photo_timeline", "photo", columns, sqlite_where=where, postgresql_where=where)
    _fill(op.get_bind(), traits)


def _fill(connection: sa.Connection, traits: sa.Table) -> None:
    """Bring what is indexed already to what the indexer would have written."""
    names = ("make", "model", "lens", "format", "tags", "title", "description")
    for row in connection.execute(sa.text(f"SELECT DISTINCT {', '.join(names)} FROM media")).all():  # noqa: S608
        told = dict(zip(names, row, strict=True))
        digest = hashlib.sha256(json.dumps(sorted(told.items())).encode()).hexdigest()
        connection.execute(traits.insert().values(digest=digest, **told))
    equal = "IS" if connection.dialect.name == "sqlite" else "IS NOT DISTINCT FROM"
    same = " AND ".join(f"traits.{name} {equal} media.{name}" for name in names)
    connection.execute(sa.text(f"UPDATE media SET traits_id = (SELECT id FROM traits WHERE {same})"))  # noqa: S608
    connection.execute(
        sa.text("UPDATE photo SET traits_id = (SELECT traits_id FROM media WHERE media.blob_id = photo.blob_id)")
    )
    for what, key in (("form", _FORM), ("folder", "folder_id"), ("place", "place_id"), ("traits", "traits_id")):
        connection.execute(
            sa.text(
                f"INSERT INTO photo_count (space_id, what, key, n) SELECT space_id, '{what}', {key}, count(*)"  # noqa: S608
                f" FROM photo WHERE stack_id IS NULL AND {key} IS NOT NULL GROUP BY space_id, {key}"
            )
        )
