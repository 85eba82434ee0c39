"""How well the rules agree with recorded decisions.

    python benchmarks/decisions.py [PATH]             # misses, totals beside both baselines
    python benchmarks/decisions.py [PATH] --ablate    # and: which rules decide how many cases

Ends with one JSON line. The recorded cases are public decisions (benchmarks/decisions/, each with
its source); their use cases were filled in from the neutral fields only, never from the label.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from pathlib import Path

from advisor.auditor.decisions import RecordedDecision, audit_decisions, read_decisions
from advisor.catalog import load_catalog
from advisor.decide import Bench, judge, outcome
from advisor.decide.sources import default_sources
from advisor.rules import Rule, Scope, rules_of_scope

HERE = Path(__file__).resolve().parent / "decisions"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", default=str(HERE))
    parser.add_argument("--ablate", action="store_true")
    options = parser.parse_args()
    start = time.perf_counter()
    result = audit_decisions(options.path)
    seconds = time.perf_counter() - start
    for case in result["cases"]:
        print_miss(case)
    print(f"{'':22}" + "".join(f"{name:>22}" for name in result["totals"]))
    for name, totals in {"advisor": result["totals"], **result["baselines"]}.items():
        print(f"{name:22}" + "".join(f"{value!s:>22}" for value in totals.values()))
    if options.ablate:
        for code, ids in sorted(ablation(read_decisions(options.path)).items()):
            print(f"{code}  decides {len(ids):2}: {' '.join(ids)}")
    print(json.dumps({**result["totals"], "seconds": round(seconds, 2)}))


def print_miss(case: dict) -> None:
    wrong = case["expected_verdicts"] and case["verdict"] not in case["expected_verdicts"]
    if case["result"] != "exact" or wrong:
        print(
            f"{case['id']:5} {case['result']:9} {case['family']} / {case['verdict']}"
            f"  (recorded: {case['expected']} / {', '.join(case['expected_verdicts'])})"
            f"  {' '.join(case['rules'])}"
        )


def ablation(decisions: list[RecordedDecision]) -> dict[str, list[str]]:
    """Rule code -> the cases whose family or verdict changes when the rule is taken away."""
    import sys

    engine = sys.modules["advisor.decide.judge"]
    catalog = load_catalog()
    bench = Bench(catalog, default_sources(catalog, date.today()))
    found: dict[str, list[str]] = {}
    for decision in decisions:
        whole = judge(decision.use_case, bench)
        answer = outcome(whole).key[:2]
        for code in sorted(fired(whole)):
            engine.rules_of_scope = without(code)  # type: ignore[attr-defined]
            if outcome(judge(decision.use_case, bench)).key[:2] != answer:
                found.setdefault(code, []).append(decision.id)
        engine.rules_of_scope = rules_of_scope  # type: ignore[attr-defined]
    return found


def fired(judgement: object) -> set[str]:
    """Codes of all rules that said something."""
    views = judgement.families.values()  # type: ignore[attr-defined]
    findings = [*judgement.findings, *(f for v in views for f in v.findings)]  # type: ignore[attr-defined]
    findings += [f for v in views for one in v.judged for f in one.findings]
    return {finding.code for finding in findings}


def without(code: str):  # type: ignore[no-untyped-def]
    def scoped(scope: Scope) -> tuple[Rule, ...]:
        return tuple(one for one in rules_of_scope(scope) if one.code != code)

    return scoped


if __name__ == "__main__":
    main()
