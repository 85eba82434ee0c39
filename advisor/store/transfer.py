"""Assessments as files: strict, bounded, and never trusted more than what was made here.

    {"format": "advisor-assessment", "format_version": 1, "title": "...",
     "request": {stated fields of the use case}, "result": {the Assessment}}

The bare output of `advisor assess --json` is read as well.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from advisor.assessment import SCHEMA_VERSION, Assessment
from advisor.errors import InputError, dotted, printable
from advisor.files import parse_json
from advisor.recordfile import upgraded
from advisor.store.records import Revision
from advisor.store.rows import clean_title, request_json
from advisor.usecase import parse_use_case

FORMAT = "advisor-assessment"
# 1: first version.
FORMAT_VERSION = 1
MAX_BYTES = 4 * 1024 * 1024  # the largest example is 0.43 MB
_WHERE = "the file"


class _Export(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["advisor-assessment"]
    format_version: int = Field(ge=1)
    title: str
    request: dict[str, Any]
    result: dict[str, Any]


def export_text(revision: Revision) -> str:
    """A revision as a JSON document; the same revision gives the same bytes."""
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "title": revision.title,
        "request": json.loads(revision.request_json),
        "result": json.loads(revision.answer_json),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def read_export(text: str) -> tuple[str, Assessment]:
    """(title, answer) of an export. Raises InputError: one sentence, whatever the text is."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise InputError(f"{_WHERE} is larger than {MAX_BYTES // 2**20} MiB: it is no export")
    data = parse_json(text, _WHERE)
    if not isinstance(data, dict):
        raise InputError(f"{_WHERE} is not an assessment: export one, or use `assess --json`")
    if "format" not in data:
        answer = _answer(data)
        return clean_title(answer.use_case.title), answer
    export = _export(data)
    answer = _answer(export.result)
    asked = parse_use_case(export.request, f"the request in {_WHERE}")
    if asked.model_dump() != answer.use_case.model_dump():
        raise InputError(f"in {_WHERE} the request is not the one that its result answers")
    stated = parse_use_case(json.loads(request_json(answer)), _WHERE)
    if stated.model_fields_set != asked.model_fields_set:
        raise InputError(f"in {_WHERE} the request states other fields than its result says")
    return clean_title(export.title), answer


def _export(data: dict[str, Any]) -> _Export:
    version = data.get("format_version")
    if data["format"] == FORMAT and isinstance(version, int) and version > FORMAT_VERSION:
        raise InputError(f"{_WHERE} was written by a newer Advisor (format {version}): upgrade")
    try:
        return _Export.model_validate(data)
    except ValidationError as error:
        raise InputError(f"{_WHERE} is not an export: {_fault(error)}") from None


def _answer(data: dict[str, Any]) -> Assessment:
    version = data.get("schema_version")
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise InputError(f"{_WHERE} holds a result of a newer Advisor (form {version}): upgrade")
    try:
        return Assessment.model_validate_json(json.dumps(upgraded(data)))
    except ValidationError as error:
        raise InputError(f"{_WHERE} does not hold a whole assessment: {_fault(error)}") from None


def _fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    path = dotted(first["loc"])
    return printable(f"{path}: {first['msg'].removeprefix('Value error, ')}", 200)
