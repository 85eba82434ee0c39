"""The one sentence on what would change the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.decide.knobs import KNOBS

if TYPE_CHECKING:
    from advisor.assessment import ChoiceFlip, FlipPoint, LeastChange

SAID = 3
_WORDS = {
    "devices": "on {}",
    "error_tolerance": "with a tolerance of {}",
    "reviewer": "with a check by {}",
    "licence": "under a licence of {}",
    "data_boundary": "with data {}",
    "training_examples": "with {} training examples",
}


def flip_summary(
    numbers: list[FlipPoint], choices: list[ChoiceFlip], least: list[LeastChange]
) -> str:
    """'Feasible from 1.4 s, or at 768 px, or on an L40S; below 40,000 images a month ...'.

    A no-go says what would do; any other answer where it changes, nearest first.
    """
    if least:
        would_do = [one.sentence.partition(": ")[2].rstrip(".") for one in least[:SAID]]
        return f"Feasible with: {'; or '.join(would_do)}."
    own = [one for one in numbers if one.changes != "serve-or-buy"]
    parts = [_number(one) for one in own[:SAID]]
    parts += [_choice(one) for one in choices if one.steps == 1][: SAID - len(parts)]
    buying = [one.sentence for one in numbers if one.changes == "serve-or-buy"]
    if not parts:
        said = "No single requirement in the range searched changes the recommendation."
        return " ".join([said, *buying[:1]])
    return " ".join([f"The answer changes {', or '.join(parts)}.", *buying[:1]])


def _number(flip: FlipPoint) -> str:
    knob = next(one for one in KNOBS if one.field == flip.field)
    way = "from" if flip.direction == "above" else "down to"
    name = {"latency": "a limit", "volume_per_day": "a volume", "width_px": "a width"}
    what = name.get(flip.field, flip.field.split("_")[0])
    return f"{way} {what} of {knob.text(flip.threshold)} ({_short(flip.becomes)})"


def _choice(flip: ChoiceFlip) -> str:
    words = _WORDS.get(flip.field, flip.field.replace("_", " ") + ": {}")
    return f"{words.format(flip.to)} ({_short(flip.becomes)})"


def _short(becomes: str) -> str:
    return becomes.replace(", ", ": ") if becomes != "no-go" else "no-go"
