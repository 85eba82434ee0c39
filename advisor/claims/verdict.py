"""From figures and limits to a verdict: the only place where one is made.

A check holds when its figure lies within the claim's limits. A claim holds when all of its checks
do, does not hold when none does, and holds in part otherwise, also when a check that was made holds
but another could not be made.
"""

from __future__ import annotations

from collections.abc import Sequence

from advisor.claims.record import CheckResult, CheckSpec, Claim, Evidence, Outcome, Verdict
from advisor.errors import DataError
from advisor.figure import Figure


def check_results(claim: Claim, evidence: Evidence) -> list[CheckResult]:
    """Every check of the claim with its outcome. DataError if a check was forgotten."""
    known = {spec.id for spec in claim.checks}
    if known != set(evidence.figures):
        odd = ", ".join(sorted(known ^ set(evidence.figures)))
        raise DataError(f"claim {claim.id}: checks and figures do not match at {odd}")
    return [_result(spec, evidence.figures[spec.id]) for spec in claim.checks]


def _result(spec: CheckSpec, found: Figure | str) -> CheckResult:
    if isinstance(found, str):
        return CheckResult(
            id=spec.id,
            states=spec.states,
            figure=None,
            limits=limits_text(spec),
            outcome="not checked",
            sure=True,
            why=found,
        )
    if spec.low is None and spec.high is None:
        raise DataError(f"check {spec.id} has a figure but no limits: add low or high")
    outcome = outcome_of(spec, found.value)
    return CheckResult(
        id=spec.id,
        states=spec.states,
        figure=found,
        limits=limits_text(spec, found.unit),
        outcome=outcome,
        sure=all(outcome_of(spec, end) == outcome for end in (found.low, found.high)),
        why=spec.why,
    )


def outcome_of(spec: CheckSpec, value: float) -> Outcome:
    """Within the limits, within the looser ones, or outside."""
    if _within(value, spec.low, spec.high):
        return "holds"
    looser = spec.part_low is not None or spec.part_high is not None
    low = spec.low if spec.part_low is None else spec.part_low
    high = spec.high if spec.part_high is None else spec.part_high
    return "in part" if looser and _within(value, low, high) else "does not hold"


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def limits_text(spec: CheckSpec, unit: str = "") -> str:
    """'35 to 70', 'at least 0.8 (in part from 0.2)'."""
    text = _range(spec.low, spec.high)
    if spec.part_low is not None or spec.part_high is not None:
        low = spec.low if spec.part_low is None else spec.part_low
        high = spec.high if spec.part_high is None else spec.part_high
        text += f" (in part: {_range(low, high)})"
    return f"{text} {unit}".strip() if unit and unit != "share" else text


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"at least {low:g}"
    return f"at most {high:g}" if high is not None else "no limit"


def verdict_of(checks: Sequence[CheckResult]) -> Verdict:
    made = [check.outcome for check in checks if check.outcome != "not checked"]
    if not made:
        return "cannot be checked here"
    if all(outcome == "does not hold" for outcome in made):
        return "does not hold"
    if len(made) == len(checks) and all(outcome == "holds" for outcome in made):
        return "holds"
    return "holds in part"
