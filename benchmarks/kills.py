"""Killing a sweep (kill -9) at random times and looking at what is left.

    python -m benchmarks.kills --runs 50        one JSON document

The sweep is the real one; its runner answers at once instead of measuring, so that nearly all of
the time is spent where a kill could hurt: writing. Every run goes on in the folder that the killed
one left. A point is finished when the sweep asks for the next one.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

from advisor.catalog import load_catalog
from advisor.errors import DataError
from advisor.profiler.child import ChildResult, Limits, Listener
from advisor.profiler.identity import PointSpec, made_from
from advisor.profiler.record import Environment, Point
from advisor.profiler.sweep import Settings, sweep
from advisor.profiles import all_profiles, profile_path, read_profile

MODELS = ("dcgan-64", "conv-vae-64", "taesd")
BATCHES = range(1, 41)
CATALOG = load_catalog()
HERE = Environment(
    device="cpu-killed",
    device_name="none",
    cpu="none",
    cpu_threads=1,
    torch_threads=1,
    memory_gib=1.0,
    python="",
    torch="",
    cuda=None,
    driver=None,
    libraries={},
    commit=None,
)
SPECS = [
    PointSpec(model=model, workload=CATALOG.models[model].workload(dtype="fp32", batch=batch))
    for batch in BATCHES
    for model in MODELS
]


class _Answers:
    """A runner that answers at once and notes, when it is asked again, what was finished."""

    def __init__(self, log: Path) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._last = ""

    def __call__(self, spec: PointSpec, limits: Limits, listen: Listener) -> ChildResult:
        if self._last:
            os.write(self._log, f"{self._last}\n".encode())
        self._last = f"{spec.model}\t{spec.key}"
        model = CATALOG.models[spec.model]
        made = Point(
            key=spec.key,
            workload=spec.workload,
            outcome="measured",
            message="x" * 4000,  # as large as a real point
            made_from=made_from(model, CATALOG),
        )
        return ChildResult("measured", made.model_dump_json())


def _sweep(folder: Path, log: Path) -> None:
    quiet = lambda text: None  # noqa: E731
    sweep(SPECS, CATALOG, HERE, Settings(folder), _Answers(log), quiet)


def kill_sweeps(runs: int, seed: int = 0, longest_s: float = 0.4) -> dict[str, Any]:
    """Kill `runs` sweeps; returns what was corrupt, what was lost and how it went on."""
    dice = random.Random(seed)
    corrupt = lost = stopped = left_over = 0
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name) / "profiles", Path(name) / "finished"
        for _ in range(runs):
            stopped += _run_and_kill(folder, log, dice.uniform(0.0, longest_s))
            corrupt += sum(isinstance(p, DataError) for _, p in all_profiles([folder]))
            finished = log.read_text().splitlines() if log.is_file() else []
            lost += len(set(finished) - _kept(folder))
            if len(_kept(folder)) == len(SPECS):  # all is measured: begin anew
                for file in folder.glob("*/*.json"):
                    file.unlink()
                log.unlink()
        before = len(_kept(folder))
        last = Path(name) / "last"
        _sweep(folder, last)
        measured_last = len(last.read_text().splitlines()) + 1 if before < len(SPECS) else 0
        left_over = len(list(folder.glob("*/.*")))
        complete = len(_kept(folder)) == len(SPECS)
    return {
        "runs": runs,
        "killed": stopped,
        "corrupt_files": corrupt,
        "finished_points_lost": lost,
        "points_before_last_run": before,
        "points_measured_by_last_run": measured_last,
        "points": len(SPECS),
        "complete": complete,
        "temporary_files_left": left_over,
    }


def _run_and_kill(folder: Path, log: Path, seconds: float) -> bool:
    """Whether the sweep was still running when it was killed."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            _sweep(folder, log)
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _kept(folder: Path) -> set[str]:
    found = set()
    for model in MODELS:
        file = profile_path(folder, HERE.device, model)
        with contextlib.suppress(DataError):
            points = read_profile(file).points if file.is_file() else []
            found |= {f"{model}\t{point.key}" for point in points}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(json.dumps(kill_sweeps(options.runs, options.seed), indent=1))


if __name__ == "__main__":
    main()
