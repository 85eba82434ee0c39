"""Readiness is scored from what is stated; gates follow from it; samples from statistics."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.assessment import Assessment, Readiness
from advisor.decide.gates import acceptance_plan, samples_for_percentile
from advisor.decide.readiness import CHECKS, readiness_of
from advisor.pipeline import assess
from advisor.usecase import parse_use_case
from tests.decide import fakes
from tests.rules.families import FAMILIES


def answered(**fields: Any) -> Assessment:
    return assess(
        parse_use_case({"title": "a test", **fields}),
        catalog=fakes.catalog(),
        as_of=fakes.DAY,
        sources=fakes.sources(),
        flips=False,
    )


def area(name: str, family: str = "image-diffusion", **fields: Any) -> Readiness:
    asked = parse_use_case({"title": "a test", "outputs": ["image"], **fields})
    return next(one for one in readiness_of(asked, FAMILIES[family]) if one.area == name)


def test_an_area_nobody_spoke_of_is_unknown_and_names_its_questions() -> None:
    team = area("team")
    assert team.score is None and team.level == "unknown" and team.missing
    assert all(question.endswith("?") for question in team.missing)


def test_a_stated_answer_scores_and_is_no_longer_missing() -> None:
    team = area("team", team_generative_engineers=2)
    assert team.score == 1.0 and team.level == "ready" and team.missing == []


def test_zero_tolerance_without_a_check_is_not_ready_and_a_check_helps() -> None:
    unchecked = area("accuracy", error_tolerance="zero", reviewer="none")
    checked = area("accuracy", error_tolerance="zero", reviewer="human")
    assert unchecked.level == "not-ready"
    assert checked.score is not None and unchecked.score is not None
    assert checked.score > unchecked.score


def test_little_data_matters_only_to_a_family_trained_on_it() -> None:
    assert area("data", "gan", training_examples=50).level == "not-ready"
    assert area("data", "image-diffusion", training_examples=50).level == "ready"


@given(st.sampled_from(sorted(FAMILIES)), st.sampled_from(["zero", "low", "medium", "high"]))
def test_scores_lie_between_zero_and_one(family: str, tolerance: str) -> None:
    asked = parse_use_case(
        {
            "title": "t",
            "outputs": ["image"],
            "error_tolerance": tolerance,
            "reviewer": "human",
            "review_minutes_per_item": 5.0,
            "training_examples": 7,
            "horizon_months": 1.0,
            "runtime": "game-engine",
        }
    )
    areas = readiness_of(asked, FAMILIES[family])
    assert [one.area for one in areas] == list(dict.fromkeys(check.area for check in CHECKS))
    assert all(one.score is None or 0 <= one.score <= 1 for one in areas)


def test_gates_fail_where_the_rules_stop_and_pass_where_all_is_stated() -> None:
    stopped = {one.id: one for one in answered(outputs=["speech"], likeness="third-party").gates}
    assert stopped["feasible"].status == stopped["persons"].status == "failed"
    fine = {
        one.id: one
        for one in answered(
            outputs=["image"],
            likeness="none",
            budget_usd_per_item=5.0,
            team_generative_engineers=1,
        ).gates
    }
    assert fine["feasible"].status == fine["persons"].status == fine["money"].status == "passed"
    assert fine["evaluation"].status == "open"  # no field holds the evaluation set


def test_a_prediction_alone_does_not_pass_the_time_gate() -> None:
    answer = answered(outputs=["image"], latency={"limit_ms": 600_000})
    gate = next(one for one in answer.gates if one.id == "time")
    assert gate.status == "open" and "datasheet" in gate.evidence


def test_the_pilot_measures_what_the_use_case_depends_on() -> None:
    answer = answered(outputs=["image"], reviewer="human", latency={"limit_ms": 60_000})
    assert answer.pilot is not None
    what = " ".join(one.what for one in answer.pilot.measures)
    assert all(word in what for word in ("acceptable", "response", "takes", "check"))
    assert answered(outputs=["speech"], likeness="third-party").pilot is None


@pytest.mark.parametrize(("percentile", "samples"), [(50, 5), (90, 29), (95, 59), (99, 299)])
def test_samples_for_a_percentile_are_the_textbook_ones(percentile: float, samples: int) -> None:
    assert samples_for_percentile(percentile) == samples


@settings(max_examples=15, deadline=None)
@given(st.sampled_from([0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999]))
def test_an_acceptance_plan_is_passed_by_luck_in_less_than_one_of_twenty(mark: float) -> None:
    samples, allowed = acceptance_plan(mark)
    by_luck = sum(
        math.comb(samples, k) * (1 - mark) ** k * mark ** (samples - k) for k in range(allowed + 1)
    )
    assert by_luck <= 0.05
    one_more = by_luck + math.comb(samples, allowed + 1) * (1 - mark) ** (allowed + 1) * mark ** (
        samples - allowed - 1
    )
    assert one_more > 0.05  # the most failures that are still surprising
