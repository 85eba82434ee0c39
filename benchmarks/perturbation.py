"""How steady the answers are: every stated number times 0.7 and 1.4, every optional field dropped.

    python benchmarks/perturbation.py              # some minutes; kept in perturbation.json

Also once per case with nothing but the essential fields. For each: is the family that was answered
still answered, and is it still one that the record accepts? Fields that carry a decision (what must
be kept, whose voice it is) ought to change it when they are dropped; numbers changed by less than a
factor of two mostly ought not.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from advisor.auditor.recorded import RecordedDecision, read_decisions
from advisor.catalog import load_catalog
from advisor.cli.common import print_table
from advisor.decide import Bench, judge, outcome
from advisor.decide.sources import default_sources
from advisor.errors import InputError
from advisor.files import write_atomic
from advisor.usecase import parse_use_case

HERE = Path(__file__).resolve().parent
FACTORS = (0.7, 1.4)
REQUIRED = ("title", "outputs", "description")
ESSENTIAL = (
    "title",
    "outputs",
    "inputs",
    "latency",
    "volume_per_day",
    "placement",
    "error_tolerance",
    "reviewer",
)
TOGETHER = {"height_px": "width_px"}  # one size, changed and dropped together


def changes(data: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(what was done, field, the changed use case) for every stated field, and for most at once."""
    yield "essentials", "all others", {k: v for k, v in data.items() if k in ESSENTIAL}
    for name, value in data.items():
        if name in REQUIRED or name in TOGETHER:
            continue
        follows = [other for other, first in TOGETHER.items() if first == name]
        dropped = {k: v for k, v in data.items() if k != name and k not in follows}
        yield "dropped", name, dropped
        for factor in FACTORS:
            if name == "latency" and "limit_ms" in value:
                limit = {**value, "limit_ms": value["limit_ms"] * factor}
                yield f"x {factor:g}", name, {**data, name: limit}
            elif isinstance(value, int | float) and not isinstance(value, bool) and value:
                scaled = {k: scale(data[k], factor) for k in (name, *follows)}
                yield f"x {factor:g}", name, {**data, **scaled}


def scale(value: float, factor: float) -> float:
    return max(1, round(value * factor)) if isinstance(value, int) else value * factor


def steadiness(decision: RecordedDecision, bench: Bench) -> Iterator[dict[str, Any]]:
    data = json.loads(decision.use_case.model_dump_json(exclude_unset=True))
    whole = outcome(judge(decision.use_case, bench))
    accepted = {decision.family, *decision.alternates}
    for done, field, changed in changes(data):
        try:
            use_case = parse_use_case(changed)
        except InputError:
            continue  # outside the range that the field allows
        answer = outcome(judge(use_case, bench))
        yield {
            "id": decision.id,
            "done": done,
            "field": field,
            "from": whole.family,
            "to": answer.family,
            "same": answer.family == whole.family,
            "verdict_same": answer.verdict == whole.verdict,
            "accepted": answer.family in accepted,
        }


def main() -> int:
    catalog = load_catalog()
    bench = Bench(catalog, default_sources(catalog, date(2026, 11, 28)))
    rows = [row for one in read_decisions(HERE / "decisions") for row in steadiness(one, bench)]
    groups: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        if row["done"] == "essentials":
            groups["essential fields only"].append(row)
            continue
        groups["all changes"].append(row)
        groups["numbers changed" if row["done"] != "dropped" else "fields dropped"].append(row)
        groups[f"{'dropped' if row['done'] == 'dropped' else 'changed'}: {row['field']}"].append(
            row
        )
    table = {name: summary(group) for name, group in sorted(groups.items(), key=by_size)}
    print_table(
        ["change", "n", "family stays", "verdict stays", "still accepted"],
        [[name, *row.values()] for name, row in table.items()],
    )
    moved = [row for row in rows if not row["same"]]
    for row in moved:
        print(f"{row['id']:5} {row['field']:24} {row['done']:8} {row['from']} -> {row['to']}")
    write_atomic(
        HERE / "perturbation.json",
        json.dumps({"groups": table, "moved": moved}, indent=1) + "\n",
    )
    return 0


def summary(group: list[dict]) -> dict[str, float]:
    n = len(group)
    shares = {
        key: sum(row[key] for row in group) / n for key in ("same", "verdict_same", "accepted")
    }
    return {"n": n, **{key: round(share, 4) for key, share in shares.items()}}


def by_size(item: tuple[str, list[dict]]) -> tuple[bool, int, str]:
    return ":" in item[0], -len(item[1]), item[0]


if __name__ == "__main__":
    sys.exit(main())
