"""Flip points: the value of one requirement at which the recommendation changes.

Found by running the engine itself. Numbers: a walk by growing factors in both directions, then
bisection between the last value with the same answer and the first with another. Sizes: rung by
rung. Choices and devices: each one. Estimates, costs and what rules said are kept meanwhile.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from advisor.assessment import ChoiceFlip, FlipPoint
from advisor.decide.judge import Judgement, Shortlist, judge, shortlist_of
from advisor.decide.knobs import CHOICES, FIRST_EXAMPLES, KNOBS, Knob, value_text, varied
from advisor.decide.outcome import NOT_FEASIBLE, Outcome, outcome

if TYPE_CHECKING:
    from advisor.assessment import Change, Verdict
    from advisor.decide.bench import Bench, Option
    from advisor.usecase import UseCase

WALK = (1.3, 2.0, 4.0, 16.0, 64.0, 1024.0, 65536.0)  # factors tried in each direction
PRECISION = 0.02  # a flip is located to 2 %
NARROW = 2  # options per family, best first, that a search looks at beside fastest and cheapest
Direction = Literal["above", "below"]


@dataclass(frozen=True)
class Search:
    """One use case, the options its variants are judged by, and the answer they start from."""

    use_case: UseCase
    bench: Bench
    short: Shortlist
    now: Outcome

    @classmethod
    def of(cls, use_case: UseCase, bench: Bench, judgement: Judgement) -> Search:
        whole = outcome(judgement).key
        for size in (NARROW, 2 * NARROW):
            short = shortlist_of(judgement, size)
            now = outcome(judge(use_case, bench, short))
            if now.key == whole:
                return cls(use_case, bench, short, now)
        return cls(use_case, bench, {}, outcome(judgement))  # all options, as the answer had

    def at(self, use_case: UseCase) -> Outcome:
        """The answer to a variant, from the short list of options."""
        return outcome(judge(use_case, self.bench, self.short))

    def differs(self, found: Outcome) -> bool:
        return found.key != self.now.key


def flip_points(use_case: UseCase, bench: Bench, judgement: Judgement) -> list[FlipPoint]:
    """Numbers at which the recommendation changes, nearest first."""
    search = Search.of(use_case, bench, judgement)
    found: list[FlipPoint] = []
    for knob in KNOBS:
        current = knob.read(use_case)
        if current is None:
            continue
        for direction in ("above", "below"):
            threshold = locate(search, knob, current, direction)
            if threshold is not None:
                found.append(_flip(search, knob, current, direction, *threshold))
    return sorted(found, key=lambda flip: (flip.factor, flip.field, flip.direction))


def locate(
    search: Search, knob: Knob, current: float, direction: Direction
) -> tuple[float, Outcome] | None:
    """The first value in a direction with another answer, and that answer; None if there is none.

    A change that is undone again between two factors of the walk is not seen.
    """
    same = current
    for value in _walk(knob, current, direction):
        found = search.at(knob.set(search.use_case, value))
        if search.differs(found):
            return (value, found) if knob.ladder else _bisected(search, knob, same, value, found)
        same = value
    return None


def _walk(knob: Knob, current: float, direction: Direction) -> list[float]:
    up = direction == "above"
    if knob.ladder:
        factors = [factor for factor in knob.ladder if (factor > 1) == up]
    else:
        factors = [factor if up else 1 / factor for factor in WALK]
    return [v for v in (current * factor for factor in factors) if knob.low <= v <= knob.high]


def _bisected(
    search: Search, knob: Knob, same: float, other: float, answer: Outcome
) -> tuple[float, Outcome]:
    while abs(math.log(other / same)) > PRECISION:
        middle = math.sqrt(same * other)
        found = search.at(knob.set(search.use_case, middle))
        if search.differs(found):
            other, answer = middle, found
        else:
            same = middle
    return other, answer


def _flip(
    search: Search,
    knob: Knob,
    current: float,
    direction: Direction,
    threshold: float,
    to: Outcome,
) -> FlipPoint:
    becomes = name_of(to)
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
        changes=change_of(search.now, to),
    )


def choice_flips(use_case: UseCase, bench: Bench, judgement: Judgement) -> list[ChoiceFlip]:
    """Choices and devices with which the recommendation changes, fewest steps first."""
    search = Search.of(use_case, bench, judgement)
    found: list[ChoiceFlip] = []
    for choice in CHOICES:
        now = getattr(use_case, choice.field)
        for value in choice.others(use_case):
            answer = search.at(varied(use_case, **{choice.field: value}))
            if search.differs(answer):
                steps = choice.steps(now, value)
                found.append(
                    _choice(search, choice.field, choice.lead(value), now, value, steps, answer)
                )
    found += _first_examples(search) + _devices(search)
    return sorted(found, key=lambda flip: flip.steps)


def _choice(
    search: Search, field: str, lead: str, now: Any, to: Any, steps: int, answer: Outcome
) -> ChoiceFlip:
    becomes = name_of(answer)
    return ChoiceFlip(
        field=field,
        current=value_text(now),
        to=value_text(to),
        steps=steps,
        changes=change_of(search.now, answer),
        becomes=becomes,
        sentence=f"{lead} the answer is {becomes}.",
    )


def _first_examples(search: Search) -> list[ChoiceFlip]:
    """The first amount of own data that changes the answer, where there is none yet."""
    if search.use_case.training_examples:
        return []
    for steps, amount in enumerate(FIRST_EXAMPLES, start=1):
        answer = search.at(varied(search.use_case, training_examples=amount))
        if search.differs(answer):
            lead = f"With {amount:,} own training examples"
            return [_choice(search, "training_examples", lead, 0, amount, steps, answer)]
    return []


def _devices(search: Search) -> list[ChoiceFlip]:
    """Other devices than the ones the user tied the use case to; the cheapest few that differ."""
    if not search.use_case.devices:
        return []
    free = varied(search.use_case, devices=[])
    options = [
        option
        for family in search.short
        for option in search.bench.options(family, free)[0]
        if option.device.id not in search.use_case.devices
    ]
    found: list[ChoiceFlip] = []
    now = search.use_case.devices
    for device in dict.fromkeys(option.device.id for option in sorted(options, key=_usd)):
        keep = {
            family: frozenset((model, device) for model, _ in pairs)
            for family, pairs in search.short.items()
        }
        there = search.bench.on_device(device)
        answer = outcome(judge(varied(free, devices=[device]), there, keep))
        if search.differs(answer):
            found.append(_choice(search, "devices", f"On a {device}", now, device, 1, answer))
    return found


def _usd(option: Option) -> tuple[float, str]:
    return (option.offer.usd_per_gpu_hour if option.offer else math.inf), option.id


def change_of(now: Outcome, to: Outcome) -> Change:
    """What changes most."""
    if (now.family == NOT_FEASIBLE) != (to.family == NOT_FEASIBLE):
        return "feasibility"
    if now.family != to.family:
        return "family"
    return "verdict" if now.verdict != to.verdict else "model"


_VERDICTS: dict[Verdict, str] = {
    "go": "go",
    "go-with-guardrails": "go with guardrails",
    "go-with-human-review": "go with a person's review",
    "no-go": "no-go",
}


def name_of(answer: Outcome) -> str:
    """An answer in a few words: family, model, verdict."""
    if answer.family == NOT_FEASIBLE or answer.view is None:
        return "no-go"
    if answer.best is not None:
        what = f"{answer.view.family.name} ({answer.best.option.model.name})"
    elif "no-generation" in answer.view.family.traits:
        what = "nothing generative"
    else:
        what = f"{answer.view.family.name} (no model of it in the catalog)"
    return f"{what}, {_VERDICTS[answer.verdict]}"
