"""What a candidate's total is made of, part by part: the parts add up to the total."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.assessment import Contribution
from advisor.decide import score
from advisor.estimator.quick import made
from advisor.figure import significant
from advisor.limits import limit_s
from advisor.rules.reading import about_text, chance_text, seconds_text

if TYPE_CHECKING:
    from advisor.decide.judge import Judged, Judgement
    from advisor.rules import Finding

PER_POINT = score.EVIDENCE_SHARE / (2 * score.EVIDENCE_SPAN)  # of a total, per point of evidence
START = score.EVIDENCE_SHARE / 2  # where no finding speaks for or against


def points_of(finding: Finding, weights: dict[str, float]) -> float:
    """A finding's points as `score.evidence` counts them."""
    return score.evidence([finding], weights)


def contributions_of(one: Judged, judgement: Judgement) -> list[Contribution]:
    """Five criteria, where evidence starts, each finding for or against, and what a bound cuts."""
    weights = judgement.weights
    findings = [*judgement.families[one.family.id].findings, *one.findings]
    spoken = [f for f in findings if f.severity in ("for", "against") and f.weight]
    parts = [_part(f.code, "evidence", _said(f), points_of(f, weights), PER_POINT) for f in spoken]
    points = sum(part.score for part in parts)
    cut = min(score.EVIDENCE_SPAN, max(-score.EVIDENCE_SPAN, points)) - points
    if cut:
        limit = f"evidence counts up to {score.EVIDENCE_SPAN:g} points"
        parts.append(_part("bound", "evidence", limit, cut, PER_POINT))
    start = _part("start", "evidence", "neither for nor against", 1.0, START)
    return [*_criteria(one, judgement), start, *parts]


def _criteria(one: Judged, judgement: Judgement) -> list[Contribution]:
    share = 1 - score.EVIDENCE_SHARE
    raw = _raw(one, judgement)
    return [
        _part(name, "criterion", raw[name], one.scores[name], share * judgement.weights[name])
        for name in score.CRITERIA
    ]


def _part(part: str, kind: str, raw: str, score: float, weight: float) -> Contribution:
    return made(
        Contribution,
        part=part,
        kind=kind,
        raw=raw,
        score=score,
        weight=weight,
        contribution=score * weight,
    )


def _said(finding: Finding) -> str:
    return f"{finding.weight} {'for' if finding.severity == 'for' else 'against'}: {finding.title}"


def _raw(one: Judged, judgement: Judgement) -> dict[str, str]:
    """What each criterion was scored from."""
    model, limit = one.option.model, limit_s(judgement.use_case)
    response = about_text(one.response_s.value)
    if limit is not None and one.chance is not None:
        response += f" of {seconds_text(limit)}, holds with {chance_text(one.chance)}"
    short = max(one.option.fit.shortfalls.values(), default=1.0)
    tier = f"tier {model.tier.value} of 5" if model.tier else "no tier known"
    asked = set(judgement.use_case.controls)
    conditions = len(one.conditions)
    return {
        "latency": response,
        "cost": f"{significant(one.cost.usd_per_output.value)} USD per output"
        if one.cost
        else "unknown",
        "quality": tier + (f", {short:.2g} times short of what is asked" if short > 1 else ""),
        "control": f"{len(asked & set(model.controls))} of {len(asked)} controls in the model",
        "risk": f"{one.family.maturity}, commercial use {model.licence.commercial}, "
        f"{conditions} condition{'s' * (conditions != 1)}",
    }
