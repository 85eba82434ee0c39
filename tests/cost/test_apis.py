"""Hosted APIs: units, rows left out, and the volume at which self-hosting gets cheaper."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.catalog import load_catalog
from advisor.cost.apis import MAX_LISTED, api_costs, api_survey
from advisor.cost.break_even import break_even_volume_per_day
from advisor.cost.record import DAYS_PER_MONTH, ApiCost
from advisor.cost.serving import serving_case
from advisor.figure import Basis
from advisor.workload import Workload
from tests.cost.make import TODAY, Shelf, api, estimate, offer, use_case


def costs(*rows: object, **fields: object) -> list[ApiCost]:
    return api_costs(Shelf(apis=list(rows)), use_case(**fields), TODAY)  # type: ignore[arg-type]


def test_an_image_price_is_one_image_per_output() -> None:
    (cost,) = costs(api(usd=0.04), volume_per_day=1000, width_px=512, height_px=512)
    assert cost.usd_per_output.value == pytest.approx(0.04)
    assert cost.usd_per_month.value == pytest.approx(0.04 * 1000 * 30.4375)
    assert any("asked is 512 x 512" in note for note in cost.notes)


def test_a_megapixel_price_is_taken_at_the_size_asked() -> None:
    (cost,) = costs(api(usd=0.02, unit="megapixel"), width_px=2000, height_px=1000)
    assert cost.units_per_output.value == pytest.approx(2.0)
    assert cost.usd_per_output.value == pytest.approx(0.04)
    assert cost.usd_per_output.basis is Basis.priced
    (unsized,) = costs(api(usd=0.02, unit="megapixel"))
    assert unsized.usd_per_output.basis is Basis.assumed


def test_video_is_paid_by_the_second_at_the_smallest_size_that_is_large_enough() -> None:
    rows = [
        api(usd=price, unit="second of video", modality="video", quality_or_size=size)
        for size, price in (("default", 0.2), ("480p", 0.05), ("720p", 0.1), ("4k", 0.4))
    ]
    asked = {"outputs": ["video"], "duration_s": 8.0}
    (hd,) = costs(*rows, width_px=1280, height_px=720, **asked)
    assert (hd.quality_or_size, hd.usd_per_output.value) == ("720p", pytest.approx(0.8))
    (full,) = costs(*rows, width_px=1080, height_px=1920, **asked)
    assert full.quality_or_size == "4k"
    (short,) = costs(*rows[:3], width_px=1920, height_px=1080, **asked)
    assert any("720 lines" in note for note in short.notes)
    survey = api_survey(Shelf(apis=rows), use_case(**asked), TODAY)  # type: ignore[arg-type]
    assert sum(survey.left_out.values()) == 3


def test_qualities_of_one_image_model_stay_apart() -> None:
    rows = [api(usd=price, quality_or_size=name) for name, price in (("low", 0.01), ("high", 0.2))]
    assert [cost.quality_or_size for cost in costs(*rows)] == ["low", "high"]


def test_a_video_price_without_a_size_says_which_was_asked_for() -> None:
    row = api(usd=0.1, unit="second of video", modality="video", quality_or_size="default")
    (cost,) = costs(row, outputs=["video"], duration_s=8.0, width_px=1280, height_px=720)
    assert "its size is not stated, asked are 720 lines" in cost.notes


def test_speech_is_turned_into_characters_by_a_labelled_assumption() -> None:
    row = api(usd=0.03, unit="1k characters", modality="tts")
    (timed,) = costs(row, outputs=["speech"], duration_s=60)
    assert timed.units_per_output.value == pytest.approx(60 * 14 / 1000)
    assert timed.units_per_output.low < timed.units_per_output.value < timed.units_per_output.high
    assert timed.usd_per_output.basis is Basis.assumed
    assert "characters a second" in timed.units_per_output.source
    (written,) = costs(row, outputs=["speech"], tokens_in=250)
    assert written.units_per_output.value == pytest.approx(1.0)
    minute = api(usd=0.06, unit="minute of audio", modality="tts")
    (by_minute,) = costs(minute, outputs=["speech"], duration_s=30)
    assert by_minute.usd_per_output.value == pytest.approx(0.03)


def test_text_pays_tokens_in_and_out_at_their_own_prices() -> None:
    rows = [
        api("writer", 1.0, "1M input tokens", modality="text"),
        api("writer", 5.0, "1M output tokens", modality="text"),
        api("half", 5.0, "1M output tokens", modality="text"),
    ]
    asked = {"outputs": ["text"], "tokens_in": 2000, "tokens_out": 400}
    (cost,) = costs(*rows, **asked)
    assert cost.usd_per_output.value == pytest.approx(2000 * 1e-6 + 400 * 5e-6)
    survey = api_survey(Shelf(apis=rows), use_case(**asked), TODAY)  # type: ignore[arg-type]
    assert survey.left_out == {"only one of input and output tokens is priced": 1}


def test_rows_left_out_are_counted_with_their_reason() -> None:
    rows = [
        api("good"),
        api("doubtful", confidence="suspect"),
        api("recalled", confidence="memory-only"),
        api("gone", deprecated_on=date(2026, 10, 1)),
        api("tokens", unit="1M output image tokens"),
        api("editor-kontext"),
        api("going", usd=0.05, deprecated_on=date(2026, 12, 1)),
    ]
    survey = api_survey(Shelf(apis=rows), use_case(), TODAY)  # type: ignore[arg-type]
    assert [cost.model for cost in survey.costs] == ["good", "going"]
    assert any("2026-12-01" in note for note in survey.costs[1].notes)
    assert sum(survey.left_out.values()) == 5
    assert survey.left_out["withdrawn by the vendor"] == 1


@pytest.mark.parametrize("boundary", ["on-premises", "end-to-end-encrypted", "offline"])
def test_no_hosted_api_where_data_may_not_leave(boundary: str) -> None:
    survey = api_survey(Shelf(apis=[api()]), use_case(data_boundary=boundary), TODAY)  # type: ignore[arg-type]
    assert survey.costs == [] and sum(survey.left_out.values()) == 1


def test_stated_takes_are_paid_for_every_accepted_item() -> None:
    (once,) = costs(api(), volume_per_day=10)
    (often,) = costs(api(), volume_per_day=10, takes_per_item=3)
    assert often.usd_per_output.value == pytest.approx(3 * once.usd_per_output.value)


def test_the_length_of_the_candidate_stands_in_for_one_nobody_stated() -> None:
    row = api(usd=0.1, unit="second of video", modality="video")
    workload = Workload(seconds=12.0)
    asked = use_case(outputs=["video"])
    (cost,) = api_costs(Shelf(apis=[row]), asked, TODAY, workload)  # type: ignore[arg-type]
    assert cost.usd_per_output.value == pytest.approx(1.2)
    assert cost.usd_per_output.basis is Basis.assumed


@pytest.mark.parametrize("output", ["image", "video", "speech", "music", "text", "code"])
def test_the_shipped_prices_give_a_short_sorted_list_per_modality(output: str) -> None:
    found = api_costs(load_catalog(), use_case(outputs=[output]), TODAY)
    assert 1 <= len(found) <= MAX_LISTED
    values = [cost.usd_per_output.value for cost in found]
    assert values == sorted(values) and values[0] > 0
    assert all(cost.source and cost.quality_or_size for cost in found)
    assert found == api_costs(load_catalog(), use_case(outputs=[output]), TODAY)


def test_the_same_model_at_one_price_is_listed_once_and_names_the_others() -> None:
    (cost,) = costs(api("alpha"), api("beta"))
    assert cost.model == "alpha" and "same price: beta" in cost.notes


def month_of(usd: float) -> ApiCost:
    (cost,) = costs(api(usd=usd), width_px=1024, height_px=1024)
    return cost


@settings(max_examples=25, deadline=None)
@given(st.floats(0.05, 20), st.floats(0.001, 1.0), st.sampled_from([1, 4, 8]))
def test_above_the_break_even_self_hosting_is_cheaper_and_below_it_is_not(
    seconds: float, usd: float, count: int
) -> None:
    serving = serving_case(
        estimate(seconds), use_case(peak_factor=2.0), offer(1.0 * count, count), 1
    )
    api_cost = month_of(usd)
    crossing = break_even_volume_per_day(serving, api_cost)

    def gap(volume: float) -> float:
        return serving.numbers(volume).usd_per_month - volume * DAYS_PER_MONTH * usd

    if crossing is None:
        assert gap(1e10) >= 0
        return
    assert crossing.low <= crossing.value <= crossing.high
    # The crossing is known to 0.1 %; whole instances make the gap jump back and forth around it.
    just_below = (gap(crossing.value / (1 + step * 1e-5)) for step in range(1, 111))
    assert gap(crossing.value) < 0 <= max(just_below)
    for factor in (3.0, 100.0, 1e4):
        if crossing.value * factor < 1e10:
            assert gap(crossing.value * factor) < 0


def test_break_even_of_one_always_on_instance_is_rent_over_price() -> None:
    """One GPU at 1 USD/h carries 1 s images at 1 a second; 0.04 USD each: 600 a day pay for it."""
    serving = serving_case(estimate(1.0), use_case(), offer(1.0), 1)
    crossing = break_even_volume_per_day(serving, month_of(0.04))
    assert crossing is not None
    assert crossing.value == pytest.approx(24 / 0.04, rel=2e-3)


def test_there_is_no_break_even_where_the_gpu_is_dearer_per_output() -> None:
    serving = serving_case(estimate(3600.0), use_case(), offer(10.0), 1)
    assert break_even_volume_per_day(serving, month_of(0.04)) is None


def test_own_devices_are_always_cheaper_than_an_api() -> None:
    free = serving_case(estimate(1.0), use_case(), offer(0.0, kind="client-device"), 1)
    crossing = break_even_volume_per_day(free, month_of(0.04))
    assert crossing is not None and crossing.value == 0.01
