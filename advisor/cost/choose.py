"""Which offers a use case allows for a device: the user's own, bought, or rented."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from advisor.catalog import Catalog
from advisor.cost.offers import cheapest_offers, client_offer
from advisor.cost.owning import owned_offer
from advisor.cost.record import Offer
from advisor.usecase import UseCase

CLIENT_PLACES = frozenset({"phone", "browser", "cpu", "microcontroller", "gaming-gpu"})
OWN_SITE = frozenset({"on-premises", "offline"})


def offers_for_use_case(
    catalog: Catalog,
    device_id: str,
    use_case: UseCase,
    as_of: date,
    regions: Sequence[str] | None = None,
) -> list[Offer]:
    """Offers worth costing, best to quote first; empty where no price is known.

    On the user's own device (phone, browser, CPU, gaming GPU): that device at no price. On a
    workstation, or where data stay on site: bought hardware. Else rented, on demand and spot.
    """
    if use_case.placement in CLIENT_PLACES:
        return [client_offer(device_id)]
    if use_case.placement == "workstation" or use_case.data_boundary in OWN_SITE:
        owned = owned_offer(catalog, device_id)
        return [] if owned is None else [owned]
    return cheapest_offers(catalog, device_id, as_of, regions=regions)
