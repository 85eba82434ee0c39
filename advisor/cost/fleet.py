"""The light inner function: from seconds per job to GPUs, instances, USD. Floats only.

The decision calls it hundreds of times to find flip points; `serving.py` wraps it in figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from advisor.cost.demand import SECONDS_PER_DAY, Demand
from advisor.cost.policy import ServingPolicy
from advisor.cost.queueing import response_percentile_s
from advisor.cost.record import DAYS_PER_MONTH, HOURS_PER_MONTH
from advisor.cost.sizing import (
    batching_s,
    gpus_for,
    hourly_instances,
    job_latency_s,
    load_of,
    peak_generations_per_s,
    queue_s,
)


@dataclass(frozen=True, slots=True)
class Service:
    """How long one GPU takes, and what an hour of an instance costs.

    request_s: one request (batch). first_output_s: until its first piece. outputs_per_request:
    generations that one request makes; under 1 where a generation needs several requests in turn.
    frames: pieces in one request that a per-frame limit divides by. slots: requests that one GPU
    has under way at once, each taking request_s (continuous batching of language models: a request
    joins the running batch at the next token). shared: False where each user has a device of their
    own. stoppable: rented by the hour, so that it costs nothing while it is off. load_s: reading
    the weights into GPU memory when a replica starts. curve: time of a batch of 1, 2, ... against
    the full one; () = a part-filled batch takes as long as a full one.
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
    load_s: float = 0.0
    curve: tuple[float, ...] = ()

    @property
    def job_s(self) -> float:
        return self.request_s / min(1.0, self.outputs_per_request)

    @property
    def single_s(self) -> float:
        """A job of one request, alone in its batch."""
        return self.job_s * (self.curve[0] if self.curve else 1.0)

    @property
    def batches(self) -> bool:
        """Do requests wait for one another and leave together?"""
        return self.batch > 1 and self.slots == 1

    def jobs_per_s(self, generations_per_s: float) -> float:
        return generations_per_s / max(1.0, self.outputs_per_request)


class Numbers(NamedTuple):
    """One fleet in floats.

    response_s: of the kind and percentile that the use case limits. p95_s: the whole, 95th.
    instances: spares included; utilisation and times are those without the spares, at the peak.
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
    running: int = 0  # GPUs that carry the peak, spares apart


def serving_numbers(service: Service, demand: Demand, policy: ServingPolicy) -> Numbers:
    """The smallest fleet of whole instances that carries the peak, and what it costs.

    Instances run all month, unless they follow the hours of the day (`autoscale`) or a day's work
    may be done in one go (`batch_window_s`). Where no number of GPUs meets the limit (one job alone
    is too long) the fleet is sized by utilisation and `within_limit` is False.
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
    instances = math.ceil(max(gpus, policy.min_replicas) / service.gpu_count)
    running = instances * service.gpu_count
    response = alone_s + queue_s(service, demand, policy, jobs, running)
    spare = math.ceil(policy.spare_replicas / service.gpu_count)
    up = _mean_instances(service, demand, policy, instances) + spare
    hours = up * HOURS_PER_MONTH
    usd = hours * service.usd_per_hour * (1 + service.overhead)
    return Numbers(
        jobs,
        gpus,
        instances + spare,
        jobs * service.job_s / (running * service.slots),
        response,
        whole_s(service, demand, policy, jobs, running, 95),
        demand.limit_s is None or response <= demand.limit_s,
        usd,
        usd / (demand.volume_per_day * DAYS_PER_MONTH),
        hours,
        running,
    )


def whole_s(
    service: Service,
    demand: Demand,
    policy: ServingPolicy,
    jobs_per_s: float,
    gpus: int,
    percentile: float,
) -> float:
    """Seconds from arrival to the whole output at a percentile, whatever the limit is about."""
    load = load_of(service, demand, policy, jobs_per_s, gpus)
    if service.batches:
        return service.single_s + batching_s(service, policy, load, percentile, demand.burst)
    return response_percentile_s(load, percentile)


def _mean_instances(service: Service, demand: Demand, policy: ServingPolicy, at_peak: int) -> float:
    """Instances up over a month's mean hour, spares apart: all, unless they follow the day."""
    if not (policy.autoscale and demand.hourly and service.stoppable):
        return at_peak
    up = hourly_instances(service, demand, policy)
    return sum(up) / len(up)


def _batch_numbers(
    service: Service, demand: Demand, policy: ServingPolicy, window_s: float
) -> Numbers:
    """A day's work done in one go: machines start, work it off within the window, and stop.

    The response is that of the last item. No peak counts: what arrives is gathered first.
    """
    jobs = service.jobs_per_s(demand.generations_per_s)
    work_s = jobs * SECONDS_PER_DAY * service.job_s / service.slots
    working_s = max(
        window_s * policy.utilisation_cap - policy.startup_s - service.load_s, service.job_s
    )
    gpus = max(1, math.ceil(work_s / working_s - 1e-9))
    instances = math.ceil(gpus / service.gpu_count)
    running = instances * service.gpu_count
    run_s = policy.startup_s + service.load_s + max(work_s / running, service.job_s)
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
        running,
    )
