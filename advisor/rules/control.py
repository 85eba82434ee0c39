"""What the user must be able to steer, and what must stay as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.limits import frame_limit_s, limit_s
from advisor.rules.base import NotApplicable, Outcome, Rule
from advisor.rules.build import family_rule
from advisor.rules.meaning import drives_shape
from advisor.rules.reading import (
    has_trait,
    input_of,
    is_generative,
    makes,
    role_of,
    stated,
    task_of,
)

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.usecase import UseCase


@family_rule(
    "CTL101",
    "Several properties steered over discrete structures",
    "for",
    "control",
    weight=3,
    detection=(
        "A sequence or table with the control 'properties' or 'sliders'; a continuous latent."
    ),
    why="Moving through a continuous space changes properties smoothly and together.",
    remedy="None needed.",
    based_on=("R50",),
)
def property_steering(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not makes(use_case, "sequence", "table"):
        return NotApplicable("no discrete structures are asked for")
    if not {"properties", "sliders"} & set(use_case.controls):
        return None
    if not has_trait(family, "continuous-latent"):
        return None
    return rule.says(f"{family.name} steers several properties in one continuous space.")


@family_rule(
    "CTL102",
    "Has to fit a given structure",
    "for",
    "control",
    weight=3,
    detection="An input is a target structure; the family designs structures.",
    why="Sampling in space under the target's geometry raises the share of designs that bind.",
    remedy="None needed.",
    based_on=("R51",),
)
def fits_target(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not role_of(use_case, "target-structure"):
        return NotApplicable("no target structure is given")
    if family.id != "structure-diffusion":
        return None
    return rule.says(f"{family.name} designs around the given structure.")


@family_rule(
    "CTL103",
    "Sees the sequence, not the shape",
    "against",
    "control",
    weight=2,
    detection="An input is a target structure; the family does not take or design structures.",
    why="A sequence alone does not say what it will touch in space.",
    remedy="Filter its proposals with a structure predictor.",
    based_on=("R51",),
)
def blind_to_target(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not role_of(use_case, "target-structure"):
        return NotApplicable("no target structure is given")
    if family.id == "structure-diffusion" or not is_generative(family):
        return None
    return rule.says(f"{family.name} does not see the structure that has to be fitted.")


@family_rule(
    "CTL104",
    "Locked pixels: fill the mask and paste the original back",
    "condition",
    "control",
    detection="must_keep is masked-pixels and a picture is made; the family fills masked areas.",
    why="Even a good filler shifts pixels near the mask; only the original is the original.",
    remedy="Paste the locked pixels back after generation and blend outside them only.",
    based_on=("R43",),
)
def paste_back(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.must_keep != "masked-pixels" or not makes(use_case, "image", "video"):
        return NotApplicable("no pixels are locked")
    if "inpainting" not in family.control:
        return None
    return rule.says("Fill only outside the mask and paste the locked pixels back.")


@family_rule(
    "CTL105",
    "Cannot leave masked pixels alone",
    "bar",
    "control",
    detection=(
        "must_keep is masked-pixels and a picture is made; the card lists no inpainting and no "
        "image-to-image control."
    ),
    why="A family that paints the whole picture anew changes what must not change.",
    remedy="A family with masked fill.",
    based_on=("R43",),
)
def repaints_all(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.must_keep != "masked-pixels" or not makes(use_case, "image", "video"):
        return NotApplicable("no pixels are locked")
    if {"inpainting", "image-to-image"} & set(family.control) or not is_generative(family):
        return None
    return rule.says(f"{family.name} would paint the locked pixels anew.")


@family_rule(
    "CTL106",
    "An object has to be shown in a new pose",
    "for",
    "control",
    weight=2,
    detection=(
        "A picture from at least two pictures, one of them a subject; a many-step sampler with "
        "image conditions."
    ),
    why="Folds and shadows have to be made, not bent: warping alone tears.",
    remedy="None needed.",
    based_on=("R44",),
)
def two_conditions(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    pictures = sum(given.modality in ("image", "video") for given in use_case.inputs)
    if pictures < 2 or not role_of(use_case, "subject") or use_case.outputs[0] != "image":
        return NotApplicable("no picture from a subject and another picture")
    if not has_trait(family, "many-step"):
        return None
    return rule.says(f"{family.name} takes both pictures as conditions and makes what is between.")


@family_rule(
    "CTL107",
    "Driven live by motion data",
    "for",
    "control",
    weight=3,
    detection=(
        "Video or pictures driven by motion within 100 ms per frame and a one-pass, adversarially "
        "trained family; or a person's own 3D shape driven live and a one-pass family with a "
        "continuous latent."
    ),
    why="Key points bend one reference picture per frame; identity stays, bandwidth falls.",
    remedy="None needed.",
    source="https://arxiv.org/abs/1808.00362 (a face as codes that a headset drives)",
    based_on=("R48",),
)
def driven_live(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not is_driven(use_case) and not drives_shape(use_case):
        return NotApplicable("nothing is driven live by motion")
    trait = "continuous-latent" if drives_shape(use_case) else "adversarial-training"
    if not has_trait(family, "one-pass") or not has_trait(family, trait):
        return None
    if drives_shape(use_case):
        return rule.says(f"{family.name} decodes one person's shape from a few codes per frame.")
    return rule.says(f"{family.name} moves a reference picture by key points in one pass.")


def is_driven(use_case: UseCase) -> bool:
    """Motion data drives pictures, live."""
    frame = frame_limit_s(use_case)
    driven = role_of(use_case, "driving-motion") or "driving-motion" in use_case.controls
    return driven and makes(use_case, "video", "image") and frame is not None and frame <= 0.1


@family_rule(
    "CTL108",
    "Sampling noise in a driven face",
    "against",
    "control",
    weight=2,
    detection="Pictures driven by motion, live; the family samples in few or many steps.",
    why="Each frame is sampled anew: identity flickers and steps cost time.",
    remedy="A key-point generator.",
    based_on=("R48",),
)
def driven_sampler(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not is_driven(use_case):
        return NotApplicable("nothing is driven live by motion")
    if not has_trait(family, "few-step", "many-step"):
        return None
    return rule.says(f"{family.name} samples each frame anew, and identity flickers.")


@family_rule(
    "CTL109",
    "Lacks a control that is asked for",
    "against",
    "control",
    weight=2,
    detection="Stated controls (other than determinism) that the family's card does not list.",
    why="What cannot be steered has to be sampled and rejected.",
    remedy="Drop the control, or train an adapter for it.",
    source="family cards in catalog/families, each with its sources",
)
def lacks_control(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not stated(use_case, "controls") or not is_generative(family):
        return NotApplicable("no controls are stated")
    asked = [control for control in use_case.controls if control != "determinism"]
    missing = [control for control in asked if control not in family.control]
    if not missing:
        return None
    return rule.says(f"{family.name} is not steered by {', '.join(missing)}.", missing=len(missing))


@family_rule(
    "CTL110",
    "Takes no free prompt",
    "bar",
    "control",
    detection=(
        "Pictures, video, music, effects or 3D are created from a free text prompt alone; the "
        "card lists no prompt control."
    ),
    why="Without text conditioning there is nothing that could follow the prompt.",
    remedy="A fixed effect or a menu, or another family.",
    based_on=("R19", "R38"),
)
def no_prompt(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not makes(use_case, "image", "video", "music", "effects", "3d"):
        return NotApplicable("nothing that a prompt would describe is made")
    prompted = {given.modality for given in use_case.inputs} == {"text"}
    if use_case.scope != "free" or task_of(use_case) != "create" or not prompted:
        return NotApplicable("no free prompt is the only input")
    if "prompt" in family.control or not is_generative(family):
        return None
    if use_case.outputs[0] == "3d" and "image-to-image" in family.control:
        return None  # a text-to-image stage in front reads the prompt; MOD109 says so
    return rule.says(f"{family.name} does not follow a free prompt.")


@family_rule(
    "CTL111",
    "No word may be skipped",
    "for",
    "control",
    weight=3,
    detection=(
        "Speech whose wording must be kept, or with low or zero tolerance from given text; the "
        "family states durations explicitly."
    ),
    why="Explicit durations cannot skip or repeat, and rate and pauses are inputs.",
    remedy="None needed.",
    based_on=("R24",),
)
def explicit_durations(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.outputs[0] != "speech" or not input_of(use_case, "text"):
        return NotApplicable("no text is to be spoken")
    strict = use_case.must_keep == "wording" or (
        stated(use_case, "error_tolerance") and use_case.error_tolerance in ("zero", "low")
    )
    if not strict or not has_trait(family, "explicit-durations"):
        return None
    return rule.says(f"{family.name} gives every sound its duration: nothing is skipped.")


@family_rule(
    "CTL112",
    "May skip or repeat words",
    "against",
    "control",
    weight=3,
    detection=(
        "Speech whose wording must be kept, or with stated low or zero tolerance; the family "
        "makes speech token after token."
    ),
    why="Attention or sampling can lose its place: codes and lists suffer most.",
    remedy="Explicit durations, or transcribe and compare every output.",
    based_on=("R24",),
)
def skips_words(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.outputs[0] != "speech" or not input_of(use_case, "text"):
        return NotApplicable("no text is to be spoken")
    strict = use_case.must_keep == "wording" or (
        stated(use_case, "error_tolerance") and use_case.error_tolerance in ("zero", "low")
    )
    if not strict or not has_trait(family, "sequential"):
        return None
    return rule.says(f"{family.name} can lose its place in a text.")


@family_rule(
    "CTL113",
    "The same input must give the same output",
    "for",
    "control",
    weight=1,
    detection="deterministic; the family gives the same output for the same input.",
    why="Repeatable output can be tested, cached and explained.",
    remedy="None needed.",
    source="decision-rules Q22 (intake question), a judgement",
)
def repeatable(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not use_case.deterministic and "determinism" not in use_case.controls:
        return NotApplicable("repeatable output is not asked for")
    if not has_trait(family, "deterministic-given-input"):
        return None
    return rule.says(f"{family.name} gives the same output for the same input.")


@family_rule(
    "CTL114",
    "A sampler has to be seeded and pinned",
    "condition",
    "control",
    detection="deterministic; the family samples.",
    why="Equal seeds give equal outputs only on equal hardware and software.",
    remedy="Fix seeds, versions and hardware, or store what was generated.",
    source="decision-rules Q22 (intake question), a judgement",
)
def seeded(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not use_case.deterministic and "determinism" not in use_case.controls:
        return NotApplicable("repeatable output is not asked for")
    if not has_trait(family, "stochastic-sampler"):
        return None
    return rule.says("Fix seeds, versions and hardware: sampling repeats only then.")


@family_rule(
    "CTL115",
    "Actions steered to keep time",
    "against",
    "control",
    weight=1,
    detection="An action limit at or under 100 ms; the family samples in steps.",
    why="Every step is a pass; reaction time goes with their number.",
    remedy="One-pass action chunks, or at most four steps.",
    based_on=("R34",),
)
def stepped_actions(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    seconds = limit_s(use_case)
    if use_case.outputs[0] != "action" or seconds is None or seconds > 0.1:
        return NotApplicable("no actions within 100 ms")
    if not has_trait(family, "few-step", "many-step"):
        return None
    return rule.says(f"{family.name} reacts later with every step it takes.")
