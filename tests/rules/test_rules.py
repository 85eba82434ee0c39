"""Every rule fires, keeps silent and steps aside where its page says so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.errors import UnknownName
from advisor.rules import Case, Finding, NotApplicable, Scope, all_rules, rule
from advisor.rules.docs import rule_pages, write_rule_docs
from advisor.rules.evidence import RELATIONS
from advisor.rules.harness import case, prove
from advisor.rules.own import faults_of
from advisor.rules.policy import shipped_policy
from advisor.usecase import parse_use_case
from tests.rules.families import FAMILIES
from tests.rules.options import OPTION_ROWS
from tests.rules.options import case as option_case
from tests.rules.table import Fields
from tests.rules.table_more import ROWS, USE_CASE_ROWS

REPO = Path(__file__).resolve().parents[2]
CODES = [one.code for one in all_rules()]


def family_case(fields: Fields, family: str) -> Case:
    return Case(parse_use_case({"title": "a test", **fields}), FAMILIES[family])


@pytest.mark.parametrize("code", ROWS)
def test_a_family_rule_fires_keeps_silent_and_steps_aside(code: str) -> None:
    row = ROWS[code]
    aside = Case(parse_use_case({"title": "a test", **row.fires}))  # there is no family to judge
    if row.na is not None:
        aside = family_case(row.na, row.na_family or row.family)
    finding = prove(
        rule(code),
        fires=family_case(row.fires, row.family),
        silent=family_case(row.silent, row.silent_family or row.family),
        aside=aside,
    )
    assert finding.code == code


@pytest.mark.parametrize("code", USE_CASE_ROWS)
def test_a_use_case_rule_fires_keeps_silent_and_steps_aside(code: str) -> None:
    fires, silent, aside = (fields and case(fields) for fields in USE_CASE_ROWS[code])
    assert prove(rule(code), fires=fires, silent=silent, aside=aside).code == code


@pytest.mark.parametrize("code", OPTION_ROWS)
def test_a_model_or_candidate_rule_fires_keeps_silent_and_steps_aside(code: str) -> None:
    fires, silent, aside = OPTION_ROWS[code]
    assert prove(rule(code), fires=fires, silent=silent, aside=aside).code == code


def test_own_weights_are_asked_for_only_where_pretrained_ones_are_not_allowed() -> None:
    one, fields = rule("LIC105"), {"outputs": ["image"], "licence": "no-pretrained"}
    assert isinstance(one.check(one, option_case(fields)), Finding)
    assert isinstance(one.check(one, option_case({"outputs": ["image"]})), NotApplicable)


def test_every_rule_is_in_the_table() -> None:
    assert sorted([*ROWS, *USE_CASE_ROWS, *OPTION_ROWS, "LIC105"]) == sorted(CODES)


def test_codes_are_unique_and_begin_with_their_concern() -> None:
    assert len(CODES) == len(set(CODES))
    first = {"control": "CTL", "cost": "CST", "privacy": "PRV"}
    for one in all_rules():
        assert one.code[:3] == first.get(one.concern, one.concern[:3].upper()), one.code


def test_every_rule_documents_itself_and_cites_a_source() -> None:
    assert {one.code: faults_of(one) for one in all_rules() if faults_of(one)} == {}


def test_all_recorded_relations_are_stood_for() -> None:
    assert {number for one in all_rules() for number in one.based_on} == set(RELATIONS)


def test_no_rule_names_a_model() -> None:
    """No text of a rule holds a model's id or name, and none is compared with anything."""
    from advisor.catalog import load_catalog

    models = load_catalog().models
    names = {name.casefold() for m in models.values() for name in (m.id, m.name) if len(name) > 4}
    for file in sorted((REPO / "advisor" / "rules").glob("*.py")):
        tree = ast.parse(file.read_text())
        texts = [
            node.value.casefold()
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        said = {n for n in names for text in texts if re.search(rf"\b{re.escape(n)}\b", text)}
        assert not said, (file.name, said)
        assert not list(compared_models(tree)), file.name


def compared_models(tree: ast.AST) -> Iterator[str]:
    """Comparisons of a model's id or name, and look-ups by it."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare | ast.Subscript):
            continue
        named = [
            ast.unparse(part.value)
            for part in ast.walk(node)
            if isinstance(part, ast.Attribute) and part.attr in ("id", "name")
        ]
        if any(owner.split(".")[-1] == "model" for owner in named):
            yield ast.unparse(node)


def test_a_rule_that_compared_a_model_would_be_found() -> None:
    bad = "def check(case):\n    return case.model.id == 'x' or TABLE[model.name]"
    assert len(list(compared_models(ast.parse(bad)))) == 2
    assert not list(compared_models(ast.parse("f'{model.name} is large'")))


def test_an_unknown_code_names_the_nearest_known_ones() -> None:
    with pytest.raises(UnknownName, match="LAT101"):
        rule("LAT1")
    assert rule("lat101").code == "LAT101"


def test_rules_are_found_by_scope() -> None:
    scopes: tuple[Scope, ...] = ("use-case", "family", "model", "candidate")
    assert sum(len(shipped_policy().of_scope(scope)) for scope in scopes) == len(CODES)


def test_the_documentation_of_rules_is_current(tmp_path: Path) -> None:
    written = {file.name: file.read_text() for file in write_rule_docs(tmp_path)}
    shipped = {file.name: file.read_text() for file in (REPO / "docs" / "rules").glob("*.md")}
    assert shipped == written == rule_pages(), "run: python -m advisor.rules.docs docs/rules"
