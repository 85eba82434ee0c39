"""The money page of a recommendation, from its cost, the other offers and the hosted services."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from advisor.catalog import Catalog
from advisor.cost.amounts import sizes_of
from advisor.cost.carbon import carbon_of
from advisor.cost.demand import basis_of
from advisor.cost.money import BreakEven, Money, PriceAge, UnitCosts
from advisor.cost.offers import max_age_days
from advisor.cost.record import DAYS_PER_MONTH, ApiCost, Offer, ServingCost
from advisor.cost.serving import serving_case
from advisor.cost.spread import Sample, percentiles, sample_month, spread_of
from advisor.cost.ways import break_even
from advisor.estimator.record import Estimate
from advisor.figure import Basis, Figure, significant, weakest
from advisor.terms import RUN_MONTHS
from advisor.usecase import UseCase

_SOUND = frozenset({"speech", "music", "audio"})


def money_of(
    catalog: Catalog,
    use_case: UseCase,
    estimate: Estimate,
    cost: ServingCost,
    offers: Sequence[Offer],
    apis: Sequence[ApiCost],
    as_of: date,
    *,
    candidate: str,
    outputs_per_request: float = 1.0,
    slots: int = 1,
) -> Money:
    """Unit costs with their spread, price age, carbon, and the other ways of buying.

    offers: of the same device, best to quote first; the cost's own offer need not be among them.
    apis: hosted services at the same volume. Same input, same bytes.
    """
    case = serving_case(estimate, use_case, cost.offer, outputs_per_request, slots=slots)
    sample = sample_month(case, cost, use_case)
    spread = spread_of(sample, cost, use_case)
    others = [cost.offer, *(offer for offer in _one_per_way(offers, cost.offer))]
    curves: BreakEven | None = None
    if cost.offer.kind != "client-device":
        cases = [
            (each, serving_case(estimate, use_case, each, outputs_per_request, slots=slots))
            for each in others
        ]
        operations = use_case.terms.operations_usd_per_month or 0.0
        hosted = cheapest_api(apis)
        curves = break_even(cases, hosted, use_case.volume_per_day, operations)
    return Money(
        candidate=candidate,
        unit_costs=_unit_costs(use_case, estimate, cost, sample),
        spread=spread,
        price_age=price_age(cost.offer, as_of),
        carbon=carbon_of(catalog, cost, use_case.terms),
        break_even=curves,
        notes=_notes(cost, use_case),
    )


def cheapest_api(apis: Sequence[ApiCost]) -> ApiCost | None:
    """The hosted service to compare with: the cheapest with a fresh price, else the cheapest."""
    fresh = [api for api in apis if not api.stale] or list(apis)
    return min(
        fresh, key=lambda one: (one.usd_per_output.value, one.provider, one.model), default=None
    )


def _one_per_way(offers: Sequence[Offer], own: Offer) -> list[Offer]:
    """The first offer of each other way of buying: on demand, committed, spot, serverless, own."""

    def way(offer: Offer) -> str:
        return offer.market if offer.market == "serverless" else offer.kind

    first: dict[str, Offer] = {}
    for offer in offers:
        quoted = offer.market in ("list", "own", "serverless")
        if quoted and way(offer) != way(own) and offer.kind != "client-device":
            first.setdefault(way(offer), offer)
    return list(first.values())


def _unit_costs(
    use_case: UseCase, estimate: Estimate, cost: ServingCost, sample: Sample
) -> UnitCosts:
    month = percentiles(sample.month, cost.usd_per_month)
    item = percentiles(sample.month / _items(use_case), cost.usd_per_output)
    run = _run_months(use_case)
    return UnitCosts(
        per_generation=_per_generation(use_case, cost, sample),
        per_item=item,
        per_1000_items=item.times(1000, "USD/1000 outputs"),
        per_minute_of_audio=_per_length(use_case, estimate, item, sound=True),
        per_second_of_video=_per_length(use_case, estimate, item, sound=False),
        per_month=month,
        per_run=month.times(run.value, "USD").model_copy(
            update={
                "basis": weakest([month.basis, run.basis]),
                "source": f"{month.source}, {run.value:g} months ({run.source})",
            }
        ),
        run_months=run,
        upfront=_upfront(cost, use_case),
    )


def _items(use_case: UseCase) -> float:
    return use_case.volume_per_day * DAYS_PER_MONTH


def _per_generation(use_case: UseCase, cost: ServingCost, sample: Sample) -> Figure:
    """Machines over generations, accepted or not."""
    machines = [line.usd.value for line in cost.lines if line.kind == "machines" and line.usd]
    generations = _items(use_case) * sample.quantities["takes"].value
    central = cost.usd_per_output.model_copy(
        update={
            "value": math.fsum(machines) / generations,
            "unit": "USD/generation",
            "source": f"machines of {cost.usd_per_month.source} over all generations",
        }
    )
    return percentiles(sample.machines / sample.generations, central)


def _per_length(
    use_case: UseCase, estimate: Estimate, item: Figure, *, sound: bool
) -> Figure | None:
    """Per minute of audio or second of video; None where the output is neither, or of no length."""
    first = use_case.outputs[0]
    if (first not in _SOUND) if sound else (first != "video"):
        return None
    sizes = sizes_of(use_case, estimate.workload)
    if sizes.seconds is None:
        return None
    per_unit = (60.0 if sound else 1.0) / (sizes.seconds * use_case.samples_per_input)
    unit = "USD/minute of audio" if sound else "USD/second of video"
    return item.times(per_unit, unit).model_copy(
        update={
            "basis": weakest([item.basis, sizes.seconds_basis]),
            "source": f"{item.source}, {sizes.seconds:g} s each ({sizes.source})",
        }
    )


def _run_months(use_case: UseCase) -> Figure:
    stated = use_case.terms.run_months
    if stated is not None:
        return Figure.exact(stated, "months", Basis.asked, "as given by you")
    return Figure.exact(RUN_MONTHS, "months", Basis.assumed, "a year, nobody stated how long")


def _upfront(cost: ServingCost, use_case: UseCase) -> Figure | None:
    """Cash for hardware: a whole fleet at the price of its GPUs, or the users' devices."""
    price = cost.offer.purchase_usd
    if price is None:
        return None
    if cost.offer.kind == "owned":
        count = float(cost.instances * cost.offer.gpu_count)
        told = f"{cost.instances} x {cost.offer.gpu_count} GPU"
    else:
        count = float(use_case.terms.edge_devices or 0)
        told = f"{count:g} devices"
    return price.times(count, "USD").model_copy(update={"source": f"{told}, {price.source}"})


def price_age(offer: Offer, as_of: date) -> PriceAge:
    """How old the price is, with the sentence that the first page prints if it is too old."""
    limit = max_age_days(offer)
    days = None if offer.as_of is None else (as_of - offer.as_of).days
    market = offer.kind == "spot" or offer.market == "marketplace"
    stale_market = offer.stale and market
    return PriceAge(
        days=days,
        limit_days=limit,
        stale=offer.stale,
        stale_market=stale_market,
        sentence=_age_sentence(offer, days, limit, market) if offer.stale else None,
    )


def _age_sentence(offer: Offer, days: int | None, limit: int, market: bool) -> str:
    what = (
        "a spot price" if offer.kind == "spot" else "a marketplace price" if market else "a price"
    )
    age = "without a date" if days is None else f"{days} days old, {limit} allowed"
    told = f"The cost rests on {what} {age} ({offer.id})"
    low, high = offer.usd_per_gpu_hour_low, offer.usd_per_gpu_hour_high
    if low is not None and high is not None:
        span = f"{significant(low)} to {significant(high)} USD per GPU-hour"
        told += f": {span} is counted, not one figure"
    return f"{told}. Confirm it before quoting."


def _notes(cost: ServingCost, use_case: UseCase) -> list[str]:
    """What the figures leave out, and in which money they are."""
    notes = []
    terms = use_case.terms
    if terms.currency != "USD":
        notes.append(
            f"prices are in USD; {terms.currency} at {terms.rate:g} per USD, as given by you"
        )
    missing = [line.label for line in cost.lines if line.usd is None]
    notes += [f"not in any total: {label}" for label in missing]
    if cost.offer.kind == "owned":
        notes.append("the purchase is paid at once; the month counts its write-off")
    if basis_of(use_case, "volume_per_day") == [Basis.assumed]:
        notes.append("the volume is a default that nobody confirmed")
    return notes
