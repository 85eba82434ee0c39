"""Shapes of a day, bursts, scaling, spares, loading: what holds whatever the numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.cost import sizing
from advisor.cost.policy import ServingPolicy
from advisor.cost.queueing import Load, wait_percentile_s
from advisor.cost.serving import ServingCase, serving_case, serving_cost
from advisor.cost.sizing import LEVELS, gpus_for, hourly_instances, job_latency_s
from advisor.errors import InputError
from advisor.figure import Basis
from tests.cost.make import estimate, offer, use_case

seconds = st.floats(0.05, 60)
volume = st.floats(1, 1e6)
weights = st.lists(st.floats(0, 100), min_size=24, max_size=24).filter(lambda w: sum(w) > 1)
bursts = st.sampled_from([1.0, 1.7, 6.0])
gpus = st.sampled_from([1, 4, 8])
SCALED = ServingPolicy.stated(autoscale=True)


def shaped(
    hours: list[float], each: float, count: int, burst: float = 1.0, **fields: object
) -> ServingCase:
    arrivals = {"pattern": "daily", "hourly_weights": hours, "burst_size": burst}
    asked = use_case(arrivals=arrivals, **fields)
    return serving_case(estimate(each), asked, offer(2.0, count), 1, SCALED)


def month(case: ServingCase, items: float, **policy: object) -> float:
    changed = replace(case, policy=replace(case.policy, **policy))  # type: ignore[arg-type]
    return changed.numbers(items).usd_per_month


@settings(deadline=None)
@given(weights, seconds, volume, volume, gpus, bursts, st.booleans(), st.integers(0, 3))
def test_more_volume_never_costs_less_in_total_whatever_the_shape_and_policy(
    hours: list[float],
    each: float,
    a: float,
    b: float,
    count: int,
    burst: float,
    scaled: bool,
    spare: int,
) -> None:
    case = shaped(hours, each, count, burst, latency={"limit_ms": 5 * each * 1e3})
    less, more = sorted((a, b))
    policy = {"autoscale": scaled, "spare_replicas": spare}
    assert month(case, more, **policy) >= month(case, less, **policy) * (1 - 1e-12)


@settings(deadline=None)
@given(weights, seconds, volume, st.floats(1, 5), gpus, st.booleans())
def test_per_item_never_rises_with_volume_while_the_fleet_stays(
    hours: list[float], each: float, items: float, factor: float, count: int, scaled: bool
) -> None:
    """The policy fixed is the number of instances in every hour; more items share them."""
    case = shaped(hours, each, count)
    case = replace(case, policy=replace(case.policy, autoscale=scaled))
    less, more = case.numbers(items), case.numbers(items * factor)
    if math.isclose(less.instance_hours, more.instance_hours):
        assert more.usd_per_item <= less.usd_per_item * (1 + 1e-9)


@settings(deadline=None)
@given(weights, seconds, volume, st.integers(2, 6), gpus, st.booleans())
def test_per_item_never_rises_with_a_whole_multiple_of_the_volume(
    hours: list[float], each: float, items: float, times: int, count: int, scaled: bool
) -> None:
    case = shaped(hours, each, count)
    case = replace(case, policy=replace(case.policy, autoscale=scaled))
    assert case.numbers(items * times).usd_per_item <= case.numbers(items).usd_per_item * (1 + 1e-9)


@settings(deadline=None)
@given(weights, seconds, volume, gpus, st.integers(0, 5))
def test_following_the_day_never_costs_more_than_standing_at_the_peak(
    hours: list[float], each: float, items: float, count: int, least: int
) -> None:
    case = shaped(hours, each, count)
    scaled = month(case, items, autoscale=True, min_replicas=least)
    assert scaled <= month(case, items, autoscale=False, min_replicas=least) * (1 + 1e-12)
    assert scaled >= math.ceil(least / count) * 730.5 * 2.0 * (1 - 1e-12)


@settings(deadline=None)
@given(weights, seconds, volume, gpus)
def test_a_slower_start_never_costs_less(
    hours: list[float], each: float, items: float, count: int
) -> None:
    case = shaped(hours, each, count)
    assert month(case, items, startup_s=1800.0) >= month(case, items, startup_s=60.0)


def test_a_steady_day_needs_no_scaling_and_has_no_peak() -> None:
    asked = use_case(volume_per_day=43_200, arrivals={"pattern": "steady"})
    cost = serving_cost(estimate(2.0), asked, offer(1.0))
    assert cost.utilisation.value == pytest.approx(0.5)  # one a second for half the time, 2 GPUs
    assert cost.scaling is not None and cost.scaling.usd_per_month is not None
    assert set(cost.scaling.hourly_instances) == {2}
    assert cost.scaling.usd_per_month.value == pytest.approx(cost.usd_per_month.value)


def test_hours_follow_the_day_by_hand() -> None:
    """Half a request a second for 12 hours, 1.5 for 12, 2 s each, 70 %: 2 and 5 GPUs (1.43, 4.29).

    The hour before the rise also carries what comes in the 300 s of starting plus 8.6 s of loading
    8 GiB at 1 GB/s: 0.5 + 1.0 x 308.6 / 3600 = 0.586 a second, rounded up to 10 / 24 of 1.5, which
    is 0.625: still 2 GPUs (1.79).
    """
    hours = [1.0] * 12 + [3.0] * 12
    asked = use_case(volume_per_day=86_400, arrivals={"pattern": "daily", "hourly_weights": hours})
    cost = serving_cost(estimate(2.0), asked, offer(1.0))
    assert cost.scaling is not None and cost.scaling.usd_per_month is not None
    assert cost.scaling.hourly_instances == [2] * 12 + [5] * 12
    assert cost.scaling.usd_per_month.value == pytest.approx(3.5 * 730.5)
    assert cost.usd_per_month.value == pytest.approx(5 * 730.5)
    assert cost.scaling.model_load_s.value == pytest.approx(8 * 2**30 / 1e9)
    assert cost.scaling.model_load_s.basis is Basis.assumed
    assert cost.scaling.start_s.value == pytest.approx(300 + 8 * 2**30 / 1e9)


@settings(deadline=None, max_examples=30)
@given(weights, seconds, volume, st.sampled_from([1.0, 1.7, 40.0]), st.sampled_from([1.05, 2, 9]))
def test_each_hour_gets_what_a_search_of_its_own_would_find(
    hours: list[float], each: float, items: float, burst: float, room: float
) -> None:
    """The search begins at what the hour below needs; that must save looks and change nothing."""
    limit = {"limit_ms": room * each * 1e3}
    case = shaped(hours, each, 1, burst, latency=limit, volume_per_day=items)
    service, demand, top = case.value, case.demand, max(case.demand.hourly)
    alone_s = job_latency_s(service, demand)
    by_level = {0: 1}
    for level in range(1, LEVELS + 1):
        jobs = service.jobs_per_s(demand.generations_per_s * top * level / LEVELS)
        by_level[level] = gpus_for(service, demand, case.policy, jobs, alone_s)
    at_once = replace(service, load_s=0.0), demand, replace(case.policy, startup_s=0.0)
    up = hourly_instances(*at_once)
    for rate, gpus in zip(demand.hourly, up, strict=True):
        assert gpus == by_level[math.ceil(rate / top * LEVELS - 1e-9)]


@pytest.mark.parametrize("burst", [7.3, 1000.0])
@pytest.mark.parametrize("room", [1.05, 4.0])
def test_a_month_of_bursts_takes_no_more_looks_at_the_queue_than_a_bound(
    burst: float, room: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work, not time: a trace from a form may not cost seconds of processor for every option."""
    looks = 0
    look = sizing.share_responding_beyond

    def counted(load: Load, at_s: float) -> float:
        nonlocal looks
        looks += 1
        return look(load, at_s)

    monkeypatch.setattr(sizing, "share_responding_beyond", counted)
    wait_percentile_s.cache_clear()
    hours = [1 + (7 * hour % 24) for hour in range(31 * 24)]
    arrivals = {"pattern": "trace", "hourly_weights": hours, "burst_size": burst}
    limit = {"limit_ms": room * 2e3}
    serving_cost(
        estimate(2.0), use_case(volume_per_day=1e6, latency=limit, arrivals=arrivals), offer(1.0)
    )
    assert 0 < looks <= 1000
    assert wait_percentile_s.cache_info().misses <= 12


def test_one_spare_is_one_instance_more_and_times_do_not_count_on_it() -> None:
    asked = use_case(volume_per_day=100_000, peak_factor=2, latency={"limit_ms": 6000})
    plain = serving_cost(estimate(2.0), asked, offer(1.0))
    spare = serving_cost(
        estimate(2.0), asked, offer(1.0), policy=ServingPolicy.stated(spare_replicas=1)
    )
    assert spare.instances == plain.instances + 1
    assert spare.usd_per_month.value == pytest.approx(plain.usd_per_month.value + 730.5)
    assert spare.under_load is not None and plain.under_load is not None
    assert spare.under_load.p99_s == plain.under_load.p99_s
    assert spare.under_load.spare_replicas == 1
    nodes = serving_cost(
        estimate(2.0), asked, offer(8.0, 8), policy=ServingPolicy.stated(spare_replicas=1)
    )
    assert nodes.under_load is not None and nodes.under_load.spare_replicas == 8  # a whole node


@given(asked_burst=st.integers(2, 60), each=seconds, items=volume)
def test_bursts_never_need_fewer_gpus(asked_burst: int, each: float, items: float) -> None:
    limit = {"latency": {"limit_ms": 4 * each * 1e3}, "volume_per_day": items}
    single = serving_case(estimate(each), use_case(**limit), offer(), 1).numbers()
    arrivals = {"burst_size": float(asked_burst)}
    burst = serving_case(estimate(each), use_case(arrivals=arrivals, **limit), offer(), 1).numbers()
    assert burst.gpus_needed >= single.gpus_needed


def test_percentiles_rise_and_the_limit_is_held_at_the_one_that_was_asked_for() -> None:
    for percentile in (50, 95, 99):
        limit = {"limit_ms": 2500, "percentile": percentile}
        asked = use_case(volume_per_day=400_000, peak_factor=2, latency=limit)
        load = serving_cost(estimate(2.0), asked, offer()).under_load
        assert load is not None
        assert load.p50_s.value <= load.p95_s.value <= load.p99_s.value
        assert getattr(load, f"p{percentile}_s").value <= 2.5


def test_a_load_outside_of_what_was_checked_says_so() -> None:
    asked = use_case(volume_per_day=1e7, peak_factor=2)
    load = serving_cost(estimate(2.0), asked, offer()).under_load
    assert load is not None and load.replicas > 64
    assert "--simulate" in load.accuracy


def test_scaling_without_a_shape_is_refused_in_one_sentence() -> None:
    with pytest.raises(InputError, match=r"arrivals\.pattern"):
        serving_cost(estimate(), use_case(), offer(), policy=SCALED)
    with pytest.raises(InputError, match="spare_replicas"):
        ServingPolicy.stated(spare_replicas=-1)
    with pytest.raises(InputError, match="load_gb_per_s"):
        ServingPolicy.stated(load_gb_per_s=0.0)
    with pytest.raises(InputError, match="exponential"):
        ServingPolicy.stated(service_shape="exponential")
