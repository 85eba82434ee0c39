"""Flip points: at the threshold the recommendation is another one, just before it the same."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.decide.bench import Bench
from advisor.decide.changes import least_changes
from advisor.decide.flips import Search, flip_points
from advisor.decide.hosted import hosted_flip
from advisor.decide.judge import judge
from advisor.decide.knobs import KNOBS
from advisor.decide.outcome import outcome
from advisor.usecase import UseCase, parse_use_case
from tests.decide import fakes


def use_case(**fields: Any) -> UseCase:
    return parse_use_case({"title": "a test", **fields})


CASES: list[dict[str, Any]] = [
    {"outputs": ["image"], "latency": {"limit_ms": 20_000}, "volume_per_day": 20_000.0},
    {"outputs": ["image"], "latency": {"limit_ms": 300}, "budget_usd_per_item": 0.05},
    {"outputs": ["text"], "latency": {"limit_ms": 900}, "budget_usd_per_month": 3000.0},
]


@pytest.mark.parametrize("fields", CASES)
def test_the_answer_changes_at_the_threshold_and_not_before(fields: dict[str, Any]) -> None:
    asked = use_case(**fields)
    bench = Bench(fakes.catalog(), fakes.sources())
    whole = judge(asked, bench)
    short = Search.of(asked, bench, whole).short
    now = outcome(judge(asked, bench, short)).key
    found = flip_points(asked, bench, whole)
    assert found
    knobs = {knob.field: knob for knob in KNOBS}
    for flip in found:
        step = 1.05 if flip.direction == "above" else 1 / 1.05
        knob = knobs[flip.field]
        at = outcome(judge(knob.set(asked, flip.threshold), bench, short)).key
        before = outcome(judge(knob.set(asked, flip.threshold / step), bench, short)).key
        assert at != now and before == now, flip.sentence


def test_flip_points_come_nearest_first_and_say_how_far() -> None:
    asked = use_case(**CASES[0])
    bench = Bench(fakes.catalog(), fakes.sources())
    found = flip_points(asked, bench, judge(asked, bench))
    factors = [flip.factor for flip in found]
    assert factors == sorted(factors) and min(factors) >= 1.0
    for flip in found:
        assert (flip.threshold > flip.current) == (flip.direction == "above")


def test_estimates_are_made_once_for_a_whole_search() -> None:
    calls: list[str] = []
    made = fakes.sources()

    def counted(*arguments: Any) -> Any:
        calls.append(arguments[0].id)
        return made.estimates(*arguments)

    counting = fakes.Sources(counted, made.offers, made.client_offer, made.serving, made.apis)
    bench = Bench(fakes.catalog(), counting)
    asked = use_case(outputs=["image"], latency={"limit_ms": 20_000})
    flip_points(asked, bench, judge(asked, bench))
    assert len(calls) == len(set(calls))


def test_a_no_go_names_the_least_change_that_makes_it_feasible() -> None:
    asked = use_case(
        outputs=["text"], error_tolerance="zero", reviewer="none", facts_from="exact-source"
    )
    bench = Bench(fakes.catalog(), fakes.sources())
    judgement = judge(asked, bench)
    said = least_changes(asked, bench, judgement)
    assert any("task: select" in one.sentence for one in said)
    assert any("reviewer: human" in one.sentence for one in said)


def test_a_no_go_for_money_names_the_budget_that_would_do() -> None:
    asked = use_case(outputs=["image"], budget_usd_per_item=1e-5)
    bench = Bench(fakes.catalog(), fakes.sources())
    said = least_changes(asked, bench, judge(asked, bench))
    assert any("budget_usd_per_item of" in one.sentence for one in said)


def test_below_some_volume_the_hosted_api_is_cheaper() -> None:
    asked = use_case(outputs=["image"], volume_per_day=5e6, latency={"limit_ms": 60_000})
    bench = Bench(fakes.catalog(), fakes.sources())
    chosen = outcome(judge(asked, bench))
    [flip], said = hosted_flip(asked, chosen, bench.sources.apis(asked))
    assert flip.direction == "below" and flip.threshold < 5e6 and not said
    assert "quality is not compared" in flip.sentence


def test_an_api_that_is_cheaper_at_every_volume_is_said_to_be() -> None:
    asked = use_case(outputs=["image"], volume_per_day=10.0, latency={"limit_ms": 60_000})
    bench = Bench(fakes.catalog(), fakes.sources())
    chosen = outcome(judge(asked, bench))
    apis = bench.sources.apis(asked)
    gift = apis[0].model_copy(update={"usd_per_output": apis[0].usd_per_output.times(1e-9)})
    flips, said = hosted_flip(asked, chosen, [gift])
    assert flips == [] and "cheaper at every volume" in said[0]


def test_no_hosted_api_is_compared_where_none_may_be_used() -> None:
    asked = use_case(outputs=["image"], data_boundary="offline")
    bench = Bench(fakes.catalog(), fakes.sources())
    answer = outcome(judge(asked, bench))
    assert hosted_flip(asked, answer, bench.sources.apis(asked)) == ([], [])
