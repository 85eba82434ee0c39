"""The simulator: exact where it can be checked, seeded, and never better than what is possible."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.cost.fleet import Service, serving_numbers, whole_s
from advisor.cost.policy import ServingPolicy
from advisor.cost.queueing import Load
from advisor.cost.serving import serving_case, serving_cost
from advisor.cost.simulated_load import simulated_load
from advisor.cost.simulation import Pool, Requests, busiest_hour, days, simulate
from advisor.errors import InputError
from advisor.figure import Basis
from benchmarks.queueing import recursion
from tests.cost.make import estimate, offer, use_case


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 9),
    st.floats(0.1, 1.2),
    st.sampled_from([0.0, 0.25, 1.0, 4.0]),
    st.sampled_from([1.0, 2.5, 8.0]),
    st.integers(0, 2**31),
)
def test_simpy_and_the_recursion_give_the_same_response_to_every_request(
    servers: int, rho: float, scv: float, burst: float, seed: int
) -> None:
    load = Load(2.0, rho * servers / 2, servers, scv, burst=burst)
    requests = busiest_hour(load, 400, seed)
    played = simulate(requests, Pool(servers, (2.0,)))
    assert played.response_s == pytest.approx(recursion(requests, servers, 2.0)[40:], abs=1e-6)


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    load = Load(1.0, 3.0, 4, scv=0.5)
    one, again, other = (
        simulate(busiest_hour(load, 2000, seed), Pool(4, (1.0,))).percentile_s(95)
        for seed in (1, 1, 2)
    )
    assert one == again != other


def test_a_part_filled_batch_leaves_when_its_oldest_request_has_waited_long_enough() -> None:
    """Three requests, one server, batches of up to four, held for 2 s: all leave at 2 s."""
    requests = Requests(np.array([0.0, 0.5, 1.0, 2.5]), np.ones(4))
    played = simulate(requests, Pool(1, (1.0, 1.5, 2.0, 2.5), max_wait_s=2.0))
    # 0, 0.5 and 1.0 start at 2 and take 2.0; 2.5 waits for the server, until 4.5, and takes 1.0
    assert played.response_s == pytest.approx([4.0, 3.5, 3.0, 3.0])
    assert played.mean_batch == 2


def test_a_full_batch_does_not_wait() -> None:
    requests = Requests(np.zeros(4), np.ones(4))
    played = simulate(requests, Pool(2, (1.0, 1.5), max_wait_s=100.0))
    assert played.response_s == pytest.approx([1.5] * 4)


def test_a_request_that_waited_for_the_server_still_leaves_in_time() -> None:
    """The second comes while the server is busy; nobody else comes: its own time runs out."""
    requests = Requests(np.array([0.0, 0.0, 1.0]), np.ones(3))
    played = simulate(requests, Pool(1, (1.0, 2.0), max_wait_s=3.0))
    assert played.response_s == pytest.approx([2.0, 2.0, 4.0])


def test_a_day_has_the_mean_rate_and_the_shape_asked_for() -> None:
    hourly = tuple(2.0 if hour < 12 else 0.0 for hour in range(24))
    requests = days(Load(1.0, 0.5, 1), hourly, count=200_000, seed=3)
    assert len(requests) == pytest.approx(216_000, rel=0.03)  # five days of 43,200
    assert np.all(np.diff(requests.arrival_s) >= 0)
    assert np.all(requests.arrival_s % 86_400 < 43_200)


@given(st.floats(1.0, 30.0), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_bursts_have_the_mean_size_asked_for(mean: float, seed: int) -> None:
    requests = busiest_hour(Load(1.0, 1.0, 2, burst=mean), 20_000, seed)
    moments = len(np.unique(requests.arrival_s))
    assert len(requests) / moments == pytest.approx(mean, rel=0.05)


@pytest.mark.parametrize("batch", [4, 16])
@pytest.mark.parametrize("servers", [1, 3])
@pytest.mark.parametrize("busy", [0.1, 0.4, 0.7])
@pytest.mark.parametrize("max_wait", [0.0, 0.5])
@pytest.mark.parametrize(
    "fixed", [0.2, 0.9]
)  # share of a full batch's time that size does not change
def test_batches_with_a_curve_stay_under_the_predicted_response(
    batch: int, servers: int, busy: float, max_wait: float, fixed: float
) -> None:
    curve = tuple(fixed + (1 - fixed) * size / batch for size in range(1, batch + 1))
    rate = busy * batch * servers
    played = simulate(busiest_hour(Load(1.0, rate, 1), 12_000, 5), Pool(servers, curve, max_wait))
    service = Service(1.0, 1.0, batch, batch, 1, servers, 1.0, curve=curve)
    policy = ServingPolicy.stated(max_wait_s=max_wait)
    demand = serving_case(
        estimate(1.0, batch=batch),
        use_case(volume_per_day=rate * 86_400, peak_factor=1),
        offer(1.0, servers),
        batch,
    ).demand
    predicted = whole_s(service, demand, policy, rate / batch, servers, 95)
    assert played.percentile_s(95) <= predicted * 1.05


def test_the_simulated_load_of_a_case_agrees_with_its_closed_form() -> None:
    case = serving_case(
        estimate(2.0), use_case(volume_per_day=100_000, peak_factor=2), offer(1.0), 1
    )
    closed = serving_cost(
        estimate(2.0), use_case(volume_per_day=100_000, peak_factor=2), offer(1.0)
    ).under_load
    played = simulated_load(case, Basis.datasheet, count=10_000)
    assert closed is not None
    assert closed.accuracy == "within 10 % of simulation"
    assert played.replicas == closed.replicas == case.numbers().running
    for name in ("p95_s", "p99_s"):
        seen, predicted = getattr(played, name), getattr(closed, name)
        assert predicted.value == pytest.approx(seen.value, rel=0.12)
        assert seen.low <= seen.value <= seen.high
    assert simulated_load(case, Basis.datasheet, count=10_000) == played


def test_over_the_day_responses_are_no_longer_than_in_its_busiest_hour() -> None:
    weights = [1.0] * 8 + [4.0] * 8 + [2.0] * 8
    asked = use_case(
        volume_per_day=20_000, arrivals={"pattern": "daily", "hourly_weights": weights}
    )
    case = serving_case(estimate(2.0), asked, offer(1.0), 1)
    peak = simulated_load(case, Basis.datasheet, count=5_000)
    day = simulated_load(case, Basis.datasheet, whole_day=True, count=20_000)
    assert day.p95_s.value <= peak.p95_s.value


def test_what_cannot_be_simulated_is_refused_in_one_sentence() -> None:
    case = serving_case(estimate(), use_case(), offer(), 1)
    with pytest.raises(InputError, match=r"arrivals\.pattern"):
        simulated_load(case, Basis.datasheet, whole_day=True)
    with pytest.raises(InputError, match="100 to"):
        simulated_load(case, Basis.datasheet, count=5)
    own = serving_case(estimate(), use_case(), offer(0.0, kind="client-device"), 1)
    with pytest.raises(InputError, match="no queue"):
        simulated_load(own, Basis.datasheet)
    with pytest.raises(InputError, match="no request"):
        simulate(Requests(np.array([]), np.array([])), Pool(1, (1.0,)))


def test_numbers_of_the_simulated_fleet_are_those_of_the_closed_form() -> None:
    service = Service(1.0, 1.0, 1.0, 1, 1, 1, 1.0)
    demand = serving_case(
        estimate(1.0), use_case(volume_per_day=40_000, peak_factor=1), offer(), 1
    ).demand
    numbers = serving_numbers(service, demand, ServingPolicy())
    load = Load(1.0, numbers.jobs_per_s, numbers.running)
    played = simulate(busiest_hour(load, 20_000, 1), Pool(numbers.running, (1.0,)))
    assert played.utilisation == pytest.approx(numbers.utilisation, rel=0.03)
    assert math.isfinite(numbers.p95_s)
