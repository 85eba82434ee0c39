"""Flip points: the value of one requirement at which the recommendation changes.

Found by running the engine itself: a coarse walk by factors in both directions, then bisection
between the last value with the same answer and the first with another. Estimates are kept, so a
run costs only rules and costs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from advisor.assessment import FlipPoint
from advisor.decide.judge import Judgement, Shortlist, judge, shortlist_of
from advisor.decide.outcome import NOT_FEASIBLE, Outcome, outcome
from advisor.limits import time_limit
from advisor.rules.reading import seconds_text

if TYPE_CHECKING:
    from advisor.decide.bench import Bench
    from advisor.usecase import UseCase

WALK = (4.0, 16.0, 64.0, 1024.0, 65536.0)  # factors tried in each direction
PRECISION = 0.02  # a flip is located to 2 %


@dataclass(frozen=True)
class Knob:
    """One requirement that can be turned: how to read it, set it and write it."""

    field: str
    unit: str
    words: str  # begins the flip's sentence
    read: Callable[[UseCase], float | None]
    set: Callable[[UseCase, float], UseCase]
    text: Callable[[float], str]
    low: float
    high: float


def varied(use_case: UseCase, **changes: Any) -> UseCase:
    """The use case with some fields set (and stated)."""
    return type(use_case).model_construct(
        _fields_set=set(use_case.model_fields_set) | set(changes),
        **{name: getattr(use_case, name) for name in type(use_case).model_fields} | changes,
    )


def _with_limit(use_case: UseCase, seconds: float) -> UseCase:
    limit = time_limit(use_case)
    kind = limit[0] if limit else use_case.latency.kind
    changed = use_case.latency.model_copy(
        update={"limit_ms": seconds * 1e3, "kind": kind, "experience": None}
    )
    return varied(use_case, latency=changed)


def _limit(use_case: UseCase) -> float | None:
    limit = time_limit(use_case)
    return limit[1] if limit else None


KNOBS = (
    Knob("latency", "s", "With a time limit", _limit, _with_limit, seconds_text, 1e-3, 2.6e6),
    Knob(
        "volume_per_day",
        "items/day",
        "With a volume",
        lambda use_case: use_case.volume_per_day,
        lambda use_case, value: varied(use_case, volume_per_day=value),
        lambda value: f"{value:,.3g} items a day" if value < 1e3 else f"{value:,.0f} items a day",
        0.01,
        1e10,
    ),
    Knob(
        "budget_usd_per_item",
        "USD/item",
        "With a budget",
        lambda use_case: use_case.budget_usd_per_item or None,
        lambda use_case, value: varied(use_case, budget_usd_per_item=value),
        lambda value: f"{value:.3g} USD per item",
        1e-7,
        1e4,
    ),
    Knob(
        "budget_usd_per_month",
        "USD/month",
        "With a budget",
        lambda use_case: use_case.budget_usd_per_month or None,
        lambda use_case, value: varied(use_case, budget_usd_per_month=value),
        lambda value: f"{value:,.0f} USD a month",
        1.0,
        1e10,
    ),
)


def flip_points(use_case: UseCase, bench: Bench, judgement: Judgement) -> list[FlipPoint]:
    """Where the recommendation changes, nearest first."""
    found: list[FlipPoint] = []
    short = shortlist_of(judgement)
    now = outcome(judge(use_case, bench, short))
    for knob in KNOBS:
        current = knob.read(use_case)
        if current is None:
            continue
        for direction in ("below", "above"):
            flip = _search(use_case, bench, short, now, knob, current, direction)
            if flip is not None:
                found.append(flip)
    return sorted(found, key=lambda flip: (flip.factor, flip.field, flip.direction))


def _search(
    use_case: UseCase,
    bench: Bench,
    short: Shortlist,
    now: Outcome,
    knob: Knob,
    current: float,
    direction: Literal["above", "below"],
) -> FlipPoint | None:
    same, other = current, None
    for factor in WALK:
        value = current * factor if direction == "above" else current / factor
        if not knob.low <= value <= knob.high:
            break
        found = _at(use_case, bench, short, knob, value)
        if _differs(found, now):
            other, answer = value, found
            break
        same = value
    if other is None:
        return None
    while abs(math.log(other / same)) > PRECISION:
        middle = math.sqrt(same * other)
        found = _at(use_case, bench, short, knob, middle)
        if _differs(found, now):
            other, answer = middle, found
        else:
            same = middle
    return _flip(knob, current, other, direction, answer)


def _at(use_case: UseCase, bench: Bench, short: Shortlist, knob: Knob, value: float) -> Outcome:
    return outcome(judge(knob.set(use_case, value), bench, short))


def _differs(found: Outcome, now: Outcome) -> bool:
    return found.key != now.key


def _flip(
    knob: Knob, current: float, threshold: float, direction: Literal["above", "below"], to: Outcome
) -> FlipPoint:
    becomes = _name(to)
    edge = "or more" if direction == "above" else "or less"
    return FlipPoint(
        field=knob.field,
        unit=knob.unit,
        current=current,
        threshold=threshold,
        direction=direction,
        becomes=becomes,
        sentence=f"{knob.words} of {knob.text(threshold)} {edge} the answer is {becomes}.",
        factor=max(threshold / current, current / threshold),
    )


def _name(answer: Outcome) -> str:
    if answer.family == NOT_FEASIBLE or answer.view is None:
        return "no-go"
    if answer.best is not None:
        return f"{answer.view.family.name} ({answer.best.option.model.name}), {answer.verdict}"
    if "no-generation" in answer.view.family.traits:
        return f"nothing generative, {answer.verdict}"
    return f"{answer.view.family.name} (no model of it in the catalog), {answer.verdict}"


@dataclass(frozen=True)
class Relaxation:
    """One requirement given up, in words and as a change of fields."""

    sentence: str
    changes: dict[str, Any]


def relaxations(use_case: UseCase) -> list[Relaxation]:
    """Single changes worth trying on a no-go, the least burdensome first (a judgement)."""
    found: list[Relaxation] = []

    def offer(sentence: str, **changes: Any) -> None:
        if any(getattr(use_case, name) != value for name, value in changes.items()):
            found.append(Relaxation(sentence, changes))

    if use_case.reviewer == "none":
        if use_case.outputs[0] in ("text", "code") and use_case.facts_from in (
            "exact-source",
            "text-base",
        ):
            offer("quote the source verbatim instead of writing (task: select)", task="select")
        offer("let a person check each output (reviewer: human)", reviewer="human")
    if use_case.likeness == "third-party":
        offer("capture each person's consent (likeness: consented)", likeness="consented")
    if use_case.cleanup_minutes_per_item == 0:
        offer("plan 30 minutes of clean-up per item", cleanup_minutes_per_item=30.0)
    if use_case.training_misalignment_px > 0:
        offer("register the training pairs to a pixel", training_misalignment_px=1.0)
    if use_case.licence == "no-pretrained":
        offer("allow a licensed pre-trained model and fine-tune it", licence="commercial")
    easier = {"zero": "low", "low": "medium"}.get(use_case.error_tolerance)
    if easier is not None:
        offer(f"tolerate more errors (error_tolerance: {easier})", error_tolerance=easier)
    if use_case.runtime == "restricted-operations":
        offer("choose a runtime without a restricted operation list", runtime="none")
    if use_case.placement != "cloud":
        offer("run it in the cloud (placement: cloud)", placement="cloud", memory_limit_mb=None)
    if use_case.data_boundary != "anywhere":
        offer("let data leave the site (data_boundary: anywhere)", data_boundary="anywhere")
    if use_case.devices:
        offer("allow any device (devices: none named)", devices=[])
    if use_case.memory_limit_mb is not None:
        offer("drop the memory limit", memory_limit_mb=None)
    return found


def least_changes(use_case: UseCase, bench: Bench, judgement: Judgement) -> list[str]:
    """Single changes that turn a no-go into something feasible, in sentences."""
    said: list[str] = []
    for one in relaxations(use_case):
        answer = outcome(judge(varied(use_case, **one.changes), bench))
        if answer.verdict != "no-go":
            said.append(f"Feasible as {_name(answer)}: {one.sentence}.")
    return said + _numeric_changes(use_case, bench, judgement)


def _numeric_changes(use_case: UseCase, bench: Bench, judgement: Judgement) -> list[str]:
    """Limits and budgets that would have to be looser, and by how much."""
    said: list[str] = []
    nothing, short = outcome(judgement), shortlist_of(judgement)
    for knob in KNOBS:
        current = knob.read(use_case)
        if current is None or knob.field == "volume_per_day":
            continue
        flip = _search(use_case, bench, short, nothing, knob, current, "above")
        if flip is not None and flip.becomes != "no-go":
            said.append(f"Feasible as {flip.becomes}: {knob.field} of {knob.text(flip.threshold)}.")
    return said
