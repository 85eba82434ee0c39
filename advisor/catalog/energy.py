"""What owning hardware and counting carbon need: catalog/energy.yaml."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from advisor.catalog.schema import Entry, Identifier, Text
from advisor.errors import UnknownName


class Estimated(Entry):
    """A figure with its plausible range; where the notes say so, the range is a judgement."""

    value: float = Field(ge=0)
    low: float = Field(ge=0)
    high: float = Field(ge=0)
    unit: Text
    as_of: date | None = None
    as_of_text: Text
    source: Text
    confidence: Text
    notes: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Estimated:
        if not self.low <= self.value <= self.high:
            raise ValueError(f"range {self.low:g} to {self.high:g} does not hold {self.value:g}")
        return self


class Grid(Entry):
    """Carbon intensity of electricity in a country, state or cloud region. gCO2 per kWh."""

    id: Identifier  # iso3 in lower case (fra), us-<state>, or gcp-<region>
    name: Text
    g_co2_per_kwh: float = Field(ge=0)
    year: int
    source: Text
    confidence: Text
    notes: str = ""


class Purchase(Entry):
    """What a device costs to buy, one piece, USD without tax."""

    device: Identifier
    usd: Estimated
    condition: Literal["new", "used", "list"]  # list = the vendor's launch price


class Energy(Entry):
    """What owned hardware and carbon need: grids, PUE, electricity, purchase, depreciation.

    `grids` and `purchases` are searched with `grid` and `purchase`; `cloud_regions` maps
    "<provider> <region>" to a grid.
    """

    grids: list[Grid] = Field(min_length=1)
    cloud_regions: dict[str, Identifier]
    pue: dict[str, Estimated]  # hyperscaler, colocation, office, survey-mean
    electricity: dict[str, Estimated]  # USD per kWh: world, europe, ..., large-us-site
    purchases: list[Purchase]
    depreciation_years: Estimated
    residual_share: Estimated
    server_factor: Estimated  # price of a whole server / price of its GPUs
    system_power_factor: Estimated  # power of a whole server / power of its GPUs
    sources: list[Text] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Energy:
        known = [grid.id for grid in self.grids]
        for name in known:
            if known.count(name) > 1:
                raise ValueError(f"grid '{name}' is given twice: keep one")
        for region, grid in self.cloud_regions.items():
            if grid not in known:
                raise ValueError(
                    f"cloud region '{region}' names grid '{grid}', which is not listed"
                )
        return self

    def grid(self, name: str) -> Grid:
        """A grid by id or by "<provider> <region>". Raises UnknownName with near names."""
        wanted = self.cloud_regions.get(name, name)
        for grid in self.grids:
            if wanted in (grid.id, grid.name):
                return grid
        raise UnknownName("grid", name, [*(g.id for g in self.grids), *self.cloud_regions])

    def purchase(self, device: str) -> Purchase | None:
        """What a device costs to buy (new before list before used); None = not known."""
        rank = ("new", "list", "used")
        known = [entry for entry in self.purchases if entry.device == device]
        return min(known, key=lambda entry: rank.index(entry.condition), default=None)
