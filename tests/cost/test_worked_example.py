"""docs/cost.md, 'A worked example': every line, computed here from its own arithmetic."""

from __future__ import annotations

import math
from datetime import date

import pytest

from advisor.cost.apis import api_costs
from advisor.cost.break_even import break_even_volume_per_day
from advisor.cost.queueing import erlang_c
from advisor.cost.serving import serving_case, serving_cost
from tests.cost.make import TODAY, Shelf, api, estimate, offer, use_case

CASE = use_case(
    volume_per_day=20_000,
    takes_per_item=2,
    peak_factor=3,
    latency={"limit_ms": 8000},
    review_minutes_per_item=0.25,
)
ESTIMATE = estimate(3.0, 1.25, energy_j=200.0)
L4 = offer(0.7068, as_of=date(2026, 8, 3))


def test_the_fleet_is_the_one_computed_by_hand() -> None:
    cost = serving_cost(ESTIMATE, CASE, L4)
    assert cost.peak_requests_per_s.value == pytest.approx(1.38889, abs=1e-5)
    assert (cost.gpus_needed, cost.instances) == (6, 6)
    assert cost.utilisation.value == pytest.approx(0.69444, abs=1e-5)


def test_the_response_is_the_one_computed_by_hand() -> None:
    load, count = 20_000 * 2 / 86_400 * 3 * 3.0, 6
    used = load / count
    head = sum(load**n / math.factorial(n) for n in range(count))
    tail = load**count / math.factorial(count) / (1 - used)
    assert (head, tail) == (pytest.approx(48.92780, abs=1e-4), pytest.approx(23.78538, abs=1e-4))
    assert erlang_c(load, count) == pytest.approx(tail / (head + tail))
    assert tail / (head + tail) == pytest.approx(0.32711, abs=1e-5)
    decay = 0.68979
    assert math.log(1 + decay / used) == pytest.approx(decay, abs=1e-5)
    prefactor = tail / (head + tail) * (1 - used) / ((used + decay - 1) * used)
    assert prefactor == pytest.approx(0.37459, abs=1e-4)
    wait = math.log(prefactor / 0.05) / decay * 3.0 / count
    assert wait == pytest.approx(1.4597, abs=1e-3)
    assert serving_cost(ESTIMATE, CASE, L4).p95_s.value == pytest.approx(3.0 + wait, abs=1e-3)


def test_the_month_is_the_one_computed_by_hand() -> None:
    cost = serving_cost(ESTIMATE, CASE, L4)
    month = cost.usd_per_month
    assert month.value == pytest.approx(6 * 730.5 * 0.7068) == pytest.approx(3097.90, abs=0.01)
    assert (month.low, month.high) == pytest.approx((2581.59, 4130.54), abs=0.01)
    assert cost.usd_per_1000_outputs.value == pytest.approx(5.0890, abs=1e-4)
    assert cost.energy_kwh_per_month is not None
    assert cost.energy_kwh_per_month.value == pytest.approx(67.64, abs=0.01)
    (review,) = [line for line in cost.lines if line.label.startswith("review")]
    assert review.quantity is not None and review.usd is None
    assert review.quantity.value == pytest.approx(2536.46, abs=0.01)


def test_the_hosted_price_and_the_break_even_are_those_computed_by_hand() -> None:
    (hosted,) = api_costs(Shelf(apis=[api(usd=0.005)]), CASE, TODAY)  # type: ignore[arg-type]
    assert hosted.usd_per_month.value == pytest.approx(6087.50)
    crossing = break_even_volume_per_day(serving_case(ESTIMATE, CASE, L4, 1), hosted)
    assert crossing is not None
    assert crossing.value == pytest.approx(2 * 516.3174 / (30.4375 * 0.01), rel=1.1e-3)
