"""Every rule fires, keeps silent and steps aside where its page says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.errors import UnknownName
from advisor.rules import Case, Finding, NotApplicable, all_rules, rule, rules_of_scope
from advisor.rules.docs import rule_pages, write_rule_docs
from advisor.rules.evidence import RELATIONS
from advisor.usecase import parse_use_case
from tests.rules.families import FAMILIES
from tests.rules.options import OPTION_ROWS, case
from tests.rules.table import Fields
from tests.rules.table_more import ROWS, USE_CASE_ROWS

REPO = Path(__file__).resolve().parents[2]
CODES = [one.code for one in all_rules()]


def family_case(fields: Fields, family: str) -> Case:
    return Case(parse_use_case({"title": "a test", **fields}), FAMILIES[family])


@pytest.mark.parametrize("code", ROWS)
def test_a_family_rule_fires(code: str) -> None:
    row, one = ROWS[code], rule(code)
    outcome = one.check(one, family_case(row.fires, row.family))
    assert isinstance(outcome, Finding) and outcome.code == code and outcome.sentence


@pytest.mark.parametrize("code", ROWS)
def test_a_family_rule_keeps_silent(code: str) -> None:
    row, one = ROWS[code], rule(code)
    assert one.check(one, family_case(row.silent, row.silent_family or row.family)) is None


@pytest.mark.parametrize("code", ROWS)
def test_a_family_rule_steps_aside_with_its_reason(code: str) -> None:
    row, one = ROWS[code], rule(code)
    if row.na is None:
        case = Case(parse_use_case({"title": "a test", **row.fires}))
    else:
        case = family_case(row.na, row.na_family or row.family)
    outcome = one.check(one, case)
    assert isinstance(outcome, NotApplicable) and outcome.reason


@pytest.mark.parametrize("code", USE_CASE_ROWS)
def test_a_use_case_rule_fires_keeps_silent_and_steps_aside(code: str) -> None:
    fires, silent, aside = USE_CASE_ROWS[code]
    one = rule(code)
    cases = [Case(parse_use_case({"title": "a test", **f})) for f in (fires, silent)]
    assert isinstance(one.check(one, cases[0]), Finding)
    assert one.check(one, cases[1]) is None
    if aside is not None:
        stepped = one.check(one, Case(parse_use_case({"title": "a test", **aside})))
        assert isinstance(stepped, NotApplicable)


@pytest.mark.parametrize("code", OPTION_ROWS)
def test_a_model_or_candidate_rule_fires_keeps_silent_and_steps_aside(code: str) -> None:
    fires, silent, aside = OPTION_ROWS[code]
    one = rule(code)
    assert isinstance(one.check(one, fires), Finding)
    assert one.check(one, silent) is None
    assert aside is None or isinstance(one.check(one, aside), NotApplicable)


def test_own_weights_are_asked_for_only_where_pretrained_ones_are_not_allowed() -> None:
    one, fields = rule("LIC105"), {"outputs": ["image"], "licence": "no-pretrained"}
    assert isinstance(one.check(one, case(fields)), Finding)
    assert isinstance(one.check(one, case({"outputs": ["image"]})), NotApplicable)


def test_every_rule_is_in_the_table() -> None:
    assert sorted([*ROWS, *USE_CASE_ROWS, *OPTION_ROWS, "LIC105"]) == sorted(CODES)


def test_codes_are_unique_and_begin_with_their_concern() -> None:
    assert len(CODES) == len(set(CODES))
    first = {"control": "CTL", "cost": "CST", "privacy": "PRV"}
    for one in all_rules():
        assert one.code[:3] == first.get(one.concern, one.concern[:3].upper()), one.code


def test_every_rule_documents_itself_and_cites_a_source() -> None:
    for one in all_rules():
        texts = (one.title, one.detection, one.why, one.remedy, one.source)
        assert all(texts), one.code
        assert (one.weight > 0) == (one.severity in ("for", "against")), one.code


def test_all_recorded_relations_are_stood_for() -> None:
    assert {number for one in all_rules() for number in one.based_on} == set(RELATIONS)


def test_no_rule_names_a_model() -> None:
    from advisor.catalog import load_catalog

    names = {name for name in load_catalog().models if len(name) > 4}
    for file in sorted((REPO / "advisor" / "rules").glob("*.py")):
        text = file.read_text()
        assert not [name for name in names if name in text], file.name


def test_an_unknown_code_names_the_nearest_known_ones() -> None:
    with pytest.raises(UnknownName, match="LAT101"):
        rule("LAT1")
    assert rule("lat101").code == "LAT101"


def test_rules_are_found_by_scope() -> None:
    scopes = ("use-case", "family", "model", "candidate")
    assert sum(len(rules_of_scope(scope)) for scope in scopes) == len(CODES)  # type: ignore[arg-type]


def test_the_documentation_of_rules_is_current(tmp_path: Path) -> None:
    written = {file.name: file.read_text() for file in write_rule_docs(tmp_path)}
    shipped = {file.name: file.read_text() for file in (REPO / "docs" / "rules").glob("*.md")}
    assert shipped == written == rule_pages(), "run: python -m advisor.rules.docs docs/rules"
