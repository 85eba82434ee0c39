"""The least change that makes a no-go feasible: enough, and no more than needed."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.assessment import LeastChange
from advisor.decide.bench import Bench
from advisor.decide.changes import least_changes, relaxations
from advisor.decide.judge import judge
from advisor.decide.knobs import KNOBS, varied
from advisor.decide.outcome import outcome
from advisor.usecase import UseCase, parse_use_case
from tests.decide import fakes


def found(**fields: Any) -> tuple[UseCase, Bench, list[LeastChange]]:
    asked = parse_use_case({"title": "a test", **fields})
    bench = Bench(fakes.catalog(), fakes.sources())
    judgement = judge(asked, bench)
    assert outcome(judgement).verdict == "no-go"
    return asked, bench, least_changes(asked, bench, judgement)


def test_a_looser_number_is_enough_and_a_little_less_is_not() -> None:
    asked, bench, changes = found(outputs=["image"], budget_usd_per_item=1e-5)
    change = next(one for one in changes if "budget_usd_per_item" in one.changes)
    knob = next(one for one in KNOBS if one.field == "budget_usd_per_item")
    needed = 1e-5 * change.factor
    assert outcome(judge(knob.set(asked, needed), bench)).verdict == change.verdict
    assert outcome(judge(knob.set(asked, needed / 1.05), bench)).verdict == "no-go"


def test_each_choice_listed_really_makes_it_feasible() -> None:
    asked, bench, changes = found(
        outputs=["text"], error_tolerance="zero", reviewer="none", facts_from="exact-source"
    )
    choices = {one.sentence: one for one in relaxations(asked)}
    assert changes and all(one.verdict != "no-go" for one in changes)
    for change in changes:
        said = change.sentence.partition(": ")[2].rstrip(".")
        answer = outcome(judge(varied(asked, **choices[said].changes), bench))
        assert answer.verdict == change.verdict


def test_where_one_change_does_not_do_two_are_named() -> None:
    _, _, changes = found(outputs=["image"], budget_usd_per_item=1e-5, likeness="third-party")
    assert changes and all(len(one.changes) == 2 for one in changes)
    assert any(set(one.changes) == {"likeness", "budget_usd_per_item"} for one in changes)


@pytest.mark.parametrize("field", ["likeness", "cleanup_minutes_per_item"])
def test_nothing_is_offered_that_is_so_already(field: str) -> None:
    asked = parse_use_case({"title": "t", "outputs": ["image"]})
    assert all(field not in one.changes for one in relaxations(asked))
