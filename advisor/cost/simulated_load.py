"""The load of a serving case, simulated: the same figures that the closed forms give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.cost.record import UnderLoad
from advisor.cost.simulation import Pool, Requests, Simulated, busiest_hour, days, simulate
from advisor.cost.sizing import load_of
from advisor.errors import InputError
from advisor.figure import Basis, Figure

if TYPE_CHECKING:
    from advisor.cost.fleet import Numbers, Service
    from advisor.cost.serving import ServingCase

REQUESTS = 50_000
MAX_REQUESTS = 5_000_000


def simulated_load(
    case: ServingCase,
    basis: Basis,
    *,
    whole_day: bool = False,
    count: int = REQUESTS,
    seed: int = 1,
) -> UnderLoad:
    """Percentiles of the whole response on the fleets of `case`, simulated at all three latencies.

    whole_day: over the shape of the day (always-on fleet), else in the busiest hour. The interval
    holds both ends of the latency and the noise of the run. Raises InputError, MissingExtra.
    """
    if not case.value.shared:
        raise InputError(
            "each user's own device serves its own user: there is no queue to simulate"
        )
    if not 100 <= count <= MAX_REQUESTS:
        raise InputError(f"{count} requests cannot be simulated: give 100 to {MAX_REQUESTS:,}")
    if whole_day and not case.demand.hourly:
        raise InputError("the shape of the day is not known: state arrivals.pattern")
    low, high = case.ends()
    now = case.numbers()
    fleets = ((case.low, low), (case.value, now), (case.high, high))
    runs = [_run(case, *one, whole_day, count, seed) for one in fleets]
    span = "over the day" if whole_day else "under the peak"

    def figure(percentile: float, of_wait: bool = False) -> Figure:
        found = [_read(run, percentile, of_wait) for run in runs]
        noise = (found[1], found[1]) if of_wait else runs[1].interval_s(percentile)
        return Figure(
            value=found[1],
            low=min(*found, noise[0]),
            high=max(*found, noise[1]),
            unit="s",
            basis=basis,
            source=f"p{percentile:g} {span}, {len(runs[1].response_s):,} simulated requests",
        )

    return UnderLoad(
        replicas=now.running,
        spare_replicas=now.instances * case.value.gpu_count - now.running,
        p50_s=figure(50),
        p95_s=figure(95),
        p99_s=figure(99),
        wait_p95_s=figure(95, of_wait=True),
        method=f"simulation, seed {seed}, {span}",
        accuracy=f"busy {runs[1].utilisation:.1%}, {runs[1].mean_batch:.3g} requests a batch",
    )


def _run(
    case: ServingCase,
    service: Service,
    numbers: Numbers,
    whole_day: bool,
    count: int,
    seed: int,
) -> Simulated:
    """One fleet, one latency. Requests are single ones; the pool makes batches of them."""
    shares = service.curve if service.batches and service.curve else (1.0,) * _batch(service)
    requests = _requests(case, service, numbers, whole_day, count, seed)
    curve = tuple(service.job_s * share for share in shares)
    pool = Pool(numbers.running * service.slots, curve, case.policy.max_wait_s)
    return simulate(requests, pool)


def _requests(
    case: ServingCase,
    service: Service,
    numbers: Numbers,
    whole_day: bool,
    count: int,
    seed: int,
) -> Requests:
    batch = _batch(service)
    load = load_of(service, case.demand, case.policy, numbers.jobs_per_s, numbers.running)
    load = replace(load, arrival_per_s=load.arrival_per_s * batch, burst=case.demand.burst)
    if not whole_day:
        return busiest_hour(load, count, seed)
    mean_per_s = service.jobs_per_s(case.demand.generations_per_s) * batch
    return days(replace(load, arrival_per_s=mean_per_s), case.demand.hourly, count, seed)


def _batch(service: Service) -> int:
    return service.batch if service.batches else 1


def _read(run: Simulated, percentile: float, of_wait: bool) -> float:
    if of_wait:
        return float(np.percentile(run.wait_s, percentile))
    return run.percentile_s(percentile)
