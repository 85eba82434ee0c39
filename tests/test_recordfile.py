"""The record as a file: every version that was ever written opens, and its form is frozen."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from advisor.assessment import SCHEMA_VERSION, Assessment
from advisor.cli import cli
from advisor.errors import InputError
from advisor.recordfile import OLDEST_READ, assessment_schema, read_assessment
from advisor.report import render_html
from advisor.report.view import View
from tests.report.sample import go

OLD = sorted((Path(__file__).parent / "data").glob("records-*/*.json.gz"))
FROZEN = {2: "e02bd462f84fe965"}
CHANGED = """
The record that `advisor assess --json` prints has another form (names, types or what is required).
If that is meant:
1. a field is new: give it a default that says "not looked at", so that older records still open;
   a field is gone or means something else: write the step from the old form in
   `advisor.recordfile.upgraded`, or raise OLDEST_READ there;
2. if the form of a released version changed: raise SCHEMA_VERSION in advisor/assessment.py, say
   there what is new, and keep a record of the old version in tests/data/records-N/;
3. set FROZEN[{version}] = "{found}" in this test.
"""


def opened(old: Path, folder: Path) -> Path:
    file = folder / old.stem
    file.write_bytes(gzip.decompress(old.read_bytes()))
    return file


@pytest.mark.parametrize("old", OLD, ids=lambda old: f"{old.parent.name}/{old.stem}")
def test_a_record_of_an_older_version_opens_and_can_be_reported(old: Path, tmp_path: Path) -> None:
    answer = read_assessment(opened(old, tmp_path))
    assert f"records-{answer.schema_version}" == old.parent.name
    assert View(answer).decision in render_html(answer).replace("&#39;", "'").replace("\u00a0", " ")


def test_there_is_a_record_of_every_older_version_that_is_read() -> None:
    versions = {old.parent.name for old in OLD}
    assert versions == {f"records-{n}" for n in range(OLDEST_READ, SCHEMA_VERSION)}


def test_a_requirement_that_the_old_version_did_not_know_counts_as_assumed(tmp_path: Path) -> None:
    file = opened(OLD[0], tmp_path)
    assert "terms" not in json.loads(file.read_text())["use_case"]
    assert "terms" in {one.field for one in read_assessment(file).assumed}


def test_a_record_of_today_is_read_back_equal(tmp_path: Path) -> None:
    file = tmp_path / "answer.json"
    file.write_text(go().model_dump_json())
    assert read_assessment(file).model_dump() == go().model_dump()


@pytest.mark.parametrize(
    ("version", "advice"), [(99, "upgrade"), (0, "again"), (True, "again"), ("2", "again")]
)
def test_another_version_is_refused_with_what_to_do(
    tmp_path: Path, version: Any, advice: str
) -> None:
    file = tmp_path / "answer.json"
    file.write_text(json.dumps({"schema_version": version}))
    with pytest.raises(InputError, match=advice):
        read_assessment(file)


def test_the_form_of_the_record_is_frozen() -> None:
    found = hashlib.sha256(json.dumps(_form(assessment_schema()), sort_keys=True).encode())
    told = CHANGED.format(version=SCHEMA_VERSION, found=found.hexdigest()[:16])
    assert FROZEN.get(SCHEMA_VERSION) == found.hexdigest()[:16], told


def _form(node: Any) -> Any:
    """A schema without the words in it, which may change as they like."""
    if isinstance(node, list):
        return [_form(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: {name: _form(one) for name, one in value.items()}
        if key in ("properties", "$defs")
        else _form(value)
        for key, value in node.items()
        if key not in ("description", "title")
    }


def test_a_new_wording_is_no_new_form_and_a_new_type_is_one() -> None:
    schema = assessment_schema()
    worded = {**schema, "description": "other words", "title": "Other"}
    assert _form(worded) == _form(schema)
    assert "title" in _form(schema)["$defs"]["UseCase"]["properties"]
    typed = {**schema["properties"], "tried": {"type": "string"}}
    assert _form({**schema, "properties": typed}) != _form(schema)


def test_the_schema_is_printed_and_names_its_version() -> None:
    printed = CliRunner().invoke(cli, ["schema", "assessment"])
    assert printed.exit_code == 0
    schema = json.loads(printed.output)
    assert schema["properties"]["schema_version"]["default"] == SCHEMA_VERSION
    assert set(schema["properties"]) == set(Assessment.model_fields)
