"""Offers that no table holds: the user's own price, discount and devices.

What the user states beats every table and has no range of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from advisor.catalog import Catalog
from advisor.cost.offers import cheapest_offers, client_offer
from advisor.cost.owning import bought
from advisor.cost.record import Offer, OfferKind
from advisor.errors import UnknownName
from advisor.figure import Basis
from advisor.terms import Terms


def regions_of(catalog: Catalog, regions: Sequence[str]) -> list[str] | None:
    """The stated regions, or None for all. Raises UnknownName for one that no price is of."""
    known = {row.region for row in catalog.prices}
    for region in regions:
        if region not in known:
            raise UnknownName("region", region, known)
    return list(regions) or None


def stated_prices(catalog: Catalog, terms: Terms) -> Terms:
    """The terms with device ids in place of names and aliases. Raises UnknownName, InputError."""
    tables = {
        name: {catalog.device(device).id: usd for device, usd in getattr(terms, name).items()}
        for name in ("gpu_usd_per_hour", "purchase_usd")
    }
    return terms.model_copy(update=tables)


def rented_offers(
    catalog: Catalog,
    device_id: str,
    as_of: date,
    kinds: Sequence[OfferKind],
    terms: Terms,
    regions: Sequence[str] | None = None,
) -> list[Offer]:
    """Offers of a device to rent: the user's own price if there is one, else the tables'.

    With a commitment discount every list price on demand is offered at it as well.
    """
    rented: list[OfferKind] = [kind for kind in kinds if kind in ("on-demand", "spot")]
    if not rented:
        return []
    price = terms.gpu_usd_per_hour.get(device_id)
    if price is not None:
        return [stated_offer(device_id, price)]
    found = cheapest_offers(catalog, device_id, as_of, rented, regions)
    if terms.commitment_discount:
        lists = [offer for offer in found if offer.kind == "on-demand" and offer.market == "list"]
        found += [committed_offer(offer, terms.commitment_discount) for offer in lists]
    return found


def stated_offer(device_id: str, usd_per_gpu_hour: float) -> Offer:
    """One GPU for an hour at the price that the user gave; it beats every table."""
    return Offer(
        id=f"{device_id} at your price",
        kind="on-demand",
        provider="as given by you",
        instance="one GPU",
        device=device_id,
        gpu_count=1,
        region="as given by you",
        usd_per_hour=usd_per_gpu_hour,
        usd_per_gpu_hour=usd_per_gpu_hour,
        as_of=None,
        as_of_text="as given by you",
        source="price per GPU-hour as given by you",
        confidence="stated",
        stale=False,
        basis=Basis.asked,
        notes=["your price is taken for a single GPU: whole-instance minimums are not known"],
    )


def committed_offer(offer: Offer, discount: float) -> Offer:
    """A vendor's on-demand offer at the discount that the user has for running it all the time.

    Paid whether used or not. No table of such discounts is known: the share is the user's word.
    """
    kept = 1 - discount

    def cut(usd: float | None) -> float | None:
        return None if usd is None else usd * kept

    return offer.model_copy(
        update={
            "id": f"{offer.id.removesuffix(' on-demand')} committed",
            "kind": "committed",
            "usd_per_hour": offer.usd_per_hour * kept,
            "usd_per_gpu_hour": offer.usd_per_gpu_hour * kept,
            "usd_per_gpu_hour_low": cut(offer.usd_per_gpu_hour_low),
            "usd_per_gpu_hour_high": cut(offer.usd_per_gpu_hour_high),
            "source": f"{offer.source}; less {discount:.0%} for a commitment, as given by you",
            "notes": [
                f"{offer.usd_per_hour:g} USD on demand less {discount:.0%}, as given by you: paid"
                " all month, used or not",
                *offer.notes,
            ],
        }
    )


def users_device(catalog: Catalog, device_id: str, terms: Terms) -> Offer:
    """The users' own device at no price, or one that is bought for them once.

    Raises InputError where devices are to be bought whose price nobody knows.
    """
    offer = client_offer(device_id)
    if terms.edge_devices is None:
        return offer
    purchase, months = bought(catalog, device_id, terms.owning(device_id))
    return offer.model_copy(
        update={
            "id": f"bought {device_id}",
            "instance": "device bought for the user",
            "as_of": purchase.as_of,
            "as_of_text": purchase.as_of.isoformat() if purchase.as_of else "undated",
            "source": purchase.source,
            "confidence": "see source",
            "basis": purchase.basis,
            "purchase_usd": purchase,
            "write_off_months": months,
            "notes": [
                f"{terms.edge_devices:,} devices are bought once; electricity, download traffic"
                " and support are not counted"
            ],
        }
    )
