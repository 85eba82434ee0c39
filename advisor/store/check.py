"""Looking for damage: half transactions, results that changed, references that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select, text
from sqlalchemy.orm import Session, undefer

from advisor.store.records import digest
from advisor.store.tables import AssessmentRow, ResultRow, RevisionRow


def faults(session: Session) -> list[str]:
    """What is wrong, a sentence each."""
    return [*_file(session), *_results(session), *_revisions(session)]


def _file(session: Session) -> Iterator[str]:
    if session.get_bind().dialect.name != "sqlite":
        return  # PostgreSQL checks pages and references by itself
    for (line,) in session.execute(text("PRAGMA integrity_check")):
        if line != "ok":
            yield f"the file is damaged: {line}"
    for table, row, *_ in session.execute(text("PRAGMA foreign_key_check")):
        yield f"row {row} of {table} refers to a row that is missing"


def _results(session: Session) -> Iterator[str]:
    every = select(ResultRow).options(undefer(ResultRow.request), undefer(ResultRow.answer))
    for row in session.scalars(every.execution_options(yield_per=20)):
        if digest(row.request, row.answer) != row.sha256:
            yield f"result {row.id} is not what was stored: restore it from a backup"


def _revisions(session: Session) -> Iterator[str]:
    """Each assessment has revisions 1 to its version, and is what the last one says."""
    numbers: dict[str, list[RevisionRow]] = {}
    for revision in session.scalars(select(RevisionRow).order_by(RevisionRow.number)):
        numbers.setdefault(revision.assessment_id, []).append(revision)
    for row in session.scalars(select(AssessmentRow)):
        own = numbers.get(row.id, [])
        if [one.number for one in own] != list(range(1, row.version + 1)):
            yield f"assessment {row.id} is at version {row.version} with {len(own)} revisions"
        elif (own[-1].title, own[-1].result_id, own[-1].archived) != (
            row.title,
            row.result_id,
            row.archived is not None,
        ):
            yield f"assessment {row.id} differs from its revision {row.version}"
