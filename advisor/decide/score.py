"""Criteria and weights: five scores from 0 to 1, and how much each counts for this use case.

The numbers of this module are judgements, stated here and shown in every answer. Hard rules have
spoken before; scores only order what is left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from advisor.limits import frame_limit_s, is_batch, limit_s
from advisor.rules.base import Concern, Finding
from advisor.rules.reading import stated

if TYPE_CHECKING:
    from advisor.catalog import Family, Model
    from advisor.figure import Figure
    from advisor.usecase import UseCase

CRITERIA = ("latency", "cost", "quality", "control", "risk")
# Shares of stated priorities, first to fifth; criteria not named share what is left.
PRIORITY_SHARES = (0.35, 0.25, 0.15, 0.1, 0.05)
# Which criterion a finding of each concern speaks to.
CRITERION: dict[Concern, str] = {
    "modality": "quality",
    "latency": "latency",
    "edge": "latency",
    "accuracy": "risk",
    "data": "quality",
    "control": "control",
    "privacy": "risk",
    "safety": "risk",
    "licence": "risk",
    "quality": "quality",
    "cost": "cost",
    "maturity": "risk",
    "integration": "control",
    "team": "risk",
}
EVIDENCE_SHARE = 0.75  # of a total, from findings for and against; the rest from the criteria
EVIDENCE_SPAN = 10.0  # points at which evidence is as strong as it counts
UNVERIFIED_POINTS = 1.5  # against a family of which nothing can be held against a stated limit
UNKNOWN = 0.4  # score of what is not known: a little under the middle, never 0


def weights_of(use_case: UseCase, factors: Mapping[str, float] | None = None) -> dict[str, float]:
    """Criterion weights that sum to 1: from stated priorities, else from the requirements.

    `factors`: a client's factor on each criterion (advisor.rules.policy); 1 where none is given.
    """
    raw = _from_priorities(use_case) if use_case.priorities else _from_requirements(use_case)
    scaled = {name: raw[name] * (factors or {}).get(name, 1.0) for name in CRITERIA}
    total = math.fsum(scaled.values())
    return {name: scaled[name] / total for name in CRITERIA}


def _from_priorities(use_case: UseCase) -> dict[str, float]:
    named = dict(zip(use_case.priorities, PRIORITY_SHARES, strict=False))
    rest = [name for name in CRITERIA if name not in named]
    left = max(0.0, 1.0 - math.fsum(named.values()))
    return {name: named.get(name) or left / len(rest) for name in CRITERIA}  # type: ignore[call-overload]


def _from_requirements(use_case: UseCase) -> dict[str, float]:
    raw = dict.fromkeys(CRITERIA, 1.0)
    if frame_limit_s(use_case) is not None or use_case.latency.experience == "live":
        raw["latency"] = 2.0
    elif is_batch(use_case):
        raw["latency"] = 0.5
    budget = use_case.budget_usd_per_item is not None or use_case.budget_usd_per_month is not None
    if budget or (stated(use_case, "volume_per_day") and use_case.volume_per_day >= 1e6):
        raw["cost"] = 1.5
    raw["risk"] = {"zero": 2.0, "low": 1.5, "medium": 1.0, "high": 0.5}[use_case.error_tolerance]
    raw["quality"] = 1.5 if use_case.error_tolerance in ("medium", "high") else 1.25
    if stated(use_case, "controls") and len(use_case.controls) > 1:
        raw["control"] = 1.5
    return raw


def without_generation(use_case: UseCase, family: Family) -> dict[str, float]:
    """What is known of a lookup, a classifier, a formula or a renderer without a model to time.

    It takes one pass or none, so it is judged cheap (1); its time counts neither way (0.5), and
    its quality stays unknown. Judgements.
    """
    asked = set(use_case.controls) - {"prompt"}
    got = len(asked & set(family.control)) / len(asked) if asked else 0.5
    return {"cost": 1.0, "latency": 0.5, "control": got}


def evidence(findings: list[Finding], weights: dict[str, float]) -> float:
    """Points for minus points against, each scaled by how much its criterion counts here.

    A criterion of average weight (1/5) leaves its points as they are; none is scaled by more
    than a half either way, so that priorities shade the evidence and do not replace it.
    """
    return math.fsum(points_of(finding, weights) for finding in findings)


def points_of(finding: Finding, weights: dict[str, float]) -> float:
    """What one finding adds to the evidence: its signed weight, shaded by its criterion."""
    sign = {"for": 1, "against": -1}.get(finding.severity, 0)
    share = weights[CRITERION[finding.concern]] * len(CRITERIA)
    return sign * finding.weight * min(1.5, max(0.5, share))


def total_of(points: float, criteria: float) -> float:
    """One number from 0 to 1: evidence of the family's findings and the candidate's criteria."""
    bounded = min(EVIDENCE_SPAN, max(-EVIDENCE_SPAN, points))
    return (
        EVIDENCE_SHARE * (bounded + EVIDENCE_SPAN) / (2 * EVIDENCE_SPAN)
        + (1 - EVIDENCE_SHARE) * criteria
    )


def weighted(scores: dict[str, float], weights: dict[str, float]) -> float:
    return math.fsum(weights[name] * scores[name] for name in CRITERIA)


def latency_score(use_case: UseCase, response: Figure, chance: float | None) -> float:
    """Half for the chance to hold the limit, half for the room below it (half of it = full).

    Being ten times faster than anybody asked for earns nothing more: it costs money.
    """
    seconds = limit_s(use_case)
    if seconds is None or chance is None:
        return 0.5
    room = math.log2(seconds / response.value) if response.value > 0 else 1.0
    return 0.5 * chance + 0.5 * min(1.0, max(0.0, room))


def cost_score(usd_per_output: float | None, cheapest: float | None) -> float:
    """1 for the cheapest of the use case, 0 for a thousand times its cost."""
    if usd_per_output is None or cheapest is None:
        return UNKNOWN
    if usd_per_output <= cheapest or cheapest <= 0:
        return 1.0 if usd_per_output <= cheapest else UNKNOWN
    return max(0.0, 1.0 - math.log10(usd_per_output / cheapest) / 3.0)


def quality_score(model: Model, shortfalls: dict[str, float]) -> float:
    """The model's tier of five, less for what it cannot reach."""
    score = model.tier.value / 5 if model.tier else UNKNOWN
    worst = max(shortfalls.values(), default=1.0)
    return score / (1.0 + 0.5 * math.log2(worst)) if worst > 1 else score


def control_score(use_case: UseCase, family: Family, model: Model) -> float:
    """Share of the asked controls that the model has; half for those only its family has."""
    asked = set(use_case.controls) or {"prompt"}
    got = sum(
        1.0 if one in model.controls else 0.5 if one in family.control else 0.0 for one in asked
    )
    return got / len(asked) * _purpose(use_case, model)


def _purpose(use_case: UseCase, model: Model) -> float:
    """Less for a model built to enlarge pictures where their content is to be changed."""
    enlarges = {"super-resolution", "restore"} & set(model.tasks)
    keeps_content = use_case.must_keep in ("geometry", "spectrum")
    return 0.5 if enlarges and not keeps_content else 1.0


def risk_score(
    family: Family,
    model: Model | None,
    conditions: int,
    latency: Figure | None = None,
    stale_price: bool = False,
) -> float:
    """Maturity, licence, conditions, how well the time is known, how old the price. 1 = least risk.

    An interval whose ends are more than a factor of two apart counts against an option: 0.15 for
    each further doubling, at most 0.3. So does a price that is too old to quote: 0.1.
    """
    score = {"production": 1.0, "pilot": 0.7, "research": 0.4}[family.maturity]
    if model is not None:
        score -= {"yes": 0.0, "conditional": 0.1, "unknown": 0.2, "no": 0.3}[
            model.licence.commercial
        ]
    if latency is not None and latency.low > 0:
        doublings = math.log2(latency.high / latency.low) - 1.0
        score -= 0.15 * min(2.0, max(0.0, doublings))
    if stale_price:
        score -= 0.1
    return max(0.0, score - 0.05 * conditions)
