"""The cost tree of a service: each line is quantity x unit price, or says what it depends on.

The lines with a sum add up to the monthly total. What the user has not said (wages, minutes per
item) gets a line without a sum, never an invented one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.cost.fleet import Numbers
from advisor.cost.policy import ServingPolicy
from advisor.cost.record import DAYS_PER_MONTH, CostLine, Offer
from advisor.cost.side_lines import (
    devices_line,
    operations_line,
    people_lines,
    product_line,
    storage_lines,
)
from advisor.estimator.record import Estimate
from advisor.figure import Basis, Figure, weakest
from advisor.usecase import UseCase

if TYPE_CHECKING:
    from advisor.cost.serving import ServingCase

_JOULES_PER_KWH = 3.6e6
RENTED = ("on-demand", "committed", "spot")


def cost_lines(
    use_case: UseCase,
    offer: Offer,
    policy: ServingPolicy,
    case: ServingCase,
    now: Numbers,
    low: Numbers,
    high: Numbers,
    basis: Basis,
) -> list[CostLine]:
    """All lines of the month, those of the machines first."""
    hours = _instance_hours(now, low, high, basis, offer)
    if offer.kind == "client-device":
        lines = [devices_line(offer, use_case)]
    elif offer.parts:
        lines = _owned_lines(offer, hours)
    else:
        label = "GPU instances, always on"
        if case.demand.batch_window_s is not None and case.value.stoppable:
            label = "GPU instances, while the day's batch runs"
        elif policy.autoscale:
            label = "GPU instances, following the hours of the day"
        lines = [product_line(label, "machines", hours, "instance-hours", instance_price(offer))]
    if offer.kind == "spot":
        lines.append(_interruptions(offer, policy, now, low, high))
    if offer.kind == "owned":
        lines.append(operations_line(use_case))
    lines += people_lines(use_case)
    if offer.kind in RENTED or use_case.terms.stored_mb_per_item is not None:
        lines += storage_lines(use_case)
    return lines


def _instance_hours(
    now: Numbers, low: Numbers, high: Numbers, basis: Basis, offer: Offer
) -> Figure:
    ends = sorted(n.instance_hours for n in (low, now, high))
    each = now.instance_hours / now.instances if now.instances else 0.0
    return Figure(
        value=now.instance_hours,
        low=ends[0],
        high=ends[2],
        unit="instance-hours/month",
        basis=basis,
        source=f"{now.instances} x {each:.4g} h, {offer.gpu_count} GPU each",
    )


def instance_price(offer: Offer) -> Figure:
    """USD for an hour of the whole instance, with its range where the price is stale."""
    low, high = offer.usd_per_gpu_hour_low, offer.usd_per_gpu_hour_high
    return Figure(
        value=offer.usd_per_hour,
        low=offer.usd_per_hour if low is None else low * offer.gpu_count,
        high=offer.usd_per_hour if high is None else high * offer.gpu_count,
        unit="USD/instance-hour",
        basis=offer.basis,
        source=f"{offer.id}: {offer.source}",
        as_of=offer.as_of,
    )


def _interruptions(
    offer: Offer, policy: ServingPolicy, now: Numbers, low: Numbers, high: Numbers
) -> CostLine:
    ends = (
        low.instance_hours * policy.spot_overhead_low,
        now.instance_hours * policy.spot_overhead,
        high.instance_hours * policy.spot_overhead_high,
    )
    hours = Figure(
        value=ends[1],
        low=min(ends),
        high=max(ends),
        unit="instance-hours/month",
        basis=policy.basis("spot_overhead"),
        source=policy.source("spot_overhead"),
    )
    return product_line(
        "hours lost to interruptions", "machines", hours, "instance-hours", instance_price(offer)
    )


def _owned_lines(offer: Offer, hours: Figure) -> list[CostLine]:
    """Depreciation and electricity: the parts carry the price interval in proportion."""
    low = (offer.usd_per_gpu_hour_low or offer.usd_per_gpu_hour) / offer.usd_per_gpu_hour
    high = (offer.usd_per_gpu_hour_high or offer.usd_per_gpu_hour) / offer.usd_per_gpu_hour
    lines = []
    for name, usd_per_gpu_hour in offer.parts.items():
        usd = usd_per_gpu_hour * offer.gpu_count
        price = Figure(
            value=usd,
            low=usd * low,
            high=usd * high,
            unit="USD/instance-hour",
            basis=offer.basis,
            source=f"{offer.id}: {offer.source}",
            as_of=offer.as_of,
        )
        lines.append(product_line(name, "machines", hours, "instance-hours", price))
    return lines


def energy_kwh_per_month(estimate: Estimate, case: ServingCase, basis: Basis) -> Figure | None:
    """Energy of the GPUs while they generate; None where the estimate knows no energy.

    Idle GPUs, hosts and cooling are not in it.
    """
    if estimate.energy_j is None:
        return None
    demand = case.demand
    requests = demand.volume_per_day * demand.generations_per_item * DAYS_PER_MONTH
    requests /= case.value.outputs_per_request * case.value.slots
    energy = estimate.energy_j.times(requests / _JOULES_PER_KWH, "kWh/month")
    return energy.model_copy(
        update={
            "basis": weakest([energy.basis, basis]),
            "source": f"{energy.source}; GPUs while generating, without idling, hosts and cooling",
        }
    )
