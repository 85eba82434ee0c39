"""The cost tree of a service: each line is quantity x unit price, or says what it depends on.

The lines with a sum add up to the monthly total. What the user has not said (wages, minutes per
item) gets a line without a sum, never an invented one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.cost.demand import basis_of
from advisor.cost.fleet import Numbers
from advisor.cost.policy import ServingPolicy
from advisor.cost.record import DAYS_PER_MONTH, CostLine, Offer
from advisor.estimator.record import Estimate
from advisor.figure import Basis, Figure, weakest
from advisor.usecase import UseCase

if TYPE_CHECKING:
    from advisor.cost.serving import ServingCase

_JOULES_PER_KWH = 3.6e6


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
    """All lines of the month, those with a sum first."""
    hours = _instance_hours(now, low, high, basis, offer)
    if offer.kind == "client-device":
        lines = [_client_line(offer)]
    elif offer.parts:
        lines = _owned_lines(offer, hours)
    else:
        label = "GPU instances, always on"
        if case.demand.batch_window_s is not None:
            label = "GPU instances, while the day's batch runs"
        lines = [_priced(label, hours, "instance-hours", _price(offer), offer)]
    if offer.kind == "spot":
        lines.append(_interruptions(offer, policy, now, low, high))
    if offer.kind == "owned":
        lines.append(_open_line("operations: depends on people, space and support", "USD/month"))
    lines += _people_lines(use_case)
    if offer.kind in ("on-demand", "spot"):
        lines.append(
            _open_line(
                "storage and egress: depends on the size of outputs and the provider's tariff",
                "GB/month",
            )
        )
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


def _price(offer: Offer) -> Figure:
    return Figure.exact(
        offer.usd_per_hour, "USD/instance-hour", Basis.priced, offer.source, offer.as_of
    )


def _priced(label: str, quantity: Figure, unit: str, price: Figure, offer: Offer) -> CostLine:
    usd = Figure(
        value=quantity.value * price.value,
        low=quantity.low * price.low,
        high=quantity.high * price.high,
        unit="USD/month",
        basis=weakest([quantity.basis, price.basis]),
        source=f"{quantity.source}, at {offer.id}",
        as_of=price.as_of,
    )
    return CostLine(label=label, quantity=quantity, unit=unit, unit_price_usd=price, usd=usd)


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
    return _priced("hours lost to interruptions", hours, "instance-hours", _price(offer), offer)


def _owned_lines(offer: Offer, hours: Figure) -> list[CostLine]:
    """Depreciation, electricity, operations: the parts carry the price interval in proportion."""
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
            basis=Basis.assumed,
            source=offer.source,
            as_of=offer.as_of,
        )
        lines.append(_priced(name, hours, "instance-hours", price, offer))
    return lines


def _client_line(offer: Offer) -> CostLine:
    zero = Figure.exact(0.0, "USD/month", Basis.assumed, offer.source)
    return CostLine(
        label="users' own devices",
        quantity=None,
        unit="devices",
        unit_price_usd=None,
        usd=zero,
        note=offer.notes[0] if offer.notes else "",
    )


def _people_lines(use_case: UseCase) -> list[CostLine]:
    """Hours of people. The hourly rate is not asked for, so no line of these has a sum."""
    lines = []
    stated = use_case.model_fields_set
    if use_case.review_minutes_per_item > 0:
        lines.append(_people(use_case, "review", "review_minutes_per_item"))
    elif use_case.reviewer == "human":
        lines.append(_open_line("review: depends on minutes per item and hourly rate", "h/month"))
    if "cleanup_minutes_per_item" not in stated:
        lines.append(_open_line("clean-up: depends on minutes per item and hourly rate", "h/month"))
    elif use_case.cleanup_minutes_per_item > 0:
        lines.append(_people(use_case, "clean-up", "cleanup_minutes_per_item"))
    return lines


def _people(use_case: UseCase, name: str, field: str) -> CostLine:
    minutes: float = getattr(use_case, field)
    hours = use_case.volume_per_day * DAYS_PER_MONTH * minutes / 60
    basis = weakest(basis_of(use_case, "volume_per_day", field))
    source = f"{use_case.volume_per_day:g} items a day x {minutes:g} min x {DAYS_PER_MONTH:g} days"
    return CostLine(
        label=f"{name}: depends on the hourly rate, which nobody stated",
        quantity=Figure.exact(hours, "h/month", basis, source),
        unit="h/month",
        unit_price_usd=None,
        usd=None,
        note="multiply by your own hourly rate",
    )


def _open_line(label: str, unit: str) -> CostLine:
    return CostLine(
        label=f"{label}, which nobody stated",
        quantity=None,
        unit=unit,
        unit_price_usd=None,
        usd=None,
    )


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
