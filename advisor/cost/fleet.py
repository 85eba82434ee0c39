"""The light inner function: from seconds per job to GPUs, instances, USD. Floats only.

The decision calls it hundreds of times to find flip points; `serving.py` wraps it in figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from advisor.cost.demand import SECONDS_PER_DAY, Demand
from advisor.cost.policy import ServingPolicy
from advisor.cost.queueing import response_p95_s, wait_percentile_s
from advisor.cost.record import DAYS_PER_MONTH, HOURS_PER_MONTH


@dataclass(frozen=True, slots=True)
class Service:
    """How long one GPU takes, and what an hour of an instance costs.

    request_s: one request (batch). first_output_s: until its first piece. outputs_per_request:
    generations that one request makes; under 1 where a generation needs several requests in turn.
    frames: pieces in one request that a per-frame limit divides by. slots: requests that one GPU
    has under way at once, each taking request_s (continuous batching of language models: a request
    joins the running batch at the next token). shared: False where each user has a device of their
    own. stoppable: rented by the hour, so that it costs nothing while it is off.
    """

    request_s: float
    first_output_s: float
    outputs_per_request: float
    batch: int
    frames: int
    gpu_count: int
    usd_per_hour: float
    overhead: float = 0.0
    slots: int = 1
    shared: bool = True
    stoppable: bool = True

    @property
    def job_s(self) -> float:
        return self.request_s / min(1.0, self.outputs_per_request)

    def jobs_per_s(self, generations_per_s: float) -> float:
        return generations_per_s / max(1.0, self.outputs_per_request)


class Numbers(NamedTuple):
    """One fleet in floats.

    response_s: of the kind and percentile that the use case limits. p95_s: the whole, 95th.
    """

    jobs_per_s: float
    gpus_needed: int
    instances: int
    utilisation: float
    response_s: float
    p95_s: float
    within_limit: bool
    usd_per_month: float
    usd_per_item: float
    instance_hours: float  # per month, before hours lost to interruptions


def serving_numbers(service: Service, demand: Demand, policy: ServingPolicy) -> Numbers:
    """The smallest fleet of whole instances that carries the peak, and what it costs.

    Instances run all month, unless a day's work may be done in one go (`batch_window_s`). Where no
    number of GPUs meets the limit (one job alone is too long) the fleet is sized by utilisation
    and `within_limit` is False.
    """
    jobs = service.jobs_per_s(peak_generations_per_s(service, demand))
    alone_s = job_latency_s(service, demand)
    if not service.shared:
        fits = demand.limit_s is None or alone_s <= demand.limit_s
        return Numbers(jobs, 0, 0, 1.0, alone_s, service.job_s, fits, 0.0, 0.0, 0.0)
    window_s = demand.batch_window_s
    if window_s is not None and service.stoppable:
        return _batch_numbers(service, demand, policy, window_s)
    gpus = gpus_for(service, demand, policy, jobs, alone_s)
    instances = math.ceil(gpus / service.gpu_count)
    running = instances * service.gpu_count
    response = alone_s + queue_s(service, demand, policy, jobs, running)
    whole = (service.job_s, jobs, running * service.slots, 95.0, policy.service_scv)
    hours = instances * HOURS_PER_MONTH
    usd = hours * service.usd_per_hour * (1 + service.overhead)
    return Numbers(
        jobs,
        gpus,
        instances,
        jobs * service.job_s / (running * service.slots),
        response,
        _with_batching(service, response_p95_s(*whole) - service.job_s) + service.job_s,
        demand.limit_s is None or response <= demand.limit_s,
        usd,
        usd / (demand.volume_per_day * DAYS_PER_MONTH),
        hours,
    )


def _batch_numbers(
    service: Service, demand: Demand, policy: ServingPolicy, window_s: float
) -> Numbers:
    """A day's work done in one go: machines start, work it off within the window, and stop.

    The response is that of the last item. No peak counts: what arrives is gathered first.
    """
    jobs = service.jobs_per_s(demand.generations_per_s)
    work_s = jobs * SECONDS_PER_DAY * service.job_s / service.slots
    working_s = max(window_s * policy.utilisation_cap - policy.startup_s, service.job_s)
    gpus = max(1, math.ceil(work_s / working_s - 1e-9))
    instances = math.ceil(gpus / service.gpu_count)
    running = instances * service.gpu_count
    run_s = policy.startup_s + max(work_s / running, service.job_s)
    hours = instances * run_s / 3600 * DAYS_PER_MONTH
    usd = hours * service.usd_per_hour * (1 + service.overhead)
    return Numbers(
        jobs,
        gpus,
        instances,
        work_s / running / run_s,
        run_s,
        run_s,
        demand.limit_s is None or run_s <= demand.limit_s,
        usd,
        usd / (demand.volume_per_day * DAYS_PER_MONTH),
        hours,
    )


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
    return service.job_s


def queue_s(
    service: Service, demand: Demand, policy: ServingPolicy, jobs_per_s: float, gpus: int
) -> float:
    """Waiting at the demand's percentile, seconds.

    A limit per frame of a clip concerns the pace once it runs: no waiting in it. In batches a free
    GPU takes what waits, so all GPUs may have just left with small batches and a request waits up
    to one job even at low load: that is taken as the least wait (simulated in the tests).
    """
    if demand.latency_kind == "per-frame" and service.frames > 1:
        return 0.0
    wait = _excess_s(service, demand, policy, jobs_per_s, gpus)
    return _with_batching(service, wait)


def _with_batching(service: Service, wait_s: float) -> float:
    waits_for_batch = service.batch > 1 and service.slots == 1
    return max(wait_s, service.job_s) if waits_for_batch else wait_s


def _excess_s(
    service: Service, demand: Demand, policy: ServingPolicy, jobs_per_s: float, gpus: int
) -> float:
    servers = gpus * service.slots
    load = (service.job_s, jobs_per_s, servers, demand.percentile, policy.service_scv)
    if demand.latency_kind == "first-output":
        return wait_percentile_s(*load)
    return response_p95_s(*load) - service.job_s


def gpus_for(
    service: Service, demand: Demand, policy: ServingPolicy, jobs_per_s: float, alone_s: float
) -> int:
    """The fewest GPUs under the utilisation cap that also keep the limit, if it can be kept."""
    busy = jobs_per_s * service.job_s / service.slots
    floor = max(1, math.ceil(busy / policy.utilisation_cap - 1e-9))
    if demand.limit_s is None or alone_s > demand.limit_s:
        return floor
    budget = demand.limit_s - alone_s

    def enough(gpus: int) -> bool:
        return queue_s(service, demand, policy, jobs_per_s, gpus) <= budget

    if enough(floor):
        return floor
    short, many = floor, 2 * floor
    while not enough(many):
        if many > 1_000_000 + 4 * floor:  # the limit leaves no room to wait at all
            return floor
        short, many = many, 2 * many
    while many - short > 1:
        middle = (short + many) // 2
        short, many = (short, middle) if enough(middle) else (middle, many)
    return many
