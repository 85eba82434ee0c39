"""docs/cost.md, 'A worked example': every line, computed here from its own arithmetic."""

from __future__ import annotations

import math
from datetime import date

import pytest

from advisor.cost.apis import api_costs
from advisor.cost.break_even import break_even_volume_per_day
from advisor.cost.policy import ServingPolicy
from advisor.cost.queueing import erlang_c
from advisor.cost.serving import serving_case, serving_cost
from advisor.cost.training import TrainingRun, steps_of_data, training_cost
from advisor.estimator.training import estimate_training
from advisor.figure import Basis, Figure
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


# "The same shop by the hour": hours 0-7 weigh 1, 8-19 weigh 3, 20-23 weigh 2
DAY = [1.0] * 8 + [3.0] * 12 + [2.0] * 4
BY_HOUR = use_case(
    volume_per_day=20_000,
    takes_per_item=2,
    latency={"limit_ms": 8000},
    arrivals={"pattern": "daily", "hourly_weights": DAY},
)


def test_the_day_by_the_hour_is_the_one_computed_by_hand() -> None:
    mean = 20_000 * 2 / 86_400
    peak = mean * 3 / (52 / 24)
    assert peak == pytest.approx(0.64103, abs=1e-5)
    cost = serving_cost(ESTIMATE, BY_HOUR, L4)
    assert cost.peak_requests_per_s.value == pytest.approx(peak)
    assert peak * 3.0 / 0.7 == pytest.approx(2.7473, abs=1e-4)  # up: 3
    assert cost.utilisation.value == pytest.approx(peak * 3.0 / 3) == pytest.approx(0.64103, 1e-5)
    assert cost.usd_per_month.value == pytest.approx(3 * 730.5 * 0.7068)
    assert cost.scaling is not None and cost.scaling.usd_per_month is not None
    assert cost.scaling.hourly_instances == [2] * 8 + [3] * 12 + [2] * 4
    assert cost.scaling.usd_per_month.value == pytest.approx(
        (8 * 2 + 12 * 3 + 4 * 2) / 24 * 516.3174
    )
    assert cost.scaling.usd_per_month.value == pytest.approx(1290.79, abs=0.01)


def test_one_gpu_at_night_would_miss_the_limit_as_computed_by_hand() -> None:
    used = 20_000 * 2 / 86_400 * 1 / (52 / 24) * 3.0
    assert used == pytest.approx(0.64103, abs=1e-5)
    decay = 0.83201
    assert math.log(1 + decay / used) == pytest.approx(decay, abs=1e-5)
    prefactor = (1 - used) / (used + decay - 1)  # Erlang C of one server is its utilisation
    assert prefactor == pytest.approx(0.75887, abs=1e-4)
    wait = math.log(prefactor / 0.05) / decay * 3.0
    assert wait == pytest.approx(9.807, abs=1e-3)
    assert wait > 8 - 3.0


def test_percentiles_and_a_spare_are_those_computed_by_hand() -> None:
    cost = serving_cost(ESTIMATE, CASE, L4, policy=ServingPolicy.stated(spare_replicas=1))
    assert cost.under_load is not None
    prefactor, decay = 0.37459, 0.68979
    assert cost.under_load.p50_s.value == 3.0  # 32.7 % wait at all
    late = 3.0 + math.log(prefactor / 0.01) / decay * 3.0 / 6
    assert cost.under_load.p99_s.value == pytest.approx(late, abs=1e-3)
    assert late == pytest.approx(5.6263, abs=1e-3)
    assert cost.instances == 7
    assert cost.usd_per_month.value == pytest.approx(7 * 730.5 * 0.7068)


def test_loading_the_model_takes_what_was_computed_by_hand() -> None:
    scaling = serving_cost(ESTIMATE, CASE, L4).scaling
    assert scaling is not None
    assert scaling.model_load_s.value == pytest.approx(8 * 1.073741824 / 1.0)
    assert scaling.start_s.value == pytest.approx(308.59, abs=0.01)


def test_the_adapter_is_the_one_computed_by_hand() -> None:
    one_step = Figure(value=2.7, low=1.2, high=7.5, unit="s", basis=Basis.datasheet, source="test")
    joules = one_step.model_copy(update={"value": 150.0, "low": 70.0, "high": 420.0, "unit": "J"})
    traced = estimate_training("sdxl-base-1.0", "l4", method="lora", batch=4, on_demand=False)
    step = traced.model_copy(update={"step_s": one_step, "energy_j": joules})
    run = TrainingRun(steps_of_data(20, 100, 4), data_hours=4, usd_per_work_hour=60)
    cost = training_cost(step, run, L4)
    assert cost.steps.value == 20 * 100 / 4 == 500
    assert cost.wall_h.value == pytest.approx(500 * 2.7 / 3600) == pytest.approx(0.375)
    by_line = [line.usd.value for line in cost.lines if line.usd is not None]
    assert by_line == pytest.approx([0.375 * 0.7068, 300 / 3600 * 0.7068, 4 * 60])
    assert by_line == pytest.approx([0.26505, 0.0589, 240.0])
    assert cost.usd.value == pytest.approx(240.32395)
    assert cost.energy_kwh is not None
    assert (
        cost.energy_kwh.value == pytest.approx(500 * 150 / 3.6e6) == pytest.approx(0.020833, 1e-4)
    )
