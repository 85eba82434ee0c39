"""The whole record: slots, conditions, confidence, families, and the same bytes twice."""

from __future__ import annotations

import math
from typing import Any

import pytest

from advisor.assessment import Assessment
from advisor.pipeline import assess
from advisor.usecase import parse_use_case
from tests.decide import fakes
from tests.rules.families import FAMILIES


def answered(**fields: Any) -> Assessment:
    return assess(
        parse_use_case({"title": "A test", **fields}),
        catalog=fakes.catalog(),
        as_of=fakes.DAY,
        sources=fakes.sources(),
    )


FILTER: dict[str, Any] = {
    "outputs": ["video"],
    "inputs": [{"modality": "video", "role": "source"}],
    "task": "transform",
    "scope": "fixed",
    "placement": "phone",
    "latency": {"limit_ms": 33, "kind": "per-frame"},
}


def test_the_same_question_gives_the_same_bytes() -> None:
    one, other = answered(outputs=["image"]), answered(outputs=["image"])
    assert one.model_dump_json() == other.model_dump_json()


def test_all_families_are_listed_and_those_that_are_out_say_why() -> None:
    answer = answered(outputs=["image"])
    assert {family.family for family in answer.families} == set(FAMILIES)
    for family in answer.families:
        if family.status in ("barred", "does-not-make-this"):
            assert any(finding.severity == "bar" for finding in family.findings), family.family
            assert family.sentence


def test_the_chosen_candidate_is_ranked_first() -> None:
    answer = answered(outputs=["image"])
    assert answer.candidates[0].rank == 1
    assert answer.serve is not None and answer.serve.candidate == answer.candidates[0].id
    ranks = [one.rank for one in answer.candidates if one.rank is not None]
    assert ranks == list(range(1, len(ranks) + 1))


def test_numbers_are_finite_and_scores_between_zero_and_one() -> None:
    for candidate in answered(outputs=["image"]).candidates:
        assert all(0.0 <= value <= 1.0 for value in candidate.scores.values())
        assert math.isfinite(candidate.total)


def test_unstated_fields_are_listed_as_assumed_with_their_question() -> None:
    answer = answered(outputs=["image"], reviewer="human")
    fields = {one.field for one in answer.assumed}
    assert "error_tolerance" in fields and "reviewer" not in fields
    assert all(one.question.endswith("?") for one in answer.assumed)


def test_a_live_effect_is_distilled_from_a_slow_teacher() -> None:
    answer = answered(**FILTER)
    assert answer.family == "gan"
    assert answer.offline is not None and answer.offline.family == "image-diffusion"


def test_batch_pictures_are_prepared_ahead() -> None:
    answer = answered(outputs=["image"])
    assert answer.serve is not None and answer.offline is not None
    assert answer.offline.candidate == answer.serve.candidate


def test_a_stand_in_device_is_said_to_be_one() -> None:
    answer = answered(**FILTER)
    assert any("stands in" in warning for warning in answer.warnings)
    assert any("EDG105" in condition for condition in answer.conditions)
    assert answer.confidence.level != "high"


def test_a_family_without_models_can_be_chosen_without_a_candidate() -> None:
    answer = answered(
        outputs=["video"], inputs=[{"modality": "image", "role": "frame-pair"}], task="in-between"
    )
    assert answer.family == "frame-interpolation"
    assert answer.serve is not None and answer.serve.candidate is None


def test_a_no_go_has_no_slots_and_no_ranked_candidates() -> None:
    answer = answered(outputs=["speech"], likeness="third-party")
    assert answer.verdict == "no-go" and answer.family == "not-feasible"
    assert answer.serve is None and answer.offline is None
    assert all(candidate.rank is None for candidate in answer.candidates)
    assert any("consented" in condition for condition in answer.conditions)


def test_hosted_apis_are_left_out_where_data_may_not_leave() -> None:
    assert answered(outputs=["image"]).apis
    assert not answered(outputs=["image"], data_boundary="on-premises").apis


@pytest.mark.parametrize(
    ("reviewer", "verdict"), [("none", "go"), ("human", "go-with-human-review")]
)
def test_review_by_a_person_caps_the_verdict(reviewer: str, verdict: str) -> None:
    answer = answered(outputs=["image"], reviewer=reviewer, error_tolerance="medium")
    assert answer.verdict == verdict


def test_text_from_a_trusted_base_needs_guardrails() -> None:
    answer = answered(outputs=["text"], facts_from="text-base", error_tolerance="low")
    assert (answer.family, answer.verdict) == ("llm", "go-with-guardrails")
    assert any("ACC103" in condition for condition in answer.conditions)


def test_confidence_falls_when_the_limit_is_uncertain() -> None:
    answer = answered(
        outputs=["3d"],
        inputs=[{"modality": "image", "role": "subject"}],
        devices=["a100-sxm-80"],
        latency={"limit_ms": 420, "kind": "total"},
        error_tolerance="medium",
        reviewer="none",
        volume_per_day=100.0,
    )
    assert answer.serve is not None and answer.serve.candidate is not None
    assert answer.confidence.level == "medium"
    assert any("chance" in reason for reason in answer.confidence.reasons)


def test_without_flips_the_search_is_left_out() -> None:
    use_case = parse_use_case({"title": "A test", "outputs": ["image"]})
    answer = assess(
        use_case, catalog=fakes.catalog(), as_of=fakes.DAY, sources=fakes.sources(), flips=False
    )
    assert answer.flip_points == []
