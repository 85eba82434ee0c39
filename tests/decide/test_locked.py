"""Rules that could not be applied, and the answer that would unlock each."""

from __future__ import annotations

from functools import cache

from advisor.assessment import LockedRule
from advisor.decide.questions import question_of
from advisor.pipeline import assess
from advisor.usecase import UseCase, parse_use_case
from tests.decide import fakes

TICKETS = {"title": "Tickets", "outputs": ["label"], "closed_label_set": True}


@cache
def locked(**more: object) -> tuple[LockedRule, ...]:
    answer = assess(
        parse_use_case({**TICKETS, **more}),
        catalog=fakes.catalog(),
        as_of=fakes.DAY,
        sources=fakes.sources(),
        flips=False,
    )
    return tuple(answer.locked_rules)


def test_only_fields_that_nobody_stated_are_asked_for() -> None:
    stated = set(TICKETS)
    assert locked() and not {one.field for one in locked()} & stated
    assert {one.field for one in locked()} <= set(UseCase.model_fields)


def test_each_comes_with_the_reason_of_the_rule_and_the_question_of_the_form() -> None:
    for one in locked():
        assert one.reason and one.question == question_of(one.field)


def test_an_answer_unlocks_the_rules_that_waited_for_it() -> None:
    before = {one.code for one in locked() if one.field == "sharing"}
    after = {one.code for one in locked(sharing="no") if one.field == "sharing"}
    assert before and not after


def test_each_rule_is_named_once_in_order() -> None:
    codes = [one.code for one in locked()]
    assert codes == sorted(set(codes))


def test_every_requirement_has_a_question() -> None:
    from advisor.decide.questions import QUESTIONS
    from advisor.usecase import UseCase

    told = {"title", "description", "outputs"}  # without them there is nothing to ask about
    assert set(QUESTIONS) == set(UseCase.model_fields) - told
