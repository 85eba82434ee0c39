"""Weights sum to one, scores stay between 0 and 1, priorities shade evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.decide import score
from advisor.rules import rule
from advisor.usecase import parse_use_case
from tests.decide import fakes

ORDERS = st.lists(st.sampled_from(score.CRITERIA), max_size=5, unique=True)
TOLERANCES = st.sampled_from(["zero", "low", "medium", "high"])


@given(ORDERS, TOLERANCES, st.booleans())
def test_weights_sum_to_one_and_none_is_zero(
    priorities: list[str], tolerance: str, live: bool
) -> None:
    fields = {"title": "t", "outputs": ["image"], "priorities": priorities}
    if live:
        fields["latency"] = {"experience": "live"}
    weights = score.weights_of(parse_use_case({**fields, "error_tolerance": tolerance}))
    assert sum(weights.values()) == pytest.approx(1.0)
    assert set(weights) == set(score.CRITERIA) and min(weights.values()) > 0


@given(ORDERS.filter(lambda order: len(order) > 1))
def test_a_priority_named_first_weighs_most(priorities: list[str]) -> None:
    use_case = parse_use_case({"title": "t", "outputs": ["image"], "priorities": priorities})
    weights = score.weights_of(use_case)
    named = [weights[name] for name in priorities]
    assert named == sorted(named, reverse=True)


@given(st.floats(-1e3, 1e3), st.floats(0, 1))
def test_totals_stay_between_zero_and_one(points: float, criteria: float) -> None:
    assert 0.0 <= score.total_of(points, criteria) <= 1.0


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_cost_scores_fall_with_cost(usd: float, cheapest: float) -> None:
    one, dearer = score.cost_score(usd, cheapest), score.cost_score(usd * 2, cheapest)
    assert 0.0 <= dearer <= one <= 1.0


def test_an_unknown_cost_is_neither_free_nor_endless() -> None:
    assert score.cost_score(None, 1.0) == score.UNKNOWN


def test_evidence_counts_for_and_against_and_leaves_bars_out() -> None:
    even = dict.fromkeys(score.CRITERIA, 0.2)
    good, bad = rule("LAT108").says("fast"), rule("CTL112").says("skips")
    assert score.evidence([good], even) == 3
    assert score.evidence([good, bad], even) == 0
    assert score.evidence([rule("LAT101").says("late")], even) == 0


def test_priorities_shade_evidence_by_at_most_half() -> None:
    heavy = {**dict.fromkeys(score.CRITERIA, 0.05), "latency": 0.8}
    assert score.evidence([rule("LAT108").says("fast")], heavy) == 4.5
    assert score.evidence([rule("CTL112").says("skips")], heavy) == -1.5


def test_a_larger_shortfall_never_scores_better() -> None:
    painter = fakes.model("painter")
    scores = [score.quality_score(painter, {"width": factor}) for factor in (1.5, 2.0, 4.0)]
    assert scores == sorted(scores, reverse=True)
