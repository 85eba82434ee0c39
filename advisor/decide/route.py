"""How to get it: run a model, buy a hosted API, use nothing generative, or do not build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.assessment import Route
from advisor.figure import significant
from advisor.limits import limit_s, time_limit
from advisor.rules.reading import is_generative, seconds_text

if TYPE_CHECKING:
    from advisor.cost.record import ApiCost
    from advisor.decide.judge import Judgement
    from advisor.decide.outcome import Outcome
    from advisor.figure import Figure
    from advisor.usecase import UseCase


def route_of(judgement: Judgement, chosen: Outcome, apis: list[ApiCost]) -> Route:
    """Buying wins where the cheapest API costs less than the cheapest way to run anything that is
    feasible, interval included, or where there is nothing to run. Cheapest against cheapest, as
    quality is never compared: what must be checked before buying is listed.
    """
    if chosen.view is None:
        return Route(kind="do-not-build", sentence="As specified, do not build this.")
    if not is_generative(chosen.view.family):
        said = "Nothing generative is needed: retrieve, fill in, render or classify."
        return Route(kind="nothing-generative", sentence=said)
    api = _buyable(judgement.use_case, apis)
    if api is not None and (chosen.best is None or _beats_all(api, judgement)):
        return _buy(judgement.use_case, api, _own_usd(chosen))
    return _run(chosen, api, _own_usd(chosen))


def _beats_all(api: ApiCost, judgement: Judgement) -> bool:
    """Is it cheaper than every option that is open, and is there a price to compare with?"""
    options = [one for view in judgement.feasible for one in view.open]
    lows = [one.cost.usd_per_output.low for one in options if one.cost is not None]
    return bool(lows) and api.usd_per_output.high < min(lows)


def _buyable(use_case: UseCase, apis: list[ApiCost]) -> ApiCost | None:
    """The cheapest API that may be bought at all: in the cloud, not per frame, with a fresh price.

    A stream of frames cannot be shown to hold through a vendor's queue and the public network; a
    ban on pre-trained models bans a vendor's too.
    """
    limit = time_limit(use_case)
    live = limit is not None and (limit[0] == "per-frame" or use_case.latency.experience == "live")
    if use_case.placement != "cloud" or use_case.devices or live:
        return None
    if use_case.licence == "no-pretrained":
        return None
    fresh = [api for api in apis if not api.stale]
    return min(
        fresh, key=lambda one: (one.usd_per_output.value, one.provider, one.model), default=None
    )


def _own_usd(chosen: Outcome) -> Figure | None:
    """What running the chosen option costs; a user's own device costs the provider nothing."""
    cost = chosen.best.cost if chosen.best else None
    return None if cost is None else cost.usd_per_output


def _buy(use_case: UseCase, api: ApiCost, own: Figure | None) -> Route:
    name = f"{api.provider} {api.model}"
    price = f"{api.usd_per_output.value:.3g} USD per output ({api.as_of_text})"
    if own is None:
        said = f"Buy the hosted API {name} at {price}: nothing of the catalog can be run here."
    else:
        said = (
            f"Buy the hosted API {name} at {price}: at this volume nothing that can be run oneself "
            f"is cheaper, the recommended model costs {significant(own.low)} to "
            f"{significant(own.high)}; quality is not compared."
        )
    return Route(
        kind="buy-hosted-api",
        sentence=said,
        provider=api.provider,
        api_model=api.model,
        own_usd_per_output=own,
        api_usd_per_output=api.usd_per_output,
        conditions=_to_check(use_case, api),
    )


def _to_check(use_case: UseCase, api: ApiCost) -> list[str]:
    """What a price list does not say and the vendor has to show."""
    said = ["Compare its outputs with the chosen model's on your own inputs before signing."]
    seconds = limit_s(use_case)
    if seconds is not None:
        share = use_case.latency.percentile
        said.append(
            f"Measure its response: p{share} within {seconds_text(seconds)}; no price list says."
        )
    controls = [one for one in use_case.controls if one != "prompt"]
    if controls:
        said.append(f"Confirm that it offers the controls asked for: {', '.join(controls)}.")
    if use_case.must_keep != "nothing":
        said.append(f"Confirm that it keeps what must stay: {use_case.must_keep}.")
    if use_case.licence == "licensed-data":
        said.append("Get licensed training data and indemnity in the contract.")
    return [*said, *(f"{note[:1].upper()}{note[1:]}." for note in api.notes[:2])]


def _run(chosen: Outcome, api: ApiCost | None, own: Figure | None) -> Route:
    family = chosen.view.family.name if chosen.view else ""
    if chosen.best is None:
        said = f"Build with {family}; no published model of it can be run here as it is."
    else:
        option = chosen.best.option
        said = f"Run {option.model.name} on {option.device.name}."
    if api is not None and own is not None:
        word = "about as much"
        if api.usd_per_output.low > own.high:
            word = "more"
        elif api.usd_per_output.high < own.low:
            word = "less, smaller models run oneself cost less still, quality is not compared"
        said += (
            f" The cheapest hosted API, {api.provider} {api.model}, costs {word} "
            f"({api.usd_per_output.value:.3g} against {significant(own.value)} USD per output)."
        )
    return Route(
        kind="run-it",
        sentence=said,
        provider=api.provider if api else None,
        api_model=api.model if api else None,
        own_usd_per_output=own,
        api_usd_per_output=api.usd_per_output if api else None,
    )
