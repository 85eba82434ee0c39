"""Every shipped example gets the answer that its kind of case has in practice.

Runs on the shipped catalog, estimates and prices. The first eight are rows of the founding
article's choice table in plain form; the last three are the hard ones.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

import pytest

from advisor.assessment import Assessment
from advisor.pipeline import assess
from advisor.usecase import read_use_case

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DAY = date(2026, 11, 23)

# example -> families that count as right, verdicts that count as right
EXPECTED: dict[str, tuple[set[str], set[str]]] = {
    "support-answers": ({"llm"}, {"go-with-guardrails"}),
    "product-photos": ({"image-diffusion"}, {"go"}),
    "live-stylised-camera": ({"gan"}, {"go"}),
    "molecule-candidates": ({"vae"}, {"go-with-human-review"}),
    "narration": ({"parallel-tts", "codec-lm"}, {"go"}),
    "background-music": ({"audio-diffusion", "codec-lm"}, {"go"}),
    "ad-video": ({"video-diffusion"}, {"go-with-human-review"}),
    "object-from-photo": ({"3d-feedforward"}, {"go", "go-with-guardrails"}),
    "anomaly-scores": ({"vae"}, {"go"}),
    "ticket-routing": ({"non-generative"}, {"go"}),
    "phone-face-filter": ({"gan"}, {"go"}),
    "legal-text": ({"not-feasible"}, {"no-go"}),
    "game-assets": ({"not-feasible"}, {"no-go"}),
}


@lru_cache(maxsize=32)
def answer_to(name: str) -> Assessment:
    return assess(read_use_case(EXAMPLES / f"{name}.yaml"), as_of=DAY)


def test_every_example_is_expected_to_have_an_answer() -> None:
    assert {file.stem for file in EXAMPLES.glob("*.yaml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_gets_its_family_and_verdict(name: str) -> None:
    families, verdicts = EXPECTED[name]
    answer = answer_to(name)
    assert answer.family in families and answer.verdict in verdicts, answer.headline


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_can_be_stored_and_read_again(name: str) -> None:
    answer = answer_to(name)
    assert Assessment.model_validate_json(answer.model_dump_json()) == answer


@pytest.mark.parametrize("name", EXPECTED)
def test_families_that_are_out_name_the_rule(name: str) -> None:
    for family in answer_to(name).families:
        if family.status in ("barred", "does-not-make-this"):
            assert any(finding.severity == "bar" for finding in family.findings), family.family


@pytest.mark.parametrize("name", ["legal-text", "game-assets"])
def test_a_no_go_says_what_would_make_it_feasible(name: str) -> None:
    assert any(said.startswith("Feasible as") for said in answer_to(name).conditions)


def test_the_phone_is_judged_on_a_labelled_stand_in() -> None:
    answer = answer_to("phone-face-filter")
    assert any("No phone is in the device table" in warning for warning in answer.warnings)
    assert answer.offline is not None and answer.offline.family == "image-diffusion"
