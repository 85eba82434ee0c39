"""The tables. Results and revisions are only ever added; an assessment row points at the latest.

    assessment   what the list shows: owner, title, version, which result is current
    result       one question and its answer, as JSON, with the versions that made it
    revision     state of an assessment at each version: title, archived or not, which result
    share        links that open one revision, by the hash of their token
    draft        what stands in a form that has not been submitted

A change of these classes needs a migration: see migrations/README.md.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime, ForeignKey, ForeignKeyConstraint, MetaData, String, Text, event
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

ID_CHARS = 26
TITLE_CHARS = 200
NAME_CHARS = 300  # of owners and persons
WORD_CHARS = 80  # of verdicts, families, versions


class Utc(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone, so it is taken off and put back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: Utc}


class ResultRow(Base):
    __tablename__ = "result"

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    request: Mapped[str] = mapped_column(Text, deferred=True)  # JSON, the stated fields only
    answer: Mapped[str] = mapped_column(Text, deferred=True)  # JSON of the Assessment
    sha256: Mapped[str] = mapped_column(String(64))  # of request, a line end, answer
    schema_version: Mapped[int]
    engine_version: Mapped[str] = mapped_column(String(WORD_CHARS))
    data_version: Mapped[str] = mapped_column(String(WORD_CHARS))
    as_of: Mapped[date]
    verdict: Mapped[str] = mapped_column(String(WORD_CHARS))
    family: Mapped[str] = mapped_column(String(WORD_CHARS))
    headline: Mapped[str] = mapped_column(Text)
    imported: Mapped[bool]  # came from a file: nobody has seen this program make it
    created: Mapped[datetime]


class AssessmentRow(Base):
    __tablename__ = "assessment"

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    owner: Mapped[str] = mapped_column(String(NAME_CHARS), index=True)
    title: Mapped[str] = mapped_column(String(TITLE_CHARS))
    title_folded: Mapped[str] = mapped_column(Text)  # for searching: back ends fold case unalike
    version: Mapped[int] = mapped_column()
    result_id: Mapped[str] = mapped_column(ForeignKey("result.id"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("assessment.id"))
    created: Mapped[datetime]
    updated: Mapped[datetime]
    archived: Mapped[datetime | None]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 (SQLAlchemy declares it so)


class RevisionRow(Base):
    __tablename__ = "revision"

    assessment_id: Mapped[str] = mapped_column(ForeignKey("assessment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(TITLE_CHARS))
    archived: Mapped[bool]
    result_id: Mapped[str] = mapped_column(ForeignKey("result.id"))
    restores: Mapped[int | None]  # an undo: the number of the revision whose state came back
    by: Mapped[str] = mapped_column(String(NAME_CHARS))
    created: Mapped[datetime]


class ShareRow(Base):
    __tablename__ = "share"
    __table_args__ = (
        ForeignKeyConstraint(
            ["assessment_id", "number"], ["revision.assessment_id", "revision.number"]
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    assessment_id: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    number: Mapped[int]
    by: Mapped[str] = mapped_column(String(NAME_CHARS))
    created: Mapped[datetime]
    expires: Mapped[datetime]
    withdrawn: Mapped[datetime | None]


class DraftRow(Base):
    __tablename__ = "draft"

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    owner: Mapped[str] = mapped_column(String(NAME_CHARS), index=True)
    person: Mapped[str] = mapped_column(String(NAME_CHARS))
    content: Mapped[str] = mapped_column(Text)  # JSON
    updated: Mapped[datetime] = mapped_column(index=True)


def _refuse(mapper: Any, connection: Any, row: Any) -> None:
    raise AssertionError(f"{type(row).__name__} is append-only")


for _row in (ResultRow, RevisionRow):
    event.listen(_row, "before_update", _refuse)
    event.listen(_row, "before_delete", _refuse)
