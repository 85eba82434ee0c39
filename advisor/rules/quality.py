"""How good, how large, how long, how varied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.rules.base import Case, NotApplicable, Outcome, Rule
from advisor.rules.build import family_rule, model_rule, use_case_rule
from advisor.rules.meaning import drives_shape, odds_per_place
from advisor.rules.reading import (
    has_trait,
    is_generative,
    makes,
    stated,
    task_of,
)

if TYPE_CHECKING:
    from advisor.catalog import Family, Model
    from advisor.usecase import UseCase

# How far an upscaler stretches a picture without becoming the picture's author: published general
# upscalers are trained for a factor of 4.
UPSCALE = 4.0
FILM_S = 600.0  # one generated piece of video longer than this is a film (judgement)


def _size_shortfall(case: Case) -> float:
    return max(case.shortfalls.get("width", 1.0), case.shortfalls.get("height", 1.0))


@model_rule(
    "QUA101",
    "Cannot reach the requested size",
    "bar",
    "quality",
    detection="The requested width or height is more than 4 times the model's largest.",
    why="Upscalers are trained for a factor of 4; beyond it most of the picture is theirs.",
    remedy="A model with a larger output, or a smaller request.",
    source="the model's axes in catalog/models; https://arxiv.org/abs/2107.10833 (factor 4)",
)
def too_small(rule: Rule, case: Case, model: Model) -> Outcome:
    if case.use_case.width_px is None:
        return NotApplicable("no size is requested")
    factor = _size_shortfall(case)
    if factor <= UPSCALE:
        return None
    return rule.says(f"{model.name} gives 1/{factor:.1f} of the requested size.", factor=factor)


@model_rule(
    "QUA102",
    "Needs an upscaler behind it",
    "condition",
    "quality",
    detection="The requested width or height is above the model's largest, at most 4 times.",
    why="A second stage adds time, memory and its own invented detail.",
    remedy="Add an upscaling stage and measure it, or ask for a smaller picture.",
    source="the model's axes in catalog/models; https://arxiv.org/abs/2107.10833 (factor 4)",
)
def upscaler(rule: Rule, case: Case, model: Model) -> Outcome:
    if case.use_case.width_px is None:
        return NotApplicable("no size is requested")
    factor = _size_shortfall(case)
    if not 1.01 < factor <= UPSCALE:
        return None
    return rule.says(f"{model.name} has to be upscaled {factor:.1f} times.", factor=factor)


@model_rule(
    "QUA103",
    "Longer than one generation",
    "condition",
    "quality",
    detection="The requested duration or token count is 1.05 to 20 times the model's longest.",
    why="Pieces have to be joined; characters, keys and arguments drift over the seams.",
    remedy="Plan the joins, or ask for shorter pieces.",
    source="the model's axes in catalog/models",
)
def in_pieces(rule: Rule, case: Case, model: Model) -> Outcome:
    factor = _length_shortfall(case)
    if factor is None:
        return NotApplicable("no length is requested")
    if not 1.05 < factor <= 20:
        return None
    return rule.says(
        f"{model.name} makes it in {factor:.1f} pieces that have to be joined.", factor=factor
    )


def _length_shortfall(case: Case) -> float | None:
    use_case = case.use_case
    if use_case.duration_s is None and use_case.tokens_out is None and use_case.tokens_in is None:
        return None
    return max(
        (
            case.shortfalls.get(axis, 1.0)
            for axis in ("seconds", "frames", "tokens_in", "tokens_out")
        ),
        default=1.0,
    )


@model_rule(
    "QUA104",
    "Far shorter than requested",
    "bar",
    "quality",
    detection="The requested duration or token count is more than 20 times the model's longest.",
    why="Twenty joins and more no longer make one piece.",
    remedy="A streaming family, or shorter pieces.",
    source="the model's axes in catalog/models; the factor of 20 is a judgement",
)
def far_too_short(rule: Rule, case: Case, model: Model) -> Outcome:
    factor = _length_shortfall(case)
    if factor is None:
        return NotApplicable("no length is requested")
    if factor <= 20 or case.use_case.endless:
        return None
    return rule.says(f"{model.name} makes 1/{factor:.0f} of the requested length.", factor=factor)


@model_rule(
    "QUA105",
    "Demonstration quality",
    "against",
    "quality",
    weight=2,
    detection="The model's quality tier is 1 or 2 of 5, and the tolerance is below high.",
    why="Outputs at that tier are recognised as weak by people who did not make them.",
    remedy="A model of a higher tier.",
    source="the tier of each model in catalog/models, a judgement with its reason",
)
def low_tier(rule: Rule, case: Case, model: Model) -> Outcome:
    if model.tier is None:
        return NotApplicable("the model's tier is not known")
    if model.tier.value > 2 or case.use_case.error_tolerance == "high":
        return None
    return rule.says(f"{model.name} is of tier {model.tier.value}: {model.tier.reason}")


@family_rule(
    "QUA106",
    "Calibrated probabilities are wanted",
    "for",
    "quality",
    weight=2,
    detection=(
        "answer_style is calibrated and scenarios are meant (several samples or several valid "
        "answers); the family samples or has a calibrated density."
    ),
    why="Spread over samples is what the probabilities are read from.",
    remedy="Check the calibration on held-out cases.",
    based_on=("R35", "R36"),
)
def calibrated(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.answer_style != "calibrated" or odds_per_place(use_case):
        return NotApplicable("no calibrated scenarios are asked for")
    if not has_trait(family, "stochastic-sampler", "calibrated-density"):
        return None
    return rule.says(f"{family.name} samples, so its spread can be calibrated.")


@family_rule(
    "QUA107",
    "One answer where several are valid",
    "against",
    "quality",
    weight=3,
    detection=(
        "several_valid_answers or calibrated scenarios; the family gives one answer per input (no "
        "sampling, no latent)."
    ),
    why="An average of valid answers is often not valid itself.",
    remedy="A family that samples.",
    based_on=("R35",),
)
def averages(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    spread = use_case.answer_style == "calibrated" and not odds_per_place(use_case)
    if not use_case.several_valid_answers and not spread:
        return NotApplicable("one answer per input is enough")
    if has_trait(family, "stochastic-sampler", "continuous-latent", "invents-content"):
        return None
    return rule.says(f"{family.name} gives one answer where several are valid.")


@family_rule(
    "QUA108",
    "Generate many, rank, show few",
    "note",
    "quality",
    detection="Brand or style fit is judged by people: a person reviews, several takes per item.",
    why="Machine ranking of cheap candidates saves the reviewer's minutes.",
    remedy="Generate many, rank automatically, show at most three to a person.",
    based_on=("R59",),
)
def show_few(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.reviewer != "human" or not makes(use_case, "text", "image", "music", "video"):
        return NotApplicable("no person judges what is made")
    if not has_trait(family, "invents-content") or use_case.takes_per_item < 2:
        return None
    return rule.says("Generate many, rank them by machine, show at most three to a person.")


@family_rule(
    "QUA109",
    "Smooth rather than sharp",
    "against",
    "quality",
    weight=2,
    detection=(
        "Pictures, video, sound or 3D are to be made, and no person's own decoder is driven and no "
        "shape moved by sliders; a continuous-latent, one-pass family."
    ),
    why="Averaging over the latent blurs detail that people look for.",
    remedy="A sampler or an adversarially trained decoder behind it.",
    source="https://arxiv.org/abs/1512.09300; facts/claims.yaml vae-smooth, under check",
)
def smooth(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seen = makes(use_case, "image", "video", "speech", "music", "effects", "3d")
    if not seen or task_of(use_case) == "compress":
        return NotApplicable("no picture, sound or shape is shown")
    if use_case.outputs[0] == "3d" and (drives_shape(use_case) or "sliders" in use_case.controls):
        return NotApplicable("one learned shape is moved")
    if not is_generative(family) or family.id != "vae":
        return None
    return rule.says(f"{family.name} averages over its latent and blurs detail.")


@family_rule(
    "QUA110",
    "Priority on quality in pictures",
    "for",
    "quality",
    weight=1,
    detection="quality is the first priority, pictures or video; the family samples in many steps.",
    why="At equal size, many-step samplers lead published quality figures of their modality.",
    remedy="None needed.",
    based_on=("R21",),
)
def quality_first(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    first = stated(use_case, "priorities") and use_case.priorities[:1] == ["quality"]
    if not first or not makes(use_case, "image", "video"):
        return NotApplicable("quality is not the first priority for pictures")
    if not has_trait(family, "many-step"):
        return None
    return rule.says(f"{family.name} leads the quality figures of its kind.")


@use_case_rule(
    "QUA111",
    "A film in one piece",
    "condition",
    "quality",
    verdict_cap="no-go",
    detection="Video of more than 10 minutes per output is created, and it is no endless stream.",
    why=(
        "Published models make seconds to a minute at a time; people, places and plot do not hold "
        "over hundreds of joins."
    ),
    remedy="Ask for shots of seconds (duration_s) that an editor joins (reviewer: human).",
    source="the axes of the video models in catalog/models; the 10 minutes are a judgement",
    based_on=("R15", "R52"),
)
def film_in_one(rule: Rule, use_case: UseCase) -> Outcome:
    if use_case.outputs[0] != "video" or task_of(use_case) != "create" or use_case.endless:
        return NotApplicable("no video of a given length is created")
    if use_case.duration_s is None or use_case.duration_s <= FILM_S:
        return None
    return rule.says(
        f"{use_case.duration_s / 60:.0f} min of video in one piece is beyond what is generated.",
        duration_s=use_case.duration_s,
    )
