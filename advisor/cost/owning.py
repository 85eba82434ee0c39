"""Owned hardware: what a GPU-hour costs when the GPU is bought.

    USD per GPU-hour = purchase x server factor x (1 - residual) / (years x 8766 h)   depreciation
                     + board power x system factor x PUE x USD per kWh                electricity

Every hour of its life counts, busy or not, as with a rented instance that is always on; the system
is taken to draw full power all the time, which is the upper end. Terms come from
`catalog/energy.yaml` or from the caller. Operations (people, space, support) have no figure there,
so they are a line that depends on what nobody stated. Without a purchase price there is no offer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from advisor.catalog import Catalog, Device
from advisor.catalog.energy import Energy, Estimated
from advisor.cost.record import HOURS_PER_MONTH, Offer
from advisor.errors import InputError, suggest
from advisor.figure import Basis, Figure

HOURS_PER_YEAR = 12 * HOURS_PER_MONTH
GPUS_PER_SERVER = 8  # SXM-like boards are sold in whole servers; the server factor is for eight
TERMS = (
    "purchase_usd",
    "server_factor",
    "residual_share",
    "depreciation_years",
    "system_power_factor",
    "pue",
    "usd_per_kwh",
)


@dataclass(frozen=True, slots=True)
class Range:
    """A value with the ends of its range; a stated one is a point."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, known: Estimated) -> Range:
        return cls(known.value, known.low, known.high)

    @classmethod
    def point(cls, value: float) -> Range:
        return cls(value, value, value)

    def inverse(self) -> Range:
        return Range(1 / self.value, 1 / self.high, 1 / self.low)


def owned_offer(
    catalog: Catalog,
    device_id: str,
    stated: Mapping[str, float] | None = None,
    electricity: str = "world",
) -> Offer | None:
    """The device bought, as a price per hour; None where no purchase price is known.

    stated: terms that the user gives (see TERMS); they beat the catalog and have no range.
    electricity: a region of the catalog's electricity prices. Raises UnknownName for a device, and
    InputError for a term that is unknown or out of range.
    """
    device = catalog.device(device_id)
    given = _checked(stated or {})
    purchase = catalog.energy.purchase(device.id)
    if purchase is None and "purchase_usd" not in given:
        return None
    terms = _terms(catalog.energy, device, given, electricity)
    parts = _parts(device, terms)
    defaults = [name for name in TERMS if name not in given]
    offer = _offer(device, parts, purchase.usd if purchase else None, defaults)
    price, months = _bought(purchase.usd if purchase else None, terms, given)
    return offer.model_copy(update={"purchase_usd": price, "write_off_months": months})


def bought(
    catalog: Catalog, device_id: str, stated: Mapping[str, float] | None = None
) -> tuple[Figure, Figure]:
    """USD to buy one device with its share of a server, and the months it is written off over.

    Raises InputError where no purchase price is known.
    """
    device = catalog.device(device_id)
    given = _checked(stated or {})
    purchase = catalog.energy.purchase(device.id)
    if purchase is None and "purchase_usd" not in given:
        raise InputError(
            f"nobody knows what a {device.id} costs to buy: give it as"
            f" terms: {{purchase_usd: {{{device.id}: ...}}}}"
        )
    terms = _terms(catalog.energy, device, given, "world")
    return _bought(purchase.usd if purchase else None, terms, given)


def _terms(
    energy: Energy, device: Device, given: Mapping[str, float], electricity: str
) -> dict[str, Range]:
    """Every term: the catalog's ranges, and the points that the user gave over them."""
    known = _catalog_terms(energy, device, electricity)
    purchase = energy.purchase(device.id)
    if purchase is not None:
        known["purchase_usd"] = Range.of(purchase.usd)
        if "whole kit" in purchase.usd.notes:
            known["server_factor"] = known["system_power_factor"] = Range.point(1.0)
    return {**known, **{name: Range.point(value) for name, value in given.items()}}


def _bought(
    purchase: Estimated | None, terms: Mapping[str, Range], given: Mapping[str, float]
) -> tuple[Figure, Figure]:
    price = product(terms["purchase_usd"], terms["server_factor"])
    asked = {"purchase_usd", "server_factor"} <= set(given)
    told = "as given by you" if "purchase_usd" in given or purchase is None else purchase.source
    years = terms["depreciation_years"]
    return (
        Figure(
            value=price.value,
            low=price.low,
            high=price.high,
            unit="USD/GPU",
            basis=Basis.asked if asked else Basis.assumed,
            source=f"purchase price ({told}) x server factor {terms['server_factor'].value:g}",
            as_of=None if "purchase_usd" in given or purchase is None else purchase.as_of,
        ),
        Figure(
            value=years.value * 12,
            low=years.low * 12,
            high=years.high * 12,
            unit="months",
            basis=Basis.asked if "depreciation_years" in given else Basis.assumed,
            source="depreciation, straight line",
        ),
    )


def _checked(stated: Mapping[str, float]) -> dict[str, float]:
    for name, value in stated.items():
        if name not in TERMS:
            raise InputError(f"unknown ownership term '{name[:80]}'{suggest(name, TERMS)}")
        if not math.isfinite(value) or value < 0 or (value == 0 and name == "depreciation_years"):
            raise InputError(f"{name} {value:g} is out of range: give a number above 0")
        if name == "residual_share" and value >= 1:
            raise InputError(f"residual_share {value:g} is out of range: give 0 to below 1")
    return dict(stated)


def _catalog_terms(energy: Energy, device: Device, electricity: str) -> dict[str, Range]:
    """Catalog defaults; a complete kit needs no server around it, a desk no data centre."""
    if electricity not in energy.electricity:
        raise InputError(
            f"unknown electricity region '{electricity[:80]}'"
            f"{suggest(electricity, energy.electricity)}"
        )
    site = "colocation" if device.segment == "datacenter" else "office"
    kit = device.segment in ("edge", "laptop/desktop", "apple")
    one = Range.point(1.0)
    return {
        "server_factor": one if kit else Range.of(energy.server_factor),
        "residual_share": Range.of(energy.residual_share),
        "depreciation_years": Range.of(energy.depreciation_years),
        "system_power_factor": one if kit else Range.of(energy.system_power_factor),
        "pue": Range.of(energy.pue[site]),
        "usd_per_kwh": Range.of(energy.electricity[electricity]),
    }


def _parts(device: Device, terms: Mapping[str, Range]) -> dict[str, Range]:
    """USD per GPU-hour by part; electricity is missing where the board's power is not known."""
    residual = terms["residual_share"]
    lost = Range(1 - residual.value, 1 - residual.high, 1 - residual.low)
    hours = Range.point(1 / HOURS_PER_YEAR)
    parts = {
        "depreciation": product(
            terms["purchase_usd"],
            terms["server_factor"],
            lost,
            terms["depreciation_years"].inverse(),
            hours,
        )
    }
    if device.power_w is not None:
        kilowatts = Range.point(device.power_w / 1e3)
        factors = (terms["system_power_factor"], terms["pue"], terms["usd_per_kwh"])
        parts["electricity"] = product(kilowatts, *factors)
    return parts


def product(*factors: Range) -> Range:
    """Product of independent factors: the ends join as root of squares of the log ratios."""
    value = math.prod(factor.value for factor in factors)
    if value == 0:
        return Range(0.0, 0.0, math.prod(factor.high for factor in factors))
    down = math.hypot(*(math.log(f.value / f.low) if f.low > 0 else 5.0 for f in factors))
    up = math.hypot(*(math.log(f.high / f.value) for f in factors))
    return Range(value, value * math.exp(-down), value * math.exp(up))


def _offer(
    device: Device, parts: Mapping[str, Range], purchase: Estimated | None, defaults: list[str]
) -> Offer:
    total = math.fsum(part.value for part in parts.values())
    whole = device.host_bus is not None and device.host_bus.startswith(("SXM", "OAM"))
    count = GPUS_PER_SERVER if whole else 1
    notes = ["operations (people, space, support) are not in the price per hour"]
    if defaults:
        notes.append(f"assumed, from the catalog: {', '.join(defaults)}")
    if "electricity" not in parts:
        notes.append("electricity is not in the price: the board's power is not known")
    if whole:
        notes.append(f"sold in servers of {GPUS_PER_SERVER}")
    if purchase is not None and "purchase_usd" in defaults:
        notes.append(f"purchase price of {purchase.as_of_text}: get a quote")
    used = purchase if "purchase_usd" in defaults else None
    return Offer(
        id=f"owned {device.id}",
        kind="owned",
        provider="own",
        instance=f"server with {count} GPU{'s' * (count > 1)}",
        device=device.id,
        gpu_count=count,
        region="own site",
        usd_per_hour=total * count,
        usd_per_gpu_hour=total,
        as_of=used.as_of if used else None,
        as_of_text=used.as_of_text if used else "as stated",
        source=used.source if used else "purchase price as stated",
        confidence=used.confidence if used else "stated",
        stale=used is not None and used.as_of is None,
        market="own",
        basis=Basis.assumed if defaults else Basis.asked,
        usd_per_gpu_hour_low=math.fsum(part.low for part in parts.values()),
        usd_per_gpu_hour_high=math.fsum(part.high for part in parts.values()),
        parts={name: part.value for name, part in parts.items()},
        notes=notes,
    )
