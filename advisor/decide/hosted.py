"""Own serving against the hosted APIs of the same modality: where the costs cross."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.assessment import FlipPoint
from advisor.figure import significant

if TYPE_CHECKING:
    from advisor.cost.record import ApiCost
    from advisor.decide.outcome import Outcome
    from advisor.figure import Figure
    from advisor.usecase import UseCase


def hosted_flip(
    use_case: UseCase, chosen: Outcome, apis: list[ApiCost]
) -> tuple[list[FlipPoint], list[str]]:
    """The volume at which own serving and the cheapest API cost the same, or why there is none.

    Returns flip points (at most one) and sentences for the case that the API is cheaper at every
    volume. Vendors' models are other models: quality is not compared.
    """
    from advisor.cost.break_even import break_even_volume_per_day
    from advisor.cost.economics import cheapest_api
    from advisor.cost.serving import serving_case

    option = chosen.best.option if chosen.best else None
    if option is None or option.offer is None or option.offer.kind == "client-device":
        return [], []
    api = cheapest_api(apis)
    if api is None:
        return [], []
    fit = option.fit
    case = serving_case(
        option.estimate, use_case, option.offer, fit.outputs_per_request, slots=fit.slots
    )
    even = break_even_volume_per_day(case, api)
    if even is None:
        price = f"{api.usd_per_output.value:.3g} USD per output"
        return [], [
            f"The hosted API {api.provider} {api.model} ({price}) is cheaper at every volume than "
            f"{option.model.name} on {option.device.name}; quality is not compared."
        ]
    return [_flip(use_case.volume_per_day, even, option.model.name, api)], []


def _flip(now: float, even: Figure, model: str, api: ApiCost) -> FlipPoint:
    hosted, above = f"the hosted API {api.provider} {api.model}", even.value > now
    ends = f"{significant(even.low)} to {significant(even.high)}"
    span = f"{significant(even.value, 3)} items a day ({ends})"
    if above:
        said = f"From {span} running {model} oneself is cheaper than {hosted}"
    else:
        said = f"Below {span} {hosted} is cheaper"
    return FlipPoint(
        field="volume_per_day",
        unit="items/day",
        current=now,
        threshold=even.value,
        direction="above" if above else "below",
        becomes=f"own serving of {model}" if above else hosted,
        sentence=f"{said}; quality is not compared.",
        factor=max(even.value / now, now / even.value),
        changes="serve-or-buy",
    )
