"""energy.yaml: carbon, electricity and what owning hardware takes."""

import pytest
from pydantic import ValidationError

from advisor.catalog import Energy
from advisor.errors import UnknownName
from tests.catalog.shipped import CATALOG

ENERGY = CATALOG.energy


@pytest.mark.parametrize("grid", ENERGY.grids, ids=lambda g: g.id)
def test_carbon_intensity_lies_between_clean_and_coal(grid: object) -> None:
    assert 10 <= grid.g_co2_per_kwh <= 900  # type: ignore[attr-defined]


def test_a_cloud_region_is_found_by_provider_and_region() -> None:
    assert ENERGY.grid("aws us-east-1").name == "Virginia"
    assert ENERGY.grid("gcp us-central1").g_co2_per_kwh == 430
    assert ENERGY.grid("France").g_co2_per_kwh == 56


def test_every_hyperscaler_region_of_the_price_table_has_a_grid() -> None:
    for price in CATALOG.prices:
        if price.provider in ("aws", "azure", "gcp"):
            assert ENERGY.grid(f"{price.provider} {price.region}")


def test_an_unknown_grid_is_an_error_that_names_near_ones() -> None:
    with pytest.raises(UnknownName, match=r"did you mean .*fra"):
        ENERGY.grid("fr")


def test_purchases_name_known_devices_and_plausible_prices() -> None:
    for entry in ENERGY.purchases:
        assert entry.device in CATALOG.devices
        assert 100 <= entry.usd.low <= entry.usd.high <= 60_000


def test_new_prices_come_before_used_ones_and_unknown_stays_unknown() -> None:
    bought = ENERGY.purchase("h100-sxm")
    assert bought is not None
    assert (bought.usd.low, bought.usd.high) == (25_000, 40_000)
    assert ENERGY.purchase("h20") is None


def test_defaults_have_a_range_around_them() -> None:
    for figure in (ENERGY.depreciation_years, ENERGY.residual_share, ENERGY.server_factor):
        assert figure.low < figure.value < figure.high
    assert 1 <= ENERGY.pue["hyperscaler"].value < ENERGY.pue["colocation"].value
    assert ENERGY.electricity["world"].unit == "USD/kWh"


def test_a_region_without_its_grid_and_a_grid_given_twice_are_refused() -> None:
    data = ENERGY.model_dump()
    with pytest.raises(ValidationError, match="not listed"):
        Energy.model_validate({**data, "cloud_regions": {"aws mars-1": "mars"}})
    with pytest.raises(ValidationError, match="given twice"):
        Energy.model_validate({**data, "grids": [*data["grids"], data["grids"][0]]})


def test_a_range_that_does_not_hold_its_value_is_refused() -> None:
    data = ENERGY.model_dump()
    data["server_factor"]["low"] = 9
    with pytest.raises(ValidationError, match="does not hold"):
        Energy.model_validate(data)
