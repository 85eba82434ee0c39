"""How rules read what was not stated, and what a few fields together mean."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.rules.meaning import (
    answers_speech,
    filters_live,
    forecasts,
    quotes,
    reconstructs,
    usual_families,
)
from advisor.rules.reading import seconds_text, task_of
from advisor.usecase import UseCase, parse_use_case


def given(modality: str, role: str = "prompt") -> dict[str, str]:
    return {"modality": modality, "role": role}


def use_case(output: str, *inputs: dict[str, str], **fields: Any) -> UseCase:
    known = {"title": "a test", "outputs": [output], **fields}
    return parse_use_case({**known, "inputs": list(inputs)} if inputs else known)


def test_a_task_that_is_not_stated_follows_from_the_inputs() -> None:
    assert task_of(use_case("image")) == "create"
    assert task_of(use_case("image", given("image", "source"))) == "transform"
    assert task_of(use_case("video", given("image", "frame-pair"))) == "in-between"
    stated = use_case("image", given("image", "source"), task="create")
    assert task_of(stated) == "create"


def test_a_recording_to_be_written_down_is_no_spoken_order() -> None:
    from advisor.rules import rule

    one = rule("ACC105")
    record = use_case("text", given("speech", "source"), error_tolerance="low")
    from advisor.rules import Case, Finding

    assert not isinstance(one.check(one, Case(record)), Finding)


def test_one_best_series_is_a_forecast_and_several_are_not() -> None:
    series = given("time-series", "source")
    assert forecasts(use_case("time-series", series))
    assert not forecasts(use_case("time-series", series, answer_style="calibrated"))
    assert not forecasts(use_case("time-series", series, task="transform"))


@pytest.mark.parametrize(
    ("case", "families"),
    [
        (use_case("table", given("image", "source")), ("llm",)),
        (use_case("table", given("table", "source")), ("vae",)),
        (use_case("table", given("text"), training_examples=5000), ("vae",)),
        (use_case("time-series", given("time-series", "source")), ("non-generative",)),
        (use_case("image"), ("image-diffusion",)),
    ],
)
def test_the_usual_family_depends_on_what_goes_in(case: UseCase, families: tuple[str, ...]) -> None:
    assert usual_families(case) == families


def test_wording_kept_from_a_source_is_a_quotation() -> None:
    assert quotes(use_case("text", must_keep="wording", facts_from="exact-source"))
    assert not quotes(use_case("text", facts_from="exact-source"))


def test_a_film_or_many_photos_of_an_object_allow_a_reconstruction() -> None:
    filmed = given("video", "source")
    assert reconstructs(use_case("3d", filmed, must_keep="geometry"))
    assert reconstructs(use_case("3d", given("image", "subject"), subject_examples=6))
    assert not reconstructs(use_case("3d", given("image", "subject"), subject_examples=2))


def test_a_live_filter_keeps_its_source_and_tolerates_little() -> None:
    frames = {"latency": {"limit_ms": 20, "kind": "per-frame"}, "must_keep": "geometry"}
    source = given("video", "source")
    assert filters_live(use_case("video", source, error_tolerance="low", **frames))
    assert not filters_live(use_case("video", source, error_tolerance="high", **frames))
    assert not filters_live(use_case("video", source, **frames))  # tolerance not stated


def test_only_speech_that_is_answered_is_a_dialogue() -> None:
    assert answers_speech(use_case("speech", given("speech")))
    assert not answers_speech(use_case("speech", given("text"), given("speech", "subject")))
    assert not answers_speech(use_case("speech", given("speech", "source")))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0331, "33.1 ms"), (1.4, "1.4 s"), (119, "119 s"), (150, "2.5 min"), (10_800, "3 h")],
)
def test_a_time_is_said_in_the_unit_that_fits_it(seconds: float, text: str) -> None:
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(("code", "family"), [("CTL111", "parallel-tts"), ("CTL112", "codec-lm")])
def test_speech_must_keep_its_words_where_low_tolerance_is_stated(code: str, family: str) -> None:
    from advisor.rules import Case, Finding, rule
    from tests.rules.families import FAMILIES

    one = rule(code)

    def says(**fields: str) -> bool:
        asked = use_case("speech", given("text"), **fields)
        return isinstance(one.check(one, Case(asked, FAMILIES[family])), Finding)

    assert says(error_tolerance="low")
    assert not says(error_tolerance="high")
    assert not says()  # the default is low too, and nobody said it


def test_an_estimate_across_the_limit_is_called_likely_from_even_chances_on() -> None:
    from advisor.rules import Finding, rule
    from tests.rules.options import IMAGE, case, seconds
    from tests.rules.table import limit

    one = rule("LAT102")
    words = []
    for value in (0.9, 1.1):
        found = one.check(one, case(IMAGE | limit(1000), response_s=seconds(value)))
        assert isinstance(found, Finding)
        words.append(found.sentence.split(" (")[0])
    assert words == ["Likely, not certain", "Unlikely, not ruled out"]
