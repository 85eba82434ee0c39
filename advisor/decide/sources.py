"""Where the engine gets estimates and prices from. Tests hand in their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from advisor.terms import Terms

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device, Model
    from advisor.cost.record import ApiCost, Offer, OfferKind, ServingCost
    from advisor.estimator.record import Estimate
    from advisor.usecase import UseCase
    from advisor.workload import Workload


@dataclass(frozen=True)
class Sources:
    """Four functions: estimates of a model on devices, offers of a device, costs, hosted APIs."""

    estimates: Callable[[Model, Sequence[Device], Workload], Mapping[str, Estimate]]
    offers: Callable[[str, Sequence[OfferKind]], list[Offer]]
    client_offer: Callable[[str], Offer]
    serving: Callable[[Estimate, UseCase, Offer, float, int], ServingCost]
    apis: Callable[[UseCase], list[ApiCost]]


def default_sources(catalog: Catalog, as_of: date, terms: Terms | None = None) -> Sources:
    """The program's own estimator and cost model, with the prices that the client states.

    Raises UnknownName for a device or region in the terms that the catalog does not hold.
    """
    from advisor.cost.apis import api_costs
    from advisor.cost.owning import owned_offer
    from advisor.cost.serving import serving_cost
    from advisor.cost.stated import regions_of, rented_offers, stated_prices, users_device

    terms = stated_prices(catalog, terms or Terms())
    regions = regions_of(catalog, terms.regions)
    from advisor.estimator import estimate_many

    def estimates(
        model: Model, devices: Sequence[Device], workload: Workload
    ) -> Mapping[str, Estimate]:
        return estimate_many(model, list(devices), workload, catalog=catalog)

    def offers(device: str, kinds: Sequence[OfferKind]) -> list[Offer]:
        owned = owned_offer(catalog, device, terms.owning(device)) if "owned" in kinds else None
        found = rented_offers(catalog, device, as_of, kinds, terms, regions)
        return [*found, *([owned] if owned is not None else [])]

    def serving(
        estimate: Estimate, use_case: UseCase, offer: Offer, outputs: float, slots: int
    ) -> ServingCost:
        return serving_cost(estimate, use_case, offer, outputs, slots=slots)

    return Sources(
        estimates=estimates,
        offers=offers,
        client_offer=lambda device: users_device(catalog, device, terms),
        serving=serving,
        apis=lambda use_case: api_costs(catalog, use_case, as_of),
    )
