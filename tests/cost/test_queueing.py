"""Response times under load, held against theory and against a simulation."""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.cost.queueing import erlang_c, response_p95_s, wait_percentile_s
from tests.cost.exact_mdc import wait_percentile

service = st.floats(1e-3, 1e4)
utilisation = st.floats(1e-6, 0.97)
servers = st.integers(1, 300)
percentile = st.sampled_from([50.0, 90.0, 95.0, 99.0])
scv = st.sampled_from([0.0, 0.25, 1.0, 2.0])


def simulated_fixed(rho: float, count: int, customers: int) -> np.ndarray:
    """M/D/c, service 1. With fixed service first-come-first-served goes round the servers in turn,
    so each server is a queue of its own with every c-th arrival: Lindley's recursion, vectorised.
    """
    rng = np.random.default_rng(7)
    arrivals = np.cumsum(rng.exponential(1 / (rho * count), customers))
    responses = []
    for server in range(count):
        at = arrivals[server::count]
        # finish[i] = max over j <= i of at[j] + (i - j + 1)
        turn = np.arange(len(at))
        finish = np.maximum.accumulate(at - turn) + turn + 1
        responses.append((finish - at)[len(at) // 10 :])
    return np.concatenate(responses)


def simulated_exponential(rho: float, count: int, customers: int) -> np.ndarray:
    """M/M/c, mean service 1: each customer goes to the server that is free first."""
    rng = np.random.default_rng(7)
    arrivals = np.cumsum(rng.exponential(1 / (rho * count), customers))
    times = rng.exponential(1.0, customers)
    free_at = [0.0] * count
    finish = np.empty(customers)
    for i in range(customers):
        finish[i] = max(arrivals[i], heapq.heappop(free_at)) + times[i]
        heapq.heappush(free_at, finish[i])
    return (finish - arrivals)[customers // 10 :]


@pytest.mark.parametrize("count", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("rho", [0.3, 0.5, 0.7, 0.85, 0.95])
def test_fixed_service_agrees_with_simulation_within_10_percent(count: int, rho: float) -> None:
    seen = np.percentile(simulated_fixed(rho, count, 2_000_000), [90, 95, 99])
    for p, response in zip([90, 95, 99], seen, strict=True):
        assert response_p95_s(1.0, rho * count, count, p) == pytest.approx(response, rel=0.10)


@pytest.mark.parametrize("count", [1, 4, 16])
@pytest.mark.parametrize("rho", [0.3, 0.6, 0.8])
def test_exponential_service_agrees_with_simulation_within_10_percent(
    count: int, rho: float
) -> None:
    seen = np.percentile(simulated_exponential(rho, count, 100_000), 95)
    assert response_p95_s(1.0, rho * count, count, service_scv=1) == pytest.approx(seen, rel=0.10)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 16, 32, 64])
@pytest.mark.parametrize("rho", [0.3, 0.5, 0.7, 0.85, 0.95])
@pytest.mark.parametrize("p", [90, 95, 99])
def test_exponential_service_agrees_with_theory_within_10_percent(
    count: int, rho: float, p: int
) -> None:
    waits, leave = erlang_c(rho * count, count), count * (1 - rho)

    def longer(t: float) -> float:
        """P(wait + service > t): a mixture of no wait and an exponential wait."""
        if abs(leave - 1) < 1e-9:
            return math.exp(-t) * (1 + waits * t)
        both = (leave * math.exp(-t) - math.exp(-leave * t)) / (leave - 1)
        return (1 - waits) * math.exp(-t) + waits * both

    low, high = 0.0, 1e4
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if longer(middle) > 1 - p / 100 else (low, middle)
    predicted = response_p95_s(1.0, rho * count, count, p, service_scv=1)
    assert predicted == pytest.approx(high, rel=0.10)


# p95 of the wait in M/D/c with service 1, from the stationary distribution of the number in the
# system at unit steps and Franx's formula for the waiting time (tests/cost/exact_mdc.py)
@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 16, 32, 64])
@pytest.mark.parametrize("rho", [0.3, 0.5, 0.7, 0.85, 0.95])
@pytest.mark.parametrize("p", [90, 95, 99])
def test_fixed_service_agrees_with_the_exact_distribution_within_10_percent(
    count: int, rho: float, p: int
) -> None:
    exact = 1 + wait_percentile(rho, count, p / 100)
    assert response_p95_s(1.0, rho * count, count, p) == pytest.approx(exact, rel=0.10)


def test_one_exponential_server_has_the_textbook_percentile() -> None:
    for rho in (0.3, 0.5, 0.9):
        exact = -math.log(0.05) / (1 - rho)
        assert response_p95_s(1.0, rho, 1, service_scv=1.0) == pytest.approx(exact, rel=0.02)


def test_erlang_c_has_the_textbook_values() -> None:
    assert erlang_c(0.5, 1) == pytest.approx(0.5)  # M/M/1: rho
    assert erlang_c(1.0, 2) == pytest.approx(1 / 3)
    assert erlang_c(8.0, 10) == pytest.approx(0.40918, abs=1e-5)


@given(st.integers(65, 2000), st.floats(0.01, 0.995))
def test_both_ways_to_compute_erlang_c_agree(count: int, rho: float) -> None:
    blocked, load = 1.0, rho * count
    for n in range(1, count + 1):
        blocked = load * blocked / (n + load * blocked)
    by_recursion = blocked / (1 - rho * (1 - blocked))
    assert erlang_c(load, count) == pytest.approx(by_recursion, rel=1e-7, abs=1e-300)


@given(service, utilisation, servers, percentile)
def test_a_fixed_service_time_is_never_undercut(
    seconds: float, rho: float, count: int, p: float
) -> None:
    assert response_p95_s(seconds, rho * count / seconds, count, p) >= seconds


@given(service, utilisation, utilisation, servers, percentile, scv)
def test_response_never_falls_with_arrivals(
    seconds: float, a: float, b: float, count: int, p: float, spread: float
) -> None:
    less, more = sorted((a, b))
    quiet = response_p95_s(seconds, less * count / seconds, count, p, spread)
    busy = response_p95_s(seconds, more * count / seconds, count, p, spread)
    assert busy >= quiet * (1 - 1e-9)


@given(service, utilisation, servers, st.integers(1, 50), percentile, scv)
def test_response_never_rises_with_servers(
    seconds: float, rho: float, count: int, extra: int, p: float, spread: float
) -> None:
    rate = rho * count / seconds
    few = response_p95_s(seconds, rate, count, p, spread)
    assert response_p95_s(seconds, rate, count + extra, p, spread) <= few * (1 + 1e-9)


@given(service, servers, percentile)
def test_response_tends_to_the_service_time_without_load(
    seconds: float, count: int, p: float
) -> None:
    assert response_p95_s(seconds, 0.0, count, p) == seconds
    assert response_p95_s(seconds, 1e-4 / seconds, count, p) == seconds


@given(service, servers, st.floats(1.0, 5.0))
def test_an_overloaded_queue_has_no_percentile(seconds: float, count: int, over: float) -> None:
    assert wait_percentile_s(seconds, over * count / seconds * (1 + 1e-9), count) == math.inf


@given(service, utilisation, servers, st.integers(2, 20))
def test_pooling_never_makes_anyone_wait_longer(
    seconds: float, rho: float, count: int, times: int
) -> None:
    alone = response_p95_s(seconds, rho * count / seconds, count)
    pooled = response_p95_s(seconds, times * rho * count / seconds, times * count)
    assert pooled <= alone * (1 + 1e-9)


@given(st.integers(1, 10**6), st.floats(0.01, 0.99))
def test_very_many_servers_stay_finite(count: int, rho: float) -> None:
    assert 0 <= erlang_c(rho * count, count) <= 1
    assert math.isfinite(response_p95_s(1.0, rho * count, count))
