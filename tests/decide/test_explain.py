"""One candidate is walked through every rule, and its distance to the pick adds up."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.decide.explain import Explanation, explain
from advisor.errors import UnknownName
from advisor.rules import all_rules
from advisor.usecase import parse_use_case
from tests.decide import fakes

PICTURES = {"outputs": ["image"], "error_tolerance": "medium"}


def explained(name: str, **fields: Any) -> Explanation:
    use_case = parse_use_case({"title": "Pictures", **(fields or PICTURES)})
    return explain(
        use_case, name, catalog=fakes.catalog(), as_of=fakes.DAY, sources=fakes.sources()
    )


def test_every_rule_is_named_once_with_its_outcome() -> None:
    found = explained("painter")
    assert [step.code for step in found.steps] == [one.code for one in all_rules()]
    assert all(step.said for step in found.steps if step.outcome != "silent")


def test_points_add_up_to_the_total() -> None:
    found = explained("painter")
    whole = 0.375 + sum(s.points for s in found.steps) + sum(c.points for c in found.criteria)
    assert found.total == pytest.approx(whole, abs=1e-4)


def test_the_pick_is_held_against_the_next_family_and_others_against_the_pick() -> None:
    pick = explained("image-diffusion")
    assert pick.standing == "the pick" and pick.sentence.startswith("Above")
    other = explained("few-step-diffusion")
    assert other.standing == "below" and other.other == pick.candidate
    assert other.total is not None and other.other_total == pick.total
    assert other.total < pick.total


def test_a_barred_family_is_out_with_the_rule_that_bars_it() -> None:
    found = explained("gan")
    assert found.standing == "out" and "CTL110" in found.sentence and found.total is None


def test_a_no_go_is_out_with_what_stops_it() -> None:
    found = explained("llm", outputs=["text"], error_tolerance="zero")
    assert found.standing == "out" and "ACC101" in found.sentence


def test_a_family_without_a_model_says_why() -> None:
    found = explained("non-generative", outputs=["label"])
    assert found.candidate is None and found.why_no_candidate
    scopes = {s.scope for s in found.steps if s.said.startswith("there is no candidate")}
    assert scopes == {"model", "candidate"}


def test_an_unknown_name_gets_the_nearest_of_both_kinds() -> None:
    with pytest.raises(UnknownName, match="did you mean"):
        explained("image-difusion")
