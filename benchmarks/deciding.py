"""How long an answer takes in a warm process, with and without flip points, and 1,000 of them.

    python -m benchmarks.deciding            print the figures
    python -m benchmarks.deciding --save     also write benchmarks/results/deciding.json

Use cases: examples/ and the 64 of benchmarks/decisions. Warm: one pass over all of them has read
the catalog and its traces; each is then timed as new limits and volumes make it a use case not
seen before (same sizes: estimates are kept; `cold_estimates`: nothing is kept). Wall and processor
time are both printed, as other work on the machine stretches the first.

Aims (issue 6/9): median under 50 ms without flip points; 1,000 in under 60 s on 2 cores.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from advisor.catalog import load_catalog
from advisor.decide import sources
from advisor.decide.knobs import varied
from advisor.files import read_document
from advisor.pipeline import assess
from advisor.portfolio import assess_folder
from advisor.usecase import UseCase, dump_yaml, parse_use_case, read_use_case

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "deciding.json"
DAY = date(2026, 11, 28)
MANY, ALONE = 1000, 100


def use_cases() -> list[UseCase]:
    """The examples and the recorded decisions."""
    found = [read_use_case(file) for file in sorted((ROOT / "examples").glob("*.yaml"))]
    for file in sorted((ROOT / "benchmarks" / "decisions").glob("*.yaml")):
        found.append(parse_use_case(read_document(file)[0]["use_case"], file.name))
    return found


def other(use_case: UseCase, turn: int) -> UseCase:
    """The same kind of use case with another volume and peak."""
    return varied(
        use_case,
        title=f"{use_case.title[:180]} {turn}",
        volume_per_day=use_case.volume_per_day * (1 + 0.05 * turn),
        peak_factor=use_case.peak_factor + 0.1 * turn,
    )


def timed(run: Callable[[UseCase], Any], cases: list[UseCase]) -> dict[str, float]:
    """Wall and processor milliseconds over use cases."""
    wall, used = [], []
    for one in cases:
        start, busy = time.perf_counter(), time.process_time()
        run(one)
        wall.append(1e3 * (time.perf_counter() - start))
        used.append(1e3 * (time.process_time() - busy))
    return {
        "median_ms": round(statistics.median(wall), 1),
        "p90_ms": round(statistics.quantiles(wall, n=10)[-1], 1),
        "worst_ms": round(max(wall), 1),
        "median_processor_ms": round(statistics.median(used), 1),
        "mean_processor_ms": round(statistics.fmean(used), 1),
    }


def portfolio(cases: list[UseCase]) -> dict[str, Any]:
    """1,000 use case files assessed on all processors, start of the workers included.

    The processor time is of the first 100 in one process: what idle cores would take for each.
    """
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as part:
        for number in range(MANY):
            text = dump_yaml(other(cases[number % len(cases)], 1 + number // len(cases)))
            for folder in [whole, part] if number < ALONE else [whole]:
                Path(folder, f"{number:04}.yaml").write_text(text, encoding="utf-8")
        start = time.perf_counter()
        made = assess_folder(whole, as_of=DAY)
        wall_s, busy = time.perf_counter() - start, time.process_time()
        alone = assess_folder(part, as_of=DAY, workers=1)
        spent_s = time.process_time() - busy
    return {
        "use_cases": len(made.rows),
        "broken": made.broken,
        "same_for_one_worker": made.rows[:ALONE] == alone.rows,
        "workers": len(os.sched_getaffinity(0)),
        "wall_s": round(wall_s, 1),
        "processor_ms_each": round(1e3 * spent_s / ALONE, 1),
    }


def measure() -> dict[str, Any]:
    catalog, cases = load_catalog(), use_cases()

    def plain(one: UseCase) -> Any:
        return assess(one, catalog=catalog, as_of=DAY, flips=False)

    def nothing_kept(one: UseCase) -> Any:
        sources._kept.cache_clear()
        return plain(one)

    for one in cases:
        plain(one)
    found: dict[str, Any] = {}
    for name, run in (
        ("warm", plain),
        ("cold_estimates", nothing_kept),
        ("with_flip_points", lambda one: assess(one, catalog=catalog, as_of=DAY)),
    ):
        found[name] = timed(run, [other(one, 1 + len(found)) for one in cases])
        _show(name, found[name])
    found["portfolio"] = portfolio(cases)
    _show("portfolio", found["portfolio"])
    return found


def _show(name: str, figures: dict[str, Any]) -> None:
    print(name, "  ".join(f"{key} {value}" for key, value in figures.items()), flush=True)


def main() -> None:
    load_before = os.getloadavg()[0]
    found = measure()
    if "--save" in sys.argv:
        record = {
            "date": date.today().isoformat(),
            "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
            "load_average_before": round(load_before, 1),
            "python": platform.python_version(),
            **found,
        }
        RESULTS.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
