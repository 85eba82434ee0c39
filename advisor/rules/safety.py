"""Persons' voices and likenesses, performers and protected works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.rules.base import NotApplicable, Outcome, Rule
from advisor.rules.build import family_rule, use_case_rule
from advisor.rules.reading import has_trait, makes

if TYPE_CHECKING:
    from advisor.catalog import Family
    from advisor.usecase import UseCase


@use_case_rule(
    "SAF101",
    "Third parties' voice or likeness without consent",
    "condition",
    "safety",
    verdict_cap="no-go",
    detection="likeness is third-party and speech, music, pictures, video or 3D is made.",
    why=(
        "Impersonation harms people and is unlawful in many places; vendors have held such "
        "tools back."
    ),
    remedy="Capture consent in the voice or face itself, disclose, watermark; then ask again.",
    based_on=("R31", "R55"),
)
def no_consent(rule: Rule, use_case: UseCase) -> Outcome:
    if not makes(use_case, "speech", "music", "image", "video", "3d"):
        return NotApplicable("no voice or likeness can come out")
    if use_case.likeness != "third-party":
        return None
    return rule.says("Voices or likenesses of persons who have not agreed would be copied.")


@use_case_rule(
    "SAF102",
    "Consent, disclosure, watermark",
    "condition",
    "safety",
    detection="likeness is consented.",
    why="Consent has to be provable per person, and outputs have to be recognisable as generated.",
    remedy="Store consent with the model, disclose, watermark.",
    based_on=("R31",),
)
def consent_kept(rule: Rule, use_case: UseCase) -> Outcome:
    if use_case.likeness == "none":
        return NotApplicable("no person's voice or likeness is used")
    if use_case.likeness != "consented":
        return None
    return rule.says("Keep each person's consent with the model; disclose and watermark outputs.")


@family_rule(
    "SAF103",
    "Protected works and performers in final pictures",
    "condition",
    "safety",
    detection=(
        "Video is created with a licence demand of licensed data, or with consented performers, "
        "and a person reviews it; the family invents content."
    ),
    why="Final use needs written approval; without it the material stays temporary.",
    remedy="Written approval and consent before final use.",
    based_on=("R55",),
)
def final_pictures(rule: Rule, use_case: UseCase, family: Family) -> Outcome:
    if not makes(use_case, "video") or not has_trait(family, "invents-content"):
        return NotApplicable("no video is invented")
    rights = use_case.licence == "licensed-data" or use_case.likeness == "consented"
    if not rights or use_case.reviewer != "human":
        return None
    return rule.says("Obtain written approval and consent before the material is final.")
