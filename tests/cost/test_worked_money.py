"""docs/cost.md, 'A worked money page': every line, computed here from its own arithmetic."""

from __future__ import annotations

from datetime import date

import pytest

from advisor.catalog import load_catalog
from advisor.cost.currency import converted
from advisor.cost.economics import money_of
from advisor.cost.serving import serving_cost
from tests.cost.make import TODAY, estimate, offer, use_case

CASE = use_case(
    volume_per_day=20_000,
    reject_rate=0.5,
    peak_factor=3,
    latency={"limit_ms": 8000},
    review_minutes_per_item=0.25,
    cleanup_minutes_per_item=0,
    terms={
        "currency": "EUR",
        "units_per_usd": 0.92,
        "people_usd_per_hour": 30.0,
        "stored_mb_per_item": 2.0,
        "kept_months": 6.0,
        "storage_usd_per_gb_month": 0.02,
        "egress_usd_per_gb": 0.09,
        "run_months": 24.0,
    },
)
ESTIMATE = estimate(3.0, 1.25, energy_j=200.0)
L4 = offer(0.7068, as_of=date(2026, 8, 3), provider="gcp", region="us-central1")
COST = serving_cost(ESTIMATE, CASE, L4)
MONEY = money_of(load_catalog(), CASE, ESTIMATE, COST, [], [], TODAY, candidate="L4")


def test_the_lines_of_the_month() -> None:
    lines = {line.label.split(":")[0].split(",")[0]: line.usd for line in COST.lines}
    wanted = {
        "GPU instances": 3_097.90,
        "review": 76_093.75,
        "storage": 146.10,
        "egress": 109.58,
    }
    assert set(lines) == set(wanted)
    for label, usd in wanted.items():
        found = lines[label]
        assert found is not None and found.value == pytest.approx(usd, abs=0.005)


def test_the_units_of_the_month() -> None:
    units = MONEY.unit_costs
    assert units.per_month.value == pytest.approx(79_447.33, abs=0.01)
    assert units.per_1000_items.value == pytest.approx(130.509, abs=0.001)
    assert units.per_generation.value == pytest.approx(0.00254448, abs=1e-8)
    assert units.per_run.value == pytest.approx(1_906_735.9, abs=0.2)
    assert converted(units.per_month, CASE.terms).value == pytest.approx(73_091.54, abs=0.01)


def test_the_carbon_of_the_month() -> None:
    carbon = MONEY.carbon
    assert carbon.kwh_per_month is not None and carbon.kg_co2_per_month is not None
    assert carbon.kwh_per_month.value == pytest.approx(140.01, abs=0.01)
    assert carbon.kg_co2_per_month.value == pytest.approx(60.21, abs=0.01)
