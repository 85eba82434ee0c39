"""Billing by use: against simulations of one worker and of a pool, and what always holds."""

from __future__ import annotations

import heapq
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.cost.serverless import new_worker_s, one_line_s

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


def simulated_pool(rate: float, job_s: float, jobs: int = 60_000) -> float:
    """Billed seconds per job where a worker starts whenever none is idle (latest idle first)."""
    generator = random.Random(1)
    now = billed = 0.0
    idle: list[float] = []
    busy: list[float] = []
    for _ in range(jobs):
        now += generator.expovariate(rate)
        while busy and busy[0] <= now:
            idle.append(heapq.heappop(busy))
        kept = [since for since in idle if since + TIMEOUT >= now]
        billed += TIMEOUT * (len(idle) - len(kept))
        idle = kept
        if idle:
            billed += now - idle.pop() + job_s
            heapq.heappush(busy, now + job_s)
        else:
            billed += COLD + job_s
            heapq.heappush(busy, now + COLD + job_s)
    return (billed + TIMEOUT * (len(idle) + len(busy))) / jobs


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


@pytest.mark.parametrize(("rate", "job_s"), [(2.0, 0.2), (5.0, 2.0), (20.0, 2.0)])
def test_a_busy_pool_lies_between_the_value_and_the_high_end(rate: float, job_s: float) -> None:
    simulated = simulated_pool(rate, job_s)
    assert new_worker_s(rate, job_s, COLD, TIMEOUT) <= simulated <= job_s + TIMEOUT


@given(rates, st.floats(1.0, 10.0), st.floats(0.01, 60), st.floats(0, 1), st.floats(0.1, 60))
def test_per_job_a_pool_that_starts_within_its_time_out_hardly_rises_with_volume(
    rate: float, more: float, job_s: float, cold_share: float, timeout: float
) -> None:
    """Slower starts do raise it: requests that meet a starting worker start another."""
    cold = cold_share * timeout
    once = new_worker_s(rate, job_s, cold, timeout)
    assert new_worker_s(rate * more, job_s, cold, timeout) <= once * 1.05


@given(rates, st.floats(0.01, 60), st.floats(0, 300), st.floats(0.1, 60))
def test_neither_is_ever_below_the_busy_time(
    rate: float, job_s: float, cold: float, timeout: float
) -> None:
    line, pool = (each(rate, job_s, cold, timeout) for each in (one_line_s, new_worker_s))
    assert job_s <= line
    assert job_s <= pool
