"""Make the runs that are not there yet, one after the other, and keep each as it is done.

    OMP_NUM_THREADS=1 python -m benchmarks.small_training [--minutes 8] [--out FILE]

A run is kept with the day it was made; the file says which versions, settings and data it was made
with, and is begun anew when they change.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from advisor.files import write_atomic
from benchmarks.small_training import data, metrics, models, runs

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "small_training.json"
SCHEMA = 1
COMMAND = "OMP_NUM_THREADS=1 python -m benchmarks.small_training"


def about() -> dict[str, Any]:
    """What the results depend on."""
    return {
        "schema": SCHEMA,
        "command": COMMAND,
        "data": data.NAME,
        "train_pictures": 1797 - data.HELD_OUT,
        "held_out_pictures": data.HELD_OUT,
        "seeds": list(runs.SEEDS),
        "learning_rates": list(runs.RATES),
        "single_learning_rate": runs.RATE,
        "updates": runs.UPDATES,
        "anomaly_updates": runs.ANOMALY_UPDATES,
        "batch": models.BATCH,
        "width": models.WIDTH,
        "samples": runs.SAMPLES,
        "modes": metrics.MODES,
        "covered_from_share": metrics.SEEN_SHARE,
        "neighbours": metrics.NEIGHBOURS,
        "likelihood_draws": runs.DRAWS,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "diffusers", "scikit-learn", "numpy")},
        },
    }


def read(file: Path) -> dict[str, Any]:
    """The results so far; empty where nothing is kept or it was made differently."""
    if file.is_file():
        kept: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if kept["about"] == about():
            return kept
        print("settings or versions changed: beginning anew", file=sys.stderr)
    return {"about": about(), "runs": {}}


def write(file: Path, results: dict[str, Any]) -> None:
    """One run per line, so that differences can be read."""
    lines = [f'{{\n"about": {json.dumps(results["about"], indent=1)},', '"runs": {']
    made = [
        f"{json.dumps(k)}: {json.dumps(v, allow_nan=False)}"
        for k, v in sorted(results["runs"].items())
    ]
    write_atomic(file, "\n".join([*lines, ",\n".join(made), "}\n}\n"]))


def rounded(value: Any) -> Any:
    """Numbers to six digits."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def make(file: Path, minutes: float) -> int:
    """Make what is missing within the time; the number of runs still missing."""
    results, end = read(file), time.monotonic() + 60 * minutes
    missing = [name for name in runs.all_runs() if name not in results["runs"]]
    for number, name in enumerate(missing):
        if time.monotonic() > end:
            return len(missing) - number
        function, *arguments = runs.all_runs()[name]
        started = time.perf_counter()
        found = rounded(function(*arguments))
        took = round(time.perf_counter() - started, 1)
        results["runs"][name] = {**found, "made_on": date.today().isoformat(), "seconds": took}
        write(file, results)
        print(f"{name}: {took} s", file=sys.stderr)
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.use_deterministic_algorithms(True)
    left = make(asked.out, asked.minutes)
    print(f"{left} runs left" if left else "all runs are made", file=sys.stderr)


if __name__ == "__main__":
    main()
