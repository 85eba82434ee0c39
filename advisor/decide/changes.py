"""The least change that makes a no-go feasible: one limit relaxed, by how much; else two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from advisor.assessment import LeastChange
from advisor.decide.flips import Search, locate, name_of
from advisor.decide.judge import judge
from advisor.decide.knobs import KNOBS, Knob, value_text, varied
from advisor.decide.outcome import Outcome, outcome

if TYPE_CHECKING:
    from advisor.decide.bench import Bench
    from advisor.decide.judge import Judgement
    from advisor.usecase import UseCase

PAIRS = 40  # pairs of choices tried, the least burdensome first
LISTED = 8


@dataclass(frozen=True)
class Relaxation:
    """One requirement given up, in words and as a change of fields."""

    sentence: str
    changes: dict[str, Any]


def relaxations(use_case: UseCase) -> list[Relaxation]:
    """Single choices worth trying on a no-go, the least burdensome first (a judgement)."""
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


def least_changes(use_case: UseCase, bench: Bench, judgement: Judgement) -> list[LeastChange]:
    """Single changes that turn a no-go into something feasible; pairs where no single one does.

    Choices come first, in the order of burden; then numbers, the nearest first.
    """
    choices = relaxations(use_case)
    single = [*_single(use_case, bench, choices), *_numbers(use_case, bench, judgement)]
    if single:
        return single[:LISTED]
    return [*_with_number(use_case, bench, choices), *_pairs(use_case, bench, choices)][:LISTED]


def _single(use_case: UseCase, bench: Bench, choices: list[Relaxation]) -> Iterator[LeastChange]:
    for one in choices:
        answer = outcome(judge(varied(use_case, **one.changes), bench))
        if answer.verdict != "no-go":
            yield _change(answer, one.changes, one.sentence)


def _numbers(use_case: UseCase, bench: Bench, judgement: Judgement) -> list[LeastChange]:
    """Limits, budgets and sizes that would have to be looser, and by how much."""
    found: list[LeastChange] = []
    search = Search.of(use_case, bench, judgement)
    for knob in KNOBS:
        current = knob.read(use_case)
        if current is None:
            continue
        for direction in _ways(knob):
            located = locate(search, knob, current, direction)
            if located is not None and located[1].verdict != "no-go":
                found.append(_number(knob, current, *located))
    return sorted(found, key=lambda one: one.factor)


def _ways(knob: Knob) -> tuple[Any, ...]:
    return (knob.looser,) if knob.looser else ("below", "above")


def _with_number(
    use_case: UseCase, bench: Bench, choices: list[Relaxation]
) -> Iterator[LeastChange]:
    """A choice and a number together."""
    for one in choices:
        relaxed = varied(use_case, **one.changes)
        for change in _numbers(relaxed, bench, judge(relaxed, bench)):
            first = {name: value_text(value) for name, value in one.changes.items()}
            said = change.sentence.partition(": ")[2]
            yield change.model_copy(
                update={
                    "changes": first | change.changes,
                    "sentence": f"Feasible as {change.becomes}: {one.sentence}, and {said}",
                }
            )


def _pairs(use_case: UseCase, bench: Bench, choices: list[Relaxation]) -> Iterator[LeastChange]:
    for one, two in list(combinations(choices, 2))[:PAIRS]:
        if one.changes.keys() & two.changes.keys():
            continue
        both = one.changes | two.changes
        answer = outcome(judge(varied(use_case, **both), bench))
        if answer.verdict != "no-go":
            yield _change(answer, both, f"{one.sentence}, and {two.sentence}")


def _change(answer: Outcome, changes: dict[str, Any], sentence: str) -> LeastChange:
    becomes = name_of(answer)
    return LeastChange(
        changes={name: value_text(value) for name, value in changes.items()},
        becomes=becomes,
        verdict=answer.verdict,
        factor=1.0,
        sentence=f"Feasible as {becomes}: {sentence}.",
    )


def _number(knob: Knob, current: float, threshold: float, answer: Outcome) -> LeastChange:
    said = f"{knob.field} of {knob.text(threshold)}"
    change = _change(answer, {knob.field: knob.text(threshold)}, said)
    return change.model_copy(update={"factor": max(threshold / current, current / threshold)})
