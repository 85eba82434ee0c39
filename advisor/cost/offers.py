"""Which offers there are for a device, and which one a consultant would quote.

Rules (docs/cost.md says why): a row without a price, with a doubtful one, or for a slice of a GPU
is no offer; of several dates of one SKU only the newest counts; a spot price that equals the
on-demand price or exactly a tenth of it is a placeholder; a price older than its kind may be, or
without a date, is stale. Per instance and per GPU are both stated and never mixed.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from advisor.catalog import Catalog
from advisor.catalog.schema import Price
from advisor.cost.record import Market, Offer, OfferKind
from advisor.figure import Basis

HYPERSCALERS = frozenset({"aws", "azure", "gcp", "oci"})
SERVERLESS = frozenset({"runpod-serverless", "modal", "replicate"})
MARKETPLACES = frozenset({"vast", "akash"})
MARKET_MAX_AGE_DAYS = 60  # neocloud, marketplace and spot prices moved 20 % in 60 days of 2026
LIST_MAX_AGE_DAYS = 180  # hyperscalers change list prices once or twice a year
CONTRACT = "contract"  # from the client's own list: quoted before any other
UNTRUSTED = ("suspect", "memory-only")
# How far a stale price may be off: a factor for every 60 days (square root of time), at most 2.
# Judgement, from the 11 offers of prices.csv that have two dates in 2026: in 29 to 82 days six
# stayed and five rose, by 13 to 29 %.
DRIFT_PER_60_DAYS, MOST_DRIFT = 1.25, 2.0

_SPOT_ONLY = re.compile(r"\bspot\b[^.;:]*\bonly\b", re.IGNORECASE)
_UNDATED_SPOT = re.compile(r"spot undated|skypilot(?!.*\(fetched )", re.IGNORECASE)


def offers_for(
    catalog: Catalog,
    device_id: str,
    as_of: date,
    kinds: Sequence[OfferKind] = ("on-demand", "spot"),
    regions: Sequence[str] | None = None,
) -> list[Offer]:
    """All offers of a device that can be trusted to exist, cheapest GPU-hour first.

    `regions`: only these, by name as in the catalog; None = all. Deterministic order (USD per
    GPU-hour, then id). An unknown device has no offers.
    """
    shared = _shared_names(catalog.prices)
    offers: list[Offer] = []
    for row in _newest(row for row in catalog.prices if row.device == device_id):
        if regions is not None and row.region not in regions:
            continue
        label = f"{row.provider} {row.instance}"
        if (row.provider, row.instance) in shared:
            label += f" {row.device}"
        if "on-demand" in kinds and _on_demand_trusted(row):
            offers.append(_offer(row, "on-demand", label, row.on_demand_usd_per_hour, as_of))
        if "spot" in kinds and spot_trusted(row):
            offers.append(_offer(row, "spot", label, row.spot_usd_per_hour, as_of))
    return sorted(offers, key=lambda offer: (offer.usd_per_gpu_hour, offer.id))


def spot_trusted(row: Price) -> bool:
    """Is the row's spot price a price? Equal to on-demand or a tenth of it (the floor) is not."""
    spot, full = row.spot_usd_per_hour, row.on_demand_usd_per_hour
    if spot is None or spot <= 0:
        return False
    if full is None or full <= 0:
        return True
    return spot < full * 0.999 and not math.isclose(spot, full / 10, rel_tol=1e-3)


def _on_demand_trusted(row: Price) -> bool:
    price = row.on_demand_usd_per_hour
    return price is not None and price > 0 and not _SPOT_ONLY.search(row.notes)


def _newest(rows: Iterable[Price]) -> list[Price]:
    """The newest row of every SKU; dated beats undated. Untrusted rows and slices are left out."""
    best: dict[tuple[str, str, int, str], Price] = {}
    for row in rows:
        if row.confidence in UNTRUSTED or row.gpu_count < 1:
            continue
        key = (row.provider, row.instance, row.gpu_count, row.region)
        known = best.get(key)
        if known is None or (row.as_of or date.min) > (known.as_of or date.min):
            best[key] = row
    return list(best.values())


def _shared_names(rows: Iterable[Price]) -> set[tuple[str, str]]:
    """Instance names that several devices share ("secure pod"): their offers name the device."""
    devices: dict[tuple[str, str], set[str | None]] = defaultdict(set)
    for row in rows:
        devices[row.provider, row.instance].add(row.device)
    return {name for name, known in devices.items() if len(known) > 1}


def market_of(row: Price) -> Market:
    """Who stands behind the row's price."""
    if row.provider in SERVERLESS:
        return "serverless"
    if (
        row.provider in MARKETPLACES
        or row.region == "marketplace"
        or row.instance.startswith("community")
    ):
        return "marketplace"
    return "aggregate" if row.confidence == "dated-aggregate" else "list"


def _offer(row: Price, kind: OfferKind, label: str, usd: float | None, as_of: date) -> Offer:
    if usd is None or row.device is None:
        raise ValueError("a row without a price or a device is no offer")
    undated = kind == "spot" and _UNDATED_SPOT.search(f"{row.notes} {row.source}")
    dated = None if undated else row.as_of
    text = f"undated (row of {row.as_of_text})" if undated and row.as_of else row.as_of_text
    market = market_of(row)
    limit = LIST_MAX_AGE_DAYS if _list_ages(row, kind) else MARKET_MAX_AGE_DAYS
    drift = drift_factor(dated, as_of, limit)
    return Offer(
        id=f"{label} {row.region} {kind}",
        kind=kind,
        provider=row.provider,
        instance=row.instance,
        device=row.device,
        gpu_count=row.gpu_count,
        region=row.region,
        usd_per_hour=usd,
        usd_per_gpu_hour=usd / row.gpu_count,
        as_of=dated,
        as_of_text=text,
        source=row.source,
        confidence=row.confidence + _CAVEAT.get(market, ""),
        stale=is_stale(dated, as_of, limit),
        market=market,
        usd_per_gpu_hour_low=None if drift == 1 else usd / row.gpu_count / drift,
        usd_per_gpu_hour_high=None if drift == 1 else usd / row.gpu_count * drift,
        billing=row.billing,
        notes=_offer_notes(row, dated, as_of, limit),
    )


_CAVEAT: dict[str, str] = {
    "marketplace": "; marketplace ask, not a list price: host quality and supply vary",
    "aggregate": "; average over sizes and regions, nobody sells it at this price",
}


def _list_ages(row: Price, kind: OfferKind) -> bool:
    return row.provider in HYPERSCALERS and kind == "on-demand"


def row_is_stale(row: Price, as_of: date) -> bool:
    """Is the row's price on demand (its spot price, if it has no other) too old to quote?"""
    kind: OfferKind = "spot" if row.on_demand_usd_per_hour is None else "on-demand"
    limit = LIST_MAX_AGE_DAYS if _list_ages(row, kind) else MARKET_MAX_AGE_DAYS
    return is_stale(row.as_of, as_of, limit)


def max_age_days(offer: Offer) -> int:
    """The age at which this offer's price gets stale."""
    listed = offer.provider in HYPERSCALERS and offer.kind in ("on-demand", "committed")
    return LIST_MAX_AGE_DAYS if listed else MARKET_MAX_AGE_DAYS


def is_stale(dated: date | None, as_of: date, limit_days: int) -> bool:
    """Older than `limit_days` at `as_of`; a price without a date is always stale."""
    return dated is None or (as_of - dated).days > limit_days


def drift_factor(dated: date | None, as_of: date, limit_days: int) -> float:
    """How far a price may have moved, as a factor to either side; 1 while it is fresh."""
    if not is_stale(dated, as_of, limit_days):
        return 1.0
    if dated is None:
        return MOST_DRIFT
    return min(MOST_DRIFT, DRIFT_PER_60_DAYS ** math.sqrt((as_of - dated).days / 60))


def _offer_notes(row: Price, dated: date | None, as_of: date, limit: int) -> list[str]:
    notes = []
    if dated is None:
        notes.append(
            "the price has no date: confirm it with the vendor; a range of half to double is used"
        )
    elif is_stale(dated, as_of, limit):
        off = drift_factor(dated, as_of, limit) - 1
        notes.append(
            f"the price is {(as_of - dated).days} days old ({limit} allowed): confirm it; it may"
            f" be off by {off:.0%} (judgement)"
        )
    return [*notes, row.notes] if row.notes else notes


# What to quote first. A stale list price is still somebody's list price; an average is not sold by
# anybody and a marketplace ask may be gone tomorrow, so both come after it.
def quote_rank(offer: Offer) -> tuple[int, float, str]:
    """Sort key: the offer that a consultant would put in front of a client comes first."""
    if offer.confidence == CONTRACT:
        rank = -1
    elif offer.market in ("list", "serverless"):
        rank = 0 if not offer.stale else 1 if offer.as_of else 2
    else:
        rank = {"own": 0, "aggregate": 3, "marketplace": 4}[offer.market]
    return rank, offer.usd_per_gpu_hour, offer.id


def cheapest_offers(
    catalog: Catalog,
    device_id: str,
    as_of: date,
    kinds: Sequence[OfferKind] = ("on-demand", "spot"),
    regions: Sequence[str] | None = None,
) -> list[Offer]:
    """The few offers of a device worth costing: at most two per kind, and one serverless.

    Per kind: of the best rank that exists (fresh list, older list, undated list, average,
    marketplace), the cheapest per GPU-hour and, if that comes only in a larger instance, the
    cheapest whole instance. When nothing fresh exists the offer says so in its notes.
    """
    offers = offers_for(catalog, device_id, as_of, kinds, regions)
    chosen: list[Offer] = []
    for kind in kinds:
        rented = [o for o in offers if o.kind == kind and o.market != "serverless"]
        chosen += _pick(rented, kind)
    chosen += _pick([o for o in offers if o.market == "serverless"], "serverless")[:1]
    return chosen


def _pick(offers: list[Offer], what: str) -> list[Offer]:
    if not offers:
        return []
    ranked = sorted(offers, key=quote_rank)
    best = [o for o in ranked if quote_rank(o)[0] == quote_rank(ranked[0])[0]]
    picked = [best[0]]
    smallest = min(best, key=lambda o: (o.usd_per_hour, o.id))
    if smallest.usd_per_hour < best[0].usd_per_hour:
        picked.append(smallest)
    said = _said_of_choice(ranked, best[0], what)
    if said is None:
        return picked
    return [o.model_copy(update={"notes": [said, *o.notes]}) for o in picked]


def _said_of_choice(ranked: list[Offer], best: Offer, what: str) -> str | None:
    """What a reader should know: nothing fresh exists, or an older list price is far lower."""
    if best.stale:
        return f"no fresh {what} price of {best.device} is known"
    lists = [o for o in ranked if o.market == best.market]
    cheapest = min(lists, key=lambda o: (o.usd_per_gpu_hour, o.id))
    if cheapest.usd_per_gpu_hour >= 0.8 * best.usd_per_gpu_hour:
        return None
    return (
        f"an older list price is lower, ask: {cheapest.id}"
        f" {cheapest.usd_per_gpu_hour:.2f} USD per GPU-hour ({cheapest.as_of_text})"
    )


def client_offer(device_id: str) -> Offer:
    """The user's own phone, browser or laptop: no price per hour, by assumption."""
    return Offer(
        id=f"user's own {device_id}",
        kind="client-device",
        provider="user",
        instance="own device",
        device=device_id,
        gpu_count=1,
        region="with the user",
        usd_per_hour=0.0,
        usd_per_gpu_hour=0.0,
        as_of=None,
        as_of_text="no price",
        source="the device and its electricity are the user's own",
        confidence="assumed",
        stale=False,
        market="own",
        basis=Basis.assumed,
        notes=["0 USD: the users' own devices; download traffic and support are not counted"],
    )
