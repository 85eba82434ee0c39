"""Energy with host and cooling, and what it emits on the grid where it runs."""

from __future__ import annotations

from advisor.catalog import Catalog
from advisor.catalog.energy import Energy, Grid
from advisor.cost.money import Carbon
from advisor.cost.offers import HYPERSCALERS
from advisor.cost.owning import Range, product
from advisor.cost.record import Offer, ServingCost
from advisor.figure import Basis, Figure, weakest
from advisor.terms import Terms

_SCOPE = "GPUs while generating, with host and cooling; idle time is not counted"


def carbon_of(catalog: Catalog, cost: ServingCost, terms: Terms) -> Carbon:
    """kWh and kg CO2 a month. What is not known stays None, and the note says what is missing.

    The grid is the client's own word, else that of the offer's cloud region. Raises UnknownName
    for a stated grid that the catalog does not hold.
    """
    used, offer = cost.energy_kwh_per_month, cost.offer
    if used is None:
        return Carbon(kwh_per_month=None, kg_co2_per_month=None, grid=None,
                      note="the energy of one output is not known")  # fmt: skip
    if offer.kind == "client-device":
        return Carbon(kwh_per_month=used, kg_co2_per_month=None, grid=None,
                      note="the users' devices run on many grids; the device alone")  # fmt: skip
    whole = _with_overhead(used, catalog.energy, offer, terms)
    grid = _grid(catalog.energy, offer, terms)
    if grid is None:
        where = f"no grid is known for {offer.provider} {offer.region}: give one (terms: grid)"
        return Carbon(kwh_per_month=whole, kg_co2_per_month=None, grid=None,
                      note=f"{_SCOPE}; {where}")  # fmt: skip
    kilograms = whole.times(grid.g_co2_per_kwh / 1000, "kg CO2/month")
    source = f"{whole.source} x {grid.g_co2_per_kwh:g} g/kWh ({grid.name}, {grid.year})"
    return Carbon(
        kwh_per_month=whole,
        kg_co2_per_month=kilograms.model_copy(update={"source": f"{source}; {grid.source}"}),
        grid=grid.id,
        note=f"{_SCOPE}; yearly average of the grid, contracts for green power not counted",
    )


def _with_overhead(used: Figure, energy: Energy, offer: Offer, terms: Terms) -> Figure:
    site = "hyperscaler" if offer.provider in HYPERSCALERS else "colocation"
    system = Range.of(energy.system_power_factor)
    pue = Range.of(energy.pue[site])
    if terms.system_power_factor is not None:
        system = Range.point(terms.system_power_factor)
    if terms.pue is not None:
        pue = Range.point(terms.pue)
    joined = product(Range(used.value, used.low, used.high), system, pue)
    asked = terms.system_power_factor is not None and terms.pue is not None
    return Figure(
        value=joined.value,
        low=joined.low,
        high=joined.high,
        unit="kWh/month",
        basis=weakest([used.basis, Basis.asked if asked else Basis.assumed]),
        source=f"energy of the GPUs x system {system.value:g} x PUE {pue.value:g}",
    )


def _grid(energy: Energy, offer: Offer, terms: Terms) -> Grid | None:
    if terms.grid is not None:
        return energy.grid(terms.grid)
    name = energy.cloud_regions.get(f"{offer.provider} {offer.region}")
    return None if name is None else energy.grid(name)
