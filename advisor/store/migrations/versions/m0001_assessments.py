"""Assessments, results and revisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "result",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("engine_version", sa.String(80), nullable=False),
        sa.Column("data_version", sa.String(80), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("verdict", sa.String(80), nullable=False),
        sa.Column("family", sa.String(80), nullable=False),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("imported", sa.Boolean, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_result"),
    )
    op.create_table(
        "assessment",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("owner", sa.String(300), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("result_id", sa.String(26), nullable=False),
        sa.Column("parent_id", sa.String(26), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_assessment"),
        sa.ForeignKeyConstraint(
            ["result_id"], ["result.id"], name="fk_assessment_result_id_result"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["assessment.id"], name="fk_assessment_parent_id_assessment"
        ),
    )
    op.create_index("ix_assessment_owner", "assessment", ["owner"])
    op.create_table(
        "revision",
        sa.Column("assessment_id", sa.String(26), nullable=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("result_id", sa.String(26), nullable=False),
        sa.Column("restores", sa.Integer, nullable=True),
        sa.Column("by", sa.String(300), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("assessment_id", "number", name="pk_revision"),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name="fk_revision_assessment_id_assessment"
        ),
        sa.ForeignKeyConstraint(["result_id"], ["result.id"], name="fk_revision_result_id_result"),
    )
