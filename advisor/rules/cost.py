"""What an item may cost, and what volume does to the choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.figure import significant
from advisor.rules.base import Case, NotApplicable, Outcome, Rule
from advisor.rules.build import candidate_rule, family_rule, use_case_rule
from advisor.rules.reading import (
    chance_text,
    has_trait,
    is_generative,
    makes,
    stated,
    task_of,
)

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.figure import Figure
    from advisor.usecase import UseCase

MANY_PER_DAY = 1e6
CASUAL_PER_DAY = 1e5
REVIEW_MINUTES, REVIEWERS = 360.0, 1000  # minutes of a reader's day; people (judgements)


def _against_budget(case: Case) -> tuple[str, Figure, float] | None:
    """The tightest stated budget: what it is about, the cost and the budget."""
    pairs = [
        ("output", case.usd_per_output, case.use_case.budget_usd_per_item),
        ("month", case.usd_per_month, case.use_case.budget_usd_per_month),
    ]
    stated_ones = [
        (name, cost, budget)
        for name, cost, budget in pairs
        if cost is not None and budget is not None
    ]
    if not stated_ones:
        return None
    return min(stated_ones, key=lambda item: item[1].chance_at_most(item[2]))


def about(usd: float) -> str:
    """An estimated cost: two significant digits."""
    return f"{significant(usd)} USD"


def money(usd: float) -> str:
    """1,234 USD, 1.23 USD, 0.00123 USD."""
    return f"{usd:,.0f} USD" if usd >= 100 else f"{usd:.3g} USD"


@candidate_rule(
    "CST101",
    "Over the budget",
    "bar",
    "cost",
    detection="The chance that the cost is within the stated budget is under 5 %.",
    why="Even the low end of the cost is above what may be spent.",
    remedy="A smaller model, spot capacity, fewer takes, or a higher budget.",
    source="the candidate's own cost against the stated budget",
)
def over_budget(rule: Rule, case: Case) -> Outcome:
    found = _against_budget(case)
    if found is None:
        return NotApplicable("no budget is stated, or the cost is not known")
    what, cost, budget = found
    if cost.chance_at_most(budget) >= 0.05:
        return None
    return rule.says(
        f"Should cost {about(cost.value)} per {what} where {money(budget)} may be spent.",
        usd=cost.value,
        budget_usd=budget,
    )


@candidate_rule(
    "CST102",
    "Likely, not certain, within the budget",
    "condition",
    "cost",
    detection="The interval of the cost crosses the stated budget: the chance is 5 % to 95 %.",
    why="The prediction cannot settle it.",
    remedy="Measure, then compute the cost again.",
    source="the candidate's own cost against the stated budget",
)
def near_budget(rule: Rule, case: Case) -> Outcome:
    found = _against_budget(case)
    if found is None:
        return NotApplicable("no budget is stated, or the cost is not known")
    what, cost, budget = found
    chance = cost.chance_at_most(budget)
    if not 0.05 <= chance < 0.95:
        return None
    word = "Likely" if chance >= 0.5 else "Unlikely"
    return rule.says(
        f"{word}, not certain ({chance_text(chance)}), within {money(budget)} per {what}.",
        usd=cost.value,
        budget_usd=budget,
        chance=chance,
    )


@use_case_rule(
    "CST103",
    "Free video for casual users",
    "condition",
    "cost",
    verdict_cap="no-go",
    detection=(
        "Video is created for at least 100,000 items a day (stated), nobody reviews, and no "
        "budget per item or month is stated."
    ),
    why="Compute per clip is cents to dollars; a recorded service lost that on every casual user.",
    remedy="State what a clip earns (budget_usd_per_item); feasible where it exceeds the compute.",
    source="catalog/api_prices.csv, video by the second",
    based_on=("R53",),
)
def free_video(rule: Rule, use_case: UseCase) -> Outcome:
    if use_case.outputs[0] != "video" or task_of(use_case) != "create":
        return NotApplicable("no video is created")
    many = stated(use_case, "volume_per_day") and use_case.volume_per_day >= CASUAL_PER_DAY
    budget = use_case.budget_usd_per_item is not None or use_case.budget_usd_per_month is not None
    if not many or budget or use_case.reviewer == "human":
        return None
    if use_case.latency.kind == "per-frame" or use_case.placement != "cloud":
        return None
    return rule.says(
        f"{use_case.volume_per_day:,.0f} clips a day, and nothing says what a clip may cost.",
        volume_per_day=use_case.volume_per_day,
    )


@use_case_rule(
    "CST107",
    "A review that nobody can staff",
    "condition",
    "cost",
    verdict_cap="no-go",
    detection=(
        "A person reviews each item, volume and minutes are stated, and the minutes of a day fill "
        "more than 1,000 people of 6 hours each."
    ),
    why="A check that cannot be done is no check: reviewers nod through what they cannot read.",
    remedy="Check a sample or only doubtful items by machine first, or lower the volume.",
    source="arithmetic over the stated minutes; 1,000 people of 6 hours are a judgement",
)
def unstaffed(rule: Rule, use_case: UseCase) -> Outcome:
    said = stated(use_case, "volume_per_day", "review_minutes_per_item")
    if use_case.reviewer != "human" or not said:
        return NotApplicable("no person reviews, or minutes or volume are not stated")
    people = use_case.volume_per_day * use_case.review_minutes_per_item / REVIEW_MINUTES
    if people <= REVIEWERS:
        return None
    return rule.says(
        f"Reading {use_case.volume_per_day:,.0f} items a day takes {people:,.0f} people.",
        people=people,
    )


@family_rule(
    "CST104",
    "Many items a day favour one pass",
    "for",
    "cost",
    weight=1,
    detection=(
        "At least 1,000,000 items a day (stated); the family is one-pass or generates nothing."
    ),
    why="Cost grows with passes times items; distilled and small models win at that volume.",
    remedy="None needed.",
    based_on=("R23",),
)
def volume_one_pass(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not stated(use_case, "volume_per_day") or use_case.volume_per_day < MANY_PER_DAY:
        return NotApplicable("fewer than a million items a day")
    if not has_trait(family, "one-pass") and is_generative(family):
        return None
    return rule.says(f"{family.name} costs one pass or less per item.")


@family_rule(
    "CST105",
    "Many items a day speak against many steps",
    "against",
    "cost",
    weight=1,
    detection="At least 1,000,000 items a day (stated); the family samples in many steps.",
    why="Cost grows with steps times items.",
    remedy="Distil to few steps or one pass; keep the slow model as the teacher.",
    based_on=("R23",),
)
def volume_many_steps(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not stated(use_case, "volume_per_day") or use_case.volume_per_day < MANY_PER_DAY:
        return NotApplicable("fewer than a million items a day")
    if not has_trait(family, "many-step", "optimises-per-item"):
        return None
    return rule.says(f"{family.name} pays for every step, a million times a day.")


@family_rule(
    "CST106",
    "Hundreds of takes",
    "note",
    "cost",
    detection="More than 20 takes per accepted item are stated; the family invents content.",
    why="Takes multiply compute and review hours: they belong in the plan.",
    remedy="Plan takes per accepted item and repair hours.",
    based_on=("R52",),
)
def many_takes(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not stated(use_case, "takes_per_item") or not has_trait(family, "invents-content"):
        return NotApplicable("takes per item are not stated, or nothing is invented")
    if use_case.takes_per_item <= 20 or not makes(use_case, "video", "image", "music"):
        return None
    return rule.says(
        f"{use_case.takes_per_item} takes per accepted item multiply compute and review.",
        takes=use_case.takes_per_item,
    )
