"""How good the profiler is, measured: one command, one JSON file.

    python -m benchmarks.profiler                      everything, about an hour on a small CPU
    python -m benchmarks.profiler --models dcgan-64    on named models instead of the quick suite
    python -m benchmarks.profiler --only kills         one part; the others keep their last result

repeatability   two runs of the quick suite, per stage
agreement       with torch.utils.benchmark, same modules, same process, turn about
overhead        what a point costs beside the work that is measured; cost of timing nothing
kills           kill -9 of a sweep at random times
flops           trace, fvcore and torch's counter side by side over the catalog (debug flavour)

Results go to benchmarks/results/profiler.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from advisor.catalog import Catalog, load_catalog
from advisor.errors import AdvisorError
from advisor.files import write_atomic
from advisor.profiler import compare
from advisor.profiler.child import ChildResult, Limits, Listener
from advisor.profiler.identity import PointSpec
from advisor.profiler.measure import Budget, measure, median
from advisor.profiler.record import Environment, StageProfile
from advisor.profiler.suites import quick_suite
from advisor.profiler.sweep import Settings, in_child, local_device, local_environment, sweep

RESULTS = Path(__file__).parent / "results" / "profiler.json"
LIMITS = Limits(seconds=900.0)
AGREEMENT_S = 0.5  # seconds each timer gets per stage and round
ROUNDS = 10  # many short turns: a shared machine drifts by more than the timers differ
TARGET = 0.03


class Bench:
    """What every part needs."""

    def __init__(self, specs: list[PointSpec], catalog: Catalog, environment: Environment) -> None:
        self.specs, self.catalog, self.environment = specs, catalog, environment

    def swept(self, folder: Path, runner: Any = in_child) -> list[Any]:
        return sweep(self.specs, self.catalog, self.environment, Settings(folder, LIMITS), runner)


def repeatability(bench: Bench) -> dict[str, Any]:
    """Two runs of the same points, one after the other."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [Path(folder) / name for name in ("first", "second")]
        for run in runs:
            bench.swept(run)
        rows = compare.compare(*(compare.load(str(run)) for run in runs))
    return compare.as_json(rows)


def agreement(bench: Bench) -> dict[str, Any]:
    """Our median against torch.utils.benchmark's, turn about so that both see the same machine."""
    rows = []
    for spec in bench.specs:
        try:
            rows += list(_agreement_of(spec, bench.catalog))
        except (AdvisorError, RuntimeError, MemoryError) as error:
            print(f"{spec.model}: {error}", file=sys.stderr)
    off = [abs(row["ratio"] - 1) for row in rows]
    summary = {
        "stages": len(rows),
        "median_difference": median(off) if off else None,
        "worst_difference": max(off, default=None),
        "target": TARGET,
        "met": bool(off) and median(off) <= TARGET,
    }
    return {"rows": rows, "summary": summary}


def _agreement_of(spec: PointSpec, catalog: Catalog) -> Any:
    import torch
    from torch.utils.benchmark import Timer

    from advisor.profiler.clock import clock_for
    from advisor.profiler.point import runnable_stages

    clock, threads = clock_for(spec.device), torch.get_num_threads()
    for stage, run in runnable_stages(spec, catalog):
        timer = Timer("run()", globals={"run": run}, num_threads=threads)
        pairs = []
        with torch.no_grad():
            for number in range(ROUNDS):
                ours_first = number % 2 == 0
                ours = _ours(run, clock) if ours_first else 0.0
                theirs = timer.blocked_autorange(min_run_time=AGREEMENT_S).median
                pairs.append((ours if ours_first else _ours(run, clock), theirs))
        row = {
            "model": spec.model,
            "stage": stage.name,
            "ours_s": median([ours for ours, _ in pairs]),
            "torch_s": median([theirs for _, theirs in pairs]),
            "ratio": median([ours / theirs for ours, theirs in pairs]),
        }
        print(f"{row['model']} {row['stage']}: {row['ratio']:.4f}", file=sys.stderr, flush=True)
        yield row


def _ours(run: Any, clock: Any) -> float:
    timing, _ = measure(run, clock, Budget(seconds=AGREEMENT_S))
    return timing.median_s


def overhead(bench: Bench) -> dict[str, Any]:
    """Seconds of each point beside the measured calls: starting, building, counting, writing."""
    walls: dict[str, float] = {}

    def timed(spec: PointSpec, limits: Limits, listen: Listener) -> ChildResult:
        start = time.monotonic()
        result = in_child(spec, limits, listen)
        walls[spec.key + spec.model] = time.monotonic() - start
        return result

    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        done = bench.swept(Path(folder), timed)
        whole = time.monotonic() - start
    rows = [
        {
            "model": d.model,
            "wall_s": walls[d.point.key + d.model],
            "in_child_s": d.point.seconds_spent,
            "measured_s": sum(map(_measured_s, d.point.stages)),
        }
        for d in done
        if d.point.outcome == "measured"
    ]
    measured = sum(row["measured_s"] for row in rows)
    nothing, _ = measure(lambda: None, _cpu_clock(), Budget(seconds=1.0))
    return {
        "rows": rows,
        "summary": {
            "points": len(rows),
            "sweep_s": whole,
            "measured_s": measured,
            "overhead_share": 1 - measured / whole if whole else None,
            "parent_s_per_point": (whole - sum(walls.values())) / max(len(walls), 1),
            "loop_ns_per_call": nothing.median_s * 1e9,
        },
    }


def _measured_s(stage: StageProfile) -> float:
    """Seconds in timed windows, warm-up and the first call."""
    timing = stage.timing
    per_window = timing.calls / len(timing.values_s)
    windows = sum(timing.values_s) * per_window
    return windows + timing.cold_s + timing.warmup_calls * timing.median_s


def _cpu_clock() -> Any:
    from advisor.profiler.clock import CpuClock

    return CpuClock()


def kills(bench: Bench) -> dict[str, Any]:
    """50 kills, in a process that has loaded nothing else (it forks)."""
    command = [sys.executable, "-m", "benchmarks.kills", "--runs", "50"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(ran.stdout)
    return {"summary": found}


def flops(bench: Bench) -> dict[str, Any]:
    """Every call of the catalog's debug workloads, counted three ways."""
    from advisor.plan import plan
    from advisor.profiler.flops import count_flops
    from advisor.reference.build import build, make_inputs
    from advisor.reference.stage import debug_workload
    from advisor.trace import trace_call

    calls = {
        (stage.component, stage.entry): dict(stage.symbols)
        for model in bench.catalog.models.values()
        if model.runnable
        for stage in plan(model, debug_workload(model))
    }
    rows = []
    for (name, entry), symbols in sorted(calls.items()):
        part = bench.catalog.components[name]
        traced = trace_call(part, entry, symbols, "", flavour="debug").flops
        inputs = make_inputs(part.entries[entry], part, symbols, flavour="debug")
        counted = count_flops(build(part, "debug"), part.entries[entry], inputs, traced)
        rows.append(
            {"component": name, "entry": entry, **counted.model_dump(), "spread": counted.spread()}
        )
    return {
        "rows": rows,
        "summary": {
            "calls": len(rows),
            "agree_exactly": sum(row["spread"] == 0 for row in rows),
            "agree_within_1_percent": sum(row["spread"] <= 0.01 for row in rows),
            "explained": sum(row["spread"] > 0.01 and bool(row["explanation"]) for row in rows),
            "unexplained": sum(row["spread"] > 0.01 and not row["explanation"] for row in rows),
            "with_operations_not_counted": sum(bool(row["unsupported"]) for row in rows),
        },
    }


PARTS: dict[str, Callable[[Bench], dict[str, Any]]] = {
    "flops": flops,
    "kills": kills,
    "agreement": agreement,
    "overhead": overhead,
    "repeatability": repeatability,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--models", nargs="*", help="these models instead of the quick suite")
    parser.add_argument("--only", choices=list(PARTS), help="one part")
    parser.add_argument("--device", default=None, choices=["cpu", "cuda"])
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    catalog, device = load_catalog(), options.device or local_device()
    suite = quick_suite(catalog, device)
    if options.models:
        dtype = "fp32" if device == "cpu" else "bf16"
        suite = [
            PointSpec(model=m, workload=catalog.models[m].workload(dtype=dtype), device=device)
            for m in options.models
        ]
    bench = Bench(suite, catalog, local_environment(device))
    found = json.loads(options.out.read_text()) if options.out.is_file() else {}
    for name in [options.only] if options.only else list(PARTS):
        print(f"-- {name}", file=sys.stderr, flush=True)
        result = PARTS[name](bench)
        found[name] = {"measured_on": date.today().isoformat(), **result}
        found["environment"] = bench.environment.model_dump(mode="json")
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(options.out, json.dumps(found, indent=1, allow_nan=False) + "\n")
        print(json.dumps({name: result["summary"]}, indent=1))


if __name__ == "__main__":
    main()
