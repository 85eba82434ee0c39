"""The test harness of rules, for the shipped ones and for users' own.

from advisor.rules.harness import case, prove

def test_our_rule():
    prove(
        our_rule,
        fires=case({"outputs": ["image"], "volume_per_day": 5e6}, family="gan"),
        silent=case({"outputs": ["image"], "volume_per_day": 10}, family="gan"),
        aside=case({"outputs": ["text"]}, family="gan"),
    )
"""

from __future__ import annotations

from typing import Any

from advisor.catalog import load_catalog
from advisor.rules.base import Case, Finding, NotApplicable, Rule
from advisor.rules.own import faults_of
from advisor.usecase import parse_use_case


def case(fields: dict[str, Any], family: str | None = None, **known: Any) -> Case:
    """A case from use-case fields (the title may be left out) and a family of the catalog.

    `known`: further fields of `Case`, such as model, estimate or response_s.
    """
    use_case = parse_use_case({"title": "a case for a rule", **fields})
    card = load_catalog().families[family] if family is not None else None
    return Case(use_case, card, **known)


def prove(rule: Rule, *, fires: Case, silent: Case, aside: Case | None) -> Finding:
    """The finding of the case that fires.

    Raises AssertionError, one sentence, unless the rule fires, keeps silent and steps aside.
    `aside` is None for a rule that always has an answer. The rule's fields are checked too.
    """
    faults = faults_of(rule)
    assert not faults, f"{rule.code}: {faults[0]}"
    found = rule.check(rule, fires)
    assert isinstance(found, Finding), f"{rule.code} should fire and gave {found!r}"
    assert found.code == rule.code, f"{rule.code} speaks as {found.code}"
    assert found.sentence, f"{rule.code} fires without a sentence"
    quiet = rule.check(rule, silent)
    assert quiet is None, f"{rule.code} should keep silent and gave {quiet!r}"
    if aside is not None:
        stepped = rule.check(rule, aside)
        told = f"{rule.code} should step aside and gave {stepped!r}"
        assert isinstance(stepped, NotApplicable), told
        assert stepped.reason, f"{rule.code} steps aside without a reason"
    return found
