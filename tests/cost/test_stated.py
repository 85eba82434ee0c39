"""What the client states of offers: own price, discount, regions, devices; per GPU or instance."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog import load_catalog
from advisor.cost.offers import (
    CONTRACT,
    MOST_DRIFT,
    cheapest_offers,
    drift_factor,
    max_age_days,
    offers_for,
    row_is_stale,
)
from advisor.cost.owning import owned_offer
from advisor.cost.serving import serving_case, serving_cost
from advisor.cost.stated import (
    committed_offer,
    regions_of,
    rented_offers,
    stated_offer,
    stated_prices,
    users_device,
)
from advisor.errors import InputError, UnknownName
from advisor.figure import Basis
from advisor.terms import Terms
from tests.cost.make import TODAY, Shelf, estimate, offer, price, use_case

usd = st.floats(0.05, 100)
gpus = st.sampled_from([1, 2, 4, 8])
CATALOG = load_catalog()


def rented(shelf: Shelf, **terms: object) -> list[tuple[str, float]]:
    found = rented_offers(shelf, "l4", TODAY, ("on-demand", "spot"), Terms(**terms))  # type: ignore[arg-type]
    return [(one.kind, one.usd_per_gpu_hour) for one in found]


def test_the_clients_own_price_replaces_every_table() -> None:
    shelf = Shelf([price(usd=0.2, spot_usd_per_hour=0.1)])
    assert rented(shelf, gpu_usd_per_hour={"l4": 3.0}) == [("on-demand", 3.0)]


def test_a_stated_price_is_per_gpu_and_asked() -> None:
    cost = serving_cost(estimate(2.0), use_case(volume_per_day=1.0), stated_offer("l4", 2.0))
    assert cost.usd_per_month.value == pytest.approx(2.0 * 730.5)
    assert cost.lines[0].unit_price_usd is not None
    assert cost.lines[0].unit_price_usd.basis is Basis.asked


@given(usd, gpus)
def test_an_instance_of_many_gpus_is_paid_whole_and_its_share_is_never_paid_alone(
    each: float, count: int
) -> None:
    whole = offer(each * count, count)
    cost = serving_cost(estimate(0.1), use_case(volume_per_day=1.0), whole)
    assert cost.instances == 1 and cost.gpus_needed == 1
    assert cost.usd_per_month.value == pytest.approx(each * count * 730.5)


@given(usd, gpus, st.floats(0, 0.9))
def test_a_commitment_cuts_the_instance_and_its_share_alike(
    each: float, count: int, discount: float
) -> None:
    committed = committed_offer(offer(each * count, count), discount)
    assert committed.usd_per_hour == pytest.approx(each * count * (1 - discount))
    assert committed.usd_per_gpu_hour * count == pytest.approx(committed.usd_per_hour)


def test_a_commitment_is_offered_beside_the_list_price_and_never_of_spot() -> None:
    shelf = Shelf([price(usd=1.0, spot_usd_per_hour=0.4)])
    found = rented(shelf, commitment_discount=0.3)
    assert found == [("on-demand", 1.0), ("spot", 0.4), ("committed", pytest.approx(0.7))]


def test_a_commitment_is_paid_while_a_days_batch_is_not_running() -> None:
    night = use_case(volume_per_day=10.0, latency={"limit_ms": "8 h"})
    by_hour = serving_cost(estimate(2.0), night, offer(1.0))
    committed = serving_cost(estimate(2.0), night, committed_offer(offer(1.0), 0.5))
    assert by_hour.usd_per_month.value < 0.1 * committed.usd_per_month.value
    assert committed.usd_per_month.value == pytest.approx(0.5 * 730.5)


def test_only_stated_regions_are_quoted_and_an_unknown_one_is_an_error() -> None:
    shelf = Shelf([price(instance="a", region="here", usd=2.0), price(instance="b", region="far")])
    found = rented_offers(shelf, "l4", TODAY, ("on-demand",), Terms(), regions_of(shelf, ["here"]))  # type: ignore[arg-type]
    assert [one.region for one in found] == ["here"]
    with pytest.raises(UnknownName, match="heer"):
        regions_of(shelf, ["heer"])  # type: ignore[arg-type]
    assert regions_of(shelf, []) is None  # type: ignore[arg-type]


def test_devices_in_terms_may_be_named_by_alias_and_must_be_known() -> None:
    assert stated_prices(CATALOG, Terms(gpu_usd_per_hour={"NVIDIA L4": 0.5})).gpu_usd_per_hour == {
        "l4": 0.5
    }
    with pytest.raises(UnknownName):
        stated_prices(CATALOG, Terms(purchase_usd={"l5": 5.0}))


def test_owned_hardware_with_every_term_stated_is_asked_not_assumed() -> None:
    terms = Terms(
        purchase_usd={"l40s": 8000.0},
        server_factor=1.5,
        residual_share=0.1,
        depreciation_years=4.0,
        system_power_factor=1.5,
        pue=1.2,
        usd_per_kwh=0.2,
    )
    owned = owned_offer(CATALOG, "l40s", terms.owning("l40s"))
    assert owned is not None and owned.basis is Basis.asked
    assert owned.usd_per_gpu_hour_low == pytest.approx(owned.usd_per_gpu_hour)
    assert owned.purchase_usd is not None and owned.purchase_usd.value == pytest.approx(12_000)
    depreciation = 12_000 * 0.9 / (4 * 8766)
    assert owned.parts["depreciation"] == pytest.approx(depreciation)


def test_a_device_bought_for_each_user_is_paid_once_over_its_life() -> None:
    terms = Terms(edge_devices=100, depreciation_years=2.0, purchase_usd={"l4": 2400.0},
                  server_factor=1.0)  # fmt: skip
    bought = users_device(CATALOG, "l4", terms)
    case = use_case(placement="phone", terms=terms.model_dump(exclude_unset=True))
    cost = serving_cost(estimate(2.0), case, bought)
    assert cost.usd_per_month.value == pytest.approx(100 * 2400 / 24)
    assert users_device(CATALOG, "l4", Terms()).usd_per_hour == 0


def test_a_device_to_be_bought_at_a_price_nobody_knows_is_an_error() -> None:
    unpriced = next(d for d in CATALOG.devices if CATALOG.energy.purchase(d) is None)
    with pytest.raises(InputError, match="nobody knows what"):
        users_device(CATALOG, unpriced, Terms(edge_devices=3))


@given(st.integers(0, 2000), st.sampled_from([60, 180]))
def test_a_fresh_price_is_a_point_and_a_stale_one_a_range_that_grows_with_age(
    days: int, limit: int
) -> None:
    factor = drift_factor(TODAY - timedelta(days=days), TODAY, limit)
    older = drift_factor(TODAY - timedelta(days=days + 30), TODAY, limit)
    assert 1 <= factor <= older <= MOST_DRIFT
    assert (factor == 1) is (days <= limit)
    assert drift_factor(None, TODAY, limit) == MOST_DRIFT


def test_the_range_of_a_stale_price_reaches_the_month() -> None:
    (old,) = offers_for(Shelf([price(as_of=date(2026, 1, 1))]), "l4", TODAY)  # type: ignore[arg-type]
    case = serving_case(estimate(2.0, 1.0), use_case(volume_per_day=1.0), old, 1.0)
    cost = serving_cost(estimate(2.0, 1.0), use_case(volume_per_day=1.0), old)
    assert case.low.usd_per_hour < case.value.usd_per_hour < case.high.usd_per_hour
    assert cost.usd_per_month.low == pytest.approx(case.low.usd_per_hour * 730.5)
    assert cost.usd_per_month.high == pytest.approx(case.high.usd_per_hour * 730.5)


def test_a_clients_contract_is_quoted_before_a_cheaper_list_price() -> None:
    shelf = Shelf([price(instance="list", usd=0.5), price(instance="ours", confidence=CONTRACT)])
    found = cheapest_offers(shelf, "l4", TODAY, ("on-demand",))  # type: ignore[arg-type]
    assert [one.instance for one in found] == ["ours"]


@pytest.mark.parametrize(("provider", "limit"), [("aws", 180), ("lambda", 60)])
def test_rows_and_offers_agree_on_when_a_price_is_old(provider: str, limit: int) -> None:
    for age in (limit, limit + 1):
        row = price(provider, as_of=TODAY - timedelta(days=age))
        (found,) = offers_for(Shelf([row]), "l4", TODAY)  # type: ignore[arg-type]
        assert max_age_days(found) == limit
        assert found.stale is row_is_stale(row, TODAY) is (age > limit)
