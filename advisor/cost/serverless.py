"""Scale to zero: what a month costs where only the time that a worker is up is billed.

A worker is billed from its start: cold start, work, and the idle time-out after its last job. How
many workers are up depends on the platform's scaler, so three are computed (seconds billed per job,
s = one job, T = time-out, C = cold start, r = jobs a second, Poisson):

- low: one worker, requests wait in its line (a scaler that tolerates a queue), fast cold start;
- value: a new worker whenever none is idle, the first idle one is taken. Workers are numbered: each
  gets what overflows from those before it, taken as Poisson;
- high: the same with a slow cold start, and at least a whole idle time-out for every job.

Against a simulation that starts a worker whenever none is idle (tests): the value is within 12 %
while under two workers are busy and jobs come up to once a second; above it may be 45 % low, which
the high end covers. The total of a pool can fall a little as volume grows, in the simulation too:
steady traffic keeps workers warm and saves cold starts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from advisor.cost.fleet import Service
from advisor.cost.record import DAYS_PER_MONTH, Offer
from advisor.figure import Basis, Figure, weakest

if TYPE_CHECKING:
    from advisor.cost.serving import ServingCase

_MOST_WORKERS = 64  # those beyond are counted as always busy
_ALWAYS_UP = 40.0  # r T from which a worker never meets its time-out


def scale_to_zero(case: ServingCase, offer: Offer, basis: Basis) -> Figure | None:
    """USD per month when workers stop after a short idle time; None where billing is not so."""
    if offer.market != "serverless" or offer.kind != "on-demand":
        return None
    policy = case.policy
    timeout = policy.idle_timeout_s
    low = _usd(case, case.low, one_line_s(*_load(case, case.low), policy.cold_start_low_s, timeout))
    value = _usd(case, case.value,
                 new_worker_s(*_load(case, case.value), policy.cold_start_s, timeout))  # fmt: skip
    slow = new_worker_s(*_load(case, case.high), policy.cold_start_high_s, timeout)
    high = _usd(case, case.high, max(slow, case.high.job_s + timeout))
    return Figure(
        value=value,
        low=min(low, value),
        high=max(high, value),
        unit="USD/month",
        basis=weakest([basis, policy.basis("cold_start_s"), policy.basis("idle_timeout_s")]),
        source=f"{offer.id}: busy + idle + cold starts ({policy.source('cold_start_s')};"
        f" {policy.source('idle_timeout_s')}); a request after a pause waits for the cold start",
        as_of=offer.as_of,
    )


def _load(case: ServingCase, service: Service) -> tuple[float, float]:
    """Jobs a second over the mean day, seconds per job."""
    return service.jobs_per_s(case.demand.generations_per_s), service.job_s


def _usd(case: ServingCase, service: Service, billed_s: float) -> float:
    jobs = _load(case, service)[0] * 86_400 * DAYS_PER_MONTH
    return jobs * billed_s / 3600 * service.usd_per_hour / service.gpu_count


def one_line_s(rate: float, job_s: float, cold_start_s: float, timeout_s: float) -> float:
    """Seconds billed per job where requests wait for the one worker that is up or starting.

    Renewal from one start to the next, exact for one worker and short jobs: it serves e^(rT) jobs
    besides those that arrive while it starts. Busy time is counted in full at any load.
    """
    if rate * timeout_s > _ALWAYS_UP:
        return job_s + 1 / (rate * (1 + rate * job_s))
    stay = math.exp(rate * timeout_s)
    idle = (rate * cold_start_s + stay - 1) / (rate * cold_start_s + stay * (1 + rate * job_s))
    return job_s + idle / rate


def new_worker_s(rate: float, job_s: float, cold_start_s: float, timeout_s: float) -> float:
    """Seconds billed per job where a new worker starts whenever none is idle."""
    up, arriving = 0.0, rate
    for _ in range(_MOST_WORKERS):
        share, busy = _worker(arriving, job_s, cold_start_s, timeout_s)
        up += share
        arriving *= busy
        if arriving < 1e-7 * rate:
            break
    return max(job_s, (up + arriving * job_s) / rate)


def _worker(
    rate: float, job_s: float, cold_start_s: float, timeout_s: float
) -> tuple[float, float]:
    """Shares of time that a worker is up, and busy (or starting), at the rate that reaches it."""
    if rate * timeout_s > _ALWAYS_UP:
        return 1.0, rate * job_s / (1 + rate * job_s)
    stay = math.exp(rate * timeout_s)
    working_s = cold_start_s + stay * job_s
    cycle_s = working_s + stay / rate
    return 1 - 1 / (rate * cycle_s), working_s / cycle_s
