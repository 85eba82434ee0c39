"""Seeded draws: exact margins, the same every time, conserved sums, and honest drivers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.cost.fleet import serving_numbers
from advisor.cost.money import Spread
from advisor.cost.policy import ServingPolicy
from advisor.cost.record import DAYS_PER_MONTH, Offer
from advisor.cost.serving import serving_case, serving_cost
from advisor.cost.spread import DRAWS, Uncertain, _ranks, normal_scores, sample_month, spread_of
from advisor.estimator.record import Estimate
from advisor.figure import Basis
from advisor.usecase import UseCase
from tests.cost.make import estimate, offer, use_case

positive = st.floats(1e-3, 1e6)


def spread(case: UseCase, each: Estimate | None = None, of: Offer | None = None) -> Spread:
    each, of = each or estimate(2.0), of or offer(1.0)
    cost = serving_cost(each, case, of)
    return spread_of(sample_month(serving_case(each, case, of, 1.0), cost, case), cost, case)


def stale(usd: float, low: float, high: float, **fields: object) -> Offer:
    return offer(usd, usd_per_gpu_hour_low=low, usd_per_gpu_hour_high=high, stale=True, **fields)


@given(positive, st.floats(1.001, 10), st.floats(1.001, 10), st.sampled_from(["price", "latency"]))
def test_five_percent_of_draws_lie_beyond_each_end(
    value: float, down: float, up: float, column: str
) -> None:
    one = Uncertain(value / down, value, value * up, "s", Basis.assumed, "test")
    drawn = one.drawn(normal_scores()[column])
    assert np.mean(drawn < one.low) == pytest.approx(0.05, abs=0.01)
    assert np.mean(drawn > one.high) == pytest.approx(0.05, abs=0.01)
    assert np.median(drawn) == pytest.approx(value, rel=0.05)


def test_a_point_and_a_zero_are_drawn_as_they_are() -> None:
    scores = normal_scores()["price"]
    assert set(Uncertain(2, 2, 2, "s", Basis.asked, "").drawn(scores)) == {2}
    from_zero = Uncertain(0, 1, 2, "s", Basis.asked, "").drawn(scores)
    assert from_zero.min() >= 0


def test_columns_are_independent_enough_and_the_same_every_time() -> None:
    scores = normal_scores()
    table = np.array(list(scores.values()))
    correlations = np.corrcoef(table) - np.eye(len(table))
    assert np.abs(correlations).max() < 0.2  # fleet columns have 128 strata
    normal_scores.cache_clear()
    again = normal_scores()
    assert all((again[name] == column).all() for name, column in scores.items())


@settings(max_examples=15, deadline=None)
@given(st.floats(1, 1e6), st.floats(0.1, 30), st.floats(1.0, 2.0))
def test_the_interval_holds_the_central_month_and_stays_within_every_draw(
    items: float, each: float, width: float
) -> None:
    case = use_case(volume_per_day=items, reject_rate={"value": 0.4, "low": 0.2, "high": 0.6})
    made = estimate(each, width)
    cost = serving_cost(made, case, offer(1.0))
    sample = sample_month(serving_case(made, case, offer(1.0), 1.0), cost, case)
    month = spread_of(sample, cost, case).usd_per_month
    assert month.low <= cost.usd_per_month.value == month.value <= month.high
    assert sample.month.min() <= month.low * (1 + 1e-9)
    assert len(sample.month) == DRAWS


def test_every_fleet_drawn_is_one_that_the_sizing_itself_gives() -> None:
    case = use_case(volume_per_day=50_000.0, latency={"limit_ms": 9000})
    made = serving_case(estimate(3.0, 1.5), case, offer(1.0), 1.0)
    cost = serving_cost(estimate(3.0, 1.5), case, offer(1.0))
    sample = sample_month(made, cost, case)
    scores = normal_scores()
    drawn = {name: one.drawn(scores[name]) for name, one in sample.quantities.items()}
    for draw in range(0, DRAWS, 331):
        service = replace(made.value, request_s=drawn["latency"][draw],
                          first_output_s=drawn["latency"][draw])  # fmt: skip
        policy = replace(made.policy, utilisation_cap=drawn["utilisation"][draw])
        alone = serving_numbers(service, made.demand, policy).instance_hours
        assert sample.machines[draw] == pytest.approx(alone * 1.0)


def test_nothing_uncertain_leaves_a_point_and_no_driver() -> None:
    found = spread(use_case(volume_per_day=1.0), estimate(2.0, 1.0))
    assert found.usd_per_month.low == found.usd_per_month.high
    assert found.drivers == []


def test_the_only_uncertain_quantity_is_the_whole_spread() -> None:
    found = spread(use_case(volume_per_day=1.0), estimate(2.0, 1.0), stale(1.0, 0.5, 2.0))
    assert [(one.name, one.share) for one in found.drivers] == [("price", 1.0)]
    assert found.drivers[0].rank_correlation > 0.99
    assert found.usd_per_month.low == pytest.approx(0.5 * 730.5, rel=0.02)
    assert found.usd_per_month.high == pytest.approx(2.0 * 730.5, rel=0.02)


def test_the_wider_of_two_ranges_drives_more() -> None:
    many = use_case(volume_per_day=1e6)
    narrow = spread(many, estimate(2.0, 1.5), stale(1.0, 0.95, 1.05))
    wide = spread(many, estimate(2.0, 1.05), stale(1.0, 0.5, 2.0))
    assert narrow.drivers[0].name == "latency"
    assert wide.drivers[0].name == "price"
    for found in (narrow, wide):
        assert sum(one.share for one in found.drivers) == pytest.approx(1.0, abs=0.001)


def test_a_reject_rate_with_a_range_is_a_driver_and_one_without_is_none() -> None:
    point = spread(use_case(volume_per_day=1e6, reject_rate=0.5))
    ranged = spread(
        use_case(volume_per_day=1e6, reject_rate={"value": 0.5, "low": 0.2, "high": 0.8})
    )
    assert "takes" not in [one.name for one in point.drivers]
    assert ranged.drivers[0].name == "takes"
    assert ranged.usd_per_month.high > 1.5 * point.usd_per_month.high


@settings(max_examples=15, deadline=None)
@given(st.floats(100, 2000))
def test_the_chance_of_staying_in_budget_rises_with_the_budget(usd: float) -> None:
    def chance(budget: float) -> float:
        case = use_case(volume_per_day=1.0, budget_usd_per_month=budget)
        found = spread(case, estimate(2.0, 1.0), stale(1.0, 0.5, 2.0))
        assert found.chance_in_month_budget is not None
        return found.chance_in_month_budget

    assert chance(usd) <= chance(usd * 1.2)


def test_budgets_of_month_and_item_are_the_same_question() -> None:
    month = 800.0
    case = use_case(volume_per_day=10.0, budget_usd_per_month=month,
                    budget_usd_per_item=month / (10 * DAYS_PER_MONTH))  # fmt: skip
    found = spread(case, estimate(2.0, 1.0), stale(1.0, 0.5, 2.0))
    assert found.chance_in_month_budget == pytest.approx(found.chance_in_item_budget, abs=2e-3)
    assert spread(use_case()).chance_in_month_budget is None


def test_without_a_stated_utilisation_its_margin_counts_only_where_a_fleet_grows() -> None:
    few, many = spread(use_case(volume_per_day=1.0)), spread(use_case(volume_per_day=1e6))
    assert "utilisation" not in [one.name for one in few.drivers]
    assert "utilisation" in [one.name for one in many.drivers]


def test_equal_draws_share_the_mean_of_their_ranks() -> None:
    """Fleets are whole instances: most draws tie, and shares are correlations of ranks."""
    assert _ranks(np.array([5.0, 1.0, 5.0, 3.0, 5.0])).tolist() == [4.0, 1.0, 4.0, 2.0, 4.0]


def test_the_margin_of_an_assumed_utilisation_ends_where_a_queue_cannot_be_held() -> None:
    full = ServingPolicy(utilisation_cap=0.95)
    drawn = sample_month(
        serving_case(estimate(), use_case(), offer(), 1, full),
        serving_cost(estimate(), use_case(), offer(), policy=full),
        use_case(),
    ).quantities["utilisation"]
    assert (drawn.low, drawn.value, drawn.high) == (0.85, 0.95, 0.98)
