"""What adapting the chosen model to own examples would cost, where rules call for it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from advisor.decide.places import CLIENT_PLACES, place_of
from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from advisor.catalog import Adaptation, Catalog, Device, Model
    from advisor.cost.record import Offer
    from advisor.cost.training import TrainingCost
    from advisor.decide.outcome import Outcome
    from advisor.decide.sources import Sources
    from advisor.usecase import UseCase

# Rules that speak for a family because a few or some hundred own examples adapt it.
ADAPTS = frozenset({"DAT102", "DAT103"})
# Ways to make a step smaller; each is slower than the one before it, and fits a cheaper device.
_SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"checkpointing": True},
    {"checkpointing": True, "optimiser": "adamw8bit"},
)


def adaptation_cost(
    use_case: UseCase, chosen: Outcome, catalog: Catalog, sources: Sources
) -> TrainingCost | str | None:
    """One published recipe of the chosen model's adaptation on the cheapest device that holds it.

    None where no rule calls for adapting; why in a sentence where it cannot be costed. Adapters
    come before training all weights: they cost less and leave the base as it is.
    """
    if chosen.view is None or chosen.best is None:
        return None
    if not ADAPTS & {finding.code for finding in chosen.view.findings}:
        return None
    from advisor.cost.training import METHODS

    model = chosen.best.option.model
    ways = [way for way in catalog.adaptations_of(model) if way.trains in METHODS]
    ways.sort(key=lambda way: (way.trains != "low-rank", way.id))
    offers, reason = _offers(use_case, catalog, sources), "no recipe of it prints its steps"
    for way in ways:
        cost = _cheapest(way, model, offers, catalog)
        if isinstance(cost, str):
            reason = cost
        elif cost is not None:
            return cost
    return f"What adapting {model.name} to own examples costs is not known: {reason}."


def _cheapest(
    way: Adaptation,
    model: Model,
    devices: list[tuple[Device, list[Offer]]],
    catalog: Catalog,
) -> TrainingCost | str | None:
    """The cheapest run of a way's recipe over settings and offers that fit; or why not."""
    from advisor.cost.training import TrainingRun, method_of, steps_of_recipe, training_cost
    from advisor.estimator.training import estimate_training

    recipe = steps_of_recipe(way, model.id)
    if recipe is None:
        return None
    setting, steps = recipe
    asked: dict[str, Any] = {"method": method_of(way), "batch": setting.batch or 1}
    asked |= {"rank": setting.rank} if setting.rank else {}
    if setting.catalog_model == model.id and setting.resolution_px and "width" in model.axes:
        asked |= {"width": setting.resolution_px, "height": setting.resolution_px}
    run, found, reason = TrainingRun(steps), [], "no device with a price holds a step of it"
    for settings, (device, offers) in product(_SETTINGS, devices):
        try:
            estimate = estimate_training(
                model, device, on_demand=False, catalog=catalog, **asked, **settings
            )
        except AdvisorError as error:
            reason = str(error)
            continue
        if estimate.fits:
            found += [training_cost(estimate, run, offer) for offer in offers]
    return min(found, key=lambda cost: (cost.usd.value, cost.offer.id), default=reason)


def _offers(
    use_case: UseCase, catalog: Catalog, sources: Sources
) -> list[tuple[Device, list[Offer]]]:
    """Devices to train on with their offers. Nobody trains on a phone: there, in the cloud."""
    if use_case.placement in CLIENT_PLACES:
        use_case = use_case.model_copy(update={"placement": "cloud", "devices": []})
    place = place_of(use_case, catalog)
    kinds = tuple(kind for kind in place.kinds if kind != "spot")
    listed = (
        (device, [o for o in sources.offers(device.id, kinds) if o.market in ("list", "own")])
        for device in place.devices
    )
    return [(device, offers) for device, offers in listed if offers]
