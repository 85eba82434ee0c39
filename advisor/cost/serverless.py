"""Scale to zero: what a month costs where only the time that a worker is up is billed.

A worker is billed from its start: cold start, work, and the idle time-out after its last job. How
many workers are up depends on the platform's scaler, so three are computed (seconds billed per job,
s = one job, T = time-out, C = cold start, r = jobs a second, Poisson):

- low: one worker, requests wait in its line (a scaler that tolerates a queue), fast cold start;
- value: a new worker whenever none is idle, the first idle one is taken (`new_worker_s`);
- high: the same with a slow cold start, workers that become free independently of each other
  (`matching_s`), and at least a whole idle time-out for every job.

Held against a simulation that starts a worker whenever none is idle, over 405 settings (jobs 0.02
to 20 s, starts 1 to 300 s, time-outs 5 to 60 s, up to 30 jobs a second; docs/cost.md): the value is
within 15 % for 91 % of them, between -38 and +51 %; the worst are starts of 300 s. The bill can
fall as volume grows and the price of a job can rise, in the simulation too: steady traffic saves
cold starts, and each job that finds nobody idle costs one.
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
    slowest = (*_load(case, case.high), policy.cold_start_high_s, timeout)
    most = max(new_worker_s(*slowest), matching_s(*slowest), case.high.job_s + timeout)
    high = _usd(case, case.high, most)
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
    """Seconds billed per job where a new worker starts whenever none is idle.

    Between two limits: `numbered_s`, right while few workers are busy, and `matching_s`, nearer
    where many are. The weight goes by the workers busy, from 0 to a half (chosen on the
    simulation).
    """
    numbered = numbered_s(rate, job_s, cold_start_s, timeout_s)
    matching = max(numbered, matching_s(rate, job_s, cold_start_s, timeout_s))
    busy = rate * job_s
    weight = busy / (2 * (1 + busy))
    return float(numbered ** (1 - weight) * matching**weight)


def numbered_s(rate: float, job_s: float, cold_start_s: float, timeout_s: float) -> float:
    """Workers are numbered; each gets what overflows from those before it, taken as Poisson."""
    up, arriving = 0.0, rate
    for _ in range(_MOST_WORKERS):
        share, busy = _worker(arriving, job_s, cold_start_s, timeout_s)
        up += share
        arriving *= busy
        if arriving < 1e-7 * rate:
            break
    return max(job_s, (up + arriving * job_s) / rate)


def matching_s(rate: float, job_s: float, cold_start_s: float, timeout_s: float) -> float:
    """Workers become free at random, at the rate at which jobs come, and wait a time-out for one.

    Of a birth-and-death chain of idle workers (births r, deaths r + n / T) the share of jobs that
    find none is one over the sum below; each of those costs a start and, at its end, a time-out.
    """
    return job_s + (cold_start_s + timeout_s) / _ramanujan(rate * timeout_s)


def _ramanujan(x: float) -> float:
    """1 + x / (x + 1) + x^2 / ((x + 1)(x + 2)) + ...; by its expansion for large x (to 0.1 %)."""
    if x > 100:
        return math.sqrt(math.pi * x / 2) + 1 / 3 + math.sqrt(math.pi / (2 * x)) / 12
    total = term = 1.0
    number = 0
    while term > 1e-9:
        number += 1
        term *= x / (x + number)
        total += term
    return total


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
