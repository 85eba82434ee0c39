"""Fleets and their cost: what is true whatever the numbers, and what one case says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.cost.demand import generations_per_item
from advisor.cost.fleet import Service, serving_numbers
from advisor.cost.offers import client_offer
from advisor.cost.policy import ServingPolicy
from advisor.cost.record import DAYS_PER_MONTH, HOURS_PER_MONTH, ServingCost
from advisor.cost.serving import serving_case, serving_cost
from advisor.errors import InputError
from advisor.figure import Basis, Figure
from tests.cost.make import estimate, offer, use_case

seconds = st.floats(0.01, 600)
volume = st.floats(0.1, 1e8)
gpus = st.sampled_from([1, 2, 4, 8])
limit_ms = st.one_of(st.none(), st.floats(10, 1e6))
kind = st.sampled_from(["total", "per-item", "first-output", "per-frame"])


@st.composite
def asked(draw: st.DrawFn) -> dict[str, object]:
    """Fields of a use case that matter for cost."""
    fields: dict[str, object] = {
        "peak_factor": draw(st.floats(1, 50)),
        "takes_per_item": draw(st.integers(1, 10)),
        "peak_concurrent": draw(st.one_of(st.none(), st.integers(1, 1000))),
    }
    limit = draw(limit_ms)
    if limit is not None:
        percentile = draw(st.sampled_from([50, 90, 95, 99]))
        fields["latency"] = {"limit_ms": limit, "kind": draw(kind), "percentile": percentile}
    return fields


def figures(cost: ServingCost) -> list[Figure]:
    single = [value for _, value in cost if isinstance(value, Figure)]
    for line in cost.lines:
        single += [f for f in (line.quantity, line.unit_price_usd, line.usd) if f is not None]
    return single


@given(asked(), seconds, volume, gpus, st.integers(1, 32), st.sampled_from(["on-demand", "spot"]))
def test_every_figure_is_finite_ordered_and_not_negative(
    fields: dict[str, object], each: float, items: float, count: int, batch: int, how: str
) -> None:
    case = use_case(volume_per_day=items, **fields)
    cost = serving_cost(estimate(each, batch=batch), case, offer(3.0, count, kind=how), batch)
    for figure in figures(cost):
        assert 0 <= figure.low <= figure.value <= figure.high < math.inf
    assert cost.instances * count >= cost.gpus_needed >= 1


@given(asked(), seconds, volume, gpus, st.sampled_from(["on-demand", "spot"]))
def test_the_month_is_the_sum_of_its_lines(
    fields: dict[str, object], each: float, items: float, count: int, how: str
) -> None:
    cost = serving_cost(
        estimate(each), use_case(volume_per_day=items, **fields), offer(3.0, count, kind=how)
    )
    for end in ("low", "value", "high"):
        total = sum(getattr(line.usd, end) for line in cost.lines if line.usd is not None)
        assert getattr(cost.usd_per_month, end) == pytest.approx(total)
    numbers = serving_case(
        estimate(each), use_case(volume_per_day=items, **fields), offer(3.0, count, kind=how), 1
    ).numbers()
    assert cost.usd_per_month.value == pytest.approx(numbers.usd_per_month)
    assert cost.usd_per_output.value == pytest.approx(numbers.usd_per_item)


@given(asked(), seconds, volume, gpus)
def test_quantity_times_price_is_the_line(
    fields: dict[str, object], each: float, items: float, count: int
) -> None:
    cost = serving_cost(
        estimate(each), use_case(volume_per_day=items, **fields), offer(3.0, count, kind="spot")
    )
    for line in cost.lines:
        if line.usd is not None and line.quantity is not None and line.unit_price_usd is not None:
            assert line.usd.value == pytest.approx(line.quantity.value * line.unit_price_usd.value)


@given(asked(), seconds, volume, volume, gpus, st.integers(1, 16))
def test_more_volume_never_costs_less_in_total(
    fields: dict[str, object], each: float, a: float, b: float, count: int, batch: int
) -> None:
    case = serving_case(estimate(each, batch=batch), use_case(**fields), offer(2.0, count), batch)
    less, more = sorted((a, b))
    assert case.numbers(more).usd_per_month >= case.numbers(less).usd_per_month


@given(asked(), seconds, volume, st.floats(1.0, 3.0), gpus)
def test_cost_per_output_falls_with_volume_while_the_fleet_stays(
    fields: dict[str, object], each: float, items: float, factor: float, count: int
) -> None:
    case = serving_case(estimate(each), use_case(**fields), offer(2.0, count), 1)
    less, more = case.numbers(items), case.numbers(items * factor)
    if less.instances == more.instances:
        assert more.usd_per_item <= less.usd_per_item * (1 + 1e-12)


@given(asked(), seconds, volume, st.integers(2, 9), gpus)
def test_a_whole_multiple_of_the_volume_never_costs_more_per_output(
    fields: dict[str, object], each: float, items: float, times: int, count: int
) -> None:
    """Between multiples the next whole instance may raise it: that is the only way up."""
    case = serving_case(estimate(each), use_case(**fields), offer(2.0, count), 1)
    once, often = case.numbers(items), case.numbers(items * times)
    assert often.usd_per_item <= once.usd_per_item * (1 + 1e-9)


@given(asked(), st.floats(0.1, 5), volume, gpus)
def test_the_limit_holds_unless_the_answer_says_it_does_not(
    fields: dict[str, object], each: float, items: float, count: int
) -> None:
    case = use_case(volume_per_day=items, **fields)
    cost = serving_cost(estimate(each), case, offer(2.0, count))
    limit = case.latency.limit_ms
    assert cost.response_s is not None
    if limit is not None and cost.response_s.value > limit / 1e3 * (1 + 1e-9):
        assert any("cannot be met" in note for note in cost.notes)
        assert each > limit / 1e3  # one request alone is too long


@given(asked(), seconds, volume, gpus, st.floats(0.1, 0.95))
def test_utilisation_at_the_peak_stays_under_the_cap(
    fields: dict[str, object], each: float, items: float, count: int, cap: float
) -> None:
    policy = ServingPolicy.stated(utilisation_cap=cap)
    case = serving_case(
        estimate(each), use_case(volume_per_day=items, **fields), offer(2.0, count), 1, policy
    )
    assert case.numbers().utilisation <= cap * (1 + 1e-6)


@given(st.floats(0.5, 2e6), st.floats(0.001, 100))
def test_a_month_of_days_and_a_month_of_hours_agree(per_day: float, usd: float) -> None:
    assert DAYS_PER_MONTH * 24 == HOURS_PER_MONTH
    by_day = per_day * DAYS_PER_MONTH * usd
    assert by_day == pytest.approx(per_day / 24 * HOURS_PER_MONTH * usd)


def test_price_per_instance_and_per_gpu_are_not_confused() -> None:
    """20 GPUs at the peak: five instances of four, or twenty of one, at the same GPU price."""
    case = use_case(volume_per_day=100_000, peak_factor=3, takes_per_item=2)
    whole = serving_cost(estimate(2.0), case, offer(4.0, 4))
    single = serving_cost(estimate(2.0), case, offer(1.0, 1))
    assert (whole.gpus_needed, whole.instances) == (20, 5)
    assert (single.gpus_needed, single.instances) == (20, 20)
    assert whole.usd_per_month.value == single.usd_per_month.value == 20 * 730.5


def test_whole_instances_are_paid_for_one_busy_gpu() -> None:
    cost = serving_cost(estimate(2.0), use_case(volume_per_day=10), offer(8.0, 8))
    assert (cost.gpus_needed, cost.instances) == (1, 1)
    assert cost.usd_per_month.value == pytest.approx(8 * 730.5)
    assert any("always-on minimum" in note for note in cost.notes)
    assert any("whole instances hold 8" in note for note in cost.notes)


def test_spot_states_its_interruptions_as_a_line_of_its_own() -> None:
    cost = serving_cost(estimate(2.0), use_case(volume_per_day=10), offer(1.0, kind="spot"))
    hours, lost = cost.lines[0], cost.lines[1]
    assert hours.usd is not None and lost.usd is not None
    assert hours.usd.value == pytest.approx(730.5)
    assert (lost.usd.low, lost.usd.value, lost.usd.high) == pytest.approx((0, 73.05, 146.1))
    assert lost.usd.basis is Basis.assumed
    stated = ServingPolicy.stated(spot_overhead=0.05)
    sure = serving_cost(estimate(), use_case(), offer(1.0, kind="spot"), policy=stated)
    assert sure.usd_per_month.low == sure.usd_per_month.high == pytest.approx(730.5 * 1.05)


def test_takes_count_only_when_the_user_stated_them() -> None:
    assert generations_per_item(use_case()) == 1
    assert generations_per_item(use_case(takes_per_item=3)) == 3
    assert generations_per_item(use_case(takes_per_item=3, samples_per_input=5)) == 15
    silent = serving_cost(estimate(), use_case(), offer())
    assert any("one take per item" in note for note in silent.notes)


def test_people_get_hours_but_no_invented_wage() -> None:
    case = use_case(volume_per_day=100, review_minutes_per_item=3, cleanup_minutes_per_item=6)
    people = [line for line in serving_cost(estimate(), case, offer()).lines if line.usd is None]
    review, cleanup = people[0], people[1]
    assert review.quantity is not None and cleanup.quantity is not None
    assert review.quantity.value == pytest.approx(100 * 30.4375 * 3 / 60)
    assert cleanup.quantity.value == pytest.approx(100 * 30.4375 * 6 / 60)
    assert all("depends on" in line.label and line.unit_price_usd is None for line in people)
    silent = serving_cost(estimate(), use_case(), offer()).lines
    assert [line.quantity for line in silent if line.label.startswith("clean-up")] == [None]


def test_unknown_energy_stays_unknown() -> None:
    assert serving_cost(estimate(energy_j=None), use_case(), offer()).energy_kwh_per_month is None
    case = use_case(volume_per_day=1000, takes_per_item=2)
    known = serving_cost(estimate(energy_j=3600.0, batch=4), case, offer(), 4).energy_kwh_per_month
    assert known is not None
    assert known.value == pytest.approx(1000 * 2 / 4 * 30.4375 * 3600 / 3.6e6)


def test_the_users_own_device_costs_nothing_and_does_not_queue() -> None:
    cost = serving_cost(estimate(2.0), use_case(volume_per_day=1e6), client_offer("phone"))
    assert cost.usd_per_month.value == 0 and cost.usd_per_month.basis is Basis.assumed
    assert (cost.gpus_needed, cost.instances) == (0, 0)
    assert cost.p95_s.value == 2.0
    assert any("own device" in note for note in cost.notes)


def test_a_generation_of_several_requests_takes_as_long_as_all_of_them() -> None:
    """A minute of video from clips of 5 s: twelve requests of 10 s in turn."""
    case = use_case(volume_per_day=720, peak_factor=1)
    cost = serving_cost(estimate(10.0), case, offer(), outputs_per_request=1 / 12)
    assert cost.p95_s.value >= 120
    assert cost.peak_requests_per_s.value == pytest.approx(720 * 12 / 86_400)
    assert cost.gpus_needed == math.ceil(720 / 86_400 * 120 / 0.7)


def test_first_output_waits_in_the_queue_but_not_for_the_rest() -> None:
    case = use_case(latency={"limit_ms": 2000, "kind": "first-output"}, volume_per_day=1000)
    cost = serving_cost(estimate(30.0, first=0.5), case, offer())
    assert cost.response_s is not None and 0.5 <= cost.response_s.value <= 2.0
    assert cost.p95_s.value >= 30


def test_users_at_once_size_the_fleet_when_a_limit_is_stated() -> None:
    limited = use_case(peak_concurrent=100, latency={"limit_ms": 10_000}, volume_per_day=1)
    cost = serving_cost(estimate(2.0), limited, offer())
    assert cost.peak_requests_per_s.value == pytest.approx(10)
    assert cost.gpus_needed == math.ceil(10 * 2 / 0.7)
    open_end = serving_cost(estimate(2.0), use_case(peak_concurrent=100, volume_per_day=1), offer())
    assert open_end.gpus_needed == 1
    assert any("peak_concurrent" in note for note in open_end.notes)


def test_the_basis_is_the_weakest_that_decides() -> None:
    stated = {"volume_per_day": 10, "peak_factor": 2.0}
    one = serving_cost(estimate(), use_case(**stated), offer())
    assert one.usd_per_month.basis is Basis.priced  # one instance whatever the default cap
    assert serving_cost(estimate(), use_case(), offer()).usd_per_output.basis is Basis.assumed
    many = use_case(volume_per_day=1e6, peak_factor=2.0)
    assert serving_cost(estimate(), many, offer()).usd_per_month.basis is Basis.assumed
    policy = ServingPolicy.stated(utilisation_cap=0.6)
    sure = serving_cost(estimate(), many, offer(), policy=policy)
    assert sure.usd_per_month.basis is Basis.priced


def test_scale_to_zero_is_given_for_serverless_offers_only() -> None:
    case = use_case(volume_per_day=100)
    assert serving_cost(estimate(2.0), case, offer()).scale_to_zero_usd_per_month is None
    zero = serving_cost(
        estimate(2.0), case, offer(3.6, market="serverless")
    ).scale_to_zero_usd_per_month
    assert zero is not None
    seldom = 2 + 5 + 30  # a job, the idle time-out and a cold start, for almost every job
    assert zero.value == pytest.approx(100 * 30.4375 * seldom * 0.001, rel=0.01)
    assert zero.low < zero.value < zero.high < 3.6 * 730.5


@given(st.floats(1, 1e6), st.floats(0.05, 60))
def test_scale_to_zero_is_never_below_the_busy_time(items: float, each: float) -> None:
    cost = serving_cost(
        estimate(each), use_case(volume_per_day=items), offer(3.6, market="serverless")
    )
    assert cost.scale_to_zero_usd_per_month is not None
    busy = items * DAYS_PER_MONTH * each * 0.001
    assert cost.scale_to_zero_usd_per_month.value >= busy


@pytest.mark.parametrize("batch", [4, 16])
@pytest.mark.parametrize("count", [1, 2, 4, 12])
@pytest.mark.parametrize("load", [0.1, 0.4, 0.7])
def test_dynamic_batching_stays_under_the_predicted_response(
    batch: int, count: int, load: float
) -> None:
    """A free GPU takes up to `batch` waiting requests; a part-filled batch takes as long."""
    rng = np.random.default_rng(3)
    rate = load * batch * count
    arrivals = np.cumsum(rng.exponential(1 / rate, 60_000))
    free_at = np.zeros(count)
    responses, first = [], 0
    while first < len(arrivals):
        server = int(free_at.argmin())
        start = max(free_at[server], arrivals[first])
        last = min(first + batch, int(np.searchsorted(arrivals, start, side="right")))
        responses.append(start + 1 - arrivals[first:last])
        free_at[server], first = start + 1, last
    seen = float(np.percentile(np.concatenate(responses), 95))
    service = Service(1.0, 1.0, batch, batch, 1, count, 1.0)
    demand = serving_case(
        estimate(1.0, batch=batch),
        use_case(volume_per_day=rate * 86_400, peak_factor=1),
        offer(1.0, count),
        batch,
    ).demand
    numbers = serving_numbers(service, demand, ServingPolicy())
    assert numbers.instances == 1
    assert seen <= numbers.p95_s * 1.05


def test_senseless_sizes_are_refused_in_one_sentence() -> None:
    for outputs in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(InputError, match="outputs_per_request"):
            serving_case(estimate(), use_case(), offer(), outputs)
    with pytest.raises(InputError, match=r"0\.01 to 0\.98"):
        ServingPolicy.stated(utilisation_cap=1.0)
    with pytest.raises(InputError, match="unknown policy"):
        ServingPolicy.stated(utilization_cap=0.5)
    with pytest.raises(InputError, match="volume_per_day"):
        serving_case(estimate(), use_case(), offer(), 1).numbers(0.0)
