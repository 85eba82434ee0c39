"""Which price rows become offers, and which offer is quoted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog import load_catalog
from advisor.cost.offers import cheapest_offers, offers_for, spot_trusted
from advisor.cost.owning import HOURS_PER_YEAR, Range, owned_offer, product
from advisor.errors import InputError, UnknownName
from tests.cost.make import TODAY, Shelf, price

usd = st.floats(0.01, 200)


def ids(shelf: Shelf, **kwargs: object) -> list[str]:
    return [offer.id for offer in offers_for(shelf, "l4", TODAY, **kwargs)]  # type: ignore[arg-type]


@given(usd, st.sampled_from([1, 2, 4, 8]))
def test_an_offer_states_the_instance_and_its_share_per_gpu(cost: float, count: int) -> None:
    (offer,) = offers_for(Shelf([price(usd=cost, gpu_count=count)]), "l4", TODAY)  # type: ignore[arg-type]
    assert offer.usd_per_hour == cost
    assert offer.usd_per_gpu_hour * count == pytest.approx(cost)


def test_offers_are_sorted_by_price_per_gpu_whatever_the_order_of_rows() -> None:
    rows = [
        price(instance="eight", usd=8.0, gpu_count=8),
        price(instance="one", usd=0.9),
        price(instance="two", usd=2.4, gpu_count=2),
    ]
    want = ["lambda one any on-demand", "lambda eight any on-demand", "lambda two any on-demand"]
    assert ids(Shelf(rows)) == ids(Shelf(rows[::-1])) == want


def test_doubtful_rows_are_no_offers() -> None:
    rows = [
        price(instance="suspect", confidence="suspect"),
        price(instance="recalled", confidence="memory-only"),
        price(instance="slice", gpu_count=0),
        price(instance="other", device="t4"),
        price(instance="capacity", notes="1g shapes are Spot/Flex-start only: list-equivalent"),
    ]
    assert ids(Shelf(rows)) == []


@given(usd)
def test_spot_at_the_list_price_or_at_its_floor_is_no_price(full: float) -> None:
    assert not spot_trusted(price(usd=full, spot_usd_per_hour=full))
    assert not spot_trusted(price(usd=full, spot_usd_per_hour=full * 0.1))
    assert spot_trusted(price(usd=full, spot_usd_per_hour=full * 0.4))
    assert spot_trusted(price(usd=None, spot_usd_per_hour=full))


@pytest.mark.parametrize(
    ("provider", "kind", "days"),
    [("aws", "on-demand", 180), ("aws", "spot", 60), ("lambda", "on-demand", 60)],
)
def test_prices_get_stale_at_the_age_of_their_kind(provider: str, kind: str, days: int) -> None:
    for age, stale in ((days, False), (days + 1, True)):
        row = price(provider, 1.0, spot_usd_per_hour=0.4, as_of=TODAY - timedelta(days=age))
        (offer,) = offers_for(Shelf([row]), "l4", TODAY, kinds=[kind])  # type: ignore[arg-type,list-item]
        assert offer.stale is stale
        assert any("days old" in note for note in offer.notes) is stale


def test_an_undated_price_is_stale_and_says_so() -> None:
    (offer,) = offers_for(Shelf([price(as_of=None)]), "l4", TODAY)  # type: ignore[arg-type]
    assert offer.stale and "no date" in offer.notes[0]


def test_a_dated_row_may_hold_an_undated_spot_price() -> None:
    row = price("aws", 1.0, spot_usd_per_hour=0.4, notes="spot undated (v8 schema)")
    on_demand, spot = sorted(
        offers_for(Shelf([row]), "l4", TODAY),  # type: ignore[arg-type]
        key=lambda offer: offer.kind,
    )
    assert (on_demand.stale, spot.stale) == (False, True)
    assert spot.as_of is None and "undated" in spot.as_of_text


def test_only_the_newest_price_of_a_sku_counts() -> None:
    rows = [price(usd=3.0, as_of=date(2026, 9, 1)), price(usd=4.0, as_of=date(2026, 11, 1))]
    assert [o.usd_per_hour for o in offers_for(Shelf(rows), "l4", TODAY)] == [4.0]  # type: ignore[arg-type]


def test_regions_narrow_the_offers() -> None:
    rows = [price(region="us"), price(region="eu", usd=2.0)]
    assert ids(Shelf(rows), regions=["eu"]) == ["lambda one eu on-demand"]


def test_instance_names_shared_by_devices_name_the_device() -> None:
    rows = [price(instance="pod"), price(instance="pod", device="t4")]
    assert ids(Shelf(rows)) == ["lambda pod l4 any on-demand"]


def test_a_marketplace_ask_is_not_the_price_while_a_list_price_exists() -> None:
    rows = [price("vast", 0.2), price("lambda", 1.0, as_of=None), price("average", 0.5)]
    rows[2] = rows[2].model_copy(update={"confidence": "dated-aggregate"})
    chosen = cheapest_offers(Shelf(rows), "l4", TODAY)  # type: ignore[arg-type]
    assert [o.provider for o in chosen] == ["lambda"]
    assert "no fresh on-demand price" in chosen[0].notes[0]
    (ask,) = cheapest_offers(Shelf(rows[:1]), "l4", TODAY)  # type: ignore[arg-type]
    assert "marketplace ask" in ask.confidence


def test_a_fresh_list_price_comes_before_a_cheaper_old_one_and_names_it() -> None:
    rows = [price("old", 0.5, as_of=date(2026, 1, 1)), price("new", 1.0)]
    (chosen,) = cheapest_offers(Shelf(rows), "l4", TODAY)  # type: ignore[arg-type]
    assert chosen.provider == "new"
    assert "older list price is lower" in chosen.notes[0] and "old one" in chosen.notes[0]


def test_the_cheapest_gpu_and_the_smallest_instance_are_both_offered() -> None:
    rows = [price(instance="eight", usd=6.0, gpu_count=8), price(instance="one", usd=1.0)]
    chosen = cheapest_offers(Shelf(rows), "l4", TODAY)  # type: ignore[arg-type]
    assert [o.instance for o in chosen] == ["eight", "one"]


def test_every_shipped_row_gives_consistent_offers() -> None:
    catalog = load_catalog()
    seen = 0
    for device in catalog.devices:
        offers = offers_for(catalog, device, TODAY)
        assert len({o.id for o in offers}) == len(offers)
        for offer in offers:
            seen += 1
            assert offer.usd_per_hour == pytest.approx(offer.usd_per_gpu_hour * offer.gpu_count)
            assert offer.gpu_count >= 1 and offer.usd_per_hour > 0 and offer.source
    assert seen > 100


def test_shipped_prices_of_an_eight_gpu_server_are_not_read_as_one_gpu() -> None:
    offers = {o.id: o for o in offers_for(load_catalog(), "h100-sxm", TODAY)}
    p5 = offers["aws p5.48xlarge us-east-1 on-demand"]
    assert (p5.usd_per_hour, p5.gpu_count, p5.usd_per_gpu_hour) == (55.04, 8, 6.88)


def test_an_owned_gpu_hour_is_the_sum_of_its_stated_parts() -> None:
    stated = {
        "purchase_usd": 30_000.0,
        "server_factor": 1.4,
        "residual_share": 0.15,
        "depreciation_years": 4.0,
        "system_power_factor": 1.8,
        "pue": 1.5,
        "usd_per_kwh": 0.16,
    }
    offer = owned_offer(load_catalog(), "h100-sxm", stated)
    assert offer is not None
    assert offer.parts["depreciation"] == pytest.approx(30_000 * 1.4 * 0.85 / (4 * 8766))
    assert offer.parts["electricity"] == pytest.approx(0.7 * 1.8 * 1.5 * 0.16)
    assert offer.usd_per_gpu_hour == pytest.approx(sum(offer.parts.values()))
    assert offer.usd_per_gpu_hour_low == pytest.approx(offer.usd_per_gpu_hour_high)
    assert HOURS_PER_YEAR == 8766
    assert (offer.gpu_count, offer.usd_per_hour) == (8, pytest.approx(8 * offer.usd_per_gpu_hour))


def test_owned_defaults_are_labelled_and_unknown_purchases_stay_unknown() -> None:
    catalog = load_catalog()
    offer = owned_offer(catalog, "h100-sxm")
    assert offer is not None and offer.usd_per_gpu_hour_high is not None
    assert offer.usd_per_gpu_hour_low < offer.usd_per_gpu_hour < offer.usd_per_gpu_hour_high  # type: ignore[operator]
    assert any("assumed, from the catalog" in note for note in offer.notes)
    assert catalog.energy.purchase("t4") is None
    assert owned_offer(catalog, "t4") is None
    assert owned_offer(catalog, "t4", {"purchase_usd": 900.0}) is not None


def test_wrong_ownership_terms_are_refused() -> None:
    catalog = load_catalog()
    with pytest.raises(InputError, match="did you mean purchase_usd"):
        owned_offer(catalog, "l4", {"purchase": 1.0})
    for terms in ({"purchase_usd": -1.0}, {"depreciation_years": 0.0}, {"residual_share": 1.0}):
        with pytest.raises(InputError, match="out of range"):
            owned_offer(catalog, "l4", terms)
    with pytest.raises(InputError, match="electricity region"):
        owned_offer(catalog, "l4", electricity="moon")
    with pytest.raises(UnknownName):
        owned_offer(catalog, "l5")


@given(st.lists(st.tuples(usd, st.floats(1, 3), st.floats(1, 3)), min_size=1, max_size=5))
def test_a_product_of_ranges_is_ordered_and_not_wider_than_its_extremes(
    factors: list[tuple[float, float, float]],
) -> None:
    ranges = [Range(value, value / down, value * up) for value, down, up in factors]
    joined = product(*ranges)
    lowest = highest = 1.0
    for each in ranges:
        lowest, highest = lowest * each.low, highest * each.high
    assert lowest * 0.999999 <= joined.low <= joined.value * 1.000001
    assert joined.value * 0.999999 <= joined.high <= highest * 1.000001
