"""Titles in folded case, to search in: SQLite folds ASCII only, PostgreSQL by its locale."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("assessment", sa.Column("title_folded", sa.Text, nullable=True))
    row = sa.table("assessment", sa.column("id"), sa.column("title"), sa.column("title_folded"))
    connection = op.get_bind()
    for id_, title in connection.execute(sa.select(row.c.id, row.c.title)).all():
        text = unicodedata.normalize("NFC", title).casefold()
        connection.execute(sa.update(row).where(row.c.id == id_).values(title_folded=text))
    with op.batch_alter_table("assessment") as table:
        table.alter_column("title_folded", existing_type=sa.Text, nullable=False)
