"""Percentiles under load and what scaling takes, as figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.cost.fleet import Numbers, Service, serving_numbers, whole_s
from advisor.cost.queueing import accuracy, wait_percentile_s
from advisor.cost.record import Offer, Scaling, UnderLoad
from advisor.cost.sizing import batching_s, hourly_instances, load_of
from advisor.figure import Basis, Figure, weakest

if TYPE_CHECKING:
    from advisor.cost.serving import ServingCase

UNCHECKED = "not checked against simulation at this load: use --simulate"
BATCHED = "an upper estimate, up to 3.5 times simulation: batches wait for one another"


def under_load(
    case: ServingCase, ends: tuple[Numbers, Numbers, Numbers], basis: Basis, source: str
) -> UnderLoad | None:
    """Closed-form percentiles of the whole response at the peak; None where nothing queues.

    `ends`: fleets at the low, central and high latency; each keeps its own size.
    """
    now = ends[1]
    if not case.value.shared or _runs_as_batch(case):
        return None

    def figure(percentile: float, read: Callable[[Service, Numbers, float], float]) -> Figure:
        services = zip((case.low, case.value, case.high), ends, strict=True)
        found = [read(service, numbers, percentile) for service, numbers in services]
        return Figure(
            value=found[1],
            low=min(found),
            high=max(found),
            unit="s",
            basis=basis,
            source=f"p{percentile:g} under the peak, {source}",
        )

    def whole(service: Service, numbers: Numbers, percentile: float) -> float:
        args = (case.demand, case.policy, numbers.jobs_per_s, numbers.running)
        return whole_s(service, *args, percentile)

    def wait(service: Service, numbers: Numbers, percentile: float) -> float:
        load = load_of(service, case.demand, case.policy, numbers.jobs_per_s, numbers.running)
        if service.batches:
            return batching_s(service, case.policy, load, percentile, case.demand.burst)
        return wait_percentile_s(load, percentile)

    return UnderLoad(
        replicas=now.running,
        spare_replicas=now.instances * case.value.gpu_count - now.running,
        p50_s=figure(50, whole),
        p95_s=figure(95, whole),
        p99_s=figure(99, whole),
        wait_p95_s=figure(95, wait),
        method="closed form",
        accuracy=_accuracy(case, now),
    )


def _accuracy(case: ServingCase, now: Numbers) -> str:
    if case.value.batches:
        return BATCHED if case.demand.burst == 1 else UNCHECKED
    load = load_of(case.value, case.demand, case.policy, now.jobs_per_s, now.running)
    return accuracy(load, 95) or UNCHECKED


def _runs_as_batch(case: ServingCase) -> bool:
    return case.demand.batch_window_s is not None and case.value.stoppable


def scaling_of(case: ServingCase, offer: Offer, basis: Basis, source: str) -> Scaling | None:
    """Times to start a replica; and what instances that follow the day would cost."""
    if not case.value.shared:
        return None
    policy = case.policy
    load = Figure(
        value=case.value.load_s,
        low=case.low.load_s,
        high=case.high.load_s,
        unit="s",
        basis=policy.basis("load_gb_per_s"),
        source=f"weights over the bandwidth of loading: {policy.source('load_gb_per_s')}",
    )
    start = load.model_copy(
        update={
            "value": load.value + policy.startup_s,
            "low": load.low + policy.startup_s,
            "high": load.high + policy.startup_s,
            "basis": weakest([load.basis, policy.basis("startup_s")]),
            "source": f"{policy.source('startup_s')}; {load.source}",
        }
    )
    if not case.demand.hourly or not case.value.stoppable or _runs_as_batch(case):
        return Scaling(model_load_s=load, start_s=start)
    return Scaling(
        model_load_s=load,
        start_s=start,
        hourly_instances=list(hourly_instances(case.value, case.demand, policy)),
        usd_per_month=_following(case, offer, weakest([basis, start.basis]), source),
    )


def _following(case: ServingCase, offer: Offer, basis: Basis, source: str) -> Figure:
    policy = replace(case.policy, autoscale=True)
    months = [
        serving_numbers(service, case.demand, policy).usd_per_month
        for service in (case.low, case.value, case.high)
    ]
    return Figure(
        value=months[1],
        low=min(months),
        high=max(months),
        unit="USD/month",
        basis=basis,
        source=f"instances follow the hours of the day, {source}",
        as_of=offer.as_of,
    )
