"""Share links and drafts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "share",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("token_sha256", sa.String(64), nullable=False),
        sa.Column("assessment_id", sa.String(26), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("by", sa.String(300), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_share"),
        sa.UniqueConstraint("token_sha256", name="uq_share_token_sha256"),
        sa.ForeignKeyConstraint(
            ["assessment_id", "number"],
            ["revision.assessment_id", "revision.number"],
            name="fk_share_assessment_id_revision",
        ),
    )
    op.create_index("ix_share_assessment_id", "share", ["assessment_id"])
    op.create_table(
        "draft",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("owner", sa.String(300), nullable=False),
        sa.Column("person", sa.String(300), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_draft"),
    )
    op.create_index("ix_draft_owner", "draft", ["owner"])
    op.create_index("ix_draft_updated", "draft", ["updated"])
