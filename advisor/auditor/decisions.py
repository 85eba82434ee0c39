"""Answers against recorded decisions: exact family, acceptable alternate, verdict, recalls.

Two baselines stand in the same table: a language model for everything, and the founding article's
choice table. Every miss names the rules that decided it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.auditor.decision_baselines import BASELINES
from advisor.auditor.recorded import NOT_FEASIBLE, RecordedDecision, read_decisions
from advisor.catalog import load_catalog

if TYPE_CHECKING:
    from advisor.assessment import Assessment, FamilyResult
    from advisor.catalog import Catalog
    from advisor.decide.sources import Sources
    from advisor.rules import Finding
    from advisor.rules.policy import Policy

NAMED = 3  # rules named for a difference


def audit_decisions(
    path: str | Path,
    *,
    catalog: Catalog | None = None,
    as_of: date | None = None,
    sources: Sources | None = None,
    policy: Policy | None = None,
) -> dict[str, Any]:
    """The program's answers to recorded decisions, in the form of the contract (see design).

    Beside the contract's keys a case holds `expected_verdicts`, `verdict_right` and, where the
    family is not the recorded one, `decided_by`: the rules that bar the recorded family or set it
    behind. `confusion` counts answers by recorded family.
    """
    from advisor.pipeline import assess

    decisions = read_decisions(path)
    known, day = catalog or load_catalog(), as_of or date.today()
    cases: list[dict[str, Any]] = []
    for decision in decisions:
        answer = assess(
            decision.use_case, catalog=known, as_of=day, sources=sources, flips=False, policy=policy
        )
        case = _case(decision, answer.family, answer.verdict, _rules_of(answer))
        if case["result"] != "exact":
            case["decided_by"] = decided_by(answer, decision.family)
        cases.append(case)
    baselines = {
        name: _totals(decisions, [_case(d, choose(d.use_case), "go", []) for d in decisions])
        for name, choose in BASELINES.items()
    }
    return {
        "cases": cases,
        "totals": _totals(decisions, cases),
        "baselines": baselines,
        "confusion": _confusion(cases),
    }


def _rules_of(answer: Assessment) -> list[str]:
    """Codes that decided: on the use case, and for and against the chosen family."""
    codes = [finding.code for finding in answer.findings]
    for family in answer.families:
        if family.status == "chosen":
            codes += [f.code for f in family.findings if f.severity in ("for", "against")]
    return list(dict.fromkeys(codes))


def decided_by(answer: Assessment, expected: str) -> list[str]:
    """The rules that keep the recorded family from being the answer, weightiest first.

    A barred family: what bars it. A go where nothing was recorded as feasible: nothing fired. Else
    the rules that speak for the answer or against the recorded family, and not for both alike.
    """
    rows = {row.family: row for row in answer.families}
    if answer.family == NOT_FEASIBLE and answer.findings:
        return [finding.code for finding in answer.findings if finding.verdict_cap == "no-go"]
    wanted = rows.get(expected)
    if wanted is None:
        return []
    bars = [finding.code for finding in wanted.findings if finding.severity == "bar"]
    if bars or answer.family not in rows:
        return list(dict.fromkeys(bars))[:NAMED]
    return _apart(rows[answer.family], wanted)


def _apart(chosen: FamilyResult, wanted: FamilyResult) -> list[str]:
    points = Counter({finding.code: _signed(finding) for finding in chosen.findings})
    points.subtract({finding.code: _signed(finding) for finding in wanted.findings})
    most = sorted(((-worth, code) for code, worth in points.items() if worth > 0))
    return [code for _, code in most[:NAMED]]


def _signed(finding: Finding) -> int:
    return {"for": 1, "against": -1}.get(finding.severity, 0) * finding.weight


def _case(
    decision: RecordedDecision, family: str, verdict: str, rules: list[str]
) -> dict[str, Any]:
    if family == decision.family:
        result = "exact"
    else:
        result = "alternate" if family in decision.alternates else "miss"
    return {
        "id": decision.id,
        "family": family,
        "expected": decision.family,
        "alternates": decision.alternates,
        "verdict": verdict,
        "expected_verdicts": decision.verdicts,
        "verdict_right": verdict in decision.verdicts if decision.verdicts else None,
        "rules": rules,
        "result": result,
    }


def _totals(decisions: list[RecordedDecision], cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Shares from 0 to 1; None where no recorded case allows one."""
    pairs = list(zip(decisions, cases, strict=True))
    return {
        "n": len(cases),
        "family": _share(case["result"] == "exact" for case in cases),
        "family_or_alternate": _share(case["result"] != "miss" for case in cases),
        "verdict": _share(case["verdict_right"] for case in cases if case["expected_verdicts"]),
        "recall_no_go": _share(
            case["verdict"] == "no-go" for d, case in pairs if d.family == NOT_FEASIBLE
        ),
        "recall_non_generative": _share(
            case["family"] == "non-generative" for d, case in pairs if d.family == "non-generative"
        ),
    }


def _share(hits: Iterable[bool]) -> float | None:
    listed = list(hits)
    return round(sum(listed) / len(listed), 4) if listed else None


def _confusion(cases: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Recorded family -> answered family -> cases."""
    found: dict[str, Counter[str]] = {}
    for case in cases:
        found.setdefault(case["expected"], Counter())[case["family"]] += 1
    return {expected: dict(sorted(found[expected].items())) for expected in sorted(found)}
