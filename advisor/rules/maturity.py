"""How proven a family is, against how much proof is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.rules.base import NotApplicable, Outcome, Rule
from advisor.rules.build import family_rule
from advisor.rules.reading import stated

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.usecase import UseCase

CARDS = "the maturity of each family in catalog/families, with its source"


@family_rule(
    "MAT101",
    "Only laboratory work to point at",
    "condition",
    "maturity",
    verdict_cap="go-with-guardrails",
    detection="needs_precedent is stated as true; the family's maturity is research.",
    why="No shipped product shows that it holds at scale.",
    remedy="Plan a pilot with a pass mark, or accept to be first (needs_precedent: false).",
    source=CARDS,
    based_on=("R58",),
)
def laboratory_only(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not stated(use_case, "needs_precedent") or not use_case.needs_precedent:
        return NotApplicable("no precedent is asked for")
    if family.maturity != "research":
        return None
    return rule.says(f"{family.name} has laboratory demonstrations only: a pilot at most.")


@family_rule(
    "MAT102",
    "Less mature than the horizon allows",
    "against",
    "maturity",
    weight=1,
    detection="The family's maturity is research and the horizon is at most 6 months.",
    why="Research code takes longer than that to become a service.",
    remedy="A longer horizon, or a family in production elsewhere.",
    source=CARDS,
    based_on=("R58",),
)
def short_horizon(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if family.maturity != "research":
        return NotApplicable("the family is past research")
    if use_case.horizon_months > 6 or not use_case.needs_precedent:
        return None
    return rule.says(
        f"{family.name} is at the research stage and the launch is {use_case.horizon_months:g} "
        "months away.",
        months=use_case.horizon_months,
    )
