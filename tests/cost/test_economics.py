"""The money page: unit costs, price age, carbon; what holds between them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.catalog import load_catalog
from advisor.cost.economics import money_of, price_age
from advisor.cost.money import Money
from advisor.cost.owning import owned_offer
from advisor.cost.record import DAYS_PER_MONTH, Offer
from advisor.cost.serving import serving_cost
from advisor.cost.stated import committed_offer, stated_offer
from advisor.errors import UnknownName
from tests.cost.make import TODAY, estimate, offer, use_case

CATALOG = load_catalog()
GCP = offer(0.7, provider="gcp", region="us-central1", id="gcp l4")


def page(of: Offer | None = None, others: list[Offer] | None = None, **fields: object) -> Money:
    of, case, each = of or offer(1.0), use_case(**fields), estimate(2.0)
    cost = serving_cost(each, case, of)
    return money_of(CATALOG, case, each, cost, others or [], [], TODAY, candidate="one")


@settings(max_examples=15, deadline=None)
@given(st.floats(1, 1e5), st.floats(0.0, 0.9), st.floats(1, 60))
def test_unit_costs_are_one_month_in_different_units(
    items: float, rejected: float, months: float
) -> None:
    units = page(
        volume_per_day=items, reject_rate=rejected, terms={"run_months": months}
    ).unit_costs
    month = units.per_month.value
    assert units.per_item.value * items * DAYS_PER_MONTH == pytest.approx(month)
    assert units.per_1000_items.value == pytest.approx(units.per_item.value * 1000)
    assert units.per_run.value == pytest.approx(month * months)
    assert units.per_generation.value == pytest.approx(units.per_item.value * (1 - rejected))
    for one in (units.per_item, units.per_generation, units.per_run):
        assert one.low <= one.value <= one.high


@settings(max_examples=15, deadline=None)
@given(st.floats(1, 1e5), st.floats(1.0, 20.0), st.floats(0, 200))
def test_more_volume_never_costs_less_in_total_with_people_and_storage(
    items: float, more: float, wage: float
) -> None:
    terms = {"people_usd_per_hour": wage, "stored_mb_per_item": 1.0, "kept_months": 1.0,
             "storage_usd_per_gb_month": 0.02, "egress_usd_per_gb": 0.1}  # fmt: skip
    fields = {"review_minutes_per_item": 0.2, "terms": terms}
    less, greater = (
        page(volume_per_day=items, **fields),
        page(volume_per_day=items * more, **fields),
    )
    assert greater.unit_costs.per_month.value >= less.unit_costs.per_month.value * (1 - 1e-9)


def test_music_is_priced_by_the_minute_and_video_by_the_second() -> None:
    music = page(outputs=["music"], duration_s=30.0).unit_costs
    video = page(outputs=["video"], duration_s=5.0).unit_costs
    assert music.per_minute_of_audio is not None and music.per_second_of_video is None
    assert music.per_minute_of_audio.value == pytest.approx(music.per_item.value * 2)
    assert video.per_second_of_video is not None and video.per_minute_of_audio is None
    assert video.per_second_of_video.value == pytest.approx(video.per_item.value / 5)
    assert page(outputs=["image"]).unit_costs.per_second_of_video is None


def test_a_run_without_a_stated_length_is_a_year_and_says_that_it_is_assumed() -> None:
    run = page().unit_costs.run_months
    assert (run.value, run.basis) == (12, "assumed")


def test_owned_hardware_names_the_cash_it_takes_at_once() -> None:
    owned = owned_offer(CATALOG, "l40s", {"purchase_usd": 8000.0, "server_factor": 1.25})
    assert owned is not None
    money = page(owned, volume_per_day=100.0)
    assert money.unit_costs.upfront is not None
    assert money.unit_costs.upfront.value == pytest.approx(10_000)
    assert page().unit_costs.upfront is None


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (offer(1.0), None),
        (stated_offer("l4", 1.0), None),
        (offer(1.0, stale=True, as_of=date(2026, 1, 1)), "a price 326 days old, 60 allowed"),
        (offer(1.0, stale=True, kind="spot", as_of=None), "a spot price without a date"),
        (offer(1.0, stale=True, market="marketplace", as_of=None), "a marketplace price"),
    ],
)
def test_a_price_that_is_too_old_is_said_in_a_sentence(of: Offer, said: str | None) -> None:
    age = price_age(of, TODAY)
    assert (age.sentence is None) is (said is None)
    assert said is None or (age.sentence is not None and said in age.sentence)
    assert age.stale_market is (of.stale and (of.kind == "spot" or of.market == "marketplace"))


def test_carbon_follows_the_grid_of_the_region_or_the_one_that_is_stated() -> None:
    by_region, stated = page(GCP).carbon, page(GCP, terms={"grid": "fra"}).carbon
    assert by_region.grid == "gcp-us-central1" and stated.grid == "fra"
    for one, grams in ((by_region, 430), (stated, 56)):
        assert one.kwh_per_month is not None and one.kg_co2_per_month is not None
        expected = one.kwh_per_month.value * grams / 1000
        assert one.kg_co2_per_month.value == pytest.approx(expected)
    with pytest.raises(UnknownName):
        page(GCP, terms={"grid": "atlantis"})


def test_without_the_energy_of_an_output_carbon_is_unknown_and_says_so() -> None:
    case, each = use_case(), estimate(2.0, energy_j=None)
    cost = serving_cost(each, case, GCP)
    carbon = money_of(CATALOG, case, each, cost, [], [], TODAY, candidate="one").carbon
    assert carbon.kwh_per_month is None and carbon.kg_co2_per_month is None
    assert carbon.note == "the energy of one output is not known"


def test_carbon_without_a_known_grid_is_unknown_and_says_what_is_missing() -> None:
    carbon = page(offer(1.0)).carbon
    assert carbon.kg_co2_per_month is None
    assert "no grid is known for cloud somewhere" in carbon.note


def test_stated_power_terms_replace_the_catalogs() -> None:
    plain = page(GCP).carbon.kwh_per_month
    stated = page(GCP, terms={"pue": 1.0, "system_power_factor": 1.0}).carbon.kwh_per_month
    assert plain is not None and stated is not None
    assert stated.value < plain.value
    used = serving_cost(estimate(2.0), use_case(), GCP).energy_kwh_per_month
    assert used is not None and stated.value == pytest.approx(used.value)


def test_each_way_of_buying_is_compared_once_and_the_recommendations_own_comes_first() -> None:
    spot = offer(0.3, id="spot", kind="spot")
    dearer = offer(0.4, id="dearer spot", kind="spot")
    found = page(offer(1.0, id="own"), [offer(2.0), spot, dearer, committed_offer(offer(1.0), 0.2)])
    assert found.break_even is not None
    assert [way.kind for way in found.break_even.ways] == ["rented", "spot", "committed"]
    assert found.break_even.ways[0].label == "own"


def test_a_currency_is_noted_with_its_rate_and_figures_stay_in_usd() -> None:
    money = page(terms={"currency": "EUR", "units_per_usd": 0.9})
    assert any("EUR at 0.9 per USD, as given by you" in note for note in money.notes)
    assert money.unit_costs.per_month.unit == "USD/month"


def test_the_same_question_gives_the_same_bytes() -> None:
    assert page(GCP).model_dump_json() == page(GCP).model_dump_json()
