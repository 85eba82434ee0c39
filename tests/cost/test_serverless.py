"""Billing by use: against simulations of one worker and of a pool, and what always holds."""

from __future__ import annotations

import heapq
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.cost.serverless import matching_s, new_worker_s, one_line_s

COLD, TIMEOUT = 30.0, 5.0
rates = st.floats(1e-6, 1e3)


def simulated_line(rate: float, job_s: float, jobs: int = 60_000) -> float:
    """Billed seconds per job of one worker whose line may grow."""
    generator = random.Random(1)
    now = billed = 0.0
    start, idle_from = 0.0, None
    for _ in range(jobs):
        now += generator.expovariate(rate)
        if idle_from is None or now > idle_from + TIMEOUT:
            billed += 0.0 if idle_from is None else idle_from + TIMEOUT - start
            start, idle_from = now, now + COLD + job_s
        else:
            idle_from = max(idle_from, now) + job_s
    return (billed + (idle_from or 0.0) + TIMEOUT - start) / jobs


def simulated_pool(
    rate: float, job_s: float, cold: float = COLD, timeout: float = TIMEOUT, jobs: int = 40_000
) -> float:
    """Billed seconds per job where a worker starts whenever none is idle (latest idle first).

    Jobs of the first five cold starts and time-outs are left out: all begin with nobody up.
    """
    generator = random.Random(1)
    now = billed = 0.0
    counted = 0
    warm = 5 * (cold + timeout)
    idle: list[float] = []
    busy: list[float] = []
    while counted < jobs:
        now += generator.expovariate(rate)
        while busy and busy[0] <= now:
            idle.append(heapq.heappop(busy))
        kept = [since for since in idle if since + timeout >= now]
        seconds = timeout * (len(idle) - len(kept)) + job_s
        idle = kept
        if idle:
            seconds += now - idle.pop()
            heapq.heappush(busy, now + job_s)
        else:
            seconds += cold
            heapq.heappush(busy, now + cold + job_s)
        if now > warm:
            billed, counted = billed + seconds, counted + 1
    return billed / jobs


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.05, 0.2])
def test_one_line_of_short_jobs_agrees_with_its_simulation(rate: float) -> None:
    found = one_line_s(rate, 0.2, COLD, TIMEOUT)
    assert found == pytest.approx(simulated_line(rate, 0.2), rel=0.05)


@pytest.mark.parametrize("job_s", [0.2, 2.0])
@pytest.mark.parametrize("rate", [0.001, 0.01, 0.1, 0.4])
def test_a_pool_agrees_with_its_simulation_while_few_workers_are_busy(
    rate: float, job_s: float
) -> None:
    found = new_worker_s(rate, job_s, COLD, TIMEOUT)
    assert found == pytest.approx(simulated_pool(rate, job_s), rel=0.12)


@pytest.mark.parametrize(
    ("rate", "job_s", "cold", "timeout"),
    [(2.0, 0.2, 30, 5), (5.0, 2.0, 30, 5), (3.0, 20.0, 60, 20), (3.0, 2.0, 10, 60)],
)
def test_a_busy_pool_agrees_with_its_simulation_to_a_quarter(
    rate: float, job_s: float, cold: float, timeout: float
) -> None:
    simulated = simulated_pool(rate, job_s, cold, timeout)
    assert new_worker_s(rate, job_s, cold, timeout) == pytest.approx(simulated, rel=0.25)


@pytest.mark.parametrize(
    ("rate", "job_s", "cold", "timeout"),
    [(0.1, 0.2, 300, 5), (0.3, 2.0, 60, 20), (3.0, 20.0, 300, 5), (1.0, 0.02, 300, 20)],
)
def test_no_simulated_pool_costs_more_than_the_high_end(
    rate: float, job_s: float, cold: float, timeout: float
) -> None:
    asked = (rate, job_s, cold, timeout)
    most = max(new_worker_s(*asked), matching_s(*asked), job_s + timeout)
    assert simulated_pool(*asked) <= most * 1.01


@given(rates, st.floats(0.01, 60), st.floats(0, 300), st.floats(0.1, 60))
def test_per_job_no_volume_costs_more_than_jobs_that_come_one_by_one(
    rate: float, job_s: float, cold: float, timeout: float
) -> None:
    """The price of a lone job: its start, its work, a whole time-out."""
    lone = (job_s + cold + timeout) * (1 + 1e-9)
    assert new_worker_s(rate, job_s, cold, timeout) <= lone
    assert one_line_s(rate, job_s, cold, timeout) <= lone


@given(rates, st.floats(1.0, 10.0), st.floats(0.01, 60), st.floats(0, 300), st.floats(0.1, 60))
def test_per_job_one_line_and_independent_workers_never_rise_with_volume(
    rate: float, more: float, job_s: float, cold: float, timeout: float
) -> None:
    for each in (one_line_s, matching_s):
        once = each(rate, job_s, cold, timeout)
        assert each(rate * more, job_s, cold, timeout) <= once * 1.001


def test_per_job_a_pool_can_rise_with_volume_and_does_in_the_simulation_too() -> None:
    """A job that meets a busy worker starts another for five minutes, to work for 20 ms."""
    less, more = (simulated_pool(rate, 0.02, 300, 20, jobs=60_000) for rate in (1.0, 3.0))
    assert 1.1 < more / less < 1.7


@given(rates, st.floats(0.01, 60), st.floats(0, 300), st.floats(0.1, 60))
def test_neither_is_ever_below_the_busy_time(
    rate: float, job_s: float, cold: float, timeout: float
) -> None:
    line, pool = (each(rate, job_s, cold, timeout) for each in (one_line_s, new_worker_s))
    assert job_s <= line
    assert job_s <= pool
