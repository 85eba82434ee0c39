"""What the team can train and keep running."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.rules.base import NotApplicable, Outcome, Rule
from advisor.rules.build import family_rule
from advisor.rules.reading import has_trait, makes, stated

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.usecase import UseCase


@family_rule(
    "TEA101",
    "Adversarial training without experience",
    "against",
    "team",
    weight=2,
    detection=(
        "Own data is to be learned from, no engineer with generative-training experience is "
        "stated; the family trains adversarially."
    ),
    why="Such training collapses on small sets and takes practice to steady.",
    remedy="Hire the experience, or adapt a pre-trained model.",
    based_on=("R57",),
)
def no_experience(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not stated(use_case, "team_generative_engineers"):
        return NotApplicable("the team's experience is not stated")
    if use_case.team_generative_engineers > 0 or not has_trait(family, "adversarial-training"):
        return None
    return rule.says(f"Nobody on the team has trained generators; {family.name} punishes that.")


@family_rule(
    "TEA102",
    "A pre-trained model spares the training",
    "for",
    "team",
    weight=1,
    detection=(
        "No engineer with generative-training experience is stated and pre-trained models are "
        "allowed; the family comes pre-trained."
    ),
    why="Adapters need days, not GPU-weeks.",
    remedy="None needed.",
    based_on=("R57",),
)
def pretrained_helps(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not stated(use_case, "team_generative_engineers"):
        return NotApplicable("the team's experience is not stated")
    if use_case.team_generative_engineers > 0 or use_case.licence == "no-pretrained":
        return None
    if not has_trait(family, "needs-pretrained"):
        return None
    return rule.says(f"{family.name} comes pre-trained and only has to be adapted.")


@family_rule(
    "TEA103",
    "Distil: the slow model teaches, the fast one serves",
    "note",
    "team",
    detection=(
        "A live picture effect (100 ms per frame) or speech within 500 ms at 1,000,000 items a "
        "day and more; the family is one-pass."
    ),
    why="The slow family survives offline as the teacher of the one that serves.",
    remedy="Make training pairs with a many-step or sequential model, then distil.",
    based_on=("R23", "R16"),
)
def distil(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    from advisor.limits import frame_limit_s, limit_s

    if not has_trait(family, "one-pass") or not has_trait(family, "invents-content", "edge-sized"):
        return NotApplicable("the family does not serve in one pass")
    frame, seconds = frame_limit_s(use_case), limit_s(use_case)
    effect = makes(use_case, "image", "video") and frame is not None and frame <= 0.1
    voice = (
        use_case.outputs[0] == "speech"
        and seconds is not None
        and seconds <= 0.5
        and use_case.volume_per_day >= 1e6
    )
    if not (effect and use_case.scope != "free") and not voice:
        return None
    return rule.says("Make the training pairs offline with a slow model and distil it.")
