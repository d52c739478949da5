"""Media, photos and the jobs that make them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.String().with_variant(sa.Text(collation="C"), "postgresql")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _only(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _without_rowid() -> None:
    """Make SQLite's holds anew, with what they say: what names an object of the store is never dropped."""
    op.create_table(
        "new_hold",
        sa.Column("key", NAME, nullable=False),
        sa.Column("space_id", BIG, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("expires", BIG, nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key"),
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO new_hold SELECT key, space_id, size, expires, instance FROM hold")
    op.drop_table("hold")
    op.rename_table("new_hold", "hold")


def upgrade() -> None:
    # Every upload writes a hold and a change; these tables are read by their keys alone.
    for table, index in (
        ("hold", "hold_expires"),
        ("hold", "hold_space"),
        ("change", "change_at"),
        ("change", "change_space"),
    ):
        op.drop_index(index, table_name=table)
    if op.get_bind().dialect.name == "sqlite":
        _without_rowid()
    op.create_table(
        "place",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("town", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("country_code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "playable",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("key", NAME, nullable=True),
        sa.Column("size", BIG, nullable=False),
        sa.Column("asked", BIG, nullable=False),
        sa.Column("progress", BIG, nullable=False),
        sa.Column("due", BIG, nullable=True),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("sha256"),
        sa.UniqueConstraint("key"),
    )
    op.create_index("playable_due", "playable", ["asked"], unique=False, **_only("due IS NOT NULL"))
    op.create_index("playable_worker", "playable", ["worker"], unique=False, **_only("worker IS NOT NULL"))
    op.create_table(
        "rendition_set",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("pictures", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "media",
        sa.Column("blob_id", BIG, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("width", BIG, nullable=False),
        sa.Column("height", BIG, nullable=False),
        sa.Column("duration", BIG, nullable=True),
        sa.Column("frames", BIG, nullable=False),
        sa.Column("video_codec", sa.String(), nullable=True),
        sa.Column("audio_codec", sa.String(), nullable=True),
        sa.Column("date_rule", sa.String(), nullable=True),
        sa.Column("wall", BIG, nullable=True),
        sa.Column("utc_offset", BIG, nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("offset_rule", sa.String(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("altitude", sa.Double(), nullable=True),
        sa.Column("place_id", BIG, nullable=True),
        sa.Column("make", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("lens", sa.String(), nullable=True),
        sa.Column("exposure_time", sa.Double(), nullable=True),
        sa.Column("aperture", sa.Double(), nullable=True),
        sa.Column("iso", BIG, nullable=True),
        sa.Column("focal_length", sa.Double(), nullable=True),
        sa.Column("focal_length_35mm", sa.Double(), nullable=True),
        sa.Column("flash", sa.Boolean(), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("rating", BIG, nullable=True),
        sa.Column("tags", sa.String(), nullable=False),
        sa.Column("content_id", sa.String(), nullable=True),
        sa.Column("motion_start", BIG, nullable=True),
        sa.Column("motion_length", BIG, nullable=True),
        sa.Column("projection", sa.String(), nullable=True),
        sa.Column("thumbhash", sa.LargeBinary(), nullable=True),
        sa.Column("phash", BIG, nullable=True),
        sa.ForeignKeyConstraint(["blob_id"], ["blob.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["place_id"],
            ["place.id"],
        ),
        sa.PrimaryKeyConstraint("blob_id"),
    )
    op.create_index("media_content", "media", ["content_id"], unique=False, **_only("content_id IS NOT NULL"))
    for number in range(4):
        band = sa.text(f"((phash >> {16 * number}) & 65535)")
        op.create_index(f"media_band_{number}", "media", [band, "phash"], **_only("phash IS NOT NULL"))
    op.create_table(
        "day_count",
        sa.Column("space_id", BIG, nullable=False),
        sa.Column("day", BIG, autoincrement=False, nullable=False),
        sa.Column("n", BIG, nullable=False),
        sa.Column("ratio_sum", BIG, nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("space_id", "day"),
    )
    op.create_table(
        "pending_subtree",
        sa.Column("entry_id", BIG, autoincrement=False, nullable=False),
        sa.Column("due", BIG, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_table(
        "photo",
        sa.Column("entry_id", BIG, autoincrement=False, nullable=False),
        sa.Column("space_id", BIG, nullable=False),
        sa.Column("folder_id", BIG, nullable=False),
        sa.Column("blob_id", BIG, nullable=False),
        sa.Column("stack_id", BIG, nullable=True),
        sa.Column("stacked", BIG, nullable=False),
        sa.Column("day", BIG, nullable=False),
        sa.Column("taken", BIG, nullable=False),
        sa.Column("utc_offset", BIG, nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("date_rule", sa.String(), nullable=False),
        sa.Column("offset_rule", sa.String(), nullable=True),
        sa.Column("added", BIG, nullable=False),
        sa.Column("ratio", BIG, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("flags", BIG, nullable=False),
        sa.Column("duration", BIG, nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("cell", BIG, nullable=True),
        sa.Column("place_id", BIG, nullable=True),
        sa.Column("rating", BIG, nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entry.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["place_id"],
            ["place.id"],
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entry_id"),
    )
    op.create_index("photo_added", "photo", ["space_id", "added"], unique=False)
    op.create_index(
        "photo_cell",
        "photo",
        ["space_id", "cell", "entry_id"],
        unique=False,
        **_only("cell IS NOT NULL AND stack_id IS NULL"),
    )
    op.create_index("photo_folder", "photo", ["folder_id"], unique=False)
    op.create_index(
        "photo_timeline", "photo", ["space_id", "day", "taken", "entry_id"], unique=False, **_only("stack_id IS NULL")
    )
    op.add_column("blob", sa.Column("due", BIG, nullable=True))
    op.add_column("blob", sa.Column("tries", BIG, server_default=sa.text("0"), nullable=False))
    op.add_column("blob", sa.Column("worker", sa.String(), nullable=True))
    op.add_column("blob", sa.Column("error", sa.String(), nullable=True))
    op.add_column("blob", sa.Column("version", BIG, server_default=sa.text("0"), nullable=False))
    op.create_index("blob_due", "blob", ["id"], unique=False, **_only("due IS NOT NULL"))
    op.create_index("blob_failed", "blob", ["id"], unique=False, **_only("error IS NOT NULL"))
    op.create_index("blob_sha256", "blob", ["sha256"], unique=False)
    op.create_index("blob_worker", "blob", ["worker"], unique=False, **_only("worker IS NOT NULL"))
    op.add_column("space", sa.Column("seq", BIG, server_default=sa.text("0"), nullable=False))
    # What was there before the indexer; its jobs are taken newest first.
    op.execute("UPDATE blob SET due = 0 WHERE media")
    # What lies beside a photograph was not looked for before. In the trash, a file's name is in its item.
    op.execute("UPDATE blob SET due = 0 WHERE id IN (SELECT blob_id FROM entry WHERE lower(name) LIKE '%.xmp')")
    op.execute(
        "UPDATE blob SET due = 0 WHERE id IN (SELECT e.blob_id FROM entry e JOIN trash_item t ON t.entry_id = e.id"
        " WHERE lower(t.name) LIKE '%.xmp')"
    )
