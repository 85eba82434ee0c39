"""How many GPUs: the load that a fleet carries at its peak and by the hour, and the fewest that do.

Plain floats; `fleet.py` makes costs of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from advisor.cost.queueing import (
    Load,
    response_percentile_s,
    share_responding_beyond,
    share_waiting_beyond,
    wait_percentile_s,
)

if TYPE_CHECKING:
    from advisor.cost.demand import Demand
    from advisor.cost.fleet import Service
    from advisor.cost.policy import ServingPolicy

LEVELS = 24  # of hourly rates that are sized apart; a rate counts as the level above it


def peak_generations_per_s(service: Service, demand: Demand) -> float:
    """The busiest hour; with a limit, at least what N users at once ask for (Little's law).

    Each of N users has one generation under way: for the limit, if that is about the whole; for
    the whole generation, if it is about its first piece; for a clip at its pace, if per frame.
    """
    peak = demand.generations_per_s * demand.peak_factor
    if not demand.peak_concurrent or not demand.limit_s:
        return peak
    under_way_s = demand.limit_s
    if demand.latency_kind == "per-frame":
        under_way_s *= service.frames
    elif demand.latency_kind == "first-output":
        under_way_s = max(under_way_s, service.job_s)
    return max(peak, demand.peak_concurrent / under_way_s)


def job_latency_s(service: Service, demand: Demand) -> float:
    """What the limit is held against when nobody else is there, by the kind of latency."""
    if demand.latency_kind == "first-output":
        return service.first_output_s
    if demand.latency_kind == "per-frame":
        return service.request_s / service.frames
    return service.single_s


def load_of(
    service: Service, demand: Demand, policy: ServingPolicy, jobs_per_s: float, gpus: int
) -> Load:
    """The queue in front of so many GPUs. A burst of items fills batches before it queues."""
    return Load(
        service_s=service.job_s,
        arrival_per_s=jobs_per_s,
        servers=gpus * service.slots,
        scv=policy.service_scv,
        shape=policy.service_shape,
        burst=max(1.0, demand.burst / max(1.0, service.outputs_per_request)),
    )


def queue_s(
    service: Service, demand: Demand, policy: ServingPolicy, jobs_per_s: float, gpus: int
) -> float:
    """Waiting at the demand's percentile, seconds, what service varies included.

    A limit per frame of a clip concerns the pace once it runs: no waiting in it.
    """
    if _no_waiting(service, demand):
        return 0.0
    load = load_of(service, demand, policy, jobs_per_s, gpus)
    if service.batches:
        return batching_s(service, policy, load, demand.percentile, demand.burst)
    if demand.latency_kind == "first-output":
        return wait_percentile_s(load, demand.percentile)
    return response_percentile_s(load, demand.percentile) - service.job_s


def batching_s(
    service: Service, policy: ServingPolicy, load: Load, percentile: float, burst: float
) -> float:
    """What a request in a batch takes beyond one that is alone: an upper estimate.

    A free GPU takes what waits. All GPUs may have just left, so a request waits up to one batch
    even at low load, and more where full ones queue; then it goes in a batch of those that came
    meanwhile, and is held back for more of them as long as the policy says. burst: requests that
    come at one moment. Never below simulation by over 5 % up to p95 (tested without bursts).
    """
    # Full batches come more evenly than single requests (Allen-Cunneen: squared spread 1 / batch).
    evenness = min(1.0, burst / service.batch)
    wait = (response_percentile_s(load, percentile) - service.job_s) * evenness
    typical = _typical_batch_s(service, load, policy.max_wait_s, burst)
    return 2 * typical + wait + policy.max_wait_s - service.single_s


def _typical_batch_s(service: Service, load: Load, held_s: float, burst: float) -> float:
    """Seconds of the smallest batch that holds what comes meanwhile, with two sigma.

    Meanwhile: to one GPU while it works, or to all of them while a batch is held back.
    """
    requests_per_s = load.arrival_per_s * service.batch
    for size, share in enumerate(service.curve, start=1):
        working = requests_per_s / load.servers * service.job_s * share
        coming = max(working, requests_per_s * held_s)
        if coming + 2 * math.sqrt(coming * burst) <= size:
            return service.job_s * share
    return service.job_s


def _no_waiting(service: Service, demand: Demand) -> bool:
    return demand.latency_kind == "per-frame" and service.frames > 1


def gpus_for(
    service: Service,
    demand: Demand,
    policy: ServingPolicy,
    jobs_per_s: float,
    alone_s: float,
    at_least: int = 1,
) -> int:
    """The fewest GPUs under the utilisation cap that also keep the limit, if it can be kept.

    at_least: what a lower load needs; the search starts there.
    """
    busy = jobs_per_s * service.job_s / service.slots
    floor = max(at_least, math.ceil(busy / policy.utilisation_cap - 1e-9))
    if demand.limit_s is None or alone_s > demand.limit_s or _no_waiting(service, demand):
        return floor
    budget = demand.limit_s - alone_s

    def enough(gpus: int, rate: float = jobs_per_s) -> bool:
        if service.batches:
            return queue_s(service, demand, policy, rate, gpus) <= budget
        load = load_of(service, demand, policy, rate, gpus)
        if demand.latency_kind == "first-output":
            late = share_waiting_beyond(load, budget)
        else:
            late = share_responding_beyond(load, service.job_s + budget)
        return late <= (1 - demand.percentile / 100) * (1 + 1e-9)

    if enough(floor):
        return floor
    most = 1_000_000 + 4 * floor
    if not enough(most, rate=0.0):  # not even a request that finds nobody there is in time
        return floor
    short, step = floor, 1
    while not enough(short + step):
        short, step = short + step, 2 * step
        if short + step > most:  # the limit leaves no room to wait at all
            return floor
    many = short + step
    while many - short > 1:
        middle = (short + many) // 2
        short, many = (short, middle) if enough(middle) else (middle, many)
    return many


def hourly_instances(service: Service, demand: Demand, policy: ServingPolicy) -> tuple[int, ...]:
    """Instances up in each hour of the shape, when they follow it.

    An instance takes `lag` seconds to come, so each hour also carries what the rate rises to within
    the lag, on a straight line to the next hour. At least `min_replicas` GPUs are always up.
    """
    lag = min(1.0, (policy.startup_s + service.load_s) / 3600)
    top, alone_s = max(demand.hourly), job_latency_s(service, demand)
    levels = []
    for now, coming in zip(demand.hourly, demand.hourly[1:] + demand.hourly[:1], strict=True):
        covered = now + max(0.0, coming - now) * lag
        levels.append(math.ceil(covered / top * LEVELS - 1e-9))
    found, gpus = {}, 0
    for level in sorted(set(levels)):  # each needs at least what the level below it does
        jobs = service.jobs_per_s(demand.generations_per_s * top * level / LEVELS)
        gpus = gpus_for(service, demand, policy, jobs, alone_s, max(1, gpus)) if level else 0
        found[level] = math.ceil(max(gpus, policy.min_replicas) / service.gpu_count)
    return tuple(found[level] for level in levels)
