"""Prices that several checks need."""

from __future__ import annotations

from advisor.claims.bench import Bench, product
from advisor.cost.offers import cheapest_offers
from advisor.errors import DataError
from advisor.figure import Basis, Figure


def gpu_second_usd(bench: Bench, device: str) -> Figure:
    """USD per second of a rented device: the offer that would be quoted first."""
    offers = cheapest_offers(bench.catalog, device, bench.as_of, ("on-demand",))
    if not offers:
        raise DataError(f"no price of {device} is known: name another device for this check")
    offer = offers[0]
    usd = offer.usd_per_gpu_hour / 3600
    source = f"{offer.id}, {offer.as_of_text}"
    return Figure.exact(usd, "USD/s", Basis.priced, source, offer.as_of)


def run_usd(bench: Bench, model: str, device: str) -> Figure:
    """USD of one request on a rented device that is always busy."""
    made = bench.estimate(model, device)
    return product(made.latency_s, gpu_second_usd(bench, device), "USD/output")
