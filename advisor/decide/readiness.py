"""Feasibility beyond the model: six areas, each scored from what was stated, gaps named.

A score is the mean of an area's answered checks, from 0 to 1; the points of a check are judgements,
stated here. An area nobody said anything about is unknown, not zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.assessment import Readiness, ReadinessArea
from advisor.decide.questions import question_of
from advisor.rules.reading import has_trait, stated

if TYPE_CHECKING:
    from typing import Literal

    from advisor.catalog import Family
    from advisor.usecase import UseCase

READY, PARTLY = 0.75, 0.4  # scores from which an area counts as ready, or partly so
FROM_SCRATCH = 10_000  # examples from which a small generator of one's own is worth a trial
ADAPTATION = 3  # examples that adapt a pre-trained model to a subject or style (R13)
Scored = tuple[float, str]  # points from 0 to 1, and the reason


@dataclass(frozen=True)
class Check:
    """One question of an area: the field whose statement answers it, and how it is scored."""

    area: ReadinessArea
    field: str
    score: Callable[[UseCase, Family | None], Scored | None]  # None: it does not apply
    question: str = ""  # in place of the form's


def readiness_of(use_case: UseCase, family: Family | None) -> list[Readiness]:
    """All six areas, for the chosen family (None where nothing is feasible)."""
    areas = dict.fromkeys(check.area for check in CHECKS)
    return [_area(area, use_case, family) for area in areas]


def _area(area: ReadinessArea, use_case: UseCase, family: Family | None) -> Readiness:
    points: list[float] = []
    reasons: list[str] = []
    missing: list[str] = []
    for check in CHECKS:
        scored = check.score(use_case, family) if check.area == area else None
        if scored is None:
            continue
        if check.field and stated(use_case, check.field):
            points.append(scored[0])
            reasons.append(scored[1])
        else:
            missing.append(check.question or question_of(check.field))
    score = sum(points) / len(points) if points else None
    return Readiness(
        area=area,
        score=None if score is None else round(score, 3),
        level=_level(score),
        reasons=reasons,
        missing=missing,
    )


def _level(score: float | None) -> Literal["ready", "partly", "not-ready", "unknown"]:
    if score is None:
        return "unknown"
    return "ready" if score >= READY else "partly" if score >= PARTLY else "not-ready"


def _examples(use_case: UseCase, family: Family | None) -> Scored | None:
    have = max(use_case.training_examples, use_case.subject_examples)
    if family is not None and has_trait(family, "needs-pretrained"):
        enough = have == 0 or have >= ADAPTATION
        said = "a pre-trained model needs no own data" if have == 0 else f"{have:,} examples"
        return (1.0 if enough else 0.5), said
    if family is not None and has_trait(family, "no-generation"):
        return None
    score = min(1.0, have / FROM_SCRATCH)
    return score, f"{have:,} own examples; training from scratch wants {FROM_SCRATCH:,} or more"


def _pairs(use_case: UseCase, family: Family | None) -> Scored | None:
    if use_case.task != "transform" or use_case.outputs[0] not in ("image", "video"):
        return None
    off = use_case.training_misalignment_px
    if not use_case.training_pairs:
        return 0.5, "no pairs of input and output: they have to be made by a teacher"
    return (1.0 if off <= 1 else 0.3), f"pairs, {off:g} px apart"


def _tolerance(use_case: UseCase, family: Family | None) -> Scored:
    points = {"zero": 0.25, "low": 0.5, "medium": 0.75, "high": 1.0}[use_case.error_tolerance]
    return points, f"tolerance for errors is {use_case.error_tolerance}"


def _checked(use_case: UseCase, family: Family | None) -> Scored:
    points = {"none": 0.0, "automatic-test": 0.9, "human": 0.8}[use_case.reviewer]
    if use_case.reviewer == "none" and use_case.error_tolerance in ("medium", "high"):
        points = 0.75
    return points, f"checked by {use_case.reviewer.replace('-', ' ')}"


def _runtime(use_case: UseCase, family: Family | None) -> Scored:
    points = {
        "none": 1.0,
        "existing-api": 0.75,
        "game-engine": 0.4,
        "audio-host": 0.4,
        "restricted-operations": 0.25,
    }[use_case.runtime]
    return points, f"it has to enter: {use_case.runtime.replace('-', ' ')}"


def _boundary(use_case: UseCase, family: Family | None) -> Scored:
    points = {"anywhere": 1.0, "on-premises": 0.6, "offline": 0.4, "end-to-end-encrypted": 0.3}
    return points[use_case.data_boundary], f"data may go: {use_case.data_boundary}"


def _cleanup(use_case: UseCase, family: Family | None) -> Scored | None:
    if use_case.outputs[0] not in ("3d", "video"):
        return None
    minutes = use_case.cleanup_minutes_per_item
    return (0.8 if minutes > 0 else 0.1), f"{minutes:g} minutes of clean-up per item"


def _review_time(use_case: UseCase, family: Family | None) -> Scored | None:
    if use_case.reviewer != "human":
        return None
    minutes = use_case.review_minutes_per_item
    people = minutes * use_case.volume_per_day / (60 * 6)  # six hours of checking a day (judgement)
    return (1.0 if people <= 20 else 0.2), f"checking takes about {people:,.3g} people"


def _engineers(use_case: UseCase, family: Family | None) -> Scored:
    people = use_case.team_generative_engineers
    easy = family is None or has_trait(family, "needs-pretrained", "no-generation")
    points = 1.0 if people else 0.6 if easy else 0.1
    return points, f"{people} people have trained generators"


def _gpu_weeks(use_case: UseCase, family: Family | None) -> Scored | None:
    if family is None or not has_trait(family, "trainable-from-scratch-small"):
        return None
    weeks = use_case.team_gpu_weeks
    return (1.0 if weeks >= 4 else 0.2), f"{weeks:g} GPU-weeks for training"


def _maturity(use_case: UseCase, family: Family | None) -> Scored | None:
    if family is None:
        return None
    points = {"production": 1.0, "pilot": 0.6, "research": 0.2}[family.maturity]
    if not use_case.needs_precedent:
        points = max(points, 0.75)
    return points, f"{family.name}: {family.maturity} elsewhere"


def _horizon(use_case: UseCase, family: Family | None) -> Scored | None:
    if family is None:
        return None
    wanted = {"production": 3.0, "pilot": 6.0, "research": 12.0}[family.maturity]  # judgements
    months = use_case.horizon_months
    return min(1.0, months / wanted), f"{months:g} months; {family.maturity} wants {wanted:g}"


def _never(use_case: UseCase, family: Family | None) -> Scored:
    return 0.0, ""


CHECKS = (
    Check("data", "training_examples", _examples),
    Check("data", "training_pairs", _pairs),
    Check("accuracy", "error_tolerance", _tolerance),
    Check("accuracy", "reviewer", _checked),
    Check("integration", "runtime", _runtime),
    Check("integration", "data_boundary", _boundary),
    Check("integration", "cleanup_minutes_per_item", _cleanup),
    Check("evaluation", "reviewer", _checked),
    Check("evaluation", "review_minutes_per_item", _review_time),
    # No field of the form holds it, so it stays named until a pilot has settled it.
    Check("evaluation", "", _never, "On which examples, judged how, does an output count as good?"),
    Check("team", "team_generative_engineers", _engineers),
    Check("team", "team_gpu_weeks", _gpu_weeks),
    Check("maturity", "needs_precedent", _maturity),
    Check("maturity", "horizon_months", _horizon),
)
