"""The record as a file: what `advisor assess --json` prints, read back whatever version wrote it.

Later versions only add fields to the record, with a value that says "not looked at then". A record
of an older version is therefore read as it is; the one thing added is that requirements which its
version did not know are listed as assumed, never as stated. A newer record is refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from advisor.assessment import SCHEMA_VERSION, Assessment
from advisor.errors import InputError, dotted
from advisor.files import parse_json, read_bounded
from advisor.usecase import UseCase

MAX_BYTES = 16 * 1024 * 1024
OLDEST_READ = 1


def read_assessment(path: str | Path) -> Assessment:
    """An assessment from the JSON that `advisor assess --json` printed. Raises InputError."""
    data = parse_json(read_bounded(path, MAX_BYTES), str(path))
    if not isinstance(data, dict) or "schema_version" not in data:
        raise InputError(f"{path} is not an assessment: write one with `advisor assess --json`")
    version = data["schema_version"]
    if type(version) is not int or not OLDEST_READ <= version <= SCHEMA_VERSION:
        advice = "upgrade Advisor" if type(version) is int and version > 0 else "assess again"
        raise InputError(
            f"{path} has format {str(version)[:20]}, this program reads {OLDEST_READ} to"
            f" {SCHEMA_VERSION}: {advice}"
        )
    try:
        return Assessment.model_validate_json(json.dumps(upgraded(data)))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = dotted(first["loc"])
        raise InputError(f"{path}: {where}: {first['msg'].lower()}: assess again") from None


def upgraded(data: dict[str, Any]) -> dict[str, Any]:
    """A record of any version as plain data; requirements it did not know are listed as assumed."""
    asked, assumed = data.get("use_case"), data.get("assumed")
    if not isinstance(asked, dict) or not isinstance(assumed, list):
        return data
    from advisor.decide.questions import question_of  # the engine: loaded when it is needed

    defaults = UseCase(title="-", outputs=["label"]).model_dump(mode="json")
    unknown = [
        {"field": name, "value": value, "question": question_of(name)}
        for name, value in defaults.items()
        if name not in asked
    ]
    return {**data, "assumed": [*assumed, *unknown]}


def assessment_schema() -> dict[str, Any]:
    """The JSON Schema of the record that `advisor assess --json` prints."""
    schema = Assessment.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
