"""Between records and rows: texts made fit for a column, rows made into records."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from sqlalchemy.orm import Session

from advisor.assessment import Assessment
from advisor.errors import DataError, InputError
from advisor.store.ids import new_id
from advisor.store.records import Change, Made, Revision, Saved, digest
from advisor.store.tables import TITLE_CHARS, WORD_CHARS, AssessmentRow, ResultRow, RevisionRow

_CONTROL = {"Cc", "Cs", "Zl", "Zp"}  # PostgreSQL cannot keep NUL, nor UTF-8 a lone surrogate


def plain(text: str, length: int) -> str:
    """One line without control characters, cut to `length`."""
    return "".join(" " if unicodedata.category(c) in _CONTROL else c for c in text)[:length].strip()


def clean_title(text: str) -> str:
    """A title as it is kept. InputError when nothing of it is left or it is too long."""
    if len(text) > TITLE_CHARS:
        raise InputError(f"the title has {len(text)} characters: use {TITLE_CHARS} or fewer")
    title = plain(text, TITLE_CHARS)
    if not title:
        raise InputError("the title is empty: give a few words")
    return title


def folded(text: str) -> str:
    """Text as it is compared when searching: case and composition of accents do not matter."""
    return unicodedata.normalize("NFC", plain(text, 1000)).casefold()


def request_json(answer: Assessment) -> str:
    """The stated fields of what was asked, so that assumptions stay assumptions."""
    assumed = {one.field for one in answer.assumed}
    return answer.use_case.model_dump_json(exclude_unset=True, exclude=assumed)


def result_row(answer: Assessment, now: datetime, *, imported: bool = False) -> ResultRow:
    """A new result."""
    request, whole = request_json(answer), answer.model_dump_json()
    return ResultRow(
        id=new_id(now),
        request=request,
        answer=whole,
        sha256=digest(request, whole),
        schema_version=answer.schema_version,
        engine_version=plain(answer.engine_version, WORD_CHARS),
        data_version=plain(answer.data_version, WORD_CHARS),
        as_of=answer.as_of,
        verdict=answer.verdict,
        family=plain(answer.family, WORD_CHARS),
        headline=plain(answer.headline, 2000),
        imported=imported,
        created=now,
    )


def revision_row(
    row: AssessmentRow, kind: str, by: str, now: datetime, restores: int | None = None
) -> RevisionRow:
    """The state of an assessment, for its history."""
    return RevisionRow(
        assessment_id=row.id,
        number=row.version,
        kind=kind,
        title=row.title,
        archived=row.archived is not None,
        result_id=row.result_id,
        restores=restores,
        by=by,
        created=now,
    )


def saved(row: AssessmentRow, result: ResultRow, by: str) -> Saved:
    return Saved(
        id=row.id,
        title=row.title,
        version=row.version,
        parent_id=row.parent_id,
        created=row.created,
        updated=row.updated,
        archived=row.archived,
        changed_by=by,
        **_made(result),
    )


def change(row: RevisionRow) -> Change:
    return Change.model_validate({name: getattr(row, name) for name in Change.model_fields})


def read_revision(session: Session, assessment_id: str, number: int) -> Revision:
    """A revision that is known to exist. DataError if its result is not what was stored."""
    row = session.get_one(RevisionRow, (assessment_id, number))
    result = session.get_one(ResultRow, row.result_id)
    if digest(result.request, result.answer) != result.sha256:
        raise DataError(
            f"revision {number} of '{row.title}' was damaged in the store: restore it from a backup"
        )
    return Revision.model_validate(
        {
            "assessment_id": assessment_id,
            "number": number,
            "kind": row.kind,
            "title": row.title,
            "by": row.by,
            "created": row.created,
            "request_json": result.request,
            "answer_json": result.answer,
            **_made(result),
        }
    )


def _made(result: ResultRow) -> dict:
    return {name: getattr(result, name) for name in Made.model_fields}
