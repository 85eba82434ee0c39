"""Invariants of every row of prices.csv and api_prices.csv."""

from collections import Counter, defaultdict

import pytest
from pydantic import ValidationError

from advisor.catalog import ApiPrice, Price
from tests.catalog.shipped import CATALOG

PRICES, API_PRICES = CATALOG.prices, CATALOG.api_prices
CONFIDENCE = {
    "dated-snapshot",
    "dated-snapshot-no-url",
    "undated-snapshot",
    "dated-aggregate",
    "secondary-page",
    "conflicting",
    "memory-only",
    "suspect",
}


def label(price: Price) -> str:
    return f"{price.provider} {price.instance} {price.device} {price.region} {price.as_of_text}"


def test_every_collected_row_is_here() -> None:
    assert len(PRICES) >= 221
    assert len(API_PRICES) >= 362


@pytest.mark.parametrize("price", PRICES, ids=label)
def test_a_price_names_a_known_device_or_says_why_not(price: Price) -> None:
    if price.device is None:
        assert price.notes
    else:
        assert price.device in CATALOG.devices


@pytest.mark.parametrize("price", PRICES, ids=label)
def test_a_price_per_gpu_is_plausible(price: Price) -> None:
    for usd in (price.on_demand_usd_per_hour, price.spot_usd_per_hour):
        if usd is not None and price.gpu_count:
            assert 0.05 <= usd / price.gpu_count <= 30
    assert price.gpu_count in (0, 1, 2, 4, 8)
    assert price.gpu_count > 0 or price.notes


def test_whole_instances_repeat_the_price_per_gpu_of_their_source() -> None:
    priced = [p for p in PRICES if p.on_demand_usd_per_hour is not None and p.gpu_count]
    assert len(priced) > 200
    assert all(price.usd_per_gpu_hour is not None for price in priced)


@pytest.mark.parametrize("rows", [PRICES, API_PRICES], ids=["cloud", "hosted"])
def test_every_price_has_a_source_a_date_or_its_absence_and_a_confidence(
    rows: list[Price] | list[ApiPrice],
) -> None:
    for row in rows:
        assert row.source
        assert row.as_of_text
        assert row.confidence in CONFIDENCE
        undated = "undated" in row.as_of_text
        assert (row.as_of is None) == undated, row
        assert row.as_of is None or row.as_of.year == 2026


def test_one_offer_has_one_price_a_day() -> None:
    keys = Counter((p.provider, p.instance, p.device, p.region, p.as_of_text) for p in PRICES)
    assert not [key for key, count in keys.items() if count > 1]


def test_aws_spot_cells_are_neither_the_on_demand_price_nor_its_tenth() -> None:
    """Both mean "no price" in the AWS dumps."""
    for price in PRICES:
        if price.provider == "aws" and price.spot_usd_per_hour and price.on_demand_usd_per_hour:
            share = price.spot_usd_per_hour / price.on_demand_usd_per_hour
            assert share < 0.999
            assert abs(share - 0.1) > 0.001


def test_a_spot_price_without_a_date_beside_a_dated_one_says_so() -> None:
    for price in PRICES:
        if price.provider == "aws" and price.spot_usd_per_hour and price.as_of:
            assert "spot undated" in price.notes


def test_shapes_that_cannot_be_ordered_on_demand_have_no_on_demand_price() -> None:
    for price in PRICES:
        if "Spot/Flex-start only" in price.notes:
            assert price.on_demand_usd_per_hour is None


def test_slices_of_a_gpu_never_count_as_a_gpu() -> None:
    for price in PRICES:
        if "less than one GPU" in price.notes:
            assert price.gpu_count == 0
            assert price.usd_per_gpu_hour is None


def test_one_hosted_label_has_one_price_or_is_marked_conflicting() -> None:
    groups: dict[tuple[str, ...], list[ApiPrice]] = defaultdict(list)
    for row in API_PRICES:
        groups[row.provider, row.model, row.unit, row.quality_or_size].append(row)
    for rows in groups.values():
        assert (len(rows) > 1) == (rows[0].confidence == "conflicting")


def test_doubtful_hosted_prices_are_marked_with_their_reason() -> None:
    doubtful = [row for row in API_PRICES if row.confidence in ("suspect", "conflicting")]
    assert {row.provider for row in doubtful} >= {"runwayml", "assemblyai"}
    assert all(row.notes for row in doubtful)


def test_no_trusted_speech_price_is_far_below_all_others() -> None:
    """A misread unit shows as a price a hundred times below its neighbours."""
    usable = [row for row in API_PRICES if row.confidence not in ("suspect", "memory-only")]
    for unit in ("1k characters", "image", "second of video", "minute of audio"):
        prices = sorted(row.usd_per_unit for row in usable if row.unit == unit)
        middle = prices[len(prices) // 2]
        assert prices[0] > middle / 30, unit
        assert prices[-1] < middle * 30, unit


def test_music_is_not_sold_by_the_image() -> None:
    units = {row.unit for row in API_PRICES if row.modality == "music"}
    assert units <= {"clip", "minute of audio"}


ROW = {
    "provider": "p",
    "instance": "i",
    "device": "l4",
    "gpu_count": 2,
    "region": "r",
    "on_demand_usd_per_hour": 2.0,
    "as_of_text": "undated",
    "source": "test",
    "confidence": "suspect",
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"spot_usd_per_hour": 2.1}, "above the on-demand price"),
        ({"usd_per_gpu_hour": 1.05}, "not the price of the instance"),
        ({"on_demand_usd_per_hour": None}, "needs an on-demand or a spot price"),
        ({"on_demand_usd_per_hour": 0}, "greater than 0"),
        ({"source": ""}, "at least 1 character"),
    ],
)
def test_a_price_that_contradicts_itself_is_refused(change: dict[str, object], reason: str) -> None:
    Price.model_validate(ROW)
    with pytest.raises(ValidationError, match=reason):
        Price.model_validate({**ROW, **change})


def test_a_price_per_gpu_may_be_rounded() -> None:
    assert Price.model_validate({**ROW, "usd_per_gpu_hour": 1.004}).usd_per_gpu_hour == 1.004
