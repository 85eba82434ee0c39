"""Recorded decisions: what was asked, what was chosen, what else counts, and where it is recorded.

A file holds a list of entries (or one); a folder holds files. The form is design.md's contract:
`{id, use_case, family, alternates, verdicts, source}`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from advisor.assessment import Verdict
from advisor.catalog.schema import FAMILY_IDS
from advisor.errors import InputError, dotted, suggest
from advisor.files import read_document
from advisor.usecase import UseCase, parse_use_case

NOT_FEASIBLE = "not-feasible"
# `other` stands for a way to generate that no card names: it is read, and nothing ever matches it.
OTHER = "other"
ANSWERS = (*FAMILY_IDS, NOT_FEASIBLE, OTHER)
VERDICTS: tuple[str, ...] = get_args(Verdict)
ENDINGS = (".yaml", ".yml", ".json")
MAX_FILE_BYTES = 8 * 1024 * 1024


class _Entry(BaseModel):
    """One entry of a decision file, before its use case is read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: str = Field(min_length=1)
    use_case: dict[str, Any]
    family: str
    alternates: list[str] = Field(default=[])
    verdicts: list[str] = Field(default=[])
    source: str | list[str] = ""


class RecordedDecision(BaseModel):
    """One recorded decision. `alternates` count as right too; no `verdicts`: none was recorded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    use_case: UseCase
    family: str
    alternates: list[str]
    verdicts: list[str]
    source: str


def read_decisions(path: str | Path) -> list[RecordedDecision]:
    """Decisions of one file (a list, or one entry) or of a folder of such files.

    Raises InputError: one sentence with the file, the case and what is wrong.
    """
    place = Path(path)
    if not place.exists():
        raise InputError(f"no decisions at {place}: give a file or a folder")
    files = [place]
    if place.is_dir():
        files = sorted(file for file in place.iterdir() if file.suffix in ENDINGS)
    if not files:
        raise InputError(f"no decisions in {place}: the folder holds no .yaml files")
    found = [one for file in files for one in _decisions_in(file)]
    _refuse_twice(found, place)
    return found


def _decisions_in(file: Path) -> list[RecordedDecision]:
    data, _ = read_document(file, MAX_FILE_BYTES)
    entries = data if isinstance(data, list) else [data]
    if not entries:
        raise InputError(f"{file}: the list is empty: give at least one decision")
    return [_decision(entry, file, place) for place, entry in enumerate(entries, start=1)]


def _refuse_twice(found: list[RecordedDecision], place: Path) -> None:
    seen: set[str] = set()
    for one in found:
        if one.id in seen:
            raise InputError(f"{place}: id '{one.id}' is given twice: rename one of the two")
        seen.add(one.id)


def _decision(data: Any, file: Path, place: int) -> RecordedDecision:
    named = data.get("id") if isinstance(data, dict) else None
    where = f"{file}, {named}" if isinstance(named, str) and named else f"{file}, entry {place}"
    try:
        entry = _Entry.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{where}: {_sentence(error)}") from None
    for name, known, given in (
        ("family", ANSWERS, [entry.family, *entry.alternates]),
        ("verdict", VERDICTS, entry.verdicts),
    ):
        for one in given:
            if one not in known:
                raise InputError(f"{where}: unknown {name} '{one[:80]}'{suggest(one, known)}")
    source = entry.source if isinstance(entry.source, str) else "; ".join(entry.source)
    return RecordedDecision(
        id=entry.id,
        use_case=parse_use_case(entry.use_case, where),
        family=entry.family,
        alternates=entry.alternates,
        verdicts=entry.verdicts,
        source=source,
    )


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = dotted(first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown field '{field[:80]}'{suggest(field, _Entry.model_fields)}"
    if first["type"] == "missing":
        return f"'{field}' is missing: it is required"
    if not field:
        return "this is no decision: give id, use_case and family"
    return f"{field}: {first['msg'][:1].lower()}{first['msg'][1:]}"
