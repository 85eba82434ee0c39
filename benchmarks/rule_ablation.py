"""How many decisions each rule decides: the answers that change when the rule is taken away.

    python benchmarks/rule_ablation.py             # some minutes; kept in rule_ablation.json

A rule decides a case when the family or the verdict changes without it. Rules that back each other
up decide nothing alone; `fires` counts where each spoke. `general` says what a rule rests on beside
one recorded case: several cases, another source, or arithmetic. A rule that decides exactly one
recorded case and rests on nothing else is a fault (exit 1).
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

from advisor.auditor.recorded import RecordedDecision, read_decisions
from advisor.catalog import load_catalog
from advisor.cli.common import print_table
from advisor.decide import Bench, Judgement, judge, outcome
from advisor.decide.sources import default_sources
from advisor.files import write_atomic
from advisor.rules import Rule
from advisor.rules.evidence import RELATIONS, source_of
from advisor.rules.policy import shipped_policy

HERE = Path(__file__).resolve().parent
SETS = {"recorded": "decisions", "variants": "decisions_variants"}


def decided(decisions: list[RecordedDecision], bench: Bench) -> dict[str, dict[str, list[str]]]:
    """Rule code -> ids of the cases in which it fires, and of those that it decides."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: {"fires": [], "decides": []})
    for decision in decisions:
        whole = judge(decision.use_case, bench)
        answer = outcome(whole).key[:2]
        for code in sorted(fired(whole)):
            found[code]["fires"].append(decision.id)
            other = bench.under(bench.policy.without(code))
            if outcome(judge(decision.use_case, other)).key[:2] != answer:
                found[code]["decides"].append(decision.id)
    return found


def fired(judgement: Judgement) -> set[str]:
    """Codes of all rules that said something."""
    views = judgement.families.values()
    findings = [*judgement.findings, *(f for v in views for f in v.findings)]
    findings += [f for v in views for one in v.judged for f in one.findings]
    return {finding.code for finding in findings}


def general(rule: Rule) -> str:
    """What the rule rests on beside a single recorded case; empty where nothing."""
    cases = {case for relation in rule.based_on for case in RELATIONS[relation]}
    own = rule.source.removesuffix(source_of(*rule.based_on) if rule.based_on else "").strip("; ")
    parts = [f"{len(cases)} recorded cases"] if len(cases) > 1 else []
    return "; ".join([*parts, *([own] if own else [])])


def main() -> int:
    catalog = load_catalog()
    bench = Bench(catalog, default_sources(catalog, date(2026, 11, 28)), shipped_policy())
    found = {name: decided(read_decisions(HERE / at), bench) for name, at in SETS.items()}
    table = {}
    for rule in shipped_policy().rules:
        row: dict[str, object] = {"title": rule.title, "general": general(rule)}
        for name in SETS:
            counted = found[name].get(rule.code, {"fires": [], "decides": []})
            row[name] = {"fires": len(counted["fires"]), "decides": counted["decides"]}
        table[rule.code] = row
    show(table)
    write_atomic(HERE / "rule_ablation.json", json.dumps(table, indent=1) + "\n")
    narrow = [code for code, row in table.items() if is_narrow(row)]
    print(f"decide one recorded case and rest on nothing else: {', '.join(narrow) or 'none'}")
    return 1 if narrow else 0


def is_narrow(row: dict) -> bool:
    return len(row["recorded"]["decides"]) == 1 and not row["general"]


def show(table: dict[str, dict]) -> None:
    print_table(
        ["rule", "fires", "decides", "fires in variants", "decides", "recorded cases", "rests on"],
        [
            [
                code,
                row["recorded"]["fires"],
                len(row["recorded"]["decides"]),
                row["variants"]["fires"],
                len(row["variants"]["decides"]),
                " ".join(row["recorded"]["decides"]),
                row["general"][:60],
            ]
            for code, row in table.items()
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
