"""Examples at hand: how many, in pairs, labelled, aligned; and what they can teach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.limits import is_batch, limit_s
from advisor.rules.base import NotApplicable, Outcome, Rule
from advisor.rules.build import family_rule, use_case_rule
from advisor.rules.meaning import reconstructs, scores
from advisor.rules.reading import (
    has_trait,
    input_of,
    is_generative,
    is_iterative,
    makes,
    role_of,
    stated,
    task_of,
)

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.usecase import UseCase

FEW = 30  # examples per class or subject below which nothing is trained from scratch
FROM_SCRATCH = 1_000_000  # examples below which no general generator has been trained
MISALIGNED_PX = 3.0  # pairs further apart than this teach blur (judgement)


def own_examples(use_case: UseCase) -> int:
    """Examples per subject, style or class; the whole own set where no subject is meant."""
    return use_case.subject_examples or use_case.training_examples


@family_rule(
    "DAT101",
    "Too few examples to train from scratch",
    "bar",
    "data",
    detection=(
        "1 to 30 examples per subject or class for pictures, video or music to be created; the "
        "family is trained on one's own data (no pre-trained model is its base)."
    ),
    why="Adversarial and latent-variable training on so little memorises or collapses.",
    remedy="An adapter on a pre-trained sampler, or more than 30 examples per class.",
    based_on=("R13",),
)
def too_few(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    examples = own_examples(use_case)
    if examples == 0 or not makes(use_case, "image", "video", "music"):
        return NotApplicable("no own examples of pictures, video or music")
    if task_of(use_case) != "create" or not is_generative(family):
        return NotApplicable("nothing is to be created by training")
    if examples > FEW or has_trait(family, "needs-pretrained", "optimises-per-item"):
        return None
    if not has_trait(family, "adversarial-training", "trainable-from-scratch-small"):
        return None
    return rule.says(f"{examples} examples cannot train {family.name}.", examples=examples)


@family_rule(
    "DAT102",
    "A few examples adapt a pre-trained sampler",
    "for",
    "data",
    weight=3,
    detection="1 to 30 examples per subject or class of pictures; a many-step, pre-trained family.",
    why="An adapter learns a subject or style from 3 to 30 pictures in minutes.",
    remedy="None needed.",
    based_on=("R13",),
)
def adapter(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    examples = own_examples(use_case)
    if not 0 < examples <= FEW or not makes(use_case, "image"):
        return NotApplicable("no handful of own pictures")
    if use_case.licence == "no-pretrained":
        return NotApplicable("pre-trained models are not allowed")
    if not has_trait(family, "needs-pretrained") or not has_trait(family, "many-step"):
        return None
    return rule.says(f"{examples} pictures are enough to adapt {family.name}.", examples=examples)


@family_rule(
    "DAT103",
    "Some hundred examples per class",
    "for",
    "data",
    weight=2,
    detection=(
        "31 to 1,000 own examples of pictures up to 256 px, labelled; a pre-trained sampler or a "
        "small network trained from scratch."
    ),
    why=(
        "Both routes are on record at this size: fine-tuning, and a small network after "
        "augmentation."
    ),
    remedy="Exhaust classic augmentation first.",
    based_on=("R14",),
)
def some_hundred(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    examples = own_examples(use_case)
    if not FEW < examples <= 1000 or use_case.outputs[0] != "image":
        return NotApplicable("not some hundred own pictures")
    if use_case.width_px is not None and use_case.width_px > 256:
        return None
    if not has_trait(family, "needs-pretrained", "adversarial-training"):
        return None
    if has_trait(family, "few-step"):
        return None
    return rule.says(f"{examples} pictures suit {family.name}.", examples=examples)


@family_rule(
    "DAT104",
    "Good parts only",
    "for",
    "data",
    weight=3,
    detection=(
        "A label, mask or score for pictures, no labels, at least 50 good examples, no codes to "
        "be kept; the family generates nothing."
    ),
    why="Distances in a pre-trained feature space find what is unlike the good parts, with a map.",
    remedy="None needed.",
    based_on=("R07",),
)
def good_parts(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    judged = use_case.outputs[0] in ("label", "mask") and input_of(use_case, "image", "video")
    if not judged or use_case.training_labels or task_of(use_case) == "compress":
        return NotApplicable("no unlabelled inspection of pictures")
    if is_generative(family) or use_case.training_examples < 50:
        return None
    return rule.says("Good parts describe themselves in a pre-trained feature space.")


@family_rule(
    "DAT105",
    "Scores for series without labels",
    "for",
    "data",
    weight=3,
    detection=(
        "A time series in, labels or scores out (no forecast), no labels; a family with a density."
    ),
    why="A latent-variable model of normal behaviour scores points and bears gaps.",
    remedy="None needed.",
    source="https://arxiv.org/abs/1711.00614 (latent-variable scores of series without labels)",
    based_on=("R08",),
)
def series_scores(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not input_of(use_case, "time-series") or use_case.training_labels:
        return NotApplicable("no unlabelled time series")
    if use_case.outputs[0] not in ("label", "time-series") or use_case.closed_label_set:
        return None
    if not scores(use_case) or not has_trait(family, "calibrated-density", "continuous-latent"):
        return None
    return rule.says(f"{family.name} gives a likelihood per point and needs no labels.")


@family_rule(
    "DAT106",
    "Adversarial training gives no likelihood",
    "against",
    "data",
    weight=2,
    detection="Unlabelled scores are asked for; the family is trained adversarially.",
    why="A generator without a density has no score of its own.",
    remedy="A family with a likelihood.",
    based_on=("R08", "R07"),
)
def no_likelihood(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    scored = use_case.outputs[0] in ("label", "time-series") and not use_case.training_labels
    if not scored or use_case.closed_label_set:
        return NotApplicable("no unlabelled scores are asked for")
    if not has_trait(family, "adversarial-training"):
        return None
    return rule.says(f"{family.name} gives no score of how usual an input is.")


@family_rule(
    "DAT107",
    "No pre-trained model allowed and too little data",
    "bar",
    "data",
    detection=(
        "licence is no-pretrained, fewer than 1,000,000 own examples; the family rests on large "
        "pre-trained models."
    ),
    why="Recorded libraries of about 20,000 titles were too small for a general video model.",
    remedy="Allow a licensed pre-trained model and fine-tune it, or narrow the task.",
    source="https://arxiv.org/abs/2311.15127 (580 million clips for one video model)",
    based_on=("R15",),
)
def no_base(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.licence != "no-pretrained":
        return NotApplicable("pre-trained models are allowed")
    if not has_trait(family, "needs-pretrained") or use_case.training_examples >= FROM_SCRATCH:
        return None
    return rule.says(
        f"{family.name} rests on pre-training, and {use_case.training_examples:,} examples do not "
        "replace it.",
        examples=use_case.training_examples,
    )


@use_case_rule(
    "DAT108",
    "A general film model from one's own catalogue",
    "condition",
    "data",
    verdict_cap="no-go",
    detection=(
        "Video is created with no pre-trained model from fewer than 1,000,000 own examples."
    ),
    why=(
        "One studio's titles are orders of magnitude below what general video models are "
        "trained on."
    ),
    remedy="Fine-tune a licensed model for short shots; keep people in the loop.",
    source="https://arxiv.org/abs/2311.15127 (580 million clips for one video model)",
    based_on=("R15",),
)
def own_film_model(rule: Rule, use_case: UseCase) -> Outcome:
    if use_case.licence != "no-pretrained" or not makes(use_case, "video"):
        return NotApplicable("no video model is trained from scratch")
    if task_of(use_case) != "create" or use_case.training_examples >= FROM_SCRATCH:
        return None
    return rule.says(
        f"{use_case.training_examples:,} own examples do not train a general video model.",
        examples=use_case.training_examples,
    )


@family_rule(
    "DAT109",
    "Aligned pairs teach a one-pass translator",
    "for",
    "data",
    weight=3,
    detection=(
        "training_pairs, a source picture to transform or complete, misaligned by at most 3 px, "
        "more than 30 examples; a one-pass, adversarially trained family."
    ),
    why="Each pixel of the pair supervises one pixel of the output; nothing may drift.",
    remedy="None needed.",
    based_on=("R45",),
)
def paired_translator(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not translates(use_case) or not use_case.training_pairs:
        return NotApplicable("no pairs for a translation of pictures")
    if use_case.training_misalignment_px > MISALIGNED_PX or use_case.training_examples <= FEW:
        return None
    if not has_trait(family, "one-pass") or not has_trait(family, "adversarial-training"):
        return None
    return rule.says(f"Aligned pairs train {family.name} to map picture to picture in one pass.")


def translates(use_case: UseCase) -> bool:
    """A source or layout picture becomes another picture of the same structure."""
    source = role_of(use_case, "source", "layout") and input_of(use_case, "image", "video")
    shown = use_case.outputs[0] in ("image", "video")
    return source and shown and task_of(use_case) != "in-between"


@family_rule(
    "DAT110",
    "A sampler where structure must not move",
    "against",
    "data",
    weight=2,
    detection=(
        "training_pairs, and geometry, spectrum or alignment must be kept; the family samples in "
        "many steps."
    ),
    why="Sampling noise moves small structures, and many tiles multiply the steps.",
    remedy="Condition strongly and measure the shift, or use a paired translator.",
    based_on=("R45",),
)
def sampler_on_pairs(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not use_case.training_pairs or not translates(use_case):
        return NotApplicable("no pairs for a translation of pictures")
    if use_case.must_keep not in ("geometry", "spectrum", "alignment"):
        return None
    if not has_trait(family, "many-step", "few-step"):
        return None
    return rule.says(f"{family.name} may move structures that the pairs hold still.")


@use_case_rule(
    "DAT111",
    "Misaligned pairs",
    "condition",
    "data",
    verdict_cap="no-go",
    detection=(
        "training_pairs are misaligned by more than 3 px where geometry or alignment must be kept."
    ),
    why="The network learns the misalignment: blur, doubled edges, shifted structures.",
    remedy="Register the pairs first; then ask again.",
    based_on=("R45",),
)
def misaligned(rule: Rule, use_case: UseCase) -> Outcome:
    if not use_case.training_pairs:
        return NotApplicable("there are no training pairs")
    kept = use_case.must_keep in ("geometry", "alignment")
    if not kept or use_case.training_misalignment_px <= MISALIGNED_PX:
        return None
    return rule.says(
        f"Pairs are {use_case.training_misalignment_px:g} px apart: fix the data first.",
        misalignment_px=use_case.training_misalignment_px,
    )


@family_rule(
    "DAT112",
    "Detailed 3D without 3D data",
    "for",
    "data",
    weight=3,
    detection=(
        "3D from text, no own 3D examples, an hour or more per object (or no limit), at most 20 "
        "objects a day (or not stated), reworked by a person; the family optimises per object."
    ),
    why="It needs only a text-to-image model, and gives detail no 3D collection taught.",
    remedy="None needed.",
    source=(
        "https://arxiv.org/abs/2211.10440 (detail from a picture model alone, 40 min to 1.5 h)"
    ),
    based_on=("R39",),
)
def no_3d_data(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.outputs[0] != "3d" or input_of(use_case, "image", "video", "3d"):
        return NotApplicable("no 3D from text alone")
    few = not stated(use_case, "volume_per_day") or use_case.volume_per_day <= 20
    reworked = use_case.reviewer == "human" or use_case.cleanup_minutes_per_item >= 30
    if not (is_batch(use_case) and few and reworked and use_case.training_examples == 0):
        return None
    if not has_trait(family, "optimises-per-item"):
        return None
    return rule.says(f"{family.name} needs no 3D data and has the hour it takes.")


@family_rule(
    "DAT113",
    "Enough photos to reconstruct the very object",
    "for",
    "data",
    weight=3,
    detection=(
        "3D (or a spin video of it) from at least 5 photos of the object, or from a film or scan "
        "whose geometry is kept; geometry or identity to be kept or low tolerance; the family "
        "generates nothing."
    ),
    why="Reconstruction shows that very object; a generator shows one like it.",
    remedy="Use generation for unseen or thin parts only.",
    based_on=("R40",),
)
def reconstruction(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not makes(use_case, "3d") or not input_of(use_case, "image", "video", "3d"):
        return NotApplicable("no object is rebuilt from photos")
    strict = use_case.must_keep in ("geometry", "identity") or use_case.error_tolerance in (
        "zero",
        "low",
    )
    many = use_case.subject_examples >= 5 or reconstructs(use_case)
    if not many or not strict or is_generative(family):
        return None
    views = f"{use_case.subject_examples} photos" if use_case.subject_examples else "Many views"
    return rule.says(
        f"{views} of the object allow a reconstruction.", photos=use_case.subject_examples
    )


@family_rule(
    "DAT114",
    "A few photos and a video will do",
    "for",
    "data",
    weight=2,
    detection="Video from 1 to 4 photos of an object, no 3D asked for; the family samples video.",
    why="A video sampler shows unseen sides plausibly, without camera positions.",
    remedy="None needed.",
    based_on=("R41",),
)
def few_photos(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.outputs[0] != "video" or not input_of(use_case, "image"):
        return NotApplicable("no video from photos")
    if makes(use_case, "3d") or not 0 < use_case.subject_examples <= 4:
        return None
    if "video" not in family.outputs or not has_trait(family, "many-step"):
        return None
    return rule.says(f"{family.name} fills in the sides that the photos do not show.")


@family_rule(
    "DAT115",
    "Several valid answers and few demonstrations",
    "for",
    "data",
    weight=3,
    detection=(
        "Actions with several valid answers and at least 100 ms; the family samples in few or "
        "many steps."
    ),
    why="A sampler keeps to one of the valid ways; averaging falls between them.",
    remedy="None needed.",
    based_on=("R35",),
)
def several_ways(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if use_case.outputs[0] != "action" or not use_case.several_valid_answers:
        return NotApplicable("no actions with several valid answers")
    seconds = limit_s(use_case)
    if seconds is not None and seconds < 0.1:
        return None
    if not has_trait(family, "few-step") and not is_iterative(family):
        return None
    return rule.says(f"{family.name} commits to one of several valid ways.")
