"""Ways of buying over volume: curves and crossings."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.cost.apis import api_costs
from advisor.cost.break_even import break_even_volume_per_day
from advisor.cost.money import BreakEven
from advisor.cost.record import DAYS_PER_MONTH, ApiCost, Offer
from advisor.cost.serving import serving_case
from advisor.cost.ways import break_even
from tests.cost.make import TODAY, Shelf, api, estimate, offer, use_case

RENTED = offer(1.0, id="rented")
OWNED = offer(0.4, id="owned", kind="owned", market="own")
FLEX = offer(3.6, id="flex", market="serverless")


def hosted(usd: float = 0.01) -> ApiCost:
    (found,) = api_costs(Shelf(apis=[api(usd=usd)]), use_case(), TODAY)  # type: ignore[arg-type]
    return found


def curves(
    offers: list[Offer], usd: float | None = 0.01, operations: float = 0.0, **fields: object
) -> BreakEven:
    case = use_case(**{"volume_per_day": 1000.0, **fields})
    cases = [(one, serving_case(estimate(2.0), case, one, 1.0)) for one in offers]
    return break_even(cases, None if usd is None else hosted(usd), case.volume_per_day, operations)


def test_the_grid_is_even_in_the_logarithm_and_holds_the_use_cases_own_volume() -> None:
    volumes = curves([RENTED]).volumes_per_day
    steps = {round(b / a, 3) for a, b in itertools.pairwise(volumes)}
    assert 1000.0 in volumes
    assert max(steps) - min(steps) < 0.01


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 1e7), st.floats(1e-5, 1), st.floats(0, 5000))
def test_more_volume_never_costs_less_on_any_way_but_a_pool_of_workers(
    items: float, usd: float, operations: float
) -> None:
    found = curves([RENTED, OWNED], usd, operations, volume_per_day=items)
    for way in found.ways:
        for curve in (way.usd_per_month_low, way.usd_per_month, way.usd_per_month_high):
            assert all(b >= a * (1 - 1e-5) for a, b in itertools.pairwise(curve))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.05, 1e7), st.floats(1e-5, 1))
def test_the_curves_of_each_way_are_ordered(items: float, usd: float) -> None:
    for way in curves([RENTED, OWNED, FLEX], usd, volume_per_day=items).ways:
        ends = zip(way.usd_per_month_low, way.usd_per_month, way.usd_per_month_high, strict=True)
        assert all(low <= value <= high for low, value, high in ends)


def test_a_hosted_service_costs_the_same_per_item_at_every_volume() -> None:
    found = curves([RENTED])
    (way,) = [one for one in found.ways if one.kind == "hosted"]
    for volume, month in zip(found.volumes_per_day, way.usd_per_month, strict=True):
        assert month == pytest.approx(volume * DAYS_PER_MONTH * 0.01, rel=1e-4)


def test_the_crossing_agrees_with_the_search_that_flip_points_use() -> None:
    case = serving_case(estimate(2.0), use_case(volume_per_day=1000.0), RENTED, 1.0)
    exact = break_even_volume_per_day(case, hosted())
    (found,) = curves([RENTED]).crossings
    assert exact is not None
    assert (found.cheaper_below, found.cheaper_above) == ("vendor painter", "rented")
    assert found.volume_per_day.value == pytest.approx(exact.value, rel=0.02)
    assert found.volume_per_day.low <= exact.value <= found.volume_per_day.high


@settings(max_examples=20, deadline=None)
@given(st.floats(1e-4, 0.1))
def test_at_each_crossing_the_cheaper_way_changes(usd: float) -> None:
    found = curves([RENTED, FLEX], usd)
    by_label = {way.label: way for way in found.ways}
    for crossing in found.crossings:
        above, below = by_label[crossing.cheaper_above], by_label[crossing.cheaper_below]
        assert above.usd_per_month[-1] < below.usd_per_month[-1]
        assert crossing.volume_per_day.low <= crossing.volume_per_day.value


def test_ways_that_never_cross_are_said_so() -> None:
    found = curves([RENTED], usd=1e-9)
    assert found.crossings == []
    assert "vendor painter costs no more than rented at every volume" in found.never[0]


def test_operations_shift_owned_hardware_only() -> None:
    plain, run = curves([RENTED, OWNED], None), curves([RENTED, OWNED], None, 100.0)
    for before, after in zip(plain.ways, run.ways, strict=True):
        shift = 100.0 if before.kind == "owned" else 0.0
        assert after.usd_per_month[0] == pytest.approx(before.usd_per_month[0] + shift)


def test_a_way_says_what_speaks_against_it() -> None:
    spot = offer(0.3, id="spot", kind="spot")
    notes = {way.kind: way.note for way in curves([RENTED, spot, OWNED, FLEX]).ways}
    assert "taken away" in notes["spot"]
    assert "cold start" in notes["serverless"]
    assert "quality is not compared" in notes["hosted"]
    assert "operations are not in it" in notes["owned"]
