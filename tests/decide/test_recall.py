"""What rules said is kept for variants only where it would be said again."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.decide.knobs import varied
from advisor.decide.recall import Recall, Watched
from advisor.rules import Case, Finding
from advisor.rules.policy import shipped_policy
from advisor.usecase import Latency, UseCase, parse_use_case
from tests.rules.families import FAMILIES

RULES = shipped_policy().of_scope("family")
BASE = parse_use_case(
    {
        "title": "t",
        "outputs": ["image"],
        "latency": {"limit_ms": 900},
        "training_examples": 40,
        "error_tolerance": "medium",
    }
)
CHANGES: list[dict[str, Any]] = [
    {"latency": Latency(limit_ms=20, kind="per-frame")},
    {"volume_per_day": 5e6},
    {"training_examples": 5},
    {"error_tolerance": "zero"},
    {"reviewer": "human"},
    {"licence": "no-pretrained"},
    {"placement": "phone", "memory_limit_mb": 60.0},
    {"outputs": ["text"], "facts_from": "exact-source"},
    {"priorities": ["quality"]},
]


def direct(use_case: UseCase, family: str) -> list[Finding]:
    case = Case(use_case, FAMILIES[family])
    said = (rule.check(rule, case) for rule in RULES)
    return [one for one in said if isinstance(one, Finding)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(CHANGES), max_size=3), st.sampled_from(sorted(FAMILIES)))
def test_a_variant_gets_what_its_rules_say_when_run_anew(
    changes: list[dict[str, Any]], family: str
) -> None:
    recall, rules = Recall(), RULES
    recall.findings(family, rules, Case(BASE, FAMILIES[family]))
    variant = BASE
    for change in changes:
        variant = varied(variant, **change)
        kept = recall.findings(family, rules, Case(variant, FAMILIES[family]))
        assert kept == direct(variant, family)


def test_stating_a_default_counts_as_a_change() -> None:
    stated = varied(BASE, needs_precedent=True)  # its default; MAT101 asks whether it was stated
    recall, rules = Recall(), RULES
    for family in FAMILIES:
        recall.findings(family, rules, Case(BASE, FAMILIES[family]))
    found = [recall.findings(f, rules, Case(stated, FAMILIES[f])) for f in FAMILIES]
    assert found == [direct(stated, family) for family in FAMILIES]


def test_reads_are_noted_by_field_and_methods_as_everything() -> None:
    watched = Watched(BASE)
    assert watched.volume_per_day == 1000 and watched.read == {"volume_per_day"}
    watched.assumed()
    assert "*" in watched.read
