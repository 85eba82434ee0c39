"""Response times under load, held against theory and against a simulation."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.cost.queueing import (
    Load,
    accuracy,
    erlang_c,
    response_percentile_s,
    share_responding_beyond,
    share_waiting_beyond,
    wait_percentile_s,
)
from advisor.cost.simulation import busiest_hour
from benchmarks.queueing import RESULT, broken, claimed_bound, load_of_row, recursion
from tests.cost.exact_mdc import wait_percentile

service = st.floats(1e-3, 1e4)
utilisation = st.floats(1e-6, 0.97)
servers = st.integers(1, 300)
percentile = st.sampled_from([50.0, 90.0, 95.0, 99.0])
scv = st.sampled_from([0.0, 0.25, 1.0, 2.0])
burst = st.sampled_from([1.0, 1.5, 2.0, 7.0, 40.0])
EXACT = 1e-9  # slack where times come from a formula
SEARCHED = 1e-4  # and where a percentile is searched for on a grid


def response(
    rho: float,
    count: int,
    p: float = 95,
    spread: float = 0.0,
    seconds: float = 1.0,
    shape: str = "lognormal",
    size: float = 1.0,
) -> float:
    load = Load(seconds, rho * count / seconds, count, spread, shape, size)  # type: ignore[arg-type]
    return response_percentile_s(load, p)


@pytest.mark.parametrize("count", [1, 4, 16])
@pytest.mark.parametrize("rho", [0.3, 0.6, 0.85])
@pytest.mark.parametrize(
    ("spread", "shape", "size"),
    [
        (0.0, "lognormal", 1.0),
        (1.0, "exponential", 1.0),
        (0.25, "lognormal", 1.0),
        (1.0, "lognormal", 1.0),
        (0.0, "lognormal", 8.0),
    ],
)
def test_the_closed_form_is_as_near_to_simulation_as_it_claims(
    count: int, rho: float, spread: float, shape: str, size: float
) -> None:
    load = Load(1.0, rho * count, count, spread, shape, size)  # type: ignore[arg-type]
    seen = recursion(busiest_hour(load, 150_000, seed=2), count, 1.0)[15_000:]
    claim = accuracy(load, 95)
    assert claim is not None
    bound = claimed_bound(claim) + 0.05  # the noise of a run this short
    assert response_percentile_s(load, 95) == pytest.approx(np.percentile(seen, 95), rel=bound)


def test_the_stored_table_keeps_every_claim_over_the_whole_grid() -> None:
    """benchmarks/results/queueing.json: utilisation 0.3 to 0.95, 1 to 64 servers, long runs."""
    stored = json.loads(RESULT.read_text(encoding="utf-8"))
    rows = stored["rows"]
    assert {row["servers"] for row in rows} == {1, 2, 4, 8, 16, 32, 64}
    assert {row["utilisation"] for row in rows} == {0.3, 0.5, 0.7, 0.85, 0.95}
    assert broken(rows) == []
    assert stored["simpy_apart_s"] < 1e-6


def test_the_stored_table_is_of_the_closed_form_as_it_is_now() -> None:
    rows = json.loads(RESULT.read_text(encoding="utf-8"))["rows"]
    for row in rows[::7]:
        made = response_percentile_s(load_of_row(row), row["percentile"])
        assert made == pytest.approx(row["predicted_s"], rel=1e-3), row


def test_nothing_is_claimed_outside_of_what_was_measured() -> None:
    assert accuracy(Load(1.0, 97.0, 100), 95) is None  # 100 servers
    assert accuracy(Load(1.0, 0.97, 1), 95) is None
    assert accuracy(Load(1.0, 0.5, 1, scv=9.0), 95) is None
    assert accuracy(Load(1.0, 0.5, 1, burst=100.0), 95) is None
    assert accuracy(Load(1.0, 0.5, 1), 50) is None


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
    predicted = response(rho, count, p, 1.0, shape="exponential")
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
    assert response(rho, count, p) == pytest.approx(exact, rel=0.10)


def test_one_exponential_server_has_the_textbook_percentile() -> None:
    for rho in (0.3, 0.5, 0.9):
        exact = -math.log(0.05) / (1 - rho)
        made = response(rho, 1, spread=1.0, shape="exponential")
        assert made == pytest.approx(exact, rel=1e-3)


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


@given(service, utilisation, servers, percentile, burst)
def test_a_fixed_service_time_is_never_undercut(
    seconds: float, rho: float, count: int, p: float, size: float
) -> None:
    assert response(rho, count, p, seconds=seconds, size=size) >= seconds


@settings(deadline=None)
@given(service, utilisation, utilisation, servers, percentile, scv, burst)
def test_response_never_falls_with_arrivals(
    seconds: float, a: float, b: float, count: int, p: float, spread: float, size: float
) -> None:
    less, more = sorted((a, b))
    quiet = response(less, count, p, spread, seconds, size=size)
    busy = response(more, count, p, spread, seconds, size=size)
    assert busy >= quiet * (1 - SEARCHED)


@settings(deadline=None)
@given(service, utilisation, servers, st.integers(1, 50), percentile, scv, burst)
def test_response_never_rises_with_servers(
    seconds: float, rho: float, count: int, extra: int, p: float, spread: float, size: float
) -> None:
    few = response(rho, count, p, spread, seconds, size=size)
    rho_more = rho * count / (count + extra)
    many = response(rho_more, count + extra, p, spread, seconds, size=size)
    assert many <= few * (1 + SEARCHED)


@settings(deadline=None)
@given(service, utilisation, servers, st.floats(1, 40), st.floats(1, 40), percentile)
def test_larger_bursts_at_the_same_rate_never_shorten_the_response(
    seconds: float, rho: float, count: int, a: float, b: float, p: float
) -> None:
    small, large = sorted((a, b))
    calm = response(rho, count, p, seconds=seconds, size=math.floor(small))
    rough = response(rho, count, p, seconds=seconds, size=math.ceil(large))
    assert rough >= calm * (1 - SEARCHED)


@settings(deadline=None)
@given(service, utilisation, servers, percentile, scv, burst)
def test_a_percentile_and_the_share_beyond_it_agree(
    seconds: float, rho: float, count: int, p: float, spread: float, size: float
) -> None:
    load = Load(seconds, rho * count / seconds, count, spread, burst=size)
    allowed = 1 - p / 100
    at = response_percentile_s(load, p) * (1 + 1e-6)
    assert share_responding_beyond(load, at) <= allowed * (1 + 1e-3)
    assert share_waiting_beyond(load, wait_percentile_s(load, p) * (1 + 1e-6)) <= allowed * 1.001


@given(service, servers, percentile)
def test_response_tends_to_the_service_time_without_load(
    seconds: float, count: int, p: float
) -> None:
    assert response(0.0, count, p, seconds=seconds) == seconds
    assert response(1e-4 / count, count, p, seconds=seconds) == seconds


@given(service, servers, st.floats(1.0, 5.0), scv)
def test_an_overloaded_queue_has_no_percentile(
    seconds: float, count: int, over: float, spread: float
) -> None:
    load = Load(seconds, over * count / seconds * (1 + 1e-9), count, spread)
    assert wait_percentile_s(load) == response_percentile_s(load) == math.inf
    assert share_waiting_beyond(load, 1e9) == share_responding_beyond(load, 1e9) == 1


@given(service, utilisation, servers, st.integers(2, 20))
def test_pooling_never_makes_anyone_wait_longer(
    seconds: float, rho: float, count: int, times: int
) -> None:
    alone = response(rho, count, seconds=seconds)
    assert response(rho, times * count, seconds=seconds) <= alone * (1 + EXACT)


@given(st.integers(1, 10**6), st.floats(0.01, 0.99))
def test_very_many_servers_stay_finite(count: int, rho: float) -> None:
    assert 0 <= erlang_c(rho * count, count) <= 1
    assert math.isfinite(response(rho, count))
