"""Where the engine gets estimates and prices from. Tests hand in their own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, TypeVar

from advisor.paths import data_dir, home_dir
from advisor.terms import Terms

if TYPE_CHECKING:
    from advisor.catalog import Catalog, Device, Model
    from advisor.cost.record import ApiCost, Offer, OfferKind, ServingCost
    from advisor.estimator.record import Estimate
    from advisor.usecase import UseCase
    from advisor.workload import Workload


# What a process that answers many use cases keeps: 34 MB were measured at 364 of them.
KEPT_ESTIMATES = 512
T = TypeVar("T")


class Kept(Generic[T]):
    """The most recently used results of one function, bounded; errors are not kept."""

    def __init__(self, most: int) -> None:
        self._most, self._held = most, OrderedDict[tuple[str, ...], T]()

    def get(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """What `make` gave for this key before, or gives now."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        self._held[key] = made = make()
        if len(self._held) > self._most:
            self._held.popitem(last=False)
        return made


@dataclass(frozen=True)
class Sources:
    """Four functions: estimates of a model on devices, offers of a device, costs, hosted APIs."""

    estimates: Callable[[Model, Sequence[Device], Workload], Mapping[str, Estimate]]
    offers: Callable[[str, Sequence[OfferKind]], list[Offer]]
    client_offer: Callable[[str], Offer]
    serving: Callable[[Estimate, UseCase, Offer, float, int], ServingCost]
    apis: Callable[[UseCase], list[ApiCost]]


@lru_cache(maxsize=2)
def _kept(_catalog: Catalog) -> Kept[Mapping[str, Estimate]]:
    """A catalog's estimates, between use cases: they do not depend on prices or terms."""
    return Kept(KEPT_ESTIMATES)


def _evidence() -> str:
    """Changes whenever a profile is added or replaced: no older estimate is used from then on."""
    folders = [data_dir("profiles"), home_dir() / "profiles"]
    found = [folder for folder in folders if folder.is_dir()]
    found += [entry for folder in found for entry in folder.iterdir() if entry.is_dir()]
    return " ".join(f"{folder}@{folder.stat().st_mtime_ns}" for folder in sorted(found))


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
    made, evidence = _kept(catalog), _evidence()

    def estimates(
        model: Model, devices: Sequence[Device], workload: Workload
    ) -> Mapping[str, Estimate]:
        from advisor.estimator.predictions import Predictions

        key = (evidence, model.id, repr(workload), *(device.id for device in devices))
        return made.get(key, lambda: Predictions(model, devices, workload, catalog))

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
