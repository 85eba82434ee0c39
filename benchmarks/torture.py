"""Break it before users do: every parser and every law of physics, for as long as you like.

    python -m benchmarks.torture --minutes 5        prints tries and failures; exit 1 if any
    python -m benchmarks.torture --only fuzz --minutes 30 --save

fuzz: mutated files against every parser (tests/trust/parsers.py); the time is shared out evenly,
and seeds go on where the last run stopped. physics: the laws of tests/trust/physics.py over the
whole catalog and all devices, once. With --save, benchmarks/results/torture.json keeps the figures.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from advisor.files import write_atomic
from tests.trust import physics
from tests.trust.parsers import PARSERS, Escaped, attempt, mutated

RESULT = Path(__file__).resolve().parent / "results" / "torture.json"


def fuzz(seconds: float, first: int) -> dict[str, dict[str, Any]]:
    """Tries, what became of them, and what escaped, by parser."""
    found = {}
    for name, parser in PARSERS.items():
        end, seed = time.process_time() + seconds / len(PARSERS), first
        count: collections.Counter[str] = collections.Counter()
        escaped: dict[str, int] = {}
        while time.process_time() < end:
            random = Random(seed)
            try:
                count[attempt(parser, mutated(random.choice(parser.samples), random))] += 1
            except Escaped as error:
                count["escaped"] += 1
                escaped.setdefault(str(error)[:120], seed)
            seed += 1
        found[name] = {"tries": seed - first, **count, "seeds": escaped}
        print(f"{name:<28}{seed - first:>8} tries  {count['escaped']} escaped", flush=True)
        for said, at in escaped.items():
            print(f"    seed {at}: {said}")
    return found


def laws(models: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Comparisons and violations, by law."""
    found = {}
    for name, check in physics.CHECKS.items():
        broken = [str(one) for one in check(models)]
        found[name] = {"tries": physics.TRIES[name], "violations": broken[:20]}
        print(f"{name:<34}{physics.TRIES[name]:>8} tries  {len(broken)} violations", flush=True)
        for one in broken[:5]:
            print(f"    {one}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="of processor time for fuzzing")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--only", choices=["fuzz", "physics"])
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args()
    os.environ["ADVISOR_HOME"] = tempfile.mkdtemp(prefix="advisor-torture-")
    made: dict[str, Any] = {"date": date.today().isoformat()}
    if options.only != "physics":
        made["fuzz"] = fuzz(options.minutes * 60, options.first)
    if options.only != "fuzz":
        made["physics"] = laws(physics.RUNNABLE)
    if options.save:
        kept = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
        write_atomic(RESULT, json.dumps({**kept, **made}, indent=1) + "\n")
    escaped = sum(one.get("escaped", 0) for one in made.get("fuzz", {}).values())
    broken = sum(len(one["violations"]) for one in made.get("physics", {}).values())
    sys.exit(bool(escaped or broken))


if __name__ == "__main__":
    main()
